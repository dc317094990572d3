/* SPDX-License-Identifier: Apache-2.0 */
/* Points in time, as the Hub writes them and as nobody should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "storage/model/moment.h"

static void test_read(void **state)
{
	static const struct {
		const char *text;
		bool fits;
		int64_t ms;
	} cases[] = {
		{ "2023-05-31T09:12:03.000Z", true, 1685524323000 },
		{ "2023-05-31T09:12:03Z", true, 1685524323000 },
		{ "2023-05-31T09:12:03", true, 1685524323000 },
		{ "2023-05-31 09:12:03.5", true, 1685524323500 },
		{ "2023-05-31T09:12:03.123456789Z", true, 1685524323123 },
		{ "2023-05-31T09:12:03.Z", true, 1685524323000 },
		{ "2023-05-31", true, 1685491200000 },
		{ "1970-01-01T00:00:00.000Z", true, 0 },
		{ "1969-12-31T23:59:59.999Z", false, 0 },
		{ "9999-12-31T23:59:59.999Z", true, MOMENT_LAST },
		{ "2024-02-29", true, 1709164800000 },
		{ "2023-02-29", false, 0 },
		{ "2100-02-29", false, 0 },
		{ "2000-02-29", true, 951782400000 },
		{ "2023-13-01", false, 0 },
		{ "2023-00-01", false, 0 },
		{ "2023-01-00", false, 0 },
		{ "2023-01-32", false, 0 },
		{ "2023-01-01T24:00:00Z", false, 0 },
		{ "2023-01-01T00:60:00Z", false, 0 },
		{ "2023-01-01T23:59:60Z", true, 1672617600000 }, /* a leap second is the next one */
		{ "2023-01-01T00:00:61Z", false, 0 },
		{ "2023-01-01T00:00Z", false, 0 },
		{ "2023-01-01T", false, 0 },
		{ "2023-01-01Z", false, 0 },
		{ "2023-05-31T09:12:03+00:00", true, 1685524323000 },
		{ "2023-05-31T09:12:03.000000+00:00", true, 1685524323000 },
		{ "2023-05-31T11:12:03.123+02:00", true, 1685524323123 },
		{ "2023-05-31T11:12:03+0200", true, 1685524323000 },
		{ "2023-05-31 09:12:03+00", true, 1685524323000 },
		{ "2023-05-31T03:42:03-05:30", true, 1685524323000 },
		{ "2023-05-31t09:12:03z", true, 1685524323000 },
		{ "2023-05-31 09:12:03 UTC", true, 1685524323000 },
		{ "2023-05-31 09:12:03 +0000", true, 1685524323000 },
		{ "2023-05-31T09:12:03,5Z", true, 1685524323500 },
		{ "1970-01-01T00:00:00+02:00", false, 0 },
		{ "9999-12-31T23:59:59-02:00", false, 0 },
		{ "2023-01-01T00:00:00+24:00", false, 0 },
		{ "2023-01-01T00:00:00+02:60", false, 0 },
		{ "2023-01-01T00:00:00+2:00", false, 0 },
		{ "2023-01-01T00:00:00+02:00Z", false, 0 },
		{ "2023-01-01T00:00:00+", false, 0 },
		{ "2023-01-01T00:00:00 ", false, 0 },
		{ "2023-01-01T00:00:00 PST", false, 0 },
		{ "2023-01-01T00:00:00ZZ", false, 0 },
		{ " 2023-01-01", false, 0 },
		{ "20230101", false, 0 },
		{ "-2023-01-01", false, 0 },
		{ "10000-01-01", false, 0 },
		{ "", false, 0 },
		{ "yesterday", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		int64_t ms = -1;
		bool fits = moment_read(slice_of(cases[i].text), &ms);
		if (fits != cases[i].fits || (fits && ms != cases[i].ms))
			fail_msg("%s: %d %lld", cases[i].text, fits, (long long)ms);
	}
}

static void test_read_json(void **state)
{
	static const struct {
		const char *token;
		bool fits;
		int64_t ms;
	} cases[] = {
		{ "\"2023-05-31T11:12:03+02:00\"", true, 1685524323000 },
		{ "1685524323", true, 1685524323000 },
		{ "1685524323.5", true, 1685524323500 },
		{ "1685524323123", true, 1685524323123 },
		{ "1685524323123.0", true, 1685524323123 },
		{ "1.685524323e12", true, 1685524323000 },
		{ "1685524323123456", true, 1685524323123 },
		{ "1685524323123456789", true, 1685524323123 },
		{ "\"1685524323000\"", true, 1685524323000 },
		{ "\"1685524323\"", true, 1685524323000 },
		{ "\"20230531\"", false, 0 }, /* a day or seconds: nobody knows */
		{ "20230531", false, 0 },
		{ "\"2023\"", false, 0 },
		{ "0", false, 0 }, { "-1", false, 0 }, { "1e300", false, 0 }, { "1e19", true, 10000000000000 }, { "NaN", false, 0 },
		{ "null", false, 0 }, { "true", false, 0 }, { "{}", false, 0 }, { "\"", false, 0 }, { "\"\"", false, 0 }, { "", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		int64_t ms = -1;
		bool fits = moment_read_json(slice_of(cases[i].token), &ms);

		if (fits != cases[i].fits || (fits && ms != cases[i].ms))
			fail_msg("%s: %d %lld", cases[i].token, fits, (long long)ms);
	}
}

static void test_read_http(void **state)
{
	static const struct {
		const char *text;
		bool fits;
		int64_t ms;
	} cases[] = {
		{ "Tue, 30 Jun 2026 01:02:02 GMT", true, 1782781322000 },
		{ "Thu, 01 Jan 1970 00:00:00 GMT", true, 0 },
		{ "Tue, 30 Jin 2026 01:02:02 GMT", false, 0 },
		{ "Tue, 31 Jun 2026 01:02:02 GMT", false, 0 },
		{ "Tue, 30 Jun 2026 01:02:02", false, 0 },
		{ "Tue, 3 Jun 2026 01:02:02 GMT ", false, 0 },
		{ "Tuesday, 30-Jun-26 01:02:02 GMT", true, 1782781322000 },
		{ "Tue Jun 30 01:02:02 2026", true, 1782781322000 },
		{ "Thu Jan  1 00:00:00 1970", true, 0 },
		{ "Tue, 30 Jun 2026 25:02:02 GMT", false, 0 },
		{ "Tue, 30 Jun 2026 01:02:02 GMT, and a text that is far longer than a date is", false, 0 },
		{ "", false, 0 },
		{ "Tue,", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		int64_t ms = -1;
		bool fits = moment_read_http(slice_of(cases[i].text), &ms);
		if (fits != cases[i].fits || (fits && ms != cases[i].ms))
			fail_msg("%s: %d %lld", cases[i].text, fits, (long long)ms);
	}
}

/* Every day of four centuries, there and back. */
static void test_round_trip(void **state)
{
	char text[MOMENT_TEXT], before[MOMENT_TEXT] = "";

	(void)state;
	for (int64_t day = 0; day < 146097; day++) {
		int64_t ms = day * 86400000 + day % 86400000 / 3, back;
		moment_write(ms, text);
		assert_true(moment_read(slice_of(text), &back));
		assert_int_equal(back, ms);
		assert_true(strcmp(before, text) < 0); /* texts sort as times do */
		memcpy(before, text, sizeof(text));
	}
}

static void test_write(void **state)
{
	char text[MOMENT_TEXT];
	struct buf out = BUF_INIT(100);

	(void)state;
	moment_write(-1, text);
	assert_string_equal(text, "1970-01-01T00:00:00.000Z");
	moment_write(INT64_MAX, text);
	assert_string_equal(text, "9999-12-31T23:59:59.999Z");
	moment_json(0, &out);
	moment_json(1685524323007, &out);
	assert_string_equal(out.data, "null\"2023-05-31T09:12:03.007Z\"");
	buf_release(&out);
}

static void test_quarter(void **state)
{
	static const struct {
		int month, day, quarter;
	} cases[] = { { 1, 1, 1 }, { 3, 31, 1 }, { 4, 1, 2 }, { 6, 30, 2 }, { 7, 1, 3 }, { 9, 30, 3 }, { 10, 1, 4 }, { 12, 31, 4 } };
	int year, quarter;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		moment_quarter(moment_of(2024, cases[i].month, cases[i].day) + 86399999, &year, &quarter);
		assert_int_equal(year, 2024);
		assert_int_equal(quarter, cases[i].quarter);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read), cmocka_unit_test(test_read_json),
		cmocka_unit_test(test_read_http),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_quarter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
