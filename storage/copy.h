/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies of a store's file that leave out what is free in it: a backup, and the smaller file of a compaction.
 *
 * A copy is of one snapshot, whole, and written beside whoever writes (LMDB, mdb_env_copyfd2 with MDB_CP_COMPACT): it is
 * the one long reader, and while it goes on pages that are replaced are not used again. It stands under another name until
 * it is whole, verified (verify.h) and synced: what bears the wanted name is never half a copy, nor a damaged one.
 */
#ifndef STORAGE_COPY_H
#define STORAGE_COPY_H

#include "storage/store.h"

struct copy_options {
	const char *to;  /* of a backup */
	bool overwrite;  /* what is called `to` already */
	bool unchecked;  /* what was made gets its name without being verified */
	/* Called a few times a second, on the caller's thread; may be NULL. */
	void (*on_progress)(void *owner, uint64_t done, uint64_t of);
	void *owner;
};

struct copy_result {
	uint64_t bytes_before, bytes_after; /* of the store's file, and of the copy */
};

/*
 * A backup in one file, readable by its owner only. It is marked: the first writer of a store that is restored from it
 * gives it a ledger id of its own (ledger.h). ERROR_OUTPUT: it is there already, ERROR_FULL, ERROR_PERMISSION ...
 */
int store_backup(struct store *store, const struct copy_options *options, struct copy_result *result,
	struct store_problem *problem);

/*
 * A smaller file in the place of the store's; nobody may have it open but the caller, which holds daemon.lock
 * (ERROR_HELD: readers do). `store` shows the old file until it is closed.
 */
int store_compact(struct store *store, const struct copy_options *options, struct copy_result *result,
	struct store_problem *problem);

/* --- readers -------------------------------------------------------------------------------------------------------*/

/* Who reads the store now. */
struct store_readers {
	unsigned count;          /* of slots that hold a snapshot; of this process none */
	unsigned waiting;        /* slots of processes that have it open and hold none at the moment, such as a follower */
	long oldest_process;     /* 0: nobody reads */
	long waiting_process;    /* one of these; 0: none */
	uint64_t oldest_commits; /* how many commits its snapshot is behind: pages freed since are not used again */
};

void store_readers(struct store *store, struct store_readers *readers);
/* The writer's: frees the slots of processes that died, then the same. */
void store_clear_readers(struct store *store, struct store_readers *readers);

#endif
