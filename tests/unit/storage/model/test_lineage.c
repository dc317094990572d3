/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "storage/model/canon.h"
#include "storage/model/lineage.h"

static void test_same_sets(void **state)
{
	static const struct {
		const char *before, *after;
		bool same;
	} cases[] = {
		{ "\"a/b\"", "[\"a/b\"]", true },
		{ "\"a/b\"", "\"A/b \"", true },
		{ "null", "", true },
		{ "[]", "\"\"", true },
		{ "[\"a/b\",\"c/d\"]", "[\"c/d\",\"a/b\",\"c/d\"]", true },
		{ "[{\"name\":\"a/b\",\"revision\":\"main\"}]", "\"a/b\"", true },
		{ "{\"id\":\"a/b\"}", "[\"a/b\"]", true },
		{ "\"a\\u002fb\"", "\"a/b\"", true },
		{ "\"a/b\"", "\"a/c\"", false },
		{ "\"a/b\"", "", false },
		{ "[\"a/b\"]", "[\"a/b\",\"c/d\"]", false },
		{ "[\"a/b\",\"a/b\"]", "[\"a/b\",\"c/d\"]", false },
		{ "\"a/\xc3\xa9\"", "\"a/\xc3\x89\"", false }, /* the Hub's names are ASCII: other letters have no case */
	};
	struct arena arena = { 0 };
	struct json json;

	(void)state;
	json_init(&json, CANON_NODES_MAX);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		for (unsigned turned = 0; turned < 2; turned++) {
			struct slice a = slice_of(cases[i].before), b = slice_of(cases[i].after);

			if (lineage_same(&json, turned ? b : a, turned ? a : b, &arena) != cases[i].same)
				fail_msg("%s and %s", cases[i].before, cases[i].after);
		}
	json_release(&json);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_same_sets) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
