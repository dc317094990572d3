/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way of answers into the store: two batches, one commit in flight.
 *
 * One batch fills while the other is written by a work item; completion swaps them, so the batch size follows the disk by
 * itself, and is bounded in answers and in bytes. Whoever sends a request reserves room for its answer first (filled +
 * reserved <= capacity): handing over cannot fail. A batch that could not be written for lack of space or by an I/O error
 * is kept and tried again; on_fatal is called once, when the store refuses for good. Loop thread only.
 */
#ifndef DAEMON_CRAWL_WRITER_H
#define DAEMON_CRAWL_WRITER_H

#include "config/config.h"
#include "daemon/run/clock.h"
#include "storage/committer.h"

/* An answer on its way; moved into the writer. The page is released after the commit. */
struct delivery {
	struct answer answer;
	size_t bytes; /* of the budget, that its page holds: given back after the commit */
	void (*on_committed)(void *owner); /* its batch is in the store, synced */
	void *owner;
};

struct writer_options {
	struct clock *clock;
	struct store *store;
	const struct config *config;
	struct budget *budget; /* of memory; NULL: deliveries hold none of it */
	unsigned tries; /* to write a batch, before the store counts as refusing; 0: for ever */
	void (*on_room)(void *owner); /* there is room again */
	void (*on_counts)(void *owner, const struct commit_counts *counts); /* of a batch that is in the store; may be NULL */
	void (*on_fatal)(void *owner, const struct store_problem *problem);
	void *owner;
};

struct writer;

struct writer *writer_new(const struct writer_options *options);
/* Nothing may be in flight (writer_drain); what was not handed over is lost. */
void writer_free(struct writer **writer);

/* Room is counted in answers about single repos, of which a page with news weighs as much as 64.
 * Without a writer (NULL, where nothing is handed over) there is always room. */
enum { WRITER_SINGLE = 1, WRITER_PAGE = 64 };

bool writer_has_room(const struct writer *writer, unsigned room);
void writer_reserve(struct writer *writer, unsigned room);
void writer_unreserve(struct writer *writer, unsigned room);
/* Uses one reservation of `room` up. */
void writer_put(struct writer *writer, const struct delivery *delivery, unsigned room);

/* Writes what is there as soon as the disk is free, without waiting for more. NULL: nothing is there. */
void writer_flush(struct writer *writer);
/* Nothing more is written; what is handed over from now on is lost. A commit under way ends as it will. */
void writer_refuse(struct writer *writer);
/* Flushes, and tells once everything handed over is in the store (or the store has refused for good). */
void writer_drain(struct writer *writer, void (*on_drained)(void *owner), void *owner);

#endif
