/* SPDX-License-Identifier: Apache-2.0 */
/* The change log's tables by themselves: order, time index, records of one repo. */
#include "storage/change_log.h"

#include "storage/frame.h"
#include "storage/model/memory.h"
#include "tests/unit/storage/fixture.h"

#define SLICE_INIT(literal) { (literal), sizeof(literal) - 1 }

static const struct change_origin origin = { "00000000-0000-4000-8000-000000000000", "https://hub.example" };

static void append(struct txn *txn, struct log_head *head, int64_t at_ms, int64_t observed_at_ms, uint32_t number)
{
	struct change change = { .event = EVENT_GAP, .at_ms = at_ms, .observed_at_ms = observed_at_ms };
	struct buf line = BUF_INIT(CHANGE_BYTES_MAX);
	struct change_terms terms = { 0 };

	change_terms_init(&terms);
	change_log_append(txn, head, &change, number, &origin, &line, &terms);
	change_terms_release(&terms);
	buf_release(&line);
}

/* The seqs in the order of `at`, forwards or backwards. */
static const char *walk(struct fixture *f, struct txn *txn, struct log_position position, bool backwards)
{
	MDB_cursor *cursor = txn_cursor(txn, TABLE_CHANGE_TIME);
	const char *seqs = "";

	while (change_time_next(txn, cursor, &position, backwards))
		seqs = fixture_text(f, "%s%s%llu", seqs, *seqs ? " " : "", (unsigned long long)position.seq);
	mdb_cursor_close(cursor);
	return seqs;
}

static void test_order(void **state)
{
	struct fixture *f = fixture_new();
	struct log_head head = { .hash = CHANGE_GENESIS };
	MDB_cursor *cursor;
	struct slice line;
	struct txn txn;
	uint64_t seq = 0;

	(void)state;
	assert_int_equal(txn_begin(f->store, true, &txn), 0);
	append(&txn, &head, 1000, 1000, 7);
	append(&txn, &head, 1000, 1000, 8);
	append(&txn, &head, 500, 500, 7);   /* an answer that was overtaken: as late as the one before */
	append(&txn, &head, 200, 2000, 0);  /* imported: dated by its dump */
	append(&txn, &head, 3000, 3000, 7);
	assert_int_equal(head.seq, 5);
	assert_int_equal(head.at_ms, 3000);
	assert_string_equal(walk(f, &txn, (struct log_position){ 0, 0 }, false), "4 1 2 3 5");
	assert_string_equal(walk(f, &txn, (struct log_position){ INT64_MAX, UINT64_MAX }, true), "5 3 2 1 4");
	assert_string_equal(walk(f, &txn, (struct log_position){ 1000, 1 }, false), "2 3 5");
	assert_string_equal(walk(f, &txn, (struct log_position){ 1000, UINT64_MAX }, false), "5");
	assert_string_equal(walk(f, &txn, (struct log_position){ 1000, 2 }, true), "1 4");
	assert_string_equal(walk(f, &txn, (struct log_position){ 201, 0 }, true), "4");
	assert_string_equal(walk(f, &txn, (struct log_position){ -5, 0 }, false), "4 1 2 3 5");

	cursor = txn_cursor(&txn, TABLE_CHANGE_REPO);
	assert_true(change_repo_next(&txn, cursor, 7, &seq) && seq == 1);
	assert_true(change_repo_next(&txn, cursor, 7, &seq) && seq == 3);
	assert_true(change_repo_next(&txn, cursor, 7, &seq) && seq == 5);
	assert_false(change_repo_next(&txn, cursor, 7, &seq));
	seq = 0;
	assert_false(change_repo_next(&txn, cursor, 9, &seq));
	mdb_cursor_close(cursor);
	assert_true(change_get(&txn, 5, &line));
	assert_false(change_get(&txn, 6, &line));
	assert_false(change_get(&txn, 0, &line));
	assert_int_equal(txn_commit(&txn), 0);
	fixture_free(f);
}

static void test_too_long(void **state)
{
	struct fixture *f = fixture_new();
	struct log_head head = { .hash = CHANGE_GENESIS };
	struct change change = { .event = EVENT_GAP, .reason = SLICE("a reason that does not fit") };
	struct buf line = BUF_INIT(300);
	struct change_terms terms = { 0 };
	struct txn txn;

	(void)state;
	change_terms_init(&terms);
	assert_int_equal(txn_begin(f->store, true, &txn), 0);
	change_log_append(&txn, &head, &change, 0, &origin, &line, &terms);
	assert_int_equal(txn.error, ERROR_TOO_BIG); /* never a record that is cut */
	assert_int_equal(txn_commit(&txn), ERROR_TOO_BIG);
	assert_int_equal(fixture_head(f), 0);
	change_terms_release(&terms);
	buf_release(&line);
	fixture_free(f);
}

/* --- times ---------------------------------------------------------------------------------------------------------*/

struct dated {
	int64_t at_ms, observed_after_ms, observed_at_ms;
	enum origin origin;
};

/* What a change becomes behind a head of 5,000 ms. */
static struct dated append_dated(struct txn *txn, struct log_head *head, struct dated dated)
{
	struct change change = { .event = EVENT_GAP, .origin = dated.origin, .at_ms = dated.at_ms,
		.observed_after_ms = dated.observed_after_ms, .observed_at_ms = dated.observed_at_ms };
	struct buf line = BUF_INIT(CHANGE_BYTES_MAX);
	struct change_terms terms = { 0 };

	change_terms_init(&terms);
	head->at_ms = 5000;
	change_log_append(txn, head, &change, 0, &origin, &line, &terms);
	assert_int_equal(head->at_ms, change.observed_at_ms);
	change_terms_release(&terms);
	buf_release(&line);
	return (struct dated){ change.at_ms, change.observed_after_ms, change.observed_at_ms, change.origin };
}

static void test_times_never_run_backwards(void **state)
{
	static const struct {
		struct dated given, wanted;
	} cases[] = {
		{ { 6000, 5500, 6000, ORIGIN_OBSERVED }, { 6000, 5500, 6000, ORIGIN_OBSERVED } },
		{ { 4000, 3000, 4000, ORIGIN_OBSERVED }, { 5000, 3000, 5000, ORIGIN_OBSERVED } },
		{ { 5000, 5000, 5000, ORIGIN_OBSERVED }, { 5000, 5000, 5000, ORIGIN_OBSERVED } },
		{ { 6000, 7000, 6000, ORIGIN_OBSERVED }, { 6000, 6000, 6000, ORIGIN_OBSERVED } }, /* our clock was set back */
		{ { 4000, 4500, 4000, ORIGIN_OBSERVED }, { 5000, 4500, 5000, ORIGIN_OBSERVED } },
		{ { 1000, 0, 6000, ORIGIN_RECONSTRUCTED }, { 1000, 0, 6000, ORIGIN_RECONSTRUCTED } }, /* dated by its commit */
		{ { 1000, 0, 4000, ORIGIN_RECONSTRUCTED }, { 1000, 0, 5000, ORIGIN_RECONSTRUCTED } },
		{ { 4000, 0, 4000, ORIGIN_IMPORTED }, { 4000, 0, 5000, ORIGIN_IMPORTED } }, /* keeps its day */
	};
	struct fixture *f = fixture_new();
	struct log_head head = { .hash = CHANGE_GENESIS };
	struct txn txn;

	(void)state;
	assert_int_equal(txn_begin(f->store, true, &txn), 0);
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct dated made = append_dated(&txn, &head, cases[i].given);

		assert_int_equal(made.at_ms, cases[i].wanted.at_ms);
		assert_int_equal(made.observed_after_ms, cases[i].wanted.observed_after_ms);
		assert_int_equal(made.observed_at_ms, cases[i].wanted.observed_at_ms);
		assert_int_equal(head.seq, i + 1);
	}
	assert_int_equal(txn_commit(&txn), 0);
	fixture_free(f);
}

static void test_places_beyond_all_times(void **state)
{
	const int64_t last = INT64_C(0xFFFFFFFFFFFF);
	struct fixture *f = fixture_new();
	struct log_head head = { .hash = CHANGE_GENESIS };
	struct key key = { .size = 0 };
	struct txn txn;

	(void)state;
	assert_int_equal(txn_begin(f->store, true, &txn), 0);
	append(&txn, &head, 50, 100, 1);
	key_add(&key, (uint64_t)last, 6); /* no record is so late: the index alone */
	key_add(&key, 2, 8);
	txn_put(&txn, TABLE_CHANGE_TIME, key_slice(&key), SLICE(""));
	assert_string_equal(walk(f, &txn, (struct log_position){ last, 1 }, false), "2");
	assert_string_equal(walk(f, &txn, (struct log_position){ last + 1, 1 }, false), "2");
	assert_string_equal(walk(f, &txn, (struct log_position){ last + 1, 2 }, false), "");
	assert_string_equal(walk(f, &txn, (struct log_position){ last, 2 }, true), "1");
	assert_string_equal(walk(f, &txn, (struct log_position){ last, UINT64_MAX }, false), "");
	assert_string_equal(walk(f, &txn, (struct log_position){ 50, 1 }, true), "");
	assert_string_equal(walk(f, &txn, (struct log_position){ -1, 2 }, true), "");
	assert_string_equal(walk(f, &txn, (struct log_position){ 50, 1 }, false), "2");
	txn_put(&txn, TABLE_CHANGE_TIME, SLICE("\xFF short"), SLICE(""));
	assert_string_equal(walk(f, &txn, (struct log_position){ last, 2 }, false), ""); /* a key that is none ends a walk */
	txn_abort(&txn);
	fixture_free(f);
}

/* --- receipts ------------------------------------------------------------------------------------------------------*/

static void test_receipts(void **state)
{
	static const struct receipt given[] = {
		{ SLICE_INIT("https://hub.example/api?a=b"), SLICE_INIT("Mon, 01 Dec 2025 00:00:00 GMT"), SLICE_INIT("Root=1"), SLICE_INIT("{\"a\":\n1}") },
		{ SLICE_INIT("u"), SLICE_INIT(""), SLICE_INIT(""), SLICE_INIT("") },
	};
	struct fixture *f = fixture_new();
	struct frame_maker *frames = frame_maker_new(NULL);
	struct buf text = BUF_INIT(65536), value = BUF_INIT(65536);
	struct receipt got;
	struct txn txn;

	(void)state;
	assert_int_equal(txn_begin(f->store, true, &txn), 0);
	for (uint64_t i = 0; i < ARRAY_COUNT(given); i++)
		receipt_put(&txn, frames, 300 + i, &given[i], &text, &value);
	for (uint64_t i = 0; i < ARRAY_COUNT(given); i++) {
		assert_int_equal(receipt_get(&txn, frames, 300 + i, &text, &got), 0);
		assert_true(slice_equal(got.url, given[i].url) && slice_equal(got.date, given[i].date));
		assert_true(slice_equal(got.request_id, given[i].request_id) && slice_equal(got.row, given[i].row));
	}
	assert_int_equal(receipt_get(&txn, frames, 299, &text, &got), ERROR_NOT_FOUND);
	assert_int_equal(receipt_get(&txn, frames, 302, &text, &got), ERROR_NOT_FOUND);
	assert_int_equal(txn_commit(&txn), 0);
	buf_release(&text);
	buf_release(&value);
	frame_maker_free(&frames);
	fixture_free(f);
}

/* What a receipt of so many lines is read as. */
static int read_lines(struct txn *txn, struct frame_maker *frames, struct slice content, struct receipt *receipt, struct buf *text)
{
	struct buf value = BUF_INIT(65536);
	struct key key = { .size = 0 };
	uint16_t encoding;

	key_add(&key, 1, 8);
	buf_add(&value, "\0", 2);
	assert_int_equal(frame_pack(frames, DICTIONARY_CONTENT, content, &value, &encoding), 0);
	put_u16((uint8_t *)value.data, encoding);
	txn_put(txn, TABLE_RECEIPT, key_slice(&key), buf_as_slice(&value));
	buf_release(&value);
	return receipt_get(txn, frames, 1, text, receipt);
}

static void test_receipts_that_are_none(void **state)
{
	struct fixture *f = fixture_new();
	struct frame_maker *frames = frame_maker_new(NULL);
	struct buf text = BUF_INIT(65536), value = BUF_INIT(8);
	struct receipt receipt;
	struct key key = { .size = 0 };
	struct txn txn;

	(void)state;
	assert_int_equal(txn_begin(f->store, true, &txn), 0);
	assert_int_equal(read_lines(&txn, frames, SLICE("u\nd\ni\nrow"), &receipt, &text), 0);
	assert_true(slice_is(receipt.row, "row") && slice_is(receipt.request_id, "i"));
	assert_int_equal(read_lines(&txn, frames, SLICE("\n\n\n"), &receipt, &text), 0);
	assert_int_equal(receipt.row.size, 0);
	assert_int_equal(read_lines(&txn, frames, SLICE("u\nd\ni"), &receipt, &text), ERROR_CORRUPT);
	assert_int_equal(read_lines(&txn, frames, SLICE("u\nd"), &receipt, &text), ERROR_CORRUPT);
	assert_int_equal(read_lines(&txn, frames, SLICE("u"), &receipt, &text), ERROR_CORRUPT);
	assert_int_equal(read_lines(&txn, frames, SLICE(""), &receipt, &text), ERROR_CORRUPT);
	key_add(&key, 1, 8);
	txn_put(&txn, TABLE_RECEIPT, key_slice(&key), SLICE("x"));
	assert_int_equal(receipt_get(&txn, frames, 1, &text, &receipt), ERROR_CORRUPT);
	txn_put(&txn, TABLE_RECEIPT, key_slice(&key), SLICE("\0\1junk"));
	assert_int_not_equal(receipt_get(&txn, frames, 1, &text, &receipt), 0);
	assert_int_equal(txn.error, 0);
	receipt_put(&txn, frames, 2, &(struct receipt){ .row = SLICE("longer than eight bytes") }, &text, &value);
	assert_int_equal(txn.error, ERROR_TOO_BIG);
	txn_abort(&txn);
	buf_release(&text);
	buf_release(&value);
	frame_maker_free(&frames);
	fixture_free(f);
}

/* --- the newest license record of a repo ------------------------------------------------------------------------------*/

static void append_event(struct txn *txn, struct log_head *head, enum event event, enum origin from, uint32_t number)
{
	struct change change = { .event = event, .origin = from, .has_repo = true, .name = SLICE("a/b"), .at_ms = 1000,
		.observed_at_ms = 1000 };
	struct buf line = BUF_INIT(CHANGE_BYTES_MAX);
	struct change_terms terms = { 0 };

	change_terms_init(&terms);
	change_log_append(txn, head, &change, number, &origin, &line, &terms);
	assert_int_equal(txn->error, 0);
	change_terms_release(&terms);
	buf_release(&line);
}

static void test_newest_license(void **state)
{
	struct fixture *f = fixture_new();
	struct log_head head = { .hash = CHANGE_GENESIS };
	struct txn txn;

	(void)state;
	assert_int_equal(txn_begin(f->store, true, &txn), 0);
	assert_int_equal(change_newest_license(&txn, 7), 0); /* an empty log */
	append_event(&txn, &head, EVENT_METADATA_CHANGED, ORIGIN_OBSERVED, 7);
	assert_int_equal(change_newest_license(&txn, 7), 0);
	append_event(&txn, &head, EVENT_LICENSE_SWITCHED, ORIGIN_OBSERVED, 7); /* 2 */
	assert_int_equal(change_newest_license(&txn, 7), 2);
	assert_int_equal(change_newest_license(&txn, 6), 0);
	assert_int_equal(change_newest_license(&txn, 8), 0);
	append_event(&txn, &head, EVENT_LICENSE_DECLARED, ORIGIN_OBSERVED, 8);      /* 3: a neighbour's */
	append_event(&txn, &head, EVENT_LICENSE_SWITCHED, ORIGIN_RECONSTRUCTED, 7); /* 4: of the past */
	append_event(&txn, &head, EVENT_REPO_RENAMED, ORIGIN_OBSERVED, 7);          /* 5 */
	assert_int_equal(change_newest_license(&txn, 7), 2);
	append_event(&txn, &head, EVENT_LICENSE_TERMS, ORIGIN_IMPORTED, 7); /* 6 */
	assert_int_equal(change_newest_license(&txn, 7), 6);
	assert_int_equal(change_newest_license(&txn, 8), 3);
	append_event(&txn, &head, EVENT_LICENSE_WITHDRAWN, ORIGIN_OBSERVED, 0x01000000); /* 7: its key is far behind */
	assert_int_equal(change_newest_license(&txn, 0x01000000), 7);
	assert_int_equal(change_newest_license(&txn, UINT32_MAX), 0);
	txn_put(&txn, TABLE_CHANGE_REPO, SLICE("\0\0\0\7\0\0\0\0\0\0\0\6x"), SLICE("")); /* a key that is none */
	assert_int_equal(change_newest_license(&txn, 7), 0);
	txn_abort(&txn);
	fixture_free(f);
}

static void test_repo_s_records(void **state)
{
	struct fixture *f = fixture_new();
	struct log_head head = { .hash = CHANGE_GENESIS };
	MDB_cursor *cursor;
	struct txn txn;
	uint64_t seq = 0;

	(void)state;
	assert_int_equal(txn_begin(f->store, true, &txn), 0);
	append(&txn, &head, 1000, 1000, 0); /* of no repo: in no such index */
	append(&txn, &head, 1000, 1000, 1);
	append(&txn, &head, 1000, 1000, 2);
	cursor = txn_cursor(&txn, TABLE_CHANGE_REPO);
	assert_false(change_repo_next(&txn, cursor, 0, &seq));
	assert_true(change_repo_next(&txn, cursor, 1, &seq) && seq == 2);
	assert_false(change_repo_next(&txn, cursor, 1, &seq));
	assert_int_equal(seq, 2); /* as it was */
	txn_put(&txn, TABLE_CHANGE_REPO, SLICE("\0\0\0\1\0\0\0\0\0\0\0\3x"), SLICE(""));
	assert_false(change_repo_next(&txn, cursor, 1, &seq));
	mdb_cursor_close(cursor);
	txn_abort(&txn);
	fixture_free(f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_times_never_run_backwards),
		cmocka_unit_test(test_places_beyond_all_times),
		cmocka_unit_test(test_receipts),
		cmocka_unit_test(test_receipts_that_are_none),
		cmocka_unit_test(test_newest_license),
		cmocka_unit_test(test_repo_s_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
