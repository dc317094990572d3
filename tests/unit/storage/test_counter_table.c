/* SPDX-License-Identifier: Apache-2.0 */
/* Downloads and likes, as series of days. */
#include "storage/counter_table.h"

#include "tests/unit/storage/fixture.h"

static void put(struct fixture *f, struct counter_update *updates, size_t count, int64_t now_ms)
{
	struct txn txn;

	assert_int_equal(txn_begin(f->store, true, &txn), 0);
	counter_put_all(&txn, updates, count, now_ms);
	assert_int_equal(txn_commit(&txn), 0);
}

static void assert_counters(struct fixture *f, uint32_t number, int64_t downloads, int64_t likes)
{
	struct change_counter d, l;
	struct txn txn;

	assert_int_equal(txn_begin(f->store, false, &txn), 0);
	assert_int_equal(counter_get(&txn, number, &d, &l), downloads >= 0 || likes >= 0);
	assert_int_equal(txn.error, 0);
	assert_int_equal(d.known ? (int64_t)d.value : -1, downloads);
	assert_int_equal(l.known ? (int64_t)l.value : -1, likes);
	txn_abort(&txn);
}

static size_t entries(struct fixture *f)
{
	struct txn txn;
	MDB_stat stat;

	assert_int_equal(txn_begin(f->store, false, &txn), 0);
	mdb_stat(txn.lmdb, store_table(f->store, TABLE_COUNTER), &stat);
	txn_abort(&txn);
	return stat.ms_entries;
}

/* All sizes that a varint can have, across the borders of a block. */
static void test_values(void **state)
{
	static const uint32_t values[] = { 0, 1, 126, 127, 128, 16382, 16383, 16384, 2097151, 268435455, 268435456, COUNTER_UNKNOWN - 1 };
	struct counter_update updates[3 * ARRAY_COUNT(values)];
	struct fixture *f = fixture_new();
	size_t count = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(values); i++)
		for (uint32_t k = 0; k < 3; k++) /* in no order */
			updates[count++] = (struct counter_update){ (2 - k) * COUNTER_BLOCK + COUNTER_BLOCK - 1 - (uint32_t)i, values[i],
				values[ARRAY_COUNT(values) - 1 - i] };
	put(f, updates, count, DAY(1));
	for (size_t i = 0; i < ARRAY_COUNT(values); i++)
		for (uint32_t k = 0; k < 3; k++)
			assert_counters(f, k * COUNTER_BLOCK + COUNTER_BLOCK - 1 - (uint32_t)i, values[i],
				values[ARRAY_COUNT(values) - 1 - i]);
	assert_counters(f, 0, -1, -1);
	assert_counters(f, 100000, -1, -1);
	assert_int_equal(entries(f), 3);
	fixture_free(f);
}

static void test_days(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	put(f, (struct counter_update[]){ { 1, 5, 6 }, { 2, 7, COUNTER_UNKNOWN } }, 2, DAY(1));
	put(f, (struct counter_update[]){ { 1, 5, 6 } }, 1, DAY(2));
	assert_int_equal(entries(f), 1); /* nothing new: nothing written */
	put(f, (struct counter_update[]){ { 1, 9, COUNTER_UNKNOWN } }, 1, DAY(3));
	assert_int_equal(entries(f), 2);
	assert_counters(f, 1, 9, 6); /* unknown keeps what is known */
	assert_counters(f, 2, 7, -1);
	put(f, (struct counter_update[]){ { 1, 10, 7 }, { 1, 11, 7 } }, 2, DAY(3) + 1000);
	assert_int_equal(entries(f), 2); /* one a day, the newest of it */
	assert_counters(f, 1, 11, 7);
	put(f, NULL, 0, DAY(4));
	fixture_free(f);
}

static void test_damage(void **state)
{
	static const struct slice values[] = { SLICE_NONE, { "\1", 1 }, { "\1\xFF", 2 }, { "\1\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 8 },
		{ "\1\x80\x80\x80\x80\x80", 6 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(values); i++) {
		struct fixture *f = fixture_new();
		struct key key = { .size = 0 };
		struct change_counter d, l;
		struct txn txn;
		key_add(&key, 0, 4);
		key_add(&key, 20000, 4);
		assert_int_equal(txn_begin(f->store, true, &txn), 0);
		txn_put(&txn, TABLE_COUNTER, key_slice(&key), values[i].data ? values[i] : SLICE(""));
		counter_get(&txn, 0, &d, &l);
		counter_put_all(&txn, (struct counter_update[]){ { 3, 1, 2 } }, 1, DAY(9999));
		counter_get(&txn, 3, &d, &l);
		assert_true(d.value == 1 && l.value == 2);
		assert_int_equal(txn_commit(&txn), 0);
		fixture_free(f);
	}
}

/* What rows bring: a sweep that finds the same counters does not write the table. */
static void test_from_rows(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	fixture_sweep(f, DAY(1), ROW(f, .likes = 5, .downloads = 6));
	assert_counters(f, 1, 6, 5);
	fixture_sweep(f, DAY(2), ROW(f, .likes = 5, .downloads = 6));
	assert_int_equal(entries(f), 1);
	fixture_sweep(f, DAY(3), ROW(f, .likes = 6, .downloads = 6));
	assert_int_equal(entries(f), 2);
	assert_counters(f, 1, 6, 6);
	assert_int_equal(fixture_head(f), 0);
	fixture_free(f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_days),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_from_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
