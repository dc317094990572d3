/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/store.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "storage/meta.h"
#include "storage/migrate.h"
#include "storage/model/memory.h"

enum { READER_SLOTS = 1024, TABLES_MAX = 40, PATH_BYTES = 4096, DISK_LEAST_BYTES = 1 << 20 };

/* A cache line of 64 bytes a slot, and what LMDB has before them. */
enum { LOCK_FILE_BYTES = READER_SLOTS * 64 + 4096 };

static const size_t map_default = (size_t)1 << 40, map_smallest = (size_t)1 << 30;

static const char *const table_names[TABLE_COUNT] = {
#define X(constant, name) [constant] = name,
	STORE_TABLES(X)
#undef X
};

struct store {
	MDB_env *env;
	MDB_dbi table[TABLE_COUNT];
	int lock_fd;
	uint64_t seed, schema;
	char ledger[STORE_UUID_TEXT];
	char hub[STORE_HUB_MAX];
	char *dir;
};

MDB_env *store_env(const struct store *store)
{
	return store->env;
}

MDB_dbi store_table(const struct store *store, enum store_table table)
{
	return store->table[table];
}

MDB_dbi store_repo_table(const struct store *store, enum repo_kind kind)
{
	return store->table[TABLE_REPO_MODEL + kind];
}

const char *store_ledger(const struct store *store)
{
	return store->ledger;
}

const char *store_hub(const struct store *store)
{
	return store->hub;
}

const char *store_dir(const struct store *store)
{
	return store->dir;
}

uint64_t store_schema(const struct store *store)
{
	return store->schema;
}

uint64_t store_seed(const struct store *store)
{
	return store->seed;
}

/* --- what went wrong ---------------------------------------------------------------------------------------------- */

static int code_of(int lmdb_code)
{
	switch (lmdb_code) {
	case MDB_SUCCESS: return ERROR_NONE;
	case MDB_MAP_FULL: return ERROR_MAP_FULL;
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_INVALID:
	case MDB_VERSION_MISMATCH: return ERROR_CORRUPT;
	case MDB_NOTFOUND: return ERROR_NOT_FOUND;
	case ENOSPC:
	case EDQUOT: return ERROR_FULL;
	case EACCES:
	case EPERM:
	case EROFS: return ERROR_PERMISSION;
	case ENOENT: return ERROR_NO_STORE;
	case EIO: return ERROR_IO;
	default: return lmdb_code > ERROR_FIRST && lmdb_code < ERROR_END ? lmdb_code : ERROR_LMDB;
	}
}

/* LMDB calls a write that came to half an input error: a disk that is full takes what still fits. */
static bool is_disk_full(const struct store *store)
{
	struct statvfs about;

	return store && statvfs(store->dir, &about) == 0 && about.f_bavail * about.f_frsize < DISK_LEAST_BYTES;
}

/* Ours first, it says what to do; in brackets what LMDB or the system said. */
int store_fail(const struct store *store, int lmdb_code, const char *doing, struct store_problem *problem)
{
	bool own = lmdb_code > ERROR_FIRST && lmdb_code < ERROR_END;

	problem->code = code_of(lmdb_code);
	if (problem->code == ERROR_IO && is_disk_full(store))
		problem->code = ERROR_FULL;
	snprintf(problem->text, sizeof(problem->text), "%s in the store %s: %s (%s)", doing, store ? store->dir : "",
		error_text(problem->code), own ? error_name(lmdb_code) : mdb_strerror(lmdb_code));
	return problem->code;
}

__attribute__((format(printf, 3, 4))) static int say(struct store_problem *problem, int code, const char *format, ...)
{
	va_list arguments;

	problem->code = code;
	va_start(arguments, format);
	vsnprintf(problem->text, sizeof(problem->text), format, arguments);
	va_end(arguments);
	return code;
}

static int say_permission(const char *dir, struct store_problem *problem)
{
	struct stat about;
	struct group *group = stat(dir, &about) == 0 ? getgrgid(about.st_gid) : NULL;

	return say(problem, ERROR_PERMISSION,
		"no permission to open the store %s: its readers must be in the group '%s' (usermod -aG, then log in again)",
		dir, group ? group->gr_name : "of the folder");
}

int store_follow_size(const struct store *store)
{
	return store->lock_fd >= 0 ? MDB_MAP_RESIZED : mdb_env_set_mapsize(store->env, 0);
}

/* --- opening ------------------------------------------------------------------------------------------------------ */

static size_t map_bytes_of(const struct store_options *options)
{
	struct rlimit space;
	size_t bytes = options->map_bytes ? options->map_bytes : map_default;

	if (getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur != RLIM_INFINITY && bytes > space.rlim_cur / 4)
		bytes = space.rlim_cur / 4;
	return bytes;
}

static int take_daemon_lock(struct store *store, struct store_problem *problem)
{
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), "%s/daemon.lock", store->dir);
	store->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (store->lock_fd < 0)
		return errno == EACCES || errno == EROFS ? say_permission(store->dir, problem) :
							   store_fail(store, errno, "daemon.lock", problem);
	if (flock(store->lock_fd, LOCK_EX | LOCK_NB) != 0)
		return say(problem, ERROR_HELD, "the store %s is held by another relicensed (stop it, or choose another --store)", store->dir);
	return ERROR_NONE;
}

static int try_environment(struct store *store, const struct store_options *options, size_t map_bytes)
{
	unsigned flags = MDB_NOTLS | (options->writable ? 0 : MDB_RDONLY);
	int code = mdb_env_create(&store->env);

	if (!code)
		code = mdb_env_set_mapsize(store->env, map_bytes);
	if (!code)
		code = mdb_env_set_maxreaders(store->env, READER_SLOTS);
	if (!code)
		code = mdb_env_set_maxdbs(store->env, TABLES_MAX);
	if (!code)
		code = mdb_env_open(store->env, store->dir, flags, 0640);
	if (code && store->env) {
		mdb_env_close(store->env);
		store->env = NULL;
	}
	return code;
}

/*
 * Readers and we write our slots through the map of lock.mdb: on a full disk a first touch of its pages would be SIGBUS,
 * so they are taken here. Before LMDB opens the file: closing it later would drop the locks that LMDB has on it.
 */
static int make_lock_file(const struct store *store, struct store_problem *problem)
{
	char path[PATH_BYTES];
	int file, error = 0;

	snprintf(path, sizeof(path), "%s/lock.mdb", store->dir);
	file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0660);
	if (file < 0)
		return errno == EACCES || errno == EROFS ? say_permission(store->dir, problem) :
							   store_fail(store, errno, "lock.mdb", problem);
	if (fchmod(file, 0660) != 0 ||
		(fallocate(file, FALLOC_FL_KEEP_SIZE, 0, LOCK_FILE_BYTES) != 0 && errno != EOPNOTSUPP && errno != ENOSYS))
		error = errno;
	close(file);
	return error ? store_fail(store, error, "lock.mdb", problem) : ERROR_NONE;
}

static int open_environment(struct store *store, const struct store_options *options, struct store_problem *problem)
{
	char path[PATH_BYTES];
	size_t map_bytes = map_bytes_of(options);
	int code;

	snprintf(path, sizeof(path), "%s/data.mdb", store->dir);
	if (!options->writable && access(path, F_OK) != 0 && errno == ENOENT)
		return say(problem, ERROR_NO_STORE,
			"there is no store in %s: name its folder with --store, or let relicensed make one", store->dir);
	/* Address space can be short without a limit that says so: ENOMEM on small machines, EINVAL under valgrind. */
	while ((code = try_environment(store, options, map_bytes)) != 0 && (code == ENOMEM || code == EINVAL) &&
		map_bytes > map_smallest)
		map_bytes /= 4;
	if (code == EACCES || code == EPERM)
		return say_permission(store->dir, problem);
	if (code)
		return store_fail(store, code, "opening", problem);
	return ERROR_NONE;
}

/*
 * What an older daemon wrote lacks the tables that came since: a reader takes them for empty. All tables are made in the
 * transaction that makes the store: where there is no meta, there is no store yet.
 */
static int open_tables(struct store *store, struct txn *txn, bool writable)
{
	for (unsigned i = 0; i < TABLE_COUNT && !txn->error; i++) {
		txn->error = mdb_dbi_open(txn->lmdb, table_names[i], writable ? MDB_CREATE : 0, &store->table[i]);
		if (txn->error != MDB_NOTFOUND)
			continue;
		store->table[i] = STORE_NO_TABLE;
		txn->error = i == TABLE_META ? ENOENT : 0;
	}
	return txn->error;
}

/* Random version 4 UUID (RFC 9562, 5.4). */
static void make_uuid(char text[STORE_UUID_TEXT])
{
	uint8_t r[16];

	if (getrandom(r, sizeof(r), 0) != sizeof(r))
		memory_failed("random numbers");
	r[6] = (uint8_t)((r[6] & 0x0F) | 0x40);
	r[8] = (uint8_t)((r[8] & 0x3F) | 0x80);
	snprintf(text, STORE_UUID_TEXT, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", r[0], r[1],
		r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9], r[10], r[11], r[12], r[13], r[14], r[15]);
}

static void write_birth(struct txn *txn, const char *hub)
{
	char ledger[STORE_UUID_TEXT];
	uint64_t seed;

	make_uuid(ledger);
	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		memory_failed("random numbers");
	meta_set_number(txn, "schema", STORE_SCHEMA);
	meta_set_text(txn, "ledger", slice_of(ledger));
	meta_set_text(txn, "hub", slice_of(hub));
	meta_set_number(txn, "seed", seed);
}

static void copy_text(struct slice from, char *to, size_t room)
{
	size_t size = from.size < room - 1 ? from.size : room - 1;

	memcpy(to, from.data, size);
	to[size] = '\0';
}

/* On loopback the port is not part of a Hub's name: test servers choose a free one at each start. */
static size_t origin_size(const char *hub)
{
	static const char *const loopback[] = { "http://127.0.0.1", "http://localhost", "https://127.0.0.1",
		"https://localhost" };

	for (size_t i = 0; i < ARRAY_COUNT(loopback); i++) {
		size_t size = strlen(loopback[i]);
		if (strncmp(hub, loopback[i], size) == 0 && hub[size] == ':')
			return size;
	}
	return strlen(hub);
}

static bool same_hub(const char *a, const char *b)
{
	return slice_equal((struct slice){ a, origin_size(a) }, (struct slice){ b, origin_size(b) });
}

static int read_birth(struct store *store, struct txn *txn, const struct store_options *options,
	struct store_problem *problem)
{
	uint64_t schema = meta_number(txn, "schema");

	if (schema > STORE_SCHEMA)
		return say(problem, ERROR_SCHEMA_NEWER, "the store %s was written by a newer relicensed: use that one", store->dir);
	if (!schema)
		return say(problem, ERROR_CORRUPT, "%s holds an LMDB environment, but no store of relicensed", store->dir);
	store->schema = schema;
	copy_text(meta_text(txn, "ledger"), store->ledger, sizeof(store->ledger));
	copy_text(meta_text(txn, "hub"), store->hub, sizeof(store->hub));
	store->seed = meta_number(txn, "seed");
	if (options->hub && !same_hub(options->hub, store->hub))
		return say(problem, ERROR_LMDB, "the store belongs to the Hub %s, not to %s: give each Hub its own --store",
			store->hub, options->hub);
	return ERROR_NONE;
}

static int open_contents(struct store *store, const struct store_options *options, struct store_problem *problem)
{
	struct txn txn;
	int code = txn_begin(store, options->writable, &txn);

	if (!code)
		code = open_tables(store, &txn, options->writable);
	if (code == ENOENT) {
		txn_abort(&txn);
		return say(problem, ERROR_NO_STORE, "the store %s is empty so far", store->dir);
	}
	if (!code && options->writable && !meta_number(&txn, "schema"))
		write_birth(&txn, options->hub ? options->hub : "https://huggingface.co");
	if (!code && !txn.error) {
		code = read_birth(store, &txn, options, problem);
		if (code) {
			txn_abort(&txn);
			return code;
		}
	}
	txn_fail(&txn, code);
	code = txn_commit(&txn);
	return code ? store_fail(store, code, "opening", problem) : ERROR_NONE;
}

int store_open(const struct store_options *options, struct store **store, struct store_problem *problem)
{
	struct store *made = memory_new(sizeof(*made));
	int code = ERROR_NONE;

	made->lock_fd = -1;
	made->dir = memory_text(options->dir, strlen(options->dir));
	if (options->writable && mkdir(options->dir, 0750) != 0 && errno != EEXIST)
		code = store_fail(made, errno, "making the folder", problem);
	if (!code && options->writable)
		code = take_daemon_lock(made, problem);
	if (!code && options->writable)
		code = make_lock_file(made, problem);
	if (!code)
		code = open_environment(made, options, problem);
	if (!code)
		code = open_contents(made, options, problem);
	if (!code && options->writable && made->schema < STORE_SCHEMA) {
		code = migrate(made, made->schema, options, problem);
		made->schema = STORE_SCHEMA;
	}
	if (code)
		store_close(&made);
	*store = made;
	return code;
}

void store_close(struct store **store)
{
	if (!*store)
		return;
	if ((*store)->env)
		mdb_env_close((*store)->env);
	if ((*store)->lock_fd >= 0)
		close((*store)->lock_fd);
	free((*store)->dir);
	free(*store);
	*store = NULL;
}
