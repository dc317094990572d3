/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may send next: the planner. Requests queue here until the quota of their bucket lets one go, it is their lane's
 * turn, and there is room for the answer: in the writer, and in memory.
 *
 * In each bucket every lane has a queue for each kind, asked in rotation. The quota says when the next request goes
 * (quota.h); whose it is:
 *
 *     1. one that was sent before: its answer has room already, and others wait behind it
 *     2. in the order of lane_table.h, a lane that has credit. Every request sent by anybody gives each lane its share
 *        of one, and costs its own lane one; a lane that comes back has the credit of a few, so it goes at once, and
 *        one that others outrank still gets its share
 *     3. in the same order, a lane that borrows: as long as what is left of the window would serve the other lanes'
 *        shares of the time that is left. So whatever a lane does not need is used by the others, as time passes,
 *        and it finds the rest of its share untouched, also where the quota is used in bursts
 *
 * A capped lane (poll) goes first, but never beyond its share, which it may use as it comes due over the window. Where no
 * quota is announced nobody is limited by shares. A lane that the Hub refuses for one action rests by itself.
 *
 * While the Hub does not answer at all everything waits here, except for a probe now and then (breaker.h).
 *
 * What the quota grants in blocks is written by the writer before it is used (block.h). Loop thread only.
 */
#ifndef DAEMON_CRAWL_TURN_H
#define DAEMON_CRAWL_TURN_H

#include "config/config.h"
#include "daemon/crawl/lane_table.h"
#include "daemon/hub/url.h"
#include "daemon/run/clock.h"
#include "daemon/transfer/breaker.h"
#include "daemon/transfer/quota.h"
#include "storage/model/repo.h"

struct budget;
struct store;
struct writer;

/* A request's place in the queue; embedded in it. What is not private is its owner's. */
struct turn_place {
	void (*on_turn)(struct turn_place *place);
	void *owner;
	enum hub_bucket bucket;
	enum lane lane;
	enum repo_kind kind;
	unsigned room; /* that its answer needs in the writer */
	size_t bytes;  /* of memory that its answer needs */
	bool again; /* it was sent before: it comes first, and its answer has room and memory */

	/* private */
	bool queued, sent;
	bool probe; /* it went while everything else waited for the Hub */
	struct turn_place *before, *after;
	int64_t queued_ms;
	struct quota_ticket ticket;
};

struct turn_queue {
	struct turn_place *first, *last;
};

struct turn_lane {
	struct turn_queue kind[REPO_KINDS];
	unsigned next_kind;
	int64_t spent;  /* in this window */
	int64_t credit; /* hundredths of a request */
	struct quota_back_off rest;
};

struct turn_bucket {
	struct turn *turn;
	enum hub_bucket bucket;
	struct quota quota;
	struct clock_timer timer;
	struct turn_queue again;
	struct turn_lane lane[LANE_COUNT];
	unsigned waiting;
	uint64_t number; /* of the window that `spent` is about */
	bool running, shared;
	bool storing;    /* a block is on its way into the store */
	struct quota_block block;
	uint64_t block_number;
};

struct turn {
	struct clock *clock;
	struct writer *writer;
	const struct config *config;
	struct turn_bucket bucket[BUCKET_COUNT];
	struct breaker breaker;
	/* the owner's, after turn_init */
	struct budget *budget; /* memory for answers; NULL: there is enough */
	int64_t answered_ms; /* when the Hub last answered, whatever it said; 0: never */
	unsigned unanswered; /* requests in a row that the Hub did not answer, or with an error of its own */
	char why[200]; /* the last failure, for people */
	bool patient; /* requests wait until the Hub is back; else each fails after its tries, and the breaker stays closed */
	void (*on_recovered)(void *owner); /* the Hub answers again; may be NULL */
	void *owner;
};

/* Reads what was granted last from the store. Without one (NULL) nothing is remembered: for a few requests. */
void turn_init(struct turn *turn, struct clock *clock, struct writer *writer, struct store *store, const struct config *config);
void turn_stop(struct turn *turn);
/* The configuration has changed. */
void turn_reload(struct turn *turn);

/*
 * True: it may go now, and room and memory for its answer are reserved (unless `again`). False: on_turn tells when, the same done.
 * Either way the caller owes turn_ended().
 */
bool turn_take(struct turn *turn, struct turn_place *place);
void turn_leave(struct turn *turn, struct turn_place *place);

/* What a request that went saw of the Hub; `why` tells people of a failure. */
void turn_saw(struct turn *turn, struct turn_place *place, enum breaker_saw saw, const char *why);
/* Whether more than one request in a row had no answer: those that follow are no news. */
bool turn_is_failing(const struct turn *turn);
/* The answer's head is worth reading before its body is here. */
bool turn_wants_head(const struct turn *turn, const struct turn_place *place);
/*
 * An answer is here (news as in quota_ended) or none comes; trouble: it was none that anybody wants. Only the first call
 * for each time that the place was sent counts.
 */
void turn_ended(struct turn *turn, struct turn_place *place, const struct quota_news *news, bool trouble);
/*
 * The answer asked to wait so long (before turn_saw): until then nothing of its bucket goes, nor a probe of the breaker. At
 * most RETRY_AFTER_MAX_S.
 */
void turn_hold(struct turn *turn, const struct turn_place *place, unsigned status, int64_t retry_after_s);
/* It was a 429 (after turn_ended). Returns how long this one rests before it takes its place again; 0: in the queue. */
int64_t turn_refused(struct turn *turn, const struct turn_place *place, const struct quota_news *news);
/* Something changed that the queues may have waited for: room, quota. */
void turn_run(struct turn *turn);

#endif
