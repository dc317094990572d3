/* SPDX-License-Identifier: Apache-2.0 */
/*
 * THE table of the lanes that the daemon runs: who goes first where several want to send, and what is kept for each. One
 * lane a file.
 */
#ifndef DAEMON_CRAWL_LANE_TABLE_H
#define DAEMON_CRAWL_LANE_TABLE_H

#include "daemon/run/metric_table.h"
#include "storage/model/lane.h"

/*
 * X(lane, option with its share, whether that is also the most it uses, metric of its requests); the first row goes first.
 * turn.h says what follows from it.
 */
#define CRAWL_LANE_TABLE(X) \
	X(LANE_POLL, poll_share, true, METRIC_REQUESTS_POLL) \
	X(LANE_CONFIRM, confirm_share, false, METRIC_REQUESTS_CONFIRM) \
	X(LANE_DETAIL, detail_share, false, METRIC_REQUESTS_DETAIL) \
	X(LANE_SWEEP, sweep_share, false, METRIC_REQUESTS_SWEEP) \
	X(LANE_BACKFILL, backfill_share, false, METRIC_REQUESTS_BACKFILL)

#endif
