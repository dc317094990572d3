/* SPDX-License-Identifier: Apache-2.0 */
/* Batches: sweeps merged with the rows, what is missing and what became of it, damage, private rows, cursors. */
#include <stdio.h>

#include "tests/unit/storage/fixture.h"

static const char *moment(struct fixture *f, int64_t ms)
{
	char text[MOMENT_TEXT];

	moment_write(ms, text);
	return fixture_text(f, "\"%s\"", text);
}

/* Rows first..last of repos that differ in nothing but their number. */
static const char *rows(struct fixture *f, unsigned first, unsigned last)
{
	const char *text = ROW(f, .n = first);

	for (unsigned n = first + 1; n <= last; n++)
		text = fixture_text(f, "%s,%s", text, ROW(f, .n = n));
	return text;
}

static struct sweep_state sweep_of(struct fixture *f)
{
	struct reader *reader;
	struct sweep_state sweep;

	assert_int_equal(reader_open(f->store, &reader, &f->problem), 0);
	assert_int_equal(reader_sweep(reader, REPO_MODEL, &sweep), 0);
	reader_close(&reader);
	return sweep;
}

/* --- the start of history ----------------------------------------------------------------------------------------- */

/* Until the first sweep completes nothing is news, but what is younger than the store. */
static void test_baseline(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	fixture_poll(f, DAY(1), ROW(f, .n = 50));
	fixture_page(f, DAY(2), true, false, rows(f, 1, 3));
	fixture_poll(f, DAY(3), ROW(f, .n = 60, .created = "2025-01-02T12:00:00.000Z"));
	assert_string_equal(fixture_events(f, 0), "repo.created");
	assert_string_equal(fixture_field(f, 1, "observed_after"), "null");
	assert_int_equal(sweep_of(f).completed_ms, 0);
	fixture_page(f, DAY(4), false, true, fixture_text(f, "%s,%s", ROW(f, .n = 50), ROW(f, .n = 60)));
	assert_int_equal(sweep_of(f).completed_ms, DAY(4));
	assert_int_equal(fixture_head(f), 1);
	assert_true(fixture_repo(f, 50).row.flags & REPO_BASELINE);
	fixture_verify(f);
	fixture_free(f);
}

static void test_created_and_appeared(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	fixture_sweep(f, DAY(1), rows(f, 1, 2));
	/* From a poll, and from a sweep that comes to its place. */
	fixture_poll(f, DAY(2), ROW(f, .n = 10, .created = "2025-01-02T12:00:00.000Z", .card = "{\"license\":\"mit\"}"));
	fixture_poll(f, DAY(2) + 1, ROW(f, .n = 11, .created = "2025-01-01T12:00:00.000Z"));
	fixture_sweep(f, DAY(3), fixture_text(f, "%s,%s,%s,%s", rows(f, 1, 2),
					 ROW(f, .n = 10, .created = "2025-01-02T12:00:00.000Z", .card = "{\"license\":\"mit\"}"),
					 ROW(f, .n = 11, .created = "2025-01-01T12:00:00.000Z"),
					 ROW(f, .n = 12, .created = "2025-01-03T12:00:00.000Z")));
	assert_string_equal(fixture_events(f, 0), "repo.created repo.appeared repo.created");
	for (unsigned seq = 1; seq <= 3; seq++) {
		assert_string_equal(fixture_field(f, seq, "before"), "null");
		assert_string_equal(fixture_field(f, seq, "after.version"), "1");
		assert_string_equal(fixture_field(f, seq, "observed_after"), moment(f, DAY(1)));
	}
	assert_string_equal(fixture_field(f, 1, "after.license"), "[\"mit\"]"); /* implied, no second record */
	assert_false(fixture_repo(f, 12).row.flags & REPO_BASELINE);
	fixture_verify(f);
	fixture_free(f);
}

/* Sweeps that were broken off or came to too little do not make older repos look new, nor old states unseen. */
static void test_looks_outlive_broken_sweeps(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	fixture_sweep(f, DAY(1), rows(f, 1, 100));
	for (unsigned i = 2; i < 5; i++)
		fixture_page(f, DAY(i), true, false, rows(f, 1, 2)); /* begun again and again */
	fixture_sweep(f, DAY(5), rows(f, 1, 2));                     /* incomplete */
	assert_string_equal(fixture_events(f, 0), "gap");
	fixture_poll(f, DAY(6), ROW(f, .n = 200, .created = "2024-12-31T00:00:00.000Z"));
	fixture_poll(f, DAY(6), ROW(f, .n = 100, .card = "{\"a\":1}"));
	assert_string_equal(fixture_events(f, 1), "repo.appeared metadata.changed[cardData.a]");
	assert_string_equal(fixture_field(f, 2, "observed_after"), moment(f, DAY(1)));
	assert_string_equal(fixture_field(f, 3, "observed_after"), moment(f, DAY(1)));
	fixture_free(f);
}

/* Two sweeps of looks are enough: the table does not grow with the number of sweeps. */
static void test_old_looks_go(void **state)
{
	struct fixture *f = fixture_new();
	MDB_stat stat;
	MDB_txn *txn;

	(void)state;
	for (unsigned i = 1; i < 8; i++) {
		fixture_page(f, DAY(i), true, false, rows(f, 1, 2));
		fixture_page(f, DAY(i) + 1, false, true, rows(f, 3, 4));
	}
	assert_int_equal(mdb_txn_begin(store_env(f->store), NULL, MDB_RDONLY, &txn), 0);
	assert_int_equal(mdb_stat(txn, store_table(f->store, TABLE_LOOK), &stat), 0);
	mdb_txn_abort(txn);
	assert_int_equal(stat.ms_entries, 2 * 3); /* each page's, and that of the end */
	fixture_free(f);
}

/* --- what a sweep did not bring ------------------------------------------------------------------------------------ */

static void test_missing_rows(void **state)
{
	struct fixture *f = fixture_new();
	struct reader *reader;
	struct repo_oid none = { { 0 } };
	struct missing_row row;

	(void)state;
	fixture_sweep(f, DAY(1), rows(f, 1, 300));
	fixture_page(f, DAY(2), true, false, fixture_text(f, "%s,%s", rows(f, 2, 99), rows(f, 101, 150))); /* not 1, 100 */
	assert_int_equal(f->counts.missing, 2);
	fixture_page(f, DAY(2) + 1, false, true, rows(f, 151, 298)); /* not 299, 300 */
	assert_int_equal(f->counts.missing, 2);
	assert_int_equal(fixture_missing(f), 4);
	assert_int_equal(fixture_head(f), 0); /* unconfirmed is not gone */
	assert_true(sweep_of(f).complete);

	assert_int_equal(reader_open(f->store, &reader, &f->problem), 0);
	assert_int_equal(reader_missing_from(reader, REPO_MODEL, &none, &row), 0);
	assert_int_equal(row.kind, REPO_MODEL);
	assert_int_equal(row.since_ms, DAY(2));
	assert_int_equal(get_u32(row.oid.byte + 8), 1);
	assert_true(oid_next(&row.oid));
	assert_int_equal(reader_missing_from(reader, REPO_MODEL, &row.oid, &row), 0);
	assert_int_equal(get_u32(row.oid.byte + 8), 100);
	assert_int_equal(reader_missing_from(reader, REPO_DATASET, &none, &row), ERROR_NOT_FOUND);
	reader_close(&reader);

	fixture_sweep(f, DAY(3), rows(f, 2, 300)); /* found again by the next sweep, but for repo 1 */
	assert_int_equal(f->counts.listing_gaps, 3);
	assert_int_equal(f->counts.missing, 0);
	assert_int_equal(fixture_missing(f), 1);
	fixture_free(f);
}

static void test_gone_and_restored(void **state)
{
	struct fixture *f = fixture_new();
	uint64_t rows_known, gone;
	struct reader *reader;

	(void)state;
	fixture_sweep(f, DAY(1), rows(f, 1, 2));
	fixture_sweep(f, DAY(2), rows(f, 1, 2));
	fixture_confirm(f, DAY(3), CONFIRM_GONE, 1, ""); /* nobody missed it: nothing is settled */
	assert_int_equal(fixture_head(f), 0);
	fixture_sweep(f, DAY(4), ROW(f, .n = 2));
	fixture_confirm(f, DAY(5), CONFIRM_GONE, 1, "");
	assert_string_equal(fixture_events(f, 0), "repo.gone");
	assert_string_equal(fixture_field(f, 1, "reason"), "\"deleted_or_private\"");
	assert_string_equal(fixture_field(f, 1, "observed_after"), moment(f, DAY(2)));
	assert_string_equal(fixture_field(f, 1, "before.version"), "1");
	assert_string_equal(fixture_field(f, 1, "after"), "null");
	assert_true(fixture_repo(f, 1).row.flags & REPO_GONE);
	assert_non_null(fixture_canonical(f, 1, 1)); /* the last state is kept */
	assert_int_equal(reader_open(f->store, &reader, &f->problem), 0);
	assert_int_equal(reader_counts(reader, REPO_MODEL, &rows_known, &gone), 0);
	assert_int_equal(rows_known - gone, 1);
	reader_close(&reader);
	fixture_confirm(f, DAY(5), CONFIRM_GONE, 1, ""); /* once */
	fixture_sweep(f, DAY(6), ROW(f, .n = 2));
	assert_int_equal(fixture_missing(f), 0); /* a gone row is not missed */
	assert_int_equal(fixture_head(f), 1);

	fixture_sweep(f, DAY(7), rows(f, 1, 2)); /* back as it was */
	assert_string_equal(fixture_events(f, 1), "repo.restored");
	assert_string_equal(fixture_field(f, 2, "after.version"), "1");
	assert_string_equal(fixture_field(f, 2, "before"), "null");
	assert_false(fixture_repo(f, 1).row.flags & REPO_GONE);
	fixture_sweep(f, DAY(8), rows(f, 1, 2));
	assert_int_equal(fixture_head(f), 2);
	fixture_verify(f);
	fixture_free(f);
}

/* Back with another license: no look between can have seen the old one. */
static void test_restored_and_switched(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	fixture_sweep(f, DAY(1), fixture_text(f, "%s,%s", ROW(f, .n = 1, .card = "{\"license\":\"mit\"}"), ROW(f, .n = 2)));
	fixture_sweep(f, DAY(2), ROW(f, .n = 2));
	fixture_confirm(f, DAY(3), CONFIRM_GONE, 1, "");
	fixture_sweep(f, DAY(4), ROW(f, .n = 2));
	fixture_poll(f, DAY(5), ROW(f, .n = 1, .card = "{\"license\":\"gpl-3.0\"}"));
	assert_string_equal(fixture_events(f, 1), "repo.restored license.switched[cardData.license]");
	assert_string_equal(fixture_field(f, 2, "after.license"), "[\"mit\"]");
	assert_string_equal(fixture_field(f, 2, "observed_after"), moment(f, DAY(3)));
	assert_string_equal(fixture_field(f, 3, "observed_after"), moment(f, DAY(1)));
	fixture_verify(f);
	fixture_free(f);
}

enum { BEARERS_MAX = 32 };

/* All bearers of a name, the newest first. */
static unsigned bearers_of(struct fixture *f, enum repo_kind kind, struct slice name, struct bearer bearers[BEARERS_MAX])
{
	struct reader *reader;
	unsigned count = 0, place;
	struct bearer bearer;
	uint32_t after = 0;

	assert_int_equal(reader_open(f->store, &reader, &f->problem), 0);
	while (count < BEARERS_MAX && reader_bearer_next(reader, kind, name, &after, &bearer) == 0) {
		for (place = count++; place > 0 && bearer_is_newer(&bearer, &bearers[place - 1]); place--)
			bearers[place] = bearers[place - 1];
		bearers[place] = bearer;
	}
	reader_close(&reader);
	return count;
}

static void test_renamed_by_confirmation(void **state)
{
	struct fixture *f = fixture_new();
	struct bearer bearers[BEARERS_MAX];

	(void)state;
	fixture_sweep(f, DAY(1), fixture_text(f, "%s,%s", ROW(f, .n = 1, .id = "a/old"), ROW(f, .n = 2)));
	fixture_sweep(f, DAY(2), ROW(f, .n = 2));
	fixture_confirm(f, DAY(3), CONFIRM_PRESENT, 1, ROW(f, .n = 1, .id = "b/new"));
	assert_string_equal(fixture_events(f, 0), "repo.renamed[author,id]");
	assert_string_equal(fixture_field(f, 1, "repo"), "\"b/new\"");
	assert_string_equal(fixture_field(f, 1, "before.repo"), "\"a/old\"");
	assert_int_equal(fixture_missing(f), 0);

	assert_int_equal(bearers_of(f, REPO_MODEL, SLICE("A/OLD"), bearers), 1);
	assert_int_equal(bearers[0].from_ms, 0);
	assert_int_equal(bearers[0].until_ms, DAY(3));
	assert_int_equal(bearers_of(f, REPO_MODEL, SLICE("b/new"), bearers), 1);
	assert_int_equal(bearers[0].from_ms, DAY(3));
	assert_int_equal(bearers[0].until_ms, 0);
	assert_int_equal(bearers_of(f, REPO_MODEL, SLICE("c/none"), bearers), 0);
	assert_int_equal(bearers_of(f, REPO_DATASET, SLICE("b/new"), bearers), 0);
	fixture_free(f);
}

/* Names in one batch and back again: who bore which when. */
static void test_renamed_there_and_back(void **state)
{
	struct fixture *f = fixture_new();
	struct answer answers[3];
	struct bearer bearers[BEARERS_MAX];

	(void)state;
	fixture_prepare(f, &answers[0], LANE_POLL, DAY(1), ROW(f, .id = "x/a"));
	fixture_prepare(f, &answers[1], LANE_POLL, DAY(2), ROW(f, .id = "x/b"));
	fixture_prepare(f, &answers[2], LANE_POLL, DAY(3), ROW(f, .id = "x/c"));
	fixture_commit(f, answers, 3);
	assert_string_equal(fixture_events(f, 0), "repo.renamed[id] repo.renamed[id]");
	assert_int_equal(bearers_of(f, REPO_MODEL, SLICE("x/a"), bearers), 1);
	assert_int_equal(bearers[0].until_ms, DAY(2));
	assert_int_equal(bearers_of(f, REPO_MODEL, SLICE("x/b"), bearers), 1);
	assert_int_equal(bearers[0].from_ms, DAY(2));
	assert_int_equal(bearers[0].until_ms, DAY(3));

	fixture_poll(f, DAY(4), ROW(f, .id = "x/a"));
	assert_int_equal(bearers_of(f, REPO_MODEL, SLICE("x/a"), bearers), 1);
	assert_int_equal(bearers[0].from_ms, 0); /* it was the first to bear it, and bears it */
	assert_int_equal(bearers[0].until_ms, 0);
	fixture_free(f);
}

static void test_replaced(void **state)
{
	struct fixture *f = fixture_new();
	struct bearer bearers[BEARERS_MAX];

	(void)state;
	fixture_sweep(f, DAY(1), fixture_text(f, "%s,%s", ROW(f, .n = 1, .id = "a/x"), ROW(f, .n = 2)));
	fixture_sweep(f, DAY(2), ROW(f, .n = 2));
	fixture_confirm(f, DAY(3), CONFIRM_REPLACED, 1, ROW(f, .n = 9, .id = "a/x", .created = "2025-01-03T12:00:00.000Z"));
	assert_string_equal(fixture_events(f, 0), "repo.created repo.replaced");
	assert_string_equal(fixture_field(f, 2, "oid"), fixture_text(f, "\"%s\"", fixture_oid(f, 1)));
	assert_non_null(strstr(fixture_field(f, 2, "reason"), fixture_oid(f, 9)));
	assert_true(fixture_repo(f, 1).row.flags & REPO_GONE);
	assert_int_equal(fixture_missing(f), 0);
	assert_int_equal(bearers_of(f, REPO_MODEL, SLICE("a/x"), bearers), 2);
	assert_int_equal(get_u32(bearers[0].ref.oid.byte + 8), 9); /* who bears it now comes first */
	fixture_verify(f);
	fixture_free(f);
}

/* A name that is made and deleted again and again: the bearers have no bound, and the newest is always found. */
static void test_a_name_with_many_bearers(void **state)
{
	struct fixture *f = fixture_new();
	struct bearer bearers[BEARERS_MAX], newest;
	struct reader *reader;

	(void)state;
	fixture_sweep(f, DAY(1), ROW(f, .n = 100));
	for (unsigned n = 1; n <= 20; n++) {
		fixture_poll(f, DAY(1) + HOUR(n), ROW(f, .n = n, .id = "ci/dummy", .created = "2025-01-02T00:00:00.000Z"));
		assert_int_equal(bearers_of(f, REPO_MODEL, SLICE("ci/dummy"), bearers), n);
		assert_int_equal(get_u32(bearers[0].ref.oid.byte + 8), n);
		assert_int_equal(reader_open(f->store, &reader, &f->problem), 0);
		assert_int_equal(reader_bearer(reader, REPO_MODEL, SLICE("CI/Dummy"), &newest), 0);
		assert_int_equal(get_u32(newest.ref.oid.byte + 8), n);
		reader_close(&reader);
	}
	fixture_free(f);
}

/* There, but its row cannot be read or is not wanted: it stays missing, and how often it was asked for is counted. */
static void test_confirmed_without_a_row(void **state)
{
	struct fixture *f = fixture_new();
	struct reader *reader;
	struct repo_oid none = { { 0 } };
	struct missing_row row;

	(void)state;
	fixture_sweep(f, DAY(1), rows(f, 1, 2));
	fixture_sweep(f, DAY(2), ROW(f, .n = 2));
	fixture_confirm(f, DAY(3), CONFIRM_PRESENT, 1, ROW(f, .n = 1, .is_private = "true"));
	assert_int_equal(f->counts.private_rows, 1);
	assert_int_equal(fixture_missing(f), 1);
	assert_int_equal(reader_open(f->store, &reader, &f->problem), 0);
	assert_int_equal(reader_missing_from(reader, REPO_MODEL, &none, &row), 0);
	assert_int_equal(row.tries, 1);
	assert_int_equal(row.since_ms, DAY(2));
	reader_close(&reader);
	assert_int_equal(fixture_head(f), 0);
	fixture_free(f);
}

/* A poll that was answered before the sweep missed the row is no proof that it is there. */
static void test_missing_is_newer(void **state)
{
	struct fixture *f = fixture_new();
	struct answer poll;

	(void)state;
	fixture_sweep(f, DAY(1), rows(f, 1, 2));
	fixture_prepare(f, &poll, LANE_POLL, DAY(2), ROW(f, .n = 1, .sha = 2));
	fixture_sweep(f, DAY(2) + 1000, ROW(f, .n = 2));
	fixture_commit(f, &poll, 1);
	assert_int_equal(fixture_missing(f), 1);
	fixture_confirm(f, DAY(3), CONFIRM_GONE, 1, "");
	assert_string_equal(fixture_events(f, 0), "repo.gone");
	assert_string_equal(fixture_field(f, 1, "observed_after"), moment(f, DAY(2)));
	fixture_free(f);
}

/* --- sweeps that prove nothing ------------------------------------------------------------------------------------ */

static void test_incomplete_sweep(void **state)
{
	static const struct {
		unsigned known, brought;
		bool complete;
	} cases[] = {
		{ 1000, 980, true }, { 1000, 979, false }, { 1000, 0, false },
		/* Of a small Hub a few are more than 2 %: confirming them costs little, never doing it loses deletions. */
		{ 10, 9, true }, { 3, 0, true }, { 100, 90, true }, { 100, 89, false }, { 0, 0, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct fixture *f = fixture_new();
		print_message("%u of %u\n", cases[i].brought, cases[i].known);
		fixture_sweep(f, DAY(1), cases[i].known ? rows(f, 1, cases[i].known) : "");
		fixture_sweep(f, DAY(2), cases[i].brought ? rows(f, 1, cases[i].brought) : "");
		assert_int_equal(sweep_of(f).complete, cases[i].complete);
		assert_int_equal(sweep_of(f).completed_ms, cases[i].complete ? DAY(2) : DAY(1));
		assert_int_equal(fixture_missing(f), cases[i].complete ? cases[i].known - cases[i].brought : 0);
		assert_string_equal(fixture_events(f, 0), cases[i].complete ? "" : "gap");
		if (!cases[i].complete) {
			assert_non_null(strstr(fixture_field(f, 1, "reason"), "incomplete"));
			assert_string_equal(fixture_field(f, 1, "kind"), "null");
			assert_string_equal(fixture_field(f, 1, "repo"), "null");
			fixture_poll(f, DAY(3), ROW(f, .n = 1, .card = "{\"a\":1}"));
			assert_string_equal(fixture_field(f, 2, "observed_after"), moment(f, DAY(1)));
		}
		fixture_free(f);
	}
}

/* What an earlier sweep missed stays missing when a later one is incomplete. */
static void test_incomplete_keeps_older_missing(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	fixture_sweep(f, DAY(1), rows(f, 1, 200));
	fixture_sweep(f, DAY(2), rows(f, 2, 200));
	assert_int_equal(fixture_missing(f), 1);
	fixture_sweep(f, DAY(3), rows(f, 2, 100));
	assert_int_equal(fixture_missing(f), 1);
	fixture_free(f);
}

/* An owner with half of the Hub leaves: the sweep is no complete one, but it came to its end, and what it lacks is asked for. */
static void test_incomplete_but_to_the_end(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	fixture_sweep(f, DAY(1), rows(f, 1, 200));
	fixture_sweep(f, DAY(2), fixture_text(f, "%s,%s", rows(f, 1, 50), rows(f, 121, 200)));
	assert_false(sweep_of(f).complete);
	assert_int_equal(sweep_of(f).completed_ms, DAY(1));
	assert_string_equal(fixture_events(f, 0), "gap");
	assert_int_equal(fixture_missing(f), 70);
	fixture_poll(f, DAY(3), ROW(f, .n = 60, .card = "{\"a\":1}")); /* its look did not see what it lacked */
	assert_string_equal(fixture_field(f, 2, "observed_after"), moment(f, DAY(1)));
	fixture_poll(f, DAY(3), ROW(f, .n = 50, .card = "{\"a\":1}"));
	assert_string_equal(fixture_field(f, 3, "observed_after"), moment(f, DAY(2)));
	fixture_sweep(f, DAY(4), rows(f, 150, 200)); /* less than half is believed in nothing */
	assert_int_equal(fixture_missing(f), 69);
	fixture_verify(f);
	fixture_free(f);
}

/* One answer settles rows that it did not ask for, with its evidence; those seen since are left alone. */
static void test_settled_together(void **state)
{
	struct fixture *f = fixture_new();
	struct repo_oid others[] = { fixture_oid_bytes(2), fixture_oid_bytes(3), fixture_oid_bytes(4), fixture_oid_bytes(90) };
	struct answer answer;

	(void)state;
	fixture_sweep(f, DAY(1), rows(f, 1, 100));
	fixture_sweep(f, DAY(2), rows(f, 6, 100));
	fixture_poll(f, DAY(2) + 1, ROW(f, .n = 4));
	fixture_prepare(f, &answer, LANE_CONFIRM, DAY(3), "");
	answer.confirm = CONFIRM_GONE;
	answer.confirm_oid = fixture_oid_bytes(1);
	answer.others = others;
	answer.other_count = ARRAY_COUNT(others);
	answer.others_are = CONFIRM_GONE;
	answer.reason = SLICE("deleted_or_private, by evidence");
	fixture_commit(f, &answer, 1);
	assert_string_equal(fixture_events(f, 0), "repo.gone repo.gone repo.gone");
	assert_string_equal(fixture_field(f, 1, "reason"), "\"deleted_or_private\"");
	assert_string_equal(fixture_field(f, 3, "reason"), "\"deleted_or_private, by evidence\"");
	assert_string_equal(fixture_field(f, 3, "oid"), fixture_text(f, "\"%s\"", fixture_oid(f, 3)));
	assert_int_equal(fixture_missing(f), 1); /* number 5 */
	fixture_verify(f);
	fixture_free(f);
}

/* What is put off stays missing, and how often and when it was asked for is kept. */
static void test_put_off(void **state)
{
	struct fixture *f = fixture_new();
	struct repo_oid five = fixture_oid_bytes(5);
	struct missing_row row;
	struct reader *reader;
	struct answer answer;

	(void)state;
	fixture_sweep(f, DAY(1), rows(f, 1, 100));
	fixture_sweep(f, DAY(2), fixture_text(f, "%s,%s", rows(f, 1, 4), rows(f, 6, 100)));
	for (unsigned day = 3; day < 5; day++) {
		fixture_prepare(f, &answer, LANE_CONFIRM, DAY(day), "");
		answer.others = &five;
		answer.other_count = 1;
		answer.others_are = CONFIRM_LATER;
		fixture_commit(f, &answer, 1);
	}
	assert_int_equal(reader_open(f->store, &reader, &f->problem), 0);
	assert_int_equal(reader_missing_from(reader, REPO_MODEL, &five, &row), 0);
	assert_int_equal(row.tries, 2);
	assert_int_equal(row.asked_ms, DAY(4));
	assert_int_equal(row.since_ms, DAY(2));
	reader_close(&reader);
	assert_int_equal(fixture_head(f), 0);
	fixture_free(f);
}

static void test_unordered_sweep(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	fixture_sweep(f, DAY(1), rows(f, 1, 6));
	fixture_page(f, DAY(2), true, false, fixture_text(f, "%s,%s", ROW(f, .n = 4), ROW(f, .n = 5, .card = "{\"a\":1}")));
	fixture_page(f, DAY(3), false, false, fixture_text(f, "%s,%s", ROW(f, .n = 1), ROW(f, .n = 6)));
	assert_false(sweep_of(f).ordered);
	assert_int_equal(fixture_missing(f), 0); /* what the first page lacked may still come */
	fixture_page(f, DAY(4), false, true, fixture_text(f, "%s", ROW(f, .n = 9, .created = "2025-01-04T12:00:00.000Z")));
	assert_int_equal(fixture_missing(f), 2); /* 2 and 3: the whole listing is compared as a set */
	assert_int_equal(sweep_of(f).seen, 4);
	assert_string_equal(fixture_events(f, 0), "metadata.changed[cardData.a] repo.created");
	fixture_poll(f, DAY(5), ROW(f, .n = 2, .card = "{\"a\":1}")); /* nor does a page say that it looked over repo 2 */
	assert_string_equal(fixture_field(f, fixture_head(f), "observed_after"), moment(f, DAY(1)));
	fixture_verify(f);
	fixture_free(f);
}

/* Where looks were made in no order, one that is older than they are was there before; a deletion is found all the same. */
static void test_unordered_is_covered(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	fixture_page(f, DAY(1), true, false, fixture_text(f, "%s,%s", ROW(f, .n = 4), ROW(f, .n = 2)));
	fixture_page(f, DAY(1), false, true, fixture_text(f, "%s,%s", ROW(f, .n = 3), ROW(f, .n = 1)));
	assert_true(sweep_of(f).complete);
	fixture_poll(f, DAY(2), ROW(f, .n = 9, .created = "2022-02-01T00:00:00.000Z"));
	assert_string_equal(fixture_events(f, 0), "repo.appeared");
	fixture_page(f, DAY(3), true, true, fixture_text(f, "%s,%s,%s", ROW(f, .n = 4), ROW(f, .n = 1), ROW(f, .n = 2)));
	assert_int_equal(fixture_missing(f), 2); /* 3 and 9 */
	fixture_verify(f);
	fixture_free(f);
}

/* A stray row, early or late: what the others say stays, and what is brought twice is counted once. */
static void test_stray_row(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	fixture_sweep(f, DAY(1), rows(f, 1, 9));
	fixture_page(f, DAY(2), true, false, fixture_text(f, "%s,%s", rows(f, 1, 2), ROW(f, .n = 9)));
	fixture_page(f, DAY(2), false, true, fixture_text(f, "%s,%s", rows(f, 4, 8), ROW(f, .n = 9)));
	assert_int_equal(fixture_missing(f), 1);
	assert_int_equal(sweep_of(f).seen, 8);
	fixture_reopen(f);
	fixture_page(f, DAY(3), true, false, fixture_text(f, "%s,%s", rows(f, 1, 2), ROW(f, .n = 9)));
	fixture_page(f, DAY(3), false, false, rows(f, 4, 5));
	fixture_reopen(f); /* the marks are gone: nothing is derived */
	fixture_page(f, DAY(3), false, true, rows(f, 6, 8));
	assert_int_equal(fixture_missing(f), 1);
	fixture_verify(f);
	fixture_free(f);
}

/* Links that led back: the same rows again are no other order. */
static void test_pages_again(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	fixture_sweep(f, DAY(1), rows(f, 1, 8));
	fixture_page(f, DAY(2), true, false, rows(f, 1, 4));
	fixture_page(f, DAY(2), false, false, rows(f, 1, 4));
	fixture_page(f, DAY(2), false, true, rows(f, 3, 7));
	assert_true(sweep_of(f).ordered);
	assert_int_equal(sweep_of(f).seen, 7);
	assert_int_equal(fixture_missing(f), 1);
	fixture_verify(f);
	fixture_free(f);
}

/* What cannot be read counts against a listing, the first one too; then later ones begin the kind, without news. */
static void test_unreadable_rows(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	fixture_sweep(f, DAY(1), fixture_text(f, "%s,{\"id\":\"a/b\"},{\"id\":\"a/c\"}", rows(f, 1, 40)));
	assert_false(sweep_of(f).complete);
	assert_int_equal(sweep_of(f).completed_ms, 0);
	fixture_sweep(f, DAY(2), fixture_text(f, "%s,{\"id\":\"a/b\"}", rows(f, 1, 50)));
	assert_true(sweep_of(f).complete); /* 2 % may be damaged */
	assert_string_equal(fixture_events(f, 0), "gap gap");
	fixture_free(f);
}

static void test_first_sweep_is_short(void **state)
{
	struct fixture *f = fixture_new();
	struct answer answer;

	(void)state;
	fixture_prepare(f, &answer, LANE_SWEEP, DAY(1), rows(f, 1, 5));
	answer.sweep_first = answer.sweep_last = answer.sweep_short = true;
	fixture_commit(f, &answer, 1);
	assert_int_equal(sweep_of(f).completed_ms, 0);
	assert_string_equal(fixture_events(f, 0), "gap");
	fixture_sweep(f, DAY(2), rows(f, 1, 10));
	assert_true(sweep_of(f).complete);
	assert_int_equal(fixture_head(f), 1); /* what the first one lacked is no news */
	fixture_free(f);
}

static void test_repeated_rows(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	/* Twice in a page, and in two pages: new ones and known ones. */
	fixture_page(f, DAY(1), true, false, fixture_text(f, "%s,%s,%s", rows(f, 1, 2), ROW(f, .n = 2), ROW(f, .n = 3)));
	fixture_page(f, DAY(1) + 1, false, true, fixture_text(f, "%s,%s", ROW(f, .n = 3), ROW(f, .n = 4)));
	assert_true(sweep_of(f).ordered);
	fixture_sweep(f, DAY(2), fixture_text(f, "%s,%s,%s", rows(f, 1, 2), ROW(f, .n = 2, .card = "{\"a\":1}"), rows(f, 3, 4)));
	assert_string_equal(fixture_events(f, 0), "metadata.changed[cardData.a]");
	assert_int_equal(fixture_missing(f), 0);
	fixture_verify(f); /* four rows, each once */
	assert_int_equal(fixture_repo(f, 4).row.number, 4);
	fixture_free(f);
}

/* --- segments ------------------------------------------------------------------------------------------------------ */

/* A page of a sweep that is cut behind the oids of `bounds`. */
static void segment_page(struct fixture *f, int64_t at_ms, bool first, unsigned segment, bool last, bool beyond,
	const char *page)
{
	static const unsigned bounds[] = { 100, 200 };
	struct answer answer;

	fixture_prepare(f, &answer, LANE_SWEEP, at_ms, page);
	answer.sweep_first = first;
	answer.bound_count = ARRAY_COUNT(bounds);
	for (unsigned i = 0; i < ARRAY_COUNT(bounds); i++)
		answer.bound[i] = fixture_oid_bytes(bounds[i]);
	answer.segment = segment;
	answer.sweep_last = last;
	answer.sweep_beyond = beyond;
	fixture_commit(f, &answer, 1);
}

static const char *seen_until(struct fixture *f, unsigned n)
{
	struct repo_ref ref = fixture_repo(f, n);
	struct reader *reader;
	const char *text;

	assert_int_equal(reader_open(f->store, &reader, &f->problem), 0);
	text = moment(f, reader_last_seen(reader, &ref));
	reader_close(&reader);
	return text;
}

/* Walked side by side and over restarts: missing and looked at is the same as in one walk. */
static void test_segments(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	fixture_sweep(f, DAY(1), rows(f, 1, 300));
	segment_page(f, DAY(2), true, 1, false, false, rows(f, 101, 150));
	assert_int_equal(fixture_missing(f), 0);
	assert_string_equal(seen_until(f, 100), moment(f, DAY(1))); /* before it nobody looked, nor behind it */
	assert_string_equal(seen_until(f, 101), moment(f, DAY(2)));
	assert_string_equal(seen_until(f, 150), moment(f, DAY(2)));
	assert_string_equal(seen_until(f, 151), moment(f, DAY(1)));
	assert_string_equal(seen_until(f, 250), moment(f, DAY(1)));
	fixture_reopen(f);
	segment_page(f, DAY(3), false, 2, false, false, rows(f, 201, 250));
	segment_page(f, DAY(4), false, 0, false, false, rows(f, 1, 90));
	assert_string_equal(seen_until(f, 95), moment(f, DAY(1)));
	fixture_reopen(f);
	/* Rows behind the end of a segment are its neighbour's, and a row before it is missed. */
	segment_page(f, DAY(5), false, 0, true, true, fixture_text(f, "%s,%s", rows(f, 91, 99), rows(f, 101, 110)));
	assert_int_equal(fixture_missing(f), 1);
	segment_page(f, DAY(6), false, 2, true, false, rows(f, 251, 299));
	assert_int_equal(fixture_missing(f), 1); /* the tail is judged when all are done */
	assert_true(sweep_of(f).running);
	segment_page(f, DAY(7), false, 1, true, true, rows(f, 152, 200));
	assert_false(sweep_of(f).running);
	assert_true(sweep_of(f).complete);
	assert_int_equal(sweep_of(f).seen, 297);
	assert_int_equal(fixture_missing(f), 3); /* 100, 151, 300 */
	assert_string_equal(seen_until(f, 99), moment(f, DAY(5)));
	assert_string_equal(seen_until(f, 100), moment(f, DAY(1)));
	assert_string_equal(seen_until(f, 200), moment(f, DAY(7)));
	assert_int_equal(fixture_head(f), 0);
	fixture_verify(f);
	fixture_free(f);
}

/* A segment whose listing just ends before its bound was broken off: nothing is known of what it lacks. */
static void test_segment_ends_early(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	fixture_sweep(f, DAY(1), rows(f, 1, 300));
	segment_page(f, DAY(2), true, 0, true, false, rows(f, 1, 95));
	segment_page(f, DAY(2), false, 1, true, true, rows(f, 101, 200));
	segment_page(f, DAY(2), false, 2, true, false, rows(f, 201, 300));
	assert_true(sweep_of(f).complete); /* 295 of 300 */
	assert_int_equal(fixture_missing(f), 0);
	assert_string_equal(seen_until(f, 98), moment(f, DAY(1)));
	assert_string_equal(seen_until(f, 95), moment(f, DAY(2)));
	/* Too many of them, and the sweep is none. */
	segment_page(f, DAY(3), true, 0, true, false, rows(f, 1, 50));
	segment_page(f, DAY(3), false, 1, true, true, rows(f, 101, 200));
	segment_page(f, DAY(3), false, 2, true, false, rows(f, 201, 300));
	assert_false(sweep_of(f).complete);
	assert_int_equal(fixture_missing(f), 0);
	assert_string_equal(fixture_events(f, 0), "gap");
	fixture_free(f);
}

/* Out of order in one segment: nothing is derived in any. */
static void test_segment_out_of_order(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	fixture_sweep(f, DAY(1), rows(f, 1, 300));
	segment_page(f, DAY(2), true, 0, true, true, rows(f, 2, 100));
	segment_page(f, DAY(2), false, 1, false, false, rows(f, 151, 200));
	assert_int_equal(fixture_missing(f), 51);
	segment_page(f, DAY(2), false, 1, true, true, rows(f, 101, 150));
	segment_page(f, DAY(2), false, 2, true, false, rows(f, 201, 300));
	assert_false(sweep_of(f).ordered);
	assert_int_equal(fixture_missing(f), 0);
	assert_string_equal(seen_until(f, 50), moment(f, DAY(1)));
	fixture_free(f);
}

static void test_bounds(void **state)
{
	struct fixture *f = fixture_new();
	struct repo_oid bounds[3];
	struct reader *reader;

	(void)state;
	for (unsigned page = 0; page < 8; page++)
		fixture_page(f, DAY(1), page == 0, page == 7, rows(f, page * 10 + 1, page * 10 + 10));
	assert_int_equal(reader_open(f->store, &reader, &f->problem), 0);
	assert_int_equal(reader_bounds(reader, REPO_MODEL, 4, bounds), 0);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(oid_compare(&bounds[i], &(struct repo_oid[]){ fixture_oid_bytes((i + 1) * 20) }[0]), 0);
	assert_int_equal(reader_bounds(reader, REPO_MODEL, 5, bounds), ERROR_NOT_FOUND);
	assert_int_equal(reader_bounds(reader, REPO_SPACE, 2, bounds), ERROR_NOT_FOUND);
	reader_close(&reader);
	fixture_free(f);
}

/* --- what could not be seen ---------------------------------------------------------------------------------------- */

/* A stretch that is passed over is neither missing nor looked at, in the midst and at the end. */
static void test_skipped(void **state)
{
	struct fixture *f = fixture_new();
	struct answer answer;

	(void)state;
	fixture_sweep(f, DAY(1), rows(f, 1, 100));
	fixture_page(f, DAY(2), true, false, rows(f, 1, 40));
	fixture_prepare(f, &answer, LANE_SWEEP, DAY(3), rows(f, 43, 98));
	answer.sweep_skipped = true;
	answer.gap = SLICE("could not be seen");
	fixture_commit(f, &answer, 1);
	assert_int_equal(fixture_missing(f), 0);
	assert_string_equal(seen_until(f, 40), moment(f, DAY(2)));
	assert_string_equal(seen_until(f, 41), moment(f, DAY(1)));
	assert_string_equal(seen_until(f, 42), moment(f, DAY(1)));
	assert_string_equal(seen_until(f, 43), moment(f, DAY(3)));
	fixture_prepare(f, &answer, LANE_SWEEP, DAY(4), "");
	answer.sweep_skipped = answer.sweep_last = true;
	answer.gap = SLICE("could not be seen");
	fixture_commit(f, &answer, 1);
	assert_true(sweep_of(f).complete);
	assert_int_equal(fixture_missing(f), 0);
	assert_string_equal(seen_until(f, 99), moment(f, DAY(1)));
	assert_string_equal(fixture_events(f, 0), "gap"); /* the same is told once */
	fixture_verify(f);
	fixture_free(f);
}

/* --- how complete it is -------------------------------------------------------------------------------------------- */

static struct completeness completeness_of(struct fixture *f)
{
	struct completeness completeness;
	struct reader *reader;

	assert_int_equal(reader_open(f->store, &reader, &f->problem), 0);
	assert_int_equal(reader_completeness(reader, REPO_MODEL, &completeness), 0);
	reader_close(&reader);
	return completeness;
}

static void test_counts_of_a_sweep(void **state)
{
	struct fixture *f = fixture_new();
	struct sweep_counts counts;

	(void)state;
	fixture_sweep(f, DAY(1), rows(f, 1, 20));
	fixture_page(f, DAY(2), true, false, fixture_text(f, "%s,{\"_id\":7}", rows(f, 2, 10)));
	assert_int_equal(completeness_of(f).last.fresh, 20); /* of the one that ended */
	fixture_reopen(f);
	fixture_page(f, DAY(2), false, true, rows(f, 12, 23));
	counts = completeness_of(f).last;
	assert_int_equal(counts.listed, 21);
	assert_int_equal(counts.known, 20);
	assert_int_equal(counts.fresh, 3);
	assert_int_equal(counts.missing, 2);
	assert_int_equal(counts.damaged, 1);
	assert_int_equal(counts.gone, 0);
	fixture_confirm(f, DAY(3), CONFIRM_GONE, 1, "");
	assert_int_equal(completeness_of(f).last.gone, 1);
	fixture_free(f);
}

#define OLD "2024-02-01T00:00:00.000Z"

/* Rows that polls bring and that were there when the sweep passed, each once; those that it had not brought tell. */
static void test_recapture(void **state)
{
	struct fixture *f = fixture_new();
	struct recapture met;

	(void)state;
	fixture_sweep(f, DAY(1), rows(f, 1, 20));
	fixture_poll(f, DAY(2), fixture_text(f, "%s,%s,%s,%s", ROW(f, .n = 1, .sha = 2), /* changed: met, and was brought */
					ROW(f, .n = 2),                                       /* as it was: not met by its change */
					ROW(f, .n = 50, .created = OLD),                      /* older than the sweep, which lacked it */
					ROW(f, .n = 51, .created = "2025-01-02T22:00:00.000Z"))); /* younger */
	fixture_poll(f, DAY(3), fixture_text(f, "%s,%s,%s", ROW(f, .n = 1, .sha = 3), ROW(f, .n = 50, .created = OLD, .sha = 4),
					ROW(f, .n = 3, .card = "{\"license\":\"mit\"}", .sha = 2)));
	fixture_poll(f, DAY(3), ROW(f, .n = 52, .id = "org/repo-7", .created = OLD)); /* 7, made anew */
	met = completeness_of(f).met_last;
	assert_int_equal(met.first, 20);
	assert_int_equal(met.second, 3); /* 1, 50, 3 */
	assert_int_equal(met.both, 2);

	/* While the next one is under way, what lies where it has been counts for it. */
	fixture_page(f, DAY(4), true, false, rows(f, 4, 10));
	fixture_poll(f, DAY(4) + 1, fixture_text(f, "%s,%s,%s", ROW(f, .n = 5, .sha = 2), ROW(f, .n = 1, .sha = 5),
					    ROW(f, .n = 15, .sha = 2)));
	met = completeness_of(f).met_now;
	assert_int_equal(met.second, 2); /* 5, and 1, which it missed */
	assert_int_equal(met.both, 1);
	assert_int_equal(completeness_of(f).met_last.second, 4); /* and 15 */
	fixture_page(f, DAY(4) + 2, false, true, rows(f, 11, 20));
	met = completeness_of(f).met_last;
	assert_int_equal(met.first, 17);
	assert_int_equal(met.second, 2);
	assert_int_equal(completeness_of(f).met_before.second, 4);
	fixture_verify(f);
	fixture_free(f);
}

/* --- one batch ---------------------------------------------------------------------------------------------------- */

static void test_poll_and_sweep_of_one_batch(void **state)
{
	struct fixture *f = fixture_new();
	struct answer answers[3];

	(void)state;
	fixture_sweep(f, DAY(1), rows(f, 1, 3));
	fixture_prepare(f, &answers[0], LANE_POLL, DAY(2), ROW(f, .n = 2, .card = "{\"license\":\"mit\"}"));
	fixture_prepare(f, &answers[1], LANE_SWEEP, DAY(2) + 1,
		fixture_text(f, "%s,%s,%s", ROW(f, .n = 1), ROW(f, .n = 2, .card = "{\"license\":\"mit\"}"), ROW(f, .n = 3)));
	answers[1].sweep_first = answers[1].sweep_last = true;
	fixture_prepare(f, &answers[2], LANE_POLL, DAY(2) + 2, ROW(f, .n = 2, .card = "{\"license\":\"mit\"}"));
	fixture_commit(f, answers, 3);
	assert_string_equal(fixture_events(f, 0), "license.declared[cardData.license]");
	assert_int_equal(f->counts.versions, 1);
	assert_int_equal(fixture_repo(f, 2).row.versions, 2);
	fixture_free(f);
}

/* The same answers once more, as after a kill before the cursor moved: nothing twice. */
static void test_fed_again(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	for (unsigned i = 0; i < 2; i++)
		fixture_sweep(f, DAY(1), fixture_text(f, "%s,%s", rows(f, 1, 3), ROW(f, .n = 4, .card = "{\"license\":\"mit\"}")));
	for (unsigned i = 0; i < 2; i++)
		fixture_poll(f, DAY(2), ROW(f, .n = 4, .card = "{\"license\":\"gpl-3.0\"}"));
	assert_string_equal(fixture_events(f, 0), "license.switched[cardData.license]");
	assert_int_equal(fixture_repo(f, 4).row.versions, 2);
	fixture_free(f);
}

static void test_empty_batch(void **state)
{
	struct fixture *f = fixture_new();
	struct answer answer;

	(void)state;
	fixture_commit(f, NULL, 0);
	fixture_prepare(f, &answer, LANE_POLL, DAY(1), "");
	assert_int_equal(answer.page.rows, 0);
	fixture_commit(f, &answer, 1);
	assert_int_equal(fixture_head(f), 0);
	fixture_free(f);
}

static void test_cursor_commits_with_the_data(void **state)
{
	struct fixture *f = fixture_new();
	struct reader *reader;
	struct answer answer;
	struct slice text;

	(void)state;
	assert_int_equal(reader_open(f->store, &reader, &f->problem), 0);
	assert_int_equal(reader_cursor(reader, LANE_SWEEP, REPO_MODEL, &text), ERROR_NOT_FOUND);
	reader_close(&reader);
	fixture_prepare(f, &answer, LANE_SWEEP, DAY(1), rows(f, 1, 2));
	answer.sweep_first = true;
	answer.cursor = SLICE("page 2");
	fixture_commit(f, &answer, 1);
	fixture_prepare(f, &answer, LANE_POLL, DAY(1), "");
	answer.cursor = SLICE("watermark");
	fixture_commit(f, &answer, 1);
	fixture_prepare(f, &answer, LANE_SWEEP, DAY(1), rows(f, 3, 4));
	fixture_commit(f, &answer, 1); /* without one: as it was */
	fixture_reopen(f);
	assert_int_equal(reader_open(f->store, &reader, &f->problem), 0);
	assert_int_equal(reader_cursor(reader, LANE_SWEEP, REPO_MODEL, &text), 0);
	assert_true(slice_is(text, "page 2"));
	assert_int_equal(reader_cursor(reader, LANE_POLL, REPO_MODEL, &text), 0);
	assert_true(slice_is(text, "watermark"));
	reader_close(&reader);
	fixture_free(f);
}

/* A sweep goes on where it stood, over a restart. */
static void test_sweep_over_a_restart(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	fixture_sweep(f, DAY(1), rows(f, 1, 6));
	fixture_page(f, DAY(2), true, false, rows(f, 1, 3));
	fixture_reopen(f);
	assert_true(sweep_of(f).running);
	fixture_page(f, DAY(2) + 1, false, true, rows(f, 5, 6));
	assert_int_equal(fixture_missing(f), 1);
	assert_true(sweep_of(f).complete);
	assert_int_equal(sweep_of(f).seen, 5);
	fixture_free(f);
}

static void test_gap_of_an_answer(void **state)
{
	struct fixture *f = fixture_new();
	struct answer answer;

	(void)state;
	fixture_prepare(f, &answer, LANE_SWEEP, DAY(1), "");
	answer.gap = SLICE("a \"page\" <b>could</b> not be seen\n");
	fixture_commit(f, &answer, 1);
	assert_string_equal(fixture_events(f, 0), "gap");
	assert_string_equal(fixture_field(f, 1, "reason"), "\"a \\\"page\\\" <b>could</b> not be seen\\n\"");
	fixture_verify(f);
	fixture_free(f);
}

/* Kinds do not mix: the same oid and name, another place. */
static void test_kinds(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	fixture_sweep(f, DAY(1), ROW(f, .card = "{\"license\":\"mit\"}"));
	f->projection.kind = REPO_DATASET;
	f->projection.fields = fields_asked(REPO_DATASET);
	fixture_sweep(f, DAY(2), ROW(f, .card = "{\"license\":\"gpl-3.0\"}"));
	assert_int_equal(fixture_head(f), 0);
	f->projection.kind = REPO_SPACE;
	f->projection.fields = fields_asked(REPO_SPACE);
	fixture_sweep(f, DAY(3), ROW(f, .gated = ""));
	fixture_poll(f, DAY(4), ROW(f, .gated = "", .card = "{\"license\":\"mit\"}"));
	assert_string_equal(fixture_field(f, 1, "kind"), "\"space\"");
	assert_string_equal(fixture_field(f, 1, "url"), "\"https://hub.example/spaces/org/repo-1\"");
	fixture_verify(f);
	fixture_free(f);
}

/* --- damage ------------------------------------------------------------------------------------------------------- */

static void test_damaged_rows(void **state)
{
	static const struct {
		const char *row;
		const char *why;
	} cases[] = {
		{ "{\"id\":\"a/b\"}", "usable id" },
		{ "{\"_id\":\"659200800000000000000009\"}", "usable id" },
		{ "{\"_id\":\"65920080000000000000000\",\"id\":\"a/b\"}", "usable id" },
		{ "{\"_id\":\"65920080000000000000000g\",\"id\":\"a/b\"}", "usable id" },
		{ "{\"_id\":123456789012345678901234,\"id\":\"a/b\"}", "usable id" },
		{ "{\"_id\":\"659200800000000000000009\",\"id\":null}", "usable id" },
		{ "{\"_id\":\"659200800000000000000009\",\"id\":\"\"}", "usable id" },
		{ "{\"_id\":\"659200800000000000000009\",\"id\":[\"a/b\"]}", "usable id" },
		{ "{\"_id\":\"659200800000000000000009\",\"id\":\"a/\\q\"}", "JSON" },
		{ "null", "usable id" },
		{ "[]", "usable id" },
		{ "\"text\"", "usable id" },
		{ "{\"_id\":\"659200800000000000000009\",\"id\":\"a/b\",\"cardData\":{\"a\":tru}}", "JSON" },
		{ "{\"_id\":\"659200800000000000000009\",\"id\":\"a/b\",\"cardData\":{\"a\":\"\\x\"}}", "JSON" },
		{ "{\"_id\":\"659200800000000000000009\",\"id\":\"a/b\",\"cardData\":{\"a\":01}}", "JSON" },
		{ "{\"_id\":\"659200800000000000000009\",\"id\":\"a/b\",\"disabled\":tru}", "JSON" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct fixture *f = fixture_new();
		const char *page = fixture_text(f, "%s,%s,%s", ROW(f, .n = 1), cases[i].row, ROW(f, .n = 20));
		print_message("%s\n", cases[i].row);
		fixture_sweep(f, DAY(1), page);
		assert_int_equal(f->counts.damaged, 1);
		assert_int_equal(f->counts.rows_new, 2); /* the rest is kept */
		assert_string_equal(fixture_events(f, 0), "gap");
		assert_non_null(strstr(fixture_field(f, 1, "reason"), cases[i].why));
		fixture_sweep(f, DAY(2), page);
		assert_int_equal(f->counts.damaged, 1);
		assert_int_equal(fixture_head(f), 1); /* told once */
		fixture_verify(f);
		fixture_free(f);
	}
}

/* A damaged row whose counters move every day is one gap, not one a day. */
static void test_damage_told_once(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	for (unsigned i = 1; i < 5; i++)
		fixture_sweep(f, DAY(i), ROW(f, .card = "{\"a\":tru}", .downloads = i, .likes = i));
	assert_string_equal(fixture_events(f, 0), "gap");
	fixture_sweep(f, DAY(6), fixture_text(f, "%s,%s", ROW(f, .card = "{\"a\":tru}"), ROW(f, .n = 2, .card = "{\"a\":fals}")));
	assert_string_equal(fixture_events(f, 0), "gap gap");
	fixture_free(f);
}

static void test_damaged_pages(void **state)
{
	static const char *const bodies[] = {
		"", " ", "[", "[{]", "null", "12", "\"text\"", "<html><body>502</body></html>", "[{\"_id\":\"6592", "[]]", "[],[]",
		"{\"error\":\"x\"", "[{\"a\":1},]", "[{\"a\" 1}]", "[{1:2}]", "\0\0\0", "[\"\xFF\"", "[{\"id\":\"a\nb\"",
		"[{\"disabled\":maybe}]",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(bodies); i++) {
		struct fixture *f = fixture_new();
		struct answer answer;
		int code = fixture_prepare_body(f, &answer, LANE_SWEEP, DAY(1), slice_of(bodies[i]));
		print_message("%s\n", bodies[i]);
		assert_true(code == ERROR_JSON || code == ERROR_UTF8);
		assert_int_equal(f->problem.code, code);
		assert_int_equal(answer.page.count, 0);
		page_release(&answer.page);
		fixture_sweep(f, DAY(1), ROW(f)); /* the preparer goes on */
		assert_int_equal(f->counts.rows_new, 1);
		fixture_free(f);
	}
}

/* Bytes that are no text become U+FFFD and lose no row. */
static void test_broken_text(void **state)
{
	struct fixture *f = fixture_new();
	const char *page = fixture_text(f, "%s,%s,%s", ROW(f, .n = 1, .card = "{\"a\":\"\xFF\xC0x\"}"),
		ROW(f, .n = 2, .card = "{\"a\":\"\\ud800\",\"b\":\"\\udc00\\ud800\",\"license\":\"\\ud83d\\ude00\"}"),
		ROW(f, .n = 3, .card = "{\"\\ud800\":\"\xED\xA0\x80\",\"license\":\"m\xE9t\"}"));

	(void)state;
	fixture_sweep(f, DAY(1), page);
	assert_int_equal(f->counts.rows_new, 3);
	assert_int_equal(f->counts.damaged, 0);
	assert_string_equal(fixture_get(f, fixture_canonical(f, 1, 1), "cardData.a"), "\"\xEF\xBF\xBD\xEF\xBF\xBDx\"");
	assert_string_equal(fixture_get(f, fixture_canonical(f, 2, 1), "cardData.a"), "\"\xEF\xBF\xBD\"");
	assert_string_equal(fixture_get(f, fixture_canonical(f, 2, 1), "cardData.b"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
	assert_string_equal(fixture_get(f, fixture_canonical(f, 2, 1), "cardData.license"), "\"\xF0\x9F\x98\x80\"");
	assert_non_null(strstr(fixture_canonical(f, 3, 1), "\"license\":\"m\xEF\xBF\xBDt\""));
	fixture_sweep(f, DAY(2), page);
	assert_int_equal(f->counts.rows_same, 3);
	fixture_verify(f);
	fixture_free(f);
}

static void test_large_rows(void **state)
{
	struct fixture *f = fixture_new();
	struct buf text = BUF_INIT(4 << 20), tags = BUF_INIT(4 << 20), mega = BUF_INIT(4 << 20);
	const char *page;

	(void)state;
	for (unsigned i = 0; i < 6000; i++)
		buf_printf(&text, "%s\"key-%u\":%u", i ? "," : "", i, i);
	for (unsigned i = 0; i < 8000; i++)
		buf_printf(&tags, "%s\"tag-%u\"", i ? "," : "", i);
	buf_text(&tags, ",\"license:mit\"");
	for (unsigned i = 0; i < 1 << 20; i++)
		buf_char(&mega, 'x');
	page = fixture_text(f, "%s,%s,%s", ROW(f, .n = 1, .card = fixture_text(f, "{%s}", text.data)),
		ROW(f, .n = 2, .tags = fixture_text(f, "[%s]", tags.data)),
		ROW(f, .n = 3, .card = fixture_text(f, "{\"license\":\"%s\"}", mega.data)));
	fixture_sweep(f, DAY(1), page);
	assert_int_equal(f->counts.rows_new, 3);
	fixture_sweep(f, DAY(2), page);
	assert_int_equal(f->counts.rows_same, 3);
	assert_int_equal(fixture_snapshot(f, 3, 1).canonical.size > 1 << 20, true); /* the card is kept whole */
	fixture_sweep(f, DAY(3), rows(f, 1, 3));
	assert_non_null(strstr(fixture_events(f, 0), "license.withdrawn[tags]"));
	for (uint64_t seq = 1; seq <= fixture_head(f); seq++)
		assert_true(strlen(fixture_record(f, seq)) < 64 << 10); /* its record is not */
	fixture_verify(f);
	buf_release(&text);
	buf_release(&tags);
	buf_release(&mega);
	fixture_free(f);
}

static void test_deep_rows(void **state)
{
	static const struct {
		unsigned depth;
		bool kept;
	} cases[] = { { 10, true }, { 60, true }, { 100, false }, { 2000, false }, { 200000, false } };

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct fixture *f = fixture_new();
		struct buf deep = BUF_INIT(4 << 20);
		print_message("%u\n", cases[i].depth);
		for (unsigned k = 0; k < cases[i].depth; k++)
			buf_char(&deep, '[');
		for (unsigned k = 0; k < cases[i].depth; k++)
			buf_char(&deep, ']');
		fixture_sweep(f, DAY(1), fixture_text(f, "%s,%s", ROW(f, .n = 1, .card = fixture_text(f, "{\"a\":%s}", deep.data)),
						 ROW(f, .n = 2)));
		assert_int_equal(f->counts.rows_new, cases[i].kept ? 2 : 1);
		assert_int_equal(f->counts.damaged, cases[i].kept ? 0 : 1);
		fixture_verify(f);
		buf_release(&deep);
		fixture_free(f);
	}
}

/* The same limit for a row that is new and for one that changes, alone or among many: none is read once and lost later. */
static void test_depth_is_one(void **state)
{
	(void)state;
	for (unsigned depth = 55; depth < 75; depth++) {
		struct fixture *f = fixture_new();
		static const char opening[] = "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[";
		static const char closing[] = "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]";
		const char *deep = fixture_text(f, "{\"a\":%s%s}", &opening[74 - depth], &closing[74 - depth]);
		uint64_t as_new, as_known, alone;
		fixture_sweep(f, DAY(1), fixture_text(f, "%s,%s,%s", ROW(f, .n = 1, .card = deep), ROW(f, .n = 2), ROW(f, .n = 3)));
		as_new = f->counts.damaged;
		fixture_sweep(f, DAY(2), fixture_text(f, "%s,%s,%s", ROW(f, .n = 1), ROW(f, .n = 2, .card = deep), ROW(f, .n = 3)));
		as_known = f->counts.damaged;
		fixture_poll(f, DAY(3), ROW(f, .n = 3, .card = deep));
		alone = f->counts.damaged;
		if (as_new != as_known || as_new != alone)
			fail_msg("depth %u: %u, %u, %u", depth, (unsigned)as_new, (unsigned)as_known, (unsigned)alone);
		fixture_verify(f);
		fixture_free(f);
	}
}

static void test_odd_names(void **state)
{
	static const char *const ids[] = {
		"a/\\\"quoted\\\"", "a/b/c", "/", "a/\\u0000\\u0001\\n", "<script>alert(1)</script>", "a/%s%n", "gpt2", "../../etc/passwd",
		("a/\xE2\x80\xAE" "evil"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(ids); i++) {
		struct fixture *f = fixture_new();
		const char *head = fixture_text(f, "{\"_id\":\"659200800000000000000001\",\"id\":\"%s\",\"cardData\":", ids[i]);
		fixture_sweep(f, DAY(1), fixture_text(f, "%s{\"license\":\"mit\"}}", head));
		fixture_poll(f, DAY(2), fixture_text(f, "%s{\"license\":\"gpl-3.0\"}}", head));
		assert_string_equal(fixture_events(f, 0), "license.switched[cardData.license]");
		for (const char *c = fixture_record(f, 1); *c; c++)
			assert_true((unsigned char)*c >= 0x20);
		assert_string_equal(fixture_field(f, 1, "repo"), fixture_text(f, "\"%s\"", ids[i]));
		fixture_verify(f);
		fixture_free(f);
	}
}

static void test_private_rows(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	fixture_sweep(f, DAY(1), fixture_text(f, "%s,%s", ROW(f, .n = 1, .is_private = "true"), ROW(f, .n = 2)));
	assert_int_equal(f->counts.private_rows, 1);
	assert_int_equal(f->counts.rows_new, 1);
	assert_int_equal(fixture_head(f), 0);
	f->private_repos = true;
	fixture_reopen(f);
	fixture_sweep(f, DAY(2), fixture_text(f, "%s,%s", ROW(f, .n = 1, .is_private = "true"), ROW(f, .n = 2)));
	assert_int_equal(f->counts.private_rows, 0);
	assert_string_equal(fixture_events(f, 0), "repo.appeared");
	assert_string_equal(fixture_field(f, 1, "after.private"), "true");
	fixture_free(f);
}

/* --- dumps -------------------------------------------------------------------------------------------------------- */

/* A part of a dump ends no baseline and misses nothing, but of every row it says that it was seen. */
static void test_part_of_a_dump(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	fixture_import(f, DAY(1), false, rows(f, 1, 3));
	fixture_import(f, DAY(2), false, rows(f, 2, 3));
	assert_int_equal(fixture_missing(f), 0);
	assert_int_equal(sweep_of(f).number, 0);
	assert_int_equal(fixture_repo(f, 1).row.last_written_ms, DAY(1));
	assert_int_equal(fixture_repo(f, 2).row.last_written_ms, DAY(2));
	fixture_import(f, DAY(3), false, ROW(f, .n = 2, .card = "{\"license\":\"mit\"}"));
	assert_string_equal(fixture_events(f, 0), "license.declared[cardData.license]");
	assert_string_equal(fixture_field(f, 1, "observed_after"), moment(f, DAY(2)));
	assert_string_equal(fixture_field(f, 1, "at"), moment(f, DAY(3)));
	/* the first sweep is the baseline still: what is younger than the dump is no news */
	fixture_sweep(f, DAY(9), fixture_text(f, "%s,%s,%s,%s", ROW(f, .n = 1), ROW(f, .n = 2, .card = "{\"license\":\"mit\"}"),
					 ROW(f, .n = 3), ROW(f, .n = 4, .created = "2025-01-05T12:00:00.000Z")));
	assert_int_equal(fixture_head(f), 1);
	fixture_verify(f);
	fixture_free(f);
}

static void test_complete_dump(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	fixture_import(f, DAY(1), true, rows(f, 1, 3));
	assert_int_equal(sweep_of(f).completed_ms, DAY(1));
	fixture_import(f, DAY(5), true, fixture_text(f, "%s,%s", rows(f, 1, 2), ROW(f, .n = 4, .created = "2025-01-04T12:00:00.000Z")));
	assert_int_equal(fixture_missing(f), 1);
	assert_string_equal(fixture_events(f, 0), "repo.created");
	assert_string_equal(fixture_field(f, 1, "origin"), "\"imported\"");
	assert_string_equal(fixture_field(f, 1, "observed_after"), moment(f, DAY(1)));
	/* unconfirmed is not gone: it is the daemon that asks, and that it answers is observed */
	fixture_confirm(f, DAY(9), CONFIRM_GONE, 3, "");
	assert_string_equal(fixture_events(f, 1), "repo.gone");
	assert_string_equal(fixture_field(f, 2, "origin"), "\"observed\"");
	assert_string_equal(fixture_field(f, 2, "observed_after"), moment(f, DAY(1)));
	fixture_verify(f);
	fixture_free(f);
}

/* The same again, as after a kill: nothing is written twice. */
static void test_dump_again(void **state)
{
	struct fixture *f = fixture_new();
	const char *changed;

	(void)state;
	fixture_import(f, DAY(1), true, rows(f, 1, 20));
	changed = fixture_text(f, "%s,%s", ROW(f, .n = 1, .card = "{\"license\":\"mit\"}"), rows(f, 2, 19));
	for (unsigned i = 0; i < 3; i++) {
		fixture_import(f, DAY(2), true, changed);
		assert_int_equal(fixture_head(f), 1);
		assert_int_equal(fixture_missing(f), 1);
		fixture_import(f, DAY(2), false, changed);
		assert_int_equal(f->counts.records + f->counts.versions + f->counts.rows_touched, 0);
	}
	fixture_verify(f);
	fixture_free(f);
}

/* What a dump was not asked for is as it was, and comes back without a record. */
static void test_dump_without_the_card(void **state)
{
	struct fixture *f = fixture_new();
	uint32_t all = f->projection.fields;
	const char *row = ROW(f, .card = "{\"license\":\"mit\"}", .tags = "[\"license:mit\"]");

	(void)state;
	f->projection.fields = field_bit(FIELD_ID) | field_bit(FIELD_TAGS);
	fixture_import(f, DAY(1), true, row);
	assert_string_equal(fixture_canonical(f, 1, 1), "{\"id\":\"org/repo-1\",\"tags\":[\"license:mit\"]}");
	f->projection.fields = all;
	fixture_sweep(f, DAY(2), row);
	f->projection.fields = field_bit(FIELD_ID) | field_bit(FIELD_TAGS);
	fixture_import(f, DAY(3), false, row);
	assert_int_equal(fixture_head(f), 0);
	assert_non_null(strstr(fixture_canonical(f, 1, 1), "cardData"));
	f->projection.fields = all;
	/* the card was last seen on the second day: what the dump did not show, it does not vouch for */
	fixture_poll(f, DAY(4), ROW(f, .card = "{\"license\":\"gpl-3.0\"}", .tags = "[\"license:mit\"]"));
	assert_string_equal(fixture_events(f, 0), "license.switched[cardData.license]");
	assert_true(strcmp(fixture_field(f, 1, "observed_after"), moment(f, DAY(2))) <= 0);
	fixture_verify(f);
	fixture_free(f);
}

static uint64_t downloads_of(struct fixture *f, uint32_t number)
{
	struct change_counter downloads, likes;
	struct reader *reader;

	assert_int_equal(reader_open(f->store, &reader, &f->problem), 0);
	reader_counters(reader, number, &downloads, &likes);
	reader_close(&reader);
	return downloads.known ? downloads.value : UINT64_MAX;
}

/* Kinds have days of their own: a dump may be older than what is known of another kind, and keeps its day. */
static void test_dump_keeps_its_day(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	fixture_import(f, DAY(1), true, ROW(f));
	fixture_import(f, DAY(7), true, ROW(f, .card = "{\"license\":\"mit\"}", .downloads = 70));
	f->projection.kind = REPO_DATASET;
	fixture_import(f, DAY(2), true, ROW(f, .downloads = 20));
	assert_int_equal(downloads_of(f, 1), 70);
	assert_int_equal(downloads_of(f, 2), 20); /* in the same block, which had a younger day */
	fixture_import(f, DAY(3), true, ROW(f, .card = "{\"license\":\"mit\"}"));
	assert_string_equal(fixture_field(f, 2, "at"), moment(f, DAY(3)));
	assert_string_equal(fixture_field(f, 2, "observed_at"), moment(f, DAY(7))); /* time to seq stays a search */
	fixture_verify(f);
	fixture_free(f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_baseline),
		cmocka_unit_test(test_created_and_appeared),
		cmocka_unit_test(test_looks_outlive_broken_sweeps),
		cmocka_unit_test(test_old_looks_go),
		cmocka_unit_test(test_missing_rows),
		cmocka_unit_test(test_gone_and_restored),
		cmocka_unit_test(test_restored_and_switched),
		cmocka_unit_test(test_renamed_by_confirmation),
		cmocka_unit_test(test_renamed_there_and_back),
		cmocka_unit_test(test_replaced),
		cmocka_unit_test(test_a_name_with_many_bearers),
		cmocka_unit_test(test_confirmed_without_a_row),
		cmocka_unit_test(test_missing_is_newer),
		cmocka_unit_test(test_incomplete_sweep),
		cmocka_unit_test(test_incomplete_keeps_older_missing),
		cmocka_unit_test(test_incomplete_but_to_the_end),
		cmocka_unit_test(test_settled_together),
		cmocka_unit_test(test_put_off),
		cmocka_unit_test(test_unordered_sweep),
		cmocka_unit_test(test_unordered_is_covered),
		cmocka_unit_test(test_stray_row),
		cmocka_unit_test(test_pages_again),
		cmocka_unit_test(test_unreadable_rows),
		cmocka_unit_test(test_first_sweep_is_short),
		cmocka_unit_test(test_repeated_rows),
		cmocka_unit_test(test_segments),
		cmocka_unit_test(test_segment_ends_early),
		cmocka_unit_test(test_segment_out_of_order),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_skipped),
		cmocka_unit_test(test_counts_of_a_sweep),
		cmocka_unit_test(test_recapture),
		cmocka_unit_test(test_poll_and_sweep_of_one_batch),
		cmocka_unit_test(test_fed_again),
		cmocka_unit_test(test_empty_batch),
		cmocka_unit_test(test_cursor_commits_with_the_data),
		cmocka_unit_test(test_sweep_over_a_restart),
		cmocka_unit_test(test_gap_of_an_answer),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_damaged_rows),
		cmocka_unit_test(test_damage_told_once),
		cmocka_unit_test(test_damaged_pages),
		cmocka_unit_test(test_broken_text),
		cmocka_unit_test(test_large_rows),
		cmocka_unit_test(test_deep_rows),
		cmocka_unit_test(test_depth_is_one),
		cmocka_unit_test(test_odd_names),
		cmocka_unit_test(test_private_rows),
		cmocka_unit_test(test_part_of_a_dump),
		cmocka_unit_test(test_complete_dump),
		cmocka_unit_test(test_dump_again),
		cmocka_unit_test(test_dump_without_the_card),
		cmocka_unit_test(test_dump_keeps_its_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
