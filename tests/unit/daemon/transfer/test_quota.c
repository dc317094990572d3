/* SPDX-License-Identifier: Apache-2.0 */
/* The governor, answer by answer. test_quota_day.c is the other half. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "storage/model/bytes.h"
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

/* --- what exactly is known of a window ------------------------------------------------------------------------------*/

static void end(struct quota *quota, const struct quota_ticket *ticket, int64_t remaining, int64_t reset_s, int64_t limit,
	int64_t now_ms)
{
	quota_ended(quota, ticket, &(struct quota_news){ remaining, reset_s, limit, 300, -1 }, false, now_ms);
}

/* A request without an answer counts as if it were still under way, until the answer to a later one says what is left. */
static void test_lost_counts(void **state)
{
	struct quota_ticket lost, beside;
	struct quota quota;
	int64_t allowed;

	(void)state;
	begin(&quota, 100, 0);
	ask(&quota, &(struct quota_news){ 300, 200, 500, 300, -1 }, 0, 100);
	lost = quota_sent(&quota, 200);
	beside = quota_sent(&quota, 300);
	allowed = quota_allowance(&quota, 1000);
	quota_ended(&quota, &lost, NULL, true, 1000);
	assert_int_equal(quota.lost, 1);
	assert_int_equal(quota_allowance(&quota, 1000), allowed);
	end(&quota, &beside, 299, 198, 500, 1100); /* was sent before the other one was lost */
	assert_int_equal(quota.lost, 1);
	ask(&quota, &(struct quota_news){ 297, 197, 500, 300, -1 }, 2000, 2100);
	assert_int_equal(quota.lost, 0);
	begin(&quota, 100, 0);
	ask(&quota, &nothing, 0, 100);
	lost = quota_sent(&quota, 200);
	quota_ended(&quota, &lost, NULL, true, 1000);
	assert_int_equal(quota.lost, 0); /* nothing is counted where nothing is announced */
	assert_int_equal(quota.state, QUOTA_SILENT);
}

/* Whatever was asked later knows better, also that more is left than was said; a new limit makes old figures worthless. */
static void test_later_figures(void **state)
{
	struct quota_ticket first, second;
	struct quota quota;

	(void)state;
	begin(&quota, 100, 0);
	ask(&quota, &(struct quota_news){ 400, 200, 500, 300, -1 }, 0, 100);
	ask(&quota, &(struct quota_news){ 410, 199, 500, 300, -1 }, 1000, 1100);
	assert_int_equal(quota.remaining, 410);
	first = quota_sent(&quota, 1100); /* in the millisecond of that answer: it may have seen less */
	end(&quota, &first, 420, 198, 500, 1200);
	assert_int_equal(quota.remaining, 410);
	first = quota_sent(&quota, 2000);
	second = quota_sent(&quota, 2010);
	end(&quota, &second, 10, 198, 500, 2100);
	end(&quota, &first, 900, 198, 1000, 2110);
	assert_int_equal(quota.limit, 1000);
	assert_int_equal(quota.remaining, 900);
}

/* A policy that is not told, or makes no sense, stays what it was; another length is another window. */
static void test_policy(void **state)
{
	struct quota quota;

	(void)state;
	begin(&quota, 100, 0);
	ask(&quota, &(struct quota_news){ 499, 240, 500, 300, -1 }, 0, 10);
	ask(&quota, &(struct quota_news){ 498, 239, 0, 0, -1 }, 1000, 1010);
	assert_int_equal(quota.limit, 500);
	assert_int_equal(quota.window.length_ms, WINDOW);
	assert_int_equal(quota.number, 1);
	ask(&quota, &(struct quota_news){ 99, 50, 100, 60, -1 }, 2000, 2010);
	assert_int_equal(quota.window.length_ms, 60000);
	assert_int_equal(quota.number, 2);
	assert_int_equal(quota.used, 1);
	begin(&quota, 100, 0);
	ask(&quota, &(struct quota_news){ 70, 240, -1, -1, -1 }, 0, 10);
	assert_int_equal(quota.limit, 70);
	assert_int_equal(quota.window.length_ms, WINDOW); /* the usual one */
}

/* The first answer of the next window says where that one ends, as closely as it can. */
static void test_next_window(void **state)
{
	struct quota quota;

	(void)state;
	begin(&quota, 100, 0);
	ask(&quota, &(struct quota_news){ 10, 20, 500, 300, -1 }, 0, 5000); /* ends from 19,000 to 26,000 */
	ask(&quota, &(struct quota_news){ 499, 299, 500, 300, -1 }, 25000, 25010);
	assert_int_equal(quota.number, 2);
	assert_int_equal(quota.window.end_low_ms, 25000 + 298000);
	assert_int_equal(quota.window.end_high_ms, 25010 + 300000);
	assert_int_equal(quota.used, 1);
	/* without a reset: the window turned between the last answer of the old one and this */
	begin(&quota, 100, 0);
	ask(&quota, &(struct quota_news){ 10, 20, 500, 300, -1 }, 0, 5000);
	ask(&quota, &(struct quota_news){ 9, -1, 500, 300, -1 }, 24000, 24010);
	assert_int_equal(quota.number, 1);
	ask(&quota, &(struct quota_news){ 499, -1, 500, 300, -1 }, 25000, 25010);
	assert_int_equal(quota.number, 2);
	assert_int_equal(quota.window.end_low_ms, 24000 + 300000);
	assert_int_equal(quota.window.end_high_ms, 25010 + 300000);
}

/* In windows of two seconds only what is left tells one from the next: as much as before is another one. */
static void test_ambiguous_window(void **state)
{
	struct quota quota;

	(void)state;
	begin(&quota, 100, 0);
	ask(&quota, &(struct quota_news){ 9, 1, 10, 2, -1 }, 0, 10);
	ask(&quota, &(struct quota_news){ 9, 1, 10, 2, -1 }, 10, 20); /* may have been answered before the other */
	assert_int_equal(quota.number, 1);
	ask(&quota, &(struct quota_news){ 8, 1, 10, 2, -1 }, 30, 40);
	assert_int_equal(quota.number, 1);
	ask(&quota, &(struct quota_news){ 8, 1, 10, 2, -1 }, 100, 110);
	assert_int_equal(quota.number, 2);
	assert_in_range(quota.window.end_high_ms, 110 + 1000, 110 + 2000);
}

/* A Hub whose grid moved (or our clock stood still): its word counts, with what is under way. */
static void test_grid_moves(void **state)
{
	struct quota_ticket other;
	struct quota quota;

	(void)state;
	begin(&quota, 100, 0);
	ask(&quota, &(struct quota_news){ 400, 290, 500, 300, -1 }, 0, 100);
	other = quota_sent(&quota, 900);
	ask(&quota, &(struct quota_news){ 499, 150, 500, 300, -1 }, 1000, 1100);
	assert_int_equal(quota.number, 2);
	assert_int_equal(quota.window.end_low_ms, 1000 + 149000);
	assert_int_equal(quota.window.end_high_ms, 1100 + 151000);
	assert_int_equal(quota.used, 2);
	end(&quota, &other, 498, 150, 500, 1200);
}

/* Bounds of the same window narrow with each answer, also one that was overtaken. */
static void test_bounds_narrow(void **state)
{
	struct quota quota;

	(void)state;
	begin(&quota, 100, 0);
	ask(&quota, &(struct quota_news){ 499, 200, 500, 300, -1 }, 0, 4000);
	ask(&quota, &(struct quota_news){ 498, 190, 500, 300, -1 }, 12000, 12010);
	assert_int_equal(quota.window.end_low_ms, 12000 + 189000);
	assert_int_equal(quota.window.end_high_ms, 12010 + 191000);
}

/* Good answers move the latency by an eighth; the time that one took is what the throttle learns. */
static void test_latency(void **state)
{
	struct quota_ticket ticket;
	struct quota quota;

	(void)state;
	begin(&quota, 100, 0);
	ask(&quota, &(struct quota_news){ 499, 299, 500, 300, -1 }, 1000, 1800);
	assert_int_equal(quota.latency_ms, 100);
	assert_int_equal(quota.throttle.latency_us, 800000);
	ticket = quota_sent(&quota, 2000);
	quota_ended(&quota, &ticket, NULL, true, 9000);
	assert_int_equal(quota.latency_ms, 100);
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

/* Whose doing a refusal is: others' where they were seen, but at the edge of a window we may have misjudged it. */
static void test_429_blame(void **state)
{
	static const struct {
		int64_t reset_s, others, before;
		enum quota_refusal why;
	} cases[] = {
		{ 150, 0, 0, REFUSED_OWN }, { 150, 1, 0, REFUSED_OTHERS }, { 150, 90, 0, REFUSED_OTHERS },
		{ 1, 90, 0, REFUSED_OWN }, { 1, 90, 5, REFUSED_OTHERS }, { 299, 90, 0, REFUSED_OWN }, { 299, 90, 5, REFUSED_OTHERS },
		{ 10, 90, 0, REFUSED_OTHERS }, { 290, 90, 0, REFUSED_OTHERS }, { 1, 0, 5, REFUSED_OWN },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct quota_news empty = { 0, cases[i].reset_s, 500, 300, -1 };
		struct quota_ticket ticket;
		struct quota quota;
		int64_t wait_ms;

		begin(&quota, 100, 0);
		ticket = ask(&quota, &empty, 0, 10);
		quota.others = cases[i].others;
		quota.others_before = cases[i].before;
		if (quota_refused(&quota, &ticket, &empty, 0, 10, &wait_ms) != cases[i].why)
			fail_msg("case %zu", i);
		assert_true(wait_ms >= (cases[i].reset_s + 1) * 1000);
	}
}

/* One that is left makes it about an action; a 429 of a window that is over by now does not hold this one up. */
static void test_429_bounds(void **state)
{
	struct quota_news one = { 1, 55, 500, 300, -1 }, stale = { 0, 1, 500, 300, -1 };
	struct quota_back_off rest = { 0 };
	struct quota_ticket ticket;
	struct quota quota;
	int64_t wait_ms;

	(void)state;
	begin(&quota, 100, 0);
	ticket = ask(&quota, &one, 0, 10);
	assert_int_equal(quota_refused(&quota, &ticket, &one, 0, 10, &wait_ms), REFUSED_ACTION);
	ask(&quota, &(struct quota_news){ 400, 54, 500, 300, -1 }, 1000, 1010);
	quota_refused(&quota, &ticket, &stale, 0, 1020, &wait_ms);
	assert_int_equal(wait_ms, 0);
	quota_back_off(&rest, 0, -1, 0, 1000);
	assert_int_equal(rest.count, 1);
	quota_back_off_ends(&rest, 1000); /* sent in that very millisecond */
	assert_int_equal(rest.count, 0);
}

/* --- blocks --------------------------------------------------------------------------------------------------------*/

/* One block is asked for at a time, when half of the last one is used, and only while something is left. */
static void test_blocks_wanted(void **state)
{
	struct quota_block block;
	struct quota quota;
	uint64_t number;

	(void)state;
	begin(&quota, 100, 0);
	quota.blocks = true;
	assert_false(quota_wants_block(&quota, 0));
	ask(&quota, &(struct quota_news){ 239, 299, 240, 300, -1 }, 0, 10);
	assert_int_equal(quota_wait_ms(&quota, 5000), QUOTA_WAIT_ANSWER);
	assert_true(quota_wants_block(&quota, 5000));
	block = quota_next_block(&quota, 5000, 1000000, &number);
	assert_false(quota_wants_block(&quota, 5000)); /* that one is on its way */
	assert_int_equal(block.granted, 1 + 9); /* the one that was used, and the 24th part of the budget */
	assert_int_equal(block.end_wall_ms - 1000000, quota.window.end_high_ms - 5000);
	quota_granted(&quota, &block, number + 1); /* of another window */
	assert_int_equal(quota.granted, 0);
	quota_granted(&quota, &block, number);
	assert_int_equal(quota.granted, 10);
	assert_false(quota_wants_block(&quota, 5000));
	for (unsigned i = 0; i < 4; i++)
		quota_sent(&quota, 5000);
	assert_false(quota_wants_block(&quota, 5000)); /* 5 of 9 are left */
	quota_sent(&quota, 5000);
	assert_true(quota_wants_block(&quota, 5000)); /* 4 */
	quota.remaining = 1;
	assert_true(quota_wants_block(&quota, 5000));
	quota.remaining = 0;
	assert_false(quota_wants_block(&quota, 5000));
}

/* What a start finds: a window that is over, or lies too far ahead, says nothing. */
static void test_blocks_restored(void **state)
{
	static const struct {
		int64_t left_ms;
		bool counts;
	} cases[] = { { 0, false }, { 1, true }, { WINDOW, true }, { WINDOW + WINDOW / 8, true }, { WINDOW + WINDOW / 8 + 1, false },
		{ -5, false } };
	struct quota quota;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct quota_block block = { 5000 + cases[i].left_ms, WINDOW, 500, 40 };

		begin(&quota, 100, 0);
		quota_restore(&quota, &block, 700, 5000);
		assert_int_equal(quota.restored, cases[i].counts ? 40 : 0);
		assert_int_equal(quota.restored_end_ms, cases[i].counts ? 700 + cases[i].left_ms : 0);
		assert_int_equal(quota_wait_ms(&quota, 700), 0);
	}
	begin(&quota, 50, 0);
	quota_restore(&quota, &(struct quota_block){ 65000, WINDOW, 500, 250 }, 700, 5000);
	assert_int_equal(quota_wait_ms(&quota, 700), 60000); /* all of our share was granted: until that window ends */
	begin(&quota, 1, 0);
	quota_restore(&quota, &(struct quota_block){ 65000, WINDOW, 50, 1 }, 700, 5000);
	assert_int_equal(quota_wait_ms(&quota, 700), 60000); /* of the smallest share too, which is one */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alone), cmocka_unit_test(test_overtaken), cmocka_unit_test(test_order),
		cmocka_unit_test(test_halved), cmocka_unit_test(test_company), cmocka_unit_test(test_silent),
		cmocka_unit_test(test_silence_ends), cmocka_unit_test(test_429_window), cmocka_unit_test(test_429_action),
		cmocka_unit_test(test_429_edge),
		cmocka_unit_test(test_lost_counts), cmocka_unit_test(test_later_figures), cmocka_unit_test(test_policy),
		cmocka_unit_test(test_next_window), cmocka_unit_test(test_ambiguous_window), cmocka_unit_test(test_grid_moves),
		cmocka_unit_test(test_bounds_narrow), cmocka_unit_test(test_latency), cmocka_unit_test(test_429_blame),
		cmocka_unit_test(test_429_bounds), cmocka_unit_test(test_blocks_wanted), cmocka_unit_test(test_blocks_restored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
