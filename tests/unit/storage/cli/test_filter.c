/* SPDX-License-Identifier: Apache-2.0 */
/* Records taken apart, and which of them the options of `changes` take: over a real log. */
#include "storage/cli/filter.h"

#include <stdio.h>

#include "storage/change_log.h"
#include "storage/cli/log_plan.h"
#include "storage/meta.h"
#include "tests/unit/storage/fixture.h"

/* Seqs 1 to 7, a day apart each. */
static struct fixture *logged(void)
{
	struct fixture *f = fixture_new();
	const char *falcon = "{\"license\":\"other\",\"license_name\":\"falcon-llm-license\",\"license_link\":\"https://x.example/l\"}";

	fixture_sweep(f, DAY(1), fixture_text(f, "%s,%s,%s", ROW(f, .n = 1, .id = "tiiuae/falcon-40b", .card = falcon),
		ROW(f, .n = 2, .id = "Acme/Model", .card = "{\"license\":\"apache-2.0\"}"), ROW(f, .n = 3, .id = "gpt2", .author = "")));
	fixture_poll(f, DAY(2), ROW(f, .n = 1, .id = "tiiuae/falcon-40b", .card = "{\"license\":\"apache-2.0\"}", .sha = 2, .downloads = 50000));
	fixture_poll(f, DAY(3), ROW(f, .n = 2, .id = "Acme/Model", .card = "{\"license\":\"cc-by-nc-4.0\"}", .sha = 2, .downloads = 10));
	fixture_poll(f, DAY(4), ROW(f, .n = 3, .id = "gpt2", .author = "", .card = "{\"license\":\"mit\"}", .sha = 2));
	fixture_poll(f, DAY(5), ROW(f, .n = 3, .id = "openai/gpt2", .card = "{\"license\":\"mit\"}", .sha = 3));
	fixture_poll(f, DAY(6), ROW(f, .n = 3, .id = "openai/gpt2", .card = "{}", .sha = 4));
	fixture_poll(f, DAY(7), ROW(f, .n = 2, .id = "Acme/Model", .card = "{\"license\":[\"mit\",\"llama3\"]}", .sha = 3));
	return f;
}

static struct filter any(void)
{
	struct filter filter = { .until_ms = MOMENT_LAST, .from = { NULL, LICENSE_CLASS_COUNT }, .to = { NULL, LICENSE_CLASS_COUNT } };

	return filter;
}

/* "3 1": the seqs in the order of the walk, by the index or over all of the log. */
static const char *walk_log(struct fixture *f, const struct filter *filter, enum log_order order, uint64_t after,
	uint64_t head, bool planned)
{
	struct log_walk walk = { .order = order, .head_seq = head, .since_ms = filter->since_ms,
		.until_ms = filter->until_ms, .event = filter->event };
	struct buf out = BUF_INIT(65536);
	struct record record;
	struct slice line;
	const char *text;

	assert_int_equal(reader_open(f->store, &walk.reader, &f->problem), 0);
	record_init(&record);
	if (planned)
		log_plan(filter, &walk);
	log_walk_begin(&walk, after);
	while (log_walk_next(&walk, &line)) {
		assert_true(record_read(&record, line));
		if (filter_takes(filter, &record))
			buf_printf(&out, "%s%llu", out.size ? " " : "", (unsigned long long)record_number(&record, RECORD_SEQ));
	}
	assert_int_equal(walk.code, 0);
	text = fixture_text(f, "%s", out.size ? out.data : "");
	log_walk_release(&walk);
	record_release(&record);
	buf_release(&out);
	reader_close(&walk.reader);
	return text;
}

/* By the index the same comes out. */
static const char *walked(struct fixture *f, const struct filter *filter, enum log_order order, uint64_t after, uint64_t head)
{
	const char *scanned = walk_log(f, filter, order, after, head, false);

	assert_string_equal(walk_log(f, filter, order, after, head, true), scanned);
	return scanned;
}

static const char *taken(struct fixture *f, const struct filter *filter)
{
	for (uint64_t after = 0; after <= fixture_head(f); after++)
		walked(f, filter, LOG_BY_SEQ, after, fixture_head(f));
	walked(f, filter, LOG_NEWEST_FIRST, 0, fixture_head(f));
	walked(f, filter, LOG_OLDEST_FIRST, 0, fixture_head(f));
	return walked(f, filter, LOG_BY_SEQ, 0, fixture_head(f));
}

#define ASSERT_TAKEN(f, wanted_seqs, ...) \
	do { \
		struct filter filter_ = any(); \
		filter_add_events(&filter_, SLICE("*")); \
		__VA_ARGS__; \
		assert_string_equal(taken((f), &filter_), (wanted_seqs)); \
	} while (0)

static void test_the_log(void **state)
{
	struct fixture *f = logged();

	(void)state;
	assert_string_equal(fixture_events(f, 0),
		"license.switched[cardData.license,cardData.license_link,cardData.license_name] "
		"license.switched[cardData.license] license.declared[cardData.license] repo.renamed[author,id] "
		"license.withdrawn[cardData.license] license.switched[cardData.license]");
	fixture_free(f);
}

static void test_events(void **state)
{
	struct fixture *f = logged();
	struct filter filter = any();

	(void)state;
	filter_default_events(&filter);
	assert_string_equal(taken(f, &filter), "1 2 3 5 6");
	filter = any();
	assert_true(filter_add_events(&filter, SLICE("repo.*")));
	assert_string_equal(taken(f, &filter), "4");
	assert_false(filter_add_events(&filter, SLICE("license")));
	fixture_free(f);
}

static void test_each_option(void **state)
{
	struct fixture *f = logged();
	struct text_list tiiuae = { 1, { SLICE("TIIUAE/*") } }, old = { 1, { SLICE("gpt2") } },
			 two = { 2, { SLICE("acme/model"), SLICE("*/falcon-40?") } },
			 acme = { 1, { SLICE("acme") } }, acm = { 1, { SLICE("acm") } },
			 both = { 2, { SLICE("tiiuae"), SLICE("ACME") } }, oid = { 1, { slice_of(fixture_oid(f, 3)) } }, sets = { 1, { SLICE("datasets/*") } };

	(void)state;
	ASSERT_TAKEN(f, "1 2 3 4 5 6", (void)0);
	ASSERT_TAKEN(f, "1", filter_.repos = &tiiuae);
	ASSERT_TAKEN(f, "3 4", filter_.repos = &old); /* and the rename away from it */
	ASSERT_TAKEN(f, "1 2 6", filter_.repos = &two);
	ASSERT_TAKEN(f, "3 4 5", filter_.repos = &oid);
	ASSERT_TAKEN(f, "", filter_.repos = &sets);
	ASSERT_TAKEN(f, "2 6", filter_.owners = &acme);
	ASSERT_TAKEN(f, "", filter_.owners = &acm);
	ASSERT_TAKEN(f, "1 2 3 4 5 6", filter_.kinds = 1U << REPO_MODEL);
	ASSERT_TAKEN(f, "", filter_.kinds = 1U << REPO_SPACE);
	ASSERT_TAKEN(f, "1 2 3 4 5 6", filter_.kinds = 1U << REPO_SPACE | 1U << REPO_MODEL);
	ASSERT_TAKEN(f, "1 2 6", filter_.owners = &both);
	ASSERT_TAKEN(f, "1 6", filter_.directions = 1U << LICENSE_LOOSENED);
	ASSERT_TAKEN(f, "2", filter_.directions = 1U << LICENSE_TIGHTENED);
	ASSERT_TAKEN(f, "1 2 6", filter_.directions = 1U << LICENSE_TIGHTENED | 1U << LICENSE_LOOSENED);
	ASSERT_TAKEN(f, "2", filter_.commercials = 1U << LICENSE_COMMERCIAL_LOST);
	ASSERT_TAKEN(f, "1 6", filter_.commercials = 1U << LICENSE_COMMERCIAL_WIDENED);
	ASSERT_TAKEN(f, "2 5", filter_.concerns = ~0U);
	ASSERT_TAKEN(f, "5", filter_.concerns = 1U << CONCERN_WITHDRAWN);
	ASSERT_TAKEN(f, "2 5", filter_.concerns = ~0U, filter_concern_events(&filter_, true));
	ASSERT_TAKEN(f, "2", filter_.concerns = ~0U, filter_.owners = &acme);
	ASSERT_TAKEN(f, "1", filter_.downloads_min = 50000);
	ASSERT_TAKEN(f, "1 2", filter_.downloads_min = 1);
	ASSERT_TAKEN(f, "", filter_.origins = 1U << ORIGIN_IMPORTED);
	ASSERT_TAKEN(f, "2 3", filter_.since_ms = DAY(3), filter_.until_ms = DAY(4));
	ASSERT_TAKEN(f, "3", filter_.since_ms = DAY(3) + 1, filter_.until_ms = DAY(5) - 1);
	fixture_free(f);
}

static void test_licenses(void **state)
{
	static const struct { const char *from, *to, *seqs; } cases[] = {
		{ "other", NULL, "1" },
		{ "falcon-llm-license", NULL, "1" },
		{ "Falcon LLM Licence", NULL, "1" }, /* however it is spelled */
		{ NULL, "apache-2.0", "1" },
		{ NULL, "Apache 2.0", "1" },
		{ "apache-2.0", NULL, "2" },
		{ "class:permissive", NULL, "2 4 5" }, /* the rename has sides too */
		{ NULL, "class:non-commercial", "2" },
		{ "none", "mit", "3" },
		{ "mit", "none", "5" },
		{ NULL, "llama3", "6" }, /* one of several */
		{ NULL, "mit", "3 4 6" },
		{ NULL, "gpl-3.0", "" },
	};
	struct fixture *f = logged();
	struct license_filter none;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++)
		ASSERT_TAKEN(f, cases[i].seqs, assert_true(license_filter_read(cases[i].from, &filter_.from)),
			assert_true(license_filter_read(cases[i].to, &filter_.to)));
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) { /* of license events alone the index knows the licenses */
		struct filter filter = any();

		filter_add_events(&filter, SLICE("license.*"));
		license_filter_read(cases[i].from, &filter.from);
		license_filter_read(cases[i].to, &filter.to);
		taken(f, &filter);
	}
	assert_false(license_filter_read("class:free", &none));
	fixture_free(f);
}

/* A repo that moved: what happened before stands under the old owner, the move under both, what came later under the new. */
static void test_an_owner_whom_a_repo_left(void **state)
{
	const struct text_list old_lab = { 1, { SLICE("old-lab") } }, new_lab = { 1, { SLICE("new-lab") } };
	struct fixture *f = fixture_new();

	(void)state;
	fixture_sweep(f, DAY(1), ROW(f, .id = "old-lab/model", .card = "{\"license\":\"mit\"}"));
	fixture_poll(f, DAY(2), ROW(f, .id = "old-lab/model", .card = "{\"license\":\"gpl-3.0\"}", .sha = 2));
	fixture_poll(f, DAY(3), ROW(f, .id = "new-lab/model", .card = "{\"license\":\"gpl-3.0\"}", .sha = 2));
	fixture_poll(f, DAY(4), ROW(f, .id = "new-lab/model", .card = "{\"license\":\"mit\"}", .sha = 3));
	assert_string_equal(fixture_events(f, 1), "repo.renamed[author,id] license.switched[cardData.license]");
	ASSERT_TAKEN(f, "1 2", filter_.owners = &old_lab);
	ASSERT_TAKEN(f, "2 3", filter_.owners = &new_lab);
	fixture_free(f);
}

static void test_orders(void **state)
{
	struct fixture *f = logged();
	struct filter filter = any(), days = any();

	(void)state;
	filter_add_events(&filter, SLICE("*"));
	filter_add_events(&days, SLICE("*"));
	days.since_ms = DAY(3);
	days.until_ms = DAY(5);
	assert_string_equal(walked(f, &filter, LOG_NEWEST_FIRST, 0, 6), "6 5 4 3 2 1");
	assert_string_equal(walked(f, &filter, LOG_OLDEST_FIRST, 0, 6), "1 2 3 4 5 6");
	assert_string_equal(walked(f, &filter, LOG_BY_SEQ, 4, 6), "5 6");
	assert_string_equal(walked(f, &filter, LOG_BY_SEQ, 6, 6), "");
	assert_string_equal(walked(f, &days, LOG_NEWEST_FIRST, 0, 6), "4 3 2");
	assert_string_equal(walked(f, &days, LOG_OLDEST_FIRST, 0, 6), "2 3 4");
	/* what arrived behind the head that was seen first is not of this walk */
	assert_string_equal(walked(f, &filter, LOG_NEWEST_FIRST, 0, 4), "4 3 2 1");
	assert_string_equal(walked(f, &filter, LOG_BY_SEQ, 0, 4), "1 2 3 4");
	fixture_free(f);
}

static void append_dated(struct fixture *f, unsigned count)
{
	const struct change_origin origin = { store_ledger(f->store), store_hub(f->store) };
	struct change change = { .event = EVENT_LICENSE_DECLARED, .origin = ORIGIN_RECONSTRUCTED, .has_repo = true,
		.name = SLICE("Acme/Model"), .oid = fixture_oid_bytes(2) };
	struct buf line = BUF_INIT(CHANGE_BYTES_MAX);
	struct change_terms terms = { 0 };
	struct log_head head;
	struct txn txn;

	change_terms_init(&terms);
	assert_int_equal(txn_begin(f->store, true, &txn), 0);
	meta_head(&txn, &head);
	for (unsigned i = 0; i < count; i++) {
		change.at_ms = DAY(6) - HOUR(30) * i;
		change.observed_at_ms = DAY(8);
		change_log_append(&txn, &head, &change, 0, &origin, &line, &terms);
	}
	meta_set_head(&txn, &head);
	assert_int_equal(txn_commit(&txn), 0);
	change_terms_release(&terms);
	buf_release(&line);
}

/* What is dated by a commit lies elsewhere by time than by arrival. */
static void test_dated(void **state)
{
	struct fixture *f = logged();
	const struct text_list acme = { 1, { SLICE("ACME") } };
	struct filter filter = any();

	(void)state;
	append_dated(f, 3);
	fixture_poll(f, DAY(9), ROW(f, .n = 2, .id = "Acme/Model", .card = "{}", .sha = 4));
	filter_default_events(&filter);
	filter.owners = &acme;
	assert_string_equal(walked(f, &filter, LOG_NEWEST_FIRST, 0, 10), "10 6 7 8 9 2");
	assert_string_equal(walked(f, &filter, LOG_OLDEST_FIRST, 0, 10), "2 9 8 7 6 10");
	assert_string_equal(walked(f, &filter, LOG_BY_SEQ, 0, 10), "2 6 7 8 9 10");
	assert_string_equal(walked(f, &filter, LOG_BY_SEQ, 7, 10), "8 9 10");
	taken(f, &filter);
	filter.since_ms = DAY(4);
	filter.until_ms = DAY(6);
	assert_string_equal(walked(f, &filter, LOG_NEWEST_FIRST, 0, 10), "7 8");
	fixture_free(f);
}

/* A log of several chunks comes whole. */
static void test_many_chunks(void **state)
{
	struct fixture *f = fixture_new();
	struct filter filter = any();
	const char *text;
	unsigned seen = 0;

	(void)state;
	fixture_sweep(f, DAY(1), ROW(f, .n = 1, .card = "{}"));
	for (unsigned i = 0; i < 150; i++)
		fixture_poll(f, DAY(2) + HOUR(i), ROW(f, .n = 1, .sha = i + 2, .card = fixture_text(f, "{\"license\":\"other\","
			"\"license_name\":\"%0900u\"}", i)));
	filter_add_events(&filter, SLICE("*"));
	text = walked(f, &filter, LOG_NEWEST_FIRST, 0, fixture_head(f));
	for (const char *at = text; at; at = strchr(at + 1, ' '))
		seen++;
	assert_int_equal(seen, 150);
	assert_memory_equal(text, "150 149 ", 8);
	fixture_free(f);
}

/* A glob with the kind before the name takes that kind's repo alone. */
static void test_names_with_their_kind(void **state)
{
	struct text_list sets = { 1, { SLICE("datasets/*/b") } }, plain = { 1, { SLICE("a/b") } }, other = { 1, { SLICE("spaces/a/b") } };
	struct record record;
	struct filter filter = any();

	(void)state;
	record_init(&record);
	assert_true(record_read(&record, SLICE("{\"kind\":\"dataset\",\"repo\":\"a/b\",\"at\":\"2025-01-02T00:00:00.000Z\"}")));
	filter.repos = &sets;
	assert_true(filter_takes(&filter, &record));
	filter.repos = &plain;
	assert_true(filter_takes(&filter, &record));
	filter.repos = &other;
	assert_false(filter_takes(&filter, &record));
	record_release(&record);
}

static void test_columns(void **state)
{
	struct fixture *f = logged();
	struct record record;

	(void)state;
	record_init(&record);
	assert_true(record_read(&record, slice_of(fixture_record(f, 1))));
	assert_string_equal(record_columns[BEFORE_LICENSE_NAME].name, "before_license_name");
	assert_true(slice_is(record_text(&record, BEFORE_LICENSE_NAME), "falcon-llm-license"));
	assert_true(slice_is(record_license(&record, BEFORE), "other/falcon-llm-license"));
	assert_true(slice_is(record_license(&record, AFTER), "apache-2.0"));
	assert_int_equal(record_cell(&record, AFTER_LICENSE_NAME).type, CELL_NULL);
	assert_int_equal(record_cell(&record, BEFORE_RANK).type, CELL_JSON);
	assert_true(slice_is(record_cell(&record, BEFORE_LICENSE).text, "[\"other\"]"));
	/* every column is found in a whole record, so none is misspelt */
	for (unsigned i = 0; i < COMMIT_SHA; i++)
		if (!record.token[i].size)
			fail_msg("no %s in the record", record_columns[i].name);
	assert_true(record_read(&record, SLICE("{\"commit\":{\"sha\":\"ab\",\"title\":\"x\",\"user\":\"y\",\"date\":null}}")));
	for (unsigned i = COMMIT_SHA; i <= COMMIT_DATE; i++)
		assert_true(record.token[i].size > 0);
	assert_int_equal(record_cell(&record, RECORD_REF).type, CELL_NULL);
	assert_true(record_read(&record, SLICE("{\"kind\":\"dataset\",\"repo\":\"a/\\u0062\"}")));
	assert_true(slice_is(record_text(&record, RECORD_REF), "datasets/a/b"));
	assert_true(record_read(&record, slice_of(fixture_record(f, 6))));
	assert_true(slice_is(record_license(&record, AFTER), "mit + llama3"));
	assert_false(record_read(&record, SLICE("[1]")));
	assert_false(record_read(&record, SLICE("{\"v\":")));
	record_release(&record);
	fixture_free(f);
}

/* Records of before there were `widened` and `narrowed`: what they say stays, and the filters go by their sides. */
static void test_commercial_of_old_records(void **state)
{
	static const struct { const char *said, *before, *after, *change, *shown, *concern; } cases[] = {
		{ "lost", "yes", "conditional", "narrowed", "yes -> conditional", "narrowed" },
		{ "lost", "conditional", "no", "narrowed", "conditional -> no", "narrowed" },
		{ "lost", "yes", "no", "lost", "yes -> no", "lost" },
		{ "gained", "no", "conditional", "widened", "no -> conditional", "" },
		{ "gained", "no", "yes", "gained", "no -> yes", "" },
		{ "unchanged", "yes", "yes", "unchanged", "yes", "" },
		{ "unclear", "yes", "unknown", "unclear", "yes -> unknown", "" },
	};
	struct record record;

	(void)state;
	record_init(&record);
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		char line[512];

		snprintf(line, sizeof(line), "{\"event\":\"license.switched\",\"before\":{\"commercial_use\":\"%s\"},"
			"\"after\":{\"commercial_use\":\"%s\"},\"direction\":\"lateral\",\"commercial\":\"%s\"}",
			cases[i].before, cases[i].after, cases[i].said);
		assert_true(record_read(&record, slice_of(line)));
		assert_string_equal(license_commercial_change_name(commercial_change_of(&record)), cases[i].change);
		assert_true(slice_is(commercial_text(&record), cases[i].shown));
		assert_true(slice_equal(concern_text(&record), slice_of(cases[i].concern)));
		assert_true(slice_is(record_text(&record, RECORD_COMMERCIAL), cases[i].said));
	}
	record_release(&record);
}

static void test_concerns(void **state)
{
	static const struct { const char *line, *concern; } cases[] = {
		{ "{\"event\":\"repo.gone\",\"direction\":null,\"commercial\":null}", "gone" },
		{ "{\"event\":\"repo.replaced\"}", "gone" },
		{ "{\"event\":\"repo.renamed\"}", "" },
		{ "{\"event\":\"license.withdrawn\",\"direction\":null,\"commercial\":null}", "withdrawn" },
		{ "{\"event\":\"license.declared\"}", "" },
		{ "{\"event\":\"access.gated\",\"after\":{\"gated\":\"auto\"}}", "gated" },
		{ "{\"event\":\"access.changed\",\"after\":{\"gated\":\"manual\"}}", "gated" },
		{ "{\"event\":\"access.changed\",\"after\":{\"gated\":\"auto\"}}", "" },
		{ "{\"event\":\"access.ungated\"}", "" },
		{ "{\"event\":\"access.disabled\"}", "gone" },
		{ "{\"event\":\"license.terms\",\"direction\":\"tightened\",\"commercial\":\"lost\"}", "tightened, lost" },
		{ "{\"event\":\"license.switched\",\"direction\":\"loosened\",\"commercial\":\"gained\"}", "" },
		{ "{\"event\":\"of a newer program\"}", "" },
	};
	struct record record;

	(void)state;
	record_init(&record);
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		print_message("%s\n", cases[i].line);
		assert_true(record_read(&record, slice_of(cases[i].line)));
		assert_true(slice_equal(concern_text(&record), slice_of(cases[i].concern)));
	}
	record_release(&record);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_log),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_each_option),
		cmocka_unit_test(test_licenses),
		cmocka_unit_test(test_an_owner_whom_a_repo_left),
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_dated),
		cmocka_unit_test(test_many_chunks),
		cmocka_unit_test(test_names_with_their_kind),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_commercial_of_old_records),
		cmocka_unit_test(test_concerns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
