/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/kind_crawl.h"

#include "daemon/run/metrics.h"

/* A longer watch list does not hold the first sweep up, which brings its repos sooner than one request each. */
enum { WATCHED_FIRST_MAX = 500 };

/* --- starting lanes ------------------------------------------------------------------------------------------------*/

void plan_soon(struct kind_crawl *kind)
{
	clock_start(kind->crawl->options.clock, &kind->timer, 0);
}

static bool start_poll(struct kind_crawl *kind)
{
	const struct config *config = kind->crawl->options.config;

	kind->due_ms[SLOT_POLL] = clock_mono_ms() + config->poll_interval;
	return poll_start(&kind->poll);
}

static bool start_sweep(struct kind_crawl *kind)
{
	const struct config *config = kind->crawl->options.config;

	/* one that goes on where it was began earlier */
	if (kind->sweep.run.end == LANE_COMPLETE)
		kind->sweep_begun_ms = clock_mono_ms();
	kind->due_ms[SLOT_SWEEP] = kind->sweep_begun_ms + config->sweep_interval;
	sweep_start(&kind->sweep);
	return true;
}

static bool start_confirm(struct kind_crawl *kind)
{
	kind->due_ms[SLOT_CONFIRM] = NEVER;
	confirm_start(&kind->confirm, kind->sweep.has_last ? &kind->sweep.last : NULL);
	return true;
}

static bool start_evidence(struct kind_crawl *kind)
{
	kind->due_ms[SLOT_EVIDENCE] = NEVER;
	evidence_start(&kind->evidence);
	return true;
}

static bool start_backfill(struct kind_crawl *kind)
{
	kind->due_ms[SLOT_BACKFILL] = NEVER;
	backfill_start(&kind->backfill);
	return true;
}

static bool start_first(struct kind_crawl *kind)
{
	kind->due_ms[SLOT_FIRST] = NEVER;
	first_start(&kind->first);
	return true;
}

static bool start_watch(struct kind_crawl *kind)
{
	bool started = watch_start(&kind->watch);

	kind->due_ms[SLOT_WATCH] = started ? clock_mono_ms() + kind->crawl->options.config->watch_interval : NEVER;
	return started;
}

static bool start_detail(struct kind_crawl *kind)
{
	kind->due_ms[SLOT_DETAIL] = NEVER;
	if (!kind->crawl->options.config->detail)
		return false;
	detail_start(&kind->detail);
	return true;
}

static bool (*const starters[SLOT_COUNT])(struct kind_crawl *kind) = {
	[SLOT_FIRST] = start_first,
	[SLOT_WATCH] = start_watch,
	[SLOT_POLL] = start_poll,
	[SLOT_SWEEP] = start_sweep,
	[SLOT_CONFIRM] = start_confirm,
	[SLOT_EVIDENCE] = start_evidence,
	[SLOT_DETAIL] = start_detail,
	[SLOT_BACKFILL] = start_backfill,
};

bool lane_start(struct kind_crawl *kind, enum slot slot)
{
	return starters[slot](kind);
}

/* --- the first evening ---------------------------------------------------------------------------------------------*/

bool first_is_wanted(const struct kind_crawl *kind)
{
	return kind->state.kind == REPO_MODEL && kind->crawl->options.config->first_pages > 0;
}

static bool holds_sweeps(const struct kind_crawl *kind, enum slot slot)
{
	bool waits = kind->due_ms[slot] <= clock_mono_ms() || kind->run[slot]->active;

	if (slot == SLOT_WATCH)
		return waits && kind->watch.names->count && kind->watch.names->count <= WATCHED_FIRST_MAX;
	return slot == SLOT_FIRST && waits;
}

/* Whether a lane may run now: in the first evening sweeps and polls of all kinds wait for what is wanted first. */
static bool is_its_time(const struct kind_crawl *kind, enum slot slot)
{
	return !kind->crawl->evening || slot == SLOT_FIRST || slot == SLOT_WATCH;
}

static void end_evening(struct crawl *crawl)
{
	if (!crawl->evening)
		return;
	for (enum repo_kind kind = 0; kind < REPO_KINDS; kind++)
		if (crawl->kinds[kind].wanted &&
			(holds_sweeps(&crawl->kinds[kind], SLOT_FIRST) || holds_sweeps(&crawl->kinds[kind], SLOT_WATCH)))
			return;
	crawl->evening = false;
	for (enum repo_kind kind = 0; kind < REPO_KINDS; kind++)
		if (crawl->kinds[kind].wanted)
			plan_soon(&crawl->kinds[kind]);
}

/* --- every lane at its time ----------------------------------------------------------------------------------------*/

void plan_daemon(struct kind_crawl *kind)
{
	int64_t now_ms = clock_mono_ms(), next_ms = NEVER;

	for (enum slot slot = 0; slot < SLOT_COUNT; slot++) {
		if (!is_its_time(kind, slot))
			continue;
		if (!kind->run[slot]->active && kind->due_ms[slot] <= now_ms)
			lane_start(kind, slot);
		if (!kind->run[slot]->active && kind->due_ms[slot] < next_ms)
			next_ms = kind->due_ms[slot];
	}
	end_evening(kind->crawl);
	/* the start of a lane that ends at once has planned already */
	if (next_ms != NEVER && !clock_is_running(&kind->timer))
		clock_start(kind->crawl->options.clock, &kind->timer, next_ms - now_ms);
}

static bool wants_evidence(const struct kind_crawl *kind)
{
	return kind->crawl->options.config->commit_evidence && evidence_may_be_due(kind->crawl->options.store, kind->state.kind);
}

/* A sweep that was cut off goes on now; else the next one is due an interval after the last one began. */
void plan_first_times(struct kind_crawl *kind)
{
	struct kind_facts facts;
	int64_t now_ms = clock_mono_ms(), passed_ms;

	for (enum slot slot = 0; slot < SLOT_COUNT; slot++)
		kind->due_ms[slot] = now_ms;
	kind->due_ms[SLOT_FIRST] = NEVER;
	if (!kind_facts_read(kind, &facts))
		return;
	if (!facts.state.number && first_is_wanted(kind))
		kind->due_ms[SLOT_FIRST] = now_ms;
	kind->crawl->evening |= !facts.state.number;
	kind_facts_show(kind, &facts);
	passed_ms = clocks_now_ms(&kind->crawl->context.clocks) - facts.state.started_ms;
	if (facts.has_swept && !facts.state.running && passed_ms >= 0 &&
		passed_ms < kind->crawl->options.config->sweep_interval)
		kind->due_ms[SLOT_SWEEP] = now_ms + kind->crawl->options.config->sweep_interval - passed_ms;
	if (!facts.has_missing || facts.state.running)
		kind->due_ms[SLOT_CONFIRM] = NEVER;
	if (!wants_evidence(kind))
		kind->due_ms[SLOT_EVIDENCE] = NEVER;
	if (!kind->crawl->options.config->backfill || !facts.state.completed_ms)
		kind->due_ms[SLOT_BACKFILL] = NEVER; /* the first sweep comes first */
}

void plan_evidence(struct kind_crawl *kind)
{
	uint64_t records = metrics_get(METRIC_RECORDS);

	if (records == kind->records || kind->crawl->options.once)
		return;
	kind->records = records;
	if (wants_evidence(kind))
		kind->due_ms[SLOT_EVIDENCE] = clock_mono_ms();
}

void plan_forward(struct kind_crawl *kind, enum slot slot, int64_t interval_ms)
{
	int64_t latest_ms = clock_mono_ms() + interval_ms;

	if (kind->due_ms[slot] > latest_ms)
		kind->due_ms[slot] = latest_ms;
}
