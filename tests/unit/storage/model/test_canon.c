/* SPDX-License-Identifier: Apache-2.0 */
/* The canonical form: one text for whatever says the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "storage/model/canon.h"
#include "storage/model/error.h"
#include "storage/model/memory.h"

struct tools {
	struct canon_maker maker;
	struct json json;
	struct arena arena;
	struct buf out;
	char *copy;
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
	free(t->copy);
	free(t);
}

static int read_row(struct tools *t, const char *text, struct row *row)
{
	size_t size = strlen(text);

	free(t->copy);
	t->copy = memory_new(size + JSON_PADDING);
	memcpy(t->copy, text, size);
	if (json_parse(&t->json, t->copy, size, 1))
		fail_msg("%s", text);
	return row_read(&t->json, 0, fields_asked(REPO_MODEL), 0, row);
}

#define HEAD "{\"_id\":\"659200800000000000000001\",\"id\":\"a/b\","

/* The canonical text of one field of a row; the error's name where it is damaged. */
static const char *canonical(struct tools *t, enum field field, const char *value)
{
	struct buf text = BUF_INIT(1 << 24);
	struct canon canon;
	struct row row;
	int code;

	buf_printf(&text, HEAD "\"%s\":%s}", field_infos[field].key, value);
	if (read_row(t, text.data, &row))
		fail_msg("%s", text.data);
	buf_release(&text);
	code = canon_from_row(&t->maker, &row, field_bit(field), &t->arena, &canon);
	buf_reset(&t->out);
	if (code)
		buf_text(&t->out, error_name(code));
	else
		buf_slice(&t->out, canon.field[field]);
	return t->out.data;
}

static void test_values(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "{}", "{}" }, { "null", "null" }, { "\"text\"", "\"text\"" }, { "[ ]", "[]" },
		{ "{\"b\":1,\"a\":2}", "{\"a\":2,\"b\":1}" },
		{ "{ \"a\" : [ 1 , 2.50 , 1E5 , -0 ] }", "{\"a\":[1,2.50,1E5,-0]}" },                /* numbers as sent */
		{ "{\"a\":1,\"a\":2,\"b\":3,\"a\":4}", "{\"a\":4,\"b\":3}" },                         /* the last counts */
		{ "{\"\\u0061\":1,\"a\":2}", "{\"a\":2}" }, { "{\"a\":2,\"\\u0061\":1}", "{\"a\":1}" }, /* decoded keys */
		{ "{\"z\":{\"y\":{\"x\":[{\"b\":1,\"a\":1}]}}}", "{\"z\":{\"y\":{\"x\":[{\"a\":1,\"b\":1}]}}}" },
		{ "\"\\u0041\\/\\n\\u001f\\\"\"", "\"A/\\n\\u001f\\\"\"" },
		{ "\"\\ud800\"", "\"\xEF\xBF\xBD\"" }, { "\"\\ud83d\\ude00\"", "\"\xF0\x9F\x98\x80\"" },
		{ "{\"B\":1,\"a\":1,\"\xC3\xA9\":1,\"\":1}", "{\"\":1,\"B\":1,\"a\":1,\"\xC3\xA9\":1}" }, /* bytewise */
		{ "{\"a\":\"\\u0000\"}", "{\"a\":\"\\u0000\"}" },
		{ "{\"a\":tru}", "ERROR_JSON" }, { "{\"a\":01}", "ERROR_JSON" }, { "{\"a\":\"\\q\"}", "ERROR_JSON" },
		{ "{\"\\q\":1}", "ERROR_JSON" }, { "tru", "ERROR_JSON" }, { "{\"b\":1,\"a\" 1}", "ERROR_JSON" }, { "[1,]", "ERROR_JSON" },
	};
	struct tools *t = tools_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++)
		assert_string_equal(canonical(t, FIELD_CARD_DATA, cases[i].in), cases[i].out);
	tools_free(t);
}

static void test_tags(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "[]", "[]" }, { "null", "[]" }, { "\"license:mit\"", "[]" }, { "{\"a\":\"license:mit\"}", "[]" },
		{ "[\"x\",\"license:mit\",\"y\"]", "[\"license:mit\"]" },
		{ "[\"license:mit\",\"license:apache-2.0\",\"license:mit\"]", "[\"license:apache-2.0\",\"license:mit\"]" },
		{ "[\"licen\\u0073e:mit\",\"license:mit\"]", "[\"license:mit\"]" },
		{ "[\"License:mit\",\"licenses:mit\",\"license\"]", "[]" },
		{ "[\"license:\"]", "[\"license:\"]" },
		{ "[1,null,[\"license:mit\"],{\"a\":\"license:mit\"},\"license:x\"]", "[\"license:x\"]" },
		{ "[\"license:\\ud800\"]", "[\"license:\xEF\xBF\xBD\"]" }, { "[\"license:\\q\"]", "ERROR_JSON" },
	};
	struct tools *t = tools_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++)
		assert_string_equal(canonical(t, FIELD_TAGS, cases[i].in), cases[i].out);
	tools_free(t);
}

static void test_depth(void **state)
{
	struct tools *t = tools_new();
	struct buf deep = BUF_INIT(1 << 20);

	(void)state;
	for (unsigned depth = CANON_DEPTH_MAX - 2; depth < CANON_DEPTH_MAX + 4; depth++) {
		buf_reset(&deep);
		for (unsigned i = 0; i < depth; i++)
			buf_text(&deep, i % 2 ? "{\"a\":" : "[");
		buf_char(&deep, '1');
		for (unsigned i = depth; i-- > 0;)
			buf_char(&deep, i % 2 ? '}' : ']');
		assert_string_equal(canonical(t, FIELD_CARD_DATA, deep.data),
			depth <= CANON_DEPTH_MAX ? deep.data : "ERROR_TOO_DEEP");
	}
	buf_release(&deep);
	tools_free(t);
}

static const struct {
	const char *row, *text;
} rows[] = {
	{ HEAD "\"cardData\":{},\"tags\":[\"x\"]}",
		"{\"author\":null,\"cardData\":{},\"disabled\":null,\"gated\":null,\"id\":\"a/b\",\"private\":null,\"tags\":[]}" },
	{ HEAD "\"cardData\":null}",
		"{\"author\":null,\"cardData\":null,\"disabled\":null,\"gated\":null,\"id\":\"a/b\",\"private\":null,\"tags\":[]}" },
	{ HEAD "\"author\":\"a\",\"private\":false,\"gated\":\"auto\",\"disabled\":true,\"tags\":[\"license:mit\"],\"likes\":5,"
	       "\"cardData\":{\"b\":[],\"a\":\"\\u00e9\"},\"sha\":\"x\",\"unknown\":1}",
		"{\"author\":\"a\",\"cardData\":{\"a\":\"\xC3\xA9\",\"b\":[]},\"disabled\":true,\"gated\":\"auto\",\"id\":\"a/b\","
		"\"private\":false,\"tags\":[\"license:mit\"]}" },
};

/* Asked and absent is null; and the form is itself a row that reads back to the same. */
static void test_whole_rows(void **state)
{
	struct tools *t = tools_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct canon canon, again;
		struct row row;
		assert_int_equal(read_row(t, rows[i].row, &row), 0);
		assert_int_equal(canon_from_row(&t->maker, &row, fields_asked(REPO_MODEL), &t->arena, &canon), 0);
		buf_reset(&t->out);
		canon_write(&canon, &t->out);
		assert_string_equal(t->out.data, rows[i].text);
		assert_int_equal(canon_read(&t->maker, buf_as_slice(&t->out), &t->arena, &again), 0);
		assert_true(canon_same(&canon, &again));
		buf_reset(&t->out);
		canon_write(&again, &t->out);
		assert_string_equal(t->out.data, rows[i].text);
	}
	tools_free(t);
}

/* Not asked is unknown: not written, not compared, filled in from before. */
static void test_unknown_fields(void **state)
{
	struct tools *t = tools_new();
	struct canon all, some, none;

	(void)state;
	assert_int_equal(canon_read(&t->maker, slice_of(rows[2].text), &t->arena, &all), 0);
	assert_int_equal(canon_read(&t->maker, SLICE("{\"gated\":false,\"id\":\"a/b\"}"), &t->arena, &some), 0);
	assert_int_equal(canon_read(&t->maker, SLICE("{}"), &t->arena, &none), 0);
	assert_false(canon_same(&all, &some));
	assert_true(canon_same(&all, &none));
	buf_reset(&t->out);
	canon_write(&none, &t->out);
	assert_string_equal(t->out.data, "{}");
	canon_fill(&some, &all);
	buf_reset(&t->out);
	canon_write(&some, &t->out);
	assert_non_null(strstr(t->out.data, "\"gated\":false"));
	assert_non_null(strstr(t->out.data, "\"disabled\":true"));
	tools_free(t);
}

/* Stored text by today's rules: fields of another table are left out, damage is said. */
static void test_reading_stored_text(void **state)
{
	static const char *const wrong[] = { "", "[]", "1", "{\"id\":", "{\"id\":tru}", "{\"tags\":[\"\\q\"]}" };
	struct tools *t = tools_new();
	struct canon canon;

	(void)state;
	assert_int_equal(canon_read(&t->maker, SLICE("{\"id\":\"x\",\"newer\":1,\"likes\":5}"), &t->arena, &canon), 0);
	buf_reset(&t->out);
	canon_write(&canon, &t->out);
	assert_string_equal(t->out.data, "{\"id\":\"x\"}");
	for (size_t i = 0; i < ARRAY_COUNT(wrong); i++)
		assert_int_equal(canon_read(&t->maker, slice_of(wrong[i]), &t->arena, &canon), ERROR_JSON);
	tools_free(t);
}

/* Tags that other rules put among the derived ones are read with the stable ones. */
static void test_rereading(void **state)
{
	static const struct {
		const char *canonical, *derived, *out;
	} cases[] = {
		{ "{\"tags\":[\"license:mit\"]}", "{\"tags\":[\"x\",\"license:gpl\"]}", "{\"tags\":[\"license:gpl\",\"license:mit\"]}" },
		{ "{\"tags\":[]}", "{\"tags\":[\"license:gpl\"]}", "{\"tags\":[\"license:gpl\"]}" },
		{ "{\"tags\":[\"license:mit\"]}", "{\"tags\":[]}", "{\"tags\":[\"license:mit\"]}" },
		{ "{\"tags\":[\"license:mit\"]}", "{}", "{\"tags\":[\"license:mit\"]}" },
		{ "{\"tags\":[\"license:mit\"]}", "", "{\"tags\":[\"license:mit\"]}" },
		{ "{\"id\":\"x\"}", "{\"tags\":[\"license:gpl\"]}", "{\"id\":\"x\"}" }, /* not asked stays unknown */
	};
	struct tools *t = tools_new();
	struct canon canon;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		assert_int_equal(canon_reread(&t->maker, slice_of(cases[i].canonical), slice_of(cases[i].derived), &t->arena,
					 &canon), 0);
		buf_reset(&t->out);
		canon_write(&canon, &t->out);
		assert_string_equal(t->out.data, cases[i].out);
	}
	tools_free(t);
}

static void test_derived(void **state)
{
	static const struct {
		const char *row, *text;
	} cases[] = {
		{ HEAD "\"likes\":1}", "{}" },
		{ HEAD "\"library_name\":\"l\",\"pipeline_tag\":\"p\",\"sdk\":\"s\",\"tags\":[\"b\",\"license:x\",\"a\",\"a\"]}",
			"{\"library_name\":\"l\",\"pipeline_tag\":\"p\",\"sdk\":\"s\",\"tags\":[\"b\",\"a\",\"a\"]}" },
		{ HEAD "\"library_name\":null,\"pipeline_tag\":[1],\"tags\":[]}", "{\"tags\":[]}" },
		{ HEAD "\"library_name\":\"\\q\",\"pipeline_tag\":\"\\n\\\"\"}", "{\"pipeline_tag\":\"\\n\\\"\"}" },
	};
	struct tools *t = tools_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct row row;
		struct canon canon;
		assert_int_equal(read_row(t, cases[i].row, &row), 0);
		buf_reset(&t->out);
		assert_int_equal(canon_from_row(&t->maker, &row, fields_asked(REPO_MODEL), &t->arena, &canon), 0);
		derived_write(&t->maker, &row, &t->out);
		assert_string_equal(t->out.data, cases[i].text);
	}
	tools_free(t);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_whole_rows),
		cmocka_unit_test(test_unknown_fields),
		cmocka_unit_test(test_reading_stored_text),
		cmocka_unit_test(test_rereading),
		cmocka_unit_test(test_derived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
