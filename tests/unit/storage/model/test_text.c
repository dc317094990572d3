/* SPDX-License-Identifier: Apache-2.0 */
/* Cards without their front matter; statements that stand on the license text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "storage/model/text.h"

static void test_card_body(void **state)
{
	static const struct {
		const char *card, *body;
	} cases[] = {
		{ "---\nlicense: mit\n---\n# Hi\n", "# Hi\n" },
		{ "---\r\nlicense: mit\r\n---\r\n# Hi", "# Hi" },
		{ "\xEF\xBB\xBF---\na: b\n---\nx", "x" },
		{ "---\n---\nx\n---\ny", "x\n---\ny" },
		{ "---\nlicense: mit\n---", "" },
		{ "---  \nlicense: mit\n--- \nx", "x" },
		{ "# Hi\n---\nx\n---\n", "# Hi\n---\nx\n---\n" },
		{ "---\nnever closed\n", "---\nnever closed\n" },
		{ " ---\na: b\n---\nx", " ---\na: b\n---\nx" },
		{ "----\na: b\n---\nx", "----\na: b\n---\nx" },
		{ "---", "---" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct slice body = text_card_body(slice_of(cases[i].card));

		if (!slice_is(body, cases[i].body))
			fail_msg("case %zu: %.*s", i, (int)body.size, body.data);
	}
}

static bool decides(const char *id, const char *name)
{
	struct statement statement = { .source = STATEMENT_CARD, .id_count = 1, .license_name = slice_of(name) };
	struct license_meaning meaning;

	statement.id[0] = slice_of(id);
	license_mean(&statement, &meaning);
	return text_decides(&statement, &meaning);
}

static void test_text_decides(void **state)
{
	struct statement none = { .source = STATEMENT_NONE };
	struct license_meaning meaning;

	(void)state;
	assert_true(decides("other", ""));
	assert_true(decides("Other ", ""));
	assert_true(decides("other", "falcon-llm-license"));
	assert_true(decides("unknown", ""));
	assert_true(decides("never-heard-of-it", ""));
	assert_false(decides("apache-2.0", ""));
	assert_false(decides("llama2", ""));
	license_mean(&none, &meaning);
	assert_false(text_decides(&none, &meaning));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_card_body),
		cmocka_unit_test(test_text_decides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
