/* SPDX-License-Identifier: Apache-2.0 */
/* Which ETags of a server are sent back as a condition. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "daemon/transfer/engine.h"

static void test_etags(void **state)
{
	static const struct {
		struct slice etag;
		bool valid;
	} cases[] = {
		{ SLICE("\"\""), true }, { SLICE("\"abc\""), true }, { SLICE("W/\"abc\""), true },
		{ SLICE("\"!#~\\[]^`{|}\""), true }, { SLICE("\"\xC3\xA4\""), true },
		{ SLICE_NONE, false }, { SLICE("abc"), false }, { SLICE("\""), false }, { SLICE("W/"), false }, { SLICE("W/\""), false },
		{ SLICE("w/\"abc\""), false }, { SLICE("\"a\"b\""), false }, { SLICE("\"abc"), false }, { SLICE("abc\""), false },
		{ SLICE("\"a b\""), false }, { SLICE("\"a\rEvil: 1\""), false }, { SLICE("\"a\nEvil: 1\""), false },
		{ SLICE("\"a\0b\""), false }, { SLICE("\"a\x7F\""), false }, { SLICE("\"a\tb\""), false }, { SLICE("\"\x1F\""), false },
		{ SLICE("\"a\", \"b\""), false }, { SLICE("*"), false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++)
		if (transfer_etag_is_valid(cases[i].etag) != cases[i].valid)
			fail_msg("case %zu: \"%.*s\"", i, (int)cases[i].etag.size, cases[i].etag.data);
}

static void test_long_etags(void **state)
{
	char text[1025];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[0] = text[1023] = '"';
	assert_true(transfer_etag_is_valid((struct slice){ text, 1024 }));
	text[1023] = 'x';
	text[1024] = '"';
	assert_false(transfer_etag_is_valid((struct slice){ text, 1025 }));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_etags), cmocka_unit_test(test_long_etags) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
