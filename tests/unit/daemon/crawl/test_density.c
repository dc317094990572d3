/* SPDX-License-Identifier: Apache-2.0 */
/* How many there are, from a few pages: of lists whose length is known, made evenly, ever faster, and in one burst. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "daemon/crawl/density.h"

enum { PAGE = 1000, START_S = 1646300000, END_S = 1790000000 };

/* Seconds at which repos were made, oldest first. */
struct list {
	double *at_s;
	unsigned count;
};

static double even(double part) { return part; }
static double faster(double part) { return 1 - (1 - part) * (1 - part); }
static double exponential(double part) { return log(1 + part * (exp(5) - 1)) / 5; }
static double slower(double part) { return part * part; }

static struct list list_of(double (*curve)(double part), unsigned count)
{
	struct list list = { malloc(count * sizeof(double)), count };

	assert_non_null(list.at_s);
	for (unsigned i = 0; i < count; i++)
		list.at_s[i] = floor(START_S + curve((double)i / count) * (END_S - START_S));
	return list;
}

static void add_page(struct density *density, const struct list *list, unsigned first)
{
	unsigned rows = list->count - first < PAGE ? list->count - first : PAGE;

	assert_true(density_add(density, list->at_s[first], list->at_s[first + rows - 1], rows));
}

static double estimate(const struct list *list, double *error, unsigned *pages)
{
	struct density density = { 0 };
	double at_s;

	add_page(&density, list, 0);
	add_page(&density, list, list->count - PAGE);
	while (density_next(&density, &at_s)) {
		unsigned first = 0;
		while (list->at_s[first] <= at_s)
			first++;
		add_page(&density, list, first);
	}
	*pages = density.count;
	return density_rows(&density, error);
}

static void test_curves(void **state)
{
	static const struct {
		const char *name;
		double (*curve)(double part);
		unsigned count;
		double within;
	} cases[] = {
		{ "even", even, 100000, 0.05 }, { "even", even, 3000000, 0.05 },
		{ "faster", faster, 100000, 0.05 }, { "faster", faster, 15000, 0.05 },
		{ "exponential", exponential, 3000000, 0.05 },
		{ "a burst first", slower, 500000, 0.1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct list list = list_of(cases[i].curve, cases[i].count);
		unsigned pages;
		double error, rows = estimate(&list, &error, &pages), off = rows - list.count;
		print_message("%s %u: %.0f +- %.0f from %u pages\n", cases[i].name, list.count, rows, error, pages);
		assert_true(pages <= DENSITY_PAGES_MAX);
		assert_true(fabs(off) < cases[i].within * list.count);
		assert_true(fabs(off) < error);
		free(list.at_s);
	}
}

/* Pages that meet or overlap leave nothing to guess. */
static void test_exact(void **state)
{
	(void)state;
	for (unsigned count = PAGE + 1; count <= 4 * PAGE; count += 333) {
		struct list list = list_of(even, count);
		unsigned pages;
		double error, rows = estimate(&list, &error, &pages);
		print_message("%u: %.1f +- %.1f from %u pages\n", count, rows, error, pages);
		assert_true(fabs(rows - count) < 0.01 * count);
		assert_true(error < 0.01 * count);
		free(list.at_s);
	}
}

static void test_odd_pages(void **state)
{
	struct density density = { 0 };
	double at_s, error;

	(void)state;
	assert_false(density_add(&density, 5, 6, 0));
	assert_false(density_next(&density, &at_s));
	assert_true(density_rows(&density, &error) == 0);
	assert_true(density_add(&density, 1000, 1000, PAGE)); /* all in one second */
	assert_true(density_rows(&density, &error) == PAGE);
	assert_true(error == 0);
	assert_true(density_add(&density, 900, 100, PAGE)); /* a clock that was set back */
	assert_true(isfinite(density_rows(&density, &error)) && isfinite(error));
	for (unsigned i = density.count; i < DENSITY_PAGES_MAX; i++)
		assert_true(density_add(&density, 2000 + i, 2000 + i, 1));
	assert_false(density_add(&density, 5000, 6000, 1));
	assert_false(density_next(&density, &at_s));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_curves),
		cmocka_unit_test(test_exact),
		cmocka_unit_test(test_odd_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
