/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was looked at, and what was missing there.
 *
 *     look     kind u8, sweep u32, last oid of a page [12]    time of the answer u48, projection u16
 *     missing  kind u8, oid [12]                              since u48, last seen u48, tries u32, asked u48, reason u8
 *     damage   hash of the raw row u64                        first seen u48
 *     cursor   lane u8, kind u8                               the lane's own text
 *              255 u8, bucket u8                              the block that was granted of a bucket's quota
 *
 * A look says that the rows up to its oid, from the one before, were as they were before or were written then, as far as
 * its projection asked. It is what lets an unchanged row cost no write. The last look of a sweep has the greatest oid. Kept
 * are the newest sweep that covers all oids and what came after it, also sweeps that were broken off, or asked for less: as
 * far as they came, they looked.
 * The time 0 says that the sweep did not look there (yet): so stand the ends of segments that are under way.
 */
#ifndef STORAGE_LOOK_TABLE_H
#define STORAGE_LOOK_TABLE_H

#include "storage/model/lane.h"
#include "storage/reader.h"
#include "storage/txn.h"

struct look {
	int64_t at_ms;
	uint16_t projection; /* 0: not known, of a look from before that was kept: it asked for all */
	/* of one that was found: */
	uint32_t sweep;
	struct repo_oid last; /* of the page */
};

void look_put(struct txn *txn, enum repo_kind kind, uint32_t sweep, const struct repo_oid *last, const struct look *look);
bool look_decode(struct slice key, struct slice value, struct look *look);
/* The newest look over an oid that asked for these stable fields (0: whatever it asked for); at_ms 0: none. */
struct look look_over(struct txn *txn, enum repo_kind kind, const struct sweep_state *sweep, const struct repo_oid *oid,
	uint32_t fields);
/* The stable fields that every look of a sweep asked for; all, where there is none. */
uint32_t look_fields(struct txn *txn, enum repo_kind kind, uint32_t sweep);
/* The oids at which a sweep's looks fall into `parts` parts of equally many; false: there are too few of them. */
bool look_bounds(struct txn *txn, enum repo_kind kind, uint32_t sweep, unsigned parts, struct repo_oid *bounds);
void look_delete_sweeps(struct txn *txn, enum repo_kind kind, uint32_t first, uint32_t last);

struct missing_value {
	int64_t since_ms, seen_ms;
	uint32_t tries;
	int64_t asked_ms; /* when the last of the tries was answered; 0: none was */
	enum rest_reason reason; /* why that decided nothing */
};
bool missing_get(struct txn *txn, enum repo_kind kind, const struct repo_oid *oid, struct missing_value *value);
void missing_put(struct txn *txn, enum repo_kind kind, const struct repo_oid *oid, const struct missing_value *value);
void missing_delete(struct txn *txn, enum repo_kind kind, const struct repo_oid *oid);
/* Drops the rows of a kind that have been missing since `since_ms` or later: an incomplete sweep proves nothing. */
void missing_forget(struct txn *txn, enum repo_kind kind, int64_t since_ms);
bool missing_decode(struct slice key, struct slice value, struct missing_row *row);

bool damage_is_new(struct txn *txn, uint64_t hash, int64_t now_ms); /* and remembers it */

void cursor_put(struct txn *txn, enum lane lane, enum repo_kind kind, struct slice text);
bool cursor_get(struct txn *txn, enum lane lane, enum repo_kind kind, struct slice *text);

void quota_block_put(struct txn *txn, unsigned bucket, struct slice text);
bool quota_block_get(struct txn *txn, unsigned bucket, struct slice *text);

#endif
