/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What really happened: every change of every repo, for tests that compare it with what a crawler found.
 *
 * A record holds the state before and after (name, sha, license statement, access), rendered when it happened. The
 * states of a repo form a chain; which of them an answer has told is remembered, since nobody can know the others.
 */
#ifndef HUBSIM_TRUTH_H
#define HUBSIM_TRUTH_H

#include "tests/hubsim/hub.h"

enum truth_what {
	WHAT_CREATED = 1 << 0,
	WHAT_DELETED = 1 << 1,
	WHAT_RESTORED = 1 << 2,
	WHAT_REPLACED = 1 << 3, /* beside deleted: another repo took the name at once */
	WHAT_RENAMED = 1 << 4,
	WHAT_COMMIT = 1 << 5,
	WHAT_LICENSE = 1 << 6,  /* the statement: license, license_name, license_link, license tags */
	WHAT_CARD = 1 << 7,     /* any member of cardData */
	WHAT_TAGS = 1 << 8,
	WHAT_GATED = 1 << 9,
	WHAT_DISABLED = 1 << 10,
	WHAT_PRIVATE = 1 << 11,
	WHAT_COUNTERS = 1 << 12,
	WHAT_OTHER = 1 << 13,   /* other members */
};

struct truth *truth_new(void);
void truth_free(struct truth *truth);

/*
 * Call truth_before() while the repo still has its old state and row, then change it, then truth_after() with what
 * changed. A repo that does not exist yet (or is deleted) has no state. WHAT_LICENSE is found by truth_after().
 */
void truth_before(struct hub *hub, struct repo *repo);
void truth_after(struct hub *hub, struct repo *repo, unsigned what, int64_t now_ms);

void truth_state_served(struct truth_state *state, int64_t now_ms);

/* NDJSON; `visible`: only states that were served, neighbours of each other then. */
void truth_write(const struct truth *truth, bool visible, struct buf *out);
size_t truth_count(const struct truth *truth);

#endif
