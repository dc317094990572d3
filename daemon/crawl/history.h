/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One search through the commits of one repo: which of them changed its license statement?
 *
 * Lists the commits from `newest` back to `oldest` (or to the beginning, HISTORY_COMMITS_MAX at most), then reads the README.md at
 * those that history_plan.h names, by raw, which takes one request where resolve takes two. A repo that was renamed is
 * followed once, and asked by its new name from then on. One request at a time; several searches go side by side.
 *
 * Phases: history_start, then on_done once, out of a request's callback; history_release. Loop thread; pages and cards are
 * read in work items.
 */
#ifndef DAEMON_CRAWL_HISTORY_H
#define DAEMON_CRAWL_HISTORY_H

#include "daemon/crawl/history_plan.h"
#include "daemon/crawl/lane.h"
#include "daemon/hub/commits.h"
#include "storage/model/row.h"

enum { HISTORY_STATES_MAX = 64 };

struct history;

struct history_order {
	struct slice name;               /* "owner/name", copied */
	const uint8_t *newest, *oldest;  /* shas, copied; oldest NULL: to the beginning */
	uint32_t spent;       /* requests for this repo before, which count */
	bool only_neighbours; /* where newest and oldest are neighbours no card needs to be read */
	void (*on_done)(struct history *history, struct request *request);
	void *owner;
};

struct history {
	struct lane_run *run;
	void (*on_done)(struct history *history, struct request *request);
	void *owner;

	/* in on_done */
	bool later;                /* trouble, not an answer: asked again another time */
	enum rest_reason rest;     /* with that: why the repo rests */
	enum past_outcome outcome; /* of what was answered */
	struct arena arena;        /* holds all that the result points to: to be moved with it */
	struct past_switch *found; /* the oldest first */
	unsigned count;
	struct slice unlooked;     /* what was not looked at, for people; size 0: nothing */
	const struct commit_info *commit; /* newest first */
	uint32_t commits;

	/* private */
	char name[ROW_NAME_MAX + 1];
	uint8_t newest[SHA_BYTES], oldest[SHA_BYTES];
	bool has_oldest, only_neighbours, cut; /* cut: there are more commits than are looked at */
	unsigned hops;
	uint32_t requests, at;  /* sent so far; the commit whose card is asked for */
	struct history_plan plan;
	struct json json;
	struct commit_info *list;
	struct commit_list page; /* what read_list found */
	int value;               /* what read_card found */
	const struct state *state[HISTORY_STATES_MAX];
	unsigned states;
};

void history_start(struct history *history, struct lane_run *run, const struct history_order *order);
/* Works at any stage but while a request is under way. */
void history_release(struct history *history);

/* Where a search is `later`: what was wrong, for a lane that parks. `request` as in on_done. */
const char *history_trouble(const struct request *request);

#endif
