/* SPDX-License-Identifier: Apache-2.0 */
/* Looks, missing rows, damage, cursors: the tables by themselves. */
#include "storage/look_table.h"

#include "storage/projection_table.h"
#include "tests/unit/storage/fixture.h"

static int64_t look(struct txn *txn, enum repo_kind kind, uint32_t number, uint32_t covering, unsigned n)
{
	struct sweep_state sweep = { .number = number, .covering = covering };
	struct repo_oid oid = fixture_oid_bytes(n);

	return look_over(txn, kind, &sweep, &oid, 0).at_ms;
}

static void put(struct txn *txn, enum repo_kind kind, uint32_t sweep, unsigned n, int64_t at_ms)
{
	struct repo_oid oid = fixture_oid_bytes(n);

	look_put(txn, kind, sweep, &oid, &(struct look){ .at_ms = at_ms });
}

static void test_looks(void **state)
{
	struct fixture *f = fixture_new();
	struct txn txn;

	(void)state;
	assert_int_equal(txn_begin(f->store, true, &txn), 0);
	assert_int_equal(look(&txn, REPO_MODEL, 0, 0, 1), 0);
	put(&txn, REPO_MODEL, 1, 10, 100);
	put(&txn, REPO_MODEL, 1, 99, 110);
	put(&txn, REPO_MODEL, 2, 10, 200); /* broken off */
	put(&txn, REPO_MODEL, 3, 5, 300);
	put(&txn, REPO_DATASET, 3, 99, 999);
	/* A page looks over what lies at or before its last oid, behind the one before. */
	assert_int_equal(look(&txn, REPO_MODEL, 1, 0, 1), 100);
	assert_int_equal(look(&txn, REPO_MODEL, 1, 0, 10), 100);
	assert_int_equal(look(&txn, REPO_MODEL, 1, 0, 11), 110);
	assert_int_equal(look(&txn, REPO_MODEL, 1, 0, 100), 0);
	/* The newest that came so far. */
	assert_int_equal(look(&txn, REPO_MODEL, 3, 1, 5), 300);
	assert_int_equal(look(&txn, REPO_MODEL, 3, 1, 6), 200);
	assert_int_equal(look(&txn, REPO_MODEL, 3, 1, 11), 110);
	assert_int_equal(look(&txn, REPO_MODEL, 3, 2, 11), 0);
	assert_int_equal(look(&txn, REPO_SPACE, 3, 1, 5), 0);

	look_delete_sweeps(&txn, REPO_MODEL, 0, 1);
	assert_int_equal(look(&txn, REPO_MODEL, 3, 0, 11), 0);
	assert_int_equal(look(&txn, REPO_MODEL, 3, 0, 6), 200);
	look_delete_sweeps(&txn, REPO_MODEL, 3, 3);
	assert_int_equal(look(&txn, REPO_MODEL, 3, 0, 5), 200);
	assert_int_equal(look(&txn, REPO_DATASET, 3, 0, 5), 999);
	assert_int_equal(txn_commit(&txn), 0);
	fixture_free(f);
}

static void test_looks_cover_what_they_asked(void **state)
{
	struct fixture *f = fixture_new();
	struct projection all = f->projection, few = f->projection;
	uint32_t card = field_bit(FIELD_CARD_DATA), gated = field_bit(FIELD_GATED);
	struct sweep_state sweep = { .number = 2, .covering = 1 };
	struct repo_oid oid = fixture_oid_bytes(10);
	struct txn txn;

	(void)state;
	few.fields &= ~card;
	assert_int_equal(txn_begin(f->store, true, &txn), 0);
	look_put(&txn, REPO_MODEL, 1, &oid, &(struct look){ .at_ms = 100, .projection = projection_intern(&txn, &all) });
	look_put(&txn, REPO_MODEL, 2, &oid, &(struct look){ .at_ms = 200, .projection = projection_intern(&txn, &few) });
	assert_int_equal(look_over(&txn, REPO_MODEL, &sweep, &oid, 0).at_ms, 200);
	assert_int_equal(look_over(&txn, REPO_MODEL, &sweep, &oid, gated).at_ms, 200);
	assert_int_equal(look_over(&txn, REPO_MODEL, &sweep, &oid, gated | card).at_ms, 100);
	assert_int_equal(look_fields(&txn, REPO_MODEL, 1) & ~look_fields(&txn, REPO_MODEL, 2), card);
	look_put(&txn, REPO_MODEL, 2, &oid, &(struct look){ .at_ms = 300 }); /* it asked for all */
	assert_int_equal(look_over(&txn, REPO_MODEL, &sweep, &oid, card).at_ms, 300);
	assert_int_equal(txn_commit(&txn), 0);
	fixture_free(f);
}

static void test_missing(void **state)
{
	struct fixture *f = fixture_new();
	struct missing_value value = { .since_ms = DAY(1), .seen_ms = DAY(0), .tries = 3, .asked_ms = DAY(1) + 7 }, found;
	struct repo_oid a = fixture_oid_bytes(1), b = fixture_oid_bytes(2);
	struct txn txn;

	(void)state;
	assert_int_equal(txn_begin(f->store, true, &txn), 0);
	assert_false(missing_get(&txn, REPO_MODEL, &a, &found));
	missing_put(&txn, REPO_MODEL, &a, &value);
	value.since_ms = DAY(2);
	missing_put(&txn, REPO_MODEL, &b, &value);
	missing_put(&txn, REPO_DATASET, &b, &value);
	assert_true(missing_get(&txn, REPO_MODEL, &a, &found));
	assert_true(found.since_ms == DAY(1) && found.seen_ms == DAY(0) && found.tries == 3 && found.asked_ms == DAY(1) + 7);
	missing_forget(&txn, REPO_MODEL, DAY(2));
	assert_true(missing_get(&txn, REPO_MODEL, &a, &found));
	assert_false(missing_get(&txn, REPO_MODEL, &b, &found));
	assert_true(missing_get(&txn, REPO_DATASET, &b, &found));
	missing_delete(&txn, REPO_MODEL, &a);
	missing_delete(&txn, REPO_MODEL, &a);
	assert_false(missing_get(&txn, REPO_MODEL, &a, &found));
	assert_int_equal(txn_commit(&txn), 0);
	fixture_free(f);
}

static void test_damage_and_cursors(void **state)
{
	struct fixture *f = fixture_new();
	struct slice text;
	struct txn txn;

	(void)state;
	assert_int_equal(txn_begin(f->store, true, &txn), 0);
	assert_true(damage_is_new(&txn, 7, DAY(1)));
	assert_false(damage_is_new(&txn, 7, DAY(2)));
	assert_true(damage_is_new(&txn, 8, DAY(2)));
	assert_false(cursor_get(&txn, LANE_POLL, REPO_SPACE, &text));
	cursor_put(&txn, LANE_POLL, REPO_SPACE, SLICE("here"));
	cursor_put(&txn, LANE_SWEEP, REPO_SPACE, SLICE("there"));
	assert_true(cursor_get(&txn, LANE_POLL, REPO_SPACE, &text) && slice_is(text, "here"));
	assert_int_equal(txn_commit(&txn), 0);
	fixture_free(f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_looks),
		cmocka_unit_test(test_looks_cover_what_they_asked),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_damage_and_cursors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
