/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lane sweep: a full pass over one kind's listing, oldest first, which is the order of oids.
 *
 * The next request starts when the head with the Link is here; pages are decoded side by side and handed over in order.
 * What a page lacks, the committer finds. A sweep goes on where its cursor in the store stands.
 */
#ifndef DAEMON_CRAWL_SWEEP_H
#define DAEMON_CRAWL_SWEEP_H

#include "daemon/crawl/cursor.h"
#include "daemon/crawl/lane.h"

enum { SWEEP_AHEAD_MAX = 64 };

/* A page that was asked for and is not handed over yet. */
struct sweep_page {
	enum lane_link link;
	bool told;               /* its head has been here */
	struct buf next;         /* LINK_NEXT: what follows it */
	struct request *waiting; /* decoded, before its turn */
};

struct sweep {
	struct lane_run run; /* first: requests know their lane by it */
	struct cursor cursor; /* behind the last page that was handed over */
	uint64_t asked, turn; /* numbers of the next page to ask for, and of the next to hand over */
	struct sweep_page page[SWEEP_AHEAD_MAX]; /* by number */
	struct repo_oid last; /* the newest repo that was listed: good for a canary */
	bool has_last;
};

void sweep_init(struct sweep *sweep, struct context *context, struct kind_state *kind,
	void (*on_ended)(struct lane_run *run), void *owner);
void sweep_release(struct sweep *sweep);
void sweep_start(struct sweep *sweep);

#endif
