/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lane backfill: license switches from before the first day, out of the commits of chosen repos.
 *
 * One run goes through a list (backfill_list.h), some repos at once. By wish (--backfill) repos that the store does not
 * know are asked for first, an owner's by listing, so that the search has a first look to end at. What a search brought
 * is committed with the note that it was done: a run that was cut off goes on with the rest.
 */
#ifndef DAEMON_CRAWL_BACKFILL_H
#define DAEMON_CRAWL_BACKFILL_H

#include "daemon/crawl/backfill_list.h"
#include "daemon/crawl/history.h"

enum { BACKFILL_AHEAD_MAX = 16 };

/* What --backfill asks for. */
struct backfill_wish {
	struct watch_list names;
	const char *owner; /* NULL: the names */
};

struct backfill;

struct backfill_search {
	struct backfill *lane;
	const struct backfill_item *item; /* NULL: free */
	struct history history;
};

struct backfill {
	struct lane_run run; /* first: requests know their lane by it */
	const struct backfill_wish *wish; /* NULL: as a daemon */
	const struct watch_names *watched; /* of the configuration's watch list; NULL: none */
	struct backfill_list list;
	struct lane_load load;
	bool loaded;             /* the list's names and top are in it */
	unsigned asking, searching;
	size_t next_unknown, next_item;
	struct repo_oid *oids;   /* of rows that were asked for, until they are in the list */
	size_t oid_count, oid_room;
	struct buf owner_url;    /* the next page of the owner's listing; size 0: none */
	unsigned hops, troubles; /* troubles one after the other */
	struct backfill_search search[BACKFILL_AHEAD_MAX];
	/* of this run */
	uint64_t searched, switches, unseen;
};

void backfill_init(struct backfill *backfill, struct context *context, struct kind_state *kind,
	const struct backfill_wish *wish, const struct watch_names *watched, void (*on_ended)(struct lane_run *run),
	void *owner);
void backfill_release(struct backfill *backfill);
void backfill_start(struct backfill *backfill);

#endif
