/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/density.h"

#include <math.h>
#include <string.h>

/* A page of a busy day spans hours: it may be of the morning or of the night, of a Sunday or a Monday. */
#define NOISE 0.35
#define WORTH_A_PAGE 0.005 /* of all repos */

/* How the parts of the error add up, fitted to lists of many shapes (density.h). */
#define UNSEEN 0.2         /* of the repos in a gap, whatever its pages say */
#define UNLIKE 0.7         /* of the difference between a page and what its neighbours foretell */
#define UNLIKE_MOST 2      /* (a logarithm) */
#define INDEPENDENT 0.7

/* What the next page has too is that page's. */
static void trim(struct density_page *page, const struct density_page *next)
{
	unsigned own = 0;

	if (page->until_s <= next->from_s)
		return;
	while (own < page->seconds && page->second[own] < next->from_s)
		own++;
	page->until_s = next->from_s;
	page->rows = own;
}

static void fill(struct density_page *page, const double *second, unsigned rows)
{
	bool falling = second[0] > second[rows - 1];
	double span_s = fabs(second[rows - 1] - second[0]);

	for (unsigned i = 0; i < rows; i++)
		page->second[i] = second[falling ? rows - 1 - i : i];
	if (span_s < 1)
		span_s = 1;
	page->from_s = page->second[0];
	page->until_s = page->from_s + span_s;
	page->rows = page->seconds = rows;
	page->rate = rows / span_s;
}

bool density_add(struct density *density, const double *second, unsigned rows)
{
	struct density_page *page = density->page;
	double from_s;
	unsigned at = 0;

	if (density->count == DENSITY_PAGES_MAX || !rows || rows > DENSITY_ROWS_MAX)
		return false;
	from_s = fmin(second[0], second[rows - 1]);
	while (at < density->count && page[at].from_s <= from_s)
		at++;
	memmove(&page[at + 1], &page[at], (density->count - at) * sizeof(*page));
	fill(&page[at], second, rows);
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

static double middle_of(const struct density_page *page)
{
	return (page->from_s + page->until_s) / 2;
}

/* How far a page's rate is (as a logarithm) from the one that the pages on both sides foretell; 0 at the ends. */
static double unlike(const struct density *density, unsigned at)
{
	const struct density_page *page = &density->page[at];
	double span_s, part;

	if (!at || at + 1 >= density->count)
		return 0;
	span_s = middle_of(page + 1) - middle_of(page - 1);
	part = span_s > 0 ? (middle_of(page) - middle_of(page - 1)) / span_s : 0.5;
	return fmin(fabs(log(page->rate) - (1 - part) * log(page[-1].rate) - part * log(page[1].rate)), UNLIKE_MOST);
}

static double gap_doubt(const struct density *density, unsigned at)
{
	return gap_rows(density, at) * fmax(UNSEEN, UNLIKE * fmax(unlike(density, at), unlike(density, at + 1)));
}

static double error_of(const struct density *density)
{
	double together = 0, gaps = 0;

	for (unsigned i = 0; i + 1 < density->count; i++) {
		together += gap_doubt(density, i);
		gaps += gap_error(density, i) * gap_error(density, i);
	}
	return together + INDEPENDENT * sqrt(gaps);
}

double density_rows(const struct density *density, double *error)
{
	double rows = 0;

	for (unsigned i = 0; i < density->count; i++)
		rows += density->page[i].rows;
	for (unsigned i = 0; i + 1 < density->count; i++)
		rows += gap_rows(density, i);
	*error = error_of(density);
	return rows;
}
