/* SPDX-License-Identifier: Apache-2.0 */
/* Names of repos as people paste them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "storage/model/repo_address.h"

static void test_forms(void **state)
{
	static const struct { const char *text; enum repo_kind kind; const char *name; } cases[] = {
		{ "tiiuae/falcon-40b", REPO_MODEL, "tiiuae/falcon-40b" },
		{ "gpt2", REPO_MODEL, "gpt2" },
		{ "models/a/b", REPO_MODEL, "a/b" },
		{ "datasets/a/b/", REPO_DATASET, "a/b" },
		{ "spaces/a/b//", REPO_SPACE, "a/b" },
		{ "model:a/b", REPO_MODEL, "a/b" },
		{ "dataset:squad", REPO_DATASET, "squad" },
		{ "https://huggingface.co/a/b", REPO_MODEL, "a/b" },
		{ "https://huggingface.co/a/b/tree/main", REPO_MODEL, "a/b" },
		{ "https://huggingface.co/a/b/blob/main/LICENSE?x=1#L2", REPO_MODEL, "a/b" },
		{ "https://huggingface.co/datasets/squad/viewer/plain_text", REPO_DATASET, "squad" },
		{ "http://www.huggingface.co/spaces/a/b/", REPO_SPACE, "a/b" },
		{ "huggingface.co/gpt2/resolve/main/config.json", REPO_MODEL, "gpt2" },
		{ "hf.co/datasets/a/b", REPO_DATASET, "a/b" },
		{ "https://hf.co/a/b", REPO_MODEL, "a/b" },
		{ "hf://datasets/a/b@main/x", REPO_DATASET, "a/b" },
		{ "pkg:huggingface/a/b@0123abcd?x=y", REPO_MODEL, "a/b" },
		{ "http://localhost:8080/datasets/a/b/tree/main", REPO_DATASET, "a/b" },
		{ "a/b?x", REPO_MODEL, "a/b?x" }, /* in no address: no name */
		{ "a/b@main", REPO_MODEL, "a/b@main" },
		{ "a/tree", REPO_MODEL, "a/tree" }, /* a repo may be called like a page */
		{ "a/b/", REPO_MODEL, "a/b" },
		{ "/a/b", REPO_MODEL, "/a/b" }, /* whoever asks says that it is no name */
		{ "datasets/", REPO_DATASET, "" },
		{ "https://huggingface.co/", REPO_MODEL, "" },
		{ "", REPO_MODEL, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct repo_address address = repo_address_read(slice_of(cases[i].text), "http://localhost:8080");

		print_message("%s\n", cases[i].text);
		assert_int_equal(address.kind, cases[i].kind);
		assert_true(slice_equal(address.name, slice_of(cases[i].name)));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(test_forms) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
