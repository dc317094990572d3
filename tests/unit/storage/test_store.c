/* SPDX-License-Identifier: Apache-2.0 */
/* Opening: what is made, who may, and what is said where it cannot be opened. */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "storage/bus_error.h"
#include "storage/meta.h"
#include "tests/unit/storage/fixture.h"

static int try_open(const char *dir, bool writable, const char *hub, struct store **store, struct store_problem *problem)
{
	struct store_options options = { .dir = dir, .writable = writable, .hub = hub, .map_bytes = (size_t)1 << 28 };

	*problem = (struct store_problem){ 0 };
	return store_open(&options, store, problem);
}

static const char *path(struct fixture *f, const char *name)
{
	return fixture_text(f, "%s/%s", f->dir, name);
}

static void write_file(const char *name, const char *bytes, size_t size)
{
	FILE *file = fopen(name, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static void test_birth(void **state)
{
	struct fixture *f = fixture_new();
	struct stat about;
	const char *ledger;
	uint64_t seed;

	(void)state;
	ledger = fixture_text(f, "%s", store_ledger(f->store));
	seed = store_seed(f->store);
	assert_int_equal(strlen(ledger), 36);
	assert_int_equal(ledger[14], '4');
	assert_string_equal(store_hub(f->store), "https://hub.example");
	assert_string_equal(store_dir(f->store), f->dir);
	assert_int_equal(stat(path(f, "data.mdb"), &about), 0);
	assert_int_equal(about.st_mode & 0777 & ~0137u, 0640 & ~0137u);
	assert_int_equal(stat(path(f, "lock.mdb"), &about), 0);
	assert_int_equal(about.st_mode & 0777, 0660); /* readers write their slot */
	fixture_reopen(f);
	assert_string_equal(store_ledger(f->store), ledger);
	assert_true(store_seed(f->store) == seed);
	{
		struct fixture *other = fixture_new();
		assert_string_not_equal(store_ledger(other->store), ledger);
		assert_true(store_seed(other->store) != seed);
		fixture_free(other);
	}
	fixture_free(f);
}

static void test_readers(void **state)
{
	struct fixture *f = fixture_new();
	struct store_problem problem;
	struct store *store;
	pid_t child;
	int status;

	(void)state;
	fixture_sweep(f, DAY(1), ROW(f));
	/* Beside the daemon, in a process of its own. */
	child = fork();
	if (child == 0) {
		struct reader *reader;
		uint64_t rows, gone;
		int code = try_open(f->dir, false, NULL, &store, &problem);
		if (code || reader_open(store, &reader, &problem) || reader_counts(reader, REPO_MODEL, &rows, &gone))
			_exit(1);
		_exit(rows == 1 && strcmp(store_hub(store), "https://hub.example") == 0 ? 0 : 2);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	fixture_free(f);
}

static void test_one_writer(void **state)
{
	struct fixture *f = fixture_new();
	struct store_problem problem;
	struct store *store;
	pid_t child;
	int status;

	(void)state;
	child = fork();
	if (child == 0)
		_exit(try_open(f->dir, true, NULL, &store, &problem) == ERROR_HELD && !store && strstr(problem.text, f->dir) ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	fixture_shut(f);
	assert_int_equal(try_open(f->dir, true, NULL, &store, &problem), 0); /* given back */
	store_close(&store);
	store_close(&store);
	fixture_open(f);
	fixture_free(f);
}

static void test_no_store(void **state)
{
	struct fixture *f = fixture_new();
	struct store_problem problem;
	struct store *store;

	(void)state;
	assert_int_equal(try_open(path(f, "none"), false, NULL, &store, &problem), ERROR_NO_STORE);
	assert_null(store);
	assert_non_null(strstr(problem.text, "none"));
	assert_int_equal(try_open(path(f, "none/below"), true, NULL, &store, &problem), ERROR_NO_STORE);
	assert_int_equal(mkdir(path(f, "empty"), 0700), 0);
	assert_int_equal(try_open(path(f, "empty"), false, NULL, &store, &problem), ERROR_NO_STORE);
	write_file(path(f, "file"), "x", 1);
	assert_true(try_open(path(f, "file"), true, NULL, &store, &problem) != 0);
	assert_null(store);
	fixture_free(f);
}

static void test_another_hub(void **state)
{
	static const struct {
		const char *born, *opened;
		bool same;
	} cases[] = {
		{ "https://huggingface.co", "https://huggingface.co", true },
		{ "https://huggingface.co", "https://hf-mirror.example", false },
		{ "https://huggingface.co", "http://huggingface.co", false },
		{ "https://hub.example:8443", "https://hub.example", false },
		{ "http://127.0.0.1:4000", "http://127.0.0.1:5000", true }, /* test servers take any port */
		{ "http://localhost:4000", "http://localhost", true },
		{ "http://127.0.0.1:4000", "http://localhost:4000", false },
		{ "http://127.0.0.1.evil.example:80", "http://127.0.0.1.evil.example:81", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct fixture *f = fixture_new();
		const char *dir = path(f, "sub");
		struct store_problem problem;
		struct store *store;
		int code;
		assert_int_equal(try_open(dir, true, cases[i].born, &store, &problem), 0);
		store_close(&store);
		code = try_open(dir, true, cases[i].opened, &store, &problem);
		print_message("%s %s\n", cases[i].born, cases[i].opened);
		assert_int_equal(code == 0, cases[i].same);
		if (code) {
			assert_non_null(strstr(problem.text, cases[i].born));
			assert_non_null(strstr(problem.text, cases[i].opened));
		}
		store_close(&store);
		assert_int_equal(try_open(dir, true, NULL, &store, &problem), 0); /* the refusal left it free */
		assert_string_equal(store_hub(store), cases[i].born);
		store_close(&store);
		fixture_free(f);
	}
}

static void set_schema(struct fixture *f, uint64_t schema)
{
	struct txn txn;

	assert_int_equal(txn_begin(f->store, true, &txn), 0);
	meta_set_number(&txn, "schema", schema);
	assert_int_equal(txn_commit(&txn), 0);
	fixture_shut(f);
}

static void test_schema(void **state)
{
	struct fixture *f = fixture_new();
	struct store_problem problem;
	struct store *store;

	(void)state;
	set_schema(f, STORE_SCHEMA + 1);
	for (unsigned writable = 0; writable < 2; writable++) {
		assert_int_equal(try_open(f->dir, writable, NULL, &store, &problem), ERROR_SCHEMA_NEWER);
		assert_non_null(strstr(problem.text, "newer"));
		assert_null(store);
	}
	fixture_free(f);
}

static void test_not_a_store(void **state)
{
	static const char junk[20000] = "this is no database";
	struct fixture *f = fixture_new();
	struct store_problem problem;
	struct store *store;

	(void)state;
	assert_int_equal(mkdir(path(f, "junk"), 0700), 0);
	write_file(path(f, "junk/data.mdb"), junk, sizeof(junk));
	for (unsigned writable = 0; writable < 2; writable++) {
		assert_int_equal(try_open(path(f, "junk"), writable, NULL, &store, &problem), ERROR_CORRUPT);
		assert_non_null(strstr(problem.text, "junk"));
	}
	write_file(path(f, "junk/data.mdb"), junk, 10);
	assert_int_equal(try_open(path(f, "junk"), false, NULL, &store, &problem), ERROR_CORRUPT);
	fixture_free(f);
}

/* A store that was cut off is said to be damaged, not met as a signal. */
static void test_cut_off(void **state)
{
	struct fixture *f = fixture_new();
	struct stat about;
	pid_t child;
	int status;

	(void)state;
	for (unsigned i = 0; i < 20; i++)
		fixture_poll(f, DAY(i), ROW(f, .n = i + 1, .card = fixture_text(f, "{\"n\":\"%0*u\"}", 50000 + (int)i, i)));
	fixture_shut(f);
	assert_int_equal(stat(path(f, "data.mdb"), &about), 0);
	assert_int_equal(truncate(path(f, "data.mdb"), about.st_size / 2), 0);
	child = fork();
	if (child == 0) {
		freopen("/dev/null", "w", stderr);
		bus_error_explain("test", 7);
		f->store = NULL;
		f->problem.code = try_open(f->dir, false, NULL, &f->store, &f->problem);
		if (!f->problem.code)
			fixture_verify(f);
		_exit(1); /* it cannot have been read */
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	assert_int_equal(truncate(path(f, "data.mdb"), 0), 0);
	assert_int_equal(try_open(f->dir, true, NULL, &f->store, &f->problem), ERROR_CORRUPT); /* empty is not new */
	assert_int_equal(try_open(f->dir, false, NULL, &f->store, &f->problem), ERROR_CORRUPT);
	assert_int_equal(unlink(path(f, "data.mdb")), 0);
	fixture_open(f);
	fixture_free(f);
}

/* A store with one repo and a map of 1 MiB. */
static struct fixture *fixture_of_small_map(void)
{
	struct fixture *f = fixture_new();
	struct store_options options = { .dir = f->dir, .writable = true, .map_bytes = 1 << 20 };

	fixture_sweep(f, DAY(1), ROW(f, .n = 999));
	fixture_shut(f);
	assert_int_equal(store_open(&options, &f->store, &f->problem), 0);
	f->preparer = preparer_new(f->store, false);
	f->committer = committer_new(f->store);
	return f;
}

/* Where there is no room in the map it grows, and the batch that filled it is committed again. */
static void test_map_grows(void **state)
{
	struct fixture *f = fixture_of_small_map();
	unsigned n = 0;
	int code = 0;

	(void)state;
	while (!code && ++n < 500) { /* some 3 MiB */
		struct answer answer;
		fixture_prepare(f, &answer, LANE_POLL, DAY(2), ROW(f, .n = n, .created = "2025-01-03T00:00:00.000Z",
			.card = fixture_text(f, "{\"n\":\"%x%x%x\",\"m\":\"%0*u\"}", n * 2654435761u, n * 40503u, n * 7u, 3000, n)));
		code = fixture_try_commit(f, &answer, 1);
	}
	assert_int_equal(code, 0);
	assert_int_equal(fixture_head(f), n - 1); /* each once */
	fixture_verify(f);
	fixture_free(f);
}

static size_t address_space(void)
{
	size_t pages = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%zu", &pages), 1);
	fclose(file);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* Some 5 KB that cannot be compressed. */
static int try_large_row(struct fixture *f, unsigned n)
{
	struct buf card = BUF_INIT(1 << 20);
	struct answer answer;

	for (unsigned k = 0; k < 600; k++)
		buf_printf(&card, "%08x", (n * 600 + k) * 2654435761u);
	fixture_prepare(f, &answer, LANE_POLL, DAY(2), ROW(f, .n = n, .created = "2025-01-03T00:00:00.000Z",
		.card = fixture_text(f, "{\"n\":\"%s\"}", card.data)));
	buf_release(&card);
	return fixture_try_commit(f, &answer, 1);
}

/* Where the system gives no address space for it, that is said, what is there can be read, and once there is the batch goes in. */
static void test_map_cannot_grow(void **state)
{
	struct fixture *f = fixture_of_small_map();
	struct rlimit before, limit;
	unsigned n = 0;
	int code = 0;

	(void)state;
	if (address_space() > (size_t)1 << 40) {
		fixture_free(f);
		print_message("SKIPPED: a sanitizer takes terabytes of address space\n");
		skip();
	}
	assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
	limit = (struct rlimit){ address_space() + (14 << 20), before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
	while (!code && ++n < 500)
		code = try_large_row(f, n);
	assert_int_equal(code, ERROR_MAP_FULL);
	assert_int_equal(error_action(code), ERROR_RETRY);
	assert_non_null(strstr(f->problem.text, "address space"));
	assert_int_equal(fixture_head(f), n - 1);
	assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
	assert_int_equal(try_large_row(f, n), 0);
	assert_int_equal(fixture_head(f), n);
	fixture_verify(f);
	fixture_free(f);
}

enum { PREPARERS = 16 };

struct preparing {
	struct fixture *f;
	struct slice body;
	atomic_bool stop;
	atomic_uint pages;
};

static void *prepare_pages(void *argument)
{
	struct preparing *preparing = argument;
	struct fixture *f = preparing->f;
	struct preparer *preparer = preparer_new(f->store, false);

	while (!atomic_load(&preparing->stop)) {
		struct page page = { 0 };
		struct store_problem problem;
		if (preparer_page(preparer, preparing->body.data, preparing->body.size, &f->projection, &page_limits_none, &page,
			    &problem) == 0)
			atomic_fetch_add(&preparing->pages, 1);
		page_release(&page);
	}
	preparer_free(&preparer);
	return NULL;
}

/* The map moves when it grows: no preparer may be reading then, and as many as they are, they let it grow. */
static void test_map_grows_beside_preparers(void **state)
{
	struct fixture *f = fixture_of_small_map();
	struct buf body = BUF_INIT(1 << 20);
	struct preparing preparing = { .f = f };
	pthread_t thread[PREPARERS];
	MDB_envinfo info;
	unsigned n = 0;

	(void)state;
	for (unsigned i = 0; i < 200; i++)
		buf_printf(&body, "%c%s", i ? ',' : '[', ROW(f, .n = i + 1));
	buf_char(&body, ']');
	memset(buf_reserve(&body, JSON_PADDING), 0, JSON_PADDING);
	preparing.body = buf_as_slice(&body);
	for (unsigned i = 0; i < PREPARERS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, prepare_pages, &preparing), 0);
	while (atomic_load(&preparing.pages) < PREPARERS)
		sched_yield();
	while (++n <= 800)
		assert_int_equal(try_large_row(f, 1000 + n), 0);
	atomic_store(&preparing.stop, true);
	for (unsigned i = 0; i < PREPARERS; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(mdb_env_info(store_env(f->store), &info), 0);
	assert_true(info.me_mapsize >= 4 << 20);
	assert_int_equal(fixture_head(f), 800);
	fixture_verify(f);
	buf_release(&body);
	fixture_free(f);
}

/* A reader whose map is too small for what has been written since follows. */
static void test_map_grown_by_another(void **state)
{
	struct fixture *f = fixture_new();
	int ready[2], go[2], status;
	pid_t child;
	char byte = 'x';

	(void)state;
	assert_int_equal(pipe(ready) | pipe(go), 0);
	child = fork();
	if (child == 0) {
		struct store_options options = { .dir = f->dir, .map_bytes = 1 << 20 };
		struct store_problem problem;
		struct store *store;
		struct reader *reader;
		struct repo_oid oid = fixture_oid_bytes(1);
		struct repo_ref ref;
		if (store_open(&options, &store, &problem) || reader_open(store, &reader, &problem))
			_exit(1);
		reader_pause(reader);
		if (write(ready[1], &byte, 1) != 1 || read(go[0], &byte, 1) != 1)
			_exit(2);
		if (reader_resume(reader) || reader_repo(reader, REPO_MODEL, &oid, &ref))
			_exit(3);
		reader_close(&reader);
		if (reader_open(store, &reader, &problem))
			_exit(4);
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	for (unsigned i = 0; i < 40; i++) {
		struct buf card = BUF_INIT(1 << 20);
		for (unsigned k = 0; k < 6000; k++)
			buf_printf(&card, "%08x", (i * 6000 + k) * 2654435761u);
		fixture_poll(f, DAY(i), ROW(f, .n = i + 1, .card = fixture_text(f, "{\"n\":\"%s\"}", card.data)));
		buf_release(&card);
	}
	assert_int_equal(write(go[1], &byte, 1), 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	fixture_free(f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_birth),
		cmocka_unit_test(test_readers),
		cmocka_unit_test(test_one_writer),
		cmocka_unit_test(test_no_store),
		cmocka_unit_test(test_another_hub),
		cmocka_unit_test(test_schema),
		cmocka_unit_test(test_not_a_store),
		cmocka_unit_test(test_cut_off),
		cmocka_unit_test(test_map_grows),
		cmocka_unit_test(test_map_grows_beside_preparers),
		cmocka_unit_test(test_map_cannot_grow),
		cmocka_unit_test(test_map_grown_by_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
