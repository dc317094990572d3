/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lane confirm: rows that a sweep missed, one request each, before anything is said of them.
 *
 * A batch begins with a canary, a repo that was just listed: if the Hub does not show even that one, its answers prove
 * nothing now and the lane parks. What is not decided stays in the missing table for the next time.
 */
#ifndef DAEMON_CRAWL_CONFIRM_H
#define DAEMON_CRAWL_CONFIRM_H

#include "daemon/crawl/confirm_batch.h"
#include "daemon/crawl/lane.h"

struct confirm {
	struct lane_run run; /* first: requests know their lane by it */
	struct confirm_batch batch;
	uv_work_t load;
	unsigned canary;     /* the one that is asked now */
	unsigned next_row;   /* of the batch, to be asked */
	unsigned asking;     /* requests under way */
	uint64_t undecided;  /* of this run: they are there, or seem so, but did not show themselves */
};

void confirm_init(struct confirm *confirm, struct context *context, struct kind_state *kind,
	void (*on_ended)(struct lane_run *run), void *owner);

/* `listed`: a repo that the last sweep brought, or NULL. */
void confirm_start(struct confirm *confirm, const struct repo_oid *listed);

#endif
