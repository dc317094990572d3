/* SPDX-License-Identifier: Apache-2.0 */
/* Exponential, capped, and anywhere between nothing and the limit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "daemon/transfer/backoff.h"

static void test_limits(void **state)
{
	static const struct {
		int64_t base_ms, cap_ms;
		unsigned tries;
		int64_t limit_ms;
	} cases[] = {
		{ 1000, 60000, 0, 1000 }, { 1000, 60000, 1, 2000 }, { 1000, 60000, 5, 32000 }, { 1000, 60000, 6, 60000 },
		{ 1000, 60000, 4000000000u, 60000 }, { 5000, 1000, 0, 1000 }, { 0, 1000, 3, 0 },
		{ INT64_MAX / 2, INT64_MAX, 9, INT64_MAX },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t limit_ms = cases[i].limit_ms;

		assert_int_equal(backoff_ms(cases[i].base_ms, cases[i].cap_ms, cases[i].tries, 0), 0);
		assert_int_equal(backoff_ms(cases[i].base_ms, cases[i].cap_ms, cases[i].tries, (uint64_t)limit_ms), limit_ms);
		if (limit_ms < INT64_MAX)
			assert_int_equal(backoff_ms(cases[i].base_ms, cases[i].cap_ms, cases[i].tries, (uint64_t)limit_ms + 1), 0);
	}
}

static void test_spread(void **state)
{
	unsigned low = 0;

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		low += backoff_ms(1000, 60000, 0, backoff_random()) < 500;
	assert_in_range(low, 350, 650);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_limits), cmocka_unit_test(test_spread) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
