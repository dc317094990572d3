/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The license mix: how many repos stand in each class, by kind and by when they were created.
 *
 * One pass over the rows of a kind, in one read transaction, so that the counts are those of one moment; a million rows
 * take a few tenths of a second. Statements are judged once each, by the tables of this program. With a weight a repo counts
 * as often as it was downloaded in 30 days, or liked, by the newest day up to the time that is stored of it.
 */
#ifndef STORAGE_CLI_MIX_H
#define STORAGE_CLI_MIX_H

#include "storage/counter_block.h"
#include "storage/reader.h"

enum mix_weight { MIX_REPOS, MIX_DOWNLOADS, MIX_LIKES };

enum mix_period { MIX_ALL, MIX_MONTH, MIX_QUARTER, MIX_YEAR };

struct mix_counts {
	uint64_t class[LICENSE_CLASS_COUNT];
	uint64_t total;
};

/* Periods of one kind: [0] holds repos without a creation date (all of them for MIX_ALL), [1] the first of 1970, ... */
/* What is to be counted. */
struct mix_question {
	enum mix_period period;
	enum mix_weight weight;
	int64_t at_ms;     /* 0: now */
	const char *owner; /* NULL: any */
};

struct mix {
	struct mix_question question;
	struct mix_counts *counts;
	size_t count;
	uint64_t uncertain;    /* at a time: the state was another one between the looks before and behind it */
	uint64_t not_yet_seen; /* at a time: created by then, first seen later */

	uint64_t unweighed;    /* repos of which no counter is known: they count nothing */
	int64_t counters_from_ms, counters_until_ms; /* the days that the counters are of; 0: there are none */

	/* of the walk */
	struct counter_block block;
	uint64_t block_number; /* plus 1; 0: none read yet */
	int64_t period_from_ms, period_until_ms; /* rows come in the order of creation: mostly the same period again */
	size_t period_at;
	uint8_t *class_of; /* by number of the statement: class + 1, 0 = not judged yet */
	size_t class_room;
};

/* Rows that are gone are left out. Store errors; release in any case. */
int mix_read(struct reader *reader, enum repo_kind kind, const struct mix_question *question, struct mix *mix);
void mix_release(struct mix *mix);

/* "2024-Q1", "2024-03", "2024", "all", "unknown", and its first day "2024-01-01" ("" where there is none). */
enum { MIX_TEXT = 24 };
void mix_name(const struct mix *mix, size_t at, char name[MIX_TEXT], char start[MIX_TEXT]);

#endif
