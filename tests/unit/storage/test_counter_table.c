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

static void assert_counters_at(struct fixture *f, uint32_t number, int64_t at_ms, int64_t downloads, int64_t day_ms)
{
	struct counter_block block;
	struct change_counter d, l;
	struct reader *reader;
	int64_t found_ms;

	assert_int_equal(reader_open(f->store, &reader, &f->problem), 0);
	assert_int_equal(reader_counter_block(reader, number, at_ms, &block, &found_ms), day_ms ? 0 : ERROR_NOT_FOUND);
	counter_block_of(&block, number, &d, &l);
	assert_int_equal(d.known ? (int64_t)d.value : -1, downloads);
	assert_int_equal(found_ms, day_ms);
	reader_close(&reader);
}

/* Years of days, some of which are skipped: each is found again as it was. */
static void test_series(void **state)
{
	enum { DAYS = 400, REPOS = 40 };
	struct fixture *f = fixture_new();
	struct txn txn;
	MDB_stat stat;

	(void)state;
	for (uint32_t day = 1; day <= DAYS; day++) {
		struct counter_update updates[REPOS];

		if (day % 7 == 3)
			continue;
		for (uint32_t i = 0; i < REPOS; i++) /* most stay as they are */
			updates[i] = (struct counter_update){ 300 + i, i % 8 ? 1000 + i : day * 31 % 1000 * (i + 1), day / 100 };
		put(f, updates, REPOS, DAY(day));
		if (day % 5 == 0) { /* a second look on the same day */
			updates[8].downloads++;
			put(f, updates, REPOS, DAY(day) + HOUR(3));
		}
	}
	for (uint32_t day = 1; day <= DAYS; day++) {
		uint32_t seen = day % 7 == 3 ? day - 1 : day;

		assert_counters_at(f, 308, DAY(day) + HOUR(20), seen * 31 % 1000 * 9 + (seen % 5 == 0), DAY(seen));
		assert_counters_at(f, 301, DAY(day), 1001, DAY(seen));
	}
	assert_counters_at(f, 308, DAY(0), -1, 0);
	assert_counters_at(f, 308, 0, (int64_t)(DAYS * 31 % 1000 * 9 + 1), DAY(DAYS));
	assert_int_equal(txn_begin(f->store, false, &txn), 0);
	mdb_stat(txn.lmdb, store_table(f->store, TABLE_COUNTER), &stat);
	txn_abort(&txn);
	assert_true(stat.ms_leaf_pages * stat.ms_psize < entries(f) * 80); /* five of forty move, by three bytes */
	fixture_verify(f);
	fixture_free(f);
}

static void test_damaged_day(void **state)
{
	struct fixture *f = fixture_new();
	struct key key = { .size = 0 };
	struct slice value;
	struct txn txn;
	char bytes[COUNTER_BLOCK_BYTES_MAX];

	(void)state;
	for (uint32_t day = 1; day <= 5; day++)
		put(f, (struct counter_update[]){ { 1, day, 6 }, { 2, 5, 5 }, { 3, 5, 5 }, { 4, 5, 5 } }, 4, DAY(day));
	key_add(&key, 0, 4);
	key_add(&key, (uint64_t)(DAY(2) / 86400000), 4);
	assert_int_equal(txn_begin(f->store, true, &txn), 0);
	assert_true(txn_get(&txn, TABLE_COUNTER, key_slice(&key), &value));
	assert_true(counter_block_leads_back(value));
	memcpy(bytes, value.data, value.size);
	bytes[value.size - 2] ^= 1;
	txn_put(&txn, TABLE_COUNTER, key_slice(&key), (struct slice){ bytes, value.size });
	assert_int_equal(txn_commit(&txn), 0);
	assert_counters_at(f, 1, DAY(3), 3, DAY(3));
	assert_counters(f, 1, 5, 6);
	{
		struct counter_block block;
		struct reader *reader;
		int64_t day_ms;

		assert_int_equal(reader_open(f->store, &reader, &f->problem), 0);
		assert_int_equal(reader_counter_block(reader, 1, DAY(2), &block, &day_ms), ERROR_NOT_FOUND); /* nothing is made up */
		assert_int_equal(block.downloads[1], 0);
		reader_close(&reader);
	}
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
		cmocka_unit_test(test_series),
		cmocka_unit_test(test_damaged_day),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_from_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
