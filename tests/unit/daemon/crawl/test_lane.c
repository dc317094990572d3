/* SPDX-License-Identifier: Apache-2.0 */
/* Walks whose next links lead back: circles of every length are noticed soon, straight walks never. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "daemon/crawl/lane.h"

enum { STRAIGHT = 5000, LONGEST = 70 };

struct fixture {
	struct kind_state kind;
	struct lane_run run;
	struct buf gap;
};

static void begin(struct fixture *fixture)
{
	*fixture = (struct fixture){ .kind = { .kind = REPO_DATASET } };
	lane_init(&fixture->run, NULL, &fixture->kind, LANE_SWEEP, NULL, NULL);
	buf_init(&fixture->gap, GAP_BYTES_MAX);
}

static bool follow(struct fixture *fixture, unsigned page)
{
	char link[64];

	snprintf(link, sizeof(link), "https://hub.example/api/models?cursor=%u", page);
	return lane_goes_round(&fixture->run, slice_of(link), &fixture->gap);
}

static void test_straight(void **state)
{
	struct fixture fixture;

	(void)state;
	begin(&fixture);
	for (unsigned page = 1; page < STRAIGHT; page++)
		assert_false(follow(&fixture, page));
	assert_int_equal(fixture.gap.size, 0);
}

/* `before` pages, then for ever `length` others: how many links are followed until it is noticed. */
static unsigned followed(unsigned before, unsigned length)
{
	struct fixture fixture;
	unsigned links = 1;

	begin(&fixture);
	while (links < STRAIGHT && !follow(&fixture, links <= before ? links : before + (links - before) % length))
		links++;
	assert_true(fixture.gap.size > 0);
	buf_release(&fixture.gap);
	return links;
}

static void test_circles(void **state)
{
	(void)state;
	for (unsigned length = 1; length < LONGEST; length++)
		for (unsigned before = 0; before < LONGEST; before++)
			assert_true(followed(before, length) <= 2 * (before > length ? before : length) + length + 2);
}

static void test_gap_is_told_once(void **state)
{
	struct fixture fixture;

	(void)state;
	begin(&fixture);
	follow(&fixture, 1);
	assert_true(follow(&fixture, 1));
	assert_string_equal(fixture.gap.data, "sweep datasets: the links to the next page go round in a circle");
	buf_reset(&fixture.gap);
	assert_true(follow(&fixture, 1));
	assert_int_equal(fixture.gap.size, 0);
	buf_release(&fixture.gap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_straight),
		cmocka_unit_test(test_circles),
		cmocka_unit_test(test_gap_is_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
