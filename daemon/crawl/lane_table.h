/* SPDX-License-Identifier: Apache-2.0 */
/*
 * THE table of the lanes that the daemon runs: who goes first where several want to send. One lane a file.
 */
#ifndef DAEMON_CRAWL_LANE_TABLE_H
#define DAEMON_CRAWL_LANE_TABLE_H

#include "daemon/run/metric_table.h"
#include "storage/model/lane.h"

/* X(lane, priority (lower goes first), metric of its requests) */
#define CRAWL_LANE_TABLE(X) \
	X(LANE_POLL, 1, METRIC_REQUESTS_POLL) \
	X(LANE_CONFIRM, 2, METRIC_REQUESTS_CONFIRM) \
	X(LANE_SWEEP, 3, METRIC_REQUESTS_SWEEP)

/* What was sent before and is sent again: its answer already has room, and others wait for it. */
enum { PRIORITY_AGAIN = 0, PRIORITY_LAST = 3 };

#endif
