/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the end of a first sweep is the end of the listing.
 *
 * A later sweep is measured against the rows that are known. A first one has nothing to be measured against but the Hub:
 * where its last page is full, or empty, the newest repos are asked for, newest first. If more than a few of them were made
 * before the sweep began and lie behind its end, it came to an end too soon, and is no baseline.
 *
 * The last page is held until that is answered. Loop thread.
 */
#ifndef DAEMON_CRAWL_SWEEP_END_H
#define DAEMON_CRAWL_SWEEP_END_H

#include "daemon/crawl/cursor.h"
#include "daemon/crawl/lane.h"

struct sweep_end {
	bool asked;     /* in this run */
	bool is_short;
	int64_t rows;   /* that the newest page was asked for */
	struct request *held;
	int64_t started_ms;   /* of the sweep */
	uint64_t brought;     /* its rows, those of the held page with them */
	struct repo_oid last; /* the greatest that the sweep has brought, the held page with it */
};

/*
 * True: `request`, whose page is the sweep's last, is held and will be resumed. `last` is the greatest oid that the pages
 * before it have brought, or NULL.
 */
bool sweep_end_holds(struct sweep_end *end, struct lane_run *run, const struct cursor *cursor, struct request *request,
	const struct repo_oid *last, int64_t rows);

#endif
