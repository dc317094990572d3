/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An LMDB transaction that keeps its first error: later calls do nothing, the caller checks once, at its end.
 *
 * Keys and values are slices of the map (gone with the transaction) or of the caller. One thread, one transaction.
 */
#ifndef STORAGE_TXN_H
#define STORAGE_TXN_H

#include "storage/model/bytes.h"
#include "storage/seal.h"
#include "storage/store.h"

struct txn {
	struct store *store;
	MDB_txn *lmdb;
	int error; /* LMDB's or ours; 0: all went well */
	bool counted; /* among the store's open transactions */
	bool meta_changed;
	struct seal_front front;
};

int txn_begin(struct store *store, bool writable, struct txn *txn);
int txn_commit(struct txn *txn); /* ends it in any case; the first error, or the commit's. Seals meta where it changed (meta.h) */
void txn_abort(struct txn *txn);
/* One that reads: lets its snapshot go, and takes the newest. False: it has failed, and is as if paused. */
void txn_pause(struct txn *txn);
bool txn_resume(struct txn *txn);

/* False where there is no such key (no error) or the transaction has failed, as it does over a value that is damaged. */
bool txn_get(struct txn *txn, enum store_table table, struct slice key, struct slice *value);
void txn_put(struct txn *txn, enum store_table table, struct slice key, struct slice value);
/* For keys that usually lie behind all others: full pages, no search. Falls back to a plain put. */
void txn_append(struct txn *txn, enum store_table table, struct slice key, struct slice value);
void txn_delete(struct txn *txn, enum store_table table, struct slice key);

/* NULL once the transaction has failed, and where the store does not have the table yet. */
MDB_cursor *txn_cursor(struct txn *txn, enum store_table table);
/*
 * False at the end or once failed. `key` goes in for MDB_SET_RANGE and comes out. Over a damaged value it fails with
 * ERROR_CORRUPT, the cursor stands on it, and key is its key. Damaged pages can lead back: where MDB_SET_RANGE comes to a
 * smaller key it fails in the same way, so that a walk that seeks behind its last key always comes to an end.
 */
bool txn_seek(struct txn *txn, MDB_cursor *cursor, MDB_cursor_op op, struct slice *key, struct slice *value);
/* The same for the last key that is smaller than the one that goes in. */
bool txn_seek_before(struct txn *txn, MDB_cursor *cursor, struct slice *key, struct slice *value);

uint64_t txn_entries(struct txn *txn, enum store_table table); /* 0 once the transaction has failed */

void txn_fail(struct txn *txn, int error); /* keeps the first */

/* Keys are made in a small array on the stack. */
struct key {
	uint8_t byte[64];
	size_t size;
};

static inline struct slice key_slice(const struct key *key)
{
	return (struct slice){ (const char *)key->byte, key->size };
}

static inline void key_add(struct key *key, uint64_t number, unsigned bytes)
{
	put_be(key->byte + key->size, number, bytes);
	key->size += bytes;
}

static inline void key_add_oid(struct key *key, const struct repo_oid *oid)
{
	memcpy(key->byte + key->size, oid->byte, OID_BYTES);
	key->size += OID_BYTES;
}

static inline struct slice oid_slice(const struct repo_oid *oid)
{
	return (struct slice){ (const char *)oid->byte, OID_BYTES };
}

static inline const uint8_t *slice_bytes(struct slice slice)
{
	return (const uint8_t *)slice.data;
}

#endif
