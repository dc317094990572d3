/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One record of the change log, as it is stored and shown: a line of JSON, sealed into a chain.
 *
 * change_write() makes the line up to, but without, `,"prev":...`; change_seal() appends prev and hash:
 *
 *     hash = SHA-256( prev as 64 hex digits, then the line up to but without ,"prev" )
 *
 * in hex, with 64 zeros before the first record, so that `printf %s%s "$prev" "$line" | sha256sum` checks one.
 * The order of the keys is fixed; fields may be added before "prev", never renamed or removed.
 */
#ifndef STORAGE_MODEL_CHANGE_H
#define STORAGE_MODEL_CHANGE_H

#include "storage/model/verdict.h"

enum { HASH_HEX = 64, CHANGE_BYTES_MAX = 4 << 20 };

#define CHANGE_GENESIS "0000000000000000000000000000000000000000000000000000000000000000"

enum origin { ORIGIN_OBSERVED, ORIGIN_RECONSTRUCTED, ORIGIN_IMPORTED, ORIGIN_COUNT };

struct change_side {
	const struct state *state;
	uint32_t version; /* 0: reconstructed, of no version; then gated, disabled and private were not seen: null */
	uint8_t sha[SHA_BYTES]; /* zero: none */
	char text[HASH_HEX + 1]; /* SHA-256 of the license file's text then; empty: not known, or none */
};

/* The commit behind a record: with evidence.commit, and with what was reconstructed from commits. */
struct change_commit {
	uint8_t sha[SHA_BYTES];
	struct slice title, user; /* the Hub name of its author; size 0: null */
	int64_t date_ms;          /* the committer's clock; 0: null */
};

struct change_counter {
	bool known;
	uint64_t value;
};

struct change {
	uint64_t seq;
	enum event event;
	enum origin origin;
	bool has_repo; /* false: tables.changed, gap; then kind, name and oid are null unless gap_kind says */
	enum repo_kind kind;
	struct slice name;
	struct repo_oid oid;
	int64_t at_ms, observed_after_ms, observed_at_ms, last_modified_ms; /* 0: null */
	const struct change_side *before, *after; /* NULL: null */
	unsigned field_count;
	const struct slice *fields;
	struct change_counter downloads, likes;
	uint64_t of;         /* seq of the record this one is about; 0: null */
	struct slice reason; /* plain text; data NULL: null */
	const struct change_commit *commit; /* NULL: null */
};

/* What all records of one store share. */
struct change_origin {
	const char *ledger; /* uuid */
	const char *hub;    /* "https://huggingface.co", without a slash at the end */
};

void change_write(const struct change *change, const struct change_origin *origin, struct buf *line);
/* The object that stands under "before" and "after"; NULL: null. */
void change_side_write(const struct change_side *side, struct buf *line);

/* Appends prev and hash to the line; `hash` may be the same memory as `prev`. */
void change_seal(struct buf *line, const char prev[HASH_HEX + 1], char hash[HASH_HEX + 1]);

/* The hash of a sealed line, recomputed, and what it claims. False where the line has no such end. */
bool change_check(struct slice line, char claimed_prev[HASH_HEX + 1], char claimed[HASH_HEX + 1],
	char computed[HASH_HEX + 1]);

const char *origin_name(enum origin origin);
void sha256_hex(struct slice first, struct slice second, char hex[HASH_HEX + 1]);

#endif
