/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SIGKILL at any moment, again and again, while another process reads, or is stopped while it does: nothing that was committed
 * is lost, nothing is logged twice, and the store opens at once.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/fault/story.h"

enum { KILLS = 50, SEED = 20250101 }; /* KILLS=1000 in the environment: so many */

static uint64_t random_state = SEED;

static unsigned random_below(unsigned limit)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(random_state >> 33) % limit;
}

/* Goes on where the store stands, to the end or until it is killed. */
static void crawl(struct fixture *f, int ready)
{
	for (unsigned step = story_next(f); step < STORY_STEPS; step++) {
		if (write(ready, "x", 1) != 1 || story_step(f, step, 0))
			_exit(1);
	}
	_exit(0);
}

static void wait_some(unsigned nanoseconds)
{
	struct timespec time = { 0, (long)nanoseconds };

	nanosleep(&time, NULL);
}

/* Starts a crawl and kills it within its first or second commit. True where it had come to its end. */
static bool kill_one(struct fixture *f)
{
	int ready[2], status;
	char byte;
	pid_t child;

	assert_int_equal(pipe(ready), 0);
	fixture_shut(f);
	child = fork();
	if (child == 0) {
		signal(SIGABRT, SIG_DFL);
		fixture_open(f);
		crawl(f, ready[1]);
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) == 1)
		wait_some(random_below(6000000));
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	close(ready[0]);
	if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
		fail_msg("the crawl failed by itself");
	fixture_open(f);
	fixture_verify(f);
	return story_next(f) == STORY_STEPS;
}

static void test_kill(void **state)
{
	struct fixture *f = fixture_new();
	char *undisturbed = strdup(story_undisturbed(f));
	const char *asked = getenv("KILLS");
	pid_t reader;
	unsigned wanted = asked ? (unsigned)atoi(asked) : KILLS, kills = 0, histories = 0, before;

	(void)state;
	fixture_free(f);
	while (kills < wanted) {
		f = fixture_new();
		before = kills;
		fixture_shut(f);
		reader = attach_reader(f);
		fixture_open(f);
		while (!kill_one(f) && kills < wanted)
			kill(reader, kills++ % 3 ? SIGCONT : SIGSTOP);
		while (story_next(f) < STORY_STEPS)
			assert_int_equal(story_step(f, story_next(f), 0), 0);
		assert_string_equal(fixture_dump(f), undisturbed);
		detach_reader(reader);
		fixture_free(f);
		histories++;
		assert_true(kills > before);
	}
	print_message("%u kills in %u histories, seed %d\n", kills, histories, SEED);
	free(undisturbed);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
