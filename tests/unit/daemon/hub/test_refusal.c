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

/* Other servers than the Hub: which parameter of a listing they do not take. */
static void test_parameters(void **state)
{
	static const struct {
		const char *message, *parameter; /* NULL: none is named */
	} cases[] = {
		{ "{\"detail\":[{\"loc\":[\"query\",\"sort\"],\"msg\":\"bad\"}]}", "sort" },
		{ "limit must be at most 100", "limit" },
		{ "resort to unlimited sorting", NULL },
		{ "unknown direction for sort", "sort" },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		const char *found = refusal_parameter(slice_of(cases[i].message));

		if (found != cases[i].parameter && (!found || !cases[i].parameter || strcmp(found, cases[i].parameter) != 0))
			fail_msg("%s: %s", cases[i].message, found ? found : "none");
	}
	assert_true(is_refusal(400) && is_refusal(422));
	assert_false(is_refusal(401) || is_refusal(404) || is_refusal(429) || is_refusal(500));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_refusals), cmocka_unit_test(test_parameters) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
