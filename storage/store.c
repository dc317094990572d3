/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/store.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pthread.h>
#include <pwd.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "storage/daemon_lock.h"
#include "storage/dictionary.h"
#include "storage/ledger.h"
#include "storage/meta.h"
#include "storage/migrate.h"
#include "storage/model/memory.h"
#include "storage/model/new_file.h"

enum { READER_SLOTS = 1024, TABLES_MAX = 40, PATH_BYTES = 4096, DISK_LEAST_BYTES = 1 << 20, GROW_PATIENCE_S = 60 };

/* A cache line of 64 bytes a slot, and what LMDB has before them. */
enum { LOCK_FILE_BYTES = READER_SLOTS * 64 + 4096 };

static const size_t map_default = (size_t)1 << 40, map_smallest = (size_t)1 << 30;

static const char *const table_names[TABLE_COUNT] = {
#define X(constant, name, seal) [constant] = name,
	STORE_TABLES(X)
#undef X
};

struct store {
	MDB_env *env;
	MDB_dbi table[TABLE_COUNT];
	uint8_t table_of[TABLES_MAX + 2]; /* by dbi; LMDB has two of its own */
	atomic_bool sealed;
	int lock_fd;
	uint64_t seed, schema;
	char ledger[STORE_UUID_TEXT];
	char hub[STORE_HUB_MAX];
	char *dir, *file;
	struct dictionaries *dictionaries;
	bool is_single_file;
	pthread_mutex_t mutex; /* of what follows */
	pthread_cond_t idle;   /* no transaction is open */
	pthread_cond_t grown;  /* nobody waits to grow the map any more */
	unsigned open_txns, growers;
	bool map_lost;
};

MDB_env *store_env(const struct store *store)
{
	return store->env;
}

MDB_dbi store_table(const struct store *store, enum store_table table)
{
	return store->table[table];
}

enum store_table store_table_of(const struct store *store, MDB_dbi dbi)
{
	return (enum store_table)store->table_of[dbi];
}

bool store_is_sealed(const struct store *store)
{
	return atomic_load_explicit(&store->sealed, memory_order_relaxed);
}

void store_set_sealed(struct store *store)
{
	atomic_store_explicit(&store->sealed, true, memory_order_relaxed);
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

const char *store_file(const struct store *store)
{
	return store->file;
}

uint64_t store_seed(const struct store *store)
{
	return store->seed;
}

struct dictionaries *store_dictionaries(const struct store *store)
{
	return store->dictionaries;
}

/* --- what went wrong ---------------------------------------------------------------------------------------------- */

static int code_of(int lmdb_code)
{
	switch (lmdb_code) {
	case MDB_SUCCESS: return ERROR_NONE;
	case MDB_MAP_FULL: return ERROR_MAP_FULL;
	case EEXIST: return ERROR_OUTPUT;
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_INVALID:
	case MDB_VERSION_MISMATCH: return ERROR_CORRUPT;
	case MDB_NOTFOUND: return ERROR_NOT_FOUND;
	case ENOSPC:
	case EFBIG: /* a limit on the size of files (ulimit -f, LimitFSIZE=) */
	case EDQUOT: return ERROR_FULL;
	case EACCES:
	case EPERM: return ERROR_PERMISSION;
	case EROFS: return ERROR_READ_ONLY;
	case ENOENT: return ERROR_NO_STORE;
	case EIO: return ERROR_IO;
	case EMFILE:
	case ENFILE:
	case EAGAIN:
	case ENOMEM: return ERROR_RESOURCES;
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

int store_say(struct store_problem *problem, int code, const char *format, ...)
{
	va_list arguments;

	problem->code = code;
	va_start(arguments, format);
	vsnprintf(problem->text, sizeof(problem->text), format, arguments);
	va_end(arguments);
	return code;
}

static const char *user_name(uid_t user, char number[32])
{
	struct passwd *found = getpwuid(user);

	snprintf(number, 32, "%ld", (long)user);
	return found ? found->pw_name : number;
}

static bool is_in_group(gid_t group)
{
	gid_t groups[NGROUPS_MAX + 1];
	int count = getgroups(NGROUPS_MAX + 1, groups);

	for (int i = 0; i < count; i++)
		if (groups[i] == group)
			return true;
	return group == getegid();
}

/* Who may, and how that is changed: each case has its own way. */
static int say_permission(const char *dir, const char *file, struct store_problem *problem)
{
	struct stat about;
	char user_number[32], group_number[32];
	const char *user, *name = group_number;
	struct group *group;

	if (stat(file, &about) != 0 && stat(dir, &about) != 0)
		return store_say(problem, ERROR_PERMISSION, "no permission to look into the folder of the store %s", dir);
	user = user_name(about.st_uid, user_number);
	group = getgrgid(about.st_gid);
	snprintf(group_number, sizeof(group_number), "%ld", (long)about.st_gid);
	if (group)
		name = group->gr_name;
	if (about.st_uid == geteuid() || is_in_group(about.st_gid))
		return store_say(problem, ERROR_PERMISSION, "no permission to open %s (mode %04o, of %s and the group %s): give it back "
			"with chmod, as `systemd/README.md` lists modes", file, (unsigned)about.st_mode & 07777, user, name);
	if (about.st_gid == 0)
		return store_say(problem, ERROR_PERMISSION, "no permission to open %s: it belongs to root. Run this as root (sudo), or "
			"give the store to the user of the service: chown -R relicensed: %s", file, dir);
	return store_say(problem, ERROR_PERMISSION, "no permission to open %s, which belongs to %s: its readers must be in the group "
		"'%s' (usermod -aG %s USER, then log in again)", file, user, name, name);
}

int store_check_owner(const char *dir, bool as_root, struct store_problem *problem)
{
	struct stat about;
	char number[32];
	const char *user;

	if (as_root || geteuid() != 0 || stat(dir, &about) != 0 || about.st_uid == 0)
		return ERROR_NONE;
	user = user_name(about.st_uid, number);
	return store_say(problem, ERROR_PERMISSION, "the store %s belongs to %s: run this as that user (sudo -u %s%s ...), not as root; "
		"or set RELICENSED_AS_ROOT=1, or give the store to root (chown -R)", dir, user, user[0] >= '0' && user[0] <= '9' ? "'#'" : "",
		user);
}

/* LMDB would follow it, and write at the end of it. A file that is not there is no matter here. */
static int check_no_link(const char *path, struct store_problem *problem)
{
	struct stat about;

	if (lstat(path, &about) != 0 || S_ISREG(about.st_mode))
		return ERROR_NONE;
	return store_say(problem, ERROR_PERMISSION, "%s is %s: remove it, if nobody put it there on purpose", path,
		S_ISLNK(about.st_mode) ? "a link, which is not followed" : "no regular file");
}

int store_fail_file(const char *dir, int error, const char *file, struct store_problem *problem)
{
	if (error == EACCES || error == EPERM)
		return say_permission(dir, file, problem);
	if (error == ELOOP)
		return check_no_link(file, problem);
	if (error == ENOSPC || error == EFBIG || error == EDQUOT || error == EROFS)
		return store_say(problem, code_of(error), "%s: %s (%s)", file, error_text(code_of(error)), strerror(error));
	return store_say(problem, code_of(error), "%s: %s", file, strerror(error));
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

/*
 * Nobody writes in a backup, and it may lie where nobody can: reading it needs no slot. One is a single file, or a folder in
 * which no daemon ever held daemon.lock.
 */
static unsigned flags_of(const struct store *store, bool writable)
{
	if (writable)
		return MDB_NOTLS;
	if (store->is_single_file)
		return MDB_NOTLS | MDB_RDONLY | MDB_NOSUBDIR | MDB_NOLOCK;
	return MDB_NOTLS | MDB_RDONLY | (daemon_lock_exists(store->dir) ? 0 : MDB_NOLOCK);
}

static int try_environment(struct store *store, const struct store_options *options, size_t map_bytes)
{
	int code = mdb_env_create(&store->env);

	if (!code)
		code = mdb_env_set_mapsize(store->env, map_bytes);
	if (!code)
		code = mdb_env_set_maxreaders(store->env, READER_SLOTS);
	if (!code)
		code = mdb_env_set_maxdbs(store->env, TABLES_MAX);
	if (!code)
		code = mdb_env_open(store->env, store->is_single_file ? store->file : store->dir,
			flags_of(store, options->writable), 0640);
	if (code && store->env) {
		mdb_env_close(store->env);
		store->env = NULL;
	}
	return code;
}

/* One that another user made, as by a tool that was run as root; not removed here: its maker may still read. */
static int fail_lock_file(const struct store *store, const char *path, int error, struct store_problem *problem)
{
	struct stat about;
	char number[32];

	if ((error != EACCES && error != EPERM) || lstat(path, &about) != 0 || about.st_uid == geteuid())
		return store_fail_file(store->dir, error, path, problem);
	return store_say(problem, ERROR_PERMISSION, "%s belongs to %s, and cannot be written: remove it while nobody reads the store "
		"(rm %s), it is made anew", path, user_name(about.st_uid, number), path);
}

/*
 * A reader's: LMDB would make a missing lock file, of the reader's own user and mode, and lock out the writer. Root makes it
 * as the writer would; whoever may not write in the folder is told. Copies in which no daemon ever was need none.
 */
static int find_lock_file(const struct store *store, struct store_problem *problem)
{
	char path[PATH_BYTES];
	struct stat folder;
	int file, error = 0;

	snprintf(path, sizeof(path), "%s/lock.mdb", store->dir);
	if (access(path, F_OK) == 0 || errno != ENOENT || !daemon_lock_exists(store->dir))
		return check_no_link(path, problem);
	file = stat(store->dir, &folder) == 0 ? open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0660) : -1;
	if (file < 0 && (errno == EEXIST || errno == EROFS))
		return ERROR_NONE;
	if (file < 0 && (errno == EACCES || errno == EPERM))
		return store_say(problem, ERROR_PERMISSION, "%s is missing (removed, or left out by a copy), and only %s may make it: start "
			"relicensed once, or run this as that user", path, user_name(folder.st_uid, (char[32]){ 0 }));
	if (file < 0)
		return store_fail_file(store->dir, errno, path, problem);
	if (fchown(file, folder.st_uid, folder.st_gid) || fchmod(file, 0660))
		error = errno;
	close(file);
	if (error)
		unlink(path);
	return error ? store_fail_file(store->dir, error, path, problem) : ERROR_NONE;
}

/*
 * Readers and we write our slots through the map of lock.mdb: on a full disk a first touch of its pages would be SIGBUS,
 * so they are taken here. Before LMDB opens the file: closing it later would drop the locks that LMDB has on it.
 */
static int make_lock_file(const struct store *store, struct store_problem *problem)
{
	char path[PATH_BYTES];
	struct stat about;
	int file, error = 0;

	snprintf(path, sizeof(path), "%s/lock.mdb", store->dir);
	file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0660);
	if (file < 0)
		return fail_lock_file(store, path, errno, problem);
	if (((fstat(file, &about) != 0 || (about.st_mode & 0777) != 0660) && fchmod(file, 0660) != 0) ||
		(fallocate(file, FALLOC_FL_KEEP_SIZE, 0, LOCK_FILE_BYTES) != 0 && errno != EOPNOTSUPP && errno != ENOSYS))
		error = errno;
	close(file);
	return error ? store_fail(store, error, "lock.mdb", problem) : ERROR_NONE;
}

/*
 * On a read-only mount LMDB reads without a slot, which is safe only where nobody writes: a daemon that holds the store
 * does so through another mount, and would use pages again that we still read.
 */
static int check_mount(const struct store *store, struct store_problem *problem)
{
	char holder[LOCK_HOLDER_BYTES];
	struct statvfs about;

	if (statvfs(store->dir, &about) || !(about.f_flag & ST_RDONLY) ||
		daemon_lock_ask(store->dir, holder) != LOCK_HELD)
		return ERROR_NONE;
	return store_say(problem, ERROR_PERMISSION,
		"the store %s is mounted read-only here, and %s writes in it elsewhere: readers must be able to write lock.mdb; "
		"mount it writable, or read a backup", store->dir, holder);
}

/* LMDB would take it for one that is to be made. */
static int say_empty(const struct store *store, struct store_problem *problem)
{
	return store_say(problem, ERROR_CORRUPT, "%s is empty: it was cut off. Put a backup in its place; or remove it, to begin "
		"a ledger anew", store->file);
}

/* Of a reader. A link is followed here: it changes nothing. */
static int check_data_file(const struct store *store, struct store_problem *problem)
{
	struct stat about;

	if (stat(store->file, &about) != 0)
		return errno == EACCES ? say_permission(store->dir, store->dir, problem) :
					 store_say(problem, ERROR_NO_STORE, "there is no store in %s: name its folder with --store, or let "
						 "relicensed make one", store->dir);
	if (!S_ISREG(about.st_mode))
		return store_say(problem, ERROR_CORRUPT, "%s is no regular file, but %s", store->file,
			S_ISDIR(about.st_mode) ? "a folder" : "a device or a pipe");
	return about.st_size ? ERROR_NONE : say_empty(store, problem);
}

/* Which of the files LMDB was not allowed to open. */
static const char *refused_file(const struct store *store, bool writable, char lock[PATH_BYTES])
{
	snprintf(lock, PATH_BYTES, "%s/lock.mdb", store->dir);
	return access(store->file, writable ? R_OK | W_OK : R_OK) != 0 ? store->file : lock;
}

static int open_environment(struct store *store, const struct store_options *options, struct store_problem *problem)
{
	size_t map_bytes = map_bytes_of(options);
	char lock[PATH_BYTES];
	int code = options->writable ? ERROR_NONE : check_mount(store, problem);

	if (code)
		return code;
	code = options->writable ? check_no_link(store->file, problem) : check_data_file(store, problem);
	if (!code && !options->writable && !store->is_single_file)
		code = find_lock_file(store, problem);
	if (code)
		return code;
	/* Address space can be short without a limit that says so: ENOMEM on small machines, EINVAL under valgrind. */
	while ((code = try_environment(store, options, map_bytes)) != 0 && (code == ENOMEM || code == EINVAL) &&
		map_bytes > map_smallest)
		map_bytes /= 4;
	if (code == EACCES || code == EPERM)
		return say_permission(store->dir, refused_file(store, options->writable, lock), problem);
	return code ? store_fail(store, code, "opening", problem) : ERROR_NONE;
}

/*
 * lock.mdb says which transaction was the newest, as long as anybody has it open. Where a backup was put in the place of
 * data.mdb while a reader had the old one open, that is another one than the file's, and a write would take the wrong meta
 * page for the newest.
 *
 * A daemon that was killed between the meta page and its note in lock.mdb leaves the same picture, but it died with the
 * writer's mutex: whoever takes that next is told so, and LMDB writes the note anew. A write transaction is therefore begun
 * before the two are compared. It bears the number after the newest.
 */
static int check_lock_file(struct store *store, struct store_problem *problem)
{
	MDB_envinfo info;
	struct txn txn;
	size_t own;
	int code = txn_begin(store, true, &txn);

	if (code)
		return store_fail(store, code, "opening", problem);
	own = mdb_txn_id(txn.lmdb);
	code = mdb_env_info(store->env, &info);
	txn_abort(&txn);
	if (code || info.me_last_txnid + 1 == own)
		return ERROR_NONE;
	return store_say(problem, ERROR_HELD,
		"the store %s was replaced while a reader had the old one open: end its readers, then start again", store->dir);
}

/*
 * What an older daemon wrote lacks the tables that came since: a reader takes them for empty. All tables are made in the
 * transaction that makes the store: where there is no meta, there is no store yet.
 */
static int open_tables(struct store *store, struct txn *txn, bool writable)
{
	for (unsigned i = 0; i < TABLE_COUNT && !txn->error; i++) {
		txn->error = mdb_dbi_open(txn->lmdb, table_names[i], writable ? MDB_CREATE : 0, &store->table[i]);
		if (!txn->error)
			store->table_of[store->table[i]] = (uint8_t)i;
		if (txn->error != MDB_NOTFOUND)
			continue;
		store->table[i] = STORE_NO_TABLE;
		txn->error = i == TABLE_META ? ENOENT : 0;
	}
	return txn->error;
}

static void write_birth(struct txn *txn, const char *hub)
{
	char ledger[STORE_UUID_TEXT];
	uint64_t seed;

	ledger_make_id(ledger);
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
		return store_say(problem, ERROR_SCHEMA_NEWER, "the store %s was written by a newer relicensed: use that one", store->dir);
	if (!schema)
		return store_say(problem, ERROR_CORRUPT, "%s holds an LMDB environment, but no store of relicensed", store->dir);
	store->schema = schema;
	copy_text(meta_text(txn, "ledger"), store->ledger, sizeof(store->ledger));
	copy_text(meta_text(txn, "hub"), store->hub, sizeof(store->hub));
	store->seed = meta_number(txn, "seed");
	if (options->hub && !same_hub(options->hub, store->hub))
		return store_say(problem, ERROR_OTHER_HUB, "the store belongs to the Hub %s, not to %s: give each Hub its own --store",
			store->hub, options->hub);
	return ERROR_NONE;
}

/* A newer program may check otherwise. */
static bool is_meta_good(struct txn *txn, const struct store_options *options)
{
	uint64_t schema = meta_number(txn, "schema");

	return options->damaged_too || !schema || schema > STORE_SCHEMA || meta_is_sealed(txn);
}

static int open_contents(struct store *store, const struct store_options *options, struct store_problem *problem)
{
	struct txn txn;
	int code = txn_begin(store, options->writable, &txn);

	if (!code)
		code = open_tables(store, &txn, options->writable);
	if (code == ENOENT) {
		txn_abort(&txn);
		return store_say(problem, ERROR_NO_STORE, "the store %s is empty so far", store->dir);
	}
	if (!code && !is_meta_good(&txn, options)) {
		txn_abort(&txn);
		return store_say(problem, ERROR_CORRUPT, "the store %s is damaged (its table meta): `relicense verify` names what "
			"else is; put a backup in its place", store->dir);
	}
	if (!code && options->writable && !meta_number(&txn, "schema"))
		write_birth(&txn, options->hub ? options->hub : "https://huggingface.co");
	if (!code && options->writable)
		ledger_take_over(&txn);
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

static char *join_path(const char *dir, const char *name)
{
	char path[PATH_BYTES];
	int size = snprintf(path, sizeof(path), "%s/%s", dir, name);

	return memory_text(path, (size_t)size < sizeof(path) ? (size_t)size : sizeof(path) - 1);
}

/* A folder with data.mdb in it; for readers also that very file, or a backup under any name. */
static void find_place(struct store *store, const struct store_options *options)
{
	static const char usual[] = "/data.mdb";
	size_t size = strlen(options->dir);
	struct stat about;

	if (!options->writable && stat(options->dir, &about) == 0 && S_ISREG(about.st_mode)) {
		store->file = memory_text(options->dir, size);
		if (size >= sizeof(usual) && strcmp(options->dir + size - (sizeof(usual) - 1), usual) == 0)
			size -= sizeof(usual) - 1;
		else
			store->is_single_file = true;
	}
	store->dir = memory_text(options->dir, size);
	if (!store->file)
		store->file = join_path(options->dir, "data.mdb");
}

/*
 * Where there is none: made under another name, so that an empty data.mdb is never one that was being made. LMDB's own
 * first pages go in at once.
 */
static int make_data_file(const struct store *store, struct store_problem *problem)
{
	struct new_file file = NEW_FILE_NONE;
	struct stat about;
	char fresh[PATH_BYTES];
	MDB_env *env = NULL;
	int code;

	if (lstat(store->file, &about) == 0)
		return S_ISREG(about.st_mode) && !about.st_size ? say_empty(store, problem) : check_no_link(store->file, problem);
	snprintf(fresh, sizeof(fresh), "%s/" STORE_COMPACT_FILE, store->dir);
	code = new_file_open_as(&file, store->file, fresh, 0640);
	if (!code)
		code = mdb_env_create(&env);
	if (!code)
		code = mdb_env_open(env, fresh, MDB_NOSUBDIR | MDB_NOLOCK, 0640);
	if (env)
		mdb_env_close(env);
	if (!code)
		code = new_file_keep(&file, NEW_FILE_IS_FIRST);
	new_file_close(&file);
	return code > 0 ? store_fail_file(store->dir, code, store->file, problem) :
	       code     ? store_fail(store, code, "making the file", problem) :
			  ERROR_NONE;
}

static int open_for_writing(struct store *store, const struct store_options *options, struct store_problem *problem)
{
	char path[PATH_BYTES];
	int code = store_check_owner(store->dir, options->as_root, problem);

	if (!code && mkdir(store->dir, 0750) != 0 && errno != EEXIST)
		code = store_fail(store, errno, "making the folder", problem);
	if (!code)
		code = daemon_lock_take(store->dir, "relicensed", &store->lock_fd, problem);
	if (!code)
		code = make_lock_file(store, problem);
	if (!code)
		code = make_data_file(store, problem);
	/* What a compaction that was killed has left. */
	snprintf(path, sizeof(path), "%s/" STORE_COMPACT_FILE, store->dir);
	if (!code)
		unlink(path);
	return code;
}

/* Also one of today's schema whose values are not all sealed yet: the daemon was killed over it. */
static bool is_older(struct store *store)
{
	struct txn txn;

	if (store->schema == STORE_SCHEMA && txn_begin(store, false, &txn) == 0)
		txn_abort(&txn);
	return !store_is_sealed(store);
}

int store_open(const struct store_options *options, struct store **store, struct store_problem *problem)
{
	struct store *made = memory_new(sizeof(*made));
	int code = ERROR_NONE, dead;

	made->lock_fd = -1;
	for (unsigned i = 0; i < TABLE_COUNT; i++)
		made->table[i] = STORE_NO_TABLE;
	made->dictionaries = dictionaries_new(made);
	pthread_mutex_init(&made->mutex, NULL);
	pthread_cond_init(&made->idle, NULL);
	pthread_cond_init(&made->grown, NULL);
	find_place(made, options);
	if (options->writable)
		code = open_for_writing(made, options, problem);
	if (!code)
		code = open_environment(made, options, problem);
	if (!code && options->writable)
		code = mdb_reader_check(made->env, &dead) ? ERROR_NONE : check_lock_file(made, problem);
	if (!code)
		code = open_contents(made, options, problem);
	if (!code && options->writable && is_older(made)) {
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
	dictionaries_free(&(*store)->dictionaries);
	if ((*store)->env)
		mdb_env_close((*store)->env);
	daemon_lock_release(&(*store)->lock_fd);
	pthread_mutex_destroy(&(*store)->mutex);
	pthread_cond_destroy(&(*store)->idle);
	pthread_cond_destroy(&(*store)->grown);
	free((*store)->file);
	free((*store)->dir);
	free(*store);
	*store = NULL;
}

/* --- the map ------------------------------------------------------------------------------------------------------ */

int store_enter(struct store *store)
{
	int code;

	pthread_mutex_lock(&store->mutex);
	code = store->map_lost ? ERROR_MAP_LOST : ERROR_NONE;
	store->open_txns += !code;
	pthread_mutex_unlock(&store->mutex);
	return code;
}

void store_leave(struct store *store)
{
	pthread_mutex_lock(&store->mutex);
	if (--store->open_txns == 0)
		pthread_cond_signal(&store->idle);
	pthread_mutex_unlock(&store->mutex);
}

void store_let_grow(struct store *store)
{
	pthread_mutex_lock(&store->mutex);
	while (store->growers)
		pthread_cond_wait(&store->grown, &store->mutex);
	pthread_mutex_unlock(&store->mutex);
}

/* LMDB lets the old map go before it takes the new one: whether that will fit has to be known before. */
static bool is_space_for(size_t more)
{
	static const size_t spare = (size_t)16 << 20;
	void *space = mmap(NULL, more + spare, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (space == MAP_FAILED)
		return false;
	munmap(space, more + spare);
	return true;
}

/* Twice as much, or what there is; with no transaction open. */
static int grow_map(struct store *store, struct store_problem *problem)
{
	MDB_envinfo info;
	size_t more, pages = (size_t)sysconf(_SC_PAGESIZE);
	int code = mdb_env_info(store->env, &info);

	for (more = info.me_mapsize; !code && more >= info.me_mapsize / 8; more /= 2) {
		if (!is_space_for(more))
			continue;
		code = mdb_env_set_mapsize(store->env, (info.me_mapsize + more) / pages * pages);
		store->map_lost = code != 0;
		return code ? store_fail(store, ERROR_MAP_LOST, "growing", problem) : ERROR_NONE;
	}
	return store_say(problem, ERROR_MAP_FULL, "the store %s has filled its map of %zu MiB, and the system gives no more "
		"address space: raise the limit (ulimit -v, LimitAS=)", store->dir, info.me_mapsize >> 20);
}

int store_grow(struct store *store, struct store_problem *problem)
{
	struct timespec until;
	int code, late = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += GROW_PATIENCE_S;
	pthread_mutex_lock(&store->mutex);
	store->growers++;
	while (store->open_txns && !late)
		late = pthread_cond_timedwait(&store->idle, &store->mutex, &until);
	if (store->open_txns)
		code = store_fail(store, MDB_MAP_FULL, "growing beside open readers", problem);
	else
		code = grow_map(store, problem);
	if (--store->growers == 0)
		pthread_cond_broadcast(&store->grown);
	pthread_mutex_unlock(&store->mutex);
	return code;
}

int store_follow_size(struct store *store)
{
	int code = MDB_MAP_RESIZED;

	pthread_mutex_lock(&store->mutex);
	if (store->lock_fd < 0 && store->open_txns <= 1)
		code = mdb_env_set_mapsize(store->env, 0);
	pthread_mutex_unlock(&store->mutex);
	return code;
}
