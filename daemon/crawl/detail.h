/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lane detail: the license files and cards of repos that stand in the to-do table, many repos side by side.
 *
 * A file is asked for by HEAD first, at the commit that the row has as its head, with the ETag of the last look: so a text
 * that is as it was costs one request, one that lies on another host none that leads there, and a text belongs for sure
 * to the statement that the row had at that commit. What an answer tells is handed over with the to-do that it settles.
 *
 * A repo whose answer decides nothing rests (storage/model/rest.h); the lane itself stops only where its canary fails.
 */
#ifndef DAEMON_CRAWL_DETAIL_H
#define DAEMON_CRAWL_DETAIL_H

#include "daemon/crawl/detail_batch.h"
#include "daemon/crawl/lane.h"

struct detail {
	struct lane_run run; /* first: requests know their lane by it */
	struct detail_batch batch;
	struct lane_load load;
	unsigned next;    /* of the batch, to be asked */
	unsigned asking;  /* repos under way */
};

void detail_init(struct detail *detail, struct context *context, struct kind_state *kind,
	void (*on_ended)(struct lane_run *run), void *owner);
void detail_start(struct detail *detail);

#endif
