/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The purposes that spend quota. The number of a lane is stored in cursors: append only.
 */
#ifndef STORAGE_MODEL_LANE_H
#define STORAGE_MODEL_LANE_H

/* X(constant, name, meaning) */
#define LANE_TABLE(X) \
	X(LANE_POLL, "poll", "newest first, over what was modified since the watermark") \
	X(LANE_SWEEP, "sweep", "a full pass over one kind's listing") \
	X(LANE_CONFIRM, "confirm", "rows that a sweep missed, one request each, before anything is said") \
	X(LANE_DETAIL, "detail", "the commit and the texts behind a switch") \
	X(LANE_BACKFILL, "backfill", "switches from before the first day") \
	X(LANE_IMPORT, "import", "older dumps read as looks of their day")

enum lane {
#define X(constant, name, meaning) constant,
	LANE_TABLE(X)
#undef X
	LANE_COUNT
};

/* Stretches of one kind's listing that a sweep may walk at once. */
enum { SWEEP_SEGMENTS_MAX = 16 };

static inline const char *lane_name(enum lane lane)
{
	static const char *const names[] = {
#define X(constant, name, meaning) name,
		LANE_TABLE(X)
#undef X
	};

	return names[lane];
}

#endif
