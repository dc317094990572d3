/* SPDX-License-Identifier: Apache-2.0 */
/* Moments as people write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "storage/model/when.h"

#define HOUR INT64_C(3600000)
#define DAY (24 * HOUR)

static void test_forms(void **state)
{
	const int64_t now = moment_of(2024, 3, 1) + 15 * HOUR;
	const struct { const char *text; int64_t start, end; } cases[] = {
		{ "2023-05-31", moment_of(2023, 5, 31), moment_of(2023, 6, 1) - 1 },
		{ "2023-05", moment_of(2023, 5, 1), moment_of(2023, 6, 1) - 1 },
		{ "2023-12", moment_of(2023, 12, 1), moment_of(2024, 1, 1) - 1 },
		{ "2024-02", moment_of(2024, 2, 1), moment_of(2024, 3, 1) - 1 },
		{ "2023", moment_of(2023, 1, 1), moment_of(2024, 1, 1) - 1 },
		{ "2023-Q1", moment_of(2023, 1, 1), moment_of(2023, 4, 1) - 1 },
		{ "2023-q4", moment_of(2023, 10, 1), moment_of(2024, 1, 1) - 1 },
		{ "today", moment_of(2024, 3, 1), now },
		{ "yesterday", moment_of(2024, 2, 29), moment_of(2024, 3, 1) - 1 },
		{ "now", now, now },
		{ "1d", now - DAY, now - DAY },
		{ "90m", now - 90 * HOUR / 60, now - 90 * HOUR / 60 },
		{ "2w", now - 14 * DAY, now - 14 * DAY },
		{ "2023-05-31T12:00:00Z", moment_of(2023, 5, 31) + 12 * HOUR, moment_of(2023, 5, 31) + 12 * HOUR },
		{ "2023-05-31T12:00", moment_of(2023, 5, 31) + 12 * HOUR, moment_of(2023, 5, 31) + 12 * HOUR },
		{ "2023-05-31 12:00Z", moment_of(2023, 5, 31) + 12 * HOUR, moment_of(2023, 5, 31) + 12 * HOUR },
		{ "2023-05-31T12:00+02:00", moment_of(2023, 5, 31) + 10 * HOUR, moment_of(2023, 5, 31) + 10 * HOUR },
		{ "2023-05-31T12:00:00+02:00", moment_of(2023, 5, 31) + 10 * HOUR, moment_of(2023, 5, 31) + 10 * HOUR },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		int64_t start = 0, end = 0;

		print_message("%s\n", cases[i].text);
		assert_true(when_read(slice_of(cases[i].text), WHEN_START, now, &start));
		assert_true(when_read(slice_of(cases[i].text), WHEN_END, now, &end));
		assert_true(start == cases[i].start);
		assert_true(end == cases[i].end);
	}
}

static void test_refused(void **state)
{
	static const char *const cases[] = { "", "d", "tomorrow", "2023-13", "2023-00", "2023-Q5", "2023-Q0", "1969", "23-05", "2023/05",
		"2023-5", "2023-05-32", "2023-05-31T", "2023-05-31T12", "2023-05-31T25:00", "2023-05-31T12:60", "1y", "-1d", "20a3", "2023-0x" };
	int64_t at;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		print_message("%s\n", cases[i]);
		assert_false(when_read(slice_of(cases[i]), WHEN_START, DAY, &at));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
