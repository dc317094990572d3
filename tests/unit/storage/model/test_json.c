/* SPDX-License-Identifier: Apache-2.0 */
/* JSON as a flat list: spans, depths, escapes, numbers, broken text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "storage/model/error.h"
#include "storage/model/json.h"
#include "storage/model/memory.h"

/* Parses a copy of its own, so that a sanitizer sees where the padding ends. */
static int parse(struct json *json, const char *text, size_t size, unsigned depth, char **copy)
{
	*copy = memory_new(size + JSON_PADDING);
	memcpy(*copy, text, size);
	return json_parse(json, *copy, size, depth);
}

/* The nodes as text: type letter, key, span; "i2-5" where node i goes on at 5. */
static void describe(const struct json *json, struct buf *out)
{
	static const char letters[] = "zbnsao";

	buf_reset(out);
	for (uint32_t i = 0; i < json->count; i++) {
		const struct json_node *node = &json->node[i];
		buf_printf(out, "%s%c", i ? " " : "", letters[node->type]);
		if (node->key) {
			buf_slice(out, json_key(node));
			buf_char(out, ':');
		}
		buf_slice(out, json_span(node));
		if (node->next != i + 1)
			buf_printf(out, ">%u", node->next);
	}
}

static void test_nodes(void **state)
{
	static const struct {
		const char *text;
		unsigned depth;
		const char *nodes;
	} cases[] = {
		{ "[]", 1, "a[]" },
		{ " {} ", 3, "o{}" },
		{ "[1,\"a\",null,true,{}]", 1, "a[1,\"a\",null,true,{}]>6 n1 s\"a\" znull btrue o{}" },
		{ "[ 1 , [ 2 , 3 ] , 4 ]\n", 1, "a[ 1 , [ 2 , 3 ] , 4 ]>4 n1 a[ 2 , 3 ] n4" },
		{ "[ 1 , [ 2 , 3 ] , 4 ]", 2, "a[ 1 , [ 2 , 3 ] , 4 ]>6 n1 a[ 2 , 3 ]>5 n2 n3 n4" },
		{ "{\"a\":{\"b\":[1]},\"c\" : -1.5e3 }", 2, "o{\"a\":{\"b\":[1]},\"c\" : -1.5e3 }>4 oa:{\"b\":[1]}>3 ab:[1] nc:-1.5e3" },
		{ "{\"\\\"\\\\\":\"\\u0041\"}", 1, "o{\"\\\"\\\\\":\"\\u0041\"}>2 s\\\"\\\\:\"\\u0041\"" },
		{ "\"root\"", 1, "s\"root\"" },
		{ "12", 1, "n12" },
		{ "null", 1, "znull" },
	};
	struct buf out = BUF_INIT(10000);
	struct json json;
	char *copy;

	(void)state;
	json_init(&json, 1000);
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		assert_int_equal(parse(&json, cases[i].text, strlen(cases[i].text), cases[i].depth, &copy), 0);
		describe(&json, &out);
		assert_string_equal(out.data, cases[i].nodes);
		free(copy);
	}
	json_release(&json);
	json_release(&json);
	buf_release(&out);
}

static void test_damage(void **state)
{
	static const struct {
		const char *text;
		int code;
	} cases[] = {
		{ "", ERROR_JSON }, { "   ", ERROR_JSON }, { "[", ERROR_JSON }, { "]", ERROR_JSON }, { "{", ERROR_JSON },
		{ "[1,]", ERROR_JSON }, { "[,1]", ERROR_JSON }, { "[1 2]", ERROR_JSON }, { "{\"a\"}", ERROR_JSON },
		{ "{\"a\":}", ERROR_JSON }, { "{\"a\":1,}", ERROR_JSON }, { "{a:1}", ERROR_JSON }, { "[1]]", ERROR_JSON },
		{ "[1]x", ERROR_JSON }, { "{}{}", ERROR_JSON }, { "\"a", ERROR_JSON }, { "[\"a]", ERROR_JSON },
		{ "{\"a\":\"b\":1}", ERROR_JSON }, { "[\"a\":1]", ERROR_JSON }, { "{\"a\":\"b\":{\"c\":1}}", ERROR_JSON },
		{ "{\"a\":1:2}", ERROR_JSON }, { "{\"a\":\"b\"\"c\":1}", ERROR_JSON }, { "[[1]2]", ERROR_JSON }, { "[{}{}]", ERROR_JSON },
		{ "[1}", ERROR_JSON }, { "{\"a\":[}", ERROR_JSON }, { "[\"\xFF\"]", ERROR_UTF8 }, { "[\"\xC0\x80\"]", ERROR_UTF8 },
		{ "[\"\xED\xA0\x80\"]", ERROR_UTF8 }, { "[\"a\nb\"]", ERROR_JSON },
		{ "{\"a\":1,\"b\":{\"c\":[1,2}}", ERROR_JSON }, /* behind the depth, but unbalanced */
	};
	struct json json;
	char *copy;

	(void)state;
	json_init(&json, 1000);
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++)
		for (unsigned depth = 1; depth < 5; depth++) {
			int code = parse(&json, cases[i].text, strlen(cases[i].text), depth, &copy);
			if (code != cases[i].code && !(depth < 3 && strstr(cases[i].text, "[1,2}")))
				fail_msg("%s at depth %u: %s", cases[i].text, depth, error_name(code));
			if (code)
				assert_int_equal(json.count, 0);
			free(copy);
		}
	assert_int_equal(parse(&json, "[1]", 3, 1, &copy), 0); /* the parser goes on */
	free(copy);
	json_release(&json);
}

static void test_limits(void **state)
{
	struct buf text = BUF_INIT(1 << 20);
	struct json json;
	char *copy;

	(void)state;
	json_init(&json, 100);
	buf_char(&text, '[');
	for (unsigned i = 0; i < 99; i++)
		buf_text(&text, i ? ",1" : "1");
	buf_char(&text, ']');
	assert_int_equal(parse(&json, text.data, text.size, 1, &copy), 0);
	assert_int_equal(json.count, 100);
	free(copy);
	text.size--;
	buf_text(&text, ",1]");
	assert_int_equal(parse(&json, text.data, text.size, 1, &copy), ERROR_TOO_BIG);
	free(copy);

	buf_reset(&text);
	for (unsigned i = 0; i < 100000; i++)
		buf_char(&text, '[');
	for (unsigned i = 0; i < 100000; i++)
		buf_char(&text, ']');
	for (unsigned depth = 1; depth < 64; depth *= 4) {
		assert_int_equal(parse(&json, text.data, text.size, depth, &copy), 0);
		assert_int_equal(json.count, depth + 1);
		assert_int_equal(json.node[depth].size, text.size - 2 * depth);
		free(copy);
	}
	buf_release(&text);
	json_release(&json);
}

/* Every prefix of a page is damaged, none of them is read beyond its end. */
static void test_cut_off(void **state)
{
	static const char text[] = "[{\"_id\":\"659200800000000000000001\",\"a\":[1.5,-2e3,true,null,\"\\u00e9\\\"\"],\"b\":{\"c\":{}}}]";
	struct json json;
	char *copy;

	(void)state;
	json_init(&json, 1000);
	for (size_t size = 0; size < sizeof(text); size++) {
		int code = parse(&json, text, size, 2, &copy);
		assert_int_equal(code == 0, size == sizeof(text) - 1);
		free(copy);
	}
	json_release(&json);
}

static void test_member(void **state)
{
	struct json json;
	char *copy;

	(void)state;
	json_init(&json, 1000);
	assert_int_equal(parse(&json, "{\"a\":1,\"b\":{\"a\":2},\"a\":3}", 25, 2, &copy), 0);
	assert_true(slice_is(json_span(&json.node[json_member(&json, 0, "a")]), "3")); /* the last counts */
	assert_true(slice_is(json_span(&json.node[json_member(&json, 2, "a")]), "2"));
	assert_int_equal(json_member(&json, 0, "c"), 0);
	assert_int_equal(json_member(&json, 1, "a"), 0); /* not an object */
	free(copy);
	json_release(&json);
}

static void test_decode(void **state)
{
	static const struct {
		const char *token, *text; /* NULL: damaged */
	} cases[] = {
		{ "\"\"", "" }, { "\"a\"", "a" }, { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t" },
		{ "\"\\u0041\\u00e9\\u20ac\"", "A\xC3\xA9\xE2\x82\xAC" }, { "\"\\ud83d\\ude00\"", "\xF0\x9F\x98\x80" },
		{ "\"\\uD83D\\uDE00\"", "\xF0\x9F\x98\x80" }, { "\"\\ud800\"", "\xEF\xBF\xBD" }, { "\"\\udc00x\"", "\xEF\xBF\xBDx" },
		{ "\"\\ud800\\ud800\"", "\xEF\xBF\xBD\xEF\xBF\xBD" }, { "\"\\ud800\\u0041\"", "\xEF\xBF\xBD" "A" },
		{ "\"\\ud800\\n\"", "\xEF\xBF\xBD\n" }, { "\"\\x\"", NULL }, { "\"\\u004\"", NULL }, { "\"\\u004g\"", NULL },
		{ "\"\\\"", NULL }, { "\"\\ud800\\u12\"", NULL }, { "\"", NULL }, { "a", NULL }, { "", NULL }, { "\"a", NULL },
	};
	struct buf out = BUF_INIT(1000);

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		buf_reset(&out);
		buf_text(&out, "");
		assert_int_equal(json_decode(slice_of(cases[i].token), &out), cases[i].text ? 0 : ERROR_JSON);
		if (cases[i].text)
			assert_string_equal(out.data, cases[i].text);
	}
	buf_reset(&out);
	assert_int_equal(json_decode(SLICE("\"\\u0000\""), &out), 0);
	assert_int_equal(out.size, 1);
	buf_release(&out);
	out.max = 3;
	assert_int_equal(json_decode(SLICE("\"abcd\""), &out), ERROR_TOO_BIG);
	buf_release(&out);
}

/* Every byte there and back; all but the controls, quote and backslash as they are. */
static void test_encode(void **state)
{
	struct buf out = BUF_INIT(1000), back = BUF_INIT(1000);

	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		char text[3] = { 'x', (char)c, 'y' };
		buf_reset(&out);
		buf_reset(&back);
		json_encode((struct slice){ text, 3 }, &out);
		assert_int_equal(json_decode(buf_as_slice(&out), &back), 0);
		assert_int_equal(back.size, 3);
		assert_memory_equal(back.data, text, 3);
		if (c >= 0x20 && c != '"' && c != '\\')
			assert_int_equal(out.size, 5);
		for (size_t i = 0; i < out.size; i++)
			assert_true((unsigned char)out.data[i] >= 0x20);
	}
	buf_reset(&out);
	json_encode(SLICE("\"\\\b\f\n\r\t\x01\x1f\x7f/"), &out);
	assert_string_equal(out.data, "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\x7f/\"");
	buf_release(&out);
	buf_release(&back);
}

static void test_scalars(void **state)
{
	static const char *const valid[] = { "null", "true", "false", "0", "-0", "1", "-12", "1.5", "0.5", "1e5", "1E+5", "1.5e-5",
		"123456789012345678901234567890" };
	static const char *const wrong[] = { "", "-", "01", "-01", "1.", ".5", "1e", "1e+", "+1", "1x", "nul", "True", "NaN",
		"Infinity", "0x10", "1 ", " 1", "1,2", "--1", "1.5.5" };
	uint64_t value;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(valid); i++)
		if (!json_scalar_is_valid(slice_of(valid[i])))
			fail_msg("%s", valid[i]);
	for (size_t i = 0; i < ARRAY_COUNT(wrong); i++)
		if (json_scalar_is_valid(slice_of(wrong[i])))
			fail_msg("%s", wrong[i]);
	assert_true(json_integer(SLICE("0"), &value) && value == 0);
	assert_true(json_integer(SLICE("999999999999999999"), &value) && value == 999999999999999999);
	assert_false(json_integer(SLICE("-1"), &value));
	assert_false(json_integer(SLICE("1.0"), &value));
	assert_false(json_integer(SLICE("99999999999999999999"), &value));
	assert_false(json_integer(SLICE_NONE, &value));
}

static void test_repair(void **state)
{
#define FFFD "\xEF\xBF\xBD"
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "", "" }, { "abc", "abc" }, { "\xC3\xA9", "\xC3\xA9" }, { "\xFF", FFFD }, { "a\xFF\xFE" "b", "a" FFFD FFFD "b" },
		{ "\xC3", FFFD }, { "\xC3x", FFFD "x" }, { "\xE2\x82", FFFD }, { "\xE2\x82x", FFFD "x" }, { "\xC0\x80", FFFD FFFD },
		{ "\xED\xA0\x80", FFFD FFFD FFFD }, { "\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80" }, { "\xF0\x9F\x98", FFFD },
		{ "\xF5\x80\x80\x80", FFFD FFFD FFFD FFFD }, { "\xF4\x90\x80\x80", FFFD FFFD FFFD FFFD }, { "\x80", FFFD },
		{ "\xE0\x80\x80", FFFD FFFD FFFD }, { "\xF0\x80\x80\x80", FFFD FFFD FFFD FFFD },
		{ "\xE1\x80\xE2\xF0\x91\x92\xF1\xBF" "A", FFFD FFFD FFFD FFFD "A" }, /* Unicode 15, table 3-8 */
	};
	struct buf out = BUF_INIT(1000);

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		buf_reset(&out);
		buf_text(&out, "");
		utf8_repair(slice_of(cases[i].in), &out);
		assert_string_equal(out.data, cases[i].out);
	}
	buf_release(&out);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_cut_off),
		cmocka_unit_test(test_member),
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_encode),
		cmocka_unit_test(test_scalars),
		cmocka_unit_test(test_repair),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
