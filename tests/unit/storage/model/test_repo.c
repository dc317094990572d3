/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds, oids, and the fixed row with its check word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "storage/model/repo.h"

static void test_kinds(void **state)
{
	enum repo_kind kind;

	(void)state;
	assert_true(repo_kind_read(SLICE("model"), &kind) && kind == REPO_MODEL);
	assert_true(repo_kind_read(SLICE("datasets"), &kind) && kind == REPO_DATASET);
	assert_true(repo_kind_read(SLICE("spaces"), &kind) && kind == REPO_SPACE);
	assert_false(repo_kind_read(SLICE("kernels"), &kind));
	assert_false(repo_kind_read(SLICE("Model"), &kind));
	assert_false(repo_kind_read(SLICE_NONE, &kind));
}

static void test_oids(void **state)
{
	static const char *const wrong[] = { "", "0123456789abcdef0123456", "0123456789abcdef012345678", "0123456789abcdef0123456g",
		"0123456789abcdef0123456 ", "\"123456789abcdef01234567\"" };
	struct repo_oid oid, other;
	char hex[OID_HEX + 1];

	(void)state;
	assert_true(oid_read(SLICE("0123456789abcdef01234567"), &oid));
	oid_write(&oid, hex);
	assert_string_equal(hex, "0123456789abcdef01234567");
	assert_true(oid_read(SLICE("0123456789ABCDEF01234567"), &other));
	assert_int_equal(oid_compare(&oid, &other), 0);
	assert_true(oid_read(SLICE("0123456789abcdef01234568"), &other));
	assert_true(oid_compare(&oid, &other) < 0);
	for (size_t i = 0; i < ARRAY_COUNT(wrong); i++)
		assert_false(oid_read(slice_of(wrong[i]), &oid));
}

static struct repo_row sample(void)
{
	struct repo_row row = { .number = 7, .versions = 0xFFFFFFFF, .stable_hash = UINT64_MAX, .canonical_hash = 1, .projection = 0xFFFE,
		.flags = REPO_GONE | REPO_BASELINE, .statement = 0x01020304, .first_seen_ms = 1, .last_changed_ms = 253402300799999,
		.last_written_ms = 3, .last_modified_ms = 0, .created_ms = 5 };

	for (unsigned i = 0; i < SHA_BYTES; i++)
		row.sha[i] = (uint8_t)(200 + i);
	return row;
}

static void test_row_round_trip(void **state)
{
	struct repo_oid oid = { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 } };
	struct repo_row row = sample(), back;
	uint8_t bytes[REPO_ROW_BYTES];

	(void)state;
	repo_row_encode(&row, &oid, bytes);
	assert_int_equal(get_u32(bytes), 7);
	assert_true(repo_row_decode(bytes, sizeof(bytes), &oid, &back));
	assert_int_equal(back.versions, row.versions);
	assert_true(back.stable_hash == row.stable_hash && back.canonical_hash == row.canonical_hash);
	assert_int_equal(back.projection, row.projection);
	assert_int_equal(back.flags, row.flags);
	assert_int_equal(back.statement, row.statement);
	assert_true(back.last_changed_ms == row.last_changed_ms && back.created_ms == 5 && back.first_seen_ms == 1);
	assert_memory_equal(back.sha, row.sha, SHA_BYTES);
}

/* Any flipped bit, another size, another key: not a row. */
static void test_row_damage(void **state)
{
	struct repo_oid oid = { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 } }, other = { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13 } };
	struct repo_row row = sample(), back;
	uint8_t bytes[REPO_ROW_BYTES + 1] = { 0 };

	(void)state;
	repo_row_encode(&row, &oid, bytes);
	for (unsigned bit = 0; bit < REPO_ROW_BYTES * 8; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(repo_row_decode(bytes, REPO_ROW_BYTES, &oid, &back));
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_false(repo_row_decode(bytes, REPO_ROW_BYTES - 1, &oid, &back));
	assert_false(repo_row_decode(bytes, REPO_ROW_BYTES + 1, &oid, &back));
	assert_false(repo_row_decode(bytes, REPO_ROW_BYTES, &other, &back));
	assert_true(repo_row_decode(bytes, REPO_ROW_BYTES, &oid, &back));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_oids),
		cmocka_unit_test(test_row_round_trip),
		cmocka_unit_test(test_row_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
