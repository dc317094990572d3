/* SPDX-License-Identifier: Apache-2.0 */
/* The governor, answer by answer. test_quota_day.c is the other half. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/daemon/transfer/quota_model.h"

enum { HOUR = 3600 * 1000, WINDOW = 300 * 1000 };

static const struct quota_news nothing = { -1, -1, -1, -1, -1 };

/* --- single answers ------------------------------------------------------------------------------------------------*/

static void begin(struct quota *quota, int64_t share_percent, int64_t rate)
{
	quota_init(quota, share_percent, rate, 64);
}

/* One request and its answer. */
static struct quota_ticket ask(struct quota *quota, const struct quota_news *news, int64_t sent_ms, int64_t now_ms)
{
	struct quota_ticket ticket = quota_sent(quota, sent_ms);

	quota_ended(quota, &ticket, news, false, now_ms);
	return ticket;
}

/* After a start one request goes alone, and nothing before its answer is here. */
static void test_alone(void **state)
{
	struct quota quota;
	struct quota_news news = { 499, 240, 500, 300, -1 };
	struct quota_ticket ticket;

	(void)state;
	begin(&quota, 50, 0);
	assert_int_equal(quota_wait_ms(&quota, 1000), 0);
	ticket = quota_sent(&quota, 1000);
	assert_int_equal(quota_wait_ms(&quota, 1000), QUOTA_WAIT_ANSWER);
	assert_int_equal(quota_wait_ms(&quota, 9000), QUOTA_WAIT_ANSWER);
	quota_ended(&quota, &ticket, NULL, true, 9000); /* no answer came: again one, alone */
	assert_int_equal(quota.state, QUOTA_UNKNOWN);
	assert_int_equal(quota_wait_ms(&quota, 9000), 0);
	ask(&quota, &news, 9000, 9500);
	assert_int_equal(quota.state, QUOTA_ANNOUNCED);
	assert_int_equal(quota.limit, 500);
	assert_int_equal(quota.window.length_ms, WINDOW);
	assert_in_range(quota_budget(&quota), 195, 205); /* the part of the window that is left */
	assert_in_range(quota.window.end_low_ms, 9000 + 239000, 9500 + 240000);
	assert_in_range(quota.window.end_high_ms, 9000 + 240000, 9500 + 241000);
}

/* An answer of the window before that was overtaken says nothing of this one. */
static void test_overtaken(void **state)
{
	struct quota_news fresh = { 499, 299, 500, 300, -1 }, stale = { 3, 0, 500, 300, -1 };
	struct quota_ticket slow;
	struct quota quota;

	(void)state;
	begin(&quota, 100, 0);
	ask(&quota, &(struct quota_news){ 10, 20, 500, 300, -1 }, 0, 100);
	slow = quota_sent(&quota, 20000);
	ask(&quota, &fresh, 20900, 21000);
	assert_int_equal(quota.remaining, 499);
	assert_int_equal(quota.used, 2); /* the slow one may be counted here */
	quota_ended(&quota, &slow, &stale, false, 22000);
	assert_int_equal(quota.remaining, 499);
	assert_int_equal(quota.used, 1);
	assert_in_range(quota.window.end_high_ms, 320000, 321000);
}

/* Of two that were under way together the lower figure counts, whichever comes first. */
static void test_order(void **state)
{
	struct quota_ticket first, second;
	struct quota quota;

	(void)state;
	begin(&quota, 100, 0);
	ask(&quota, &(struct quota_news){ 400, 200, 500, 300, -1 }, 0, 100);
	first = quota_sent(&quota, 200);
	second = quota_sent(&quota, 210);
	quota_ended(&quota, &second, &(struct quota_news){ 398, 200, 500, 300, -1 }, false, 300);
	assert_int_equal(quota_allowance(&quota, 300) < 398, true);
	quota_ended(&quota, &first, &(struct quota_news){ 399, 200, 500, 300, -1 }, false, 310);
	assert_int_equal(quota.remaining, 398);
	assert_int_equal(quota.in_flight, 0);
}

/* A quota that is halved in mid-window is obeyed at once. */
static void test_halved(void **state)
{
	struct quota quota;

	(void)state;
	begin(&quota, 100, 0);
	ask(&quota, &(struct quota_news){ 499, 299, 500, 300, -1 }, 0, 10);
	for (int64_t at_ms = 1000; at_ms < 240000; at_ms += 1000)
		ask(&quota, &(struct quota_news){ 499 - at_ms / 1000, 299 - at_ms / 1000, 500, 300, -1 }, at_ms, at_ms + 10);
	ask(&quota, &(struct quota_news){ 9, 58, 250, 300, -1 }, 240000, 240010);
	assert_int_equal(quota_budget(&quota), 249); /* of a window that was 1/300 over when it was first heard of */
	assert_true(quota_allowance(&quota, 240010) <= 9);
	ask(&quota, &(struct quota_news){ 0, 50, 200, 300, -1 }, 250000, 250010);
	assert_true(quota_wait_ms(&quota, 250010) > 48000);
}

/* What the Hub says is left counts, not what we think we used; and room is left for whoever used the rest. */
static void test_company(void **state)
{
	struct quota quota;

	(void)state;
	begin(&quota, 100, 0);
	ask(&quota, &(struct quota_news){ 499, 299, 500, 300, -1 }, 0, 10);
	assert_int_equal(quota.others, 0);
	ask(&quota, &(struct quota_news){ 398, 199, 500, 300, -1 }, 100000, 100010);
	assert_int_equal(quota.others, 100);
	/* in 200 s it will use 200 more */
	assert_in_range(quota_allowance(&quota, 100010), 150, 200);
}

static void test_silent(void **state)
{
	struct model_options options = { .limit = 1000000, .window_ms = 1000, .latency_ms = 100, .silent = true };
	struct model model;
	struct quota quota;

	(void)state;
	model_init(&model, &options, 50, QUOTA_EVEN);
	model.quota.rate = 10;
	model_run(&model, 11000);
	assert_in_range(model.figures.sent, 98, 102);
	assert_int_equal(model.quota.state, QUOTA_SILENT);
	model_release(&model);
	model_init(&model, &options, 50, QUOTA_EVEN);
	model.quota.rate = 2500; /* finer than the clock */
	model_run(&model, 2100);
	assert_in_range(model.figures.sent, 2400, 2510);
	model_release(&model);
	begin(&quota, 50, 0);
	ask(&quota, &nothing, 0, 1);
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
	begin(&quota, 50, 0);
	ask(&quota, &nothing, 0, 1);
	ask(&quota, &(struct quota_news){ 100, 99, 200, 300, -1 }, 1, 2);
	assert_int_equal(quota.state, QUOTA_ANNOUNCED);
	assert_true(quota_wait_ms(&quota, 2) > 1000);
}

/* --- 429 -----------------------------------------------------------------------------------------------------------*/

static void test_429_window(void **state)
{
	struct quota_news empty = { 0, 55, 500, 300, -1 };
	struct quota_ticket ticket;
	struct quota quota;
	int64_t wait_ms;

	(void)state;
	begin(&quota, 50, 0);
	ticket = ask(&quota, &empty, 0, 0);
	assert_int_equal(quota_refused(&quota, &ticket, &empty, 0, 0, &wait_ms), REFUSED_OTHERS);
	assert_int_equal(wait_ms, 56000); /* until the window has ended for certain */
	assert_int_equal(quota_wait_ms(&quota, 1000), 55000);
	assert_int_equal(quota_wait_ms(&quota, 56000), 0);
}

/* With something left it is about one action: the bucket goes on. */
static void test_429_action(void **state)
{
	struct quota_news action = { 499, 55, 500, 300, -1 };
	struct quota_back_off rest = { 0 };
	struct quota_ticket ticket;
	struct quota quota;
	int64_t wait_ms;

	(void)state;
	begin(&quota, 50, 0);
	ticket = ask(&quota, &action, 0, 10);
	assert_int_equal(quota_refused(&quota, &ticket, &action, 0, 10, &wait_ms), REFUSED_ACTION);
	assert_int_equal(wait_ms, 0);
	assert_true(quota_wait_ms(&quota, 10) < 2000);
	/* the lane's: 2 s and jitter, twice as much each time; what was under way together counts once */
	assert_in_range(quota_back_off(&rest, 0, -1, 1999, 1000), 2000, 4000);
	assert_in_range(quota_back_off(&rest, 500, -1, 1999, 1001), 2000, 4000);
	assert_int_equal(rest.count, 1);
	assert_in_range(quota_back_off(&rest, 10000, -1, 3999, 10000), 2000, 6000);
	assert_int_equal(rest.count, 2);
	quota_back_off_ends(&rest, 9000); /* sent before the last one */
	assert_int_equal(rest.count, 2);
	quota_back_off_ends(&rest, 10001);
	assert_int_equal(rest.count, 0);
}

static void test_429_edge(void **state)
{
	struct quota_news asked = { -1, -1, -1, -1, 90 }, for_ever = { -1, -1, -1, -1, INT32_MAX };
	struct quota_ticket ticket;
	struct quota quota;
	int64_t wait_ms;

	(void)state;
	begin(&quota, 50, 0);
	ask(&quota, &(struct quota_news){ 499, 299, 500, 300, -1 }, 0, 10);
	for (unsigned i = 0; i < 40; i++) {
		ticket = ask(&quota, &nothing, 1000 + i * 1000000, 1000 + i * 1000000);
		assert_int_equal(quota_refused(&quota, &ticket, &nothing, UINT64_MAX, ticket.sent_ms, &wait_ms), REFUSED_EDGE);
		assert_in_range(wait_ms, 2000, 302000);
		assert_in_range(quota_wait_ms(&quota, ticket.sent_ms), 2000, 302000);
	}
	ticket.sent_ms = 90000000;
	quota_refused(&quota, &ticket, &asked, 0, 90000000, &wait_ms);
	assert_in_range(wait_ms, 90000, 302000);
	ticket.sent_ms = 190000000;
	quota_refused(&quota, &ticket, &for_ever, 0, 190000000, &wait_ms);
	assert_int_equal(wait_ms, HOUR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alone), cmocka_unit_test(test_overtaken), cmocka_unit_test(test_order),
		cmocka_unit_test(test_halved), cmocka_unit_test(test_company), cmocka_unit_test(test_silent),
		cmocka_unit_test(test_silence_ends), cmocka_unit_test(test_429_window), cmocka_unit_test(test_429_action),
		cmocka_unit_test(test_429_edge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
