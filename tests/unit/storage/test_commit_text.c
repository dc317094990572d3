/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at texts: who is noted for one, what it stores, and which records it writes, each once. */
#include "storage/detail_table.h"
#include "storage/text_table.h"
#include "storage/verify.h"
#include "tests/unit/storage/fixture.h"

#define OTHER "{\"license\":\"other\",\"license_name\":\"house\"}"
#define APACHE "{\"license\":\"apache-2.0\"}"

static struct fixture *fixture_with_texts(void)
{
	struct fixture *f = fixture_new();

	committer_want_texts(f->committer, true, 100);
	return f;
}

static uint64_t wanted(struct fixture *f)
{
	struct reader *reader;
	uint64_t count;

	assert_int_equal(reader_open(f->store, &reader, &f->problem), 0);
	count = reader_detail_count(reader);
	reader_close(&reader);
	return count;
}

/* What is noted of the n-th repo; false: nothing. */
static bool todo_of(struct fixture *f, unsigned n, struct detail_todo *todo)
{
	struct repo_oid oid = fixture_oid_bytes(n);
	struct txn txn;
	bool found;

	assert_int_equal(txn_begin(f->store, false, &txn), 0);
	found = detail_get(&txn, REPO_MODEL, &oid, todo);
	txn_abort(&txn);
	return found;
}

static struct text_entry entry_of(struct fixture *f, unsigned n)
{
	struct repo_oid oid = fixture_oid_bytes(n);
	struct text_entry entry;
	struct reader *reader;

	assert_int_equal(reader_open(f->store, &reader, &f->problem), 0);
	reader_texts(reader, REPO_MODEL, &oid, &f->texts, &entry);
	reader_close(&reader);
	return entry;
}

struct look {
	unsigned n;
	enum text_kind kind;
	enum text_outcome outcome;
	const char *text;
	bool not_last;
};

/* A look at the first repo as the lane makes it: at the row's head, for the record that the to-do names. */
static void look(struct fixture *f, int64_t at_ms, struct look it)
{
	struct repo_ref ref = fixture_repo(f, it.n ? it.n : 1);
	struct detail_todo todo = { .of = 0 };
	struct text_look made = {
		.oid = ref.oid,
		.kind = it.kind,
		.outcome = it.outcome ? it.outcome : TEXT_FOUND,
		.version = ref.row.versions,
		.name = slice_of(it.kind == TEXT_CARD ? "README.md" : "LICENSE"),
		.etag = SLICE("\"etag\""),
		.text = slice_of(it.text),
		.last = !it.not_last,
	};
	struct answer answer = { .lane = LANE_DETAIL, .answered_ms = at_ms, .look = &made };

	todo_of(f, it.n ? it.n : 1, &todo);
	made.of = todo.of;
	memcpy(made.sha, ref.row.sha, SHA_BYTES);
	fixture_commit(f, &answer, 1);
}

#define LOOK(f, at_ms, ...) look((f), (at_ms), (struct look){ __VA_ARGS__ })

/* --- who is noted --------------------------------------------------------------------------------------------------- */

static void test_who_is_wanted(void **state)
{
	struct fixture *f = fixture_with_texts();
	struct detail_todo todo;

	(void)state;
	fixture_sweep(f, DAY(1), fixture_text(f, "%s,%s,%s,%s,%s", ROW(f, .n = 1, .card = OTHER, .downloads = 100),
					 ROW(f, .n = 2, .card = OTHER, .downloads = 99), ROW(f, .n = 3, .downloads = 500),
					 ROW(f, .n = 4, .card = APACHE, .downloads = 500),
					 ROW(f, .n = 5, .card = "{\"license\":\"no-such\"}", .downloads = 500)));
	assert_int_equal(wanted(f), 3);
	assert_int_equal(f->counts.texts_wanted, 3);
	for (unsigned n = 1; n <= 5; n++)
		assert_int_equal(todo_of(f, n, &todo), n != 2 && n != 4);
	/* a license record asks, whatever the downloads; before those that only wait */
	fixture_poll(f, DAY(2), ROW(f, .n = 2, .card = APACHE, .downloads = 1, .sha = 2));
	assert_true(todo_of(f, 2, &todo));
	assert_int_equal(todo.rank, DETAIL_RECORD);
	assert_int_equal(todo.of, 1);
	/* one that waits already is moved up, not noted twice */
	fixture_poll(f, DAY(3), ROW(f, .n = 1, .card = APACHE, .downloads = 100, .sha = 2));
	assert_true(todo_of(f, 1, &todo));
	assert_int_equal(todo.rank, DETAIL_RECORD);
	assert_int_equal(wanted(f), 4);
	fixture_verify(f);
	fixture_free(f);
}

static void test_who_is_not_wanted(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	fixture_sweep(f, DAY(1), ROW(f, .card = OTHER, .downloads = 500)); /* off */
	assert_int_equal(wanted(f), 0);
	committer_want_texts(f->committer, true, 100);
	fixture_poll(f, DAY(2), ROW(f, .card = OTHER, .downloads = 500)); /* its head did not move */
	assert_int_equal(wanted(f), 0);
	fixture_poll(f, DAY(3), ROW(f, .card = OTHER, .downloads = 500, .sha = 2));
	assert_int_equal(wanted(f), 1);
	fixture_sweep(f, DAY(4), "");
	fixture_confirm(f, DAY(5), CONFIRM_GONE, 1, "");
	assert_int_equal(wanted(f), 0);
	fixture_free(f);
}

/* --- what is told --------------------------------------------------------------------------------------------------- */

static void test_terms(void **state)
{
	struct fixture *f = fixture_with_texts();

	(void)state;
	fixture_sweep(f, DAY(1), ROW(f, .card = OTHER, .downloads = 500));
	LOOK(f, DAY(2), .text = "one", .not_last = true);
	assert_int_equal(wanted(f), 1);
	LOOK(f, DAY(2) + 1, .kind = TEXT_CARD, .text = "card");
	assert_int_equal(wanted(f), 0);
	assert_int_equal(fixture_head(f), 0); /* what is found first is the start */
	fixture_poll(f, DAY(3), ROW(f, .card = OTHER, .downloads = 500, .sha = 2));
	LOOK(f, DAY(4), .text = "two");
	assert_string_equal(fixture_events(f, 0), "license.terms[LICENSE]");
	assert_string_equal(fixture_field(f, 1, "direction"), "\"unclear\"");
	assert_string_equal(fixture_field(f, 1, "of"), "null");
	assert_string_equal(fixture_field(f, 1, "before.text"),
		"\"7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed\"");
	assert_string_equal(fixture_field(f, 1, "after.text"),
		"\"3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3\"");
	/* its own record does not ask for evidence of itself */
	assert_int_equal(wanted(f), 0);
	/* the same text at another commit is no news, told by its bytes or by its ETag */
	fixture_poll(f, DAY(5), ROW(f, .card = OTHER, .downloads = 500, .sha = 3));
	LOOK(f, DAY(6), .text = "two");
	fixture_poll(f, DAY(7), ROW(f, .card = OTHER, .downloads = 500, .sha = 4));
	LOOK(f, DAY(8), .outcome = TEXT_SAME);
	assert_int_equal(fixture_head(f), 1);
	assert_int_equal(entry_of(f, 1).seen[TEXT_LICENSE].seen_ms, DAY(8));
	fixture_verify(f);
	fixture_free(f);
}

static void test_evidence_of_a_switch(void **state)
{
	struct fixture *f = fixture_with_texts();

	(void)state;
	fixture_sweep(f, DAY(1), ROW(f, .card = OTHER, .downloads = 500));
	LOOK(f, DAY(2), .text = "one", .not_last = true);
	LOOK(f, DAY(2), .kind = TEXT_CARD, .text = "card");
	fixture_poll(f, DAY(3), ROW(f, .card = APACHE, .downloads = 500, .sha = 2));
	assert_string_equal(fixture_field(f, 1, "before.text"),
		"\"7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed\"");
	assert_string_equal(fixture_field(f, 1, "after.text"), "null"); /* not looked at yet */
	LOOK(f, DAY(4), .text = "two", .not_last = true);
	LOOK(f, DAY(4), .text = "two", .not_last = true); /* killed before the card: the look comes again */
	assert_string_equal(fixture_events(f, 1), "evidence.text[LICENSE]");
	assert_string_equal(fixture_field(f, 2, "of"), "1");
	assert_string_equal(fixture_field(f, 2, "before.license"), "[\"other\"]");
	assert_string_equal(fixture_field(f, 2, "after.license"), "[\"apache-2.0\"]");
	LOOK(f, DAY(5), .kind = TEXT_CARD, .text = "card");
	assert_string_equal(fixture_events(f, 2), "evidence.text[README.md]"); /* the same before and after: that is evidence */
	assert_int_equal(wanted(f), 0);
	/* under the new statement the text is no term, but told */
	fixture_poll(f, DAY(6), ROW(f, .card = APACHE, .downloads = 5, .sha = 3));
	assert_int_equal(wanted(f), 1);
	LOOK(f, DAY(7), .text = "three");
	assert_string_equal(fixture_events(f, 3), "evidence.text[LICENSE]");
	assert_string_equal(fixture_field(f, 4, "of"), "1");
	assert_string_equal(fixture_field(f, 4, "direction"), "null");
	fixture_verify(f);
	fixture_free(f);
}

static void test_nothing_to_tell(void **state)
{
	struct fixture *f = fixture_with_texts();

	(void)state;
	fixture_sweep(f, DAY(1), ROW(f, .card = APACHE));
	fixture_poll(f, DAY(2), ROW(f, .card = "{\"license\":\"mit\"}", .sha = 2));
	LOOK(f, DAY(3), .outcome = TEXT_NONE, .not_last = true);
	LOOK(f, DAY(3), .kind = TEXT_CARD, .outcome = TEXT_NONE);
	assert_string_equal(fixture_events(f, 0), "license.switched[cardData.license]");
	assert_int_equal(wanted(f), 0);
	/* no to-do, no look: an answer that comes twice finds it settled */
	LOOK(f, DAY(4), .text = "late");
	assert_int_equal(entry_of(f, 1).seen[TEXT_LICENSE].known, TEXT_NONE);
	fixture_free(f);
}

/* What is gated, elsewhere or no text keeps what was known; with it the next text is compared. */
static void test_unseen_keeps_what_was_known(void **state)
{
	static const enum text_outcome unseen[] = { TEXT_GATED, TEXT_ELSEWHERE, TEXT_UNFIT };

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(unseen); i++) {
		struct fixture *f = fixture_with_texts();
		struct text_entry entry;

		fixture_sweep(f, DAY(1), ROW(f, .card = OTHER, .downloads = 500));
		LOOK(f, DAY(2), .text = "one");
		fixture_poll(f, DAY(3), ROW(f, .card = OTHER, .downloads = 500, .sha = 2));
		LOOK(f, DAY(4), .outcome = unseen[i]);
		entry = entry_of(f, 1);
		assert_int_equal(entry.seen[TEXT_LICENSE].outcome, unseen[i]);
		assert_int_equal(entry.seen[TEXT_LICENSE].known, TEXT_FOUND);
		assert_int_equal(entry.seen[TEXT_CARD].outcome, unseen[i] == TEXT_GATED ? TEXT_GATED : TEXT_UNSEEN);
		fixture_poll(f, DAY(5), ROW(f, .card = OTHER, .downloads = 500, .sha = 3));
		LOOK(f, DAY(6), .text = "two");
		assert_string_equal(fixture_events(f, 0), "license.terms[LICENSE]");
		fixture_free(f);
	}
}

/* --- what is asked again -------------------------------------------------------------------------------------------- */

static void test_undecided_is_asked_again_but_not_for_ever(void **state)
{
	struct fixture *f = fixture_with_texts();
	unsigned tries = 0;

	(void)state;
	fixture_sweep(f, DAY(1), ROW(f, .card = OTHER, .downloads = 500));
	while (wanted(f) && tries < 100) {
		LOOK(f, DAY(2) + tries, .outcome = TEXT_UNDECIDED);
		tries++;
	}
	assert_int_equal(tries, 12);
	assert_int_equal(entry_of(f, 1).seen[TEXT_LICENSE].outcome, TEXT_UNSEEN);
	fixture_poll(f, DAY(3), ROW(f, .card = OTHER, .downloads = 500, .sha = 2));
	assert_int_equal(wanted(f), 1);
	LOOK(f, DAY(4), .outcome = TEXT_LOST);
	assert_int_equal(wanted(f), 0);
	fixture_free(f);
}

/* The head moves while the look is under way: it counts for its own commit, and the new head is asked for. */
static void test_head_moves_meanwhile(void **state)
{
	struct fixture *f = fixture_with_texts();
	struct text_look made = { .kind = TEXT_LICENSE, .outcome = TEXT_FOUND, .version = 1, .text = SLICE("one"), .last = true };
	struct answer answer = { .lane = LANE_DETAIL, .answered_ms = DAY(3), .look = &made };

	(void)state;
	fixture_sweep(f, DAY(1), ROW(f, .card = OTHER, .downloads = 500));
	made.oid = fixture_oid_bytes(1);
	memcpy(made.sha, fixture_repo(f, 1).row.sha, SHA_BYTES);
	fixture_poll(f, DAY(2), ROW(f, .card = APACHE, .downloads = 500, .sha = 2));
	fixture_commit(f, &answer, 1);
	assert_int_equal(wanted(f), 1);
	assert_int_equal(entry_of(f, 1).seen[TEXT_LICENSE].version, 1);
	LOOK(f, DAY(4), .text = "two");
	assert_string_equal(fixture_events(f, 1), "evidence.text[LICENSE]");
	assert_string_equal(fixture_field(f, 2, "before.version"), "1");
	assert_string_equal(fixture_field(f, 2, "after.version"), "2");
	assert_int_equal(wanted(f), 0);
	fixture_free(f);
}

/* --- the tables ----------------------------------------------------------------------------------------------------- */

static void test_texts_are_stored_once(void **state)
{
	struct fixture *f = fixture_with_texts();
	struct buf text = BUF_INIT(1 << 20);
	struct text_entry entry;
	struct reader *reader;
	MDB_stat stat;
	MDB_txn *txn;

	(void)state;
	fixture_sweep(f, DAY(1), fixture_text(f, "%s,%s", ROW(f, .n = 1, .card = OTHER, .downloads = 500),
					 ROW(f, .n = 2, .card = OTHER, .downloads = 500)));
	LOOK(f, DAY(2), .n = 1, .text = "the same");
	LOOK(f, DAY(2), .n = 2, .text = "the same");
	assert_int_equal(mdb_txn_begin(store_env(f->store), NULL, MDB_RDONLY, &txn), 0);
	assert_int_equal(mdb_stat(txn, store_table(f->store, TABLE_TEXT), &stat), 0);
	mdb_txn_abort(txn);
	assert_int_equal(stat.ms_entries, 1);
	entry = entry_of(f, 2);
	assert_true(slice_is(entry.seen[TEXT_LICENSE].name, "LICENSE"));
	assert_true(slice_is(entry.seen[TEXT_LICENSE].etag, "\"etag\""));
	assert_int_equal(entry.seen[TEXT_LICENSE].bytes, 8);
	assert_int_equal(reader_open(f->store, &reader, &f->problem), 0);
	assert_int_equal(reader_text(reader, entry.seen[TEXT_LICENSE].hash, &text), 0);
	assert_true(slice_is(buf_as_slice(&text), "the same"));
	entry.seen[TEXT_LICENSE].hash[0] ^= 1;
	assert_int_equal(reader_text(reader, entry.seen[TEXT_LICENSE].hash, &text), ERROR_NOT_FOUND);
	reader_close(&reader);
	buf_release(&text);
	fixture_free(f);
}

static unsigned findings(struct fixture *f)
{
	struct verify_options options = { .from_seq = 0 };
	struct verify_summary summary;

	verify_run(f->store, &options, &summary);
	return (unsigned)summary.findings;
}

/* One byte of the first entry of a table is another. */
static void spoil(struct fixture *f, enum store_table table, size_t at)
{
	struct slice key, value;
	struct txn txn;
	MDB_cursor *cursor;
	char *copy;

	assert_int_equal(txn_begin(f->store, true, &txn), 0);
	cursor = txn_cursor(&txn, table);
	assert_true(txn_seek(&txn, cursor, MDB_FIRST, &key, &value));
	mdb_cursor_close(cursor);
	copy = (char *)arena_copy(&f->texts, value).data;
	copy[at < value.size ? at : value.size - 1] ^= 1;
	txn_put(&txn, table, arena_copy(&f->texts, key), (struct slice){ copy, value.size });
	assert_int_equal(txn_commit(&txn), 0);
}

static void test_damage_is_found(void **state)
{
	static const struct {
		enum store_table table;
		size_t at;
	} cases[] = {
		{ TABLE_TEXT, 1 }, { TABLE_TEXT, SIZE_MAX }, { TABLE_TEXT_REPO, 5 }, { TABLE_TEXT_REPO, 60 },
		{ TABLE_TEXT_REPO, SIZE_MAX }, { TABLE_DETAIL, 6 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct fixture *f = fixture_with_texts();

		fixture_sweep(f, DAY(1), fixture_text(f, "%s,%s", ROW(f, .n = 1, .card = OTHER, .downloads = 500),
						 ROW(f, .n = 2, .card = OTHER, .downloads = 500)));
		LOOK(f, DAY(2), .n = 1, .text = "Permission is hereby granted, free of charge, to any person");
		assert_int_equal(findings(f), 0);
		spoil(f, cases[i].table, cases[i].at);
		if (findings(f) == 0)
			fail_msg("case %zu: the damage was not found", i);
		fixture_free(f);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_is_wanted),
		cmocka_unit_test(test_who_is_not_wanted),
		cmocka_unit_test(test_terms),
		cmocka_unit_test(test_evidence_of_a_switch),
		cmocka_unit_test(test_nothing_to_tell),
		cmocka_unit_test(test_unseen_keeps_what_was_known),
		cmocka_unit_test(test_undecided_is_asked_again_but_not_for_ever),
		cmocka_unit_test(test_head_moves_meanwhile),
		cmocka_unit_test(test_texts_are_stored_once),
		cmocka_unit_test(test_damage_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
