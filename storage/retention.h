/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lets go of old metadata that no license question needs.
 *
 * A version that was brought by metadata.changed alone says of license, name, access and lineage what the version before
 * it said. Once it has been superseded for longer than the operator wants to keep it, its frame is dropped: what stays is
 * its row, times and commit, the hash of its metadata and when they were dropped; readers get the version before it that
 * was kept, and are told (struct snapshot). The first version, the newest, every 16th (others lean on it) and all that
 * another event tells of stay, as do all records and statements. The next version that leaned on it is packed again.
 */
#ifndef STORAGE_RETENTION_H
#define STORAGE_RETENTION_H

#include "storage/reader.h"

/* A pass over all rows, some at a time; its place is kept in the store (meta, "retention"). Zero begins one. */
struct retention {
	bool ended;
	enum repo_kind kind;
	struct repo_oid next;
	int64_t began_ms;
	uint64_t dropped; /* versions, so far */
	uint64_t damaged; /* repos that cannot be read, so far: they are passed over, verify names them */
};

/* Where the newest pass stands; zero where there was none. An error of the store, or 0. */
int retention_load(struct store *store, struct retention *pass, struct store_problem *problem);

/*
 * The next rows of a pass, in one transaction of some ten milliseconds: versions that were superseded before `before_ms`
 * are dropped, as of `now_ms`. A full map grows. For the one writer of the store, off the loop, while it has no transaction
 * open.
 */
int retention_step(struct store *store, int64_t before_ms, int64_t now_ms, struct retention *pass, struct store_problem *problem);

#endif
