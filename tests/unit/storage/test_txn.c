/* SPDX-License-Identifier: Apache-2.0 */
/* The sticky error: the first one counts, later calls do nothing, an abort leaves no trace. */
#include "storage/txn.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/storage/fixture.h"

static void test_sticky_error(void **state)
{
	struct fixture *f = fixture_new();
	struct slice key = SLICE("a"), value;
	struct txn txn;

	(void)state;
	assert_int_equal(txn_begin(f->store, true, &txn), 0);
	txn_put(&txn, TABLE_META, SLICE("a"), SLICE("1"));
	txn_fail(&txn, ERROR_TOO_BIG);
	txn_fail(&txn, ERROR_CORRUPT);
	txn_put(&txn, TABLE_META, SLICE("b"), SLICE("2"));
	txn_append(&txn, TABLE_META, SLICE("b"), SLICE("2"));
	txn_delete(&txn, TABLE_META, SLICE("a"));
	assert_false(txn_get(&txn, TABLE_META, SLICE("a"), &value));
	assert_null(txn_cursor(&txn, TABLE_META));
	assert_false(txn_seek(&txn, NULL, MDB_FIRST, &key, &value));
	assert_int_equal(txn_commit(&txn), ERROR_TOO_BIG);

	assert_int_equal(txn_begin(f->store, false, &txn), 0);
	assert_false(txn_get(&txn, TABLE_META, SLICE("a"), &value));
	assert_int_equal(txn.error, 0); /* not found is an answer */
	txn_abort(&txn);
	txn_abort(&txn);
	fixture_free(f);
}

static void test_put_append_delete(void **state)
{
	struct fixture *f = fixture_new();
	struct slice key = SLICE(""), value;
	struct txn txn;
	MDB_cursor *cursor;

	(void)state;
	assert_int_equal(txn_begin(f->store, true, &txn), 0);
	txn_append(&txn, TABLE_RECEIPT, SLICE("b"), SLICE("1"));
	txn_append(&txn, TABLE_RECEIPT, SLICE("c"), SLICE("2"));
	txn_append(&txn, TABLE_RECEIPT, SLICE("a"), SLICE("3")); /* not behind all others: put all the same */
	txn_append(&txn, TABLE_RECEIPT, SLICE("c"), SLICE("4"));
	txn_delete(&txn, TABLE_RECEIPT, SLICE("b"));
	txn_delete(&txn, TABLE_RECEIPT, SLICE("none"));
	cursor = txn_cursor(&txn, TABLE_RECEIPT);
	assert_true(txn_seek(&txn, cursor, MDB_FIRST, &key, &value));
	assert_true(slice_is(key, "a") && slice_is(value, "3"));
	assert_true(txn_seek(&txn, cursor, MDB_NEXT, &key, &value));
	assert_true(slice_is(key, "c") && slice_is(value, "4"));
	assert_false(txn_seek(&txn, cursor, MDB_NEXT, &key, &value));
	mdb_cursor_close(cursor);
	assert_int_equal(txn_commit(&txn), 0);
	fixture_free(f);
}

static void test_errors_of_lmdb(void **state)
{
	struct fixture *f = fixture_new();
	struct txn txn;

	(void)state;
	assert_int_equal(txn_begin(f->store, true, &txn), 0);
	txn_put(&txn, TABLE_META, SLICE(""), SLICE("no key"));
	assert_int_equal(txn.error, MDB_BAD_VALSIZE);
	assert_int_equal(txn_commit(&txn), MDB_BAD_VALSIZE);
	assert_int_equal(txn_begin(f->store, false, &txn), 0);
	txn_put(&txn, TABLE_META, SLICE("a"), SLICE("in a read transaction"));
	assert_true(txn.error != 0);
	txn_abort(&txn);
	fixture_free(f);
}

static void test_keys(void **state)
{
	struct key key = { .size = 0 };
	struct repo_oid oid = { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 } };

	(void)state;
	key_add(&key, 0x0102, 2);
	key_add_oid(&key, &oid);
	key_add(&key, UINT64_MAX, 8);
	assert_int_equal(key.size, 2 + OID_BYTES + 8);
	assert_memory_equal(key.byte, "\1\2\1\2\3\4\5\6\7\x8\x9\xA\xB\xC\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", key.size);
}

/* All but one slot are a dead reader's; nobody but the next reader is there to clear them. */
static void test_slots_of_the_dead(void **state)
{
	enum { SLOTS = 1023 };
	struct fixture *f = fixture_new();
	struct store_options options = { .dir = f->dir };
	struct txn txn;
	pid_t child;
	int status;

	(void)state;
	fixture_sweep(f, DAY(1), ROW(f, .n = 1));
	fixture_shut(f);
	child = fork();
	if (child == 0) {
		static struct txn many[SLOTS];
		int code = store_open(&options, &f->store, &f->problem);

		for (unsigned i = 0; i < SLOTS && !code; i++)
			code = txn_begin(f->store, false, &many[i]);
		kill(getpid(), code ? SIGTERM : SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_int_equal(store_open(&options, &f->store, &f->problem), 0);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(txn_begin(f->store, false, &txn), 0);
		txn_abort(&txn);
	}
	store_close(&f->store);
	fixture_open(f);
	fixture_free(f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sticky_error),
		cmocka_unit_test(test_put_append_delete),
		cmocka_unit_test(test_errors_of_lmdb),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_slots_of_the_dead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
