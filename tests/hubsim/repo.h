/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One repository: its identity (kind and oid, the Hub's `_id`), its state now, the rows of its earlier commits, and
 * the sort keys of the state now.
 *
 * Repos are never freed: old names lead to them, and the truth log tells of deleted ones too. Whoever changes a sort
 * key takes the repo out of the orders before and puts it back after (hub_place, hub_unplace).
 */
#ifndef HUBSIM_REPO_H
#define HUBSIM_REPO_H

#include "tests/hubsim/row.h"

#define OID_BYTES 12
#define OID_TEXT (2 * OID_BYTES)

struct truth_state;

struct repo {
	uint8_t oid[OID_BYTES];
	uint8_t kind;
	bool deleted;
	bool restricted; /* gated is not false */
	bool disabled;
	bool private;
	uint32_t position; /* in hub->repo */
	uint32_t past_count;
	uint32_t visible; /* the truth log's own, while it writes */
	struct row *row;   /* the head commit */
	struct row **past; /* the commits before it, oldest first */
	int64_t created_ms;
	int64_t modified_ms;
	int64_t downloads;
	int64_t likes;
	int64_t trending;
	int64_t served_ms;         /* when the state now was first told to anybody; 0: never */
	struct truth_state *state; /* of the last change, NULL before the first */
};

/* Lower-case hex and a NUL: 2 * size + 1 bytes at `out`. */
void hex_format(const uint8_t *bytes, size_t size, char *out);
void oid_format(const uint8_t oid[OID_BYTES], char out[OID_TEXT + 1]);
bool oid_parse(struct slice text, uint8_t oid[OID_BYTES]);

/* Sort keys and settings, read from the row. */
void repo_read_row(struct repo *repo);

/* The commits, newest first: 0 is the head. */
static inline uint32_t repo_commit_count(const struct repo *repo)
{
	return repo->past_count + 1;
}

const struct row *repo_commit(const struct repo *repo, uint32_t index);
/* By `main`, refs/heads/main, HEAD, a sha or its first 7 or more digits; NULL if there is none. */
const struct row *repo_revision(const struct repo *repo, struct slice revision);

/* The owner, or no data for a legacy one-segment name. */
struct slice repo_owner(const struct repo *repo);
/* A string member without its quotes; sha and dates have no escapes. */
struct slice row_plain(const struct row *row, uint16_t field);

#endif
