/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much two passes in different orders missed, both of them: capture and recapture. Pure.
 *
 * A sweep (by creation) brings `first` rows. Polls (by change) then bring `second` rows that were there when the sweep
 * passed their place, and `both` of these the sweep had brought. If what a poll brings was as likely in the sweep as any
 * other row, the share both / second holds for all rows, and tells how many there are (Chapman's estimator):
 *
 *     total = (first + 1) (second + 1) / (both + 1) - 1        missed = total - (first + second - both)
 *
 * What it assumes, and where it errs: rows that neither order ever shows (private to us, hidden from listings) are not in
 * it; a repo that was made public between the two counts as missed by the sweep (one that was made anew, as its oid or its
 * name tells, is left out); repos that change often may be listed
 * better, or worse, than those that never do.
 */
#ifndef STORAGE_MODEL_RECAPTURE_H
#define STORAGE_MODEL_RECAPTURE_H

#include <stdbool.h>
#include <stdint.h>

struct recapture {
	uint64_t first, second, both;
};

struct recapture_estimate {
	uint64_t total;  /* rows that there are */
	uint64_t missed; /* of these, by both passes */
	uint64_t error;  /* standard error of either */
};

/* Fewer rows than this tell nothing. */
enum { RECAPTURE_ROWS_MIN = 30 };

/* False: there are too few rows to say. */
bool recapture_estimate(const struct recapture *recapture, struct recapture_estimate *estimate);

#endif
