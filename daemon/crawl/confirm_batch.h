/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one batch of confirmations asks for: missing rows that are due, in groups by their owner, and repos that should be
 * there (canaries). Read from the store by a work item; the names live in the batch's arena.
 *
 * A row that was asked for in vain rests before it is due again (storage/model/rest.h).
 */
#ifndef DAEMON_CRAWL_CONFIRM_BATCH_H
#define DAEMON_CRAWL_CONFIRM_BATCH_H

#include "daemon/crawl/confirm_group.h"
#include "storage/reader.h"

enum {
	CONFIRM_ROWS = 4096,
	CONFIRM_OWNER_ROWS = 50, /* so many of one owner are judged together */
	CONFIRM_GROUPS = CONFIRM_ROWS / CONFIRM_OWNER_ROWS + 1,
	CONFIRM_CANARIES = 3,
};

struct confirm_batch {
	/* in */
	struct store *store;
	enum repo_kind kind;
	int64_t now_ms, pause_ms;
	struct repo_oid from; /* the first row to look at; moved behind the last one */
	struct repo_oid listed; /* a repo that was just listed; zero: none known */
	/* out */
	bool at_end; /* no missing row is left behind `from` */
	size_t count, group_count;
	unsigned canaries;
	struct missing_repo *row; /* by group */
	struct confirm_group group[CONFIRM_GROUPS];
	struct missing_repo canary[CONFIRM_CANARIES];
	struct arena arena;
};

/* Waits for the disk: in a work item. What was loaded before goes. An error of the store, or 0. */
int confirm_batch_load(struct confirm_batch *batch, struct store_problem *problem);
void confirm_batch_release(struct confirm_batch *batch);

/* The part before the slash; size 0 where there is none. */
struct slice owner_of(struct slice name);

#endif
