/* SPDX-License-Identifier: Apache-2.0 */
/* What commits tell of a time before the first look, in words and in what they claim; and which looks were dumps. */
#include "storage/cli/version_at.h"
#include "tests/unit/storage/fixture.h"

#define OTHER "{\"license\":\"other\",\"license_name\":\"own\"}"
#define MIT "{\"license\":\"mit\"}"
#define GPL "{\"license\":\"gpl-3.0\"}"

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

static struct past_switch change_of(struct fixture *f, const char *before, const char *after, uint8_t sha, int64_t date_ms)
{
	return (struct past_switch){ .before = state_of(f, before), .after = state_of(f, after),
		.before_sha = { (uint8_t)(sha - 1) }, .commit = { .sha = { sha }, .date_ms = date_ms } };
}

static void backfill(struct fixture *f, enum past_outcome outcome, const struct past_switch *found, unsigned count)
{
	struct past past = { .outcome = outcome, .oid = fixture_oid_bytes(1), .head = { 9 }, .count = count, .found = found };
	struct answer answer = { .lane = LANE_BACKFILL, .kind = REPO_MODEL, .answered_ms = DAY(20), .past = &past };

	fixture_commit(f, &answer, 1);
}

/* "observed mit: observed unchanged from ..." */
static const char *told_at(struct fixture *f, int64_t at_ms)
{
	struct repo_ref ref = fixture_repo(f, 1);
	struct buf text = BUF_INIT(65536);
	struct arena arena = { 0 };
	struct version_at answer;
	struct reader *reader;
	const char *told, *series, *license = "-";

	assert_int_equal(reader_open(f->store, &reader, &f->problem), 0);
	assert_int_equal(state_at(reader, &ref, at_ms, &arena, &answer), 0);
	series = series_name(answer.series);
	if (answer.series == SERIES_RECONSTRUCTED) {
		const struct statement *statement = &answer.past.side.state.statement;

		license = !statement->id_count ? "none" : fixture_text(f, "%.*s", (int)statement->id[0].size, statement->id[0].data);
		assert_string_equal(fixture_get(f, fixture_text(f, "%.*s", (int)answer.past.side.json.size,
			answer.past.side.json.data), "version"), "null");
	}
	version_at_text(&answer, &text);
	told = fixture_text(f, "%s %s: %s", series ? series : "nobody", license, text.data);
	buf_release(&text);
	arena_release(&arena);
	reader_close(&reader);
	return told;
}

static void first_look(struct fixture *f, const char *card, const char *created)
{
	fixture_sweep(f, DAY(10), ROW(f, .card = card, .created = created));
}

static void test_between_commits(void **state)
{
	struct fixture *f = fixture_new();
	struct past_switch found[] = { change_of(f, OTHER, GPL, 2, DAY(3)), change_of(f, GPL, MIT, 4, DAY(6)) };

	(void)state;
	first_look(f, MIT, "2025-01-01");
	assert_string_equal(told_at(f, DAY(5)), "nobody -: Not known. This repo has been watched only since 2025-01-11 00:00:00Z");
	backfill(f, PAST_WHOLE, found, 2);
	assert_string_equal(told_at(f, DAY(0) - 1),
		"nobody -: Not known. This repo has been watched only since 2025-01-11 00:00:00Z; created 2025-01-01 00:00:00Z, by the Hub");
	assert_string_equal(told_at(f, DAY(3) - 1), "reconstructed other: reconstructed: commit 0200000 of 2025-01-04 00:00:00Z "
		"changed it, and all before it said so; created 2025-01-01 00:00:00Z, by the Hub");
	assert_string_equal(told_at(f, DAY(3)), "reconstructed gpl-3.0: reconstructed: commit 0200000 of 2025-01-04 00:00:00Z "
		"said so, the next that changed it, 0400000, is of 2025-01-07 00:00:00Z");
	assert_string_equal(told_at(f, DAY(6) - 1), told_at(f, DAY(3)));
	assert_string_equal(told_at(f, DAY(6)), "reconstructed mit: reconstructed: commit 0400000 of 2025-01-07 00:00:00Z "
		"said so, and the first look 2025-01-11 00:00:00Z found it so");
	assert_string_equal(told_at(f, DAY(10)),
		"observed -: seen once, at 2025-01-11 00:00:00Z");
	fixture_verify(f);
	fixture_free(f);
}

/* Looks are never asked twice: where both series could speak, the look does, and the other says that it differs. */
static void test_the_first_look_found_otherwise(void **state)
{
	struct fixture *f = fixture_new();
	struct past_switch found[] = { change_of(f, OTHER, GPL, 2, DAY(3)) };

	(void)state;
	first_look(f, MIT, "2022-03-02T23:29:04.000Z");
	found[0].reason = SLICE("not looked at: of the commits 7 from a to b");
	backfill(f, PAST_PART, found, 1);
	assert_string_equal(told_at(f, DAY(4)), "reconstructed gpl-3.0: reconstructed: commit 0200000 of 2025-01-04 00:00:00Z "
		"said so, but the first look 2025-01-11 00:00:00Z found otherwise (not looked at: of the commits 7 from a to b)");
	/* the Hub's clock began then: older repos have that date, which says nothing */
	assert_string_equal(told_at(f, DAY(-3000)), "reconstructed other: reconstructed: commit 0200000 of 2025-01-04 00:00:00Z "
		"changed it, and those before it that were looked at said so (not looked at: of the commits 7 from a to b)");
	fixture_free(f);
}

static void test_clocks_of_committers(void **state)
{
	struct fixture *f = fixture_new();
	struct past_switch found[] = { change_of(f, OTHER, GPL, 2, DAY(6)), change_of(f, GPL, MIT, 4, DAY(3)),
		change_of(f, MIT, OTHER, 6, DAY(7000)) };

	(void)state;
	first_look(f, OTHER, "2025-01-01");
	backfill(f, PAST_WHOLE, found, 3);
	assert_string_equal(told_at(f, DAY(2)), "reconstructed other: reconstructed: commit 0200000 of 2025-01-07 00:00:00Z "
		"changed it, and all before it said so; created 2025-01-01 00:00:00Z, by the Hub");
	assert_string_equal(told_at(f, DAY(4)), "reconstructed mit: uncertain: the dates of the commits run backwards here; by "
		"their order commit 0400000 said so");
	assert_string_equal(told_at(f, DAY(6)), "reconstructed mit: reconstructed: commit 0400000 of 2025-01-04 00:00:00Z said so, "
		"the next that changed it, 0600000, was there at the first look 2025-01-11 00:00:00Z");
	fixture_free(f);
}

static void test_no_commit_changed_it(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	first_look(f, MIT, "2025-01-01");
	backfill(f, PAST_GATED, NULL, 0);
	assert_string_equal(told_at(f, DAY(5)), "nobody -: Not known. This repo has been watched only since 2025-01-11 00:00:00Z");
	backfill(f, PAST_WHOLE, NULL, 0);
	assert_string_equal(told_at(f, DAY(5)), "reconstructed mit: uncertain: the first look 2025-01-11 00:00:00Z found it so, and "
		"no commit before was found to change it; created 2025-01-01 00:00:00Z, by the Hub");
	fixture_free(f);
}

static void test_dumps(void **state)
{
	struct fixture *f = fixture_new();
	const char *old = ROW(f, .card = GPL), *new = ROW(f, .card = MIT, .sha = 2);

	(void)state;
	fixture_import(f, DAY(1), true, old);
	fixture_import(f, DAY(2), true, new);
	fixture_sweep(f, DAY(4), ROW(f, .card = OTHER, .sha = 3));
	assert_string_equal(told_at(f, DAY(1)), "imported -: seen once, at 2025-01-02 00:00:00Z (imported)");
	assert_string_equal(told_at(f, DAY(2)), "imported -: seen once, at 2025-01-03 00:00:00Z (imported)");
	assert_string_equal(told_at(f, DAY(4)), "observed -: seen once, at 2025-01-05 00:00:00Z");
	fixture_free(f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_between_commits),
		cmocka_unit_test(test_the_first_look_found_otherwise),
		cmocka_unit_test(test_clocks_of_committers),
		cmocka_unit_test(test_no_commit_changed_it),
		cmocka_unit_test(test_dumps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
