/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The meta table: what there is one of. Values are big-endian numbers or text, keys are the names below.
 */
#ifndef STORAGE_META_H
#define STORAGE_META_H

#include "storage/reader.h"
#include "storage/txn.h"

/* "schema" u32, "ledger" uuid, "hub" text, "seed" u64, "created" u64: written once, by store.c */

/* "migrated" u64, "sealing": how far a migration is: migrate.h, seal.h */

/*
 * Row "check": a hash over all other rows but "backup", which is put into a copy without any transaction of ours. Each
 * commit that writes into meta ends with it (txn.c).
 */
void meta_seal(struct txn *txn);
bool meta_is_sealed(struct txn *txn); /* also where there is no such row and the schema is older than 3 */

uint64_t meta_number(struct txn *txn, const char *name);          /* 0 where it is not there */
void meta_set_number(struct txn *txn, const char *name, uint64_t value);
struct slice meta_text(struct txn *txn, const char *name);         /* in the map; size 0 where it is not there */
void meta_set_text(struct txn *txn, const char *name, struct slice text);

/* "head": seq u64, observed_at u48, hash in hex */
void meta_head(struct txn *txn, struct log_head *head);
void meta_set_head(struct txn *txn, const struct log_head *head);

/* "sweep.KIND", 64 bytes; meta.c has the layout */
void meta_sweep(struct txn *txn, enum repo_kind kind, struct sweep_state *state);
void meta_set_sweep(struct txn *txn, enum repo_kind kind, const struct sweep_state *state);

/* A stretch of a listing, behind `after` up to `until`: how far a sweep has walked it. */
struct sweep_segment {
	struct repo_oid after, until;
	bool done;
};

struct sweep_segments {
	unsigned count; /* at least 1 */
	struct sweep_segment segment[SWEEP_SEGMENTS_MAX];
};

/* "segments.KIND": for each after [12], until [12], done u8; none: one segment, that of the sweep's state */
void meta_segments(struct txn *txn, enum repo_kind kind, struct sweep_segments *segments);
void meta_set_segments(struct txn *txn, enum repo_kind kind, const struct sweep_segments *segments);

/* "complete.KIND": the numbers of struct completeness in their order, u64 each */
void meta_completeness(struct txn *txn, enum repo_kind kind, struct completeness *completeness);
void meta_set_completeness(struct txn *txn, enum repo_kind kind, const struct completeness *completeness);

extern const struct repo_oid oid_last; /* the greatest that there can be */

/* "gone.KIND": rows that are confirmed gone */
uint64_t meta_gone(struct txn *txn, enum repo_kind kind);
void meta_set_gone(struct txn *txn, enum repo_kind kind, uint64_t gone);

/* "look.KIND": time of the newest answer that was committed, of any lane */
int64_t meta_newest_look(struct txn *txn, enum repo_kind kind);
void meta_set_newest_look(struct txn *txn, enum repo_kind kind, int64_t at_ms);

#endif
