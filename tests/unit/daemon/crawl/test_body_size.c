/* SPDX-License-Identifier: Apache-2.0 */
/* What is set aside for an answer follows the largest of the recent ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "daemon/crawl/body_size.h"

enum { KIB = 1024, MOST = 16384 * KIB };

static void test_first(void **state)
{
	struct body_sizes sizes = { 0 };

	(void)state;
	assert_int_equal(body_size_expected(&sizes, BODY_LISTING, MOST), 4096 * KIB);
	assert_int_equal(body_size_expected(&sizes, BODY_ROW, MOST), 64 * KIB);
	assert_int_equal(body_size_expected(&sizes, BODY_TEXT, MOST), 256 * KIB);
	assert_int_equal(body_size_expected(&sizes, BODY_LISTING, 100 * KIB), 100 * KIB); /* never beyond what is accepted */
}

static void test_growing_and_falling(void **state)
{
	struct body_sizes sizes = { 0 };

	(void)state;
	body_size_seen(&sizes, BODY_LISTING, 300 * KIB);
	assert_int_equal(body_size_expected(&sizes, BODY_LISTING, MOST), 1024 * KIB);
	body_size_seen(&sizes, BODY_LISTING, 3000 * KIB); /* at once */
	assert_int_equal(body_size_expected(&sizes, BODY_LISTING, MOST), 8192 * KIB);
	body_size_seen(&sizes, BODY_LISTING, 300 * KIB); /* slowly */
	assert_int_equal(body_size_expected(&sizes, BODY_LISTING, MOST), 8192 * KIB);
	for (int i = 0; i < 100; i++)
		body_size_seen(&sizes, BODY_LISTING, 300 * KIB);
	assert_int_equal(body_size_expected(&sizes, BODY_LISTING, MOST), 1024 * KIB);
	assert_int_equal(body_size_expected(&sizes, BODY_ROW, MOST), 64 * KIB); /* another class */
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_first), cmocka_unit_test(test_growing_and_falling) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
