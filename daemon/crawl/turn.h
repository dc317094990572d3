/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may send next: requests queue here until the quota lets one go and the writer has room for its answer.
 *
 * The queue is ordered by priority, then by arrival. Loop thread only.
 */
#ifndef DAEMON_CRAWL_TURN_H
#define DAEMON_CRAWL_TURN_H

#include "daemon/crawl/lane_table.h"
#include "daemon/run/clock.h"
#include "daemon/transfer/quota.h"

struct writer;

/* A request's place in the queue; embedded in it. */
struct turn_place {
	struct turn_place *before, *after;
	void (*on_turn)(struct turn_place *place);
	void *owner;
	unsigned priority;
	bool needs_room, queued;
};

struct turn {
	struct clock *clock;
	struct clock_timer timer;
	struct writer *writer;
	struct quota quota; /* of the bucket "api" */
	struct turn_place *first[PRIORITY_LAST + 1], *last[PRIORITY_LAST + 1];
	bool running;
};

void turn_init(struct turn *turn, struct clock *clock, struct writer *writer, int64_t share_percent, int64_t rate);
void turn_stop(struct turn *turn);

/*
 * True: it may go now, and room for its answer is reserved where it needs that. False: on_turn tells when.
 * Either way quota_sent is done with it, and the caller owes turn_ended().
 */
bool turn_take(struct turn *turn, struct turn_place *place);
void turn_leave(struct turn *turn, struct turn_place *place);

/* The answer is here (news as in quota_ended) or none comes. */
void turn_ended(struct turn *turn, const struct quota_news *news);
/* Something changed that the queue may have waited for: room, quota, configuration. */
void turn_run(struct turn *turn);

#endif
