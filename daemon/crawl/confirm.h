/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lane confirm: rows that a sweep missed, asked for before anything is said of them.
 *
 * A batch begins with a canary, a repo that was just listed: if the Hub does not show even that one, its answers prove
 * nothing now and the lane parks. Missing rows of one owner are judged together (confirm_group.h): by the owner's listing
 * and a sample. The same canary shows first that such listings can be trusted; without one every row is asked for.
 *
 * What is not decided stays in the missing table and rests. After an answer that proves nothing the canary is asked once
 * more: if it is shown, that row rests and the others go on; if not, the lane parks.
 */
#ifndef DAEMON_CRAWL_CONFIRM_H
#define DAEMON_CRAWL_CONFIRM_H

#include "daemon/crawl/confirm_batch.h"
#include "daemon/crawl/lane.h"

struct confirm {
	struct lane_run run; /* first: requests know their lane by it */
	struct confirm_batch batch;
	struct lane_load load;
	unsigned canary;     /* the one that is asked now, or that was shown */
	bool lists_owners;   /* the canary is in its owner's listing */
	size_t group;        /* of the batch, at hand */
	/* of the group's listing */
	uint64_t pages;
	struct repo_oid listed_to;
	/* A row whose answer proved nothing, NULL: none. The canary is asked once more, and so is the row if no answer came. */
	struct missing_repo *doubted;
	enum rest_reason doubted_rest;
	bool failed;
	struct repo_oid rest[CONFIRM_ROWS]; /* what is settled along with a row */
};

void confirm_init(struct confirm *confirm, struct context *context, struct kind_state *kind,
	void (*on_ended)(struct lane_run *run), void *owner);
void confirm_release(struct confirm *confirm);

/* `listed`: a repo that the last sweep brought, or NULL. */
void confirm_start(struct confirm *confirm, const struct repo_oid *listed);

#endif
