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

/* An answer that was not judged: the row is asked for again, of a sample as of a list. */
static void test_return(void **state)
{
	struct missing_repo some[3] = { { .step = ROW_OPEN }, { .step = ROW_OPEN }, { .step = ROW_OPEN } };
	struct confirm_group group = { .row = some, .count = 3 };

	(void)state;
	group_begin(&group, 1);
	assert_ptr_equal(group_next(&group), &some[0]);
	assert_ptr_equal(group_next(&group), &some[1]);
	group_return(&group, &some[0]);
	assert_int_equal(group.asked, 1);
	assert_ptr_equal(group_next(&group), &some[0]);
	assert_ptr_equal(group_next(&group), &some[2]);
	assert_null(group_next(&group));
	assert_false(group_is_done(&group));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_listed_rows_are_not_asked_for),
		cmocka_unit_test(test_the_sample_is_drawn_by_chance),
		cmocka_unit_test(test_return),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
