/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kinds of repos, their identity, and the row that is kept of each.
 *
 * A repo is (kind, oid): oid is the Hub's `_id`, a MongoDB ObjectId whose first four bytes are the creation time, so
 * that rows keyed by it lie in the order in which a sweep by createdAt brings them.
 */
#ifndef STORAGE_MODEL_REPO_H
#define STORAGE_MODEL_REPO_H

#include "storage/model/bytes.h"

enum repo_kind { REPO_MODEL, REPO_DATASET, REPO_SPACE, REPO_KINDS };

enum { OID_BYTES = 12, OID_HEX = 24, SHA_BYTES = 20, SHA_HEX = 40 };

struct repo_oid {
	uint8_t byte[OID_BYTES];
};

struct repo_kind_names {
	const char *name;   /* "model": in records, reports and options */
	const char *plural; /* "models": in the Hub's API paths */
	const char *prefix; /* "", "datasets/", "spaces/": before a name, in web addresses and on the command line */
};

extern const struct repo_kind_names repo_kinds[REPO_KINDS];

bool repo_kind_read(struct slice name, enum repo_kind *kind); /* "model" or "models" */
bool oid_read(struct slice hex, struct repo_oid *oid);        /* exactly 24 hex digits */
void oid_write(const struct repo_oid *oid, char hex[OID_HEX + 1]);
int oid_compare(const struct repo_oid *a, const struct repo_oid *b);
bool sha_read(struct slice hex, uint8_t sha[SHA_BYTES]);
void sha_write(const uint8_t sha[SHA_BYTES], char hex[SHA_HEX + 1]);
bool sha_is_known(const uint8_t sha[SHA_BYTES]); /* all zero: there is none */

enum repo_flag {
	REPO_GONE = 1 << 0,     /* confirmed; the last state is kept */
	REPO_BASELINE = 1 << 1, /* first seen before its kind's baseline ended */
};

/*
 * The fixed row of a repo, 88 bytes, big-endian:
 *
 *      0 number u32        4 versions u32     8 stable hash u64     16 canonical hash u64
 *     24 projection u16   26 flags u16       28 statement u32       32 first_seen u48
 *     38 last_changed u48 44 last_written u48 50 last_modified u48   56 created_at u48
 *     62 head sha [20]    82 zero u16        84 check u32 (low half of XXH3-64 over key and bytes 0..83)
 *
 * Times are unix milliseconds, 0 = not known. `last_changed` is when the newest version was first seen,
 * `last_written` the newest observation that wrote the row: whoever only looked and found it the same left no trace
 * here but in the look table.
 */
enum { REPO_ROW_BYTES = 88 };

struct repo_row {
	uint32_t number; /* from 1, in order of first sight; never used again */
	uint32_t versions;
	uint64_t stable_hash;
	uint64_t canonical_hash;
	uint16_t projection;
	uint16_t flags;
	uint32_t statement;
	int64_t first_seen_ms, last_changed_ms, last_written_ms, last_modified_ms, created_ms;
	uint8_t sha[SHA_BYTES]; /* zero: none */
};

void repo_row_encode(const struct repo_row *row, const struct repo_oid *oid, uint8_t out[REPO_ROW_BYTES]);
/* False where the check word does not fit: the row is damaged. */
bool repo_row_decode(const uint8_t *in, size_t size, const struct repo_oid *oid, struct repo_row *row);

#endif
