/* SPDX-License-Identifier: Apache-2.0 */
/* Who bears or bore a name. */
#include "storage/name_table.h"

#include "tests/unit/storage/fixture.h"

static struct name_entry entry_of(struct slice name, uint32_t number, int64_t from_ms, int64_t until_ms)
{
	return (struct name_entry){ .hash = name_hash(REPO_MODEL, name), .number = number, .oid = fixture_oid_bytes(number),
		.from_ms = from_ms, .until_ms = until_ms };
}

static void test_hash(void **state)
{
	(void)state;
	assert_true(name_hash(REPO_MODEL, SLICE("Org/Name")) == name_hash(REPO_MODEL, SLICE("org/nAME")));
	assert_true(name_hash(REPO_MODEL, SLICE("org/name")) != name_hash(REPO_DATASET, SLICE("org/name")));
	assert_true(name_hash(REPO_MODEL, SLICE("org/name")) != name_hash(REPO_MODEL, SLICE("org/nam")));
	assert_true(name_hash(REPO_MODEL, SLICE("\xC3\x89")) != name_hash(REPO_MODEL, SLICE("\xC3\xA9"))); /* ASCII alone */
}

static void test_entries(void **state)
{
	struct fixture *f = fixture_new();
	struct name_entry entries[] = { entry_of(SLICE("b"), 3, 0, 0), entry_of(SLICE("a"), 2, DAY(1), 0),
		entry_of(SLICE("a"), 1, 0, DAY(2)), entry_of(SLICE("a"), 0xFFFFFFFE, DAY(3), DAY(4)) };
	struct name_entry found = { .hash = entries[1].hash };
	MDB_cursor *cursor;
	struct txn txn;

	(void)state;
	assert_int_equal(txn_begin(f->store, true, &txn), 0);
	name_put_all(&txn, entries, ARRAY_COUNT(entries));
	cursor = txn_cursor(&txn, TABLE_NAME);
	assert_true(name_next(&txn, cursor, &found));
	assert_true(found.number == 1 && found.from_ms == 0 && found.until_ms == DAY(2));
	assert_true(name_next(&txn, cursor, &found));
	assert_true(found.number == 2 && found.from_ms == DAY(1) && found.until_ms == 0);
	assert_memory_equal(found.oid.byte, fixture_oid_bytes(2).byte, OID_BYTES);
	assert_true(name_next(&txn, cursor, &found));
	assert_true(found.number == 0xFFFFFFFE && found.until_ms == DAY(4));
	assert_false(name_next(&txn, cursor, &found)); /* not on to another name */
	mdb_cursor_close(cursor);
	assert_true(name_get(&txn, name_hash(REPO_MODEL, SLICE("B")), 3, &found));
	assert_false(name_get(&txn, name_hash(REPO_MODEL, SLICE("B")), 4, &found));
	assert_int_equal(txn_commit(&txn), 0);
	fixture_free(f);
}

static void test_damage(void **state)
{
	struct fixture *f = fixture_new();
	struct name_entry found;
	struct key key = { .size = 0 };
	struct txn txn;

	(void)state;
	assert_int_equal(txn_begin(f->store, true, &txn), 0);
	key_add(&key, 7, 8);
	key_add(&key, 1, 4);
	txn_put(&txn, TABLE_NAME, key_slice(&key), SLICE("short"));
	assert_false(name_get(&txn, 7, 1, &found));
	assert_int_equal(txn.error, ERROR_CORRUPT);
	txn_abort(&txn);
	fixture_free(f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
