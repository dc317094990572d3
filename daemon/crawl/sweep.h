/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lane sweep: a full pass over one kind's listing, oldest first, which is the order of oids.
 *
 * The next request starts when the head with the Link is here; pages are decoded side by side and handed over in order.
 * What a page lacks, the committer finds. A sweep goes on where its cursor in the store stands.
 *
 * With sweep_segments the listing is cut into that many stretches of about equally many known rows, each walked like a
 * listing of its own; the one cursor in the store holds all their places. A segment begins with a cursor made here
 * (daemon/hub/oid_cursor.h): where what the Hub brings does not lie behind it, sweeps of this kind go back to one segment
 * until the daemon starts again.
 *
 * A row that cannot be read even by itself is passed over (lane_skip.h). If the page behind it does not come either, it is
 * not the row: the lane parks.
 */
#ifndef DAEMON_CRAWL_SWEEP_H
#define DAEMON_CRAWL_SWEEP_H

#include "daemon/crawl/cursor.h"
#include "daemon/crawl/lane_skip.h"
#include "daemon/crawl/sweep_end.h"

enum { SWEEP_AHEAD_MAX = 64 };

/* A page that was asked for and is not handed over yet. */
struct sweep_page {
	enum lane_link link;     /* LINK_NONE: the segment's last */
	bool told;               /* its head has been here */
	bool beyond;             /* LINK_NONE: the listing goes on, in the next segment */
	struct buf next;         /* LINK_NEXT: what follows it */
	struct request *waiting; /* decoded, before its turn */
};

/* Where a segment's next page comes from, and its end, stand in the cursor. */
struct sweep_walk {
	uint64_t asked, turn; /* numbers of the next page to ask for, and of the next to hand over */
	bool done;
	struct sweep_page page[SWEEP_AHEAD_MAX]; /* by number */
};

struct sweep {
	struct lane_run run; /* first: requests know their lane by it */
	struct cursor cursor; /* behind the last pages that were handed over */
	unsigned count;       /* of segments */
	struct sweep_walk walk[SWEEP_SEGMENTS_MAX];
	bool whole;           /* segments were tried, and this Hub does not walk them */
	struct lane_skip skip;
	unsigned skip_segment;
	struct repo_oid last; /* the newest repo that was listed: good for a canary */
	bool has_last;
	struct sweep_end end;
	bool names_no_rows;   /* a page was met without a single usable _id, and that was logged */
};

void sweep_init(struct sweep *sweep, struct context *context, struct kind_state *kind,
	void (*on_ended)(struct lane_run *run), void *owner);
void sweep_release(struct sweep *sweep);
void sweep_start(struct sweep *sweep);

#endif
