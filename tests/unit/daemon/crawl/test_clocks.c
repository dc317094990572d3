/* SPDX-License-Identifier: Apache-2.0 */
/* Two clocks, neither believed alone: the rule of clocks.h, row by row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "daemon/crawl/clocks.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define RELEASE (20000 * DAY)
#define NOW (RELEASE + 100 * DAY)

enum { LAST_COUNTS = 0 };

static void test_table(void **state)
{
	static const struct {
		const char *what;
		int64_t ours, hubs, age, newest;
		enum clocks_verdict verdict;
		int64_t at, mark;
	} cases[] = {
		{ "no Date: ours", NOW, 0, 0, NOW - HOUR, CLOCKS_AGREE, NOW, NOW },
		{ "equal", NOW, NOW, 0, NOW - HOUR, CLOCKS_AGREE, NOW, NOW },
		{ "five minutes are agreement, ours counts", NOW, NOW - 5 * MINUTE, 0, 0, CLOCKS_AGREE, NOW, NOW - 5 * MINUTE },
		{ "the other way", NOW, NOW + 5 * MINUTE, 0, 0, CLOCKS_AGREE, NOW, NOW },
		{ "a second more is none", NOW + 5 * MINUTE + SECOND, NOW, 0, 0, CLOCKS_HUBS, NOW, NOW },
		{ "ours in the year 2099", NOW + 26000 * DAY, NOW, 0, NOW - HOUR, CLOCKS_HUBS, NOW, NOW },
		{ "a Date in the future", NOW, NOW + DAY, 0, NOW - HOUR, CLOCKS_OURS, NOW, NOW },
		{ "the year 9999", NOW, INT64_C(253402300799000), 0, NOW - HOUR, CLOCKS_OURS, NOW, NOW },
		{ "a Date of yesterday, nothing is newer", NOW, NOW - DAY, 0, NOW - 2 * DAY, CLOCKS_HUBS, NOW - DAY, NOW - DAY },
		{ "of yesterday, before the newest record", NOW, NOW - DAY, 0, NOW - HOUR, CLOCKS_OURS, NOW, NOW - DAY },
		{ "ours is slow, nothing is newer", NOW - HOUR, NOW, 0, NOW - DAY, CLOCKS_OURS, NOW - HOUR, NOW - HOUR },
		{ "ours was set back before the newest record", NOW - HOUR, NOW, 0, NOW - MINUTE, CLOCKS_HUBS, NOW, NOW },
		{ "no clock battery", 5 * DAY, NOW, 0, NOW - HOUR, CLOCKS_HUBS, NOW, NOW },
		{ "no clock battery, an empty store", 5 * DAY, NOW, 0, 0, CLOCKS_HUBS, NOW, NOW },
		{ "a Date of 1970", NOW, 10 * SECOND, 0, 0, CLOCKS_OURS, NOW, NOW },
		{ "set back by less than five minutes: it stands still", NOW - MINUTE, NOW - MINUTE, 0, NOW, CLOCKS_AGREE, NOW, NOW - MINUTE },
		{ "jitter of a second does not turn the verdict", NOW + DAY, NOW - SECOND, 0, NOW, CLOCKS_HUBS, NOW, NOW - SECOND },
		{ "the log ahead of both", NOW, NOW, 0, NOW + HOUR, CLOCKS_BEHIND_LOG, LAST_COUNTS, LAST_COUNTS },
		{ "the log ahead of ours, no Date", NOW, 0, 0, NOW + HOUR, CLOCKS_BEHIND_LOG, LAST_COUNTS, LAST_COUNTS },
		{ "the log ahead of both, which differ", NOW - DAY, NOW, 0, NOW + HOUR, CLOCKS_BEHIND_LOG, LAST_COUNTS, LAST_COUNTS },
		{ "the log ahead of ours alone", NOW - DAY, NOW, 0, NOW - HOUR, CLOCKS_HUBS, NOW, NOW },
		{ "out of a cache", NOW, NOW - HOUR, HOUR, NOW - DAY, CLOCKS_AGREE, NOW - HOUR, NOW - HOUR },
		{ "out of a cache that does not say so", NOW, NOW - HOUR, 0, NOW - SECOND, CLOCKS_OURS, NOW, NOW - HOUR },
		{ "out of a cache, ours wrong", NOW + DAY, NOW - HOUR, HOUR, NOW - DAY, CLOCKS_HUBS, NOW - HOUR, NOW - HOUR },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct clock_readings readings = { cases[i].ours, cases[i].hubs, cases[i].age, cases[i].newest, RELEASE };
		struct answer_time time = clocks_judge(&readings);
		bool dated = time.verdict != CLOCKS_BEHIND_LOG;

		if (time.verdict != cases[i].verdict || (dated && (time.at_ms != cases[i].at || time.mark_ms != cases[i].mark)))
			fail_msg("%s: verdict %d, at %lld, mark %lld after now", cases[i].what, (int)time.verdict,
				(long long)(time.at_ms - NOW), (long long)(time.mark_ms - NOW));
	}
}

/* Whatever the clocks show: no time is ahead of both, none before the newest record, no mark after the time. */
static void test_bounds(void **state)
{
	static const int64_t off[] = { -30000 * DAY, -400 * DAY, -DAY, -HOUR, -6 * MINUTE, -MINUTE, 0, SECOND, 4 * MINUTE, HOUR, 50 * DAY };

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(off) * ARRAY_COUNT(off) * ARRAY_COUNT(off); i++) {
		size_t n = ARRAY_COUNT(off);
		struct clock_readings readings = { NOW + off[i % n], NOW + off[i / n % n], 0, NOW + off[i / n / n], RELEASE };
		struct answer_time time = clocks_judge(&readings);
		int64_t later = readings.ours_ms > readings.hubs_ms ? readings.ours_ms : readings.hubs_ms;

		if (time.verdict == CLOCKS_BEHIND_LOG) {
			assert_true(later < readings.newest_ms - CLOCKS_AGREE_MS);
			continue;
		}
		assert_true(time.at_ms <= later || time.at_ms == readings.newest_ms);
		assert_true(time.at_ms <= later + CLOCKS_AGREE_MS);
		assert_true(time.at_ms >= readings.newest_ms);
		assert_true(time.mark_ms <= time.at_ms && time.mark_ms <= later);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
