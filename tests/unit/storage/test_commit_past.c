/* SPDX-License-Identifier: Apache-2.0 */
/* What commits tell, in the store: the note that a commit is to be found, its record, and reconstructed switches, once each. */
#include "storage/past_table.h"
#include "tests/unit/storage/fixture.h"

static struct reader *reader_of(struct fixture *f)
{
	struct reader *reader;

	assert_int_equal(reader_open(f->store, &reader, &f->problem), 0);
	return reader;
}

/* The seqs that wait for their commit, and how often each was asked for: "2/0 5/1". */
static const char *due(struct fixture *f)
{
	struct reader *reader = reader_of(f);
	struct evidence_due one = { .seq = 0 };
	const char *seqs = "";

	while (reader_evidence_due(reader, one.seq + 1, &one) == 0)
		seqs = fixture_text(f, "%s%s%llu/%u", seqs, *seqs ? " " : "", (unsigned long long)one.seq, one.tries);
	reader_close(&reader);
	return seqs;
}

static void answer_evidence(struct fixture *f, int64_t at_ms, const struct evidence *evidence)
{
	struct answer answer = { .lane = LANE_DETAIL, .kind = REPO_MODEL, .answered_ms = at_ms, .evidence = evidence };

	fixture_commit(f, &answer, 1);
}

static void test_which_records_wait(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	fixture_sweep(f, DAY(1), ROW(f, .card = "{\"license\":\"mit\"}"));
	fixture_poll(f, DAY(2), ROW(f, .card = "{\"license\":\"gpl-3.0\"}", .sha = 2));
	assert_string_equal(due(f), "1/0");
	fixture_poll(f, DAY(3), ROW(f, .card = "{\"license\":\"gpl-3.0\",\"x\":1}", .sha = 3)); /* metadata.changed */
	fixture_poll(f, DAY(4), ROW(f, .card = "{\"license\":\"mit\",\"x\":1}", .sha = 3));     /* no commit did it */
	assert_string_equal(due(f), "1/0");
	fixture_poll(f, DAY(5), ROW(f, .card = "{}", .sha = 4));
	assert_string_equal(fixture_events(f, 3), "license.withdrawn[cardData.license] metadata.changed[cardData.x]");
	assert_string_equal(due(f), "1/0 4/0");
	fixture_verify(f);
	fixture_free(f);
}

static void test_evidence_is_told_once(void **state)
{
	struct fixture *f = fixture_new();
	struct change_commit commit = { .sha = { 2 }, .title = SLICE("Relicense"), .user = SLICE("ann"), .date_ms = DAY(1) };
	struct evidence evidence = { .of = 1, .name = SLICE("org/repo-1"), .commit = &commit };

	(void)state;
	fixture_sweep(f, DAY(1), ROW(f, .card = "{\"license\":\"mit\"}"));
	fixture_poll(f, DAY(2), ROW(f, .card = "{\"license\":\"gpl-3.0\"}", .sha = 2));
	answer_evidence(f, DAY(3), &evidence);
	answer_evidence(f, DAY(4), &evidence); /* a daemon that was killed asks again: nobody waits any more */
	assert_int_equal(fixture_head(f), 2);
	assert_string_equal(due(f), "");
	assert_string_equal(fixture_field(f, 2, "event"), "\"evidence.commit\"");
	assert_string_equal(fixture_field(f, 2, "of"), "1");
	assert_string_equal(fixture_field(f, 2, "repo"), "\"org/repo-1\"");
	assert_string_equal(fixture_field(f, 2, "before"), "null");
	assert_string_equal(fixture_field(f, 2, "commit.user"), "\"ann\"");
	assert_string_equal(fixture_field(f, 2, "commit.date"), "\"2025-01-02T00:00:00.000Z\"");
	fixture_verify(f);
	fixture_free(f);
}

static void test_tries_are_bounded(void **state)
{
	struct fixture *f = fixture_new();
	struct evidence later = { .of = 1, .name = SLICE("org/repo-1"), .later = true, .reason = SLICE("in vain") };

	(void)state;
	fixture_sweep(f, DAY(1), ROW(f, .card = "{\"license\":\"mit\"}"));
	fixture_poll(f, DAY(2), ROW(f, .card = "{\"license\":\"gpl-3.0\"}", .sha = 2));
	for (unsigned tries = 1; tries < EVIDENCE_TRIES_MAX; tries++) {
		answer_evidence(f, DAY(2 + tries), &later);
		assert_string_equal(due(f), fixture_text(f, "1/%u", tries));
	}
	answer_evidence(f, DAY(9), &later);
	assert_string_equal(due(f), "");
	assert_string_equal(fixture_field(f, 2, "reason"), "\"in vain\"");
	assert_string_equal(fixture_field(f, 2, "commit"), "null");
	fixture_free(f);
}

/* --- reconstructed -------------------------------------------------------------------------------------------------*/

static const struct state *state_of(struct fixture *f, const char *card)
{
	struct state *state = arena_take(&f->texts, sizeof(*state));
	struct canon canon = { .field = { [FIELD_ID] = SLICE_NONE } };

	canon.field[FIELD_ID] = SLICE("\"org/repo-1\"");
	canon.field[FIELD_CARD_DATA] = slice_of(card);
	canon.field[FIELD_TAGS] = SLICE("[]");
	state_read(&f->json, &canon, &f->texts, state);
	return state;
}

static void answer_past(struct fixture *f, int64_t at_ms, const struct past *past)
{
	struct answer answer = { .lane = LANE_BACKFILL, .kind = REPO_MODEL, .answered_ms = at_ms, .past = past };

	fixture_commit(f, &answer, 1);
}

static void test_past_is_told_once(void **state)
{
	struct fixture *f = fixture_new();
	struct past_switch found[] = {
		{ .before = state_of(f, "null"), .after = state_of(f, "{\"license\":\"other\",\"license_name\":\"own\"}"),
			.before_sha = { 1 }, .commit = { .sha = { 2 }, .date_ms = DAY(-700) } },
		{ .before = state_of(f, "{\"license\":\"other\",\"license_name\":\"own\"}"),
			.after = state_of(f, "{\"base_model\":\"a/b\",\"license\":\"mit\"}"), .before_sha = { 3 },
			.commit = { .sha = { 4 }, .date_ms = DAY(700) }, .reason = SLICE("not looked at: much") },
	};
	struct past past = { .outcome = PAST_GATED, .oid = fixture_oid_bytes(1) };
	struct past_row row;
	struct reader *reader;

	(void)state;
	fixture_sweep(f, DAY(1), ROW(f, .card = "{\"license\":\"mit\"}"));
	answer_past(f, DAY(2), &past); /* nothing was seen: that may be asked again */
	past = (struct past){ .outcome = PAST_PART, .oid = fixture_oid_bytes(1), .head = { 5 }, .count = 2, .found = found };
	answer_past(f, DAY(3), &past);
	answer_past(f, DAY(4), &past);
	assert_string_equal(fixture_events(f, 0),
		"license.declared[cardData.license,cardData.license_name] license.switched[cardData.license,cardData.license_name]");
	assert_string_equal(fixture_field(f, 1, "origin"), "\"reconstructed\"");
	assert_string_equal(fixture_field(f, 1, "at"), "\"2023-02-01T00:00:00.000Z\"");
	assert_string_equal(fixture_field(f, 1, "observed_at"), "\"2025-01-04T00:00:00.000Z\"");
	assert_string_equal(fixture_field(f, 1, "observed_after"), "null");
	assert_string_equal(fixture_field(f, 1, "after.version"), "null");
	assert_string_equal(fixture_field(f, 2, "at"), "\"2025-01-02T00:00:00.000Z\""); /* a clock that was ahead: the first look */
	assert_string_equal(fixture_field(f, 2, "reason"), "\"not looked at: much\"");
	assert_string_equal(due(f), ""); /* its commit is known */

	reader = reader_of(f);
	assert_int_equal(reader_past(reader, 1, &row), 0);
	assert_int_equal(row.outcome, PAST_PART);
	assert_int_equal(row.head[0], 5);
	assert_int_equal(row.at_ms, DAY(3));
	assert_int_equal(reader_past(reader, 2, &row), ERROR_NOT_FOUND);
	reader_close(&reader);
	fixture_verify(f);
	fixture_free(f);
}

static void test_unknown_repo_is_nothing(void **state)
{
	struct fixture *f = fixture_new();
	struct past past = { .outcome = PAST_WHOLE, .oid = fixture_oid_bytes(7) };

	(void)state;
	fixture_sweep(f, DAY(1), ROW(f));
	answer_past(f, DAY(2), &past);
	answer_evidence(f, DAY(2), &(struct evidence){ .of = 4711 });
	assert_int_equal(fixture_head(f), 0);
	fixture_free(f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_which_records_wait),
		cmocka_unit_test(test_evidence_is_told_once),
		cmocka_unit_test(test_tries_are_bounded),
		cmocka_unit_test(test_past_is_told_once),
		cmocka_unit_test(test_unknown_repo_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
