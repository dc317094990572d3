/* SPDX-License-Identifier: Apache-2.0 */
/* Which property a 400 means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "daemon/hub/refusal.h"

static const struct projection asked = {
	REPO_MODEL, ENDPOINT_LIST,
	/* as they are sent: author, gated, sha */
	(1u << FIELD_ID) | (1u << FIELD_AUTHOR) | (1u << FIELD_GATED) | (1u << FIELD_SHA), 1
};

static void test_refusals(void **state)
{
	static const struct {
		const char *message;
		enum field field;
	} cases[] = {
		{ "{\"error\":\"Invalid option: expected one of \\\"author\\\"|\\\"sha\\\"\\n  at expand[1]\"}", FIELD_GATED },
		{ "Invalid option: expected one of \"author\"|\"sha\" at expand[1]", FIELD_GATED },
		{ "at expand[2]", FIELD_SHA },
		/* the place is that of a field which is allowed: then the list is right */
		{ "expected one of \"author\"|\"sha\" at expand[0]", FIELD_GATED },
		{ "expected one of \"authors\"|\"gated\"|\"sha256\"|\"sha\"", FIELD_AUTHOR },
		{ "expected one of \"author\"|\"gated\"|\"sha\" at expand[7]", FIELD_NONE },
		{ "Unknown property gated", FIELD_GATED },
		{ "gated cannot be combined with sha", FIELD_NONE },
		{ "at expand[99999999999999999999]", FIELD_NONE },
		{ "at expand[", FIELD_NONE },
		{ "Invalid cursor", FIELD_NONE },
		{ "", FIELD_NONE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++)
		if (refusal_read(slice_of(cases[i].message), &asked) != cases[i].field)
			fail_msg("%s: %d", cases[i].message, refusal_read(slice_of(cases[i].message), &asked));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_refusals) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
