/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every answer ends with: as of when it speaks, by which license tables, and how much of the Hub it covers.
 */
#ifndef STORAGE_CLI_AS_OF_H
#define STORAGE_CLI_AS_OF_H

#include "storage/cli/object.h"
#include "storage/reader.h"

struct kind_coverage {
	struct sweep_state sweep;
	struct completeness completeness;
	int64_t newest_look_ms; /* 0: never looked at */
	uint64_t rows, gone, missing;
};

struct as_of {
	int64_t at_ms; /* the newest look of all kinds; 0: there was none */
	struct log_head head;
	struct kind_coverage kind[REPO_KINDS];
};

enum { ALL_KINDS = (1 << REPO_KINDS) - 1 };

int as_of_read(struct reader *reader, struct as_of *as_of);

/* Members "as_of", "tables", "head_seq" and "coverage" (a list with an entry a kind). */
void as_of_members(const struct as_of *as_of, struct object *object);

/* The same as lines for people, for the kinds of the mask. */
void as_of_text(const struct as_of *as_of, unsigned kinds, struct buf *out);

/* "2026-08-03 12:00:05Z", or "never" for 0. */
enum { SHORT_MOMENT = 24 };
const char *short_moment(int64_t unix_ms, char text[SHORT_MOMENT]);

#endif
