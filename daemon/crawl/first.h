/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first evening's part of lane detail: a few pages of the most downloaded models, before a new store's first sweep.
 * So its user sees repos that he knows within minutes. Plain rows: nothing is derived from their order or from absence,
 * and no cursor is kept; a start that was cut off begins again.
 */
#ifndef DAEMON_CRAWL_FIRST_H
#define DAEMON_CRAWL_FIRST_H

#include "daemon/crawl/lane.h"

struct first {
	struct lane_run run; /* first: requests know their lane by it */
	struct projection projection;
	struct buf next;
	int64_t pages; /* that were handed over */
};

void first_init(struct first *first, struct context *context, struct kind_state *kind,
	void (*on_ended)(struct lane_run *run), void *owner);
void first_release(struct first *first);
void first_start(struct first *first);

#endif
