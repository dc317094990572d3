/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The crawl: owns the kinds and their lanes, and decides which lane runs when.
 *
 * As a daemon every lane of every kind has a time at which it is due: polls by poll_interval, sweeps by sweep_interval, the
 * watch list by watch_interval, confirmations after a sweep that brought too little, commits behind license records when
 * there are some, texts when a commit notes some that are wanted, backfill after each sweep, parked lanes after park_time.
 * A new store begins with the most downloaded models and the watch list. With `once` each kind runs these, poll, sweep,
 * poll (where the store was new) and confirm after each other, kinds side by side, and the crawl ends.
 *
 * Phases: crawl_new, crawl_start, then on_ended once: by itself (once) or after crawl_stop. Then crawl_free. Loop thread.
 */
#ifndef DAEMON_CRAWL_CRAWL_H
#define DAEMON_CRAWL_CRAWL_H

#include "daemon/crawl/backfill.h"
#include "daemon/crawl/context.h"
#include "daemon/crawl/watch_list.h"

struct crawl_options {
	struct clock *clock;
	const struct config *config; /* reloadable options may change in place, then crawl_reload */
	const struct hub_origin *origin;
	struct store *store;
	struct engine *engine;
	const struct watch_list *watch_list; /* lives as long as the crawl */
	bool has_token, once;
	const struct backfill_wish *backfill; /* nothing but this, then the end, as with once; NULL: all the rest */
	void (*on_ended)(void *owner);
	void *owner;
};

struct crawl;

struct crawl *crawl_new(const struct crawl_options *options);
void crawl_free(struct crawl **crawl);

void crawl_start(struct crawl *crawl);
/* Nothing new is sent; what is here is written. on_ended follows, within a commit's time. */
void crawl_stop(struct crawl *crawl);
void crawl_reload(struct crawl *crawl);

/* After on_ended: whether --once finished everything, or --backfill looked at all it was to. */
bool crawl_is_complete(const struct crawl *crawl);
/* After on_ended: whether --once ended because the Hub had not answered for once_give_up. */
bool crawl_found_no_hub(const struct crawl *crawl);
/* What was said first of it; borrowed. */
const char *crawl_why_incomplete(const struct crawl *crawl);
/* The store refused for good: its error code, 0 if it did not. */
int crawl_store_error(const struct crawl *crawl);

#endif
