/* SPDX-License-Identifier: Apache-2.0 */
/* Backups that read as they are and go on under an id of their own; a compaction; who reads. */
#include "storage/copy.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "storage/ledger.h"
#include "storage/verify.h"
#include "tests/unit/storage/fixture.h"

static char findings[4096];

static void on_finding(void *owner, const struct finding *finding)
{
	size_t size = strlen(findings);

	(void)owner;
	snprintf(findings + size, sizeof(findings) - size, "%s %s: %s\n", finding->table, finding->key, finding->what);
}

static struct fixture *grown(void)
{
	struct fixture *f = fixture_new();

	fixture_sweep(f, DAY(1), ROW(f, .card = "{\"license\":\"mit\"}"));
	for (unsigned i = 0; i < 20; i++)
		fixture_poll(f, DAY(2) + HOUR(i),
			ROW(f, .card = i % 2 ? "{\"license\":\"mit\"}" : "{\"license\":\"gpl-3.0\"}", .sha = i + 2));
	return f;
}

static void assert_whole(struct fixture *f, const char *dir, const char *head, uint64_t records)
{
	struct verify_options options = { .head_line = head, .on_finding = on_finding };
	struct verify_summary summary;
	struct store *store;

	findings[0] = '\0';
	if (store_open(&(struct store_options){ .dir = dir }, &store, &f->problem))
		fail_msg("%s", f->problem.text);
	verify_run(store, &options, &summary);
	assert_string_equal(findings, "");
	assert_int_equal(summary.records, records);
	store_close(&store);
}

static const char *head_line(struct fixture *f)
{
	uint64_t seq = fixture_head(f);
	const char *hash = fixture_field(f, seq, "hash");

	return fixture_text(f, "%s %llu %.64s x", store_ledger(f->store), (unsigned long long)seq, hash + 1);
}

static void move_in(struct fixture *f, const char *backup)
{
	fixture_shut(f);
	assert_int_equal(unlink(fixture_text(f, "%s/lock.mdb", f->dir)), 0);
	assert_int_equal(rename(backup, fixture_text(f, "%s/data.mdb", f->dir)), 0);
	fixture_open(f);
}

static void test_backup_and_restore(void **state)
{
	struct fixture *f = grown();
	const char *backup = fixture_text(f, "%s/copy", f->dir), *kept = head_line(f), *lost, *own;
	struct copy_options options = { .to = backup };
	const char *ledger = fixture_text(f, "%s", store_ledger(f->store));
	struct copy_result result;
	struct stat about;

	(void)state;
	assert_int_equal(store_backup(f->store, &options, &result, &f->problem), 0);
	assert_int_equal(stat(backup, &about), 0);
	assert_int_equal(about.st_mode & 0777, 0600);
	assert_int_equal(result.bytes_after, about.st_size);
	assert_int_equal(store_backup(f->store, &options, &result, &f->problem), ERROR_OUTPUT);
	options.overwrite = true;
	assert_int_equal(store_backup(f->store, &options, &result, &f->problem), 0);
	assert_whole(f, backup, kept, 20); /* as it is, under its old id */

	fixture_poll(f, DAY(3), ROW(f, .card = "{}", .sha = 30)); /* the original goes on */
	lost = head_line(f);
	move_in(f, backup);
	assert_string_not_equal(store_ledger(f->store), ledger);
	own = fixture_text(f, "%s", store_ledger(f->store));
	fixture_poll(f, DAY(4), ROW(f, .card = "{\"license\":\"afl-3.0\"}", .sha = 31));
	assert_int_equal(fixture_head(f), 21);
	assert_whole(f, f->dir, kept, 21);
	assert_whole(f, f->dir, head_line(f), 21);
	fixture_reopen(f); /* once only */
	assert_string_equal(store_ledger(f->store), own);
	{
		struct verify_options verify = { .head_line = lost, .on_finding = on_finding };
		struct verify_summary summary;

		verify_run(f->store, &verify, &summary);
		assert_non_null(strstr(findings, "the store was restored from a backup"));
	}
	fixture_free(f);
}

static void test_no_backup(void **state)
{
	struct fixture *f = grown();
	struct copy_options options = { .to = fixture_text(f, "%s/none/copy", f->dir) };
	struct copy_result result;

	(void)state;
	assert_int_not_equal(store_backup(f->store, &options, &result, &f->problem), 0);
	assert_non_null(strstr(f->problem.text, "/none"));
	fixture_free(f);
}

static void test_compact(void **state)
{
	struct fixture *f = grown();
	struct copy_options options = { 0 };
	const char *kept = head_line(f), *ledger = fixture_text(f, "%s", store_ledger(f->store));
	struct copy_result result;
	struct store *store;

	(void)state;
	fixture_shut(f);
	assert_int_equal(store_open(&(struct store_options){ .dir = f->dir }, &store, &f->problem), 0);
	assert_int_equal(store_compact(store, &options, &result, &f->problem), 0);
	store_close(&store);
	assert_true(result.bytes_after < result.bytes_before);
	fixture_open(f);
	assert_string_equal(store_ledger(f->store), ledger); /* it is the same log */
	assert_whole(f, f->dir, kept, 20);
	fixture_poll(f, DAY(4), ROW(f, .card = "{\"license\":\"afl-3.0\"}", .sha = 31));
	assert_whole(f, f->dir, kept, 21);
	fixture_free(f);
}

/* A process with a snapshot: it is known, and keeps a compaction from happening. */
static void test_readers(void **state)
{
	struct fixture *f = grown();
	int ready[2], go[2], status;
	struct store_readers readers;
	struct copy_options options = { 0 };
	struct copy_result result;
	pid_t child;
	char byte = 'x';

	(void)state;
	assert_int_equal(pipe(ready) | pipe(go), 0);
	child = fork();
	if (child == 0) {
		struct store_problem problem;
		struct store *store;
		struct reader *reader;

		if (store_open(&(struct store_options){ .dir = f->dir }, &store, &problem) ||
			reader_open(store, &reader, &problem))
			_exit(1);
		_exit(write(ready[1], &byte, 1) != 1 || read(go[0], &byte, 1) != 1);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	store_readers(f->store, &readers);
	assert_int_equal(readers.count, 1);
	assert_int_equal(readers.oldest_process, child);
	assert_int_equal(readers.oldest_commits, 0);
	fixture_poll(f, DAY(3), ROW(f, .card = "{}", .sha = 30));
	fixture_poll(f, DAY(4), ROW(f, .card = "{\"license\":\"mit\"}", .sha = 31));
	store_readers(f->store, &readers);
	assert_int_equal(readers.oldest_commits, 2);
	assert_int_equal(store_compact(f->store, &options, &result, &f->problem), ERROR_HELD);
	assert_non_null(strstr(f->problem.text, fixture_text(f, "process %d", (int)child)));
	assert_int_equal(write(go[1], &byte, 1), 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	store_clear_readers(f->store, &readers); /* it died with its slot */
	assert_int_equal(readers.count, 0);
	fixture_free(f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_backup_and_restore),
		cmocka_unit_test(test_no_backup),
		cmocka_unit_test(test_compact),
		cmocka_unit_test(test_readers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
