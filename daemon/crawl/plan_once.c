/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/kind_crawl.h"

#include <stdio.h>

#include "daemon/run/log.h"

static void end_if_all_done(struct crawl *crawl);

void leave_incomplete(struct kind_crawl *kind, const char *lane, const char *why)
{
	struct crawl *crawl = kind->crawl;

	crawl->incomplete = true;
	if (!crawl->why[0])
		snprintf(crawl->why, sizeof(crawl->why), "%s of %s: %s", lane, repo_kinds[kind->state.kind].plural, why);
	log_write(LOG_INCOMPLETE, log_text("kind", repo_kinds[kind->state.kind].name), log_text("lane", lane),
		log_text("why", why));
}

/* Each returns whether a lane runs now; else the next stage follows at once. */
static bool once_first(struct kind_crawl *kind)
{
	struct kind_facts facts;

	return first_is_wanted(kind) && kind_facts_read(kind, &facts) && !facts.state.number && lane_start(kind, SLOT_FIRST);
}

static bool once_watch(struct kind_crawl *kind)
{
	return lane_start(kind, SLOT_WATCH);
}

static bool once_poll(struct kind_crawl *kind)
{
	kind->polled = lane_start(kind, SLOT_POLL);
	return kind->polled;
}

static bool once_sweep(struct kind_crawl *kind)
{
	return lane_start(kind, SLOT_SWEEP);
}

static bool once_first_poll(struct kind_crawl *kind)
{
	return !kind->polled && lane_start(kind, SLOT_POLL);
}

static bool once_confirm(struct kind_crawl *kind)
{
	struct kind_facts facts;
	char text[FLAW_TEXT];
	const char *flaw;

	if (!kind_facts_read(kind, &facts)) {
		leave_incomplete(kind, lane_name(LANE_CONFIRM), "the store cannot be read");
		return false;
	}
	flaw = kind_facts_flaw(kind, &facts, text);
	if (flaw)
		leave_incomplete(kind, lane_name(LANE_SWEEP), flaw);
	return facts.has_missing && lane_start(kind, SLOT_CONFIRM);
}

/* With --backfill alone, and then it is all there is. */
static bool once_backfill(struct kind_crawl *kind)
{
	return kind->crawl->options.backfill && lane_start(kind, SLOT_BACKFILL);
}

static bool once_done(struct kind_crawl *kind)
{
	end_if_all_done(kind->crawl);
	return true;
}

static bool (*const once_stages[])(struct kind_crawl *kind) = {
#define X(constant, function) [constant] = function,
	ONCE_STAGES(X)
#undef X
};

void plan_once(struct kind_crawl *kind)
{
	for (enum slot slot = 0; slot < SLOT_COUNT; slot++)
		if (kind->run[slot]->active)
			return;
	while (!once_stages[kind->stage](kind))
		kind->stage++;
}

/* Most likely the name of a file that is not there. */
static bool owner_has_nothing(const struct crawl *crawl)
{
	if (!crawl->options.backfill || !crawl->options.backfill->owner)
		return false;
	for (enum repo_kind kind = 0; kind < REPO_KINDS; kind++) {
		const struct backfill *backfill = &crawl->kinds[kind].backfill;

		if (backfill->list.count || backfill->list.before || backfill->list.headless || backfill->unseen)
			return false;
	}
	return true;
}

static void end_if_all_done(struct crawl *crawl)
{
	for (enum repo_kind kind = 0; kind < REPO_KINDS; kind++)
		if (crawl->kinds[kind].wanted && crawl->kinds[kind].stage != ONCE_DONE)
			return;
	if (owner_has_nothing(crawl) && !crawl->incomplete)
		leave_incomplete(&crawl->kinds[REPO_MODEL], lane_name(LANE_BACKFILL),
			"the Hub lists no repo of this owner, and no file has this name");
	crawl_stop(crawl);
}
