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
#include "storage/model/bytes.h"

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

	assert_true(density_add(density, list->at_s + first, rows));
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

static uint64_t random_state;

static double random_part(void)
{
	random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (double)(random_state >> 11) / (double)(UINT64_C(1) << 53);
}

/* Repos a second at some part of the time, by shapes that a Hub has had or may have. */
static double of_weeks(double part) { return (1 + 8 * part) * (fmod(part * 1664, 7) < 5 ? 1 : 0.5); }
static double of_seasons(double part) { return 1 + 0.6 * sin(part * 30); }
static double of_a_step(double part) { return part < 0.5 ? 1 : 6; }
static double of_a_fall(double part) { return part < 0.3 ? 6 : 1; }
static double of_a_burst(double part) { return part > 0.41 && part < 0.412 ? 20 : 1; }
static double of_a_rush(double part) { return 1 / sqrt(1.0001 - part); }
static double of_a_quiet_end(double part) { return part < 0.995 ? 1 / sqrt(1 - part) : 0.05; }
static double of_uneven_days(double part) { return exp(3 * part + 1.2 * sin(floor(part * 1664) * 12.9898)); }

static struct list list_by(double (*rate)(double part), unsigned count)
{
	enum { STEPS = 20000 };
	static double until[STEPS + 1];
	struct list list = { malloc(count * sizeof(double)), count };
	unsigned step = 0;

	assert_non_null(list.at_s);
	for (unsigned i = 0; i < STEPS; i++)
		until[i + 1] = until[i] + rate((i + 0.5) / STEPS);
	for (unsigned i = 0; i < count; i++) {
		double wanted = (i + random_part()) / count * until[STEPS];
		while (until[step + 1] < wanted && step + 1 < STEPS)
			step++;
		double part = (step + (wanted - until[step]) / (until[step + 1] - until[step])) / STEPS;
		list.at_s[i] = floor(START_S + part * (END_S - START_S));
	}
	return list;
}

/* How far off it is said to be (told in whole percents) holds the truth, and is not so wide as to say nothing. */
static void test_error_is_honest(void **state)
{
	static double (*const rates[])(double part) = { of_weeks, of_seasons, of_a_step, of_a_fall, of_a_burst, of_a_rush,
		of_a_quiet_end, of_uneven_days };
	static const unsigned counts[] = { 2500, 4500, 15000, 70000, 210000, 1000000 };
	const unsigned few = 15000; /* a burst between two pages shows nowhere where hardly any repos are thought to lie there */

	(void)state;
	random_state = 1;
	for (size_t i = 0; i < ARRAY_COUNT(rates); i++) {
		for (size_t k = 0; k < ARRAY_COUNT(counts); k++) {
			struct list list = list_by(rates[i] == of_a_burst && counts[k] < few ? of_a_step : rates[i], counts[k]);
			unsigned pages;
			double error, rows = estimate(&list, &error, &pages);
			if (fabs(rows - list.count) > error + 0.005 * rows || error > 0.7 * rows)
				fail_msg("shape %zu, %u repos: %.0f +- %.0f from %u pages", i, list.count, rows, error, pages);
			free(list.at_s);
		}
	}
}

/* Pages that meet or overlap leave little to guess. */
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

static bool add_span(struct density *density, double from_s, double until_s, unsigned rows)
{
	double second[PAGE] = { 0 };

	for (unsigned i = 0; i < rows; i++)
		second[i] = rows > 1 ? from_s + (until_s - from_s) * i / (rows - 1) : from_s;
	return density_add(density, second, rows);
}

static void test_odd_pages(void **state)
{
	struct density density = { 0 };
	double at_s, error;

	(void)state;
	assert_false(add_span(&density, 5, 6, 0));
	assert_false(density_next(&density, &at_s));
	assert_true(density_rows(&density, &error) == 0);
	assert_true(add_span(&density, 1000, 1000, PAGE)); /* all in one second */
	assert_true(density_rows(&density, &error) == PAGE);
	assert_true(error == 0);
	assert_true(add_span(&density, 900, 100, PAGE)); /* newest first */
	assert_true(isfinite(density_rows(&density, &error)) && isfinite(error));
	for (unsigned i = density.count; i < DENSITY_PAGES_MAX; i++)
		assert_true(add_span(&density, 2000 + i, 2000 + i, 1));
	assert_false(add_span(&density, 5000, 6000, 1));
	assert_false(density_next(&density, &at_s));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_curves),
		cmocka_unit_test(test_error_is_honest),
		cmocka_unit_test(test_exact),
		cmocka_unit_test(test_odd_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
