/* SPDX-License-Identifier: Apache-2.0 */
/* Each different statement once, whatever the cache remembers. */
#include <stdlib.h>

#include "storage/statement_table.h"

#include "tests/unit/storage/fixture.h"

static const char *text_of(struct fixture *f, unsigned n)
{
	return fixture_text(f, "{\"ids\":[\"id-%u\"],\"license_link\":null,\"license_name\":null,\"source\":\"card\"}", n);
}

static void test_intern(void **state)
{
	enum { MANY = 40000 }; /* more than the cache has room for */
	struct fixture *f = fixture_new();
	struct statement_cache *cache = statement_cache_new();
	struct json json;
	struct txn txn;
	enum license_class class;
	struct slice text;

	(void)state;
	json_init(&json, 1000);
	assert_int_equal(txn_begin(f->store, true, &txn), 0);
	for (unsigned i = 1; i <= MANY; i++)
		assert_int_equal(statement_intern(&txn, cache, &json, slice_of(text_of(f, i))), i);
	for (unsigned i = MANY; i > 7; i -= 7)
		assert_int_equal(statement_intern(&txn, cache, &json, slice_of(text_of(f, i))), i);
	statement_cache_forget(cache);
	assert_int_equal(statement_intern(&txn, cache, &json, slice_of(text_of(f, 12))), 12);
	assert_true(statement_get(&txn, 12, &text, &class) && slice_is(text, text_of(f, 12)) && class == LICENSE_UNKNOWN);
	assert_false(statement_get(&txn, MANY + 1, &text, &class));
	assert_false(statement_get(&txn, 0, &text, &class));
	assert_int_equal(statement_intern(&txn, cache, &json,
				 SLICE("{\"ids\":[\"MIT\"],\"license_link\":null,\"license_name\":null,\"source\":\"tag\"}")), MANY + 1);
	assert_true(statement_get(&txn, MANY + 1, &text, &class) && class == LICENSE_PERMISSIVE);
	assert_int_equal(txn_commit(&txn), 0);
	statement_cache_free(&cache);
	statement_cache_free(&cache);
	json_release(&json);
	fixture_free(f);
}

/* An aborted transaction leaves numbers in the cache that do not exist: forgotten, they are given out anew. */
static void test_after_an_abort(void **state)
{
	struct fixture *f = fixture_new();
	struct statement_cache *cache = statement_cache_new();
	struct json json;
	struct txn txn;
	enum license_class class;
	struct slice text;

	(void)state;
	json_init(&json, 1000);
	assert_int_equal(txn_begin(f->store, true, &txn), 0);
	assert_int_equal(statement_intern(&txn, cache, &json, slice_of(text_of(f, 1))), 1);
	txn_abort(&txn);
	assert_int_equal(txn_begin(f->store, true, &txn), 0);
	assert_int_equal(statement_intern(&txn, cache, &json, slice_of(text_of(f, 2))), 1);
	assert_int_equal(statement_intern(&txn, cache, &json, slice_of(text_of(f, 1))), 2); /* the cache says 1 */
	assert_true(statement_get(&txn, 2, &text, &class) && slice_is(text, text_of(f, 1)));
	assert_int_equal(txn_commit(&txn), 0);
	statement_cache_free(&cache);
	json_release(&json);
	fixture_free(f);
}

static void test_damage(void **state)
{
	struct fixture *f = fixture_new();
	struct txn txn;
	struct key key = { .size = 0 };
	enum license_class class;
	struct slice text;

	(void)state;
	key_add(&key, 1, 4);
	assert_int_equal(txn_begin(f->store, true, &txn), 0);
	txn_put(&txn, TABLE_STATEMENT, key_slice(&key), SLICE("\xFFxx"));
	assert_false(statement_get(&txn, 1, &text, &class));
	assert_int_equal(txn.error, ERROR_CORRUPT);
	txn_abort(&txn);
	fixture_free(f);
}

/* Many rows, few statements. */
static void test_rows_share(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	fixture_sweep(f, DAY(1), fixture_text(f, "%s,%s,%s", ROW(f, .n = 1, .card = "{\"license\":\"mit\"}"),
					 ROW(f, .n = 2, .card = "{\"license\":[\"mit\"],\"a\":1}"), ROW(f, .n = 3)));
	assert_int_equal(fixture_repo(f, 1).row.statement, fixture_repo(f, 2).row.statement);
	assert_true(fixture_repo(f, 1).row.statement != fixture_repo(f, 3).row.statement);
	fixture_poll(f, DAY(2), ROW(f, .n = 3, .card = "{\"license\":\"mit\"}"));
	assert_int_equal(fixture_repo(f, 1).row.statement, fixture_repo(f, 3).row.statement);
	fixture_free(f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_intern),
		cmocka_unit_test(test_after_an_abort),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_rows_share),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
