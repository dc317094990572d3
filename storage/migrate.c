/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/migrate.h"

#include "storage/change_log.h"
#include "storage/meta.h"

enum { RECORDS_AT_ONCE = 2000, VALUES_AT_ONCE = 2000, VALUE_BYTES_AT_ONCE = 8 << 20 };

static const char done_key[] = "migrated", front_key[] = "sealing";

struct migration {
	struct store *store;
	struct change_terms terms;
	struct buf key, value; /* copies of an entry: writing moves pages */
	uint64_t done, of;     /* entries of the step at hand */
	bool finished;         /* the step */
};

/* --- from 1 to 2: the terms of all records -------------------------------------------------------------------------*/

static void index_some(struct migration *migration, struct txn *txn)
{
	struct change_terms *terms = &migration->terms;
	uint64_t seq = meta_number(txn, done_key);
	struct log_head head;
	struct slice line;

	meta_head(txn, &head);
	for (unsigned i = 0; i < RECORDS_AT_ONCE && seq < head.seq && !txn->error; i++) {
		if (!change_get(txn, ++seq, &line) || !change_terms_read(terms, line))
			txn_fail(txn, ERROR_CORRUPT);
		change_terms_put(terms, txn);
	}
	migration->done = seq;
	migration->of = head.seq;
	migration->finished = seq >= head.seq;
	meta_set_number(txn, done_key, migration->finished ? 0 : seq);
	if (migration->finished)
		meta_set_number(txn, "schema", STORE_SCHEMA_TERMS);
}

/* --- from 2 to 3: a check word after every value --------------------------------------------------------------------*/

/* The first entry after the front. False: the table has no more. */
static bool next_entry(struct migration *migration, struct txn *txn)
{
	const struct seal_front *front = &txn->front;
	MDB_cursor *cursor = txn_cursor(txn, front->table);
	struct slice at = { front->key, front->size }, key = at, value = SLICE_NONE;
	bool there = txn_seek(txn, cursor, front->size ? MDB_SET_RANGE : MDB_FIRST, &key, &value);

	if (there && front->size && slice_equal(key, at))
		there = txn_seek(txn, cursor, MDB_NEXT, &key, &value);
	buf_reset(&migration->key);
	buf_reset(&migration->value);
	if (there || txn->error == ERROR_CORRUPT) {
		buf_slice(&migration->key, key);
		buf_slice(&migration->value, value);
	}
	if (cursor)
		mdb_cursor_close(cursor);
	return migration->key.size != 0;
}

static void move_front(struct migration *migration, struct txn *txn)
{
	txn->front.size = migration->key.size;
	memcpy(txn->front.key, migration->key.data, migration->key.size);
}

/* An entry that an older program sealed, and that was damaged since, stays as it is: verify names it. */
static void seal_entry(struct migration *migration, struct txn *txn)
{
	bool damaged = txn->error == ERROR_CORRUPT;

	move_front(migration, txn);
	if (damaged)
		txn->error = 0;
	else
		txn_put(txn, txn->front.table, buf_as_slice(&migration->key), buf_as_slice(&migration->value));
	migration->done++;
}

/* False after the last. */
static bool next_table(struct txn *txn)
{
	struct seal_front *front = &txn->front;

	front->size = 0;
	do
		front->table++;
	while (front->table < TABLE_COUNT && !store_table_has_seal(front->table));
	return front->table < TABLE_COUNT;
}

/* With the first of them the schema moves: an older program would not know what stands after the values. */
static void begin_sealing(struct txn *txn)
{
	if (txn->front.state != SEALED_NOTHING)
		return;
	txn->front = (struct seal_front){ .state = SEALED_TO };
	meta_set_number(txn, "schema", STORE_SCHEMA_SEALED);
}

static void note_front(struct migration *migration, struct txn *txn)
{
	char row[SEAL_ROW_MAX];
	struct slice key = { txn->front.key, txn->front.size };

	meta_set_number(txn, done_key, migration->finished ? 0 : migration->done);
	if (migration->finished)
		txn_delete(txn, TABLE_META, slice_of(front_key));
	else
		meta_set_text(txn, front_key, (struct slice){ row, seal_front_write(txn->front.table, key, row) });
}

static void count_values(struct migration *migration, struct txn *txn)
{
	migration->of = 0;
	for (unsigned i = 0; i < TABLE_COUNT; i++)
		migration->of += store_table_has_seal((enum store_table)i) ? txn_entries(txn, (enum store_table)i) : 0;
	migration->done = meta_number(txn, done_key);
}

static void seal_some(struct migration *migration, struct txn *txn)
{
	size_t bytes = 0;
	bool more = true;

	begin_sealing(txn);
	count_values(migration, txn);
	for (unsigned i = 0; i < VALUES_AT_ONCE && bytes < VALUE_BYTES_AT_ONCE && more && !txn->error;) {
		if (!store_table_has_seal(txn->front.table) || !next_entry(migration, txn)) {
			more = next_table(txn);
			continue;
		}
		bytes += migration->value.size;
		seal_entry(migration, txn);
		i++;
	}
	migration->finished = !more && !txn->error;
	note_front(migration, txn);
}

/* --- all of them ---------------------------------------------------------------------------------------------------*/

static const struct step {
	uint64_t schema; /* the newest at which it may still be due */
	void (*some)(struct migration *migration, struct txn *txn);
	const char *doing;
} steps[] = {
	{ 1, index_some, "indexing the change log" },
	{ 3, seal_some, "sealing its values" },
};

static int take_some(struct migration *migration, const struct step *step)
{
	struct txn txn;
	int code = txn_begin(migration->store, true, &txn);

	if (code)
		return code;
	step->some(migration, &txn);
	return txn_commit(&txn);
}

static int take(struct migration *migration, const struct step *step, const struct store_options *options,
	struct store_problem *problem)
{
	int code = ERROR_NONE;

	migration->finished = false;
	while (!code && !migration->finished) {
		code = options->stop && *options->stop ? ERROR_STOPPED : take_some(migration, step);
		if (code == MDB_MAP_FULL) {
			migration->finished = false;
			code = store_grow(migration->store, problem);
			if (code)
				return code;
			continue;
		}
		if (!code && options->on_migrating)
			options->on_migrating(options->owner, migration->done, migration->of);
	}
	return code ? store_fail(migration->store, code, step->doing, problem) : ERROR_NONE;
}

int migrate(struct store *store, uint64_t schema, const struct store_options *options, struct store_problem *problem)
{
	struct migration migration = { .store = store, .key = BUF_INIT(SEAL_KEY_MAX + 1), .value = BUF_INIT(SIZE_MAX / 2) };
	int code = ERROR_NONE;

	change_terms_init(&migration.terms);
	for (size_t i = 0; i < ARRAY_COUNT(steps) && !code; i++)
		if (steps[i].schema >= schema)
			code = take(&migration, &steps[i], options, problem);
	change_terms_release(&migration.terms);
	buf_release(&migration.key);
	buf_release(&migration.value);
	return code;
}
