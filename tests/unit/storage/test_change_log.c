/* SPDX-License-Identifier: Apache-2.0 */
/* The change log's tables by themselves: order, time index, records of one repo. */
#include "storage/change_log.h"

#include "storage/model/memory.h"
#include "tests/unit/storage/fixture.h"

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

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
