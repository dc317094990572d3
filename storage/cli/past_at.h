/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the commits of a repo tell of a time before its first look: the reconstructed series.
 *
 *     before the first switch    commit 1              commit 2              first look
 *     |------------------------- | ------------------- | ------------------- |
 *     what commit 1 changed      what it brought       what it brought, which the first look found so, or not
 *
 * It tells the license alone, never settings, and is dated by the committers' clocks. A push may be later than its commit,
 * and a forced one rewrites what was there; so it is a series of its own, and never decides against a look.
 */
#ifndef STORAGE_CLI_PAST_AT_H
#define STORAGE_CLI_PAST_AT_H

#include "storage/model/change_read.h"
#include "storage/reader.h"

/* A commit that changed the license, by its record. */
struct past_commit {
	uint64_t seq; /* 0: there is none on this side */
	int64_t at_ms;
	bool clamped; /* its own date lies behind the first look, at which it was there */
	struct slice sha;    /* in hex */
	struct slice commit; /* the record's own member */
	struct slice url;    /* of the repo */
	struct slice reason; /* what was not looked at; size 0: nothing */
};

enum past_known {
	PAST_TELLS_NOTHING, /* the commits were not searched, or in vain */
	PAST_TELLS,         /* they tell the state */
	PAST_RUNS_BACKWARDS, /* they tell it, but the dates around run against the order of the commits */
	PAST_FOUND_NO_CHANGE, /* they were searched, and none was found to change what the first look found */
};

struct past_at {
	enum past_known known;
	struct past_commit begin, end; /* that brought the state, that ended it */
	struct side_read side;         /* the state */
	uint8_t sha[SHA_BYTES];        /* of PAST_FOUND_NO_CHANGE: up to which commit was searched */
	bool whole;                    /* every commit was looked at */
	bool first_look_differs;       /* of a state that no commit ended: version 1 declares something else */
	int64_t first_look_ms, created_ms; /* created: by the Hub, 0 where it does not tell */
};

/* For a time before the first look. Texts in the arena. Store errors. */
int past_at(struct reader *reader, const struct repo_ref *ref, int64_t at_ms, struct arena *arena, struct past_at *past);

/* "reconstructed: commit 1234567 of A said so, the next that changed it, 89abcde, is of B" */
void past_at_text(const struct past_at *past, struct buf *out);
/* Where the Hub shows a commit. */
void past_commit_url(const struct past_commit *commit, struct buf *out);
/* What was not looked at; size 0: nothing is known of such. */
struct slice past_at_reason(const struct past_at *past);

/* When a repo was created by the Hub; 0 where it does not tell: what is older than its clock has the same date. */
int64_t repo_created_ms(const struct repo_row *row);

#endif
