/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walking the change log as a reader should: lines are copied in chunks of at most READER_CHUNK bytes, between which
 * the store is let go, so that a pager or a slow pipe pins no pages. Bounded by the head that was seen first.
 *
 * With terms (log_plan.h) only what falls under one of them is met: their entries are merged in the order asked for.
 */
#ifndef STORAGE_CLI_LOG_WALK_H
#define STORAGE_CLI_LOG_WALK_H

#include "storage/change_index.h"

enum { LOG_TERMS_MAX = 64 };

enum log_order {
	LOG_BY_SEQ,      /* as records arrived */
	LOG_OLDEST_FIRST, /* by `at` */
	LOG_NEWEST_FIRST,
};

/* The entries of one term in one order. */
struct log_source {
	const struct term *term;
	enum term_order order;
	struct log_position next;
	enum event event;
	bool ready, ended; /* ready: next is an entry that was not given yet */
};

struct log_walk {
	struct reader *reader;
	enum log_order order;
	uint64_t head_seq; /* records behind it are not looked at */
	int64_t since_ms, until_ms; /* by time only */
	const bool *event; /* EVENT_COUNT: which events are wanted */
	unsigned term_count; /* 0: all records are met */
	struct term term[LOG_TERMS_MAX];

	/* where it stands */
	uint64_t seq;
	struct log_position position;
	struct log_source source[2 * LOG_TERMS_MAX];
	struct buf chunk; /* size u32, line; ... */
	size_t at;
	bool ended;
	int code; /* why it ended early */
};

/* Fill in the members above "where it stands" (zero the rest); `after_seq` counts for LOG_BY_SEQ. */
void log_walk_begin(struct log_walk *walk, uint64_t after_seq);
/* The next wanted line, good until the next call. False at the end: look at code. */
bool log_walk_next(struct log_walk *walk, struct slice *line);
/* LOG_BY_SEQ, at the end: goes on with what has arrived since, up to the new head. */
void log_walk_go_on(struct log_walk *walk, uint64_t head_seq);
void log_walk_release(struct log_walk *walk);

#endif
