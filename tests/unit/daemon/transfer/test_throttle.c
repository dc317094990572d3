/* SPDX-License-Identifier: Apache-2.0 */
/* The pace towards a Hub without a quota: errors and growing latency slow it, nothing makes errors fast. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/transfer/throttle.h"

enum { MS = 1000, SECOND = 1000 * MS };

static int64_t answers(struct throttle *throttle, unsigned count, int64_t from_us, int64_t latency_us, bool trouble)
{
	for (unsigned i = 0; i < count; i++, from_us += latency_us)
		throttle_note(throttle, from_us, from_us + latency_us, trouble);
	return from_us;
}

static void test_healthy(void **state)
{
	struct throttle throttle;

	(void)state;
	throttle_init(&throttle, 64);
	assert_int_equal(throttle_delay_us(&throttle), 0);
	answers(&throttle, 1000, 0, 20 * MS, false);
	assert_int_equal(throttle_delay_us(&throttle), 0);
	answers(&throttle, 100, 30 * SECOND, 200 * MS, false); /* ten times as long, but still quick */
	assert_int_equal(throttle_delay_us(&throttle), 0);
}

/* Latency that grows leaves as many under way: the delay grows with it. */
static void test_slow(void **state)
{
	struct throttle throttle;
	int64_t now_us;

	(void)state;
	throttle_init(&throttle, 10);
	now_us = answers(&throttle, 100, 0, 100 * MS, false);
	now_us = answers(&throttle, 100, now_us, 2 * SECOND, false);
	assert_in_range(throttle_delay_us(&throttle), 190 * MS, 210 * MS);
	answers(&throttle, 200, now_us, 100 * MS, false);
	assert_int_equal(throttle_delay_us(&throttle), 0);
}

/* An error that comes at once must not be taken for a quick server (scrapy#4424). */
static void test_errors_never_speed_up(void **state)
{
	struct throttle throttle;
	int64_t now_us, before;

	(void)state;
	throttle_init(&throttle, 8);
	now_us = answers(&throttle, 100, 0, 400 * MS, false);
	for (unsigned i = 0; i < 20; i++) {
		before = throttle_delay_us(&throttle);
		now_us = answers(&throttle, 1, now_us, 1 * MS, true);
		assert_true(throttle_delay_us(&throttle) >= before);
	}
	assert_int_equal(throttle.target, 1);
	assert_in_range(throttle_delay_us(&throttle), 390 * MS, 410 * MS);
	/* good answers win it back, one for each round */
	now_us = answers(&throttle, 3, now_us, 400 * MS, false);
	assert_int_equal(throttle.target, 3);
	answers(&throttle, 100, now_us, 400 * MS, false);
	assert_int_equal(throttle.target, 8);
	assert_int_equal(throttle_delay_us(&throttle), 0);
}

/* Sixty that were under way when the server fell over are one fall. */
static void test_one_fall(void **state)
{
	struct throttle throttle;

	(void)state;
	throttle_init(&throttle, 64);
	answers(&throttle, 10, 0, 100 * MS, false);
	for (unsigned i = 0; i < 60; i++)
		throttle_note(&throttle, 2 * SECOND + i, 3 * SECOND + i, true);
	assert_int_equal(throttle.target, 32);
	throttle_note(&throttle, 4 * SECOND, 5 * SECOND, true);
	assert_int_equal(throttle.target, 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_healthy), cmocka_unit_test(test_slow), cmocka_unit_test(test_errors_never_speed_up),
		cmocka_unit_test(test_one_fall),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
