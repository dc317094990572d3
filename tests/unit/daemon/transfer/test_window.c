/* SPDX-License-Identifier: Apache-2.0 */
/* Bounds on the end of a window, from answers whose `t` may be rounded any way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/transfer/window.h"

enum { LENGTH_MS = 300000 };

static void test_told(void **state)
{
	struct window told = window_told(1000, 1200, 240, LENGTH_MS);

	(void)state;
	assert_int_equal(told.end_low_ms, 240000);
	assert_int_equal(told.end_high_ms, 242200);
	told = window_told(1000, 1200, 0, LENGTH_MS); /* not before we asked */
	assert_int_equal(told.end_low_ms, 1000);
	assert_int_equal(told.end_high_ms, 2200);
	told = window_told(1000, 1200, 300, LENGTH_MS); /* and not more than a window after the answer */
	assert_int_equal(told.end_high_ms, 301200);
	told = window_told(1000, 1200, -1, LENGTH_MS);
	assert_int_equal(told.end_low_ms, 1000);
	assert_int_equal(told.end_high_ms, 301200);
}

/* However `t` is rounded, the true end stays between the bounds, and they close in on it. */
static void test_narrow(void **state)
{
	static const int64_t added_ms[] = { 0, 500, 999 };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		int64_t end_ms = 250123, at_ms = 1017;
		struct window window = window_told(at_ms, at_ms + 80, (end_ms - at_ms - 40 + added_ms[i]) / 1000, LENGTH_MS);

		for (; at_ms < 240000; at_ms += 733) {
			struct window told = window_told(at_ms, at_ms + 80, (end_ms - at_ms - 40 + added_ms[i]) / 1000, LENGTH_MS);

			assert_int_equal(window_align(&window, &told), 0);
			window_narrow(&window, &told);
			assert_true(window.end_low_ms <= end_ms && end_ms <= window.end_high_ms);
		}
		assert_true(window.end_high_ms - window.end_low_ms <= 1200);
	}
}

static void test_align(void **state)
{
	struct window window = { LENGTH_MS, 299000, 301000 }, told;

	(void)state;
	told = (struct window){ LENGTH_MS, 899500, 900500 };
	assert_int_equal(window_align(&window, &told), 2);
	assert_int_equal(told.end_low_ms, 299500);
	assert_true(window_meets(&window, &told));
	told = (struct window){ LENGTH_MS, -500, 500 };
	assert_int_equal(window_align(&window, &told), -1);
	told = (struct window){ LENGTH_MS, 449000, 451000 }; /* the grid has moved */
	window_align(&window, &told);
	assert_false(window_meets(&window, &told));
	told = (struct window){ LENGTH_MS, 303000, 304000 }; /* another machine's clock: both count */
	assert_int_equal(window_align(&window, &told), 0);
	assert_true(window_meets(&window, &told));
	window_narrow(&window, &told);
	assert_int_equal(window.end_low_ms, 299000);
	assert_int_equal(window.end_high_ms, 304000);
}

static void test_roll(void **state)
{
	struct window window = { LENGTH_MS, 299000, 301000 };

	(void)state;
	assert_int_equal(window_roll(&window, 300999), 0);
	assert_int_equal(window_roll(&window, 301000), 1);
	assert_int_equal(window.end_low_ms, 598940); /* no two clocks run alike */
	assert_int_equal(window.end_high_ms, 601060);
	assert_int_equal(window_roll(&window, 601060 + 10 * LENGTH_MS), 11);
	assert_in_range(window_roll(&window, INT64_C(1000) * 86400000), 287900, 288000);
	assert_true(window.end_high_ms - window.end_low_ms <= LENGTH_MS); /* nothing is known of it any more */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_told), cmocka_unit_test(test_narrow), cmocka_unit_test(test_align), cmocka_unit_test(test_roll),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
