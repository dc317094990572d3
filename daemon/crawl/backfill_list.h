/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which repos lane backfill searches: made from the store by work items, in the order in which they are asked.
 *
 * As a daemon: the documented ones (documented_table.h), the watch list, the most downloaded. What was searched before is left
 * out, so that a list that is made again goes on where the last one was cut off; what could not be looked at is tried
 * again after a month. By wish (--backfill): the names that were given, or the oids of an owner's repos.
 */
#ifndef DAEMON_CRAWL_BACKFILL_LIST_H
#define DAEMON_CRAWL_BACKFILL_LIST_H

#include <stdatomic.h>

#include "daemon/crawl/watch_list.h"
#include "storage/model/arena.h"
#include "storage/store.h"

struct backfill_item {
	struct repo_oid oid;
	struct slice name;       /* that it bears now */
	uint8_t head[SHA_BYTES]; /* at its first look */
	bool asked;              /* it came by oid */
};

struct backfill_list {
	/* in */
	struct store *store;
	const atomic_bool *stop; /* set: what is loaded will not be used */
	enum repo_kind kind;
	bool wished;
	const struct watch_names *names; /* NULL: none */
	uint32_t top;                    /* so many of the most downloaded; not where wished */
	int64_t now_ms;
	const struct repo_oid *oids;     /* more of them, by wish */
	size_t oid_count;
	/* out; items are added to those that are there */
	struct arena arena;
	struct backfill_item *item;
	size_t count, room;
	struct slice *unknown; /* wished names that the store does not know */
	size_t unknown_count, unknown_room;
	uint64_t before;  /* left out: they were searched earlier */
	uint64_t headless; /* left out: the Hub gave no head commit at the first look */
};

/*
 * Waits for the disk, and walks all rows for the most downloaded: in a work item. Once for names and top, again for oids
 * that have come meanwhile. An error of the store, or 0.
 */
int backfill_list_load(struct backfill_list *list, struct store_problem *problem);
int backfill_list_load_oids(struct backfill_list *list, struct store_problem *problem);
void backfill_list_release(struct backfill_list *list);

#endif
