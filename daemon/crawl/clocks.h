/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When was an answer given? Two clocks tell: this machine's, and the Hub's in its header Date. Neither is believed alone.
 *
 *     they agree within five minutes, or there is no Date    ours
 *     they differ                                            the earlier one, unless it cannot be right: it lies before
 *                                                            the newest record or look in the store, or before this
 *                                                            program's release (a machine without a clock battery).
 *                                                            Then the later one. It is logged, counted, and recorded
 *                                                            as a gap, once for each time that they come to differ
 *     both lie before the newest record or look              nothing is written: every later record would be dated
 *                                                            wrongly. The daemon ends and says what to do
 *
 * A clock that was set back by less than five minutes stands still here until it is there again: times never run
 * backwards. What a cache gave (header Age) is as old as the cache says: the Hub showed it then, not now.
 *
 * This is the only place that judges time. Loop thread; clocks_judge() is pure.
 */
#ifndef DAEMON_CRAWL_CLOCKS_H
#define DAEMON_CRAWL_CLOCKS_H

#include "daemon/hub/headers.h"
#include "storage/store.h"

enum { CLOCKS_AGREE_MS = 5 * 60 * 1000 };

/* Unix milliseconds, as always. */
struct clock_readings {
	int64_t ours_ms;    /* when the answer's head arrived */
	int64_t hubs_ms;    /* its Date; 0: none, or unreadable */
	int64_t age_ms;     /* since the Hub gave it, as a cache says; 0: it came straight from the Hub */
	int64_t newest_ms;  /* the newest record or look in the store; 0: none */
	int64_t release_ms; /* no true clock shows a time before this */
};

enum clocks_verdict {
	CLOCKS_AGREE,      /* also where there is no Date */
	CLOCKS_OURS,       /* they differ, ours counts */
	CLOCKS_HUBS,       /* they differ, the Hub's counts */
	CLOCKS_BEHIND_LOG, /* both lie before the newest record: no time can be given */
};

struct answer_time {
	enum clocks_verdict verdict;
	int64_t at_ms;   /* when the answer was given: what records are dated by */
	/* For watermarks: what was modified before this on the Hub's clock is in the answer. Whole seconds, never after at_ms. */
	int64_t mark_ms;
};

struct answer_time clocks_judge(const struct clock_readings *readings);

/* What the daemon remembers from answer to answer. */
struct clocks {
	int64_t newest_ms, release_ms;
	int64_t offset_ms;       /* of the time that counts to our clock, by the last answer */
	bool differ;             /* since differ_since_ms; over once they have agreed for an hour */
	int64_t differ_since_ms, differed_ms; /* clock_mono_ms: the first and the last time */
	uint64_t distrusted;     /* answers meanwhile */
	struct buf gap;          /* why: for a gap record, until whoever hands over the next answer has taken it */
};

/* Reads the newest record and look from the store; a store that cannot be read fails at its first commit. */
void clocks_init(struct clocks *clocks, struct store *store);
void clocks_release(struct clocks *clocks);
/* A commit is in the store; its newest record or look. */
void clocks_committed(struct clocks *clocks, int64_t newest_ms);

/* The time of an answer whose head arrived at `head_at_ms` by our clock. Logs and counts it where the clocks differ. */
struct answer_time clocks_answered(struct clocks *clocks, int64_t head_at_ms, const struct hub_head *head);

/* The time that counts now, as far as the last answer and the store tell: for what is planned, never for records of an answer. */
int64_t clocks_now_ms(const struct clocks *clocks);

/* Why the log is not continued: since which record, what to do. Code ERROR_CLOCK. */
void clocks_refuse(const struct clocks *clocks, struct store *store, int64_t latest_ms, struct store_problem *problem);

#endif
