/* SPDX-License-Identifier: Apache-2.0 */
/* Old metadata is dropped where nothing but metadata changed, and nothing else is. */
#include "storage/retention.h"

#include <stdlib.h>

#include "tests/unit/storage/fixture.h"

enum { VERSIONS = 40 };

/* Every ninth version another license, at the third another name; else a card that moves. */
static const char *row_at(struct fixture *f, unsigned version)
{
	return ROW(f, .n = 1, .id = version < 3 ? "org/old" : "org/new", .sha = version,
		.card = fixture_text(f, "{\"license\":\"%s\",\"pretty\":[\"set-%u\",\"common\"],\"language\":[\"en\",\"de\"],\"note\":\"%0*u\"}",
			version / 9 % 2 ? "mit" : "apache-2.0", version, 200, version));
}

static struct fixture *make(void)
{
	struct fixture *f = fixture_new();

	fixture_sweep(f, DAY(1), row_at(f, 1));
	for (unsigned version = 2; version <= VERSIONS; version++)
		fixture_poll(f, DAY(version), row_at(f, version));
	assert_int_equal(fixture_repo(f, 1).row.versions, VERSIONS);
	return f;
}

static uint64_t run_pass(struct fixture *f, int64_t before_ms)
{
	struct retention pass = { .ended = false };

	for (unsigned steps = 0; !pass.ended; steps++) {
		assert_true(steps < 100);
		assert_int_equal(retention_step(f->store, before_ms, DAY(100), &pass, &f->problem), 0);
	}
	return pass.dropped;
}

static bool may_go(unsigned version, unsigned superseded)
{
	return version > 1 && version % 16 != 1 && version % 9 != 0 && version != 3 && version < superseded;
}

static const char *statement_at(struct fixture *f, const struct snapshot *snapshot)
{
	return fixture_get(f, fixture_text(f, "%.*s", (int)snapshot->canonical.size, snapshot->canonical.data), "cardData.license");
}

static void check_versions(struct fixture *f, char *const before[], unsigned superseded)
{
	for (unsigned version = 1; version <= VERSIONS; version++) {
		struct snapshot snapshot = fixture_snapshot(f, 1, version);

		assert_int_equal(snapshot.sha[SHA_BYTES - 1] || snapshot.sha[0], 1);
		assert_true(snapshot.observed_at_ms == DAY(version));
		assert_string_equal(statement_at(f, &snapshot), version / 9 % 2 ? "\"mit\"" : "\"apache-2.0\"");
		if (may_go(version, superseded)) {
			assert_true(snapshot.retained_until_ms == DAY(100));
		} else {
			assert_true(snapshot.retained_until_ms == 0);
			assert_string_equal(fixture_canonical(f, 1, version), before[version]);
		}
	}
}

static void test_drops_metadata_alone(void **state)
{
	static const unsigned horizons[] = { 0, 5, 20, 38, 50 };
	struct fixture *f = make();
	char *before[VERSIONS + 1] = { NULL };
	uint64_t head = fixture_head(f), dropped = 0;

	(void)state;
	for (unsigned version = 1; version <= VERSIONS; version++)
		before[version] = strdup(fixture_canonical(f, 1, version));
	for (size_t i = 0; i < ARRAY_COUNT(horizons); i++) {
		unsigned superseded = horizons[i] ? horizons[i] - 1 : 0, expected = 0;

		if (superseded > VERSIONS)
			superseded = VERSIONS;
		dropped += run_pass(f, DAY(horizons[i]));
		for (unsigned version = 1; version <= VERSIONS; version++)
			expected += may_go(version, superseded);
		assert_int_equal(dropped, expected);
		check_versions(f, before, superseded);
		fixture_verify(f);
	}
	assert_true(dropped > 25);
	assert_int_equal(run_pass(f, DAY(50)), 0);
	assert_int_equal(fixture_head(f), head);
	fixture_reopen(f);
	fixture_poll(f, DAY(60), ROW(f, .n = 1, .id = "org/new", .card = "{\"license\":\"gpl-3.0\"}", .sha = 60));
	assert_string_equal(fixture_events(f, head), "license.switched[cardData.license] metadata.changed[cardData.language,cardData.note,cardData.pretty]");
	fixture_verify(f);
	for (unsigned version = 1; version <= VERSIONS; version++)
		free(before[version]);
	fixture_free(f);
}

/* One that cannot be read is left alone, and the pass goes on behind it. */
static void test_damage_is_passed_over(void **state)
{
	struct fixture *f = fixture_new();
	struct key key = { .size = 0 };
	struct txn txn;

	(void)state;
	fixture_sweep(f, DAY(1), fixture_text(f, "%s,%s", ROW(f, .n = 1), ROW(f, .n = 2)));
	for (unsigned day = 2; day < 6; day++)
		for (unsigned n = 1; n < 3; n++)
			fixture_poll(f, DAY(day), ROW(f, .n = n, .sha = day, .card = fixture_text(f, "{\"note\":%u}", day)));
	key_add(&key, fixture_repo(f, 1).row.number, 4);
	key_add(&key, 4, 4);
	assert_int_equal(txn_begin(f->store, true, &txn), 0);
	fixture_flip(&txn, TABLE_SNAPSHOT, key_slice(&key), SIZE_MAX);
	assert_int_equal(txn_commit(&txn), 0);
	assert_int_equal(run_pass(f, DAY(50)), 3);
	assert_true(fixture_snapshot(f, 1, 2).retained_until_ms == 0);
	assert_true(fixture_snapshot(f, 2, 2).retained_until_ms != 0);
	fixture_free(f);
}

/* A row that cannot be read costs no other row of its step, and a pass that a restart cut off goes on where it was. */
static void test_damaged_row_and_place(void **state)
{
	struct fixture *f = fixture_new();
	struct repo_oid oid = fixture_oid_bytes(2);
	struct retention pass;
	struct txn txn;

	(void)state;
	fixture_sweep(f, DAY(1), fixture_text(f, "%s,%s,%s", ROW(f, .n = 1), ROW(f, .n = 2), ROW(f, .n = 3)));
	for (unsigned day = 2; day < 6; day++)
		for (unsigned n = 1; n < 4; n++)
			fixture_poll(f, DAY(day), ROW(f, .n = n, .sha = day, .card = fixture_text(f, "{\"note\":%u}", day)));
	assert_int_equal(txn_begin(f->store, true, &txn), 0);
	fixture_flip(&txn, TABLE_REPO_MODEL, oid_slice(&oid), 20);
	assert_int_equal(txn_commit(&txn), 0);
	assert_int_equal(retention_load(f->store, &pass, &f->problem), 0);
	assert_true(!pass.began_ms && !pass.ended);
	assert_int_equal(retention_step(f->store, DAY(50), DAY(100), &pass, &f->problem), 0);
	assert_int_equal(pass.damaged, 1);
	assert_true(fixture_snapshot(f, 1, 2).retained_until_ms && fixture_snapshot(f, 3, 2).retained_until_ms);
	fixture_reopen(f);
	assert_int_equal(retention_load(f->store, &pass, &f->problem), 0);
	assert_int_equal(pass.kind, REPO_DATASET);
	assert_true(pass.began_ms == DAY(100) && pass.dropped == 6 && pass.damaged == 1 && !pass.ended);
	while (!pass.ended)
		assert_int_equal(retention_step(f->store, DAY(50), DAY(101), &pass, &f->problem), 0);
	assert_int_equal(retention_load(f->store, &pass, &f->problem), 0);
	assert_true(pass.ended && pass.began_ms == DAY(100));
	fixture_free(f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_drops_metadata_alone),
		cmocka_unit_test(test_damage_is_passed_over),
		cmocka_unit_test(test_damaged_row_and_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
