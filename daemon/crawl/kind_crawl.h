/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of the crawl share: a kind, its lanes and when each of them is due. Inside daemon/crawl only.
 *
 *     crawl.c          life, and what the end of a lane leads to
 *     plan_daemon.c    every lane at its time
 *     plan_once.c      --once and --backfill: stage after stage
 *     kind_facts.c     what the store knows of a kind
 *
 * Loop thread.
 */
#ifndef DAEMON_CRAWL_KIND_CRAWL_H
#define DAEMON_CRAWL_KIND_CRAWL_H

#include "daemon/crawl/backfill.h"
#include "daemon/crawl/confirm.h"
#include "daemon/crawl/crawl.h"
#include "daemon/crawl/detail.h"
#include "daemon/crawl/evidence.h"
#include "daemon/crawl/first.h"
#include "daemon/crawl/poll.h"
#include "daemon/crawl/sweep.h"
#include "daemon/crawl/watch.h"
#include "storage/reader.h"

#define NEVER INT64_MAX

/* What --once does with a kind, in this order. */
#define ONCE_STAGES(X) \
	X(ONCE_FIRST, once_first) \
	X(ONCE_WATCH, once_watch) \
	X(ONCE_POLL, once_poll) \
	X(ONCE_SWEEP, once_sweep) \
	X(ONCE_FIRST_POLL, once_first_poll) \
	X(ONCE_CONFIRM, once_confirm) \
	X(ONCE_BACKFILL, once_backfill) \
	X(ONCE_DONE, once_done)

enum once_stage {
#define X(constant, function) constant,
	ONCE_STAGES(X)
#undef X
};

enum slot {
	SLOT_FIRST,
	SLOT_WATCH,
	SLOT_POLL,
	SLOT_SWEEP,
	SLOT_CONFIRM,
	SLOT_EVIDENCE,
	SLOT_DETAIL,
	SLOT_BACKFILL,
	SLOT_COUNT
};

struct kind_crawl {
	struct crawl *crawl;
	struct kind_state state;
	struct poll poll;
	struct sweep sweep;
	struct confirm confirm;
	struct evidence_lane evidence;
	struct backfill backfill;
	struct first first;
	struct watch watch;
	struct detail detail;
	struct lane_run *run[SLOT_COUNT];
	int64_t due_ms[SLOT_COUNT]; /* clock_mono_ms */
	int64_t sweep_begun_ms;
	unsigned agains[SLOT_COUNT];
	uint64_t records; /* METRIC_RECORDS when evidence was looked for */
	struct clock_timer timer;
	enum once_stage stage;
	bool polled;
	bool wanted;
};

struct crawl {
	struct crawl_options options;
	struct context context;
	struct kind_crawl kinds[REPO_KINDS];
	bool incomplete, draining;
	bool unreachable; /* --once gave the Hub up */
	int64_t started_ms;
	struct clock_timer give_up; /* of --once */
	char why[200]; /* what left it incomplete first */
	bool evening; /* of a new store's first day: what is wanted first is not here yet */
	struct clock_timer refusal; /* the log lies ahead of both clocks: ends the crawl when the request that found out has ended */
	int store_error;
};

/* --- kind_facts.c --- */
struct kind_facts {
	struct sweep_state state;
	bool has_swept; /* a sweep of ours has begun: what is in the store is not only imported */
	struct completeness completeness;
	bool has_missing;
};

/* False: the store cannot be read. */
bool kind_facts_read(const struct kind_crawl *kind, struct kind_facts *facts);
void kind_facts_show(const struct kind_crawl *kind, const struct kind_facts *facts); /* in the metrics */
void kind_facts_log_sweep(const struct kind_crawl *kind, const struct kind_facts *facts);
/* What the newest sweep could not see, or NULL: nothing that it knows of. `text` may hold it. */
enum { FLAW_TEXT = 160 };
const char *kind_facts_flaw(const struct kind_crawl *kind, const struct kind_facts *facts, char text[FLAW_TEXT]);

/* --- plan_daemon.c --- */
/* False: there is nothing to be done for that lane. */
bool lane_start(struct kind_crawl *kind, enum slot slot);
bool first_is_wanted(const struct kind_crawl *kind);
/* Looks again as soon as the loop turns. */
void plan_soon(struct kind_crawl *kind);
void plan_daemon(struct kind_crawl *kind);
void plan_first_times(struct kind_crawl *kind);
/* In so long a time at the latest: a shorter interval counts from now on. */
void plan_forward(struct kind_crawl *kind, enum slot slot, int64_t interval_ms);
/* Records were written since this was asked last: some may want their commit. */
void plan_evidence(struct kind_crawl *kind);

/* --- plan_once.c --- */
void plan_once(struct kind_crawl *kind);
/* --once could not finish this. */
void leave_incomplete(struct kind_crawl *kind, const char *lane, const char *why);

#endif
