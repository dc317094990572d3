/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of one commit share: committer.c walks the answers, commit_sweep.c merges pages of a sweep, commit_row.c
 * judges one row by what commit_compare.c sees in it, commit_text.c and commit_past.c take what texts and commits tell,
 * commit_record.c writes records. Inside storage/ only; one thread, one write transaction.
 */
#ifndef STORAGE_COMMIT_H
#define STORAGE_COMMIT_H

#include "storage/change_log.h"
#include "storage/committer.h"
#include "storage/counter_table.h"
#include "storage/frame.h"
#include "storage/look_table.h"
#include "storage/meta.h"
#include "storage/name_table.h"
#include "storage/statement_table.h"
#include "storage/sweep_marks.h"

struct commit {
	struct store *store;
	struct txn txn;
	struct commit_counts *counts;

	/* Written to meta at the end of the transaction. */
	struct log_head head;
	uint32_t next_number;
	uint64_t missing_rows; /* at the start, plus what was added: zero saves a look-up for every row */
	struct sweep_state sweep[REPO_KINDS];
	struct sweep_segments segments[REPO_KINDS];
	struct completeness completeness[REPO_KINDS];
	struct sweep_marks marks[REPO_KINDS]; /* from batch to batch; a batch that is tried again marks the same */
	uint64_t gone[REPO_KINDS];
	int64_t newest_look_ms[REPO_KINDS]; /* of all lanes: as of when the store speaks */
	int64_t created_ms; /* of the store: its first answer that was not imported; before that, never */
	int64_t now_ms;     /* of the newest answer */
	unsigned kinds_met; /* of this batch, a bit a kind */

	/* As the daemon is configured. */
	bool texts_wanted;
	uint32_t texts_downloads_min;

	/* Gathered over the batch, written sorted. */
	struct name_entry *names;
	size_t name_count, name_room;
	struct counter_update *counters;
	size_t counter_count, counter_room;

	/* Tools that are used again and again. */
	struct frame_maker *frames;
	struct statement_cache *statements;
	struct canon_maker canon;
	struct json json;
	struct change_terms terms;
	struct arena arena; /* one row's */
	struct buf line, text, value, content;

	/* The answer at hand, and the row of it; NULL: none. */
	const struct answer *answer;
	const struct observation *observation;
	uint16_t projection;
	struct change_origin origin;
};

/* A row as it was when the commit met it. */
struct before {
	struct repo_oid oid;
	struct repo_row row;
	bool missing;                  /* it stood in the missing table */
	struct missing_value missing_since;
	bool was_gone;                 /* it is restored by this look */
};

/* --- committer.c --- */
/* A row by itself: of a poll, a confirmation, or a listing that is not in order. */
void commit_single_row(struct commit *commit, const struct observation *observation);
/* A row that is known: before->oid and before->row are set. */
void commit_met_row(struct commit *commit, const struct observation *observation, struct before *before);

/* --- commit_sweep.c: pages of a sweep, and what polls tell of it --- */
void commit_sweep_page(struct commit *commit, const struct answer *answer);
/* A row that a poll brought, as it was known; NULL: it was not. */
void commit_recapture(struct commit *commit, const struct observation *observation, const struct repo_row *known);

/* --- commit_row.c: what one observation means for its row --- */
void commit_new_row(struct commit *commit, const struct observation *observation);
void commit_known_row(struct commit *commit, const struct observation *observation, struct before *before);
/* True: a try of this batch before could not store this row; a gap record says so, and nothing else of it counts. */
bool commit_refused_row(struct commit *commit, const struct observation *observation);
void commit_gone_row(struct commit *commit, const struct repo_oid *oid, enum event event, struct slice reason);

/* --- commit_compare.c: a row and a look at it, side by side; texts in commit->arena --- */
/* What a difference is judged from. */
struct comparison {
	struct slice before_text, before_derived, after_text, after_derived;
	struct canon before, after; /* after: with what this look did not ask filled in from before */
	struct state before_state, after_state;
	int64_t seen_ms; /* the last look that saw the old state */
};
/* False: the transaction has failed. */
bool commit_compare(struct commit *commit, const struct observation *observation, const struct before *before,
	struct comparison *comparison);
/* The newest look that saw the row as it stands. */
int64_t commit_last_seen(struct commit *commit, const struct before *before);
int commit_unpack_draft(struct commit *commit, const struct draft *draft, struct slice *canonical, struct slice *derived);
/* `state` may be NULL. False: the transaction has failed. */
bool commit_read_state(struct commit *commit, struct slice canonical, struct canon *canon, struct state *state);
/* What a stored version says. */
bool commit_read_version(struct commit *commit, uint32_t number, uint32_t version, struct state *state);

/* --- commit_text.c: which texts are to be looked at, and what a look says --- */
void commit_want_texts(struct commit *commit, const struct repo_oid *oid, const struct repo_row *row,
	const struct observation *observation); /* a repo first seen, or its head moved */
void commit_want_evidence(struct commit *commit, const struct repo_oid *oid, uint64_t seq); /* a license record */
void commit_side_text(struct commit *commit, const struct repo_oid *oid, struct change_side *side); /* where it is known */
void commit_text_look(struct commit *commit, const struct text_look *look);

/* --- commit_record.c: records and what goes with them --- */
struct record {
	enum event event;
	const struct repo_oid *oid;
	uint32_t number;
	int64_t observed_after_ms, last_modified_ms;
	const struct change_side *before, *after;
	unsigned field_count;
	const struct slice *fields;
	uint32_t downloads, likes; /* COUNTER_UNKNOWN: null */
	uint64_t of; /* 0: null */
	struct slice reason;
	struct slice row; /* as received, for the receipt of license events */
};
void commit_record(struct commit *commit, const struct record *record);
void commit_gap(struct commit *commit, struct slice reason);
/* What cannot be seen is met again and again: it is recorded once. */
void commit_gap_once(struct commit *commit, struct slice reason);
void commit_tables_changed(struct commit *commit);

/* --- commit_past.c: what commits tell --- */
/* The record just written at the log's head moved the repo's head too: the commit behind it is to be found. */
void commit_evidence_due(struct commit *commit, const struct record *record);
void commit_evidence(struct commit *commit, const struct evidence *evidence);
void commit_past(struct commit *commit, const struct past *past);

#endif
