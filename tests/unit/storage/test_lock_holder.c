/* SPDX-License-Identifier: Apache-2.0 */
/* Whoever holds the writer's mutex, as any member of the store's group can, is named. */
#include "storage/lock_holder.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/storage/fixture.h"

static void hold(const char *dir, int ready)
{
	MDB_env *env;
	MDB_txn *txn;

	if (mdb_env_create(&env) || mdb_env_set_maxreaders(env, 1024) || mdb_env_open(env, dir, MDB_NOTLS, 0600) ||
		mdb_txn_begin(env, NULL, 0, &txn) || write(ready, "x", 1) != 1)
		_exit(1);
	pause();
}

static void test_names_the_holder(void **state)
{
	struct fixture *f = fixture_new();
	char text[HOLDER_TEXT], wanted[HOLDER_TEXT], byte;
	int ends[2];
	pid_t child;

	(void)state;
	lock_holder(text);
	assert_string_equal(text, "not known");
	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0)
		hold(f->dir, ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	lock_holder(text);
	snprintf(wanted, sizeof(wanted), "process %ld (", (long)child);
	assert_memory_equal(text, wanted, strlen(wanted));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(ends[0]);
	close(ends[1]);
	fixture_free(f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(test_names_the_holder) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
