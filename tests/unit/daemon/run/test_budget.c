/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes are counted, what does not fit waits and is told when it may fit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "daemon/run/budget.h"

static unsigned told;

static void on_room(void *owner)
{
	(void)owner;
	told++;
}

static void test_what_fits(void **state)
{
	struct budget budget = { .max = 100 };

	(void)state;
	assert_true(budget_fits(&budget, 100));
	budget_take(&budget, 60);
	assert_true(budget_fits(&budget, 40));
	assert_false(budget_fits(&budget, 41));
	assert_false(budget_fits(&budget, SIZE_MAX));
	budget_take(&budget, 90); /* the oldest one may */
	assert_false(budget_fits(&budget, 0));
	budget_give(&budget, 150);
	assert_true(budget_fits(&budget, 1000)); /* alone */
}

static void test_room_is_told_to_those_who_wait(void **state)
{
	struct budget budget = { .max = 100, .on_room = on_room };

	(void)state;
	told = 0;
	budget_take(&budget, 100);
	budget_give(&budget, 10);
	assert_int_equal(told, 0); /* nobody waits */
	assert_false(budget_fits(&budget, 20));
	budget_give(&budget, 0);
	assert_int_equal(told, 0);
	budget_give(&budget, 10);
	assert_int_equal(told, 1);
	budget_give(&budget, 10);
	assert_int_equal(told, 1); /* once, unless it did not fit again */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_fits), cmocka_unit_test(test_room_is_told_to_those_who_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
