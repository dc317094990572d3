/* SPDX-License-Identifier: Apache-2.0 */
/* A store of an older schema: readers read it, the writer migrates it, and goes on where it was killed. */
#include "storage/migrate.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "storage/change_log.h"
#include "storage/meta.h"
#include "storage/verify.h"
#include "tests/unit/storage/fixture.h"

enum { RECORDS = 4500 };

static void append_gaps(struct txn *txn, const struct store *store)
{
	const struct change_origin origin = { store_ledger(store), store_hub(store) };
	struct change change = { .event = EVENT_GAP, .at_ms = DAY(3), .observed_at_ms = DAY(3) };
	struct buf line = BUF_INIT(CHANGE_BYTES_MAX);
	struct change_terms terms = { 0 };
	struct log_head head;

	change_terms_init(&terms);
	meta_head(txn, &head);
	for (unsigned i = 0; i < RECORDS; i++)
		change_log_append(txn, &head, &change, 0, &origin, &line, &terms);
	meta_set_head(txn, &head);
	change_terms_release(&terms);
	buf_release(&line);
}

/* A store as it was before values were sealed and, at 1, before there were terms. */
static struct fixture *older(uint64_t schema)
{
	struct fixture *f = fixture_new();
	struct txn txn;

	fixture_sweep(f, DAY(1), ROW(f, .card = "{\"license\":\"mit\"}"));
	fixture_poll(f, DAY(2), ROW(f, .card = "{\"license\":\"gpl-3.0\"}", .sha = 2));
	assert_int_equal(txn_begin(f->store, true, &txn), 0);
	append_gaps(&txn, f->store);
	fixture_unseal(&txn);
	if (schema == 1)
		assert_int_equal(mdb_drop(txn.lmdb, store_table(f->store, TABLE_CHANGE_TERM), 0), 0);
	meta_set_number(&txn, "schema", schema);
	assert_int_equal(txn_commit(&txn), 0);
	fixture_shut(f);
	return f;
}

static void on_finding(void *owner, const struct finding *finding)
{
	(void)owner;
	print_error("%s %s: %s\n", finding->table, finding->key, finding->what);
}

static void assert_whole(struct fixture *f, bool has_terms)
{
	struct store_options options = { .dir = f->dir };
	struct verify_options none = { 0 };
	struct verify_summary summary;
	struct reader *reader;
	struct store *store;

	assert_int_equal(store_open(&options, &store, &f->problem), 0);
	assert_int_equal(reader_open(store, &reader, &f->problem), 0);
	assert_int_equal(reader_has_terms(reader), has_terms);
	reader_close(&reader);
	none.on_finding = on_finding;
	verify_run(store, &none, &summary);
	assert_int_equal(summary.findings, 0);
	assert_int_equal(summary.records, RECORDS + 1);
	store_close(&store);
}

static void test_migrates_when_opened(void **state)
{
	struct fixture *f = older(1);

	(void)state;
	assert_whole(f, false);
	fixture_open(f);
	assert_int_equal(store_schema(f->store), STORE_SCHEMA);
	assert_whole(f, true);
	fixture_poll(f, DAY(4), ROW(f, .card = "{}", .sha = 3));
	assert_string_equal(fixture_events(f, RECORDS + 1), "license.withdrawn[cardData.license]");
	fixture_verify(f);
	fixture_free(f);
}

static void test_values_are_sealed(void **state)
{
	struct fixture *f = older(2);
	struct slice key = SLICE_NONE, value;
	struct txn txn;

	(void)state;
	assert_whole(f, true);
	fixture_open(f);
	assert_int_equal(txn_begin(f->store, false, &txn), 0);
	for (unsigned i = 0; i < TABLE_COUNT; i++) {
		MDB_cursor *cursor = store_table_has_seal((enum store_table)i) ? txn_cursor(&txn, (enum store_table)i) : NULL;
		MDB_val lmdb_key, lmdb_value;

		while (cursor && mdb_cursor_get(cursor, &lmdb_key, &lmdb_value, MDB_NEXT) == 0) {
			key = (struct slice){ lmdb_key.mv_data, lmdb_key.mv_size };
			value = (struct slice){ lmdb_value.mv_data, lmdb_value.mv_size };
			assert_true(value_is_sealed(value, key));
			assert_false(value_is_sealed((struct slice){ value.data, value.size - VALUE_CHECK_BYTES }, key)); /* once */
		}
		if (cursor)
			mdb_cursor_close(cursor);
	}
	assert_false(txn_get(&txn, TABLE_META, SLICE("sealing"), &value));
	txn_abort(&txn);
	assert_whole(f, true);
	fixture_free(f);
}

/* A reader that was open before meets the front as it moves. */
static void test_reader_beside_it(void **state)
{
	struct fixture *f = older(2);
	struct store_options options = { .dir = f->dir };
	struct slice line;
	struct store *store;
	struct txn txn;

	(void)state;
	assert_int_equal(store_open(&options, &store, &f->problem), 0);
	assert_int_equal(txn_begin(store, false, &txn), 0);
	assert_true(change_get(&txn, 1, &line));
	assert_int_equal(line.data[line.size - 1], '}');
	txn_pause(&txn);
	fixture_open(f);
	assert_true(txn_resume(&txn));
	assert_true(change_get(&txn, RECORDS, &line));
	assert_int_equal(line.data[line.size - 1], '}');
	txn_abort(&txn);
	store_close(&store);
	fixture_free(f);
}

static void die_at_the_first(void *owner, uint64_t done, uint64_t of)
{
	if (done < of && write(*(int *)owner, &done, sizeof(done)) == sizeof(done))
		raise(SIGKILL);
}

/* How far it was when it was killed; 0: it came to its end. */
static uint64_t open_and_be_killed(struct fixture *f)
{
	int pipes[2], status;
	uint64_t done = 0;
	pid_t child;

	assert_int_equal(pipe(pipes), 0);
	child = fork();
	if (child == 0) {
		struct store_options options = { .dir = f->dir, .writable = true, .hub = "https://hub.example",
			.on_migrating = die_at_the_first, .owner = &pipes[1] };
		_exit(store_open(&options, &f->store, &f->problem) != 0);
	}
	close(pipes[1]);
	if (read(pipes[0], &done, sizeof(done)) != sizeof(done))
		done = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
	close(pipes[0]);
	return done;
}

static uint64_t schema_of(struct fixture *f)
{
	struct store_options options = { .dir = f->dir };
	struct store *store;
	uint64_t schema;

	assert_int_equal(store_open(&options, &store, &f->problem), 0);
	schema = store_schema(store);
	store_close(&store);
	return schema;
}

static void test_goes_on_where_it_was_killed(void **state)
{
	struct fixture *f = older(1);
	uint64_t done, before = 0;
	unsigned kills[STORE_SCHEMA + 1] = { 0 };

	(void)state;
	while ((done = open_and_be_killed(f)) != 0) {
		uint64_t schema = schema_of(f);

		assert_true(done > before || !kills[schema]);
		before = done;
		kills[schema]++;
		assert_whole(f, schema >= STORE_SCHEMA_TERMS);
	}
	assert_true(kills[1] >= 2 && kills[STORE_SCHEMA_SEALED] >= 2);
	assert_whole(f, true);
	fixture_open(f);
	fixture_free(f);
}

static void test_newer_is_refused(void **state)
{
	struct fixture *f = fixture_new();
	struct store_options options = { .dir = f->dir };
	struct store *store;
	struct txn txn;

	(void)state;
	assert_int_equal(txn_begin(f->store, true, &txn), 0);
	meta_set_number(&txn, "schema", STORE_SCHEMA + 1);
	assert_int_equal(txn_commit(&txn), 0);
	fixture_shut(f);
	assert_int_equal(store_open(&options, &store, &f->problem), ERROR_SCHEMA_NEWER);
	assert_non_null(strstr(f->problem.text, "newer relicensed"));
	options.writable = true;
	assert_int_equal(store_open(&options, &store, &f->problem), ERROR_SCHEMA_NEWER);
	fixture_free(f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_migrates_when_opened),
		cmocka_unit_test(test_values_are_sealed),
		cmocka_unit_test(test_reader_beside_it),
		cmocka_unit_test(test_goes_on_where_it_was_killed),
		cmocka_unit_test(test_newer_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
