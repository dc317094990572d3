/* SPDX-License-Identifier: Apache-2.0 */
/* Opens after failures in a row, lets one probe at a time through, ever more rarely, and closes at the first good answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/transfer/breaker.h"

/* Fails until it is open, at time 0, with no jitter. */
static struct breaker opened(void)
{
	struct breaker breaker = { 0 };

	for (unsigned i = 1; i < BREAKER_FAILURES; i++)
		assert_int_equal(breaker_ended(&breaker, false, BREAKER_SAW_FAILURE, 0, 0), BREAKER_AS_IT_WAS);
	assert_int_equal(breaker_wait_ms(&breaker, 0), 0);
	assert_int_equal(breaker_ended(&breaker, false, BREAKER_SAW_FAILURE, 0, 0), BREAKER_OPENED);
	return breaker;
}

static void test_only_failures_in_a_row_open_it(void **state)
{
	struct breaker breaker = { 0 };

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		enum breaker_saw saw = i % BREAKER_FAILURES ? BREAKER_SAW_FAILURE : BREAKER_SAW_GOOD;

		assert_false(breaker_sent(&breaker));
		assert_int_equal(breaker_ended(&breaker, false, saw, 0, 0), BREAKER_AS_IT_WAS);
		assert_int_equal(breaker_wait_ms(&breaker, 0), 0);
	}
}

static void test_what_says_nothing_changes_nothing(void **state)
{
	struct breaker breaker = { 0 };

	(void)state;
	for (unsigned i = 1; i < BREAKER_FAILURES; i++)
		breaker_ended(&breaker, false, BREAKER_SAW_FAILURE, 0, 0);
	assert_int_equal(breaker_ended(&breaker, false, BREAKER_SAW_NOTHING, 0, 0), BREAKER_AS_IT_WAS);
	assert_int_equal(breaker_ended(&breaker, false, BREAKER_SAW_FAILURE, 0, 0), BREAKER_OPENED);
}

static void test_one_probe_at_a_time(void **state)
{
	struct breaker breaker = opened();

	(void)state;
	assert_int_equal(breaker_wait_ms(&breaker, 0), BREAKER_FIRST_MS / 2);
	assert_int_equal(breaker_wait_ms(&breaker, BREAKER_FIRST_MS / 2), 0);
	assert_true(breaker_sent(&breaker));
	assert_int_equal(breaker_wait_ms(&breaker, 3600000), BREAKER_WAIT_ANSWER);
	/* those from before end while the probe is under way */
	assert_int_equal(breaker_ended(&breaker, false, BREAKER_SAW_FAILURE, 0, 600), BREAKER_AS_IT_WAS);
	assert_int_equal(breaker_wait_ms(&breaker, 3600000), BREAKER_WAIT_ANSWER);
	assert_int_equal(breaker_ended(&breaker, true, BREAKER_SAW_NOTHING, 0, 700), BREAKER_AS_IT_WAS);
	assert_int_equal(breaker_wait_ms(&breaker, 700), 0);
}

/* A night without the Hub: waits grow to a minute at most, and stay above half of it. */
static void test_few_probes_in_a_long_night(void **state)
{
	const int64_t night_ms = INT64_C(8) * 3600 * 1000;

	(void)state;
	for (uint64_t random = 0; random <= UINT64_MAX - UINT64_MAX / 3; random += UINT64_MAX / 3) {
		struct breaker breaker = opened();
		int64_t now_ms = 0, wait_ms = 0;
		unsigned probes = 0;

		while (now_ms < night_ms) {
			wait_ms = breaker_wait_ms(&breaker, now_ms);
			assert_true(wait_ms >= 0 && wait_ms <= BREAKER_LONGEST_MS);
			now_ms += wait_ms;
			assert_true(breaker_sent(&breaker));
			breaker_ended(&breaker, true, BREAKER_SAW_FAILURE, random, now_ms);
			probes++;
		}
		assert_true(wait_ms >= BREAKER_LONGEST_MS / 2);
		assert_true(probes <= night_ms / (BREAKER_LONGEST_MS / 2) + 10);
	}
}

static void test_a_good_answer_closes_it(void **state)
{
	struct breaker breaker = opened();

	(void)state;
	assert_true(breaker_sent(&breaker));
	assert_int_equal(breaker_ended(&breaker, true, BREAKER_SAW_GOOD, 0, 1000), BREAKER_CLOSED);
	assert_int_equal(breaker_wait_ms(&breaker, 1000), 0);
	assert_int_equal(breaker.failures, 0);
	breaker = opened();
	/* also a late one, of a request from before */
	assert_int_equal(breaker_ended(&breaker, false, BREAKER_SAW_GOOD, 0, 1000), BREAKER_CLOSED);
	assert_false(breaker_sent(&breaker));
}

/* Closed, a hold is the buckets' affair; open, the probe waits for it too. */
static void test_no_probe_while_asked_to_wait(void **state)
{
	struct breaker breaker = { 0 };

	(void)state;
	breaker_hold(&breaker, 500000);
	breaker_hold(&breaker, 400000);
	assert_int_equal(breaker_wait_ms(&breaker, 1000), 0);
	for (unsigned i = 0; i < BREAKER_FAILURES; i++)
		breaker_ended(&breaker, false, BREAKER_SAW_FAILURE, 0, 1000);
	assert_int_equal(breaker_wait_ms(&breaker, 1000), 499000);
	assert_int_equal(breaker_wait_ms(&breaker, 499999), 1);
	assert_int_equal(breaker_wait_ms(&breaker, 500000), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_failures_in_a_row_open_it), cmocka_unit_test(test_what_says_nothing_changes_nothing),
		cmocka_unit_test(test_one_probe_at_a_time), cmocka_unit_test(test_few_probes_in_a_long_night),
		cmocka_unit_test(test_a_good_answer_closes_it),
		cmocka_unit_test(test_no_probe_while_asked_to_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
