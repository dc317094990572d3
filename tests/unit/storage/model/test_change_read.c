/* SPDX-License-Identifier: Apache-2.0 */
/* A record read back is what was written; what a stranger wrote is not believed. */
#include "storage/model/change_read.h"

#include "tests/unit/storage/fixture.h"

static struct change_read read_line(struct fixture *f, const char *line, int expected)
{
	struct change_read change;

	assert_int_equal(change_read(&f->json, slice_of(line), &f->texts, &change), expected);
	return change;
}

static void test_what_was_written(void **state)
{
	struct fixture *f = fixture_new();
	struct change_read change;

	(void)state;
	fixture_sweep(f, DAY(1), ROW(f, .card = "{\"base_model\":[\"a/b\"],\"license\":\"other\",\"license_name\":\"own \\\"x\\\"\"}"));
	fixture_poll(f, DAY(2), ROW(f, .card = "{\"base_model\":[\"a/b\"],\"license\":[\"mit\",\"gpl-3.0\"]}", .gated = "\"auto\"", .sha = 2));
	change = read_line(f, fixture_record(f, 1), 0);
	assert_int_equal(change.seq, 1);
	assert_int_equal(change.origin, ORIGIN_OBSERVED);
	assert_true(change.has_repo && change.kind == REPO_MODEL);
	assert_int_equal(change.observed_after_ms, DAY(1));
	assert_int_equal(change.observed_at_ms, DAY(2));
	assert_true(slice_is(change.ledger, store_ledger(f->store)));
	assert_int_equal(change.before.version, 1);
	assert_true(slice_is(change.before.state.statement.license_name, "own \"x\""));
	assert_int_equal(change.after.version, 2);
	assert_int_equal(change.after.state.statement.id_count, 2);
	assert_true(slice_is(change.after.state.statement.id[1], "gpl-3.0"));
	assert_true(slice_is(change.after.state.base[0], "a/b"));
	assert_int_equal(change.after.state.gated, GATED_AUTO);
	assert_int_equal(change.after.sha.size, SHA_HEX);
	assert_true(slice_starts_with(change.after.json, SLICE("{\"version\":2,")));
	assert_int_equal(change.commit.size, 0);
	assert_false(side_same_license(&change.before, &change.after));
	fixture_free(f);
}

static void test_spelling_does_not_count(void **state)
{
	struct fixture *f = fixture_new();
	struct change_read a = read_line(f, "{\"after\":{\"license\":[\"MIT\"]},\"before\":{\"license\":[\"mit\"]}}", 0);

	(void)state;
	assert_true(side_same_license(&a.before, &a.after));
	fixture_free(f);
}

static void test_strangers(void **state)
{
	static const char *const nothing[] = { "{}", "{\"seq\":-1,\"event\":7,\"kind\":\"x\",\"oid\":\"zz\",\"at\":\"soon\"}",
		"{\"before\":[1],\"after\":\"x\",\"commit\":null}", "{\"after\":{\"version\":99999999999,\"license\":[7,null,{}]}}" };
	struct fixture *f = fixture_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(nothing); i++) {
		struct change_read change = read_line(f, nothing[i], 0);

		assert_true(!change.seq && !change.has_repo && !change.at_ms && change.event == EVENT_COUNT);
		assert_true(!change.before.json.size && !change.after.version && !change.after.state.statement.id_count);
	}
	read_line(f, "[]", ERROR_JSON);
	read_line(f, "{\"seq\":1", ERROR_JSON);
	read_line(f, "", ERROR_JSON);
	fixture_free(f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_was_written),
		cmocka_unit_test(test_spelling_does_not_count),
		cmocka_unit_test(test_strangers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
