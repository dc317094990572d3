/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one batch of confirmations asks for: missing rows with their names, and repos that should be there (canaries).
 * Read from the store by a work item.
 */
#ifndef DAEMON_CRAWL_CONFIRM_BATCH_H
#define DAEMON_CRAWL_CONFIRM_BATCH_H

#include "storage/model/row.h"
#include "storage/store.h"

enum { CONFIRM_ROWS = 64, CONFIRM_CANARIES = 3 };

struct named_repo {
	struct repo_oid oid;
	char name[ROW_NAME_MAX + 1];
	unsigned name_bytes;
	unsigned hops; /* redirects followed so far */
};

struct confirm_batch {
	/* in */
	struct store *store;
	enum repo_kind kind;
	struct repo_oid from; /* the first row to look at; moved behind the last one */
	struct repo_oid listed; /* a repo that was just listed; zero: none known */
	/* out */
	int error;
	struct store_problem problem;
	bool at_end; /* no missing row is left behind `from` */
	unsigned count, canaries;
	struct named_repo row[CONFIRM_ROWS];
	struct named_repo canary[CONFIRM_CANARIES];
};

/* Waits for the disk: in a work item. */
void confirm_batch_load(struct confirm_batch *batch);

#endif
