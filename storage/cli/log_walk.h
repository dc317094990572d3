/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walking the change log as a reader should: lines are copied in chunks of at most READER_CHUNK bytes, between which
 * the store is let go, so that a pager or a slow pipe pins no pages. Bounded by the head that was seen first.
 */
#ifndef STORAGE_CLI_LOG_WALK_H
#define STORAGE_CLI_LOG_WALK_H

#include "storage/reader.h"

enum log_order {
	LOG_BY_SEQ,      /* as records arrived */
	LOG_OLDEST_FIRST, /* by `at` */
	LOG_NEWEST_FIRST,
};

struct log_walk {
	struct reader *reader;
	enum log_order order;
	uint64_t head_seq; /* records behind it are not looked at */
	int64_t since_ms, until_ms; /* by time only */
	bool (*wanted)(const void *owner, struct slice line); /* called while the store is held: be quick */
	const void *owner;

	/* where it stands */
	uint64_t seq;
	struct log_position position;
	struct buf chunk; /* size u32, line; ... */
	size_t at;
	bool ended;
	int code; /* why it ended early */
};

/* Fill in the members above "where it stands" (zero the rest); `after_seq` counts for LOG_BY_SEQ. */
void log_walk_begin(struct log_walk *walk, uint64_t after_seq);
/* The next wanted line, good until the next call. False at the end: look at code. */
bool log_walk_next(struct log_walk *walk, struct slice *line);
void log_walk_release(struct log_walk *walk);

#endif
