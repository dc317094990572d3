/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lane poll: what was modified last, newest first, down to the watermark.
 *
 * The watermark is when the last poll that finished began, on the Hub's clock where that is believed (clocks.h); it moves only
 * with a poll's last page, and never back.
 * Where the listing ends above the old watermark with a full page, it was cut short: then the watermark stays.
 * Rows dated in the future (commit dates are the committer's clock) do not move it. A new store's watermark is the start
 * of its first sweep: before that has begun there is nothing to poll against.
 *
 * Where no row of a page has a date that can be read, the poll ends with the first page that brings nothing new; the
 * watermark stays, and a gap is recorded.
 *
 * A request costs the same for 10 rows as for 1000, but rows cost the Hub and us: a poll asks for as many as the one
 * before it needed and a reserve, so that it ends with its first page and brings little twice.
 *
 * A row that cannot be read even by itself is passed over by the Link of its page's head, with a gap. Without one nobody
 * knows how to go on: the gap is recorded, the lane parks, and what is newer is polled anew.
 */
#ifndef DAEMON_CRAWL_POLL_H
#define DAEMON_CRAWL_POLL_H

#include "daemon/crawl/cursor.h"
#include "daemon/crawl/lane_skip.h"

struct poll {
	struct lane_run run; /* first: requests know their lane by it */
	struct cursor cursor;
	int64_t rows;   /* a page */
	struct lane_skip skip;
	bool undated;   /* it is logged that rows have no date that can be read */
	bool told;      /* skip.url is the next page of the one that was asked for */
	int64_t needed; /* rows down to the watermark, the last time; 0: not known */
};

void poll_init(struct poll *poll, struct context *context, struct kind_state *kind, void (*on_ended)(struct lane_run *run),
	void *owner);
void poll_release(struct poll *poll);

/* False: there is no watermark yet, nothing was started. */
bool poll_start(struct poll *poll);

#endif
