/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon's figures, kept in memory and written as text exposition to metrics.prom in the store's folder: every ten
 * seconds and at the end, a whole file at a time, so that `relicense status` and collectors can read it.
 *
 * Loop thread only; the file is written by a work item.
 */
#ifndef DAEMON_RUN_METRICS_H
#define DAEMON_RUN_METRICS_H

#include "daemon/run/clock.h"
#include "daemon/run/metric_table.h"
#include "storage/model/buf.h"

void metrics_add(enum metric metric, uint64_t more);
void metrics_set(enum metric metric, uint64_t value);
uint64_t metrics_get(enum metric metric);
void metrics_print(struct buf *out);

struct metrics_file {
	uv_work_t work;
	struct clock *clock;
	struct clock_timer timer;
	struct buf text;
	char path[1100], fresh_path[1100];
	int error; /* of the last writing: an errno */
	bool busy;
};

void metrics_file_start(struct metrics_file *file, struct clock *clock, const char *dir);
/* Stops the timer and writes once more, waiting for the disk; nothing where a work item still has the file. */
void metrics_file_finish(struct metrics_file *file);

#endif
