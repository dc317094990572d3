/* SPDX-License-Identifier: Apache-2.0 */
/* A page on its way to the store: what is counted, what becomes a draft, what is compared with what. */
#include <stdlib.h>

#include "storage/model/memory.h"
#include "tests/unit/storage/fixture.h"

static void prepare(struct fixture *f, struct answer *answer, const char *rows)
{
	fixture_prepare(f, answer, LANE_POLL, DAY(1), rows);
}

static void test_counts_and_dates(void **state)
{
	struct fixture *f = fixture_new();
	struct answer answer;

	(void)state;
	prepare(f, &answer, fixture_text(f, "%s,%s,5,%s,%s", ROW(f, .n = 1, .modified = "2025-01-05T00:00:00.000Z"),
				    ROW(f, .n = 2, .modified = "2025-01-03T00:00:00.000Z"), ROW(f, .n = 3, .modified = "soon"),
				    ROW(f, .n = 4, .is_private = "true", .modified = "2030-01-01T00:00:00.000Z")));
	assert_int_equal(answer.page.rows, 5);
	assert_int_equal(answer.page.count, 3);
	assert_int_equal(answer.page.damaged, 1);
	assert_int_equal(answer.page.private_rows, 1);
	assert_int_equal(answer.page.oldest_modified_ms, DAY(2));
	assert_int_equal(answer.page.newest_modified_ms, DAY(4));
	assert_true(answer.page.ascending);
	page_release(&answer.page);
	assert_int_equal(answer.page.count, 0);
	page_release(&answer.page);
	fixture_free(f);
}

static void test_order(void **state)
{
	static const struct {
		unsigned n[3];
		bool ascending;
	} cases[] = { { { 1, 2, 3 }, true }, { { 1, 1, 2 }, true }, { { 1, 3, 2 }, false }, { { 3, 1, 2 }, false } };

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct fixture *f = fixture_new();
		struct answer answer;
		prepare(f, &answer, fixture_text(f, "%s,%s,%s", ROW(f, .n = cases[i].n[0]), ROW(f, .n = cases[i].n[1]),
					    ROW(f, .n = cases[i].n[2])));
		assert_int_equal(answer.page.ascending, cases[i].ascending);
		page_release(&answer.page);
		fixture_free(f);
	}
}

/* Cheap when nothing changed: a row found the same has no draft, and one that existed no frame. */
static void test_drafts(void **state)
{
	struct fixture *f = fixture_new();
	struct answer answer;

	(void)state;
	fixture_sweep(f, DAY(1), fixture_text(f, "%s,%s", ROW(f, .n = 1), ROW(f, .n = 2)));
	prepare(f, &answer, fixture_text(f, "%s,%s,%s", ROW(f, .n = 1, .likes = 7, .sha = 9), ROW(f, .n = 2, .card = "{\"a\":1}"),
				    ROW(f, .n = 3, .id = "a/\\b\"")));
	assert_null(answer.page.observations[0].draft);
	assert_int_equal(answer.page.observations[0].likes, 7);
	assert_int_equal(answer.page.observations[0].sha[SHA_BYTES - 1], 9);
	assert_int_equal(answer.page.observations[0].version, 1);
	assert_non_null(answer.page.observations[1].draft);
	assert_int_equal(answer.page.observations[1].draft->frame.size, 0);
	assert_true(answer.page.observations[1].draft->raw.size > 0 && answer.page.observations[1].draft->canonical.size > 0);
	assert_true(answer.page.observations[2].draft->frame.size > 0);
	assert_int_equal(answer.page.observations[2].version, 0);
	assert_true(slice_is(answer.page.observations[2].draft->name, "a/\\b\""));
	page_release(&answer.page);
	fixture_free(f);
}

static void test_counters_saturate(void **state)
{
	struct fixture *f = fixture_new();
	struct answer answer;

	(void)state;
	prepare(f, &answer, "{\"_id\":\"659200800000000000000001\",\"id\":\"a/b\",\"likes\":4294967295,\"downloads\":999999999999},"
			    "{\"_id\":\"659200800000000000000002\",\"id\":\"a/c\",\"likes\":-1}");
	assert_int_equal(answer.page.observations[0].likes, COUNTER_UNKNOWN - 1);
	assert_int_equal(answer.page.observations[0].downloads, COUNTER_UNKNOWN - 1);
	assert_int_equal(answer.page.observations[1].likes, COUNTER_UNKNOWN);
	page_release(&answer.page);
	fixture_free(f);
}

/* A single repo is answered as an object, a listing as a list; anything else is damage of the whole answer. */
static void test_single_repo(void **state)
{
	struct fixture *f = fixture_new();
	struct answer answer;
	const char *row = ROW(f);

	(void)state;
	assert_int_equal(fixture_prepare_body(f, &answer, LANE_SWEEP, DAY(1), slice_of(row)), ERROR_JSON);
	page_release(&answer.page);
	f->projection.endpoint = ENDPOINT_SINGLE;
	assert_int_equal(fixture_prepare_body(f, &answer, LANE_CONFIRM, DAY(1), slice_of(row)), 0);
	assert_int_equal(answer.page.count, 1);
	fixture_commit(f, &answer, 1);
	assert_int_equal(f->counts.rows_new, 1);
	f->projection.endpoint = ENDPOINT_LIST;
	fixture_sweep(f, DAY(2), row);
	assert_int_equal(f->counts.rows_same, 1); /* the same bytes, listed or by itself */
	fixture_free(f);
}

/* Sixteen of the damaged rows of a page are described, all are counted; what is shown of them is short and clean. */
static void test_much_damage(void **state)
{
	struct fixture *f = fixture_new();
	struct buf rows = BUF_INIT(1 << 22), wide = BUF_INIT(1 << 20);

	(void)state;
	for (unsigned i = 0; i < 5000; i++)
		buf_text(&wide, "\\u0000\\\"<b>");
	for (unsigned i = 0; i < 40; i++)
		buf_printf(&rows, "%s{\"n\":%u,\"x\":\"%s\"}", i ? "," : "", i, wide.data);
	fixture_sweep(f, DAY(1), rows.data);
	assert_int_equal(f->counts.damaged, 40);
	assert_int_equal(fixture_head(f), PAGE_DAMAGE_MAX);
	for (unsigned seq = 1; seq <= PAGE_DAMAGE_MAX; seq++) {
		assert_true(strlen(fixture_record(f, seq)) < 2000);
		assert_non_null(strstr(fixture_field(f, seq, "reason"), "sweep models: a row could not be read"));
	}
	fixture_verify(f);
	buf_release(&rows);
	buf_release(&wide);
	fixture_free(f);
}

/* A card of more members than can be read again is not taken: that row is damaged, its neighbour is not. */
static void test_row_of_too_many_values(void **state)
{
	struct fixture *f = fixture_new();
	struct buf card = BUF_INIT(16 << 20), rows = BUF_INIT(16 << 20);

	(void)state;
	buf_text(&card, "{\"license\":\"mit\"");
	for (unsigned i = 0; i < CANON_NODES_MAX + 1; i++)
		buf_printf(&card, ",\"%x\":1", i);
	buf_text(&card, "}");
	buf_slice(&rows, slice_of(ROW(f, .n = 2)));
	buf_text(&rows, ",");
	buf_slice(&rows, slice_of(ROW(f, .n = 3, .card = card.data)));
	fixture_poll(f, DAY(1), ROW(f, .n = 1)); /* all news: the next page is opened to its depth */
	fixture_poll(f, DAY(2), rows.data);
	assert_int_equal(f->counts.damaged, 1);
	assert_int_equal(f->counts.rows_new, 1);
	fixture_verify(f);
	buf_release(&card);
	buf_release(&rows);
	fixture_free(f);
}

/* The read snapshot of a preparer ends with its page: it does not keep old pages of the store alive. */
static void test_pins_nothing(void **state)
{
	struct fixture *f = fixture_new();
	struct answer answer;
	MDB_envinfo before, after;

	(void)state;
	prepare(f, &answer, ROW(f));
	page_release(&answer.page);
	mdb_env_info(store_env(f->store), &before);
	for (unsigned i = 0; i < 200; i++)
		fixture_poll(f, DAY(i), ROW(f, .sha = i + 1));
	mdb_env_info(store_env(f->store), &after);
	assert_true(after.me_last_pgno - before.me_last_pgno < 200);
	fixture_free(f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts_and_dates),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_drafts),
		cmocka_unit_test(test_counters_saturate),
		cmocka_unit_test(test_single_repo),
		cmocka_unit_test(test_much_damage),
		cmocka_unit_test(test_row_of_too_many_values),
		cmocka_unit_test(test_pins_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
