/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a listing goes on behind a row that cannot be read even alone and without its card: to the page that the head's
 * Link names, or, in the order of oids, behind the next row that the store knows. The gap is recorded with the page that
 * comes then. It names the row where it can, so that it is the same one each time.
 */
#ifndef DAEMON_CRAWL_LANE_SKIP_H
#define DAEMON_CRAWL_LANE_SKIP_H

#include "daemon/crawl/lane.h"

struct lane_skip {
	bool on;
	struct buf url, gap; /* the page behind; what is recorded with it */
};

void skip_init(struct lane_skip *skip);
void skip_release(struct lane_skip *skip);

/*
 * Of a sweep's page; `next` is the link in its head, size 0 where none came. False: nobody knows how to go on; the gap is
 * described all the same. Reads the store: one look-up.
 */
bool skip_in_sweep(struct lane_skip *skip, const struct lane_run *run, const struct request *request, struct slice next);
/* Of a poll's page, whose link, if any, is in skip->url. */
void skip_in_poll(struct lane_skip *skip, const struct lane_run *run, const struct request *request, bool has_link,
	int64_t watermark_ms);

/* The run ends, to begin again at skip->url: with one row a page at first, but with its card. */
void skip_go(struct lane_skip *skip, struct lane_run *run);

#endif
