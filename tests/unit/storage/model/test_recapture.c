/* SPDX-License-Identifier: Apache-2.0 */
/* How much two passes missed: Chapman's figures by hand, and a listing that loses rows at random. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "storage/model/bytes.h"
#include "storage/model/recapture.h"

static void test_figures(void **state)
{
	static const struct {
		struct recapture recapture;
		bool enough;
		struct recapture_estimate estimate;
	} cases[] = {
		{ { 100, 100, 50 }, true, { 199, 49, 14 } }, /* 101 * 101 / 51 - 1 = 199.02; less 150 */
		{ { 1000, 500, 500 }, true, { 1000, 0, 0 } },
		{ { 3117871, 5000, 4900 }, true, { 3181488, 63517, 6421 } },
		{ { 1000, 29, 29 }, false, { 0, 0, 0 } },
		{ { 0, 0, 0 }, false, { 0, 0, 0 } },
		{ { 1000, 40, 41 }, false, { 0, 0, 0 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct recapture_estimate estimate;

		if (recapture_estimate(&cases[i].recapture, &estimate) != cases[i].enough ||
			estimate.total != cases[i].estimate.total || estimate.missed != cases[i].estimate.missed ||
			estimate.error != cases[i].estimate.error)
			fail_msg("case %zu: %llu, %llu, %llu", i, (unsigned long long)estimate.total,
				(unsigned long long)estimate.missed, (unsigned long long)estimate.error);
	}
}

static uint64_t next_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state >> 33;
}

/* 200,000 rows; the sweep loses 3 % of them, polls bring 8,000 and lose 10 %: the number of all rows comes out. */
static void test_random_losses(void **state)
{
	enum { ROWS = 200000, SEEDS = 40 };
	unsigned within = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct recapture recapture = { 0 };
		struct recapture_estimate estimate;
		uint64_t random = seed, missed = 0, off;

		for (unsigned i = 0; i < ROWS; i++) {
			bool swept = next_random(&random) % 100 >= 3;
			bool polled = next_random(&random) % ROWS < 8000 && next_random(&random) % 10;

			recapture.first += swept;
			recapture.second += polled;
			recapture.both += swept && polled;
			missed += !swept && !polled;
		}
		assert_true(recapture_estimate(&recapture, &estimate));
		off = estimate.missed > missed ? estimate.missed - missed : missed - estimate.missed;
		assert_true(estimate.total > ROWS - ROWS / 100 && estimate.total < ROWS + ROWS / 100);
		assert_true(off < 4 * estimate.error);
		within += off <= 2 * estimate.error;
	}
	assert_true(within >= SEEDS * 85 / 100); /* 95 % expected */
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(test_figures), cmocka_unit_test(test_random_losses) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
