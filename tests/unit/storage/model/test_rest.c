/* SPDX-License-Identifier: Apache-2.0 */
/* How long a repo rests that was asked in vain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "storage/model/bytes.h"
#include "storage/model/rest.h"

static void test_pauses_grow(void **state)
{
	static const struct {
		uint32_t tries;
		int64_t waited_h;
		bool due;
	} cases[] = {
		{ 0, 0, true }, { 1, 23, false }, { 1, 24, true }, { 2, 47, false }, { 2, 48, true }, { 3, 95, false }, { 3, 96, true },
		{ 6, 719, false }, { 6, 720, true }, { 1000000, 719, false }, { 1000000, 720, true }, { 5, -1, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		const int64_t hour_ms = 3600 * 1000, asked_ms = INT64_C(1700000000000);

		if (rest_is_over(cases[i].tries, asked_ms, asked_ms + cases[i].waited_h * hour_ms, 24 * hour_ms) != cases[i].due)
			fail_msg("%u tries, %lld hours", cases[i].tries, (long long)cases[i].waited_h);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(test_pauses_grow) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
