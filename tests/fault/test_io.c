/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The n-th write or sync of a commit fails, for n = 1, 2, ... until none is left to fail: after each the store opens, all
 * of it reads, and the crawl comes to the same rows, versions and events as if nothing had happened.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fault/fault_io.h"
#include "tests/fault/story.h"

static char *undisturbed;

static int make_undisturbed(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	undisturbed = strdup(story_undisturbed(f));
	fixture_free(f);
	return 0;
}

static int forget_undisturbed(void **state)
{
	(void)state;
	free(undisturbed);
	return 0;
}

/* As the daemon does: the same batch again; where that is refused, a restart, which goes on behind its cursor. */
static void play_on(struct fixture *f, unsigned step, bool restart)
{
	while (step < STORY_STEPS) {
		if (restart) {
			fixture_reopen(f);
			fixture_verify(f);
			step = story_next(f);
		}
		restart = step < STORY_STEPS && story_step(f, step, 0) != 0;
		step++;
	}
}

/* One history with one fault in its `faulty` step. False where the fault found no call. */
static bool play(unsigned faulty, unsigned n, enum fault_kind kind, int error, unsigned again)
{
	struct fixture *f = fixture_new();
	bool happened;
	int code;

	for (unsigned step = 0; step < faulty; step++)
		assert_int_equal(story_step(f, step, 0), 0);
	fault_arm(n, kind, error);
	code = story_step(f, faulty, again);
	happened = fault_happened();
	fault_disarm();
	if (code && error_action(code) != ERROR_RETRY && error_action(code) != ERROR_STOP)
		fail_msg("step %u, call %u: %s", faulty, n, f->problem.text);
	if (code)
		assert_true(f->problem.text[0]);
	else if (happened && kind == FAULT_STAYS)
		fail_msg("step %u, call %u failed for good, and the commit passed", faulty, n);
	play_on(f, code ? faulty : faulty + 1, code != 0);
	assert_string_equal(fixture_dump(f), undisturbed);
	fixture_free(f);
	return happened;
}

static void test_fail_each_call(void **state)
{
	static const struct {
		enum fault_kind kind;
		int error;
	} faults[] = { { FAULT_ONCE, EIO }, { FAULT_STAYS, ENOSPC }, { FAULT_SHORT, ENOSPC }, { FAULT_STAYS, EROFS },
		{ FAULT_STAYS, EFBIG } };
	static const unsigned faulty[] = { 0, 1, 5, 6, 17 };
	unsigned runs = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(faults); i++)
		for (size_t k = 0; k < ARRAY_COUNT(faulty); k++)
			for (unsigned n = 1; play(faulty[k], n, faults[i].kind, faults[i].error, n % 2); n++)
				runs++;
	print_message("%u faults\n", runs);
	assert_true(runs > 30);
}

/* Faults while the store is born leave an empty folder or a store, never something between that cannot be opened. */
static void test_fail_at_birth(void **state)
{
	struct fixture *f = fixture_new();
	unsigned n = 0;
	bool happened = true;

	(void)state;
	while (happened) {
		struct store_options options = { .dir = fixture_text(f, "%s/born-%u", f->dir, n), .writable = true,
			.map_bytes = (size_t)1 << 28 };
		struct store_problem problem = { 0 };
		struct store *store;
		int code;
		fault_arm(++n, FAULT_ONCE, EIO);
		code = store_open(&options, &store, &problem);
		happened = fault_happened();
		fault_disarm();
		if (code)
			assert_true(!store && problem.code == code && strstr(problem.text, options.dir));
		store_close(&store);
		if (store_open(&options, &store, &problem))
			fail_msg("call %u: %s", n, problem.text);
		assert_int_equal(strlen(store_ledger(store)), 36);
		store_close(&store);
	}
	assert_true(n > 2);
	fixture_free(f);
}

/* One step that is killed after its n-th call, while a reader has the store open. False where it came to its end. */
static bool play_killed(unsigned step, unsigned n)
{
	struct fixture *f = fixture_new();
	pid_t reader, child;
	int status;

	for (unsigned i = 0; i < step; i++)
		assert_int_equal(story_step(f, i, 0), 0);
	fixture_shut(f);
	reader = attach_reader(f);
	child = fork();
	if (child == 0) {
		fixture_open(f);
		fault_arm(n, FAULT_KILL, 0);
		_exit(story_step(f, step, 0) != 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	fixture_open(f);
	fixture_verify(f);
	play_on(f, story_next(f), false);
	assert_string_equal(fixture_dump(f), undisturbed);
	detach_reader(reader);
	fixture_free(f);
	return WIFSIGNALED(status);
}

/* One of these moments lies between LMDB's meta page and its note of that in lock.mdb. */
static void test_killed_after_each_call(void **state)
{
	unsigned n = 1;

	(void)state;
	while (play_killed(5, n))
		n++;
	assert_true(n > 3);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fail_each_call),
		cmocka_unit_test(test_fail_at_birth),
		cmocka_unit_test(test_killed_after_each_call),
	};

	return cmocka_run_group_tests(tests, make_undisturbed, forget_undisturbed);
}
