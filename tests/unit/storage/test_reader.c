/* SPDX-License-Identifier: Apache-2.0 */
/* What every reader shares: walks, versions, times, and going on behind damage. */
#include "storage/repo_table.h"
#include "storage/snapshot_table.h"

#include "storage/model/memory.h"
#include "tests/unit/storage/fixture.h"

static struct reader *open_reader(struct fixture *f)
{
	struct reader *reader;

	assert_int_equal(reader_open(f->store, &reader, &f->problem), 0);
	return reader;
}

static void test_empty_store(void **state)
{
	struct fixture *f = fixture_new();
	struct reader *reader = open_reader(f);
	struct repo_oid none = { { 0 } };
	struct repo_ref ref;
	struct log_head head;
	struct log_position position = { 0, 0 };
	struct sweep_state sweep;
	struct snapshot snapshot;
	struct arena arena = { 0 };
	struct slice text;
	uint64_t rows, gone, seq = 0;

	(void)state;
	assert_int_equal(reader_repo(reader, REPO_MODEL, &none, &ref), ERROR_NOT_FOUND);
	assert_int_equal(reader_repo_from(reader, REPO_MODEL, &none, &ref), ERROR_NOT_FOUND);
	assert_int_equal(reader_counts(reader, REPO_SPACE, &rows, &gone), 0);
	assert_true(rows == 0 && gone == 0);
	assert_int_equal(reader_head(reader, &head), 0);
	assert_true(head.seq == 0 && head.at_ms == 0);
	assert_string_equal(head.hash, CHANGE_GENESIS);
	assert_int_equal(reader_change(reader, 1, &text), ERROR_NOT_FOUND);
	assert_int_equal(reader_change_next(reader, &position, false), ERROR_NOT_FOUND);
	assert_int_equal(reader_change_next(reader, &position, true), ERROR_NOT_FOUND);
	assert_int_equal(reader_repo_change_next(reader, 1, &seq), ERROR_NOT_FOUND);
	assert_int_equal(reader_sweep(reader, REPO_MODEL, &sweep), 0);
	assert_int_equal(sweep.number, 0);
	assert_int_equal(reader_snapshot(reader, 1, 1, &arena, &snapshot), ERROR_NOT_FOUND);
	assert_int_equal(reader_missing_count(reader), 0);
	reader_close(&reader);
	reader_close(&reader);
	arena_release(&arena);
	fixture_free(f);
}

static void test_walks(void **state)
{
	struct fixture *f = fixture_new();
	struct reader *reader;
	struct repo_ref ref = { .kind = REPO_MODEL };
	const char *rows = ROW(f, .n = 1);
	unsigned count = 0;

	(void)state;
	for (unsigned n = 3; n < 100; n += 2)
		rows = fixture_text(f, "%s,%s", rows, ROW(f, .n = n));
	fixture_sweep(f, DAY(1), rows);
	reader = open_reader(f);
	while (reader_repo_from(reader, REPO_MODEL, &ref.oid, &ref) == 0) {
		assert_int_equal(get_u32(ref.oid.byte + 8), 2 * count + 1);
		count++;
		assert_true(oid_next(&ref.oid));
	}
	assert_int_equal(count, 50);
	for (unsigned n = 100; n-- > 0;) { /* in no order of the walk */
		ref.oid = fixture_oid_bytes(n);
		assert_int_equal(reader_repo(reader, REPO_MODEL, &ref.oid, &ref), n % 2 ? 0 : ERROR_NOT_FOUND);
		ref.oid = fixture_oid_bytes(n);
		assert_int_equal(reader_repo_from(reader, REPO_MODEL, &ref.oid, &ref), 0);
		assert_int_equal(get_u32(ref.oid.byte + 8), n % 2 ? n : n + 1);
	}
	reader_close(&reader);
	fixture_free(f);
}

static void test_oid_next(void **state)
{
	struct repo_oid oid = { { 0 } };

	(void)state;
	memset(oid.byte + 6, 0xFF, 6);
	assert_true(oid_next(&oid));
	assert_true(oid.byte[5] == 1 && oid.byte[6] == 0 && oid.byte[11] == 0);
	memset(oid.byte, 0xFF, OID_BYTES);
	assert_false(oid_next(&oid));
}

/* A reader shows one moment; paused it pins nothing, resumed it shows the next. */
static void test_pause(void **state)
{
	struct fixture *f = fixture_new();
	struct reader *reader;
	struct log_head head;

	(void)state;
	fixture_sweep(f, DAY(1), ROW(f));
	reader = open_reader(f);
	fixture_poll(f, DAY(2), ROW(f, .card = "{\"a\":1}"));
	assert_int_equal(reader_head(reader, &head), 0);
	assert_int_equal(head.seq, 0);
	reader_pause(reader);
	reader_pause(reader);
	fixture_poll(f, DAY(3), ROW(f, .card = "{\"a\":2}"));
	assert_int_equal(reader_resume(reader), 0);
	assert_int_equal(reader_resume(reader), 0);
	assert_int_equal(reader_head(reader, &head), 0);
	assert_int_equal(head.seq, 2);
	reader_pause(reader);
	reader_close(&reader);
	fixture_free(f);
}

static void test_last_seen(void **state)
{
	struct fixture *f = fixture_new();
	struct repo_ref ref;
	struct reader *reader;
	const char *both = fixture_text(f, "%s,%s", ROW(f, .n = 1), ROW(f, .n = 2));

	(void)state;
#define LAST_SEEN(n) (ref = fixture_repo(f, (n)), reader = open_reader(f), last = reader_last_seen(reader, &ref), \
	reader_close(&reader), last)
	int64_t last;
	fixture_sweep(f, DAY(1), both);
	assert_int_equal(LAST_SEEN(1), DAY(1));
	fixture_sweep(f, DAY(2), both); /* a look, no write */
	assert_int_equal(LAST_SEEN(1), DAY(2));
	fixture_poll(f, DAY(3), ROW(f, .n = 1, .sha = 2));
	assert_int_equal(LAST_SEEN(1), DAY(3));
	assert_int_equal(LAST_SEEN(2), DAY(2));
	fixture_sweep(f, DAY(4), ROW(f, .n = 2));
	assert_int_equal(LAST_SEEN(1), DAY(3)); /* missing: this sweep did not see it */
	assert_int_equal(LAST_SEEN(2), DAY(4));
	fixture_confirm(f, DAY(5), CONFIRM_GONE, 1, "");
	fixture_sweep(f, DAY(6), ROW(f, .n = 2));
	assert_int_equal(LAST_SEEN(1), DAY(5)); /* when it was known to be gone */
	fixture_free(f);
}

static void test_changes_of_a_repo(void **state)
{
	struct fixture *f = fixture_new();
	struct reader *reader;
	uint64_t seq = 0;
	uint32_t number;

	(void)state;
	fixture_sweep(f, DAY(1), fixture_text(f, "%s,%s", ROW(f, .n = 1), ROW(f, .n = 2)));
	for (unsigned i = 1; i < 7; i++)
		fixture_poll(f, DAY(1 + i), ROW(f, .n = 1 + i % 2, .card = fixture_text(f, "{\"n\":%u}", i)));
	number = fixture_repo(f, 1).row.number;
	reader = open_reader(f);
	for (unsigned wanted = 2; wanted <= 6; wanted += 2) {
		assert_int_equal(reader_repo_change_next(reader, number, &seq), 0);
		assert_int_equal(seq, wanted);
	}
	assert_int_equal(reader_repo_change_next(reader, number, &seq), ERROR_NOT_FOUND);
	reader_close(&reader);
	fixture_free(f);
}

static void test_projection_and_counters(void **state)
{
	struct fixture *f = fixture_new();
	struct reader *reader;
	struct projection projection;
	struct change_counter downloads, likes;
	struct repo_ref ref;

	(void)state;
	fixture_sweep(f, DAY(1), ROW(f, .likes = 3, .downloads = 4));
	ref = fixture_repo(f, 1);
	reader = open_reader(f);
	assert_int_equal(reader_projection(reader, ref.row.projection, &projection), 0);
	assert_int_equal(projection.fields, fields_asked(REPO_MODEL));
	assert_int_equal(projection.rules, CANON_RULES);
	assert_int_equal(reader_projection(reader, 99, &projection), ERROR_NOT_FOUND);
	assert_int_equal(reader_counters(reader, ref.row.number, &downloads, &likes), 0);
	assert_true(downloads.value == 4 && likes.value == 3);
	reader_close(&reader);
	fixture_free(f);
}

/* --- damage ------------------------------------------------------------------------------------------------------- */

/* One byte of a value, changed behind the store's back. */
static void flip(struct fixture *f, enum store_table table, struct slice key, size_t at)
{
	struct buf copy = BUF_INIT(1 << 20);
	struct slice value;
	struct txn txn;

	assert_int_equal(txn_begin(f->store, true, &txn), 0);
	assert_true(txn_get(&txn, table, key, &value));
	buf_slice(&copy, value);
	copy.data[at] ^= 1;
	txn_put(&txn, table, key, buf_as_slice(&copy));
	assert_int_equal(txn_commit(&txn), 0);
	buf_release(&copy);
}

static void test_damaged_row(void **state)
{
	struct fixture *f = fixture_new();
	struct repo_oid oid = fixture_oid_bytes(1), other = fixture_oid_bytes(2);
	struct reader *reader;
	struct repo_ref ref;

	(void)state;
	fixture_sweep(f, DAY(1), fixture_text(f, "%s,%s", ROW(f, .n = 1), ROW(f, .n = 2)));
	flip(f, TABLE_REPO_MODEL, oid_slice(&oid), 40);
	reader = open_reader(f);
	assert_int_equal(reader_repo(reader, REPO_MODEL, &oid, &ref), ERROR_CORRUPT);
	assert_int_equal(reader_repo(reader, REPO_MODEL, &other, &ref), 0); /* and it goes on */
	ref.oid = oid;
	assert_int_equal(reader_repo_from(reader, REPO_MODEL, &oid, &ref), ERROR_CORRUPT);
	assert_int_equal(oid_compare(&ref.oid, &oid), 0); /* says where, so that a walk can step over it */
	reader_close(&reader);
	fixture_free(f);
}

/* A flipped bit anywhere in a stored version shows; the versions that do not need it stay readable. */
static void test_damaged_version(void **state)
{
	struct fixture *f = fixture_new();
	struct key key = { .size = 0 };
	struct arena arena = { 0 };
	struct snapshot snapshot;
	struct reader *reader;
	uint32_t number;

	(void)state;
	fixture_sweep(f, DAY(1), ROW(f));
	for (unsigned i = 1; i < 40; i++)
		fixture_poll(f, DAY(1 + i), ROW(f, .card = fixture_text(f, "{\"n\":%u}", i)));
	number = fixture_repo(f, 1).row.number;
	key_add(&key, number, 4);
	key_add(&key, 20, 4);
	for (size_t at = 0; at < SNAPSHOT_HEADER + 8; at += 5) {
		flip(f, TABLE_SNAPSHOT, key_slice(&key), at);
		reader = open_reader(f);
		assert_int_equal(reader_snapshot(reader, number, 20, &arena, &snapshot), ERROR_CORRUPT);
		assert_int_equal(reader_snapshot(reader, number, 21, &arena, &snapshot), ERROR_CORRUPT); /* a delta to it */
		assert_int_equal(reader_snapshot(reader, number, 19, &arena, &snapshot), 0);
		assert_int_equal(reader_snapshot(reader, number, 33, &arena, &snapshot), 0); /* full again */
		reader_close(&reader);
		flip(f, TABLE_SNAPSHOT, key_slice(&key), at);
	}
	fixture_verify(f);
	arena_release(&arena);
	fixture_free(f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty_store),
		cmocka_unit_test(test_walks),
		cmocka_unit_test(test_oid_next),
		cmocka_unit_test(test_pause),
		cmocka_unit_test(test_last_seen),
		cmocka_unit_test(test_changes_of_a_repo),
		cmocka_unit_test(test_projection_and_counters),
		cmocka_unit_test(test_damaged_row),
		cmocka_unit_test(test_damaged_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
