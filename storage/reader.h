/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the store: what every reader shares (the tool, the lanes, the API).
 *
 * A reader holds one read transaction. Keep it short: copy at most READER_CHUNK bytes, reader_pause(), print, and
 * reader_resume(); a paused reader pins nothing. Slices that a call returns live in the reader's transaction (until
 * reader_pause) unless an arena is named. One thread at a time.
 */
#ifndef STORAGE_READER_H
#define STORAGE_READER_H

#include "storage/model/change.h"
#include "storage/model/lane.h"
#include "storage/model/past.h"
#include "storage/model/recapture.h"
#include "storage/model/rest.h"
#include "storage/model/text.h"
#include "storage/store.h"

enum { READER_CHUNK = 64 * 1024 };

struct reader;

int reader_open(struct store *store, struct reader **reader, struct store_problem *problem);
void reader_close(struct reader **reader);
void reader_pause(struct reader *reader);
int reader_resume(struct reader *reader);

/* When the first answer was committed that was no dump's; 0: none was yet. */
int reader_created(struct reader *reader, int64_t *created_ms);

/* --- repos ---------------------------------------------------------------------------------------------------------*/

struct repo_ref {
	enum repo_kind kind;
	struct repo_oid oid;
	struct repo_row row;
};

/* ERROR_NOT_FOUND, ERROR_CORRUPT */
int reader_repo(struct reader *reader, enum repo_kind kind, const struct repo_oid *oid, struct repo_ref *ref);

/* One bearer of a name: from (0 = since it was first seen) until (0 = still). */
struct bearer {
	struct repo_ref ref;
	int64_t from_ms, until_ms;
};

/*
 * All that bear or bore a name, one by one, in no order: a name that is made again and again has any number of bearers.
 * Letter case does not count. Begin with `after` 0, which is moved; ERROR_NOT_FOUND at the end.
 */
int reader_bearer_next(struct reader *reader, enum repo_kind kind, struct slice name, uint32_t *after,
	struct bearer *bearer);
/* Does `a` come before `b`, the newest bearer first: who bears it still, is not gone, and was seen first later. */
bool bearer_is_newer(const struct bearer *a, const struct bearer *b);
/* The newest of them. ERROR_NOT_FOUND: nobody ever bore it. */
int reader_bearer(struct reader *reader, enum repo_kind kind, struct slice name, struct bearer *bearer);

/* The first row of a kind at or behind `oid`; ERROR_NOT_FOUND at the end. For walking all: next = oid + 1. */
int reader_repo_from(struct reader *reader, enum repo_kind kind, const struct repo_oid *oid, struct repo_ref *ref);
bool oid_next(struct repo_oid *oid); /* the oid behind this one; false at the very last */

/* How many rows of a kind there are, and how many of them are gone. */
int reader_counts(struct reader *reader, enum repo_kind kind, uint64_t *rows, uint64_t *gone);

/* --- versions ------------------------------------------------------------------------------------------------------*/

struct snapshot {
	uint32_t number, version;
	int64_t observed_after_ms, observed_at_ms; /* after = 0: nothing is known from before */
	uint8_t sha[SHA_BYTES];
	uint16_t projection;
	struct slice canonical, derived; /* JSON objects; size 0 where only the times were asked for */
	/*
	 * 0, or until when the metadata of this version was retained (retention.h): then the texts are those of the last version
	 * before it that was kept, of which only license, name, access and lineage are this one's too.
	 */
	int64_t retained_until_ms;
};

/* When it was seen, without its texts: cheap. ERROR_NOT_FOUND, ERROR_CORRUPT. */
int reader_snapshot_times(struct reader *reader, uint32_t number, uint32_t version, struct snapshot *snapshot);
/* Text in the arena. ERROR_NOT_FOUND, ERROR_COMPRESSION, ERROR_CORRUPT. Versions in their order are read fastest. */
int reader_snapshot(struct reader *reader, uint32_t number, uint32_t version, struct arena *arena,
	struct snapshot *snapshot);
/* The canonical text taken apart; `state` borrows from the arena. */
int reader_state(struct reader *reader, const struct snapshot *snapshot, struct arena *arena, struct state *state);
/* Both of a repo's newest version. */
int reader_newest(struct reader *reader, const struct repo_ref *ref, struct arena *arena, struct state *state);
int reader_statement(struct reader *reader, uint32_t number, struct arena *arena, struct statement *statement);
int reader_projection(struct reader *reader, uint16_t number, struct projection *projection);
/*
 * The newest look that saw the current state of a repo as it is: its own last write, or a sweep's page over its oid that
 * asked for all that the row tells.
 */
int64_t reader_last_seen(struct reader *reader, const struct repo_ref *ref);
/* The look that reader_last_seen() tells of, where it was a sweep's page; at_ms 0: it was the row's own last write. */
struct look_page {
	int64_t at_ms;
	uint32_t sweep;
	struct repo_oid last; /* the page's */
};
void reader_last_page(struct reader *reader, const struct repo_ref *ref, struct look_page *page);
/* Counters as last stored; unknown where never seen. */
int reader_counters(struct reader *reader, uint32_t number, struct change_counter *downloads,
	struct change_counter *likes);

/* All counters of the block that a number is in, as they were on a day (counter_table.h); at_ms 0: now. */
struct counter_block;
int reader_counter_block(struct reader *reader, uint32_t number, int64_t at_ms, struct counter_block *block,
	int64_t *day_ms);

/* --- the change log ------------------------------------------------------------------------------------------------*/

struct log_head {
	uint64_t seq;             /* 0: empty */
	char hash[HASH_HEX + 1];  /* CHANGE_GENESIS where empty */
	int64_t at_ms;            /* time of the newest record, 0 where empty */
};

/* An id that the log bore before it was restored from a backup, and where it ended to. */
struct ledger_end {
	char ledger[STORE_UUID_TEXT];
	uint64_t seq;
	char hash[HASH_HEX + 1];
};

int reader_head(struct reader *reader, struct log_head *head);
/* The n-th of them from 0, oldest first; ERROR_NOT_FOUND behind the last. */
int reader_ledger_before(struct reader *reader, unsigned n, struct ledger_end *end);
int reader_change(struct reader *reader, uint64_t seq, struct slice *line);
/*
 * Walking by `at` (the time that --since and --until mean): *seq of the first record with (at, seq) behind the position,
 * backwards where asked. Position {0, 0} forwards or {INT64_MAX, UINT64_MAX} backwards starts at that end; it is moved.
 */
struct log_position {
	int64_t at_ms;
	uint64_t seq;
};
int reader_change_next(struct reader *reader, struct log_position *position, bool backwards);
/* Is there an index by terms? An older store has none until a daemon has migrated it. */
bool reader_has_terms(const struct reader *reader);
struct term;
/* The next record of a term (change_index.h) behind the position, as above; ERROR_NOT_FOUND at the end. */
int reader_term_next(struct reader *reader, const struct term *term, unsigned order, struct log_position *position,
	bool backwards, enum event *event);
/* The records of one repo, oldest first: the seq behind *seq (0: the first); ERROR_NOT_FOUND at the end. */
int reader_repo_change_next(struct reader *reader, uint32_t number, uint64_t *seq);

/* What brought a license record: the request, its answer's headers, the row as received (size 0: it was no row). */
struct receipt {
	struct slice url, date, request_id, row;
};
/* Texts in the arena. ERROR_NOT_FOUND, ERROR_COMPRESSION, ERROR_CORRUPT. */
int reader_receipt(struct reader *reader, uint64_t seq, struct arena *arena, struct receipt *receipt);

/* --- what commits tell ---------------------------------------------------------------------------------------------*/

/* A license record whose commit is still to be found. */
struct evidence_due {
	uint64_t seq;
	enum repo_kind kind;
	struct repo_oid oid;
	uint8_t before[SHA_BYTES], after[SHA_BYTES]; /* the heads that the two looks saw */
	unsigned tries;
	int64_t asked_ms; /* when the last of them was answered; 0: none was, or an older program did not note it */
	enum rest_reason reason;
};
/* The first at or behind this seq; ERROR_NOT_FOUND at the end. */
int reader_evidence_due(struct reader *reader, uint64_t seq, struct evidence_due *due);

/* How far a repo's commits were searched for what happened before its first look. */
struct past_row {
	enum repo_kind kind;
	struct repo_oid oid;
	uint8_t head[SHA_BYTES]; /* up to this commit */
	int64_t at_ms;
	enum past_outcome outcome;
};
int reader_past(struct reader *reader, uint32_t number, struct past_row *row);

/* --- what was looked at --------------------------------------------------------------------------------------------*/

struct sweep_state {
	uint32_t number; /* of the newest sweep; 0: none yet */
	bool running, ordered, complete;
	uint64_t seen, known; /* rows it brought so far; rows known when it began */
	struct repo_oid after; /* the end of its last page; of several segments, of the first one's */
	uint32_t covering; /* the newest sweep whose looks lie over all oids; 0: none yet */
	int64_t started_ms, ended_ms; /* ended: of the newest sweep that ended, complete or not */
	int64_t completed_ms;         /* of the newest complete one: 0 = the baseline is not there yet */
	int64_t first_look_ms;        /* start of the very first sweep */
};

int reader_sweep(struct reader *reader, enum repo_kind kind, struct sweep_state *state);

/* What a sweep brought, in rows. */
#define SWEEP_COUNTS(X) \
	X(listed, "rows in its pages") \
	X(known, "rows known when it began") \
	X(fresh, "rows seen for the first time") \
	X(missing, "known rows that it did not bring") \
	X(damaged, "rows that could not be read") \
	X(gone, "rows confirmed gone since it ended")

struct sweep_counts {
#define X(count, meaning) uint64_t count;
	SWEEP_COUNTS(X)
#undef X
};

struct completeness {
	struct sweep_counts now, last;      /* of the sweep under way; of the newest that ended */
	/* Met by polls: where the sweep under way has been; behind the newest complete one; behind the one before that. */
	struct recapture met_now, met_last, met_before;
};

/* The newest tally that has enough rows for an estimate; of two that have not, the newest. */
const struct recapture *completeness_met(const struct completeness *completeness);

int reader_completeness(struct reader *reader, enum repo_kind kind, struct completeness *completeness);
/*
 * The oids at which the newest complete sweep's pages fall into `parts` stretches of about equally many rows: parts - 1 of
 * them. ERROR_NOT_FOUND: it had too few pages.
 */
int reader_bounds(struct reader *reader, enum repo_kind kind, unsigned parts, struct repo_oid *bounds);
/* Time of the newest answer about a kind that was committed, of any lane; 0: none yet. */
int64_t reader_newest_look(struct reader *reader, enum repo_kind kind);
/* A lane's cursor text as it was committed; ERROR_NOT_FOUND before the first. */
int reader_cursor(struct reader *reader, enum lane lane, enum repo_kind kind, struct slice *text);
/* The same for what was granted last of a bucket's quota. */
int reader_quota_block(struct reader *reader, unsigned bucket, struct slice *text);

struct missing_row {
	enum repo_kind kind;
	struct repo_oid oid;
	int64_t since_ms;
	uint32_t tries;
	int64_t asked_ms; /* when it was last asked for in vain; 0: never */
	enum rest_reason reason;
};
/* The first missing row at or behind (kind, oid); ERROR_NOT_FOUND at the end. */
int reader_missing_from(struct reader *reader, enum repo_kind kind, const struct repo_oid *oid, struct missing_row *row);
uint64_t reader_missing_count(struct reader *reader);

/* --- texts ---------------------------------------------------------------------------------------------------------*/

/* What is known of a repo's license file and card; texts in the arena. ERROR_NOT_FOUND: never looked at. */
int reader_texts(struct reader *reader, enum repo_kind kind, const struct repo_oid *oid, struct arena *arena,
	struct text_entry *entry);
/* Appends a text. ERROR_NOT_FOUND, ERROR_COMPRESSION, ERROR_CORRUPT. */
int reader_text(struct reader *reader, const uint8_t hash[TEXT_HASH_BYTES], struct buf *text);

/* Why a repo's texts are wanted; what comes first is asked for first. */
enum detail_rank {
	DETAIL_RECORD, /* a license record is about it */
	DETAIL_STATE,  /* its statement leaves the terms open, and its head is new */
	DETAIL_RANKS
};

struct detail_todo {
	enum repo_kind kind;
	enum detail_rank rank;
	struct repo_oid oid;
	int64_t since_ms;
	uint64_t of; /* seq of the newest license record that asks; 0: none */
	uint32_t tries;
	int64_t asked_ms; /* when the last of them was answered; 0: none was, or an older program did not note it */
	enum rest_reason reason;
};

/* A look that decides nothing so many times ends the wish; a new head, or a new record, begins another. */
enum { DETAIL_TRIES_MAX = 12 };

/* The first at or behind (kind, rank, oid), which go in with `todo`; ERROR_NOT_FOUND behind the last of the kind. */
int reader_detail_from(struct reader *reader, struct detail_todo *todo);
uint64_t reader_detail_count(struct reader *reader);

/* --- what rests ----------------------------------------------------------------------------------------------------*/

/* Repos of all kinds that were asked in vain and will be asked again, by what was wanted of them and why they rest. */
struct rests {
	uint64_t missing[REST_REASONS], texts[REST_REASONS], commits[REST_REASONS];
};
/* Walks three tables of repos that wait; they are short, unless an owner with thousands of repos has just left. */
int reader_rests(struct reader *reader, struct rests *rests);

#endif
