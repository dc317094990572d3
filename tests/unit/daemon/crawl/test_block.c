/* SPDX-License-Identifier: Apache-2.0 */
/* Granted quota as text, and in a store: it is no look, and each bucket has its own. */
#include <string.h>

#include "tests/unit/storage/fixture.h"

#include "daemon/crawl/block.h"
#include "storage/meta.h"

static void test_text(void **state)
{
	static const char *const bad[] = { "", "{}", "[]", "null", "{\"end\":1,\"window\":2,\"limit\":3}",
		"{\"end\":-1,\"window\":2,\"limit\":3,\"granted\":4}", "{\"end\":1,\"window\":2,\"limit\":3,\"granted\":99999999999999999999}" };
	struct quota_block block = { 1764000300000, 300000, 500, 60 }, read;
	char text[BLOCK_TEXT];

	(void)state;
	block_write(&block, text);
	assert_string_equal(text, "{\"end\":1764000300000,\"window\":300000,\"limit\":500,\"granted\":60}");
	assert_true(block_read(slice_of(text), &read));
	assert_memory_equal(&block, &read, sizeof(block));
	for (size_t i = 0; i < ARRAY_COUNT(bad); i++)
		assert_false(block_read(slice_of(bad[i]), &read));
}

static void commit_block(struct fixture *f, unsigned bucket, const char *text)
{
	struct answer answer = { .quota_block = slice_of(text), .bucket = bucket }, *answers[] = { &answer };

	assert_int_equal(committer_run(f->committer, answers, 1, &f->counts, &f->problem), 0);
}

static int64_t newest_look(struct fixture *f)
{
	struct txn txn;
	int64_t look_ms;

	assert_int_equal(txn_begin(f->store, false, &txn), 0);
	look_ms = meta_newest_look(&txn, REPO_MODEL);
	txn_abort(&txn);
	return look_ms;
}

static void test_store(void **state)
{
	struct fixture *f = fixture_new();
	struct quota_block block;

	(void)state;
	assert_false(block_load(f->store, 0, &block));
	commit_block(f, 0, "{\"end\":1,\"window\":2,\"limit\":3,\"granted\":4}"); /* before the first answer */
	assert_int_equal(newest_look(f), 0);
	fixture_sweep(f, DAY(1), ROW(f, .n = 1));
	commit_block(f, 1, "{\"end\":1,\"window\":2,\"limit\":3,\"granted\":7}");
	assert_int_equal(newest_look(f), DAY(1));
	assert_true(block_load(f->store, 0, &block));
	assert_int_equal(block.granted, 4);
	assert_true(block_load(f->store, 1, &block));
	assert_int_equal(block.granted, 7);
	assert_int_equal(fixture_head(f), 0);
	fixture_verify(f);
	fixture_free(f);
}

/* The store's first answer is its beginning, also behind a block in one batch. */
static void test_batch(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	commit_block(f, 0, "{\"end\":1,\"window\":2,\"limit\":3,\"granted\":4}");
	fixture_sweep(f, DAY(2), ROW(f, .n = 1));
	fixture_poll(f, DAY(3), ROW(f, .n = 2, .created = "2025-01-03T12:00:00.000Z"));
	assert_string_equal(fixture_events(f, 0), "repo.created");
	fixture_verify(f);
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text), cmocka_unit_test(test_store), cmocka_unit_test(test_batch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
