/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of verify share: verify.c walks the tables, verify_log.c, verify_repo.c and verify_text.c look at single entries.
 * Inside storage/ only.
 */
#ifndef STORAGE_VERIFY_WALK_H
#define STORAGE_VERIFY_WALK_H

#include "storage/change_index.h"
#include "storage/frame.h"
#include "storage/txn.h"
#include "storage/verify.h"

enum { VERIFY_KEY_MAX = 512 }; /* one more than LMDB lets a key have */

/* What a walk over a table comes to, beside its findings. */
struct verify_facts {
	struct verify_summary summary;
	uint64_t records_of_repos; /* must stand in the index by repo */
	uint64_t terms_of_records; /* must stand in the index by terms */
	uint64_t versions_of_rows; /* must be as many as there are snapshots */
	uint64_t gone[REPO_KINDS], gone_by_meta[REPO_KINDS];
	uint64_t entries[TABLE_COUNT]; /* of all tables, as they were at its end */
	uint64_t snapshot; /* the transaction that was walked; 0: something was committed meanwhile */
};

struct verify {
	struct store *store;
	const struct verify_options *options;
	struct verify_facts facts;
	struct verify_summary *summary; /* of the facts */
	int out; /* to the parent */
	struct txn txn;
	struct frame_maker *frames;
	struct canon_maker canon;
	struct json json;
	struct change_terms terms;
	struct arena arena; /* one entry's */
	struct buf content, older, line;
	struct {
		size_t size;
		char byte[VERIFY_KEY_MAX];
	} at; /* the next key of the table at hand, or behind it */

	/* the chain so far */
	uint64_t next_seq;
	char prev[HASH_HEX + 1];
	int64_t observed_ms;
	bool projection_known[1 << 16]; /* by number: it was there */
};

__attribute__((format(printf, 4, 5))) void verify_found(struct verify *verify, const char *table, const char *key,
	const char *what, ...);

/* One entry each. */
void verify_change(struct verify *verify, struct slice key, struct slice value);
void verify_change_time(struct verify *verify, struct slice key, struct slice value);
void verify_change_term(struct verify *verify, struct slice key, struct slice value);
void verify_change_repo(struct verify *verify, struct slice key, struct slice value);
void verify_receipt(struct verify *verify, struct slice key, struct slice value);
void verify_model(struct verify *verify, struct slice key, struct slice value);
void verify_dataset(struct verify *verify, struct slice key, struct slice value);
void verify_space(struct verify *verify, struct slice key, struct slice value);
void verify_name(struct verify *verify, struct slice key, struct slice value);
void verify_evidence(struct verify *verify, struct slice key, struct slice value);
void verify_past(struct verify *verify, struct slice key, struct slice value);
void verify_statement(struct verify *verify, struct slice key, struct slice value);
void verify_counter(struct verify *verify, struct slice key, struct slice value);
void verify_meta(struct verify *verify, struct slice key, struct slice value);
void verify_look(struct verify *verify, struct slice key, struct slice value);
void verify_missing(struct verify *verify, struct slice key, struct slice value);
void verify_projection(struct verify *verify, struct slice key, struct slice value);
void verify_text(struct verify *verify, struct slice key, struct slice value);
void verify_text_repo(struct verify *verify, struct slice key, struct slice value);
void verify_detail(struct verify *verify, struct slice key, struct slice value);
void verify_dictionary(struct verify *verify, struct slice key, struct slice value);

/* Damage of what is looked up is found in its own table. Number 0: whatever it is. */
bool verify_row_exists(struct verify *verify, enum repo_kind kind, const struct repo_oid *oid, uint32_t number);

/* Before the first record of the walk, and behind the last. */
void verify_chain_begin(struct verify *verify);
void verify_chain_end(struct verify *verify);

#endif
