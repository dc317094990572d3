/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store: one LMDB environment in one folder. Both programs open it here, so that they open it alike.
 *
 * The folder holds data.mdb (group-readable), lock.mdb (group-writable: a reader writes its slot) and daemon.lock, on
 * which the one writer holds a flock. No MDB_WRITEMAP (a full disk would be SIGBUS), never MDB_NOSYNC, MDB_NOTLS, 1,024
 * reader slots. The map is address space, not memory.
 *
 * A store is opened once per process and shared by its threads. A write transaction begins and ends in one work item
 * (committer.h), read transactions are short (reader.h). Nothing here logs: a failure is a code of model/error.h plus a
 * sentence for people in struct store_problem.
 */
#ifndef STORAGE_STORE_H
#define STORAGE_STORE_H

#include <lmdb.h>
#include <signal.h>

#include "storage/model/error.h"
#include "storage/model/field.h"

/* What `compact` writes before it takes the place of data.mdb. */
#define STORE_COMPACT_FILE "data.mdb.compact"

/* What came with which: migrate.h. Readers read every older schema as it is, the writer migrates it when it opens. */
enum { STORE_SCHEMA = 3, STORE_SCHEMA_TERMS = 2, STORE_SCHEMA_SEALED = 3, STORE_UUID_TEXT = 37, STORE_HUB_MAX = 256 };

enum store_seal {
	SEAL_OWN,   /* its values have a check of their own, or there are none: a key that is damaged is missed by verify */
	SEAL_VALUE, /* a check word stands after each value: seal.h */
};

/* X(constant, name, seal): one named table a line; storage/README.md draws keys and values */
#define STORE_TABLES(X) \
	X(TABLE_REPO_MODEL, "repo.model", SEAL_OWN) \
	X(TABLE_REPO_DATASET, "repo.dataset", SEAL_OWN) \
	X(TABLE_REPO_SPACE, "repo.space", SEAL_OWN) \
	X(TABLE_NAME, "name", SEAL_VALUE) \
	X(TABLE_SNAPSHOT, "snapshot", SEAL_OWN) \
	X(TABLE_CHANGE, "change", SEAL_VALUE) \
	X(TABLE_CHANGE_TIME, "change.time", SEAL_OWN) \
	X(TABLE_CHANGE_REPO, "change.repo", SEAL_OWN) \
	X(TABLE_CHANGE_TERM, "change.term", SEAL_VALUE) \
	X(TABLE_RECEIPT, "receipt", SEAL_VALUE) \
	X(TABLE_EVIDENCE, "evidence", SEAL_VALUE) \
	X(TABLE_BACKFILL, "backfill", SEAL_VALUE) \
	X(TABLE_STATEMENT, "statement", SEAL_VALUE) \
	X(TABLE_STATEMENT_HASH, "statement.hash", SEAL_OWN) \
	X(TABLE_LOOK, "look", SEAL_VALUE) \
	X(TABLE_MISSING, "missing", SEAL_VALUE) \
	X(TABLE_DAMAGE, "damage", SEAL_VALUE) \
	X(TABLE_COUNTER, "counter", SEAL_OWN) \
	X(TABLE_TEXT, "text", SEAL_VALUE) \
	X(TABLE_TEXT_REPO, "text.repo", SEAL_OWN) \
	X(TABLE_DETAIL, "detail", SEAL_VALUE) \
	X(TABLE_DICTIONARY, "dictionary", SEAL_OWN) \
	X(TABLE_PROJECTION, "projection", SEAL_VALUE) \
	X(TABLE_CURSOR, "cursor", SEAL_VALUE) \
	X(TABLE_META, "meta", SEAL_OWN)

enum store_table {
#define X(constant, name, seal) constant,
	STORE_TABLES(X)
#undef X
	TABLE_COUNT
};

struct store_options {
	const char *dir;  /* or, for reading, a backup that is a single file */
	bool writable;    /* the daemon: takes daemon.lock, creates what is missing, gives a backup a ledger id of its own */
	size_t map_bytes; /* to begin with, it grows; 0: 1 TiB, less where the address space is limited */
	const char *hub;  /* writable only: origin of the Hub; a store belongs to one Hub and refuses another */
	/* writable only: called now and then while an older store is migrated; may be NULL */
	void (*on_migrating)(void *owner, uint64_t done, uint64_t of);
	void *owner;
	bool as_root;     /* writable, and the caller is root: also where the store belongs to somebody else */
	bool damaged_too; /* verify: opened also where the check over meta does not fit */
	const volatile sig_atomic_t *stop; /* writable only, may be NULL. Set: a migration ends before its next step, as ERROR_STOPPED */
};

struct store_problem {
	int code;
	char text[512]; /* a whole sentence: what, where, what to do */
};

struct store;

/* ERROR_NO_STORE, ERROR_HELD, ERROR_PERMISSION, ERROR_SCHEMA_NEWER, ERROR_CORRUPT, ERROR_FULL, ERROR_LMDB ... */
int store_open(const struct store_options *options, struct store **store, struct store_problem *problem);
void store_close(struct store **store);

MDB_env *store_env(const struct store *store);
/* What store_table gives a reader for a table that the store does not have yet: an older daemon wrote it. */
#define STORE_NO_TABLE ((MDB_dbi)-1)
MDB_dbi store_table(const struct store *store, enum store_table table);
enum store_table store_table_of(const struct store *store, MDB_dbi dbi); /* the other way round, of one that is open */
MDB_dbi store_repo_table(const struct store *store, enum repo_kind kind);
const char *store_ledger(const struct store *store); /* uuid, new for a new store */
const char *store_hub(const struct store *store);
const char *store_dir(const struct store *store);
uint64_t store_schema(const struct store *store); /* as it was opened: a reader may meet an older one */
const char *store_file(const struct store *store); /* the path of data.mdb */
/* All values are sealed (seal.h), and stay so: transactions need not look any more. Any thread. */
bool store_is_sealed(const struct store *store);
void store_set_sealed(struct store *store);
uint64_t store_seed(const struct store *store); /* of the stable hashes: random, secret */
struct dictionaries *store_dictionaries(const struct store *store); /* dictionary.h */

/*
 * Counts the open transactions of this process, since the map can grow only where there is none. txn.c alone calls these
 * two: every transaction on the store is a struct txn. store_enter fails with ERROR_MAP_LOST once the map is lost.
 */
int store_enter(struct store *store);
void store_leave(struct store *store);
/*
 * Waits until nobody waits to grow the map. Threads that read again and again (preparers) call it before each transaction:
 * otherwise one of many would always be open, and the writer could never grow. Not on the loop thread, and not with a
 * transaction open.
 */
void store_let_grow(struct store *store);
/*
 * After MDB_MAP_FULL, when the write transaction has ended: doubles the map, or takes what address space there is, at least
 * an eighth more. Waits up to a minute until no transaction of the process is open. ERROR_MAP_FULL: they did not end, or the
 * system gives no more.
 */
int store_grow(struct store *store, struct store_problem *problem);
/*
 * After MDB_MAP_RESIZED: another process has let the store grow beyond our map, which takes its size now. Only for a
 * store that is open for reading, and where no other transaction than the one that is about to begin (store_enter) is open
 * in the process: its pages would go. 0, or LMDB's code.
 */
int store_follow_size(struct store *store);

/* An LMDB code as one of ours, and what it means here. */
int store_fail(const struct store *store, int lmdb_code, const char *doing, struct store_problem *problem);
/* The same of a system call on a file of the store in `dir`; who lacks permission is told the group that has it. */
int store_fail_file(const char *dir, int error, const char *file, struct store_problem *problem);
/* ERROR_PERMISSION where root would write in what belongs to another user: files of his that are root's lock him out. */
int store_check_owner(const char *dir, bool as_root, struct store_problem *problem);
__attribute__((format(printf, 3, 4))) int store_say(struct store_problem *problem, int code, const char *format, ...);

#endif
