/* SPDX-License-Identifier: Apache-2.0 */
/* verify: a store that grew by commits is whole, and every kind of damage to one is found. */
#include "storage/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "storage/frame.h"
#include "storage/meta.h"
#include "storage/name_table.h"
#include "storage/past_table.h"
#include "storage/txn.h"
#include "tests/unit/storage/fixture.h"

enum { FINDINGS_TEXT = 65536, VERSIONS = 20 };

static char findings[FINDINGS_TEXT];

static void on_finding(void *owner, const struct finding *finding)
{
	size_t size = strlen(findings);

	(void)owner;
	snprintf(findings + size, sizeof(findings) - size, "%s %s: %s\n", finding->table, finding->key, finding->what);
}

static struct verify_summary verify(struct fixture *f, uint64_t from, const char *head)
{
	struct verify_options options = { .from_seq = from, .head_line = head, .on_finding = on_finding };
	struct verify_summary summary;

	findings[0] = '\0';
	verify_run(f->store, &options, &summary);
	return summary;
}

/* Four repos: one with many versions (full frames and deltas), one renamed, two as they were. */
static struct fixture *grown(void)
{
	struct fixture *f = fixture_new();
	const char *rows = fixture_text(f, "%s,%s,%s,%s", ROW(f, .n = 1, .card = "{\"license\":\"mit\"}"),
		ROW(f, .n = 2, .card = "{\"license\":\"apache-2.0\"}"), ROW(f, .n = 3), ROW(f, .n = 4));

	fixture_sweep(f, DAY(1), rows);
	for (unsigned i = 0; i < VERSIONS; i++)
		fixture_poll(f, DAY(2) + HOUR(i),
			ROW(f, .n = 1, .card = i % 2 ? "{\"license\":\"mit\"}" : "{\"license\":\"gpl-3.0\"}", .sha = i + 2));
	fixture_poll(f, DAY(3), ROW(f, .n = 2, .id = fixture_text(f, "new/%0100u", 1), .card = "{\"license\":\"apache-2.0\"}"));
	return f;
}

static void test_grown_store_is_whole(void **state)
{
	struct fixture *f = grown();
	struct verify_summary summary = verify(f, 0, NULL);

	(void)state;
	if (summary.findings)
		fail_msg("%s", findings);
	assert_true(summary.counts_compared);
	assert_int_equal(summary.records, fixture_head(f));
	assert_int_equal(summary.repos, 4);
	assert_int_equal(summary.versions, 4 + VERSIONS + 1);
	assert_int_equal(summary.names, 5);
	assert_true(summary.receipts >= VERSIONS);
	assert_int_equal(summary.head.seq, summary.records);
	fixture_free(f);
}

static void test_empty_store_is_whole(void **state)
{
	struct fixture *f = fixture_new();
	struct verify_summary summary = verify(f, 0, NULL);

	(void)state;
	assert_int_equal(summary.findings, 0);
	assert_int_equal(summary.records, 0);
	fixture_free(f);
}

/* ---- damage ------------------------------------------------------------------------------------------------------*/

static struct key seq_key(uint64_t seq)
{
	struct key key = { .size = 0 };

	key_add(&key, seq, 8);
	return key;
}

/* The first key of a table, copied. */
static struct key first_key(struct txn *txn, enum store_table table)
{
	MDB_cursor *cursor = txn_cursor(txn, table);
	struct slice key = SLICE_NONE, value;
	struct key copy = { .size = 0 };

	assert_true(txn_seek(txn, cursor, MDB_FIRST, &key, &value));
	memcpy(copy.byte, key.data, key.size);
	copy.size = key.size;
	mdb_cursor_close(cursor);
	return copy;
}

static struct key version_key(uint32_t number, uint32_t version)
{
	struct key key = { .size = 0 };

	key_add(&key, number, 4);
	key_add(&key, version, 4);
	return key;
}

/* A byte of what lies in the file, in each table and anywhere in a value: one that is not found is a table without a check. */
static void flip_value(struct fixture *f, enum store_table table, unsigned entry, unsigned part)
{
	MDB_val key = { 0 }, value = { 0 };
	char copy[SEAL_KEY_MAX];
	MDB_cursor *cursor;
	struct txn txn;

	assert_int_equal(txn_begin(f->store, true, &txn), 0);
	cursor = txn_cursor(&txn, table);
	for (unsigned i = 0; i <= entry; i++)
		assert_int_equal(mdb_cursor_get(cursor, &key, &value, MDB_NEXT), 0);
	mdb_cursor_close(cursor);
	memcpy(copy, key.mv_data, key.mv_size);
	fixture_flip_stored(&txn, table, (struct slice){ copy, key.mv_size }, value.mv_size * part / 4);
	assert_int_equal(mdb_txn_commit(txn.lmdb), 0); /* no table is sealed anew */
	store_leave(f->store);
}

/* How many entries a table has; one that is sealed gets one where it has none. */
static uint64_t fill(struct fixture *f, enum store_table table)
{
	struct txn txn;
	uint64_t entries;

	assert_int_equal(txn_begin(f->store, true, &txn), 0);
	if (!txn_entries(&txn, table) && store_table_has_seal(table))
		txn_put(&txn, table, SLICE("some key"), SLICE("some value"));
	entries = txn_entries(&txn, table);
	assert_int_equal(txn_commit(&txn), 0);
	return entries;
}

static void test_every_flip_of_a_value_is_found(void **state)
{
	struct fixture *f = grown();

	(void)state;
	for (unsigned table = 0; table < TABLE_COUNT; table++) {
		uint64_t entries = fill(f, table);

		if (!entries || table == TABLE_CHANGE_TIME || table == TABLE_CHANGE_REPO || table == TABLE_STATEMENT_HASH)
			continue;
		for (unsigned part = 0; part <= 4; part++) {
			uint64_t before = verify(f, 0, NULL).findings, found;

			flip_value(f, table, (unsigned)entries / 2, part);
			found = verify(f, 0, NULL).findings;
			assert_int_equal(strstr(findings, "the check word of its value") != NULL, store_table_has_seal(table));
			if (!found || (!store_table_has_seal(table) && found <= before))
				fail_msg("table %u, quarter %u: not found", table, part);
			flip_value(f, table, (unsigned)entries / 2, part);
		}
	}
	fixture_free(f);
}

static void edit_record(struct txn *txn)
{
	struct key key = seq_key(7);

	fixture_flip(txn, TABLE_CHANGE, key_slice(&key), 400);
}

static void drop_record(struct txn *txn)
{
	struct key key = seq_key(7);

	txn_delete(txn, TABLE_CHANGE, key_slice(&key));
}

static void swap_records(struct txn *txn)
{
	struct buf seventh = BUF_INIT(1 << 20), eighth = BUF_INIT(1 << 20);
	struct key a = seq_key(7), b = seq_key(8);
	struct slice value;

	assert_true(txn_get(txn, TABLE_CHANGE, key_slice(&a), &value));
	buf_slice(&seventh, value);
	assert_true(txn_get(txn, TABLE_CHANGE, key_slice(&b), &value));
	buf_slice(&eighth, value);
	txn_put(txn, TABLE_CHANGE, key_slice(&a), buf_as_slice(&eighth));
	txn_put(txn, TABLE_CHANGE, key_slice(&b), buf_as_slice(&seventh));
	buf_release(&seventh);
	buf_release(&eighth);
}

static void cut_log(struct txn *txn)
{
	struct log_head head;
	struct key key;

	meta_head(txn, &head);
	key = seq_key(head.seq);
	txn_delete(txn, TABLE_CHANGE, key_slice(&key));
}

/* An edit with a hash of its own that fits: only the next record's prev tells. */
static void reseal_record(struct txn *txn)
{
	struct buf line = BUF_INIT(1 << 20);
	struct key key = seq_key(7);
	char prev[HASH_HEX + 1], claimed[HASH_HEX + 1], computed[HASH_HEX + 1];
	struct slice value;
	const char *end;

	assert_true(txn_get(txn, TABLE_CHANGE, key_slice(&key), &value));
	assert_true(change_check(value, prev, claimed, computed));
	end = memmem(value.data, value.size, ",\"prev\":", 8);
	buf_add(&line, value.data, (size_t)(end - value.data));
	memcpy(memmem(line.data, line.size, "org/repo-1", 10), "org/repo-X", 10);
	change_seal(&line, prev, claimed);
	txn_put(txn, TABLE_CHANGE, key_slice(&key), buf_as_slice(&line));
	buf_release(&line);
}

static void drop_time_entry(struct txn *txn)
{
	struct key key = first_key(txn, TABLE_CHANGE_TIME);

	txn_delete(txn, TABLE_CHANGE_TIME, key_slice(&key));
}

static void drop_repo_entry(struct txn *txn)
{
	struct key key = first_key(txn, TABLE_CHANGE_REPO);

	txn_delete(txn, TABLE_CHANGE_REPO, key_slice(&key));
}

static void drop_term_entry(struct txn *txn)
{
	struct key key = first_key(txn, TABLE_CHANGE_TERM);

	txn_delete(txn, TABLE_CHANGE_TERM, key_slice(&key));
}

static void change_term_event(struct txn *txn)
{
	struct key key = first_key(txn, TABLE_CHANGE_TERM);

	txn_put(txn, TABLE_CHANGE_TERM, key_slice(&key), SLICE("\x16"));
}

static void add_time_entry(struct txn *txn)
{
	struct key key = { .size = 0 };

	key_add(&key, (uint64_t)DAY(9), 6);
	key_add(&key, 4711, 8);
	txn_put(txn, TABLE_CHANGE_TIME, key_slice(&key), SLICE(""));
}

static void flip_receipt(struct txn *txn)
{
	struct key key = first_key(txn, TABLE_RECEIPT);
	struct slice value;

	assert_true(txn_get(txn, TABLE_RECEIPT, key_slice(&key), &value));
	fixture_flip(txn, TABLE_RECEIPT, key_slice(&key), 3); /* in the head of its frame */
}

static void flip_row(struct txn *txn)
{
	struct repo_oid oid = fixture_oid_bytes(1);

	fixture_flip(txn, TABLE_REPO_MODEL, oid_slice(&oid), 40);
}

static void drop_row(struct txn *txn)
{
	struct repo_oid oid = fixture_oid_bytes(1);

	txn_delete(txn, TABLE_REPO_MODEL, oid_slice(&oid));
}

static void change_row(struct txn *txn, void (*change)(struct repo_row *row))
{
	struct repo_oid oid = fixture_oid_bytes(1);
	uint8_t bytes[REPO_ROW_BYTES];
	struct repo_row row;
	struct slice value;

	assert_true(txn_get(txn, TABLE_REPO_MODEL, oid_slice(&oid), &value));
	assert_true(repo_row_decode(slice_bytes(value), value.size, &oid, &row));
	change(&row);
	repo_row_encode(&row, &oid, bytes);
	txn_put(txn, TABLE_REPO_MODEL, oid_slice(&oid), (struct slice){ (const char *)bytes, sizeof(bytes) });
}

static void set_statement(struct repo_row *row)
{
	row->statement = 999;
}

static void set_projection(struct repo_row *row)
{
	row->projection = 999;
}

static void set_number(struct repo_row *row)
{
	row->number = 999;
}

static void set_hash(struct repo_row *row)
{
	row->canonical_hash++;
}

static void set_versions(struct repo_row *row)
{
	row->versions++;
}

static void fewer_versions(struct repo_row *row)
{
	row->versions -= 2; /* the same content again, but one version is nobody's */
}

static void set_gone(struct repo_row *row)
{
	row->flags |= REPO_GONE;
}

#define CHANGE_ROW(change) \
	static void row_##change(struct txn *txn) \
	{ \
		change_row(txn, change); \
	}
CHANGE_ROW(set_statement)
CHANGE_ROW(set_projection)
CHANGE_ROW(set_number)
CHANGE_ROW(set_hash)
CHANGE_ROW(set_versions)
CHANGE_ROW(fewer_versions)
CHANGE_ROW(set_gone)

static void flip_first_frame(struct txn *txn)
{
	struct key key = version_key(1, 1);

	fixture_flip(txn, TABLE_SNAPSHOT, key_slice(&key), 50);
}

static void drop_delta(struct txn *txn)
{
	struct key key = version_key(1, 5);

	txn_delete(txn, TABLE_SNAPSHOT, key_slice(&key));
}

static void drop_name(struct txn *txn)
{
	struct key key = { .size = 0 };

	key_add(&key, name_hash(REPO_MODEL, SLICE("org/repo-3")), 8);
	key_add(&key, 3, 4);
	txn_delete(txn, TABLE_NAME, key_slice(&key));
}

static void add_name(struct txn *txn)
{
	name_put(txn, &(struct name_entry){ .hash = 1, .number = 77, .oid = fixture_oid_bytes(77) });
}

static void flip_statement(struct txn *txn)
{
	struct key key = first_key(txn, TABLE_STATEMENT);

	fixture_flip(txn, TABLE_STATEMENT, key_slice(&key), 3);
}

static void drop_statement_hash(struct txn *txn)
{
	struct key key = first_key(txn, TABLE_STATEMENT_HASH);

	txn_delete(txn, TABLE_STATEMENT_HASH, key_slice(&key));
}

static void add_missing(struct txn *txn)
{
	struct key key = { .size = 0 }, value = { .size = 0 };
	struct repo_oid oid = fixture_oid_bytes(78);

	key_add(&key, REPO_SPACE, 1);
	key_add_oid(&key, &oid);
	value.size = 16;
	txn_put(txn, TABLE_MISSING, key_slice(&key), key_slice(&value));
}

static void flip_projection(struct txn *txn)
{
	struct key key = first_key(txn, TABLE_PROJECTION);

	fixture_flip(txn, TABLE_PROJECTION, key_slice(&key), 0);
}

static void flip_dictionary(struct txn *txn)
{
	struct key key = first_key(txn, TABLE_DICTIONARY);

	fixture_flip(txn, TABLE_DICTIONARY, key_slice(&key), 1000);
}

static void odd_evidence(struct txn *txn)
{
	txn_put(txn, TABLE_EVIDENCE, SLICE("12345678"), SLICE("odd"));
}

static void evidence_of_nothing(struct txn *txn)
{
	evidence_put(txn, &(struct evidence_due){ .seq = 4711, .oid = fixture_oid_bytes(1) });
}

static void evidence_of_nobody(struct txn *txn)
{
	evidence_put(txn, &(struct evidence_due){ .seq = 1, .oid = fixture_oid_bytes(99) });
}

static void odd_past(struct txn *txn)
{
	txn_put(txn, TABLE_BACKFILL, SLICE("1234"), SLICE("odd"));
}

static void past_of_another(struct txn *txn)
{
	past_put(txn, 2, &(struct past_row){ .oid = fixture_oid_bytes(1) });
}

static void odd_look(struct txn *txn)
{
	txn_put(txn, TABLE_LOOK, SLICE("odd"), SLICE("123456"));
}

static void move_head(struct txn *txn)
{
	struct log_head head;

	meta_head(txn, &head);
	head.hash[0] = head.hash[0] == 'a' ? 'b' : 'a';
	meta_set_head(txn, &head);
}

static void test_damage_is_found(void **state)
{
	static const struct {
		void (*damage)(struct txn *txn);
		const char *finds;
	} cases[] = {
		{ edit_record, "change seq 7: was edited" },
		{ drop_record, "change seq 7: is missing: the next is seq 8" },
		{ swap_records, "change seq 7: does not follow the record before it" },
		{ swap_records, "change seq 7: calls itself seq 8" },
		{ cut_log, "is missing: the log ends before its head" },
		{ reseal_record, "change seq 8: does not follow the record before it" },
		{ drop_time_entry, "change.time seq 1: is not in the index by time" },
		{ add_time_entry, "change.time seq 4711: has no record" },
		{ drop_repo_entry, "is not in the index by repo" },
		{ drop_term_entry, "is not in the index under" },
		{ change_term_event, "has another event under" },
		{ flip_receipt, "a compressed frame is damaged" },
		{ flip_row, "repo.model 659200800000000000000001: its check word does not fit" },
		{ drop_row, "is about a repo that has no row" },
		{ drop_row, "the name leads to no repo" },
		{ row_set_statement, "its statement 999 is not there" },
		{ row_set_projection, "its projection 999 is not there" },
		{ row_set_number, "its number 999 was never given" },
		{ row_set_hash, "its newest version is not what the row says" },
		{ row_set_versions, "version 22: is not there" },
		{ row_fewer_versions, "snapshot the table: entries: 25, but there should be 23" },
		{ row_set_gone, "models the table: counted as gone: 0, but there should be 1" },
		{ flip_first_frame, "version 1: its check word does not fit" },
		{ drop_delta, "version 5: is not there" },
		{ drop_name, "its name does not lead to it" },
		{ add_name, "the name leads to no repo" },
		{ flip_statement, "is not found by its hash" },
		{ drop_statement_hash, "is not found by its hash" },
		{ add_missing, "is missing, but was never there" },
		{ flip_projection, "projection 1: cannot be read" },
		{ flip_dictionary, "is not the one that is built into this program" },
		{ odd_evidence, "evidence an entry: has another form" },
		{ evidence_of_nothing, "evidence seq 4711: has no record" },
		{ evidence_of_nobody, "evidence seq 1: is about a repo that has no row" },
		{ odd_past, "has another form than entries have" },
		{ past_of_another, "backfill repo 2: is about a repo that has no row, or another number" },
		{ odd_look, "look an entry: has another form than entries have" },
		{ move_head, "meta head: has another hash than the last record" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct fixture *f = grown();
		struct txn txn;
		struct verify_summary summary;

		assert_int_equal(txn_begin(f->store, true, &txn), 0);
		cases[i].damage(&txn);
		assert_int_equal(txn_commit(&txn), 0);
		summary = verify(f, 0, NULL);
		if (!summary.findings || !strstr(findings, cases[i].finds))
			fail_msg("case %zu: '%s' is not among:\n%s", i, cases[i].finds, findings);
		fixture_free(f);
	}
}

/* A file that lost its end is told, not run into. */
static void test_cut_file_is_found(void **state)
{
	struct fixture *f = grown();
	const char *path = fixture_text(f, "%s/data.mdb", f->dir);

	(void)state;
	assert_int_equal(truncate(path, 64 * 1024), 0);
	assert_true(verify(f, 0, NULL).findings == 1);
	assert_non_null(strstr(findings, "data.mdb the file: is cut off: 65536 bytes of "));
	fixture_free(f);
}

/* ---- from and heads ----------------------------------------------------------------------------------------------*/

static void test_from(void **state)
{
	struct fixture *f = grown();
	uint64_t head = fixture_head(f);
	struct txn txn;

	(void)state;
	assert_int_equal(txn_begin(f->store, true, &txn), 0);
	edit_record(&txn);
	assert_int_equal(txn_commit(&txn), 0);
	assert_true(verify(f, 7, NULL).findings > 0);
	assert_int_equal(verify(f, 8, NULL).findings, 0); /* taken up behind the edited one, at what it claims */
	assert_int_equal(verify(f, 8, NULL).records, head - 7);
	assert_int_equal(verify(f, head + 1, NULL).findings, 0);
	fixture_free(f);
}

static const char *head_line(struct fixture *f, uint64_t seq)
{
	char prev[HASH_HEX + 1], claimed[HASH_HEX + 1], computed[HASH_HEX + 1];

	assert_true(change_check(slice_of(fixture_record(f, seq)), prev, claimed, computed));
	return fixture_text(f, "%s %llu %s 2025-01-03T00:00:00.000Z", store_ledger(f->store), (unsigned long long)seq,
		claimed);
}

/* Every record behind an edit rewritten: the chain fits, only a head that was kept elsewhere tells. */
static void rewrite_behind(struct fixture *f, uint64_t from)
{
	char prev[HASH_HEX + 1], claimed[HASH_HEX + 1], computed[HASH_HEX + 1];
	uint64_t end = fixture_head(f);
	struct txn txn;
	struct log_head head;

	assert_int_equal(txn_begin(f->store, true, &txn), 0);
	meta_head(&txn, &head);
	for (uint64_t seq = from; seq <= end; seq++) {
		struct buf line = BUF_INIT(1 << 20);
		struct key key = seq_key(seq);
		struct slice value;
		const char *seal;

		assert_true(txn_get(&txn, TABLE_CHANGE, key_slice(&key), &value));
		assert_true(change_check(value, seq == from ? head.hash : prev, claimed, computed));
		seal = memmem(value.data, value.size, ",\"prev\":", 8);
		buf_add(&line, value.data, (size_t)(seal - value.data));
		if (seq == from)
			memcpy(memmem(line.data, line.size, "\"observed\"", 10), "\"imported\"", 10); /* in no index */
		change_seal(&line, head.hash, head.hash);
		txn_put(&txn, TABLE_CHANGE, key_slice(&key), buf_as_slice(&line));
		buf_release(&line);
	}
	meta_set_head(&txn, &head);
	assert_int_equal(txn_commit(&txn), 0);
}

static void test_kept_heads(void **state)
{
	struct fixture *f = grown();
	uint64_t end = fixture_head(f);
	const char *early = head_line(f, 3), *late = head_line(f, end);
	const char *beyond = fixture_text(f, "%s %llu " CHANGE_GENESIS " x", store_ledger(f->store), (unsigned long long)end + 1);
	const char *other = fixture_text(f, "00000000-0000-4000-8000-000000000000 3 " CHANGE_GENESIS " x");

	(void)state;
	assert_int_equal(verify(f, 0, early).findings, 0);
	assert_int_equal(verify(f, 0, late).findings, 0);
	assert_true(verify(f, 0, beyond).findings == 1 && strstr(findings, "is the end of the log, which went to"));
	assert_true(verify(f, 0, other).findings == 1 && strstr(findings, "never was that of the head that was kept: another store"));
	rewrite_behind(f, 7);
	verify(f, 0, NULL);
	assert_string_equal(findings, "");
	assert_int_equal(verify(f, 0, early).findings, 0);
	assert_true(verify(f, 0, late).findings == 1 && strstr(findings, "the log was rewritten"));
	fixture_free(f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grown_store_is_whole),
		cmocka_unit_test(test_empty_store_is_whole),
		cmocka_unit_test(test_every_flip_of_a_value_is_found),
		cmocka_unit_test(test_damage_is_found),
		cmocka_unit_test(test_cut_file_is_found),
		cmocka_unit_test(test_from),
		cmocka_unit_test(test_kept_heads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
