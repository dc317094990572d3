/* SPDX-License-Identifier: Apache-2.0 */
/* What a repo declares: every shape that a card gives a license. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "storage/model/error.h"
#include "storage/model/memory.h"
#include "storage/model/statement.h"

struct tools {
	struct canon_maker maker;
	struct json json;
	struct arena arena;
	struct buf out;
};

static struct tools *tools_new(void)
{
	struct tools *t = memory_new(sizeof(*t));

	canon_maker_init(&t->maker);
	json_init(&t->json, 1 << 20);
	buf_init(&t->out, 1 << 24);
	return t;
}

static void tools_free(struct tools *t)
{
	canon_maker_release(&t->maker);
	json_release(&t->json);
	arena_release(&t->arena);
	buf_release(&t->out);
	free(t);
}

static void statement_of(struct tools *t, const char *card, const char *tags, struct statement *statement)
{
	struct buf text = BUF_INIT(1 << 24);
	struct canon canon;

	buf_printf(&text, "{\"cardData\":%s,\"tags\":%s}", card, tags);
	assert_int_equal(canon_read(&t->maker, buf_as_slice(&text), &t->arena, &canon), 0);
	statement_from_canon(&t->json, &canon, &t->arena, statement);
	buf_release(&text);
}

#define REST ",\"license_link\":null,\"license_name\":null,"

static void test_shapes(void **state)
{
	static const struct {
		const char *card, *tags, *text;
	} cases[] = {
		{ "{}", "[]", "{\"ids\":[]" REST "\"source\":null}" },
		{ "null", "[\"license:mit\"]", "{\"ids\":[\"mit\"]" REST "\"source\":\"tag\"}" },
		{ "{\"license\":\"mit\"}", "[\"license:gpl\"]", "{\"ids\":[\"mit\"]" REST "\"source\":\"card\"}" },
		{ "{\"license\":[\"b\",\"a\",\"b\"]}", "[]", "{\"ids\":[\"b\",\"a\"]" REST "\"source\":\"card\"}" }, /* in their order */
		{ "{\"license\":{\"code\":\"mit\",\"data\":[\"cc-by-4.0\",\"mit\"]}}", "[]",
			"{\"ids\":[\"mit\",\"cc-by-4.0\"]" REST "\"source\":\"card\"}" },
		{ "{\"license\":[{\"name\":\"mit\"},\"gpl\"]}", "[]", "{\"ids\":[\"mit\",\"gpl\"]" REST "\"source\":\"card\"}" },
		{ "{\"license\":1.5}", "[]", "{\"ids\":[\"1.5\"]" REST "\"source\":\"card\"}" },
		{ "{\"license\":true}", "[]", "{\"ids\":[\"true\"]" REST "\"source\":\"card\"}" },
		{ "{\"license\":null}", "[\"license:mit\"]", "{\"ids\":[\"mit\"]" REST "\"source\":\"tag\"}" },
		{ "{\"license\":[]}", "[\"license:mit\"]", "{\"ids\":[]" REST "\"source\":null}" },
		{ "{\"license\":[null,\"\"]}", "[]", "{\"ids\":[]" REST "\"source\":null}" },
		{ "{\"license\":\"\\u0000<b>\\\"\"}", "[]", "{\"ids\":[\"\\u0000<b>\\\"\"]" REST "\"source\":\"card\"}" },
		{ "{\"license\":\"???\"}", "[]", "{\"ids\":[\"???\"]" REST "\"source\":\"card\"}" },
		{ "{\"license\":\"other\",\"license_name\":\"n\",\"license_link\":\"l\"}", "[]",
			"{\"ids\":[\"other\"],\"license_link\":\"l\",\"license_name\":\"n\",\"source\":\"card\"}" },
		{ "{\"license_name\":[\"n\"],\"license_link\":{\"a\":1}}", "[]", "{\"ids\":[]" REST "\"source\":null}" },
		{ "{\"license_name\":5}", "[\"license:x\"]",
			"{\"ids\":[\"x\"],\"license_link\":null,\"license_name\":\"5\",\"source\":\"tag\"}" },
		{ "{\"licence\":\"mit\",\"License\":\"mit\",\"licenses\":\"mit\"}", "[\"licenses:mit\",\"license:\"]",
			"{\"ids\":[]" REST "\"source\":null}" },
		{ "\"license: mit\"", "[\"license:a\",\"license:b\"]", "{\"ids\":[\"a\",\"b\"]" REST "\"source\":\"tag\"}" },
		{ "[{\"license\":\"mit\"}]", "[]", "{\"ids\":[]" REST "\"source\":null}" },
	};
	struct tools *t = tools_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct statement statement, back;
		statement_of(t, cases[i].card, cases[i].tags, &statement);
		buf_reset(&t->out);
		statement_write(&statement, &t->out);
		assert_string_equal(t->out.data, cases[i].text);
		assert_int_equal(statement_read(&t->json, buf_as_slice(&t->out), &t->arena, &back), 0);
		assert_int_equal(back.source, statement.source);
		assert_int_equal(back.id_count, statement.id_count);
		buf_reset(&t->out);
		statement_write(&back, &t->out);
		assert_string_equal(t->out.data, cases[i].text);
	}
	tools_free(t);
}

/* Of any size, but bounded where it is kept; never cut inside a character. */
static void test_long_texts(void **state)
{
	struct tools *t = tools_new();
	struct buf card = BUF_INIT(1 << 23);

	(void)state;
	for (unsigned size = STATEMENT_TEXT_MAX - 1; size < STATEMENT_TEXT_MAX + 5; size++) {
		struct statement statement;
		buf_reset(&card);
		buf_text(&card, "{\"license\":\"");
		for (unsigned i = 0; i < size - 2; i++)
			buf_char(&card, 'x');
		buf_text(&card, "\xC3\xA9\"}");
		statement_of(t, card.data, "[]", &statement);
		assert_int_equal(statement.id_count, 1);
		if (size <= STATEMENT_TEXT_MAX)
			assert_int_equal(statement.id[0].size, size);
		else
			assert_true(statement.id[0].size <= STATEMENT_TEXT_MAX + 3 &&
				    memcmp(statement.id[0].data + statement.id[0].size - 3, "\xE2\x80\xA6", 3) == 0);
		assert_true(size != STATEMENT_TEXT_MAX + 1 || statement.id[0].size == STATEMENT_TEXT_MAX - 1 + 3);
	}
	buf_reset(&card);
	buf_text(&card, "{\"license\":\"");
	for (unsigned i = 0; i < 1 << 20; i++)
		buf_text(&card, "\xE2\x82\xAC");
	buf_text(&card, "\"}");
	{
		struct statement statement;
		statement_of(t, card.data, "[]", &statement);
		assert_int_equal(statement.id[0].size, 999 + 3);
	}
	buf_release(&card);
	tools_free(t);
}

static void test_many_ids(void **state)
{
	struct tools *t = tools_new();
	struct buf card = BUF_INIT(1 << 23);
	struct statement statement, back;

	(void)state;
	buf_text(&card, "{\"license\":[");
	for (unsigned i = 0; i < 1000; i++)
		buf_printf(&card, "%s\"id-%u\"", i ? "," : "", i);
	buf_text(&card, "]}");
	statement_of(t, card.data, "[]", &statement);
	assert_int_equal(statement.id_count, STATEMENT_IDS_MAX);
	buf_reset(&t->out);
	statement_write(&statement, &t->out);
	assert_int_equal(statement_read(&t->json, buf_as_slice(&t->out), &t->arena, &back), 0);
	assert_int_equal(back.id_count, STATEMENT_IDS_MAX);
	buf_release(&card);
	tools_free(t);
}

static void test_damaged_text(void **state)
{
	static const char *const wrong[] = { "", "{", "[]", "{}", "1", "\"x\"" };
	struct tools *t = tools_new();
	struct statement statement;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(wrong); i++)
		assert_true(statement_read(&t->json, slice_of(wrong[i]), &t->arena, &statement) != 0);
	assert_int_equal(statement_read(&t->json, SLICE("{\"ids\":5,\"source\":\"moon\"}"), &t->arena, &statement), 0);
	assert_int_equal(statement.id_count, 0);
	assert_int_equal(statement.source, STATEMENT_NONE);
	tools_free(t);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_long_texts),
		cmocka_unit_test(test_many_ids),
		cmocka_unit_test(test_damaged_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
