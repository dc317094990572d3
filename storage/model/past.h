/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the commits of a repo tell: the switches from before the first look, and the commit behind a record.
 *
 * Both come from a search that looks at few commits; what it did not look at is said. Texts are borrowed.
 */
#ifndef STORAGE_MODEL_PAST_H
#define STORAGE_MODEL_PAST_H

#include "storage/model/change.h"
#include "storage/model/rest.h"

/* How a search ended; the number is stored: append only. X(constant, text for people) */
#define PAST_OUTCOME_TABLE(X) \
	X(PAST_WHOLE, "every commit was looked at") \
	X(PAST_PART, "not every commit was looked at") \
	X(PAST_GATED, "gated: its commits are not shown") \
	X(PAST_GONE, "the repo is not there any more, or private") \
	X(PAST_REWRITTEN, "the history was rewritten: a commit that was its head is not in it any more") \
	X(PAST_UNREADABLE, "no card among its commits could be read") \
	X(PAST_REFUSED, "the Hub refuses to show its commits")

enum past_outcome {
#define X(constant, text) constant,
	PAST_OUTCOME_TABLE(X)
#undef X
	PAST_OUTCOME_COUNT
};

const char *past_outcome_text(enum past_outcome outcome);
/* Whether a search that ended so has found what there is to find; the others did not get to look. */
bool past_outcome_is_good(enum past_outcome outcome);

/* Two neighbouring states among the commits that were looked at. */
struct past_switch {
	const struct state *before, *after;
	uint8_t before_sha[SHA_BYTES];
	struct change_commit commit; /* the one that brought `after` */
	struct slice reason;         /* what was not looked at; size 0: nothing */
};

/* The result of one search for what lies before a repo's first look. */
struct past {
	enum past_outcome outcome;
	struct repo_oid oid;
	uint8_t head[SHA_BYTES]; /* the newest commit of the search: the head at the first look */
	unsigned count;
	const struct past_switch *found; /* the oldest first */
};

/* What was learnt about the license record `of`. */
struct evidence {
	uint64_t of;
	struct slice name; /* the repo's */
	bool later;        /* nothing yet: it counts as a try */
	enum rest_reason rest; /* with that: why */
	const struct change_commit *commit; /* NULL: not found, reason says why */
	struct slice reason;
};

enum { EVIDENCE_TRIES_MAX = 5 };

#endif
