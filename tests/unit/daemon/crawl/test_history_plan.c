/* SPDX-License-Identifier: Apache-2.0 */
/* The planner of history searches over thousands of made-up histories: it finds what is there and keeps its budget. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/crawl/history_plan.h"
#include "storage/model/bytes.h"

enum { PAGE = 1000, SWITCHES_MAX = 5 };

/* What stands at each commit; 0 is the newest. */
struct history {
	uint32_t commits;
	unsigned switches;
	int value[HISTORY_COMMITS_MAX];
	bool unreadable[HISTORY_COMMITS_MAX];
};

static uint32_t below(uint64_t *seed, uint32_t limit)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33) % limit;
}

static void make(struct history *history, uint64_t *seed, uint32_t commits, unsigned switches, unsigned unreadable_percent)
{
	int value = 0;

	*history = (struct history){ .commits = commits };
	for (unsigned i = 0; i < switches && commits > 1; i++) /* marks first: a switch is where the value moves */
		history->value[1 + below(seed, commits - 1)] = 1;
	for (uint32_t i = 0; i < commits; i++) {
		history->switches += history->value[i] != 0;
		value += history->value[i] ? 1 + (int)below(seed, 2) : 0;
		history->value[i] = value % 3;
		history->unreadable[i] = below(seed, 100) < unreadable_percent;
	}
}

static void search(const struct history *history, struct history_plan *plan)
{
	uint32_t at;

	/* the list, and the repo's own row where it was not known */
	history_plan_init(plan, history->commits, (history->commits + PAGE - 1) / PAGE + history->commits % 2);
	while (history_plan_next(plan, &at)) {
		for (unsigned i = 0; i < plan->looks; i++)
			assert_int_not_equal(plan->look[i].at, at); /* never twice */
		history_plan_learn(plan, at, history->unreadable[at] ? HISTORY_UNREADABLE : history->value[at], 1);
	}
}

/* The switches that were found are there; the others lie in what it says that it has not looked at. */
static unsigned check_truth(const struct history *history, const struct history_plan *plan)
{
	static bool unlooked[HISTORY_COMMITS_MAX];
	struct history_switch found;
	struct history_stretch stretch;
	unsigned look = 0, count = 0;
	uint32_t from = 0, exact = 0;

	memset(unlooked, 0, sizeof(unlooked));
	while (history_plan_unlooked(plan, &from, &stretch)) {
		assert_true(stretch.first <= stretch.last && stretch.last < history->commits);
		for (uint32_t i = stretch.first; i <= stretch.last; i++)
			unlooked[i] = true;
	}
	while (history_plan_switch(plan, &look, &found)) {
		count++;
		exact += found.older == found.newer + 1;
		assert_int_equal(history->value[found.newer], found.after);
		assert_int_equal(history->value[found.older], found.before);
		assert_int_not_equal(found.before, found.after);
		for (uint32_t i = found.newer + 1; i < found.older; i++)
			assert_true(unlooked[i]);
	}
	for (uint32_t i = 0; i + 1 < history->commits; i++)
		if (history->value[i] != history->value[i + 1] && !unlooked[i] && !unlooked[i + 1])
			exact--;
	assert_int_equal(exact, 0);
	return count;
}

static void test_random_histories(void **state)
{
	static struct history history;
	struct history_plan plan;
	uint64_t seed = 20231125;
	unsigned all = 0, there = 0;

	(void)state;
	for (unsigned round = 0; round < 4000; round++) {
		uint32_t limit = round % 4 == 0 ? 12 : round % 4 == 1 ? 300 : HISTORY_COMMITS_MAX;
		unsigned found;

		make(&history, &seed, 1 + below(&seed, limit), round % (SWITCHES_MAX + 1), 0);
		search(&history, &plan);
		found = check_truth(&history, &plan);
		all += found;
		there += history.switches;
		if (plan.requests > 3 + 2 * log2(history.commits) * (found > 1 ? found : 1))
			fail_msg("%u commits, %u switches found: %u requests", history.commits, found, plan.requests);
		if (history.switches == 1)
			assert_int_equal(found, 1); /* always, and at its commit: check_truth counts exact ones */
		for (unsigned look = 0; found;) {
			struct history_switch one;

			assert_true(history_plan_switch(&plan, &look, &one));
			assert_int_equal(one.older, one.newer + 1);
			found--;
		}
	}
	if (all * 10 < there * 8)
		fail_msg("%u of %u switches found", all, there);
}

static void test_unreadable_commits(void **state)
{
	static struct history history;
	struct history_plan plan;
	uint64_t seed = 7;

	(void)state;
	for (unsigned round = 0; round < 2000; round++) {
		make(&history, &seed, 1 + below(&seed, round % 2 ? 40 : 2000), round % 4, round % 101);
		search(&history, &plan);
		check_truth(&history, &plan);
		assert_true(plan.requests <= history_plan_budget(&plan));
	}
}

/* Every history that is short enough to be seen whole is. */
static void test_small_ones_whole(void **state)
{
	static struct history history;
	struct history_plan plan;
	struct history_stretch stretch;
	uint64_t seed = 1;

	(void)state;
	for (uint32_t commits = 1; commits <= 6; commits++)
		for (unsigned round = 0; round < 200; round++) {
			uint32_t from = 0;

			make(&history, &seed, commits, round % 6, 0);
			search(&history, &plan);
			assert_int_equal(check_truth(&history, &plan), history.switches);
			assert_false(history_plan_unlooked(&plan, &from, &stretch));
		}
}

/* By hand: the bound of one switch at some sizes, and what is said of the rest. */
static void test_budget(void **state)
{
	static const struct {
		uint32_t commits, budget;
	} cases[] = { { 1, 3 }, { 2, 5 }, { 3, 6 }, { 8, 9 }, { 100, 16 }, { 412, 20 }, { 1000, 22 }, { 10000, 29 } };
	static struct history history;
	struct history_plan plan;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		history = (struct history){ .commits = cases[i].commits };
		for (uint32_t k = cases[i].commits / 3; k < cases[i].commits; k++)
			history.value[k] = 1;
		search(&history, &plan);
		assert_int_equal(history_plan_budget(&plan), cases[i].budget);
		assert_true(plan.requests <= cases[i].budget);
		check_truth(&history, &plan);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_histories),
		cmocka_unit_test(test_unreadable_commits),
		cmocka_unit_test(test_small_ones_whole),
		cmocka_unit_test(test_budget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
