/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/density.h"

#include <math.h>
#include <string.h>

/* A page of a busy day spans hours: it may be of the morning or of the night, of a Sunday or a Monday. */
#define NOISE 0.35
#define WORTH_A_PAGE 0.005 /* of all repos */

/* What the next page has too is that page's. */
static void trim(struct density_page *page, const struct density_page *next)
{
	if (page->until_s <= next->from_s)
		return;
	page->until_s = next->from_s;
	page->rows = page->rate * (page->until_s - page->from_s);
}

bool density_add(struct density *density, double from_s, double until_s, unsigned rows)
{
	double span_s = until_s - from_s < 1 ? 1 : until_s - from_s;
	struct density_page *page = density->page;
	unsigned at = 0;

	if (density->count == DENSITY_PAGES_MAX || !rows)
		return false;
	while (at < density->count && page[at].from_s <= from_s)
		at++;
	memmove(&page[at + 1], &page[at], (density->count - at) * sizeof(*page));
	page[at] = (struct density_page){ from_s, from_s + span_s, rows, rows / span_s };
	density->count++;
	if (at)
		trim(&page[at - 1], &page[at]);
	if (at + 1 < density->count)
		trim(&page[at], &page[at + 1]);
	return true;
}

static double gap_s(const struct density *density, unsigned at)
{
	double gap = density->page[at + 1].from_s - density->page[at].until_s;

	return gap > 0 ? gap : 0;
}

/* The mean of an exponential between two rates. */
static double mean_rate(double a, double b)
{
	return fabs(b / a - 1) > 1e-6 ? (b - a) / log(b / a) : a;
}

static double gap_rows(const struct density *density, unsigned at)
{
	return gap_s(density, at) * mean_rate(density->page[at].rate, density->page[at + 1].rate);
}

/* By how much another curve between the two pages would give another number. */
static double gap_error(const struct density *density, unsigned at)
{
	double a = density->page[at].rate, b = density->page[at + 1].rate;

	return gap_s(density, at) * fabs((a + b) / 2 - mean_rate(a, b)) + NOISE * gap_rows(density, at);
}

/* Where half of the repos between two pages lie. */
static double middle_s(const struct density *density, unsigned at)
{
	double ratio = density->page[at + 1].rate / density->page[at].rate;
	double part = fabs(ratio - 1) > 1e-6 ? log((1 + ratio) / 2) / log(ratio) : 0.5;

	return density->page[at].until_s + gap_s(density, at) * part;
}

bool density_next(const struct density *density, double *at_s)
{
	double most = 0, error_of_all, rows = density_rows(density, &error_of_all);

	for (unsigned i = 0; i + 1 < density->count; i++) {
		double error = gap_error(density, i);

		if (error <= most)
			continue;
		most = error;
		*at_s = middle_s(density, i);
	}
	return most > WORTH_A_PAGE * rows && density->count < DENSITY_PAGES_MAX;
}

double density_rows(const struct density *density, double *error)
{
	double rows = 0, squares = 0;

	for (unsigned i = 0; i < density->count; i++)
		rows += density->page[i].rows;
	for (unsigned i = 0; i + 1 < density->count; i++) {
		rows += gap_rows(density, i);
		squares += gap_error(density, i) * gap_error(density, i);
	}
	*error = sqrt(squares);
	return rows;
}
