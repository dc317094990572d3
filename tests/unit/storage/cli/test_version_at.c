/* SPDX-License-Identifier: Apache-2.0 */
/* Which version was there at a time, and how sure that is; and the license mix at a time, which rests on it. */
#include "storage/cli/version_at.h"

#include <stdio.h>

#include "storage/cli/mix.h"
#include "storage/cli/repo_query.h"
#include "tests/unit/storage/fixture.h"

#define MIT "{\"license\":\"mit\"}"
#define GPL "{\"license\":\"gpl-3.0\"}"

static struct reader *open_reader(struct fixture *f)
{
	struct reader *reader;

	assert_int_equal(reader_open(f->store, &reader, &f->problem), 0);
	return reader;
}

/* "unchanged 2 from 3d00 until 5d00": certainty, version, and the times as days and hours of 2025. */
static const char *day_text(struct fixture *f, int64_t at_ms)
{
	int64_t hours = (at_ms - DAY(0)) / HOUR(1);

	return at_ms ? fixture_text(f, "%dd%02d", (int)(hours / 24), (int)(hours % 24)) : "-";
}

static const char *answer_at(struct fixture *f, unsigned n, int64_t at_ms)
{
	struct reader *reader = open_reader(f);
	struct repo_ref ref = fixture_repo(f, n);
	struct arena arena = { 0 };
	struct version_at answer;
	const char *text;

	assert_int_equal(version_at(reader, &ref, at_ms, &arena, &answer), 0);
	assert_int_equal(version_at_explain(reader, &ref, &arena, &answer), 0);
	text = fixture_text(f, "%s %u from %s until %s next %s%s%s%.*s", certainty_name(answer.certainty), answer.version,
		day_text(f, answer.from_ms), day_text(f, answer.until_ms), day_text(f, answer.next_ms),
		answer.next_is_gone ? " gone" : "", answer.reason.size ? " " : "", (int)answer.reason.size,
		answer.reason.size ? answer.reason.data : "");
	arena_release(&arena);
	reader_close(&reader);
	return text;
}

/* Two rows, so that a sweep that lacks one of fifty is not incomplete: many others stand around. */
static const char *crowd(struct fixture *f, const char *rows)
{
	const char *all = rows;

	for (unsigned n = 100; n < 160; n++)
		all = fixture_text(f, "%s%s%s", all, all[0] ? "," : "", ROW(f, .n = n, .card = MIT));
	return all;
}

static void test_versions(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	fixture_sweep(f, DAY(1), ROW(f, .n = 1, .card = MIT));
	fixture_sweep(f, DAY(3), ROW(f, .n = 1, .card = MIT));
	fixture_poll(f, DAY(5), ROW(f, .n = 1, .card = GPL, .sha = 2));
	fixture_sweep(f, DAY(7), ROW(f, .n = 1, .card = GPL, .sha = 2));
	assert_string_equal(answer_at(f, 1, 0), "unchanged 2 from 5d00 until 7d00 next -");
	assert_string_equal(answer_at(f, 1, DAY(1) - 1), "unknown 0 from - until - next 1d00");
	assert_string_equal(answer_at(f, 1, DAY(1)), "unchanged 1 from 1d00 until 3d00 next 5d00");
	assert_string_equal(answer_at(f, 1, DAY(3)), "unchanged 1 from 1d00 until 3d00 next 5d00");
	assert_string_equal(answer_at(f, 1, DAY(3) + 1), "uncertain 1 from 1d00 until 3d00 next 5d00");
	assert_string_equal(answer_at(f, 1, DAY(5) - 1), "uncertain 1 from 1d00 until 3d00 next 5d00");
	assert_string_equal(answer_at(f, 1, DAY(5)), "unchanged 2 from 5d00 until 7d00 next -");
	assert_string_equal(answer_at(f, 1, DAY(7)), "unchanged 2 from 5d00 until 7d00 next -");
	assert_string_equal(answer_at(f, 1, DAY(8)), "uncertain 2 from 5d00 until 7d00 next -");
	fixture_free(f);
}

static void test_gone_and_back(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	fixture_sweep(f, DAY(1), crowd(f, ROW(f, .n = 1, .card = MIT)));
	fixture_sweep(f, DAY(3), crowd(f, ""));
	assert_string_equal(answer_at(f, 1, 0), "unchanged 1 from 1d00 until 1d00 next -");
	fixture_confirm(f, DAY(4), CONFIRM_GONE, 1, "");
	assert_string_equal(answer_at(f, 1, 0), "gone 1 from 1d00 until 1d00 next 4d00 gone deleted_or_private");
	assert_string_equal(answer_at(f, 1, DAY(2)), "uncertain 1 from 1d00 until 1d00 next 4d00 gone");
	assert_string_equal(answer_at(f, 1, DAY(4)), "gone 1 from 1d00 until 1d00 next 4d00 gone deleted_or_private");
	fixture_poll(f, DAY(6), ROW(f, .n = 1, .card = MIT));
	assert_string_equal(answer_at(f, 1, 0), "unchanged 1 from 6d00 until 6d00 next -");
	assert_string_equal(answer_at(f, 1, DAY(5)), "gone 1 from 1d00 until 1d00 next 4d00 gone deleted_or_private");
	assert_string_equal(answer_at(f, 1, DAY(1)), "unchanged 1 from 1d00 until 1d00 next 4d00 gone");
	fixture_poll(f, DAY(7), ROW(f, .n = 1, .card = GPL, .sha = 2));
	assert_string_equal(answer_at(f, 1, DAY(6)), "unchanged 1 from 6d00 until 6d00 next 7d00");
	assert_string_equal(answer_at(f, 1, 0), "unchanged 2 from 7d00 until 7d00 next -");
	fixture_free(f);
}

static void put_gap(struct fixture *f, int64_t at_ms, struct slice reason)
{
	struct answer answer;

	fixture_prepare(f, &answer, LANE_POLL, at_ms, "");
	answer.gap = reason;
	fixture_commit(f, &answer, 1);
}

static void test_gaps(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	fixture_sweep(f, DAY(1), ROW(f, .n = 1, .card = MIT));
	put_gap(f, DAY(2), SLICE("poll of spaces: no answer for a day"));
	fixture_poll(f, DAY(3), ROW(f, .n = 1, .card = GPL, .sha = 2));
	put_gap(f, DAY(4), SLICE("poll of models: no answer for a day"));
	fixture_poll(f, DAY(5), ROW(f, .n = 1, .card = MIT, .sha = 3));
	assert_string_equal(answer_at(f, 1, DAY(2)), "uncertain 1 from 1d00 until 1d00 next 3d00"); /* not of models */
	assert_string_equal(answer_at(f, 1, DAY(4)),
		"gap 2 from 3d00 until 3d00 next 5d00 poll of models: no answer for a day");
	assert_string_equal(answer_at(f, 1, DAY(3)), "unchanged 2 from 3d00 until 3d00 next 5d00");
	fixture_free(f);
}

static void look_at_text(struct fixture *f, int64_t at_ms, const char *text)
{
	struct repo_ref ref = fixture_repo(f, 1);
	struct text_look look = { .oid = ref.oid, .kind = TEXT_LICENSE, .outcome = TEXT_FOUND, .version = ref.row.versions,
		.name = SLICE("LICENSE"), .etag = SLICE("\"e\""), .text = slice_of(text), .last = true };
	struct answer answer = { .lane = LANE_DETAIL, .answered_ms = at_ms, .look = &look };

	memcpy(look.sha, ref.row.sha, SHA_BYTES);
	fixture_commit(f, &answer, 1);
}

static const char *series_at(struct fixture *f, int64_t at_ms)
{
	struct reader *reader = open_reader(f);
	struct repo_ref ref = fixture_repo(f, 1);
	struct arena arena = { 0 };
	struct version_at answer;

	assert_int_equal(state_at(reader, &ref, at_ms, &arena, &answer), 0);
	arena_release(&arena);
	reader_close(&reader);
	return series_name(answer.series);
}

/* Later looks at it, and at its text, do not make an imported version an observed one; nor the other way round. */
static void test_series(void **state)
{
	struct fixture *f = fixture_new();
	const char *card = "{\"license\":\"other\",\"license_name\":\"house\"}";

	(void)state;
	committer_want_texts(f->committer, true, 0);
	fixture_import(f, DAY(1), true, ROW(f, .n = 1, .card = card, .downloads = 5000));
	assert_string_equal(series_at(f, DAY(1)), "imported");
	fixture_sweep(f, DAY(3), ROW(f, .n = 1, .card = card, .downloads = 5000, .sha = 2));
	assert_string_equal(series_at(f, DAY(3)), "imported");
	look_at_text(f, DAY(4), "text one");
	assert_string_equal(series_at(f, DAY(4)), "imported");
	fixture_sweep(f, DAY(5), ROW(f, .n = 1, .card = card, .downloads = 5000, .sha = 3));
	look_at_text(f, DAY(6), "text two, quite another");
	assert_string_equal(series_at(f, DAY(6)), "imported");
	fixture_import(f, DAY(7), false, ROW(f, .n = 1, .card = MIT, .downloads = 5000, .sha = 4));
	assert_string_equal(series_at(f, DAY(7)), "imported");
	fixture_sweep(f, DAY(8), ROW(f, .n = 1, .card = GPL, .downloads = 5000, .sha = 5));
	look_at_text(f, DAY(9), "text three");
	assert_string_equal(series_at(f, DAY(9)), "observed");
	assert_string_equal(series_at(f, DAY(7)), "imported");
	assert_string_equal(series_at(f, DAY(2)), "imported");
	fixture_free(f);
}

static void test_words(void **state)
{
	static const struct { struct version_at answer; const char *text; } cases[] = {
		{ { .certainty = CERTAINTY_UNCHANGED, .version = 2, .from_ms = DAY(1), .until_ms = DAY(2) },
			"observed unchanged from 2025-01-02 00:00:00Z to 2025-01-03 00:00:00Z" },
		{ { .certainty = CERTAINTY_UNCHANGED, .version = 2, .from_ms = DAY(1), .until_ms = DAY(1) + 999 },
			"seen once, at 2025-01-02 00:00:00Z" },
		{ { .certainty = CERTAINTY_UNCHANGED, .version = 2, .from_ms = DAY(1), .until_ms = DAY(2), .series = SERIES_IMPORTED },
			"unchanged from 2025-01-02 00:00:00Z (imported) to 2025-01-03 00:00:00Z" },
		{ { .certainty = CERTAINTY_UNCERTAIN, .version = 3, .until_ms = DAY(2), .next_ms = DAY(4) },
			"It changed between 2025-01-03 00:00:00Z and 2025-01-05 00:00:00Z. At the time you ask for it was version 3 or 4; version 3 is shown" },
		{ { .certainty = CERTAINTY_UNCERTAIN, .version = 3, .until_ms = DAY(2) },
			"Last seen at 2025-01-03 00:00:00Z. What holds after that is not known" },
		{ { .certainty = CERTAINTY_UNCERTAIN, .version = 3, .until_ms = DAY(2), .next_ms = DAY(4), .next_is_gone = true },
			"It was deleted or made private between 2025-01-03 00:00:00Z and 2025-01-05 00:00:00Z. At the time you ask for it may have been gone; version 3, the last, is shown" },
		{ { .certainty = CERTAINTY_GAP, .version = 3, .until_ms = DAY(2), .next_ms = DAY(4), .reason = { "why", 3 } },
			"It changed between 2025-01-03 00:00:00Z and 2025-01-05 00:00:00Z, while nobody could look (why). At the time you ask for it was version 3 or 4; version 3 is shown" },
		{ { .certainty = CERTAINTY_GONE, .version = 3, .until_ms = DAY(2), .next_ms = DAY(4), .next_is_gone = true,
			  .reason = { "deleted_or_private", 18 } },
			"GONE: deleted or made private between 2025-01-03 00:00:00Z and 2025-01-05 00:00:00Z. The last known state follows" },
		{ { .certainty = CERTAINTY_UNKNOWN, .first_look_ms = DAY(1) }, "Not known. This repo has been watched only since 2025-01-02 00:00:00Z" },
		{ { .certainty = CERTAINTY_UNKNOWN, .first_look_ms = DAY(1), .created_ms = DAY(0) },
			"Not known. This repo has been watched only since 2025-01-02 00:00:00Z; created 2025-01-01 00:00:00Z, by the Hub" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct buf out = BUF_INIT(4096);

		version_at_text(&cases[i].answer, &out);
		assert_string_equal(out.data, cases[i].text);
		buf_release(&out);
	}
}

/* ---- names -------------------------------------------------------------------------------------------------------*/

/* Which repo a name means at a time: its n, and what else is said of the name. */
static const char *bearer_at(struct fixture *f, const char *text, int64_t at_ms)
{
	struct reader *reader = open_reader(f);
	struct repo_query query;
	struct repo_found found;
	enum repo_kind other;
	const char *said;
	int code;

	assert_true(repo_query_read(text, "https://huggingface.co", &query));
	code = repo_find(reader, &query, at_ms, &found, &other);
	if (code == ERROR_NOT_FOUND)
		said = fixture_text(f, "none%s%s", other < REPO_KINDS ? " but " : "", other < REPO_KINDS ? repo_kinds[other].plural : "");
	else
		said = fixture_text(f, "%u%s%s%s%s", get_u32(found.ref.oid.byte + 8), found.until_ms ? " until " : "",
			found.until_ms ? day_text(f, found.until_ms) : "", found.passed_on ? " passed on" : "",
			found.earlier_count ? fixture_text(f, " after %u, %llu in all", get_u32(found.earlier.ref.oid.byte + 8),
				(unsigned long long)found.earlier_count) : "");
	reader_close(&reader);
	return said;
}

static void test_names(void **state)
{
	struct fixture *f = fixture_new();
	const char *address = "https://huggingface.co/a/one/";

	(void)state;
	fixture_sweep(f, DAY(1), ROW(f, .n = 1, .id = "a/one"));
	fixture_poll(f, DAY(3), ROW(f, .n = 1, .id = "a/two"));
	fixture_poll(f, DAY(5), ROW(f, .n = 2, .id = "a/one", .created = "2025-01-05"));
	assert_string_equal(bearer_at(f, "a/two", 0), "1");
	assert_string_equal(bearer_at(f, "A/One", 0), "2 after 1, 1 in all");
	assert_string_equal(bearer_at(f, "models/a/one", 0), "2 after 1, 1 in all");
	assert_string_equal(bearer_at(f, address, 0), "2 after 1, 1 in all");
	assert_string_equal(bearer_at(f, "a/one", DAY(2)), "1 until 3d00 passed on");
	assert_string_equal(bearer_at(f, "a/one", DAY(6)), "2 after 1, 1 in all");
	assert_string_equal(bearer_at(f, fixture_oid(f, 1), 0), "1");
	assert_string_equal(bearer_at(f, fixture_oid(f, 9), 0), "none");
	assert_string_equal(bearer_at(f, "datasets/a/one", 0), "none but models");
	assert_string_equal(bearer_at(f, "a/three", 0), "none");
	fixture_free(f);
}

/* Deleted and made again under one name, twenty times: each time asked about has its own bearer. */
static void test_a_name_made_again_and_again(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	fixture_sweep(f, DAY(1), ROW(f, .n = 100));
	for (unsigned n = 1; n <= 20; n++)
		fixture_poll(f, DAY(1 + n), ROW(f, .n = n, .id = "ci/dummy", .created = "2025-01-02"));
	assert_string_equal(bearer_at(f, "ci/dummy", 0), "20 after 19, 19 in all");
	assert_string_equal(bearer_at(f, "ci/dummy", DAY(21)), "20 after 19, 19 in all");
	assert_string_equal(bearer_at(f, "ci/dummy", DAY(3)), "2 passed on after 1, 1 in all");
	assert_string_equal(bearer_at(f, "ci/dummy", DAY(1)), "1 passed on");
	assert_string_equal(bearer_at(f, fixture_oid(f, 7), 0), "7");
	fixture_free(f);
}

static void test_what_is_no_repo(void **state)
{
	struct repo_query query;
	char long_name[1000] = { 0 };

	(void)state;
	memset(long_name, 'a', sizeof(long_name) - 1);
	assert_false(repo_query_read("", "https://huggingface.co", &query));
	assert_false(repo_query_read("datasets/", "https://huggingface.co", &query));
	assert_false(repo_query_read(long_name, "https://huggingface.co", &query));
}

/* ---- the mix -----------------------------------------------------------------------------------------------------*/

static const char *mix_text(struct fixture *f, enum mix_period period, int64_t at_ms)
{
	struct reader *reader = open_reader(f);
	struct buf out = BUF_INIT(65536);
	struct mix_question question = { .period = period, .at_ms = at_ms };
	struct mix mix;
	const char *text;

	assert_int_equal(mix_read(reader, REPO_MODEL, &question, &mix), 0);
	for (size_t at = 0; at < mix.count; at++) {
		char name[MIX_TEXT], start[MIX_TEXT];

		if (!mix.counts[at].total)
			continue;
		mix_name(&mix, at, name, start);
		buf_printf(&out, "%s%s/%s:%llu,%llu,%llu,%llu", out.size ? " " : "", name, start,
			(unsigned long long)mix.counts[at].class[LICENSE_PERMISSIVE],
			(unsigned long long)mix.counts[at].class[LICENSE_COPYLEFT],
			(unsigned long long)mix.counts[at].class[LICENSE_UNDECLARED], (unsigned long long)mix.counts[at].total);
	}
	text = fixture_text(f, "%s; uncertain %llu unseen %llu", out.size ? out.data : "none", (unsigned long long)mix.uncertain,
		(unsigned long long)mix.not_yet_seen);
	buf_release(&out);
	mix_release(&mix);
	reader_close(&reader);
	return text;
}

static void test_mix_by_period(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	assert_string_equal(mix_text(f, MIX_ALL, 0), "none; uncertain 0 unseen 0");
	fixture_sweep(f, DAY(1), fixture_text(f, "%s,%s,%s,%s", ROW(f, .n = 1, .card = MIT, .created = "2023-12-31T23:59:59.999Z"),
		ROW(f, .n = 2, .card = GPL, .created = "2024-01-01"), ROW(f, .n = 3, .created = "2024-03-31"),
		ROW(f, .n = 4, .card = MIT, .created = "")));
	assert_string_equal(mix_text(f, MIX_ALL, 0), "all/:2,1,1,4; uncertain 0 unseen 0");
	assert_string_equal(mix_text(f, MIX_YEAR, 0),
		"unknown/:1,0,0,1 2023/2023-01-01:1,0,0,1 2024/2024-01-01:0,1,1,2; uncertain 0 unseen 0");
	assert_string_equal(mix_text(f, MIX_QUARTER, 0),
		"unknown/:1,0,0,1 2023-Q4/2023-10-01:1,0,0,1 2024-Q1/2024-01-01:0,1,1,2; uncertain 0 unseen 0");
	assert_string_equal(mix_text(f, MIX_MONTH, 0),
		"unknown/:1,0,0,1 2023-12/2023-12-01:1,0,0,1 2024-01/2024-01-01:0,1,0,1 2024-03/2024-03-01:0,0,1,1; "
		"uncertain 0 unseen 0");
	fixture_free(f);
}

static void test_mix_at_a_time(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	fixture_sweep(f, DAY(1), crowd(f, fixture_text(f, "%s,%s", ROW(f, .n = 1, .card = MIT), ROW(f, .n = 2, .card = MIT))));
	fixture_poll(f, DAY(2), ROW(f, .n = 1, .card = GPL, .sha = 2));
	fixture_sweep(f, DAY(3), crowd(f, fixture_text(f, "%s,%s", ROW(f, .n = 1, .card = GPL, .sha = 2), ROW(f, .n = 3, .card = GPL))));
	fixture_confirm(f, DAY(4), CONFIRM_GONE, 2, "");
	assert_string_equal(mix_text(f, MIX_ALL, 0), "all/:60,2,0,62; uncertain 0 unseen 0");
	assert_string_equal(mix_text(f, MIX_ALL, DAY(1)), "all/:62,0,0,62; uncertain 0 unseen 1");
	assert_string_equal(mix_text(f, MIX_ALL, DAY(1) + HOUR(1)), "all/:62,0,0,62; uncertain 2 unseen 1");
	assert_string_equal(mix_text(f, MIX_ALL, DAY(2)), "all/:61,1,0,62; uncertain 1 unseen 1");
	assert_string_equal(mix_text(f, MIX_ALL, DAY(3)), "all/:61,2,0,63; uncertain 1 unseen 0");
	assert_string_equal(mix_text(f, MIX_ALL, DAY(4)), "all/:60,2,0,62; uncertain 0 unseen 0");
	fixture_poll(f, DAY(6), ROW(f, .n = 2, .card = MIT));
	assert_string_equal(mix_text(f, MIX_ALL, DAY(5)), "all/:60,2,0,62; uncertain 0 unseen 0");
	assert_string_equal(mix_text(f, MIX_ALL, DAY(6)), "all/:61,2,0,63; uncertain 0 unseen 0");
	fixture_free(f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_gone_and_back),
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_series),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_a_name_made_again_and_again),
		cmocka_unit_test(test_what_is_no_repo),
		cmocka_unit_test(test_mix_by_period),
		cmocka_unit_test(test_mix_at_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
