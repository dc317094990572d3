/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/model/recapture.h"

/* Newton's, from above: no library of mathematics for one root. */
static double root(double value)
{
	double guess = value > 1 ? value : 1;

	for (double next = guess / 2 + value / guess / 2; next < guess; next = guess / 2 + value / guess / 2)
		guess = next;
	return guess;
}

bool recapture_estimate(const struct recapture *recapture, struct recapture_estimate *estimate)
{
	double first = (double)recapture->first, second = (double)recapture->second, both = (double)recapture->both;
	double total, variance, seen = first + second - both;

	*estimate = (struct recapture_estimate){ 0 };
	if (recapture->second < RECAPTURE_ROWS_MIN || recapture->both > recapture->second || recapture->both > recapture->first)
		return false;
	total = (first + 1) * (second + 1) / (both + 1) - 1;
	variance = (first + 1) * (second + 1) * (first - both) * (second - both) / ((both + 1) * (both + 1) * (both + 2));
	estimate->total = (uint64_t)(total + 0.5);
	estimate->missed = total > seen ? (uint64_t)(total - seen + 0.5) : 0;
	estimate->error = variance > 0 ? (uint64_t)(root(variance) + 0.5) : 0;
	return true;
}
