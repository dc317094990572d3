/* SPDX-License-Identifier: Apache-2.0 */
/* Walks that crash, hang or end early are findings; the parent goes on. */
#include "storage/verify_child.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/storage/fixture.h"

static char told[2048];

static void on_finding(void *owner, const struct finding *finding)
{
	size_t size = strlen(told);

	(void)owner;
	snprintf(told + size, sizeof(told) - size, "%s %s: %s\n", finding->table, finding->key, finding->what);
}

static bool run(void (*walk)(void *owner, int out), struct verify_facts *facts)
{
	struct verify_options options = { .on_finding = on_finding };
	struct verify_child child = { "look", walk, NULL, 1000 };
	uint64_t findings = 0;
	bool ended;

	told[0] = '\0';
	ended = verify_child_run(&child, &options, facts, &findings);
	assert_int_equal(findings, *told ? 1 : 0);
	return ended;
}

static void good(void *owner, int out)
{
	struct verify_facts facts = { .versions_of_rows = 7 };

	(void)owner;
	verify_send_progress(out, 512, SLICE("k"));
	verify_send_facts(out, &facts);
}

static void finds(void *owner, int out)
{
	struct verify_facts facts = { 0 };
	struct finding finding = { .table = "meta", .key = "head", .what = "is wrong" };

	(void)owner;
	verify_send_finding(out, &finding);
	verify_send_facts(out, &facts);
}

static void crashes(void *owner, int out)
{
	(void)owner;
	verify_send_progress(out, 512, SLICE("\1\2"));
	raise(SIGSEGV);
}

static void hangs(void *owner, int out)
{
	(void)owner;
	(void)out;
	for (;;)
		pause();
}

static void ends_early(void *owner, int out)
{
	(void)owner;
	(void)out;
	_exit(3);
}

static void test_ends(void **state)
{
	struct verify_facts facts = { 0 };

	(void)state;
	assert_true(run(good, &facts));
	assert_int_equal(facts.versions_of_rows, 7);
	assert_true(run(finds, &facts));
	assert_string_equal(told, "meta head: is wrong\n");
	assert_false(run(crashes, &facts));
	assert_string_equal(told, "look the table: its walk crashed (Segmentation fault), within 512 entries behind key 0102: its "
				  "pages are damaged\n");
	assert_false(run(hangs, &facts));
	assert_string_equal(told, "look the table: its walk went on for 1 s without an end, within 512 entries behind its first entry\n");
	assert_false(run(ends_early, &facts));
	assert_string_equal(told, "look the table: its walk ended early, behind its first entry\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
