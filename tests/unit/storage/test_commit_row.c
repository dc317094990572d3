/* SPDX-License-Identifier: Apache-2.0 */
/* What one look at one repo becomes: the tables of verdicts and events, versions, times, rebases. */
#include <stdio.h>

#include "tests/unit/storage/fixture.h"

/* --- which events lie between two rows ---------------------------------------------------------------------------- */

static const char *card(struct fixture *f, const char *members)
{
	return fixture_text(f, "{%s}", members);
}

/* A baseline with one row, then the other; what came of it. */
static const char *events_between(const struct fixture_row *before, const struct fixture_row *after, char *out, size_t room)
{
	struct fixture *f = fixture_new();

	fixture_sweep(f, DAY(1), fixture_row(f, before));
	assert_int_equal(fixture_head(f), 0);
	fixture_poll(f, DAY(2), fixture_row(f, after));
	fixture_verify(f);
	snprintf(out, room, "%s", fixture_events(f, 0));
	fixture_free(f);
	return out;
}

/* Members of the card before and after; the event; where it has them: direction, commercial. */
static void test_statement_verdicts(void **state)
{
	static const struct {
		const char *before, *after, *event, *direction, *commercial;
	} cases[] = {
		/* 1: equal after normalising, as sets */
		{ "\"license\":\"mit\"", "\"license\":\"MIT\"", "metadata.changed[cardData.license]", 0, 0 },
		{ "\"license\":\"mit\"", "\"license\":[\"mit\"]", "metadata.changed[cardData.license]", 0, 0 },
		{ "\"license\":[\"mit\",\"gpl-3.0\"]", "\"license\":[\"gpl-3.0\",\"MIT\",\"mit\"]",
			"metadata.changed[cardData.license]", 0, 0 },
		{ "\"license\":\"other\",\"license_name\":\"My License\"", "\"license\":\"other\",\"license_name\":\"my-licence\"",
			"metadata.changed[cardData.license_name]", 0, 0 },
		{ "\"license_name\":\"a\"", "\"license_name\":\"b\"", "metadata.changed[cardData.license_name]", 0, 0 },
		{ "", "\"license_link\":\"https://example.org\"", "metadata.changed[cardData.license_link]", 0, 0 },
		/* 2: declared, withdrawn */
		{ "", "\"license\":\"mit\"", "license.declared[cardData.license]", 0, 0 },
		{ "\"license\":[]", "\"license\":{\"code\":\"mit\"}", "license.declared[cardData.license]", 0, 0 },
		{ "\"license\":\"mit\"", "", "license.withdrawn[cardData.license]", 0, 0 },
		{ "\"license\":\"mit\"", "\"license\":null", "license.withdrawn[cardData.license]", 0, 0 },
		{ "\"license\":\"mit\"", "\"license\":\"\"", "license.withdrawn[cardData.license]", 0, 0 },
		/* 3: the same row of the tables */
		{ "\"license\":\"llama-2\"", "\"license\":\"llama2\"", "license.relabelled[cardData.license]", 0, 0 },
		{ "\"license\":\"other\",\"license_name\":\"gemma\"", "\"license\":\"gemma\"",
			"license.relabelled[cardData.license,cardData.license_name]", 0, 0 },
		{ "\"license\":\"other\",\"license_name\":\"apache-2.0\"", "\"license\":\"apache-2.0\"",
			"license.relabelled[cardData.license,cardData.license_name]", 0, 0 },
		/* 4: the same ids, another name or link */
		{ "\"license\":\"other\",\"license_name\":\"nvidia-open-model-license\"",
			"\"license\":\"other\",\"license_name\":\"nvidia-nemotron-open-model-license\"",
			"license.terms[cardData.license_name]", "loosened", "widened" },
		{ "\"license\":\"other\",\"license_link\":\"https://a.example/1\"",
			"\"license\":\"other\",\"license_link\":\"https://a.example/2\"",
			"license.terms[cardData.license_link]", "unclear", "unclear" },
		{ "\"license\":\"other\"", "\"license\":\"other\",\"license_name\":\"nobody-knows\"",
			"license.terms[cardData.license_name]", "unclear", "unclear" },
		/* 5: switched, with the examples of licenses/README.md */
		{ "\"license\":\"other\",\"license_name\":\"falcon-llm-license\"", "\"license\":\"apache-2.0\"",
			"license.switched[cardData.license,cardData.license_name]", "loosened", "widened" },
		{ "\"license\":\"gpl-3.0\"", "\"license\":\"agpl-3.0\"", "license.switched[cardData.license]", "tightened",
			"unchanged" },
		{ "\"license\":\"mit\"", "\"license\":\"cc0-1.0\"", "license.switched[cardData.license]", "lateral",
			"unchanged" },
		{ "\"license\":\"apache-2.0\"", "\"license\":\"other\"", "license.switched[cardData.license]", "unclear",
			"unclear" },
		{ "\"license\":\"osl-3.0\"", "\"license\":\"afl-3.0\"", "license.switched[cardData.license]", "loosened",
			"unchanged" },
		{ "\"license\":\"mit\"", "\"license\":[\"mit\",\"cc-by-nc-4.0\"]", "license.switched[cardData.license]",
			"tightened", "lost" },
		{ "\"license\":\"apache-2.0\"", "\"license\":1", "license.switched[cardData.license]", "unclear", "unclear" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct fixture *f = fixture_new();
		fixture_sweep(f, DAY(1), ROW(f, .card = card(f, cases[i].before)));
		fixture_poll(f, DAY(2), ROW(f, .card = card(f, cases[i].after), .sha = 2));
		print_message("%s -> %s\n", cases[i].before, cases[i].after);
		assert_string_equal(fixture_events(f, 0), cases[i].event);
		assert_string_equal(fixture_field(f, 1, "direction"),
			cases[i].direction ? fixture_text(f, "\"%s\"", cases[i].direction) : "null");
		assert_string_equal(fixture_field(f, 1, "commercial"),
			cases[i].commercial ? fixture_text(f, "\"%s\"", cases[i].commercial) : "null");
		fixture_verify(f);
		fixture_free(f);
	}
}

/* The license of the tags counts where the card has none; a move between the two is no change of the license. */
static void test_statement_sources(void **state)
{
	static const struct {
		struct fixture_row before, after;
		const char *events;
	} cases[] = {
		{ { .tags = "[\"license:mit\"]" }, { .tags = "[\"license:gpl-3.0\"]" }, "license.switched[tags]" },
		{ { .tags = "[\"license:mit\"]" }, { .card = "{\"license\":\"mit\"}", .tags = "[\"license:mit\"]" },
			"metadata.changed[cardData.license]" },
		{ { .card = "{\"license\":\"mit\"}" }, { .tags = "[\"license:mit\"]" },
			"metadata.changed[cardData.license,tags]" },
		{ { .card = "{\"license\":\"mit\"}" }, { .card = "{\"license\":\"mit\"}", .tags = "[\"license:gpl-3.0\"]" },
			"metadata.changed[tags]" },
		{ { .tags = "[\"license:mit\"]" }, { .card = "{\"license\":\"gpl-3.0\"}", .tags = "[\"license:gpl-3.0\"]" },
			"license.switched[cardData.license,tags]" },
		{ { .tags = "[\"license:mit\",\"license:gpl-3.0\",\"x\"]" },
			{ .tags = "[\"y\",\"license:gpl-3.0\",\"license:mit\",\"license:mit\"]" }, "" },
		{ { .tags = "[]" }, { .tags = "[\"license:\"]" }, "metadata.changed[tags]" },
		{ { .tags = "[]" }, { .tags = "[\"licenses:mit\"]" }, "" },
	};
	char events[1000];

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		print_message("case %zu\n", i);
		assert_string_equal(events_between(&cases[i].before, &cases[i].after, events, sizeof(events)),
			cases[i].events);
	}
}

static void test_other_events(void **state)
{
	static const struct {
		struct fixture_row before, after;
		const char *events;
	} cases[] = {
		/* nothing */
		{ { .sha = 1 }, { .sha = 1 }, "" },
		{ { .sha = 1 }, { .sha = 2 }, "" },
		{ { .sha = 1 }, { .modified = "2024-12-31T00:00:00.000Z" }, "" },
		{ { .likes = 1 }, { .likes = 2, .downloads = 3 }, "" },
		{ { .tags = "[\"a\",\"b\"]" }, { .tags = "[\"c\"]" }, "" },
		{ { .more = ",\"library_name\":\"x\"" }, { .more = ",\"library_name\":\"y\",\"pipeline_tag\":\"z\"" }, "" },
		{ { .more = ",\"unknown\":1" }, { .more = ",\"unknown\":2" }, "" },
		{ { .card = "{\"a\":1,\"b\":[1, 2]}" }, { .card = "{ \"b\" : [1,2],\"a\":1 }" }, "" },
		{ { .card = "{\"a\":\"\\u0041\"}" }, { .card = "{\"a\":\"A\"}" }, "" },
		{ { .card = "{\"a\":1}" }, { .card = "{\"a\":2,\"a\":1}" }, "" },
		/* a new name: one event, with the author */
		{ { .id = "a/x" }, { .id = "a/y" }, "repo.renamed[id]" },
		{ { .id = "a/x" }, { .id = "b/x" }, "repo.renamed[author,id]" },
		{ { .id = "a/x" }, { .id = "a/X" }, "repo.renamed[id]" },
		{ { .author = "a" }, { .author = "b" }, "metadata.changed[author]" },
		/* access */
		{ { .gated = "false" }, { .gated = "\"auto\"" }, "access.gated[gated]" },
		{ { .gated = "false" }, { .gated = "\"manual\"" }, "access.gated[gated]" },
		{ { .gated = "\"auto\"" }, { .gated = "\"manual\"" }, "access.changed[gated]" },
		{ { .gated = "\"manual\"" }, { .gated = "\"auto\"" }, "access.changed[gated]" },
		{ { .gated = "\"manual\"" }, { .gated = "false" }, "access.ungated[gated]" },
		{ { .disabled = "false" }, { .disabled = "true" }, "access.disabled[disabled]" },
		{ { .disabled = "true" }, { .disabled = "false" }, "access.enabled[disabled]" },
		{ { .gated = "false" }, { .gated = "\"auto\"", .disabled = "true" },
			"access.gated[gated] access.disabled[disabled]" },
		{ { .gated = "" }, { .gated = "false" }, "metadata.changed[gated]" },
		{ { .gated = "" }, { .gated = "false", .disabled = "true" },
			"access.disabled[disabled] metadata.changed[gated]" },
		/* lineage */
		{ { .card = "{\"base_model\":\"a/b\"}" }, { .card = "{\"base_model\":[\"a/b\",\"c/d\"]}" },
			"lineage.changed[cardData.base_model]" },
		{ { .card = "{}" }, { .card = "{\"base_model_relation\":\"merge\",\"datasets\":[\"x\"]}" },
			"lineage.changed[cardData.base_model_relation,cardData.datasets]" },
		{ { .card = "{}" }, { .card = "{\"models\":[\"x\"]}" }, "lineage.changed[cardData.models]" },
		/* the rest, and only the rest */
		{ { .card = "{\"language\":\"en\"}" }, { .card = "{\"language\":[\"en\",\"de\"]}" },
			"metadata.changed[cardData.language]" },
		{ { .card = "{\"a\":1,\"license\":\"mit\"}", .id = "a/x" },
			{ .card = "{\"b\":1,\"license\":\"apache-2.0\",\"base_model\":\"q\"}", .id = "b/x",
				.gated = "\"auto\"", .tags = "[\"license:apache-2.0\"]" },
			"license.switched[cardData.license,tags] repo.renamed[author,id] access.gated[gated] "
			"lineage.changed[cardData.base_model] metadata.changed[cardData.a,cardData.b]" },
		{ { .card = "{\"a\":1}" }, { .card = "" }, "metadata.changed[cardData.a]" },
		{ { .card = "" }, { .card = "{}" }, "metadata.changed[cardData]" },
		{ { .card = "\"text\"" }, { .card = "[1]" }, "metadata.changed[cardData]" },
		{ { .card = "" }, { .card = "{\"license\":\"mit\"}" }, "license.declared[cardData.license]" },
	};
	char events[1000];

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		print_message("case %zu: %s\n", i, cases[i].events);
		assert_string_equal(events_between(&cases[i].before, &cases[i].after, events, sizeof(events)),
			cases[i].events);
	}
}

/* So many differences that not all of them are named: what has an event of its own is named still. */
static void test_many_differences(void **state)
{
	struct fixture *f = fixture_new();
	struct buf members = BUF_INIT(1 << 20);

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		buf_printf(&members, "\"a%04u\":1,", i);
	fixture_sweep(f, DAY(1), ROW(f, .card = "{\"license\":\"mit\"}"));
	fixture_poll(f, DAY(2), ROW(f, .card = fixture_text(f, "{%s\"base_model\":\"x/y\",\"license\":\"gpl-3.0\"}", members.data)));
	assert_non_null(strstr(fixture_events(f, 0), "license.switched[cardData.license] lineage.changed[cardData.base_model] "
						     "metadata.changed[cardData.a0000,"));
	fixture_verify(f);
	buf_release(&members);
	fixture_free(f);
}

/* --- versions ----------------------------------------------------------------------------------------------------- */

static void test_nothing_new(void **state)
{
	struct fixture *f = fixture_new();
	struct repo_ref first, then;

	(void)state;
	fixture_sweep(f, DAY(1), ROW(f));
	first = fixture_repo(f, 1);
	fixture_poll(f, DAY(2), ROW(f, .likes = 5));
	assert_int_equal(f->counts.rows_same, 1);
	then = fixture_repo(f, 1);
	assert_memory_equal(&first, &then, sizeof(first)); /* not even written */
	fixture_poll(f, DAY(3), ROW(f, .sha = 7, .modified = "2025-01-03T10:00:00.000Z"));
	assert_int_equal(f->counts.rows_touched, 1);
	then = fixture_repo(f, 1);
	assert_int_equal(then.row.versions, 1);
	assert_int_equal(then.row.sha[SHA_BYTES - 1], 7);
	assert_int_equal(then.row.last_modified_ms, DAY(2) + HOUR(10));
	assert_int_equal(then.row.last_written_ms, DAY(3));
	assert_int_equal(then.row.last_changed_ms, DAY(1));
	assert_int_equal(fixture_head(f), 0);
	fixture_free(f);
}

static void test_many_versions(void **state)
{
	enum { VERSIONS = 50 };
	struct fixture *f = fixture_new();
	struct buf filler = BUF_INIT(1 << 20);

	(void)state;
	for (unsigned i = 0; i < 300; i++)
		buf_printf(&filler, "%s\"k%03u\":\"v%u\"", i ? "," : "", i, i * 7919);
	fixture_sweep(f, DAY(1), ROW(f, .card = fixture_text(f, "{\"n\":0,%s}", filler.data)));
	for (unsigned i = 2; i <= VERSIONS; i++) {
		if (i % 13 == 0)
			fixture_reopen(f);
		fixture_poll(f, DAY(i), ROW(f, .sha = i, .card = fixture_text(f, "{\"n\":%u,%s}", i - 1, filler.data)));
	}
	assert_int_equal(fixture_repo(f, 1).row.versions, VERSIONS);
	assert_int_equal(fixture_head(f), VERSIONS - 1);
	for (unsigned i = 1; i <= VERSIONS; i++) {
		struct snapshot snapshot = fixture_snapshot(f, 1, i);
		const char *canonical = fixture_canonical(f, 1, i);
		assert_string_equal(fixture_get(f, canonical, "cardData.n"), fixture_text(f, "%u", i - 1));
		assert_string_equal(fixture_get(f, canonical, "cardData.k299"), "\"v2367781\"");
		assert_int_equal(snapshot.observed_at_ms, DAY(i));
		assert_int_equal(snapshot.observed_after_ms, i == 1 ? 0 : DAY(i - 1));
		assert_int_equal(snapshot.sha[SHA_BYTES - 1], i);
	}
	fixture_verify(f);
	buf_release(&filler);
	fixture_free(f);
}

static void test_canonical_text(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	fixture_sweep(f, DAY(1), ROW(f, .id = "a/b", .card = "{\"z\":1.50,\"license\":\"mit\",\"é\":\"\\u00e9\\ud800\"}",
					 .tags = "[\"x\",\"license:mit\"]", .more = ",\"library_name\":\"l\""));
	assert_string_equal(fixture_canonical(f, 1, 1),
		"{\"author\":\"a\",\"cardData\":{\"license\":\"mit\",\"z\":1.50,\"é\":\"é\xEF\xBF\xBD\"},\"disabled\":false,"
		"\"gated\":false,\"id\":\"a/b\",\"private\":false,\"tags\":[\"license:mit\"]}");
	assert_int_equal(slice_is(fixture_snapshot(f, 1, 1).derived, "{\"library_name\":\"l\",\"tags\":[\"x\"]}"), true);
	fixture_free(f);
}

/* --- times -------------------------------------------------------------------------------------------------------- */

static const char *moment(struct fixture *f, int64_t ms)
{
	char text[MOMENT_TEXT];

	moment_write(ms, text);
	return fixture_text(f, "\"%s\"", text);
}

static void assert_times(struct fixture *f, uint64_t seq, int64_t after_ms, int64_t at_ms)
{
	assert_string_equal(fixture_field(f, seq, "observed_after"), moment(f, after_ms));
	assert_string_equal(fixture_field(f, seq, "observed_at"), moment(f, at_ms));
	assert_string_equal(fixture_field(f, seq, "at"), moment(f, at_ms));
}

/* observed_after: the newest look that saw the old state, whichever lane it was. */
static void test_observed_after(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	fixture_sweep(f, DAY(1), ROW(f, .card = "{\"a\":1}"));
	fixture_poll(f, DAY(2), ROW(f, .card = "{\"a\":2}")); /* after the sweep's look, which is the row's write */
	assert_times(f, 1, DAY(1), DAY(2));
	fixture_sweep(f, DAY(3), ROW(f, .card = "{\"a\":2}")); /* the same: no write, but a look */
	fixture_poll(f, DAY(4), ROW(f, .card = "{\"a\":3}"));
	assert_times(f, 2, DAY(3), DAY(4));
	fixture_sweep(f, DAY(5), ROW(f, .card = "{\"a\":4}")); /* the look of this page is not what saw the old state */
	assert_times(f, 3, DAY(4), DAY(5));
	fixture_poll(f, DAY(6), ROW(f, .card = "{\"a\":4}", .sha = 2)); /* moved: that wrote the row */
	fixture_poll(f, DAY(7), ROW(f, .card = "{\"a\":5}", .sha = 3));
	assert_times(f, 4, DAY(6), DAY(7));
	fixture_free(f);
}

/* A look covers the oids of its page alone; a running sweep counts as far as it came. */
static void test_observed_after_within_a_sweep(void **state)
{
	struct fixture *f = fixture_new();
	const char *old[3];

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		old[i] = ROW(f, .n = i + 1);
	fixture_sweep(f, DAY(1), fixture_text(f, "%s,%s,%s", old[0], old[1], old[2]));
	fixture_page(f, DAY(2), true, false, old[0]);
	fixture_page(f, DAY(3), false, false, old[1]);
	fixture_poll(f, DAY(4), fixture_text(f, "%s,%s,%s", ROW(f, .n = 3, .card = "{\"x\":1}"),
					ROW(f, .n = 2, .card = "{\"x\":1}"), ROW(f, .n = 1, .card = "{\"x\":1}")));
	assert_times(f, 1, DAY(1), DAY(4)); /* repo 3: not reached yet */
	assert_times(f, 2, DAY(3), DAY(4));
	assert_times(f, 3, DAY(2), DAY(4));
	fixture_free(f);
}

/* A row that a sweep did not bring was not seen by it. */
static void test_observed_after_of_a_missing_row(void **state)
{
	struct fixture *f = fixture_new();
	const char *both;

	(void)state;
	both = fixture_text(f, "%s,%s", ROW(f, .n = 1), ROW(f, .n = 2));
	fixture_sweep(f, DAY(1), both);
	fixture_sweep(f, DAY(2), both);
	fixture_page(f, DAY(3), true, false, ROW(f, .n = 2)); /* repo 1 is not on its page */
	assert_int_equal(fixture_missing(f), 1);
	fixture_poll(f, DAY(4), ROW(f, .n = 1, .card = "{\"x\":1}"));
	assert_times(f, 1, DAY(2), DAY(4));
	assert_int_equal(fixture_missing(f), 0);
	assert_int_equal(f->counts.listing_gaps, 1);
	fixture_free(f);
}

/* The same, found unchanged: from then on the row's own write counts. */
static void test_missing_row_found_again(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	fixture_sweep(f, DAY(1), fixture_text(f, "%s,%s", ROW(f, .n = 1), ROW(f, .n = 2)));
	fixture_page(f, DAY(2), true, false, ROW(f, .n = 2));
	fixture_confirm(f, DAY(3), CONFIRM_PRESENT, 1, ROW(f, .n = 1));
	assert_int_equal(fixture_missing(f), 0);
	assert_int_equal(f->counts.listing_gaps, 1);
	fixture_poll(f, DAY(4), ROW(f, .n = 1, .card = "{\"x\":1}"));
	assert_times(f, 1, DAY(3), DAY(4));
	fixture_free(f);
}

static void test_answers_out_of_order(void **state)
{
	struct fixture *f = fixture_new();
	struct answer answers[2];

	(void)state;
	fixture_sweep(f, DAY(1), fixture_text(f, "%s,%s", ROW(f, .n = 1), ROW(f, .n = 2)));
	fixture_prepare(f, &answers[0], LANE_POLL, DAY(2) + 5000, ROW(f, .n = 1, .card = "{\"x\":1}"));
	fixture_prepare(f, &answers[1], LANE_POLL, DAY(2), ROW(f, .n = 2, .card = "{\"x\":1}"));
	fixture_commit(f, answers, 2);
	assert_times(f, 1, DAY(1), DAY(2) + 5000);
	assert_times(f, 2, DAY(1), DAY(2) + 5000); /* observed_at never runs backwards */
	fixture_verify(f);
	fixture_free(f);
}

/* What an answer says that is older than what is known already, is known better. */
static void test_stale_answers(void **state)
{
	struct fixture *f = fixture_new();
	struct answer answers[2];

	(void)state;
	fixture_sweep(f, DAY(1), ROW(f, .card = "{\"x\":1}"));
	fixture_prepare(f, &answers[0], LANE_POLL, DAY(2) + 5000, ROW(f, .card = "{\"x\":3}"));
	fixture_prepare(f, &answers[1], LANE_POLL, DAY(2), ROW(f, .card = "{\"x\":2}"));
	fixture_commit(f, answers, 2);
	assert_int_equal(fixture_head(f), 1); /* not 1 -> 3 -> 2 */
	assert_string_equal(fixture_get(f, fixture_canonical(f, 1, 2), "cardData.x"), "3");
	assert_int_equal(f->counts.redone, 1);

	/* A look without a write is knowledge too. */
	fixture_prepare(f, &answers[0], LANE_POLL, DAY(4), ROW(f, .card = "{\"x\":2}"));
	fixture_sweep(f, DAY(4) + 5000, ROW(f, .card = "{\"x\":3}"));
	fixture_commit(f, answers, 1);
	assert_int_equal(fixture_head(f), 1);
	fixture_verify(f);
	fixture_free(f);
}

/* A clock that ran ahead for a day must not blind the daemon for a day. */
static void test_clock_set_back(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	fixture_sweep(f, DAY(9), ROW(f, .card = "{\"x\":1}"));
	fixture_poll(f, DAY(9) + HOUR(1), ROW(f, .card = "{\"x\":2}"));
	fixture_poll(f, DAY(2), ROW(f, .card = "{\"x\":3}"));
	assert_int_equal(fixture_head(f), 2);
	assert_string_equal(fixture_field(f, 2, "observed_at"), moment(f, DAY(9) + HOUR(1)));
	fixture_poll(f, DAY(2) + HOUR(1), ROW(f, .card = "{\"x\":4}"));
	fixture_sweep(f, DAY(3), ROW(f, .card = "{\"x\":5}"));
	assert_int_equal(fixture_head(f), 4);
	fixture_verify(f);
	fixture_free(f);
}

/* Prepared as unchanged, while another batch stored a change: back to what it was is a change again. */
static void test_row_moved_in_between(void **state)
{
	struct fixture *f = fixture_new();
	struct answer late;

	(void)state;
	fixture_sweep(f, DAY(1), ROW(f, .card = "{\"license\":\"mit\"}"));
	fixture_prepare(f, &late, LANE_POLL, DAY(3), ROW(f, .card = "{\"license\":\"mit\"}"));
	fixture_poll(f, DAY(2), ROW(f, .card = "{\"license\":\"gpl-3.0\"}"));
	fixture_commit(f, &late, 1);
	assert_string_equal(fixture_events(f, 0), "license.switched[cardData.license] license.switched[cardData.license]");
	assert_times(f, 2, DAY(2), DAY(3));
	assert_string_equal(fixture_get(f, fixture_canonical(f, 1, 3), "cardData.license"), "\"mit\"");
	fixture_poll(f, DAY(4), ROW(f, .card = "{\"license\":\"mit\"}"));
	assert_int_equal(fixture_head(f), 2);
	fixture_verify(f);
	fixture_free(f);
}

/* Two preparers saw an empty place: one row, not two. */
static void test_new_twice(void **state)
{
	struct fixture *f = fixture_new();
	struct answer answers[3];

	(void)state;
	fixture_prepare(f, &answers[0], LANE_POLL, DAY(1), ROW(f, .card = "{\"license\":\"mit\"}"));
	fixture_prepare(f, &answers[1], LANE_SWEEP, DAY(1) + 1, ROW(f, .card = "{\"license\":\"mit\"}"));
	answers[1].sweep_first = answers[1].sweep_last = true;
	fixture_prepare(f, &answers[2], LANE_POLL, DAY(1) + 2, ROW(f, .card = "{\"license\":\"gpl-3.0\"}"));
	fixture_commit(f, answers, 3);
	assert_int_equal(f->counts.rows_new, 1);
	assert_int_equal(f->counts.rows_same, 1);
	assert_string_equal(fixture_events(f, 0), "license.switched[cardData.license]");
	fixture_verify(f);
	fixture_free(f);
}

/* The Hub's own date counts where the head moved and it lies between the two looks. */
static void test_last_modified(void **state)
{
	static const struct {
		unsigned sha;
		const char *modified;
		bool kept;
	} cases[] = {
		{ 2, "2025-01-02T12:00:00.000Z", true },
		{ 2, "2025-01-01T12:00:00.000Z", false }, /* before the old state was seen */
		{ 2, "2025-01-04T12:00:00.000Z", false }, /* a pusher's clock */
		{ 1, "2025-01-02T12:00:00.000Z", false }, /* a setting */
		{ 2, "never", false },
		{ 2, "", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct fixture *f = fixture_new();
		fixture_sweep(f, DAY(1), ROW(f));
		fixture_poll(f, DAY(2), ROW(f, .card = "{\"a\":1}", .sha = cases[i].sha, .modified = cases[i].modified));
		assert_string_equal(fixture_field(f, 1, "last_modified"),
			cases[i].kept ? fixture_text(f, "\"%s\"", cases[i].modified) : "null");
		fixture_free(f);
	}
}

/* --- an upgrade is no change -------------------------------------------------------------------------------------- */

/* A page that came without its cards, as a last resort, says nothing of a license by its tags. */
static void test_tags_without_the_card(void **state)
{
	struct fixture *f = fixture_new();
	uint32_t all = f->projection.fields;

	(void)state;
	fixture_sweep(f, DAY(1), ROW(f, .card = "{\"license\":\"mit\"}", .tags = "[\"license:mit\"]"));
	f->projection.fields = all & ~field_bit(FIELD_CARD_DATA);
	fixture_poll(f, DAY(2), ROW(f, .card = "", .tags = "[\"license:gemma\"]"));
	assert_int_equal(fixture_head(f), 0);
	f->projection.fields = all;
	fixture_poll(f, DAY(3), ROW(f, .card = "{\"license\":\"gemma\"}", .tags = "[\"license:gemma\"]"));
	assert_non_null(strstr(fixture_events(f, 0), "license.switched"));
	assert_int_equal(fixture_head(f), 1);
	fixture_verify(f);
	fixture_free(f);
}

static void test_field_added(void **state)
{
	struct fixture *f = fixture_new();
	uint32_t all = f->projection.fields;

	(void)state;
	f->projection.fields = all & ~field_bit(FIELD_GATED);
	fixture_sweep(f, DAY(1), ROW(f, .gated = ""));
	assert_null(strstr(fixture_canonical(f, 1, 1), "gated"));
	f->projection.fields = all;
	fixture_sweep(f, DAY(2), ROW(f, .gated = "\"auto\""));
	assert_int_equal(f->counts.rows_rebased, 1);
	assert_int_equal(fixture_head(f), 0);
	assert_int_equal(fixture_repo(f, 1).row.versions, 1);
	assert_non_null(strstr(fixture_canonical(f, 1, 1), "\"gated\":\"auto\""));
	fixture_sweep(f, DAY(3), ROW(f, .gated = "\"auto\""));
	assert_int_equal(f->counts.rows_same, 1);
	fixture_sweep(f, DAY(4), ROW(f, .gated = "\"manual\""));
	assert_string_equal(fixture_events(f, 0), "access.changed[gated]");
	fixture_verify(f);
	fixture_free(f);
}

static void test_field_dropped(void **state)
{
	struct fixture *f = fixture_new();
	uint32_t all = f->projection.fields;

	(void)state;
	fixture_sweep(f, DAY(1), ROW(f, .gated = "\"auto\"", .sha = 5));
	f->projection.fields = all & ~field_bit(FIELD_GATED);
	fixture_sweep(f, DAY(2), ROW(f, .gated = ""));
	assert_int_equal(f->counts.rows_rebased, 1);
	fixture_sweep(f, DAY(3), ROW(f, .gated = ""));
	assert_int_equal(f->counts.rows_same, 1);
	assert_int_equal(fixture_head(f), 0);
	fixture_sweep(f, DAY(4), ROW(f, .gated = "", .card = "{\"license\":\"mit\"}"));
	assert_string_equal(fixture_events(f, 0), "license.declared[cardData.license]");
	assert_string_equal(fixture_field(f, 1, "after.gated"), "\"auto\""); /* keeps its last value */
	f->projection.fields = all;
	fixture_sweep(f, DAY(5), ROW(f, .gated = "\"auto\"", .card = "{\"license\":\"mit\"}"));
	assert_int_equal(fixture_head(f), 1);
	fixture_sweep(f, DAY(6), ROW(f, .gated = "false", .card = "{\"license\":\"mit\"}"));
	assert_string_equal(fixture_events(f, 1), "access.ungated[gated]");
	fixture_verify(f);
	fixture_free(f);
}

/* Changed while nobody asked: found when it is asked again; the last look that saw the old value is from before. */
static void test_field_changed_while_not_asked(void **state)
{
	struct fixture *f = fixture_new();
	uint32_t all = f->projection.fields;

	(void)state;
	fixture_sweep(f, DAY(1), ROW(f, .gated = "\"auto\""));
	f->projection.fields = all & ~field_bit(FIELD_GATED);
	fixture_sweep(f, DAY(2), ROW(f, .gated = ""));
	fixture_sweep(f, DAY(3), ROW(f, .gated = ""));
	f->projection.fields = all;
	fixture_sweep(f, DAY(4), ROW(f, .gated = "false"));
	assert_string_equal(fixture_events(f, 0), "access.ungated[gated]");
	assert_times(f, 1, DAY(1), DAY(4));
	fixture_free(f);
}

/* sha, lastModified: not asked is unknown and keeps its last value. */
static void test_head_not_asked(void **state)
{
	struct fixture *f = fixture_new();
	struct repo_row row;

	(void)state;
	fixture_sweep(f, DAY(1), ROW(f, .sha = 5));
	f->projection.fields &= ~(field_bit(FIELD_SHA) | field_bit(FIELD_LAST_MODIFIED));
	fixture_sweep(f, DAY(2), "{\"_id\":\"659200800000000000000001\",\"id\":\"org/repo-1\",\"author\":\"org\",\"cardData\":{},"
				 "\"disabled\":false,\"gated\":false,\"private\":false,\"tags\":[]}");
	row = fixture_repo(f, 1).row;
	assert_int_equal(row.sha[SHA_BYTES - 1], 5);
	assert_int_equal(row.last_modified_ms, moment_of(2024, 6, 1));
	fixture_free(f);
}

static void test_other_rules(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	f->projection.rules = CANON_RULES + 1;
	fixture_sweep(f, DAY(1), fixture_text(f, "%s,%s", ROW(f, .n = 1, .card = "{\"license\":\"mit\"}"), ROW(f, .n = 2)));
	f->projection.rules = CANON_RULES;
	fixture_sweep(f, DAY(2), fixture_text(f, "%s,%s", ROW(f, .n = 1, .card = "{\"license\":\"mit\"}"),
					 ROW(f, .n = 2, .tags = "[\"license:mit\"]")));
	/* Which tags were stable under other rules is not known: no record for repo 2. */
	assert_int_equal(fixture_head(f), 0);
	fixture_sweep(f, DAY(3), fixture_text(f, "%s,%s", ROW(f, .n = 1, .card = "{\"license\":\"gpl-3.0\"}"),
					 ROW(f, .n = 2, .tags = "[\"license:gpl-3.0\"]")));
	assert_string_equal(fixture_events(f, 0), "license.switched[cardData.license] license.switched[tags]");
	fixture_verify(f);
	fixture_free(f);
}

/* Text of so many bytes that cannot be compressed, as a member of a row. */
static const char *junk_member(struct fixture *f, size_t size)
{
	char *text = arena_take(&f->texts, size + 16);
	unsigned x = 1;

	memcpy(text, ",\"junk\":\"", 9);
	for (size_t i = 9; i < size; i++) {
		x = x * 1664525u + 1013904223u;
		text[i] = (char)('a' + (x >> 24) % 26);
	}
	memcpy(text + size, "\"", 2);
	return text;
}

/* A row may be larger than any receipt: its license record is written, and the receipt says what was received. */
static void test_receipt_of_a_huge_row_is_cut(void **state)
{
	struct fixture *f = fixture_new();
	struct arena arena = { 0 };
	struct receipt receipt;
	struct reader *reader;

	(void)state;
	fixture_sweep(f, DAY(1), ROW(f, .n = 1, .card = "{\"license\":\"mit\"}"));
	fixture_poll(f, DAY(2), ROW(f, .n = 1, .sha = 2, .card = "{\"license\":\"gpl-3.0\"}", .more = junk_member(f, (size_t)33 << 20)));
	assert_string_equal(fixture_events(f, 0), "license.switched[cardData.license]");
	assert_int_equal(reader_open(f->store, &reader, &f->problem), 0);
	assert_int_equal(reader_receipt(reader, 1, &arena, &receipt), 0);
	assert_true(receipt.row.size < 300);
	assert_non_null(memmem(receipt.row.data, receipt.row.size, "\"cut\":{\"bytes\":346", 18));
	reader_close(&reader);
	arena_release(&arena);
	fixture_verify(f);
	fixture_free(f);
}

/*
 * Two looks that asked for different fields fit each by itself, but not together. What can never be stored becomes a gap record,
 * once; the rest of the batch is in the store.
 */
static void test_what_cannot_be_stored_is_left_out(void **state)
{
	struct fixture *f = fixture_new();
	const char *card = junk_member(f, (size_t)15 << 20) + strlen(",\"junk\":");
	const char *tag = junk_member(f, (size_t)14 << 20) + strlen(",\"junk\":");
	const char *library = fixture_text(f, ",\"library_name\":%s", tag);

	(void)state;
	fixture_sweep(f, DAY(1), fixture_text(f, "%s,%s", ROW(f, .n = 1), ROW(f, .n = 2)));
	fixture_poll(f, DAY(2), ROW(f, .n = 1, .sha = 2, .card = fixture_text(f, "{\"x\":%s}", card)));
	f->projection.fields &= ~field_bit(FIELD_CARD_DATA);
	for (int day = 3; day < 5; day++)
		fixture_poll(f, DAY(day), fixture_text(f, "%s,%s", ROW(f, .n = 1, .sha = 3, .tags = fixture_text(f, "[%s]", tag), .more = library),
			ROW(f, .n = 2, .sha = 2, .gated = "\"auto\"")));
	assert_string_equal(fixture_events(f, 0), "metadata.changed[cardData.x] gap access.gated[gated]");
	assert_non_null(strstr(fixture_record(f, 2), "could not be stored (larger than its limit)"));
	fixture_verify(f);
	fixture_free(f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_statement_verdicts),
		cmocka_unit_test(test_statement_sources),
		cmocka_unit_test(test_other_events),
		cmocka_unit_test(test_many_differences),
		cmocka_unit_test(test_nothing_new),
		cmocka_unit_test(test_many_versions),
		cmocka_unit_test(test_canonical_text),
		cmocka_unit_test(test_observed_after),
		cmocka_unit_test(test_observed_after_within_a_sweep),
		cmocka_unit_test(test_observed_after_of_a_missing_row),
		cmocka_unit_test(test_missing_row_found_again),
		cmocka_unit_test(test_answers_out_of_order),
		cmocka_unit_test(test_stale_answers),
		cmocka_unit_test(test_clock_set_back),
		cmocka_unit_test(test_row_moved_in_between),
		cmocka_unit_test(test_new_twice),
		cmocka_unit_test(test_last_modified),
		cmocka_unit_test(test_field_added),
		cmocka_unit_test(test_tags_without_the_card),
		cmocka_unit_test(test_field_dropped),
		cmocka_unit_test(test_field_changed_while_not_asked),
		cmocka_unit_test(test_head_not_asked),
		cmocka_unit_test(test_other_rules),
		cmocka_unit_test(test_receipt_of_a_huge_row_is_cut),
		cmocka_unit_test(test_what_cannot_be_stored_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
