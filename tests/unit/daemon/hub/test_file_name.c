/* SPDX-License-Identifier: Apache-2.0 */
/* Which files of a repo are asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "daemon/hub/file_name.h"

static void test_allowed_names(void **state)
{
	static const struct {
		const char *name;
		bool allowed;
	} cases[] = {
		{ "LICENSE", true }, { "LICENSE.md", true }, { "license.txt", true }, { "LICENCE", true }, { "COPYING", true },
		{ "USE_POLICY.md", true }, { "LICENSE-MODEL", true }, { "Llama-2-license.txt", true }, { "README.md", true },
		{ "gemma_terms.rst", true }, { "config.json", false }, { "license.json", false }, { "license.gguf", false },
		{ "LICENSE.pdf", false }, { "model-license.bin", false }, { "params.json", false }, { "meta.yaml", false },
		{ "license.yaml", false }, { "README", false }, { "docs/LICENSE", false }, { "../LICENSE", false },
		{ ".LICENSE", false }, { "LICENSE?x", false }, { "LICENSE%2F", false }, { "a license", false }, { "", false },
	};
	char longest[TEXT_NAME_MAX + 2];

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++)
		if (file_is_allowed(slice_of(cases[i].name)) != cases[i].allowed)
			fail_msg("%s: expected %d", cases[i].name, cases[i].allowed);
	memset(longest, 'a', sizeof(longest));
	memcpy(longest, "LICENSE", 7);
	assert_true(file_is_allowed((struct slice){ longest, TEXT_NAME_MAX }));
	assert_false(file_is_allowed((struct slice){ longest, TEXT_NAME_MAX + 1 }));
}

static void test_names_in_order(void **state)
{
	static const struct {
		enum repo_kind kind;
		const char *link, *first;
		unsigned count;
	} cases[] = {
		{ REPO_MODEL, "", "LICENSE", 3 },
		{ REPO_MODEL, NULL, "LICENSE", 3 },
		{ REPO_MODEL, "LICENSE", "LICENSE", 3 },
		{ REPO_MODEL, "LICENSE.txt", "LICENSE.txt", 3 },
		{ REPO_MODEL, "./MODEL_LICENSE", "MODEL_LICENSE", 4 },
		{ REPO_MODEL, "README.md", "LICENSE", 3 },
		{ REPO_MODEL, "config.json", "LICENSE", 3 },
		{ REPO_MODEL, "https://hub.test/a/b/blob/main/LICENSE.md", "LICENSE.md", 3 },
		{ REPO_MODEL, "https://HUB.test/A/b/resolve/main/EULA.txt", "EULA.txt", 4 },
		{ REPO_MODEL, "https://hub.test/a/b/blob/main/config.json", "LICENSE", 3 },
		{ REPO_MODEL, "https://hub.test/a/other/blob/main/EULA.txt", "LICENSE", 3 },
		{ REPO_MODEL, "https://elsewhere.test/a/b/blob/main/EULA.txt", "LICENSE", 3 },
		{ REPO_DATASET, "https://hub.test/a/b/blob/main/EULA.txt", "LICENSE", 3 },
		{ REPO_DATASET, "https://hub.test/datasets/a/b/blob/main/EULA.txt", "EULA.txt", 4 },
	};
	struct license_names names;
	struct hub_origin origin;

	(void)state;
	assert_true(hub_origin_read(SLICE("https://hub.test"), &origin));
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		license_names(&origin, cases[i].kind, SLICE("a/b"), slice_of(cases[i].link), &names);
		if (names.count != cases[i].count || strcmp(names.name[0], cases[i].first) != 0)
			fail_msg("case %zu: %u names, the first is %s", i, names.count, names.name[0]);
	}
}

static void test_url_of_file(void **state)
{
	(void)state;
	assert_true(url_is_of_file(SLICE("https://hub.test/api/resolve-cache/models/a/b/0/LICENSE?x=/y"), SLICE("LICENSE")));
	assert_false(url_is_of_file(SLICE("https://hub.test/a/b/config.json?LICENSE"), SLICE("LICENSE")));
	assert_false(url_is_of_file(SLICE("https://hub.test/a/b/MYLICENSE"), SLICE("LICENSE")));
	assert_false(url_is_of_file(SLICE("LICENSE"), SLICE("LICENSE")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_allowed_names),
		cmocka_unit_test(test_names_in_order),
		cmocka_unit_test(test_url_of_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
