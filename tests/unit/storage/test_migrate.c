/* SPDX-License-Identifier: Apache-2.0 */
/* A store of an older schema: readers read it, the writer migrates it, and goes on where it was killed. */
#include "storage/migrate.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "storage/change_log.h"
#include "storage/meta.h"
#include "storage/verify.h"
#include "tests/unit/storage/fixture.h"

enum { RECORDS = 4500 };

static void append_gaps(struct txn *txn, const struct store *store)
{
	const struct change_origin origin = { store_ledger(store), store_hub(store) };
	struct change change = { .event = EVENT_GAP, .at_ms = DAY(3), .observed_at_ms = DAY(3) };
	struct buf line = BUF_INIT(CHANGE_BYTES_MAX);
	struct change_terms terms = { 0 };
	struct log_head head;

	change_terms_init(&terms);
	meta_head(txn, &head);
	for (unsigned i = 0; i < RECORDS; i++)
		change_log_append(txn, &head, &change, 0, &origin, &line, &terms);
	meta_set_head(txn, &head);
	change_terms_release(&terms);
	buf_release(&line);
}

/* A store as it was before there were terms. */
static struct fixture *older(void)
{
	struct fixture *f = fixture_new();
	struct txn txn;

	fixture_sweep(f, DAY(1), ROW(f, .card = "{\"license\":\"mit\"}"));
	fixture_poll(f, DAY(2), ROW(f, .card = "{\"license\":\"gpl-3.0\"}", .sha = 2));
	assert_int_equal(txn_begin(f->store, true, &txn), 0);
	append_gaps(&txn, f->store);
	assert_int_equal(mdb_drop(txn.lmdb, store_table(f->store, TABLE_CHANGE_TERM), 0), 0);
	meta_set_number(&txn, "schema", 1);
	assert_int_equal(txn_commit(&txn), 0);
	fixture_shut(f);
	return f;
}

static void assert_whole(struct fixture *f, bool has_terms)
{
	struct store_options options = { .dir = f->dir };
	struct verify_options none = { 0 };
	struct verify_summary summary;
	struct reader *reader;
	struct store *store;

	assert_int_equal(store_open(&options, &store, &f->problem), 0);
	assert_int_equal(reader_open(store, &reader, &f->problem), 0);
	assert_int_equal(reader_has_terms(reader), has_terms);
	reader_close(&reader);
	verify_run(store, &none, &summary);
	assert_int_equal(summary.findings, 0);
	assert_int_equal(summary.records, RECORDS + 1);
	store_close(&store);
}

static void test_migrates_when_opened(void **state)
{
	struct fixture *f = older();

	(void)state;
	assert_whole(f, false);
	fixture_open(f);
	assert_int_equal(store_schema(f->store), STORE_SCHEMA);
	assert_whole(f, true);
	fixture_poll(f, DAY(4), ROW(f, .card = "{}", .sha = 3));
	assert_string_equal(fixture_events(f, RECORDS + 1), "license.withdrawn[cardData.license]");
	fixture_verify(f);
	fixture_free(f);
}

static void die_at_the_first(void *owner, uint64_t done, uint64_t of)
{
	if (done < of && write(*(int *)owner, &done, sizeof(done)) == sizeof(done))
		raise(SIGKILL);
}

/* How far it was when it was killed; 0: it came to its end. */
static uint64_t open_and_be_killed(struct fixture *f)
{
	int pipes[2], status;
	uint64_t done = 0;
	pid_t child;

	assert_int_equal(pipe(pipes), 0);
	child = fork();
	if (child == 0) {
		struct store_options options = { .dir = f->dir, .writable = true, .hub = "https://hub.example",
			.on_migrating = die_at_the_first, .owner = &pipes[1] };
		_exit(store_open(&options, &f->store, &f->problem) != 0);
	}
	close(pipes[1]);
	if (read(pipes[0], &done, sizeof(done)) != sizeof(done))
		done = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
	close(pipes[0]);
	return done;
}

static void test_goes_on_where_it_was_killed(void **state)
{
	struct fixture *f = older();
	uint64_t done, before = 0;
	unsigned kills = 0;

	(void)state;
	while ((done = open_and_be_killed(f)) != 0) {
		assert_true(done > before);
		before = done;
		kills++;
		assert_whole(f, false);
	}
	assert_true(kills >= 2);
	assert_whole(f, true);
	fixture_open(f);
	fixture_free(f);
}

static void test_newer_is_refused(void **state)
{
	struct fixture *f = fixture_new();
	struct store_options options = { .dir = f->dir };
	struct store *store;
	struct txn txn;

	(void)state;
	assert_int_equal(txn_begin(f->store, true, &txn), 0);
	meta_set_number(&txn, "schema", STORE_SCHEMA + 1);
	assert_int_equal(txn_commit(&txn), 0);
	fixture_shut(f);
	assert_int_equal(store_open(&options, &store, &f->problem), ERROR_SCHEMA_NEWER);
	assert_non_null(strstr(f->problem.text, "newer relicensed"));
	options.writable = true;
	assert_int_equal(store_open(&options, &store, &f->problem), ERROR_SCHEMA_NEWER);
	fixture_free(f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_migrates_when_opened),
		cmocka_unit_test(test_goes_on_where_it_was_killed),
		cmocka_unit_test(test_newer_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
