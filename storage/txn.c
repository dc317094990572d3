/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/txn.h"

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

/* How far the values are sealed in the snapshot at hand. Not asked again once all are. */
static void read_front(struct txn *txn)
{
	uint64_t schema;

	txn->front.state = SEALED_ALL;
	if (store_is_sealed(txn->store))
		return;
	schema = meta_number(txn, "schema");
	if (!seal_front_read(schema, meta_text(txn, "sealing"), &txn->front))
		txn_fail(txn, ERROR_CORRUPT);
	else if (txn->front.state == SEALED_ALL)
		store_set_sealed(txn->store);
}

/* Processes that were killed keep their reader slots until somebody clears them: whoever finds none left does. */
static int begin(struct store *store, unsigned flags, MDB_txn **lmdb)
{
	int code = mdb_txn_begin(store_env(store), NULL, flags, lmdb), dead;

	if (code == MDB_MAP_RESIZED && store_follow_size(store) == 0)
		code = mdb_txn_begin(store_env(store), NULL, flags, lmdb);
	if (code != MDB_READERS_FULL || mdb_reader_check(store_env(store), &dead) || !dead)
		return code;
	return mdb_txn_begin(store_env(store), NULL, flags, lmdb);
}

int txn_begin(struct store *store, bool writable, struct txn *txn)
{
	unsigned flags = writable ? 0 : MDB_RDONLY;

	*txn = (struct txn){ .store = store };
	if (!enter(txn))
		return txn->error;
	txn->error = begin(store, flags, &txn->lmdb);
	if (txn->error)
		leave(txn);
	else
		read_front(txn);
	if (txn->error && txn->lmdb)
		txn_abort(txn);
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
	else
		read_front(txn);
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

/* The value without its check word. False: it is damaged, and the transaction has failed. */
static bool unseal(struct txn *txn, enum store_table table, struct slice key, struct slice *value)
{
	if (!seal_is_due(&txn->front, table, key, value))
		return true;
	if (!value_is_sealed(*value, key)) {
		txn_fail(txn, ERROR_CORRUPT);
		return false;
	}
	value->size -= VALUE_CHECK_BYTES;
	return true;
}

bool txn_get(struct txn *txn, enum store_table table, struct slice key, struct slice *value)
{
	MDB_val lmdb_key = val_of(key), lmdb_value;

	if (txn->error || !is_there(txn, table) ||
		!went_well(txn, mdb_get(txn->lmdb, store_table(txn->store, table), &lmdb_key, &lmdb_value)))
		return false;
	*value = slice_from(lmdb_value);
	return unseal(txn, table, key, value);
}

/* LMDB makes room in its page, into which value and check word go: no copy of the two is needed. */
static int put_sealed(struct txn *txn, enum store_table table, MDB_val *key, struct slice value, unsigned flags)
{
	uint32_t check = value_check(value, slice_from(*key));
	MDB_val room = { value.size + VALUE_CHECK_BYTES, NULL };
	int error = mdb_put(txn->lmdb, store_table(txn->store, table), key, &room, flags | MDB_RESERVE);

	if (error)
		return error;
	if (value.size)
		memcpy(room.mv_data, value.data, value.size);
	put_u32((uint8_t *)room.mv_data + value.size, check);
	return 0;
}

static int put(struct txn *txn, enum store_table table, struct slice key, struct slice value, unsigned flags)
{
	MDB_val lmdb_key = val_of(key), lmdb_value = val_of(value);

	if (seal_is_due(&txn->front, table, key, NULL))
		return put_sealed(txn, table, &lmdb_key, value, flags);
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
	if (op == MDB_SET_RANGE && slice_compare(slice_from(lmdb_key), *key) < 0) {
		txn_fail(txn, ERROR_CORRUPT);
		return false;
	}
	*key = slice_from(lmdb_key);
	*value = slice_from(lmdb_value);
	return unseal(txn, store_table_of(txn->store, mdb_cursor_dbi(cursor)), *key, value);
}

bool txn_seek_before(struct txn *txn, MDB_cursor *cursor, struct slice *key, struct slice *value)
{
	struct slice behind = *key;
	bool found = txn_seek(txn, cursor, MDB_SET_RANGE, key, value);

	if (!found && txn->error)
		return false;
	if (!txn_seek(txn, cursor, found ? MDB_PREV : MDB_LAST, key, value))
		return false;
	if (slice_compare(*key, behind) >= 0)
		txn_fail(txn, ERROR_CORRUPT);
	return !txn->error;
}

uint64_t txn_entries(struct txn *txn, enum store_table table)
{
	MDB_stat stat = { 0 };

	if (!txn->error && is_there(txn, table))
		txn_fail(txn, mdb_stat(txn->lmdb, store_table(txn->store, table), &stat));
	return stat.ms_entries;
}
