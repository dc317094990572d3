/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which known rows a sweep has brought, a bit for each row's number: kept from where its listing leaves the order of oids,
 * where their places tell nothing any more. 3 million rows take 375 KB; beyond MARKS_NUMBER_MAX nothing is marked.
 *
 * In memory alone: marks of a sweep that was cut off are gone, and nothing is derived from its absences. One committer's.
 */
#ifndef STORAGE_SWEEP_MARKS_H
#define STORAGE_SWEEP_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MARKS_NUMBER_MAX = 1 << 26 };

struct sweep_marks {
	uint32_t sweep; /* 0: of none */
	uint8_t *bits;
	size_t bytes;
};

void marks_begin(struct sweep_marks *marks, uint32_t sweep);
void marks_release(struct sweep_marks *marks);
/* True: it was not marked before, or it lies beyond the bound: then the marks end, and are of no sweep. */
bool marks_set(struct sweep_marks *marks, uint32_t number);
bool marks_has(const struct sweep_marks *marks, uint32_t number);

#endif
