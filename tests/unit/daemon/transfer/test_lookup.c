/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses are looked up off the loop, once for all that wait, and renewed while the old ones stay in use. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/transfer/lookup.h"

struct seen {
	unsigned ended, found;
};

static void on_ended(struct lookup *lookup, bool found)
{
	struct seen *seen = lookup->owner;

	seen->ended++;
	seen->found += found;
}

static void test_an_address_needs_none(void **state)
{
	static const char *const hosts[] = { "127.0.0.1", "::1" };
	struct clock clock = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(hosts); i++) {
		struct lookup lookup;

		lookup_init(&lookup, &clock, hosts[i], "80", 1000, on_ended, NULL);
		assert_true(lookup_ready(&lookup));
		assert_false(lookup.running);
	}
}

static void test_found_and_renewed(void **state)
{
	struct seen seen = { 0 };
	struct lookup lookup;
	struct clock clock;
	uv_loop_t loop;

	(void)state;
	uv_loop_init(&loop);
	clock_init(&clock, &loop);
	lookup_init(&lookup, &clock, "localhost", "80", 60000, on_ended, &seen);
	assert_false(lookup_ready(&lookup));
	assert_false(lookup_ready(&lookup)); /* still the one look-up */
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(seen.found, 1);
	assert_true(lookup_ready(&lookup));
	assert_false(lookup.running);
	assert_non_null(strstr(lookup.addresses.data, "127.0.0.1"));

	lookup.found_at_ms -= 120000;
	assert_true(lookup_ready(&lookup)); /* the old ones serve meanwhile */
	assert_true(lookup.running);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(seen.ended, 2);
	assert_int_equal(lookup.edition, 1); /* they are the same */

	buf_text(&lookup.addresses, ",192.0.2.1");
	lookup.found_at_ms -= 120000;
	assert_true(lookup_ready(&lookup));
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(lookup.edition, 2); /* they are others */
	lookup_release(&lookup);
	clock_close(&clock);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
}

static void test_no_such_name(void **state)
{
	struct seen seen = { 0 };
	struct lookup lookup;
	struct clock clock;
	uv_loop_t loop;

	(void)state;
	uv_loop_init(&loop);
	clock_init(&clock, &loop);
	lookup_init(&lookup, &clock, "a name with blanks", "80", 60000, on_ended, &seen);
	assert_false(lookup_ready(&lookup));
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(seen.ended, 1);
	assert_int_equal(seen.found, 0);
	assert_non_null(strstr(lookup.why, "a name with blanks: "));
	assert_false(lookup_ready(&lookup)); /* whoever comes next begins another */
	assert_true(lookup.running);
	lookup_stop(&lookup);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(seen.ended, 1);
	lookup_release(&lookup);
	clock_close(&clock);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_address_needs_none), cmocka_unit_test(test_found_and_renewed),
		cmocka_unit_test(test_no_such_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
