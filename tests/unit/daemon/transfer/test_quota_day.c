/* SPDX-License-Identifier: Apache-2.0 */
/* The governor against a Hub that counts in fixed windows (quota_model.h), for days on a clock of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/daemon/transfer/quota_model.h"

enum { MINUTE = 60 * 1000, HOUR = 60 * MINUTE, DAY = 24 * HOUR, WINDOW = 5 * MINUTE };

static void expect(const struct model *model, int64_t use_least, int64_t refused_most, const char *what)
{
	const struct model_figures *figures = &model->figures;

	if (model_use(model) >= use_least && model_use(model) <= 10000 && figures->refused_most <= refused_most)
		return;
	fail_msg("%s: limit %lld share %lld pace %d rounding %d: %lld.%02lld %% used, %lld refused, %lld in one window", what,
		(long long)model->options.limit, (long long)model->quota.share_percent, model->quota.pace,
		model->options.rounding, (long long)model_use(model) / 100, (long long)model_use(model) % 100,
		(long long)figures->refused, (long long)figures->refused_most);
}

/* Every tier that the Hub documents, of both buckets; a plan of half a million is watched for one hour. */
static const int64_t tiers[] = { 500, 1000, 2500, 3000, 5000, 6000, 10000, 12000, 20000, 50000, 100000, 500000 };

static void test_day(void **state)
{
	static const struct { int64_t share; enum quota_pace pace; int64_t jitter_ms; } ways[] = {
		{ 100, QUOTA_EVEN, 300 }, { 50, QUOTA_EVEN, 3000 }, { 100, QUOTA_BURST, 3000 }, { 50, QUOTA_BURST, 300 },
	};
	struct model model;

	(void)state;
	for (unsigned i = 0; i < sizeof(tiers) / sizeof(tiers[0]); i++) {
		unsigned few = tiers[i] > 20000 ? 1 : 4;

		for (unsigned way = 0; way < few; way++) {
			struct model_options options = { .limit = tiers[i], .window_ms = WINDOW, .latency_ms = 40,
				.phase_ms = 123457 * (i + 1), .rounding = (i + way) % 3, .jitter_ms = ways[way].jitter_ms,
				.commit_ms = 20 };

			model_init(&model, &options, ways[way].share, ways[way].pace);
			model_run(&model, tiers[i] > 100000 ? HOUR : DAY);
			expect(&model, 9950, 0, "a day");
			model_release(&model);
		}
	}
}

/* No burst: in any stretch of a window about its part of the budget. */
static void test_even(void **state)
{
	struct model_options options = { .limit = 500, .window_ms = WINDOW, .latency_ms = 50 };
	struct model model;

	(void)state;
	model_init(&model, &options, 50, QUOTA_EVEN);
	model_run(&model, WINDOW + 2000);
	for (int64_t at_ms = WINDOW + 2000; at_ms < 2 * WINDOW - 30000; at_ms += 30000) {
		int64_t before = model.figures.sent;

		model_run(&model, at_ms + 30000);
		assert_in_range(model.figures.sent - before, 22, 28);
	}
	model_release(&model);
}

/* Windows of seconds, whose answers do not tell one from the next. */
static void test_short_windows(void **state)
{
	static const struct { int64_t limit, window_ms, share, latency_ms; } cases[] = {
		{ 50, 2000, 100, 5 }, { 50, 2000, 50, 20 }, { 20, 1000, 50, 5 }, { 20, 1000, 100, 5 }, { 100, 10000, 100, 20 },
		{ 50, 10000, 10, 500 },
	};
	struct model model;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (enum rounding rounding = ROUND_DOWN; rounding <= ROUND_UP; rounding++) {
			struct model_options options = { .limit = cases[i].limit, .window_ms = cases[i].window_ms, .phase_ms = 333,
				.latency_ms = cases[i].latency_ms, .rounding = rounding, .commit_ms = 5 };

			model_init(&model, &options, cases[i].share, QUOTA_EVEN);
			model_run(&model, 200 * cases[i].window_ms);
			expect(&model, 8000, 0, "short windows");
			model_release(&model);
		}
}

/* kill -9 every few minutes: what was granted counts as used, so nothing is refused and the share is kept. */
static void test_killed(void **state)
{
	struct model model;

	(void)state;
	for (unsigned i = 0; tiers[i] <= 10000; i++)
		for (unsigned way = 0; way < 4; way++) {
			struct model_options options = { .limit = tiers[i], .window_ms = WINDOW, .latency_ms = 40, .jitter_ms = 300,
				.phase_ms = 123457 * (i + 1), .rounding = (i + way) % 3, .commit_ms = 20, .kill_ms = 4 * MINUTE,
				.wall_ms = 1700000000000 };

			model_init(&model, &options, way < 2 ? 100 : 50, way % 2 ? QUOTA_BURST : QUOTA_EVEN);
			model_run(&model, DAY);
			assert_in_range(model.figures.kills, 200, 600);
			assert_true(model.figures.commits < 30 * model.figures.windows);
			expect(&model, 9000, 0, "killed");
			model_release(&model);
		}
}

/* Another client that eats a third: at most one 429 a window, and it gets its third. */
static void test_another_client(void **state)
{
	struct model model;

	(void)state;
	for (unsigned i = 0; tiers[i] <= 10000; i++)
		for (unsigned way = 0; way < 4; way++) {
			struct model_options options = { .limit = tiers[i], .window_ms = WINDOW, .latency_ms = 40, .jitter_ms = 300,
				.phase_ms = 123457 * (i + 1), .rounding = (i + way) % 3, .commit_ms = 20, .others_percent = 33 };

			model_init(&model, &options, way < 2 ? 100 : 50, way % 2 ? QUOTA_BURST : QUOTA_EVEN);
			model_run(&model, DAY);
			if (way < 2)
				assert_in_range(model_use(&model), 6500, 6800);
			expect(&model, way < 2 ? 6500 : 9950, 1, "another client");
			model_release(&model);
		}
}

/* One answer in fifty is lost on its way. */
static void test_lost_answers(void **state)
{
	struct model_options options = { .limit = 1000, .window_ms = WINDOW, .latency_ms = 40, .jitter_ms = 500, .lost_in = 50 };
	struct model model;

	(void)state;
	model_init(&model, &options, 100, QUOTA_EVEN);
	model_run(&model, DAY);
	expect(&model, 9950, 0, "lost answers");
	model_release(&model);
}

/* Asleep at some point of a window until some point of another: the monotonic clock does not count that. */
static void test_sleep(void **state)
{
	static const int64_t asleep_ms[] = { 1000, 30000, 150000, 299000, WINDOW, 10 * HOUR + 77777 };

	(void)state;
	for (size_t i = 0; i < sizeof(asleep_ms) / sizeof(asleep_ms[0]); i++) {
		struct model_options options = { .limit = 500, .window_ms = WINDOW, .phase_ms = 100000, .latency_ms = 10,
			.jitter_ms = 100 };
		struct model model;

		model_init(&model, &options, 100, QUOTA_EVEN);
		for (unsigned night = 1; night < 20; night++) {
			model_run(&model, night * 1234567);
			model.options.phase_ms += asleep_ms[i];
		}
		expect(&model, 0, 0, "asleep");
		assert_true(model.figures.used > 19 * 1234567 / WINDOW * 500 * 9 / 10);
		model_release(&model);
	}
}

/* The Hub's clock is ours plus a drift of a hundred parts in a million. */
static void test_drift(void **state)
{
	struct model_options options = { .limit = 500, .window_ms = WINDOW, .latency_ms = 30, .jitter_ms = 50, .commit_ms = 20 };
	struct model model;

	(void)state;
	model_init(&model, &options, 100, QUOTA_EVEN);
	for (int64_t at_ms = 10000; at_ms < DAY; at_ms += 10000) {
		model_run(&model, at_ms);
		model.options.phase_ms += at_ms < DAY / 2 ? 1 : -1;
	}
	expect(&model, 9950, 0, "drift");
	model_release(&model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_day), cmocka_unit_test(test_even), cmocka_unit_test(test_short_windows),
		cmocka_unit_test(test_killed), cmocka_unit_test(test_another_client), cmocka_unit_test(test_lost_answers),
		cmocka_unit_test(test_sleep), cmocka_unit_test(test_drift),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
