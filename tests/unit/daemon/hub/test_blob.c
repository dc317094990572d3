/* SPDX-License-Identifier: Apache-2.0 */
/* Git's names of file contents, by `git hash-object`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "daemon/hub/blob.h"

static void test_ids(void **state)
{
	static const struct {
		const char *etag, *text;
		bool names, is;
	} cases[] = {
		{ "\"e69de29bb2d1d6434b8b29ae775ad8c2e48c5391\"", "", true, true },
		{ "\"ce013625030ba8dba906f756967f9e9ca394464a\"", "hello\n", true, true },
		{ "\"ce013625030ba8dba906f756967f9e9ca394464a\"", "hello", true, false },
		{ "\"CE013625030BA8DBA906F756967F9E9CA394464A\"", "hello\n", true, true },
		{ "W/\"ce013625030ba8dba906f756967f9e9ca394464a\"", "hello\n", false, false },
		{ "ce013625030ba8dba906f756967f9e9ca394464a", "hello\n", false, false },
		{ "\"ce01\"", "hello\n", false, false },
		{ "", "", false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct slice etag = slice_of(cases[i].etag);

		if (blob_names(etag) != cases[i].names || blob_is(etag, slice_of(cases[i].text)) != cases[i].is)
			fail_msg("case %zu: %s", i, cases[i].etag);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_ids) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
