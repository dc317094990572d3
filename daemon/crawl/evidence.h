/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lane detail, one of its parts: the commit behind each license record.
 *
 * The committer notes every license record whose repo's head moved; here the commits between the two heads are listed. One
 * between them is the one; of several the cards say which. What is learnt becomes an evidence.commit record, or one that
 * says why there is nothing to learn. Notes stay in the store until then, so a restart goes on with them.
 */
#ifndef DAEMON_CRAWL_EVIDENCE_H
#define DAEMON_CRAWL_EVIDENCE_H

#include "daemon/crawl/history.h"
#include "storage/reader.h"

enum { EVIDENCE_AHEAD = 4, EVIDENCE_BATCH = 64 };

struct evidence_item {
	struct evidence_due due;
	char name[ROW_NAME_MAX + 1];
};

/* Read from the store by a work item. */
struct evidence_batch {
	/* in */
	enum repo_kind kind;
	uint64_t from; /* seq; moved behind the last one */
	int64_t now_ms, pause_ms; /* what rests is passed over (storage/model/rest.h) */
	uint64_t resting; /* in and out: counted up by those */
	/* out */
	bool at_end;
	unsigned count;
	struct evidence_item item[EVIDENCE_BATCH];
};

struct evidence_lane;

struct evidence_search {
	struct evidence_lane *lane;
	const struct evidence_item *item; /* NULL: free */
	struct history history;
};

struct evidence_lane {
	struct lane_run run; /* first */
	struct evidence_batch batch;
	struct lane_load load;
	unsigned next, searching;
	struct evidence_search search[EVIDENCE_AHEAD];
};

void evidence_init(struct evidence_lane *lane, struct context *context, struct kind_state *kind,
	void (*on_ended)(struct lane_run *run), void *owner);
void evidence_release(struct evidence_lane *lane);
void evidence_start(struct evidence_lane *lane);

/*
 * Whether commits of this kind are to be found; also true where other kinds have so many notes that the lane must look
 * for itself. Reads EVIDENCE_BATCH notes of the store at most, on the loop.
 */
bool evidence_may_be_due(struct store *store, enum repo_kind kind);

#endif
