/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A batch of answers in one write transaction: rows, snapshots, names, records, looks, missing rows, counters and the
 * cursor after them. Either all of it is in the store and synced, or nothing is.
 *
 * Pages of a full pass (in_sweep) are merge-joined with the rows between the last page's end and their own: what the page
 * lacks goes to the missing table. A sweep may be walked in several segments at once, each in order by itself. Of all other
 * pages nothing is derived from absence. Verdicts are certain only in here, where rows cannot move.
 *
 * One committer per store, used by one work item at a time. It waits for the disk: never on the loop.
 */
#ifndef STORAGE_COMMITTER_H
#define STORAGE_COMMITTER_H

#include "storage/model/lane.h"
#include "storage/model/past.h"
#include "storage/model/text.h"
#include "storage/page.h"

/* What a single-repo request settled about the row that was asked for. */
enum confirm_outcome {
	CONFIRM_NONE,     /* not a confirmation */
	CONFIRM_PRESENT,  /* it is there (a listing gap), or under another name; the page has its row */
	CONFIRM_GONE,     /* deleted or private */
	CONFIRM_REPLACED, /* another repo bears the name; the page has that one's row */
	CONFIRM_LATER,    /* nothing was found out: to be asked for again, after a rest */
};

struct answer {
	enum lane lane;
	enum repo_kind kind;
	int64_t answered_ms;               /* when it was given, as two clocks tell (daemon/crawl/clocks.h) */
	struct slice url, date, request_id; /* proof; in the page's arena */
	struct page page;
	/* Of a full pass over the kind: a sweep, or a complete dump. */
	bool in_sweep;
	bool sweep_first;                  /* its very first page */
	unsigned bound_count;              /* with that: it is walked in bound_count + 1 segments at once */
	struct repo_oid bound[SWEEP_SEGMENTS_MAX - 1]; /* the last oids of all segments but the last, ascending */
	unsigned segment;                  /* the one that this page belongs to */
	bool sweep_last;                   /* the last page of its segment */
	bool sweep_beyond;                 /* with that: the listing goes on behind the segment, it did not just end */
	bool sweep_short;                  /* with that: newer repos are there that it did not come to */
	bool sweep_skipped;                /* what lies between the page before and this one could not be seen; gap says why */
	/* Of a confirmation. */
	enum confirm_outcome confirm;
	enum rest_reason rest;             /* of CONFIRM_PRESENT and CONFIRM_LATER, also the others': why */
	struct repo_oid confirm_oid;
	const struct repo_oid *others;     /* what the same evidence settles as well: CONFIRM_GONE or CONFIRM_LATER; copied */
	size_t other_count;
	enum confirm_outcome others_are;
	struct slice reason;               /* of the others' records */
	/* Of a backfill. */
	const struct past *past;           /* what a search of commits brought, or NULL; in the page's arena */
	const struct evidence *evidence;   /* the commit behind a record, or NULL; the same */
	const struct text_look *look;      /* of lane detail, in the page's arena; NULL: none */
	/* Of any. */
	struct slice distrust;             /* the clocks differ: a gap in trust, recorded like the next one; size 0: none */
	struct slice gap;                  /* why something could not be seen: recorded as a gap, once; size 0: no gap */
	struct slice cursor;               /* where the lane stands after this answer; size 0: as it was */
	int refused;                       /* the committer's: 0, or why what it brings besides rows cannot be stored */
	struct slice quota_block;          /* granted of a bucket's quota: then this is no answer, and nothing else of it counts */
	unsigned bucket;
};

/* X(counter, meaning) */
#define COMMIT_COUNTS(X) \
	X(rows_new, "repos seen for the first time") \
	X(rows_same, "rows found as they were") \
	X(rows_touched, "rows whose head or date moved, nothing else") \
	X(rows_rebased, "rows brought to today's fields or rules, without a record") \
	X(versions, "versions stored beyond the first") \
	X(records, "change records written") \
	X(missing, "rows that a sweep did not bring, noted for confirmation") \
	X(listing_gaps, "missing rows that turned out to be there") \
	X(damaged, "rows that could not be read") \
	X(private_rows, "private rows dropped") \
	X(redone, "rows that moved between preparation and commit") \
	X(texts_wanted, "repos noted for a look at their texts")

struct commit_counts {
#define X(counter, meaning) uint64_t counter;
	COMMIT_COUNTS(X)
#undef X
	uint64_t head_seq; /* of the log, after the commit */
	int64_t newest_ms; /* the newest record or look in the store, after the commit; 0: none */
};

struct committer;

struct committer *committer_new(struct store *store);
void committer_free(struct committer **committer);

/*
 * From the next commit on, repos are noted for a look at their texts: those that a license record is about, those that
 * were looked at before, and, with so many downloads in 30 days, those whose statement leaves the terms open. Off in a
 * new committer.
 */
void committer_want_texts(struct committer *committer, bool wanted, uint32_t downloads_min);

/* The answers stay the caller's (release their pages afterwards). Counts are those of this batch. */
int committer_run(struct committer *committer, struct answer *const *answers, size_t count,
	struct commit_counts *counts, struct store_problem *problem);

#endif
