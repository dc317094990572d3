/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many repos there are, from a few pages of them. Pure.
 *
 * The Hub tells no totals, but an oid begins with the second in which its repo was made, and a listing by creation can be
 * entered at any oid. So a page tells how many repos a second were made there, and between two pages the rate is taken to
 * grow or fall evenly (exponentially). The next page is asked for where most is uncertain. Pages that meet leave nothing to
 * guess.
 *
 * How far off that may be is not told by how well the pages agree alone: growth bends the same way between all of them,
 * and what happened in a gap is not seen. So the error is meant to hold the truth nearly always, and is a fifth or a
 * quarter of the estimate where most repos lie between the pages; more where a page is unlike what its neighbours foretell.
 *
 * Tried on the 760,000 models and 175,000 datasets of 2024-07: eight pages beside the first and the last are within 10 %.
 * Of lists made with other curves, weeks, seasons, bursts and quiet ends, each lay within its error.
 */
#ifndef DAEMON_CRAWL_DENSITY_H
#define DAEMON_CRAWL_DENSITY_H

#include <stdbool.h>

enum { DENSITY_PAGES_MAX = 10, DENSITY_ROWS_MAX = 1000 };

/* Repos made from..until, in unix seconds. */
struct density_page {
	double from_s, until_s;
	double rows; /* of these, that no other page has */
	double rate; /* repos a second */
	unsigned seconds;
	double second[DENSITY_ROWS_MAX]; /* in which its repos were made, oldest first */
};

struct density {
	unsigned count;
	struct density_page page[DENSITY_PAGES_MAX]; /* by time */
};

/* A page of a listing by creation: in which second each of its repos was made, in either order. False: no room. */
bool density_add(struct density *density, const double *second, unsigned rows);

/* The second behind which the next page tells most; false: there is no room, or nothing left to learn. */
bool density_next(const struct density *density, double *at_s);

/* Repos from the first page to the last, and how far off that may be. */
double density_rows(const struct density *density, double *error);

#endif
