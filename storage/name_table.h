/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Table name: who bears or bore a name.
 *
 *     key    hash of (kind, lower-case name) u64, number u32
 *     value  oid [12]                              borne since the repo was first seen, still
 *            oid [12], from u48, until u48         0 = since first seen / still
 *
 * Names pass from repo to repo, so a name can have several bearers; a hash can have strangers: a match is checked
 * against the snapshot. Hashed keys arrive in no order, so they are gathered over a batch and written sorted.
 */
#ifndef STORAGE_NAME_TABLE_H
#define STORAGE_NAME_TABLE_H

#include "storage/txn.h"

struct name_entry {
	uint64_t hash;
	uint32_t number;
	struct repo_oid oid;
	int64_t from_ms, until_ms;
};

uint64_t name_hash(enum repo_kind kind, struct slice name);

void name_put(struct txn *txn, const struct name_entry *entry);
void name_put_all(struct txn *txn, struct name_entry *entries, size_t count); /* sorts them */
bool name_get(struct txn *txn, uint64_t hash, uint32_t number, struct name_entry *entry);
/* The next entry of `entry->hash` behind `entry->number`; start with number 0. */
bool name_next(struct txn *txn, MDB_cursor *cursor, struct name_entry *entry);
bool name_decode(struct slice key, struct slice value, struct name_entry *entry);

#endif
