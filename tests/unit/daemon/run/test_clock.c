/* SPDX-License-Identifier: Apache-2.0 */
/* Many timers on one: in order, stopped and started at will, also from within. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "daemon/run/clock.h"

enum { TIMERS = 200 };

static struct clock watch;
static struct clock_timer timers[TIMERS];
static unsigned fired;
static int64_t last_due_ms;

static void on_timer(struct clock_timer *timer)
{
	assert_true(timer->due_ms >= last_due_ms);
	assert_true(clock_mono_ms() >= timer->due_ms);
	last_due_ms = timer->due_ms;
	fired++;
}

static void on_again(struct clock_timer *timer)
{
	if (++fired < 5)
		clock_start(&watch, timer, 1);
}

static void on_killer(struct clock_timer *timer)
{
	fired++;
	clock_stop(&watch, timer->owner);
}

static void start_all(void (*on)(struct clock_timer *timer), unsigned count, int64_t delay_ms)
{
	fired = 0;
	last_due_ms = 0;
	for (unsigned i = 0; i < count; i++) {
		timers[i] = (struct clock_timer){ .on_timer = on };
		clock_start(&watch, &timers[i], delay_ms ? delay_ms : (int64_t)(i * 7919u % 40));
	}
}

static void test_order(void **state)
{
	(void)state;
	start_all(on_timer, TIMERS, 0);
	for (unsigned i = 0; i < TIMERS; i += 3)
		clock_stop(&watch, &timers[i]);
	for (unsigned i = 0; i < TIMERS; i += 5)
		clock_start(&watch, &timers[i], 30);
	uv_run(watch.loop, UV_RUN_DEFAULT);
	for (unsigned i = 0; i < TIMERS; i++)
		assert_false(clock_is_running(&timers[i]));
	assert_int_equal(fired, TIMERS - 67 + 14); /* those divisible by three, less those by fifteen */
}

static void test_again(void **state)
{
	(void)state;
	start_all(on_again, 1, 1);
	uv_run(watch.loop, UV_RUN_DEFAULT);
	assert_int_equal(fired, 5);
}

/* Two of the same moment, where the first stops the second. */
static void test_stop_from_within(void **state)
{
	(void)state;
	start_all(on_killer, 2, 5);
	timers[0].owner = &timers[1];
	timers[1].owner = &timers[0];
	uv_run(watch.loop, UV_RUN_DEFAULT);
	assert_int_equal(fired, 1);
}

static int open_loop(void **state)
{
	(void)state;
	clock_init(&watch, uv_default_loop());
	return 0;
}

static int close_loop(void **state)
{
	(void)state;
	clock_start(&watch, &timers[0], 100000); /* forgotten, not waited for */
	clock_close(&watch);
	uv_run(watch.loop, UV_RUN_DEFAULT);
	return uv_loop_close(watch.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order), cmocka_unit_test(test_again), cmocka_unit_test(test_stop_from_within),
	};

	return cmocka_run_group_tests(tests, open_loop, close_loop);
}
