/* SPDX-License-Identifier: Apache-2.0 */
/* Front matter: where it stands, what it says, and what of it is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "daemon/hub/card.h"

static void check(const char *readme, size_t size, enum card_outcome outcome, const char *card, const char *tags)
{
	struct arena arena = { 0 };
	struct canon canon;
	enum card_outcome found = card_read((struct slice){ readme, size }, &arena, &canon);

	if (found != outcome)
		fail_msg("%.60s: outcome %d", readme, found);
	if (card && !slice_is(canon.field[FIELD_CARD_DATA], card))
		fail_msg("%.60s: %.*s", readme, (int)canon.field[FIELD_CARD_DATA].size, canon.field[FIELD_CARD_DATA].data);
	if (tags && !slice_is(canon.field[FIELD_TAGS], tags))
		fail_msg("%.60s: %.*s", readme, (int)canon.field[FIELD_TAGS].size, canon.field[FIELD_TAGS].data);
	if (outcome == CARD_UNREADABLE)
		assert_null(canon.field[FIELD_CARD_DATA].data);
	arena_release(&arena);
}

static void test_where_it_stands(void **state)
{
	static const struct {
		const char *readme;
		enum card_outcome outcome;
		const char *card;
	} cases[] = {
		{ "---\nlicense: mit\n---\n# Hi", CARD_READ, "{\"license\":\"mit\"}" },
		{ "\xEF\xBB\xBF---\nlicense: mit\n---\n", CARD_READ, "{\"license\":\"mit\"}" },
		{ "---\r\nlicense: mit\r\n---\r\n", CARD_READ, "{\"license\":\"mit\"}" },
		{ "--- \t\nlicense: mit\n---", CARD_READ, "{\"license\":\"mit\"}" },
		{ "---\n---\nlicense: mit\n---\n", CARD_READ, "{\"license\":\"mit\"}" },
		{ "---\nlicense: mit\n---\n---\nlicense: gpl\n---\n", CARD_READ, "{\"license\":\"mit\"}" },
		{ "---\ntags: [a]\n---\n", CARD_READ, "{}" },
		{ "", CARD_NONE, "null" },
		{ "# Hi\n---\nlicense: mit\n---\n", CARD_NONE, "null" },
		{ "---\nlicense: mit\n", CARD_NONE, "null" }, /* no closing line */
		{ "---\nlicense: mit\n----\n", CARD_NONE, "null" },
		{ "----\nlicense: mit\n---\n", CARD_NONE, "null" },
		{ "---\n---\n", CARD_NONE, "null" },
		{ "---\n\n---\n", CARD_NONE, "null" },
		{ "---\n# only a comment\n---\n", CARD_NONE, "null" },
		{ "---\nnot a mapping\n---\n", CARD_UNREADABLE, NULL },
		{ "---\n- license\n---\n", CARD_UNREADABLE, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++)
		check(cases[i].readme, strlen(cases[i].readme), cases[i].outcome, cases[i].card, NULL);
}

static void test_what_it_says(void **state)
{
	static const struct {
		const char *yaml, *card, *tags;
	} cases[] = {
		{ "license: apache-2.0", "{\"license\":\"apache-2.0\"}", "[]" },
		{ "license:\n- mit\n- \"cc-by-4.0\"", "{\"license\":[\"mit\",\"cc-by-4.0\"]}", "[]" },
		{ "license:\n  code: mit\n  data: [cc0-1.0]", "{\"license\":{\"code\":\"mit\",\"data\":[\"cc0-1.0\"]}}", "[]" },
		{ "license: []", "{\"license\":[]}", "[]" },
		{ "license: {}", "{\"license\":{}}", "[]" },
		{ "license:", "{\"license\":null}", "[]" },
		{ "license: ~", "{\"license\":null}", "[]" },
		{ "license: ''", "{\"license\":\"\"}", "[]" },
		{ "license: 'null'", "{\"license\":\"null\"}", "[]" },
		{ "license: no", "{\"license\":\"no\"}", "[]" }, /* YAML 1.2: only true and false are booleans */
		{ "license: true", "{\"license\":true}", "[]" },
		{ "license: 3.0", "{\"license\":3}", "[]" },
		{ "license: 1.10", "{\"license\":1.1}", "[]" },
		{ "license: 2022-01-01", "{\"license\":\"2022-01-01\"}", "[]" },
		{ "license: ???", "{\"license\":\"???\"}", "[]" },
		{ "license: \"a\\\"b\"", "{\"license\":\"a\\\"b\"}", "[]" },
		{ "license: >-\n  my own\n  words", "{\"license\":\"my own words\"}", "[]" },
		{ "license: mit # as ever", "{\"license\":\"mit\"}", "[]" },
		{ "license: other\nlicense_name: falcon\nlicense_link: LICENSE.txt",
			"{\"license\":\"other\",\"license_link\":\"LICENSE.txt\",\"license_name\":\"falcon\"}", "[]" },
		{ "license: mit\nlicense: gpl", "{\"license\":\"gpl\"}", "[]" }, /* of equal keys the last */
		{ "base_model: a/b\nlicense: mit\nmodel-index: [{a: [b, {c: d}]}]",
			"{\"base_model\":\"a/b\",\"license\":\"mit\"}", "[]" },
		{ "tags: [x, 'license:mit', license:gpl]", "{}", "[\"license:mit\",\"license:gpl\"]" },
		{ "tags: license:mit", "{}", "[]" },
		{ "x: &l mit\nlicense: *l", "{\"license\":\"mit\"}", "[]" },
		{ "\"license\": mit", "{\"license\":\"mit\"}", "[]" },
		{ "license: m\xFFt", "{\"license\":\"m\xEF\xBF\xBDt\"}", "[]" },
		{ "license: mit\n...\n%YAML 9.9", "{\"license\":\"mit\"}", "[]" }, /* a second document is not asked for */
		{ "---\nlicense: mit", "{\"license\":\"mit\"}", "[]" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		char readme[500];
		int size = snprintf(readme, sizeof(readme), "---\n%s\n---\n", cases[i].yaml);

		check(readme, (size_t)size, CARD_READ, cases[i].card, cases[i].tags);
	}
}

static void test_what_is_refused(void **state)
{
	static const char *const cases[] = {
		"license: mit\n\tx: y",
		"license: [mit",
		"license: *nobody",
		"a: &a [x]\nlicense: *a",           /* an alias to more than a scalar */
		"a: &a {license: mit}\n<<: *a",     /* merged keys */
		"? [license]\n: mit",
		"license: @mit",
		"license: a: b",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		char readme[500];
		int size = snprintf(readme, sizeof(readme), "---\n%s\n---\n", cases[i]);

		check(readme, (size_t)size, CARD_UNREADABLE, NULL, NULL);
	}
}

static void repeated(struct buf *out, const char *begin, const char *again, unsigned times, const char *end)
{
	buf_reset(out);
	buf_text(out, "---\n");
	buf_text(out, begin);
	for (unsigned i = 0; i < times; i++)
		buf_text(out, again);
	buf_text(out, end);
	buf_text(out, "\n---\n");
}

/* Nine lines that would become a billion: no alias is ever expanded. */
static void test_bombs(void **state)
{
	struct buf readme = BUF_INIT(8 << 20);

	(void)state;
	buf_text(&readme, "---\na: &a [lol,lol,lol,lol,lol,lol,lol,lol,lol]\n");
	for (char c = 'b'; c <= 'i'; c++)
		buf_printf(&readme, "%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n", c, c, c - 1, c - 1, c - 1, c - 1, c - 1,
			c - 1, c - 1, c - 1, c - 1);
	buf_text(&readme, "license: *i\n---\n");
	check(readme.data, readme.size, CARD_UNREADABLE, NULL, NULL);

	repeated(&readme, "license: ", "[", 2000, "");
	check(readme.data, readme.size, CARD_UNREADABLE, NULL, NULL);
	repeated(&readme, "x: ", "[", CARD_DEPTH_MAX + 1, "");
	check(readme.data, readme.size, CARD_UNREADABLE, NULL, NULL);
	repeated(&readme, "x: [", "a,", CARD_EVENTS_MAX, "]");
	check(readme.data, readme.size, CARD_UNREADABLE, NULL, NULL);
	repeated(&readme, "license: [", "mitmitmitmitmitmit,", 20000, "]");
	check(readme.data, readme.size, CARD_UNREADABLE, NULL, NULL);
	repeated(&readme, "license: mit\nx: ", "0123456789", CARD_BYTES_MAX / 10, "");
	check(readme.data, readme.size, CARD_UNREADABLE, NULL, NULL);
	repeated(&readme, "license: mit\nx: ", "0123456789", CARD_BYTES_MAX / 10 - 10, "");
	check(readme.data, readme.size, CARD_READ, "{\"license\":\"mit\"}", "[]");
	buf_release(&readme);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_where_it_stands),
		cmocka_unit_test(test_what_it_says),
		cmocka_unit_test(test_what_is_refused),
		cmocka_unit_test(test_bombs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
