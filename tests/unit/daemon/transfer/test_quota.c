/* SPDX-License-Identifier: Apache-2.0 */
/* The quota on a clock of its own, against a Hub of a few lines that counts in fixed windows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "daemon/transfer/quota.h"

/* A Hub with one bucket; its windows lie on a grid of its own. */
struct hub {
	int64_t limit, window_ms, phase_ms;
	int64_t window, used, refused;
	bool silent;
};

static struct quota_news ask(struct hub *hub, int64_t now_ms, bool *refused)
{
	int64_t window = (now_ms + hub->phase_ms) / hub->window_ms;
	int64_t left_ms = hub->window_ms - (now_ms + hub->phase_ms) % hub->window_ms;
	struct quota_news nothing = { -1, -1, -1, -1, -1 };

	if (window != hub->window)
		hub->used = 0;
	hub->window = window;
	*refused = hub->used >= hub->limit;
	hub->refused += *refused;
	hub->used += !*refused;
	if (hub->silent)
		return nothing;
	return (struct quota_news){ hub->limit - hub->used, left_ms / 1000, hub->limit, hub->window_ms / 1000, -1 };
}

/* Sends whenever it may, answers `latency_ms` later, one at a time or many; returns how many were sent. */
static unsigned run(struct quota *quota, struct hub *hub, int64_t from_ms, int64_t until_ms, int64_t latency_ms)
{
	enum { MOST = 4096 };
	static struct { int64_t due_ms; struct quota_news news; bool refused; } flight[MOST];
	unsigned sent = 0, answered = 0;

	for (int64_t now_ms = from_ms; now_ms < until_ms; now_ms++) {
		while (answered < sent && flight[answered % MOST].due_ms <= now_ms) {
			quota_ended(quota, &flight[answered % MOST].news, now_ms);
			if (flight[answered % MOST].refused)
				quota_refused(quota, &flight[answered % MOST].news, 0, now_ms);
			answered++;
		}
		while (quota_wait_ms(quota, now_ms) == 0 && sent - answered < MOST) {
			quota_sent(quota, now_ms);
			flight[sent % MOST].news = ask(hub, now_ms, &flight[sent % MOST].refused);
			flight[sent % MOST].due_ms = now_ms + latency_ms;
			sent++;
		}
	}
	while (answered < sent)
		quota_ended(quota, &flight[answered++ % MOST].news, until_ms);
	return sent;
}

/* After a start one request goes alone, and nothing before its answer is here. */
static void test_alone(void **state)
{
	struct quota quota;
	struct quota_news news = { 499, 240, 500, 300, -1 };

	(void)state;
	quota_init(&quota, 50, 0);
	assert_int_equal(quota_wait_ms(&quota, 1000), 0);
	quota_sent(&quota, 1000);
	assert_int_equal(quota_wait_ms(&quota, 1000), QUOTA_WAIT_ANSWER);
	assert_int_equal(quota_wait_ms(&quota, 9000), QUOTA_WAIT_ANSWER);
	quota_ended(&quota, NULL, 9000); /* no answer came: again one, alone */
	assert_int_equal(quota.state, QUOTA_UNKNOWN);
	assert_int_equal(quota_wait_ms(&quota, 9000), 0);
	quota_sent(&quota, 9000);
	quota_ended(&quota, &news, 9500);
	assert_int_equal(quota.state, QUOTA_ANNOUNCED);
	assert_int_equal(quota.limit, 500);
	assert_int_equal(quota.window_ms, 300000);
}

/* Half of the quota, evenly, at every tier, whatever the latency and wherever the windows begin: no 429. */
static void test_share(void **state)
{
	static const struct { int64_t limit, window_s, phase_ms, share, latency_ms; } cases[] = {
		{ 500, 300, 0, 50, 100 },     { 500, 300, 123456, 50, 3000 }, { 1000, 300, 299999, 50, 30 },
		{ 500, 300, 150000, 100, 500 }, { 100, 10, 3333, 100, 20 },   { 20, 1, 500, 50, 5 },
		{ 10000, 300, 77, 50, 50 },   { 50, 10, 0, 10, 2500 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hub hub = { .limit = cases[i].limit, .window_ms = cases[i].window_s * 1000, .phase_ms = cases[i].phase_ms };
		int64_t windows = 3600 / cases[i].window_s > 40 ? 40 : 3600 / cases[i].window_s;
		int64_t most = windows * cases[i].limit * cases[i].share / 100;
		struct quota quota;
		unsigned sent;

		quota_init(&quota, cases[i].share, 0);
		sent = run(&quota, &hub, 1000, 1000 + windows * hub.window_ms, cases[i].latency_ms);
		/* our windows may end up to a second after the Hub's, which tells whole seconds */
		if (hub.refused || sent > most + most / 100 + 1 || sent < most * 80 / 100)
			fail_msg("case %zu: %u sent, %lld refused, at most %lld", i, sent, (long long)hub.refused, (long long)most);
	}
}

/* No burst: in any stretch of a window about its part of the budget. */
static void test_even(void **state)
{
	struct hub hub = { .limit = 500, .window_ms = 300000 };
	struct quota quota;

	(void)state;
	quota_init(&quota, 50, 0);
	run(&quota, &hub, 0, 300000, 50);
	for (int64_t at_ms = 300000; at_ms < 600000; at_ms += 30000)
		assert_in_range(run(&quota, &hub, at_ms, at_ms + 30000, 50), 22, 28);
}

/* Others on the same address: what the Hub says is left counts, not what we think we used. */
static void test_others(void **state)
{
	struct quota quota;
	struct quota_news news = { 400, 299, 500, 300, -1 };

	(void)state;
	quota_init(&quota, 50, 0);
	quota_sent(&quota, 0);
	quota_ended(&quota, &news, 0);
	assert_in_range(quota_wait_ms(&quota, 1), 1000, 1400);
	quota_sent(&quota, 1);
	news.remaining = 20;
	quota_ended(&quota, &news, 2);
	assert_in_range(quota_wait_ms(&quota, 2), 20000, 40000);
	quota_sent(&quota, 2);
	news.remaining = 5; /* as good as nothing */
	quota_ended(&quota, &news, 3);
	assert_in_range(quota_wait_ms(&quota, 3), 290000, 301000);
}

static void test_silent(void **state)
{
	struct hub hub = { .limit = INT64_MAX, .window_ms = 1000, .silent = true };
	struct quota quota;

	(void)state;
	quota_init(&quota, 50, 10);
	assert_in_range(run(&quota, &hub, 0, 10000, 100), 98, 102);
	assert_int_equal(quota.state, QUOTA_SILENT);
	quota_init(&quota, 50, 2500); /* finer than the clock */
	assert_in_range(run(&quota, &hub, 0, 1000, 1), 2400, 2510);
	quota_init(&quota, 50, 0);
	assert_int_equal(quota_wait_ms(&quota, 0), 0);
	quota_sent(&quota, 0);
	quota_ended(&quota, &(struct quota_news){ -1, -1, -1, -1, -1 }, 1);
	for (unsigned i = 0; i < 1000; i++) {
		assert_int_equal(quota_wait_ms(&quota, 1), 0);
		quota_sent(&quota, 1);
	}
}

/* A silent Hub that begins to announce is obeyed at once. */
static void test_silence_ends(void **state)
{
	struct quota quota;

	(void)state;
	quota_init(&quota, 50, 0);
	quota_sent(&quota, 0);
	quota_ended(&quota, &(struct quota_news){ -1, -1, -1, -1, -1 }, 1);
	quota_sent(&quota, 1);
	quota_ended(&quota, &(struct quota_news){ 100, 99, 200, 300, -1 }, 2);
	assert_int_equal(quota.state, QUOTA_ANNOUNCED);
	assert_true(quota_wait_ms(&quota, 2) > 1000);
}

static void test_429(void **state)
{
	struct quota_news empty = { 0, 55, 500, 300, -1 }, action = { 499, 55, 500, 300, -1 }, bare = { -1, -1, -1, -1, -1 },
			  asked = { -1, -1, -1, -1, 90 };
	struct quota quota;

	(void)state;
	quota_init(&quota, 50, 0);
	quota_sent(&quota, 0);
	quota_ended(&quota, &empty, 0);
	assert_int_equal(quota_refused(&quota, &empty, 0, 0), 56000); /* until the window has ended for certain */
	assert_int_equal(quota_wait_ms(&quota, 1000), 55000);
	assert_int_equal(quota_wait_ms(&quota, 56000), 0);
	assert_int_equal(quota.refusals, 0);

	quota_init(&quota, 50, 0);
	quota_sent(&quota, 0);
	quota_ended(&quota, &action, 0);
	assert_in_range(quota_refused(&quota, &action, 0, 0), 2000, 4000); /* not the 55 s: the window is not what is meant */
	assert_in_range(quota_refused(&quota, &action, 3999, 10000), 2000, 6000);
	assert_int_equal(quota.refusals, 2);

	quota_init(&quota, 50, 0);
	quota_sent(&quota, 0);
	quota_ended(&quota, &bare, 0);
	for (unsigned i = 0; i < 40; i++)
		assert_in_range(quota_refused(&quota, &bare, UINT64_MAX, i * 1000000), 2000, 302000);
	assert_int_equal(quota_refused(&quota, &asked, 0, 90000000), 90000);
}

/* A whole day asleep: the next window is fresh, and one window's worth is all that goes. */
static void test_sleep(void **state)
{
	struct hub hub = { .limit = 500, .window_ms = 300000, .phase_ms = 100000 };
	struct quota quota;

	(void)state;
	quota_init(&quota, 100, 0);
	run(&quota, &hub, 0, 100000, 10);
	run(&quota, &hub, 86400000, 86400000 + 600000, 10);
	assert_int_equal(hub.refused, 0);
}

/* The share is turned up or down while a window runs. */
static void test_halved(void **state)
{
	struct hub hub = { .limit = 500, .window_ms = 300000 };
	struct quota quota;

	(void)state;
	quota_init(&quota, 100, 0);
	run(&quota, &hub, 0, 400000, 10);
	hub.limit = 250; /* in mid-window */
	run(&quota, &hub, 400000, 1500000, 10);
	assert_int_equal(hub.refused, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alone), cmocka_unit_test(test_share), cmocka_unit_test(test_even),
		cmocka_unit_test(test_others), cmocka_unit_test(test_silent), cmocka_unit_test(test_silence_ends),
		cmocka_unit_test(test_429), cmocka_unit_test(test_sleep), cmocka_unit_test(test_halved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
