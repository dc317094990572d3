/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The watch list's part of lane detail: its repos one by one, up to a thousand side by side. Their rows go the way of all
 * rows; a repo that is not shown is counted and logged, and nothing is concluded: that is lane confirm's business.
 */
#ifndef DAEMON_CRAWL_WATCH_H
#define DAEMON_CRAWL_WATCH_H

#include "daemon/crawl/lane.h"
#include "daemon/crawl/watch_list.h"

struct watch {
	struct lane_run run; /* first: requests know their lane by it */
	const struct watch_names *names;
	size_t next;
	bool asking_more; /* an answer that came at once must not ask from within */
	unsigned unanswered; /* requests in a row that brought no answer at all */
};

void watch_init(struct watch *watch, struct context *context, struct kind_state *kind, const struct watch_names *names,
	void (*on_ended)(struct lane_run *run), void *owner);
/* False: the list has no repo of this kind. */
bool watch_start(struct watch *watch);

#endif
