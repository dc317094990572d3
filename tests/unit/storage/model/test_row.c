/* SPDX-License-Identifier: Apache-2.0 */
/* One row as sent: identity, scalars, and the hash that tells same from not same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "storage/model/error.h"
#include "storage/model/memory.h"
#include "storage/model/moment.h"
#include "storage/model/row.h"

static int read_with(const char *text, uint32_t fields, uint64_t seed, struct row *row)
{
	size_t size = strlen(text);
	char *copy = memory_new(size + JSON_PADDING);
	struct json json;
	int code;

	memcpy(copy, text, size);
	json_init(&json, 1000);
	code = json_parse(&json, copy, size, 2);
	if (!code)
		code = row_read(&json, 0, fields, seed, row);
	json_release(&json);
	free(copy);
	return code;
}

static int read_row(const char *text, struct row *row)
{
	return read_with(text, fields_asked(REPO_MODEL), 7, row);
}

#define HEAD "{\"_id\":\"659200800000000000000001\",\"id\":\"a/b\""

static void test_scalars(void **state)
{
	struct row row;

	(void)state;
	assert_int_equal(read_row(HEAD ",\"sha\":\"00000000000000000000000000000000000000ff\",\"likes\":5,\"downloads\":0,"
				       "\"createdAt\":\"2024-01-01T00:00:00.000Z\",\"lastModified\":\"2024-06-01T00:00:00.000Z\","
				       "\"private\":true}", &row), 0);
	assert_true(row.has_sha && row.has_likes && row.has_downloads && row.is_private);
	assert_int_equal(row.sha[SHA_BYTES - 1], 0xFF);
	assert_true(row.likes == 5 && row.downloads == 0);
	assert_true(row.created_ms == moment_of(2024, 1, 1) && row.modified_ms == moment_of(2024, 6, 1));
	assert_int_equal(read_row(HEAD ",\"sha\":\"xyz\",\"likes\":-5,\"downloads\":1.5,\"createdAt\":5,\"lastModified\":\"soon\","
				       "\"private\":\"true\"}", &row), 0);
	assert_false(row.has_sha || row.has_likes || row.has_downloads || row.is_private);
	assert_true(row.created_ms == 0 && row.modified_ms == 0);
	assert_int_equal(read_row(HEAD ",\"likes\":99999999999999999999999999999}", &row), 0);
	assert_false(row.has_likes);
}

static void test_identity(void **state)
{
	struct buf long_id = BUF_INIT(10000);
	struct row row;

	(void)state;
	for (unsigned size = ROW_NAME_MAX; size <= ROW_NAME_MAX + 1; size++) {
		buf_reset(&long_id);
		buf_text(&long_id, "{\"_id\":\"659200800000000000000001\",\"id\":\"");
		for (unsigned i = 0; i < size; i++)
			buf_char(&long_id, 'x');
		buf_text(&long_id, "\"}");
		assert_int_equal(read_row(long_id.data, &row), size > ROW_NAME_MAX ? ERROR_ROW : 0);
	}
	buf_release(&long_id);
	assert_int_equal(read_row("{\"_id\":\"zz\",\"_id\":\"659200800000000000000002\",\"id\":1,\"id\":\"a\"}", &row), 0);
	assert_int_equal(row.oid.byte[11], 2); /* of equal keys the last */
	assert_int_equal(read_row("{\"_id\":\"659200800000000000000002\",\"_id\":\"zz\",\"id\":\"a\"}", &row), ERROR_ROW);
}

/* Which differences the hash must see, and which it must not. */
static void test_stable_hash(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} cases[] = {
		{ HEAD "}", HEAD "}", true },
		{ HEAD ",\"likes\":1,\"downloads\":1,\"sha\":\"a\",\"lastModified\":\"b\",\"createdAt\":\"c\"}", HEAD "}", true },
		{ HEAD ",\"library_name\":\"a\",\"pipeline_tag\":\"b\",\"unknown\":{}}", HEAD "}", true },
		{ HEAD ",\"gated\":false,\"disabled\":false}", HEAD ",\"disabled\":false,\"gated\":false}", true },
		{ HEAD ",\"tags\":[\"a\",\"b\"]}", HEAD ",\"tags\":[\"c\"]}", true },
		{ HEAD ",\"tags\":[\"a\",\"license:mit\"]}", HEAD ",\"tags\":[\"license:mit\",\"c\"]}", true },
		{ HEAD ",\"tags\":[\"license:mit\"]}", HEAD ",\"tags\":[\"license:mi\"]}", false },
		{ HEAD ",\"tags\":[\"license:mit\"]}", HEAD ",\"tags\":[\"license:mit\",\"license:mit\"]}", false },
		{ HEAD ",\"tags\":[\"licens\\u0065:mit\"]}", HEAD ",\"tags\":[\"licens\\u0065:gpl\"]}", false },
		{ HEAD ",\"cardData\":{\"a\":1}}", HEAD ",\"cardData\":{\"a\":2}}", false },
		{ HEAD ",\"cardData\":{}}", HEAD "}", false },
		{ HEAD ",\"gated\":false}", HEAD ",\"gated\":\"auto\"}", false },
		{ HEAD ",\"gated\":null}", HEAD ",\"disabled\":null}", false },
		{ HEAD ",\"gated\":\"ab\",\"disabled\":\"c\"}", HEAD ",\"gated\":\"a\",\"disabled\":\"bc\"}", false },
		{ HEAD ",\"author\":\"a\"}", HEAD ",\"author\":\"b\"}", false },
		{ HEAD ",\"private\":false}", HEAD ",\"private\":true}", false },
		{ HEAD "}", "{\"_id\":\"659200800000000000000001\",\"id\":\"a/c\"}", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct row a, b;
		assert_int_equal(read_row(cases[i].a, &a), 0);
		assert_int_equal(read_row(cases[i].b, &b), 0);
		if ((a.stable_hash == b.stable_hash) != cases[i].same)
			fail_msg("%s  %s", cases[i].a, cases[i].b);
	}
}

/* Other fields asked, another store: another hash. */
static void test_hash_seed_and_fields(void **state)
{
	uint32_t all = fields_asked(REPO_MODEL), fewer = all & ~field_bit(FIELD_GATED);
	struct row a, b;

	(void)state;
	assert_int_equal(read_with(HEAD "}", all, 7, &a), 0);
	assert_int_equal(read_with(HEAD "}", all, 8, &b), 0);
	assert_true(a.stable_hash != b.stable_hash);
	assert_int_equal(read_with(HEAD "}", fewer, 7, &b), 0);
	assert_true(a.stable_hash != b.stable_hash);
	assert_int_equal(read_with(HEAD ",\"gated\":\"auto\"}", fewer, 7, &a), 0);
	assert_true(a.stable_hash == b.stable_hash); /* what was not asked does not count */
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scalars),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_stable_hash),
		cmocka_unit_test(test_hash_seed_and_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
