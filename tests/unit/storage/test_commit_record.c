/* SPDX-License-Identifier: Apache-2.0 */
/* Records and what goes with them: the chain by hand, the proof of license events, new license tables. */
#include <stdio.h>
#include <stdlib.h>

#include <openssl/sha.h>

#include "storage/frame.h"
#include "storage/meta.h"
#include "tests/unit/storage/fixture.h"

/* Six records: a creation, and five switches. */
static void make_records(struct fixture *f)
{
	static const char *const ids[] = { "mit", "gpl-3.0", "apache-2.0", "cc-by-4.0", "mit" };

	fixture_sweep(f, DAY(1), ROW(f));
	for (unsigned i = 0; i < ARRAY_COUNT(ids); i++)
		fixture_poll(f, DAY(2 + i), ROW(f, .card = fixture_text(f, "{\"license\":\"%s\"}", ids[i]), .sha = 2 + i));
	fixture_poll(f, DAY(9), ROW(f, .n = 2, .created = "2025-01-09T12:00:00.000Z"));
}

static void test_chain_by_hand(void **state)
{
	struct fixture *f = fixture_new();
	const char *prev = CHANGE_GENESIS;

	(void)state;
	make_records(f);
	assert_int_equal(fixture_head(f), 6);
	for (uint64_t seq = 1; seq <= 6; seq++) {
		const char *line = fixture_record(f, seq), *end = strstr(line, ",\"prev\":\"");
		const char *text = fixture_text(f, "%s%.*s", prev, (int)(end - line), line);
		unsigned char digest[32];
		char hash[HASH_HEX + 1];
		SHA256((const unsigned char *)text, strlen(text), digest);
		for (unsigned i = 0; i < 32; i++)
			snprintf(hash + 2 * i, 3, "%02x", digest[i]);
		assert_string_equal(end, fixture_text(f, ",\"prev\":\"%s\",\"hash\":\"%s\"}", prev, hash));
		prev = fixture_text(f, "%s", hash);
		assert_string_equal(fixture_field(f, seq, "seq"), fixture_text(f, "%llu", (unsigned long long)seq));
	}
	fixture_free(f);
}

/* Over restarts and empty batches: no hole, nothing twice. */
static void test_seq_is_dense(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		fixture_poll(f, DAY(i), ROW(f, .card = fixture_text(f, "{\"n\":%u}", i)));
		fixture_commit(f, NULL, 0);
		if (i % 3 == 0)
			fixture_reopen(f);
	}
	assert_int_equal(fixture_head(f), 9);
	fixture_verify(f);
	fixture_free(f);
}

static struct slice receipt_of(struct fixture *f, uint64_t seq, struct buf *out)
{
	struct frame_maker *frames = frame_maker_new(NULL);
	struct slice value;
	struct txn txn;
	struct key key = { .size = 0 };

	key_add(&key, seq, 8);
	buf_reset(out);
	assert_int_equal(txn_begin(f->store, false, &txn), 0);
	if (txn_get(&txn, TABLE_RECEIPT, key_slice(&key), &value))
		assert_int_equal(frame_unpack(frames, get_u16(slice_bytes(value)),
					 (struct slice){ value.data + 2, value.size - 2 }, SLICE_NONE, out), 0);
	txn_abort(&txn);
	frame_maker_free(&frames);
	return buf_as_slice(out);
}

/* The row as it was received, with its URL, Date and request id. */
static void test_proof(void **state)
{
	struct fixture *f = fixture_new();
	struct buf out = BUF_INIT(1 << 20);
	const char *row;

	(void)state;
	fixture_sweep(f, DAY(1), ROW(f));
	row = ROW(f, .card = "{ \"license\" : \"m\\u0069t\", \"b\":1,\"a\":1}", .likes = 12);
	fixture_poll(f, DAY(2), row);
	assert_string_equal(fixture_events(f, 0), "license.declared[cardData.license] metadata.changed[cardData.a,cardData.b]");
	receipt_of(f, 1, &out);
	assert_string_equal(out.data, fixture_text(f, "https://hub.example/api/models?limit=1000\nWed, 01 Jan 2025 00:00:00 GMT\n"
						       "Root=1-test\n%s", row));
	assert_int_equal(receipt_of(f, 2, &out).size, 0); /* license events alone */
	buf_release(&out);
	fixture_free(f);
}

static void test_counters_in_records(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	fixture_sweep(f, DAY(1), ROW(f, .likes = 1, .downloads = 2));
	fixture_poll(f, DAY(2), ROW(f, .card = "{\"license\":\"mit\"}", .likes = 34, .downloads = 56));
	assert_string_equal(fixture_field(f, 1, "likes"), "34");
	assert_string_equal(fixture_field(f, 1, "downloads_30d"), "56");
	fixture_free(f);
}

static void test_import(void **state)
{
	struct fixture *f = fixture_new();
	struct answer answer;

	(void)state;
	fixture_prepare(f, &answer, LANE_IMPORT, DAY(1), ROW(f, .card = "{\"license\":\"mit\"}"));
	fixture_commit(f, &answer, 1);
	fixture_prepare(f, &answer, LANE_IMPORT, DAY(200), ROW(f, .card = "{\"license\":\"gpl-3.0\"}"));
	fixture_commit(f, &answer, 1);
	assert_string_equal(fixture_field(f, 1, "origin"), "\"imported\"");
	/* A dump from before what is known tells nothing, however old it is. */
	fixture_prepare(f, &answer, LANE_IMPORT, DAY(2), ROW(f, .card = "{\"license\":\"apache-2.0\"}"));
	fixture_commit(f, &answer, 1);
	assert_int_equal(fixture_head(f), 1);
	fixture_free(f);
}

/* --- new license tables ------------------------------------------------------------------------------------------- */

/* As a program with other tables would have left the store: another version, and another class of what is known. */
static void set_older_tables(struct fixture *f, enum license_class class)
{
	struct txn txn;
	struct slice value;
	struct key key = { .size = 0 };
	struct buf copy = BUF_INIT(10000);

	key_add(&key, 1, 4);
	assert_int_equal(txn_begin(f->store, true, &txn), 0);
	meta_set_text(&txn, "tables", SLICE("2020-01-01"));
	assert_true(txn_get(&txn, TABLE_STATEMENT, key_slice(&key), &value));
	buf_slice(&copy, value);
	copy.data[0] = (char)class;
	txn_put(&txn, TABLE_STATEMENT, key_slice(&key), buf_as_slice(&copy));
	assert_int_equal(txn_commit(&txn), 0);
	buf_release(&copy);
}

static void test_tables_changed(void **state)
{
	struct fixture *f = fixture_new();
	const char *rows = fixture_text(f, "%s,%s", ROW(f, .n = 1, .card = "{\"license\":\"mit\"}"), ROW(f, .n = 2));

	(void)state;
	fixture_sweep(f, DAY(1), rows);
	assert_int_equal(fixture_head(f), 0); /* the first tables of a store are no news */
	set_older_tables(f, LICENSE_UNKNOWN);
	fixture_reopen(f);
	fixture_sweep(f, DAY(2), rows);
	assert_string_equal(fixture_events(f, 0), "tables.changed");
	assert_string_equal(fixture_field(f, 1, "repo"), "null");
	assert_string_equal(fixture_field(f, 1, "reason"),
		fixture_text(f, "\"license tables 2020-01-01 to %s; before: permissive 0 copyleft 0 use-restricted 0 source-available 0 "
				"non-commercial 0 proprietary 0 unknown 1 undeclared 1; after: permissive 1 copyleft 0 "
				"use-restricted 0 source-available 0 non-commercial 0 proprietary 0 unknown 0 undeclared 1\"",
			license_tables_version()));
	fixture_sweep(f, DAY(3), rows);
	assert_int_equal(fixture_head(f), 1); /* once, and nothing per repo */
	set_older_tables(f, LICENSE_UNKNOWN);
	fixture_reopen(f);
	fixture_import(f, DAY(4), true, rows);
	assert_string_equal(fixture_events(f, 1), "tables.changed");
	assert_string_equal(fixture_field(f, 2, "origin"), "\"observed\""); /* they are ours, not the dump's */
	fixture_verify(f);
	fixture_free(f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chain_by_hand),
		cmocka_unit_test(test_seq_is_dense),
		cmocka_unit_test(test_proof),
		cmocka_unit_test(test_counters_in_records),
		cmocka_unit_test(test_import),
		cmocka_unit_test(test_tables_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
