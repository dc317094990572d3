/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/copy.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "storage/meta.h"
#include "storage/model/new_file.h"
#include "storage/txn.h"
#include "storage/verify.h"

enum { PROGRESS_MS = 250, SPARE_PAGES = 64 };

struct copy {
	struct store *store;
	const struct copy_options *options;
	char folder[PATH_MAX];
	struct new_file to;
	uint64_t bytes; /* about how large it will be */
	int code; /* LMDB's, of the thread */
	atomic_bool done;
};

/* The file may lie outside the store, so that the store's group says nothing about who may write it. */
static int fail_file(const char *file, int error, struct store_problem *problem)
{
	int code = error == ENOSPC || error == EDQUOT ? ERROR_FULL : error == EROFS ? ERROR_READ_ONLY :
		   error == EACCES || error == EPERM ? ERROR_PERMISSION : ERROR_OUTPUT;

	return store_say(problem, code, "%s could not be written: %s", file, strerror(error));
}

/* --- sizes ---------------------------------------------------------------------------------------------------------*/

static uint64_t pages_of(const MDB_stat *stat)
{
	return stat->ms_branch_pages + stat->ms_leaf_pages + stat->ms_overflow_pages;
}

/* All pages that tables use; what is free in the file is left out of a copy. */
static int used_bytes(struct store *store, uint64_t *bytes)
{
	MDB_stat stat;
	struct txn txn;
	uint64_t pages = SPARE_PAGES;
	int code = txn_begin(store, false, &txn);

	for (unsigned i = 0; i < TABLE_COUNT && !code; i++) {
		MDB_dbi table = store_table(store, (enum store_table)i);

		if (table == STORE_NO_TABLE)
			continue;
		code = mdb_stat(txn.lmdb, table, &stat);
		pages += pages_of(&stat);
	}
	if (!code)
		code = mdb_env_stat(store_env(store), &stat);
	if (!code)
		*bytes = pages * stat.ms_psize;
	txn_abort(&txn);
	return code;
}

static int check_space(const struct copy *copy, struct store_problem *problem)
{
	struct statvfs about;
	uint64_t free_bytes;

	if (statvfs(copy->folder, &about))
		return fail_file(copy->folder, errno, problem);
	free_bytes = (uint64_t)about.f_bavail * about.f_frsize;
	if (free_bytes >= copy->bytes)
		return ERROR_NONE;
	return store_say(problem, ERROR_FULL, "%s: %llu MiB are free there, and the copy takes %llu MiB: free some, or write it elsewhere",
		copy->folder, (unsigned long long)(free_bytes >> 20), (unsigned long long)(copy->bytes >> 20));
}

static uint64_t file_bytes(const char *path)
{
	struct stat about;

	return stat(path, &about) == 0 ? (uint64_t)about.st_size : 0;
}

/* --- the copy ------------------------------------------------------------------------------------------------------*/

static void *run_copy(void *owner)
{
	struct copy *copy = owner;

	copy->code = mdb_env_copyfd2(store_env(copy->store), copy->to.file, MDB_CP_COMPACT);
	atomic_store(&copy->done, true);
	return NULL;
}

static void watch(struct copy *copy)
{
	const struct timespec pause = { 0, PROGRESS_MS * 1000000L / 10 };
	struct stat about;

	for (unsigned i = 0; !atomic_load(&copy->done); i++) {
		nanosleep(&pause, NULL);
		if (copy->options->on_progress && i % 10 == 9 && fstat(copy->to.file, &about) == 0)
			copy->options->on_progress(copy->options->owner, (uint64_t)about.st_size, copy->bytes);
	}
}

static int write_copy(struct copy *copy, struct store_problem *problem)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run_copy, copy))
		return store_say(problem, ERROR_RESOURCES, "%s: the system gives no thread to copy with", copy->to.path);
	watch(copy);
	pthread_join(thread, NULL);
	return copy->code > 0 ? fail_file(copy->to.path, copy->code, problem) :
	       copy->code     ? store_fail(copy->store, copy->code, "copying", problem) :
				ERROR_NONE;
}

static void split_folder(struct copy *copy, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash)
		snprintf(copy->folder, sizeof(copy->folder), "%.*s", (int)(slash == path ? 1 : slash - path), path);
	else
		snprintf(copy->folder, sizeof(copy->folder), ".");
}

static int measure(struct copy *copy, struct store_problem *problem)
{
	if (used_bytes(copy->store, &copy->bytes))
		return store_fail(copy->store, ERROR_CORRUPT, "measuring", problem);
	return check_space(copy, problem);
}

/* --- a backup ------------------------------------------------------------------------------------------------------*/

static int put_mark(MDB_env *env)
{
	uint8_t one[8] = { 0, 0, 0, 0, 0, 0, 0, 1 };
	MDB_val key = { sizeof("backup") - 1, "backup" }, value = { sizeof(one), one };
	MDB_txn *txn;
	MDB_dbi meta;
	int code = mdb_txn_begin(env, NULL, 0, &txn);

	if (code)
		return code;
	code = mdb_dbi_open(txn, "meta", 0, &meta);
	if (!code)
		code = mdb_put(txn, meta, &key, &value, 0);
	if (!code)
		return mdb_txn_commit(txn);
	mdb_txn_abort(txn);
	return code;
}

static int mark(const struct copy *copy, struct store_problem *problem)
{
	MDB_env *env;
	MDB_envinfo info;
	int code = mdb_env_create(&env);

	if (code)
		return store_fail(copy->store, code, "marking the backup of", problem);
	if (!mdb_env_info(store_env(copy->store), &info))
		mdb_env_set_mapsize(env, copy->bytes * 2 + ((size_t)64 << 20));
	mdb_env_set_maxdbs(env, TABLE_COUNT);
	code = mdb_env_open(env, copy->to.partial, MDB_NOSUBDIR | MDB_NOLOCK, 0600);
	if (!code)
		code = put_mark(env);
	mdb_env_close(env);
	return code ? store_fail(copy->store, code, "marking the backup of", problem) : ERROR_NONE;
}

/* What was made is walked like any store: a backup that is damaged is none. */
static int check_copy(const struct copy *copy, struct store_problem *problem)
{
	struct store_options options = { .dir = copy->to.partial, .damaged_too = true };
	struct verify_options verify = { 0 };
	struct verify_summary summary;
	struct store *made;
	int code;

	if (copy->options->unchecked)
		return ERROR_NONE;
	code = store_open(&options, &made, problem);
	if (code)
		return code;
	verify_run(made, &verify, &summary);
	store_close(&made);
	if (summary.unwalked)
		return store_say(problem, ERROR_RESOURCES, "the copy could not be verified: the system gives no more processes or files");
	if (!summary.findings)
		return ERROR_NONE;
	return store_say(problem, ERROR_CORRUPT, "the copy is damaged, as the store %s is, or its disk fails: %llu findings. `relicense "
		"verify` names them; --unchecked keeps a copy all the same", store_dir(copy->store),
		(unsigned long long)summary.findings);
}

static int give_name(struct copy *copy, struct store_problem *problem)
{
	const struct copy_options *options = copy->options;
	int error = new_file_keep(&copy->to, options->overwrite ? NEW_FILE_REPLACES : NEW_FILE_IS_FIRST);

	if (error == EEXIST)
		return store_say(problem, ERROR_OUTPUT, "%s is there already: choose another name, or --force", options->to);
	return error ? fail_file(options->to, error, problem) : ERROR_NONE;
}

static int make_backup(struct copy *copy, struct store_problem *problem)
{
	int code = measure(copy, problem), error = 0;

	if (!code)
		error = new_file_open(&copy->to, copy->options->to, 0600);
	if (!code && !error && copy->to.in_place)
		error = ENOTSUP; /* a device or a pipe: the copy is marked and read again, which these cannot do */
	if (error)
		code = fail_file(copy->options->to, error, problem);
	if (!code)
		code = write_copy(copy, problem);
	if (!code)
		code = mark(copy, problem);
	if (!code)
		code = check_copy(copy, problem);
	return code ? code : give_name(copy, problem);
}

int store_backup(struct store *store, const struct copy_options *options, struct copy_result *result,
	struct store_problem *problem)
{
	struct copy copy = { .store = store, .options = options, .to = NEW_FILE_NONE };
	int code;

	if (!options->overwrite && access(options->to, F_OK) == 0)
		return store_say(problem, ERROR_OUTPUT, "%s is there already: choose another name, or --force", options->to);
	split_folder(&copy, options->to);
	code = make_backup(&copy, problem);
	new_file_close(&copy.to);
	*result = (struct copy_result){ file_bytes(store_file(store)), file_bytes(options->to) };
	return code;
}

/* --- a compaction --------------------------------------------------------------------------------------------------*/

/* Whoever reads the old file would share lock.mdb with those who have the new one. */
static int check_alone(struct store *store, struct store_problem *problem)
{
	struct store_readers readers;

	store_clear_readers(store, &readers);
	if (!readers.count && !readers.waiting)
		return ERROR_NONE;
	return store_say(problem, ERROR_HELD, "the store %s is being read by process %ld: end it, then compact", store_dir(store),
		readers.count ? readers.oldest_process : readers.waiting_process);
}

static int take_place(struct copy *copy, struct store_problem *problem)
{
	struct stat about;
	int error = 0;

	if (stat(store_file(copy->store), &about) || fchown(copy->to.file, about.st_uid, about.st_gid) ||
		fchmod(copy->to.file, about.st_mode & 07777))
		error = errno;
	if (!error)
		error = new_file_keep(&copy->to, NEW_FILE_REPLACES);
	return error ? fail_file(copy->to.path, error, problem) : ERROR_NONE;
}

static int make_compact(struct copy *copy, struct store_problem *problem)
{
	char partial[PATH_MAX];
	int code = measure(copy, problem), error = 0;

	snprintf(partial, sizeof(partial), "%s/" STORE_COMPACT_FILE, store_dir(copy->store));
	if (!code)
		error = new_file_open_as(&copy->to, store_file(copy->store), partial, 0600);
	if (error)
		code = fail_file(partial, error, problem);
	if (!code)
		code = write_copy(copy, problem);
	if (!code)
		code = check_copy(copy, problem);
	if (!code)
		code = check_alone(copy->store, problem);
	return code ? code : take_place(copy, problem);
}

int store_compact(struct store *store, const struct copy_options *options, struct copy_result *result,
	struct store_problem *problem)
{
	struct copy copy = { .store = store, .options = options, .to = NEW_FILE_NONE };
	int code = check_alone(store, problem);

	if (code)
		return code;
	*result = (struct copy_result){ .bytes_before = file_bytes(store_file(store)) };
	snprintf(copy.folder, sizeof(copy.folder), "%s", store_dir(store));
	code = make_compact(&copy, problem);
	new_file_close(&copy.to);
	result->bytes_after = file_bytes(store_file(store));
	return code;
}

/* --- readers -------------------------------------------------------------------------------------------------------*/

struct listing {
	struct store_readers *readers;
	uint64_t oldest;
};

/* A line of mdb_reader_list: process, thread, transaction or "-"; the first line is a heading. */
static int on_reader(const char *line, void *owner)
{
	struct listing *listing = owner;
	unsigned long long txn;
	long process;
	int read = sscanf(line, "%ld %*s %llu", &process, &txn);

	if (read < 1 || process == (long)getpid())
		return 0;
	if (read == 1) {
		listing->readers->waiting++;
		listing->readers->waiting_process = process;
		return 0;
	}
	listing->readers->count++;
	if (txn < listing->oldest) {
		listing->oldest = txn;
		listing->readers->oldest_process = process;
	}
	return 0;
}

void store_readers(struct store *store, struct store_readers *readers)
{
	struct listing listing = { readers, UINT64_MAX };
	MDB_envinfo info;

	*readers = (struct store_readers){ 0 };
	mdb_reader_list(store_env(store), on_reader, &listing);
	if (readers->count && mdb_env_info(store_env(store), &info) == 0 && info.me_last_txnid > listing.oldest)
		readers->oldest_commits = info.me_last_txnid - listing.oldest;
}

void store_clear_readers(struct store *store, struct store_readers *readers)
{
	int dead;

	mdb_reader_check(store_env(store), &dead);
	store_readers(store, readers);
}
