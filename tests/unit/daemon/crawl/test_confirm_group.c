/* SPDX-License-Identifier: Apache-2.0 */
/* Missing rows that are judged together: which are asked for, and what a sample says of the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "daemon/crawl/confirm_batch.h"

enum { ROWS = 500 };

static struct missing_repo rows[ROWS];
static struct repo_oid rest[ROWS];

static struct repo_oid oid_of(unsigned n)
{
	struct repo_oid oid = { { 0 } };

	put_u32(oid.byte + 8, n);
	return oid;
}

static struct confirm_group group_of(size_t count, struct slice owner, bool listed)
{
	for (unsigned i = 0; i < count; i++)
		rows[i] = (struct missing_repo){ .oid = oid_of(i), .name = SLICE("a/b") };
	return (struct confirm_group){ .row = rows, .count = count, .owner = owner, .listed = listed };
}

/* Asks for all that the group wants now and answers; what the last answer meant. */
static enum group_verdict answer_all(struct confirm_group *group, enum row_found most, enum row_found first)
{
	struct missing_repo *asked[ROWS];
	enum group_verdict verdict = GROUP_GOES_ON;
	size_t count = 0;

	while ((asked[count] = group_next(group)))
		count++;
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(verdict, GROUP_GOES_ON);
		verdict = group_end(group, asked[i], i ? most : first);
	}
	return verdict;
}

static void test_verdicts(void **state)
{
	static const struct {
		const char *what;
		size_t count;
		bool has_owner, listed;
		enum row_found most, first;
		enum group_verdict verdict;
	} cases[] = {
		{ "an owner who left", 500, true, true, FOUND_GONE, FOUND_GONE, GROUP_GONE },
		{ "the listing did not come whole", 500, true, false, FOUND_GONE, FOUND_GONE, GROUP_GOES_ON },
		{ "several owners", 500, false, true, FOUND_GONE, FOUND_GONE, GROUP_GOES_ON },
		{ "one is there", 500, true, true, FOUND_GONE, FOUND_PRESENT, GROUP_GOES_ON },
		{ "one is hidden", 500, true, true, FOUND_GONE, FOUND_ELSE, GROUP_GOES_ON },
		{ "a hole in the listing", 500, false, false, FOUND_PRESENT, FOUND_PRESENT, GROUP_LATER },
		{ "the same of one owner", 500, true, true, FOUND_PRESENT, FOUND_PRESENT, GROUP_LATER },
		{ "all but one are there", 500, false, false, FOUND_PRESENT, FOUND_GONE, GROUP_GOES_ON },
		{ "too few for a sample", GROUP_SAMPLE, true, true, FOUND_GONE, FOUND_GONE, GROUP_GOES_ON },
		{ "just enough", GROUP_SAMPLE + 1, true, true, FOUND_GONE, FOUND_GONE, GROUP_GONE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct confirm_group group = group_of(cases[i].count, cases[i].has_owner ? SLICE("a") : SLICE_NONE, cases[i].listed);
		size_t left;

		print_message("%s\n", cases[i].what);
		group_begin(&group, i);
		assert_int_equal(answer_all(&group, cases[i].most, cases[i].first), cases[i].verdict);
		if (cases[i].verdict != GROUP_GOES_ON) {
			left = group_take_rest(&group, rest);
			assert_int_equal(left, cases[i].count - GROUP_SAMPLE);
			assert_null(group_next(&group));
		} else if (cases[i].count > GROUP_SAMPLE) {
			assert_false(group_is_done(&group));
			assert_int_equal(answer_all(&group, FOUND_GONE, FOUND_GONE), GROUP_GOES_ON); /* by themselves */
			assert_int_equal(group_take_rest(&group, rest), 0);
		}
		assert_true(group_is_done(&group));
	}
}

static void test_listed_rows_are_not_asked_for(void **state)
{
	struct confirm_group group = group_of(100, SLICE("a"), true);
	struct observation observations[60] = { 0 };
	struct page page = { .observations = observations, .count = ARRAY_COUNT(observations) };

	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(observations); i++)
		observations[i].oid = oid_of(i + 50); /* half of them are not missing at all */
	group_list(&group, &page);
	group_begin(&group, 1);
	assert_int_equal(answer_all(&group, FOUND_GONE, FOUND_GONE), GROUP_GONE);
	assert_int_equal(group_take_rest(&group, rest), 50 - GROUP_SAMPLE);
	for (unsigned i = 0; i < 50 - GROUP_SAMPLE; i++)
		assert_true(oid_compare(&rest[i], &observations[0].oid) < 0);
}

/* No pattern among the rows hides from all samples, and each row is met about as often as any other. */
static void test_the_sample_is_drawn_by_chance(void **state)
{
	unsigned met[ROWS] = { 0 };

	(void)state;
	for (uint64_t seed = 1; seed <= 4000; seed++) {
		struct confirm_group group = group_of(ROWS, SLICE("a"), true);
		struct missing_repo *row;
		unsigned count = 0;

		group_begin(&group, seed * UINT64_C(0x9E3779B97F4A7C15));
		while ((row = group_next(&group))) {
			met[row - rows]++;
			count++;
		}
		assert_int_equal(count, GROUP_SAMPLE);
	}
	for (unsigned i = 0; i < ROWS; i++) /* 128 expected, eleven is a standard deviation */
		assert_in_range(met[i], 70, 190);
}

static void test_pauses_grow(void **state)
{
	static const struct {
		uint32_t tries;
		int64_t waited_h;
		bool due;
	} cases[] = {
		{ 0, 0, true }, { 1, 23, false }, { 1, 24, true }, { 2, 47, false }, { 2, 48, true }, { 3, 95, false }, { 3, 96, true },
		{ 6, 719, false }, { 6, 720, true }, { 1000000, 719, false }, { 1000000, 720, true }, { 5, -1, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		const int64_t hour_ms = 3600 * 1000, asked_ms = INT64_C(1700000000000);
		struct missing_row row = { .tries = cases[i].tries, .asked_ms = asked_ms };

		if (missing_is_due(&row, asked_ms + cases[i].waited_h * hour_ms, 24 * hour_ms) != cases[i].due)
			fail_msg("%u tries, %lld hours", cases[i].tries, (long long)cases[i].waited_h);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_listed_rows_are_not_asked_for),
		cmocka_unit_test(test_the_sample_is_drawn_by_chance),
		cmocka_unit_test(test_pauses_grow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
