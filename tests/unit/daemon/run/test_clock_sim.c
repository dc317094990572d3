/* SPDX-License-Identifier: Apache-2.0 */
/* Time that somebody else owns: a thread plays the simulated Hub and moves time to whatever the clock waits for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/run/clock_sim.h"

enum { HOUR_MS = 3600 * 1000, TIMERS = 3 };

#define START_MS INT64_C(1796083200000)
#define MONO_MS INT64_C(5000)

static struct {
	char folder[64], path[128];
	int listener;
	pthread_t thread;
	unsigned in_flight_told[16], idles;
	uint64_t seen_told[16];
} hub;

static struct clock watch;
static struct clock_timer timers[TIMERS];
static int64_t fired_at[16];
static unsigned fired, in_flight;

static unsigned count_in_flight(void *owner)
{
	(void)owner;
	return in_flight;
}

/* Moves time to each due moment that it is told of, until nobody waits any more. */
static void *play_hub(void *unused)
{
	int daemon = accept(hub.listener, NULL, NULL);
	struct clock_sim_now now = { 1, START_MS, MONO_MS };
	struct clock_sim_idle idle;

	send(daemon, &now, sizeof(now), 0);
	while (recv(daemon, &idle, sizeof(idle), 0) == sizeof(idle)) {
		hub.in_flight_told[hub.idles] = (unsigned)idle.in_flight;
		hub.seen_told[hub.idles++] = idle.seen;
		if (idle.due_ms < 0)
			break;
		now.number++;
		now.wall_ms += idle.due_ms - now.mono_ms;
		now.mono_ms = idle.due_ms;
		send(daemon, &now, sizeof(now), 0);
	}
	close(daemon);
	return unused;
}

static void on_timer(struct clock_timer *timer)
{
	fired_at[fired++] = clock_mono_ms();
	if (timer->owner && fired < 6)
		clock_start(&watch, timer, HOUR_MS);
	if (fired == 6)
		uv_stop(watch.loop);
}

/* A day of waiting is over at once, and each timer meets exactly its time. */
static void test_timers_meet_their_time(void **state)
{
	struct clock_sim *sim = clock_sim_open(&watch, hub.path, count_in_flight, NULL);

	(void)state;
	assert_non_null(sim);
	assert_int_equal(clock_wall_ms(), START_MS);
	assert_int_equal(clock_mono_ms(), MONO_MS);
	for (int i = 0; i < TIMERS; i++)
		timers[i] = (struct clock_timer){ .on_timer = on_timer };
	timers[0].owner = &watch; /* again and again */
	clock_start(&watch, &timers[0], HOUR_MS);
	clock_start(&watch, &timers[1], 0); /* what is due now asks nobody */
	clock_start(&watch, &timers[2], 10 * HOUR_MS);
	in_flight = 3;
	uv_run(watch.loop, UV_RUN_DEFAULT);
	assert_int_equal(fired, 6);
	assert_int_equal(fired_at[0], MONO_MS);
	for (int i = 1; i < 6; i++)
		assert_int_equal(fired_at[i], MONO_MS + i * HOUR_MS);
	assert_int_equal(clock_wall_ms(), START_MS + 5 * HOUR_MS);
	assert_int_equal(clock_next_ms(&watch), MONO_MS + 10 * HOUR_MS);
	clock_sim_close(&sim);
	assert_null(sim);
	uv_run(watch.loop, UV_RUN_NOWAIT);
	pthread_join(hub.thread, NULL);
	assert_int_equal(hub.idles, 5);
	for (unsigned i = 0; i < hub.idles; i++) {
		assert_int_equal(hub.in_flight_told[i], 3);
		assert_int_equal(hub.seen_told[i], i + 1);
	}
}

static void test_nobody_is_there(void **state)
{
	char path[200];

	(void)state;
	snprintf(path, sizeof(path), "%s/nothing", hub.folder);
	assert_null(clock_sim_open(&watch, path, count_in_flight, NULL));
	assert_int_equal(errno, ENOENT);
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_null(clock_sim_open(&watch, path, count_in_flight, NULL));
	assert_int_equal(errno, ENAMETOOLONG);
}

static int open_hub(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	(void)state;
	strcpy(hub.folder, "/tmp/clock-sim-XXXXXX");
	assert_non_null(mkdtemp(hub.folder));
	snprintf(hub.path, sizeof(hub.path), "%s/clock", hub.folder);
	memcpy(address.sun_path, hub.path, strlen(hub.path));
	hub.listener = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	assert_int_equal(bind(hub.listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(hub.listener, 1), 0);
	assert_int_equal(pthread_create(&hub.thread, NULL, play_hub, NULL), 0);
	clock_init(&watch, uv_default_loop());
	return 0;
}

static int close_hub(void **state)
{
	(void)state;
	clock_close(&watch);
	uv_run(watch.loop, UV_RUN_DEFAULT);
	close(hub.listener);
	unlink(hub.path);
	rmdir(hub.folder);
	return uv_loop_close(watch.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_nobody_is_there), cmocka_unit_test(test_timers_meet_their_time) };

	return cmocka_run_group_tests(tests, open_hub, close_hub);
}
