/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/txn.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "storage/meta.h"

static MDB_val val_of(struct slice slice)
{
	return (MDB_val){ slice.size, (void *)(uintptr_t)slice.data };
}

static struct slice slice_from(MDB_val val)
{
	return (struct slice){ val.mv_data, val.mv_size };
}

/* Where it fails, nothing is open: the store's map may grow. */
static bool enter(struct txn *txn)
{
	txn->error = store_enter(txn->store);
	txn->counted = !txn->error;
	return txn->counted;
}

static void leave(struct txn *txn)
{
	if (txn->counted)
		store_leave(txn->store);
	txn->counted = false;
}

int txn_begin(struct store *store, bool writable, struct txn *txn)
{
	unsigned flags = writable ? 0 : MDB_RDONLY;

	*txn = (struct txn){ .store = store };
	if (!enter(txn))
		return txn->error;
	txn->error = mdb_txn_begin(store_env(store), NULL, flags, &txn->lmdb);
	if (txn->error == MDB_MAP_RESIZED && store_follow_size(store) == 0)
		txn->error = mdb_txn_begin(store_env(store), NULL, flags, &txn->lmdb);
	if (txn->error)
		leave(txn);
	return txn->error;
}

int txn_commit(struct txn *txn)
{
	int error;

	if (txn->meta_changed)
		meta_seal(txn);
	error = txn->error;

	if (error)
		txn_abort(txn);
	else
		error = mdb_txn_commit(txn->lmdb);
	txn->lmdb = NULL;
	txn->error = error;
	leave(txn);
	return error;
}

void txn_abort(struct txn *txn)
{
	if (txn->lmdb)
		mdb_txn_abort(txn->lmdb);
	txn->lmdb = NULL;
	leave(txn);
}

void txn_pause(struct txn *txn)
{
	mdb_txn_reset(txn->lmdb);
	leave(txn);
}

bool txn_resume(struct txn *txn)
{
	if (!enter(txn))
		return false;
	txn->error = mdb_txn_renew(txn->lmdb);
	if (txn->error == MDB_MAP_RESIZED && store_follow_size(txn->store) == 0)
		txn->error = mdb_txn_renew(txn->lmdb);
	if (txn->error)
		leave(txn);
	return !txn->error;
}

void txn_fail(struct txn *txn, int error)
{
	if (!txn->error)
		txn->error = error;
}

/* True where the call did what it should; "not found" is an answer, not a failure. */
static bool went_well(struct txn *txn, int error)
{
	if (error && error != MDB_NOTFOUND)
		txn_fail(txn, error);
	return error == 0;
}

/* A reader of what an older daemon wrote lacks the tables that came since. */
static bool is_there(const struct txn *txn, enum store_table table)
{
	return store_table(txn->store, table) != STORE_NO_TABLE;
}

bool txn_get(struct txn *txn, enum store_table table, struct slice key, struct slice *value)
{
	MDB_val lmdb_key = val_of(key), lmdb_value;

	if (txn->error || !is_there(txn, table) ||
		!went_well(txn, mdb_get(txn->lmdb, store_table(txn->store, table), &lmdb_key, &lmdb_value)))
		return false;
	*value = slice_from(lmdb_value);
	return true;
}

static int put(struct txn *txn, enum store_table table, struct slice key, struct slice value, unsigned flags)
{
	MDB_val lmdb_key = val_of(key), lmdb_value = val_of(value);

	return mdb_put(txn->lmdb, store_table(txn->store, table), &lmdb_key, &lmdb_value, flags);
}

void txn_put(struct txn *txn, enum store_table table, struct slice key, struct slice value)
{
	txn->meta_changed |= table == TABLE_META;
	if (!txn->error)
		went_well(txn, put(txn, table, key, value, 0));
}

void txn_append(struct txn *txn, enum store_table table, struct slice key, struct slice value)
{
	int error;

	if (txn->error)
		return;
	error = put(txn, table, key, value, MDB_APPEND);
	if (error == MDB_KEYEXIST)
		error = put(txn, table, key, value, 0);
	went_well(txn, error);
}

void txn_delete(struct txn *txn, enum store_table table, struct slice key)
{
	MDB_val lmdb_key = val_of(key);

	txn->meta_changed |= table == TABLE_META;
	if (!txn->error)
		went_well(txn, mdb_del(txn->lmdb, store_table(txn->store, table), &lmdb_key, NULL));
}

MDB_cursor *txn_cursor(struct txn *txn, enum store_table table)
{
	MDB_cursor *cursor = NULL;

	if (!txn->error && is_there(txn, table))
		went_well(txn, mdb_cursor_open(txn->lmdb, store_table(txn->store, table), &cursor));
	return cursor;
}

bool txn_seek(struct txn *txn, MDB_cursor *cursor, MDB_cursor_op op, struct slice *key, struct slice *value)
{
	MDB_val lmdb_key = val_of(*key), lmdb_value;

	if (txn->error || !cursor || !went_well(txn, mdb_cursor_get(cursor, &lmdb_key, &lmdb_value, op)))
		return false;
	*key = slice_from(lmdb_key);
	*value = slice_from(lmdb_value);
	return true;
}

uint64_t txn_entries(struct txn *txn, enum store_table table)
{
	MDB_stat stat = { 0 };

	if (!txn->error && is_there(txn, table))
		txn_fail(txn, mdb_stat(txn->lmdb, store_table(txn->store, table), &stat));
	return stat.ms_entries;
}

uint32_t value_check(struct slice value, struct slice key)
{
	return (uint32_t)XXH3_64bits_withSeed(value.data, value.size, XXH3_64bits(key.data, key.size));
}

void value_seal(struct key *value, struct slice key)
{
	key_add(value, value_check(key_slice(value), key), VALUE_CHECK_BYTES);
}

bool value_is_sealed(struct slice value, struct slice key)
{
	const struct slice rest = { value.data, value.size - VALUE_CHECK_BYTES };

	return value.size > VALUE_CHECK_BYTES && get_u32(slice_bytes(value) + rest.size) == value_check(rest, key);
}
