/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/crawl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/crawl/backfill.h"
#include "daemon/crawl/confirm.h"
#include "daemon/crawl/evidence.h"
#include "daemon/crawl/detail.h"
#include "daemon/crawl/first.h"
#include "daemon/crawl/poll.h"
#include "daemon/crawl/sweep.h"
#include "daemon/crawl/watch.h"
#include "daemon/run/log.h"
#include "daemon/run/metrics.h"
#include "daemon/run/notify.h"
#include "storage/model/memory.h"
#include "storage/reader.h"

#define NEVER INT64_MAX

/* A run that starts again at once has dropped a field or stumbled over a deletion: neither goes on for long. */
enum { AGAIN_MAX = 32, ONCE_COMMIT_TRIES = 3 };

/* A longer watch list does not hold the first sweep up, which brings its repos sooner than one request each. */
enum { WATCHED_FIRST_MAX = 500 };

/* What --once does with a kind, in this order. */
#define ONCE_STAGES(X) \
	X(ONCE_FIRST, once_first) \
	X(ONCE_WATCH, once_watch) \
	X(ONCE_POLL, once_poll) \
	X(ONCE_SWEEP, once_sweep) \
	X(ONCE_FIRST_POLL, once_first_poll) \
	X(ONCE_CONFIRM, once_confirm) \
	X(ONCE_BACKFILL, once_backfill) \
	X(ONCE_DONE, once_done)

enum once_stage {
#define X(constant, function) constant,
	ONCE_STAGES(X)
#undef X
};

enum slot {
	SLOT_FIRST,
	SLOT_WATCH,
	SLOT_POLL,
	SLOT_SWEEP,
	SLOT_CONFIRM,
	SLOT_EVIDENCE,
	SLOT_DETAIL,
	SLOT_BACKFILL,
	SLOT_COUNT
};

struct kind_crawl {
	struct crawl *crawl;
	struct kind_state state;
	struct poll poll;
	struct sweep sweep;
	struct confirm confirm;
	struct evidence_lane evidence;
	struct backfill backfill;
	struct first first;
	struct watch watch;
	struct detail detail;
	struct lane_run *run[SLOT_COUNT];
	int64_t due_ms[SLOT_COUNT]; /* clock_mono_ms */
	int64_t sweep_begun_ms;
	unsigned agains[SLOT_COUNT];
	uint64_t records; /* METRIC_RECORDS when evidence was looked for */
	struct clock_timer timer;
	enum once_stage stage;
	bool polled;
	bool wanted;
};

struct crawl {
	struct crawl_options options;
	struct context context;
	struct kind_crawl kinds[REPO_KINDS];
	bool incomplete, draining;
	bool evening; /* of a new store's first day: what is wanted first is not here yet */
	int store_error;
};

/* --- what the store knows ------------------------------------------------------------------------------------------*/

struct sweep_facts {
	struct sweep_state state;
	bool has_swept; /* a sweep of ours has begun: what is in the store is not only imported */
	struct completeness completeness;
	bool has_missing;
};

static bool read_facts(struct kind_crawl *kind, struct sweep_facts *facts)
{
	struct repo_oid first = { { 0 } };
	struct store_problem problem;
	struct missing_row row;
	struct reader *reader;
	struct slice cursor;
	bool good;

	*facts = (struct sweep_facts){ 0 };
	if (reader_open(kind->crawl->options.store, &reader, &problem))
		return false;
	good = reader_sweep(reader, kind->state.kind, &facts->state) == 0 &&
		reader_completeness(reader, kind->state.kind, &facts->completeness) == 0;
	facts->has_swept = reader_cursor(reader, LANE_SWEEP, kind->state.kind, &cursor) == 0;
	facts->has_missing =
		reader_missing_from(reader, kind->state.kind, &first, &row) == 0 && row.kind == kind->state.kind;
	reader_close(&reader);
	return good;
}

/* --- how complete a kind is known ----------------------------------------------------------------------------------*/

enum { METRICS_A_KIND = METRIC_SWEEP_LISTED_DATASET - METRIC_SWEEP_LISTED_MODEL };

static void show_completeness(const struct kind_crawl *kind, const struct completeness *completeness)
{
	enum metric at = METRIC_SWEEP_LISTED_MODEL + (enum metric)kind->state.kind * METRICS_A_KIND;
	const struct recapture *met = completeness_met(completeness);
	struct recapture_estimate estimate;

	recapture_estimate(met, &estimate);
#define X(count, meaning) metrics_set(at++, completeness->last.count);
	SWEEP_COUNTS(X)
#undef X
	metrics_set(at++, met->second);
	metrics_set(at++, met->both);
	metrics_set(at, estimate.missed);
}

static void log_sweep(const struct kind_crawl *kind, const struct sweep_counts *counts)
{
	log_write(LOG_SWEEP_DONE, log_text("kind", repo_kinds[kind->state.kind].name),
		log_number("listed", (int64_t)counts->listed), log_number("known", (int64_t)counts->known),
		log_number("new", (int64_t)counts->fresh), log_number("missing", (int64_t)counts->missing),
		log_number("damaged", (int64_t)counts->damaged));
}

/* --- starting lanes ------------------------------------------------------------------------------------------------*/

static void plan_soon(struct kind_crawl *kind)
{
	clock_start(kind->crawl->options.clock, &kind->timer, 0);
}

static void show_status(struct crawl *crawl)
{
	char text[160];

	snprintf(text, sizeof(text), "%" PRIu64 " requests, %" PRIu64 " rows, %" PRIu64 " records logged",
		metrics_get(METRIC_REQUESTS), metrics_get(METRIC_ROWS), metrics_get(METRIC_RECORDS));
	(void)crawl;
	notify_status(text);
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

/* --- the first evening ---------------------------------------------------------------------------------------------*/

static bool wants_first(const struct kind_crawl *kind)
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

/* --- as a daemon: every lane at its time ---------------------------------------------------------------------------*/

static void plan_daemon(struct kind_crawl *kind)
{
	int64_t now_ms = clock_mono_ms(), next_ms = NEVER;

	for (enum slot slot = 0; slot < SLOT_COUNT; slot++) {
		if (!is_its_time(kind, slot))
			continue;
		if (!kind->run[slot]->active && kind->due_ms[slot] <= now_ms)
			starters[slot](kind);
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
	return kind->crawl->options.config->commit_evidence && evidence_is_due(kind->crawl->options.store, kind->state.kind);
}

/* A sweep that was cut off goes on now; else the next one is due an interval after the last one began. */
static void set_first_times(struct kind_crawl *kind)
{
	struct sweep_facts facts;
	int64_t now_ms = clock_mono_ms(), passed_ms;

	for (enum slot slot = 0; slot < SLOT_COUNT; slot++)
		kind->due_ms[slot] = now_ms;
	kind->due_ms[SLOT_FIRST] = NEVER;
	if (!read_facts(kind, &facts))
		return;
	if (!facts.state.number && wants_first(kind))
		kind->due_ms[SLOT_FIRST] = now_ms;
	kind->crawl->evening |= !facts.state.number;
	show_completeness(kind, &facts.completeness);
	passed_ms = clock_wall_ms() - facts.state.started_ms;
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

/* --- once: stage after stage ---------------------------------------------------------------------------------------*/

static void end_if_all_done(struct crawl *crawl);

static void leave_incomplete(struct kind_crawl *kind, const char *lane, const char *why)
{
	kind->crawl->incomplete = true;
	log_write(LOG_INCOMPLETE, log_text("kind", repo_kinds[kind->state.kind].name), log_text("lane", lane),
		log_text("why", why));
}

/* Each returns whether a lane runs now; else the next stage follows at once. */
static bool once_first(struct kind_crawl *kind)
{
	struct sweep_facts facts;

	return wants_first(kind) && read_facts(kind, &facts) && !facts.state.number && start_first(kind);
}

static bool once_watch(struct kind_crawl *kind)
{
	return start_watch(kind);
}

static bool once_poll(struct kind_crawl *kind)
{
	kind->polled = start_poll(kind);
	return kind->polled;
}

static bool once_sweep(struct kind_crawl *kind)
{
	return start_sweep(kind);
}

static bool once_first_poll(struct kind_crawl *kind)
{
	return !kind->polled && start_poll(kind);
}

static bool once_confirm(struct kind_crawl *kind)
{
	struct sweep_facts facts;

	if (!read_facts(kind, &facts)) {
		leave_incomplete(kind, lane_name(LANE_CONFIRM), "the store cannot be read");
		return false;
	}
	if (!facts.state.complete)
		leave_incomplete(kind, lane_name(LANE_SWEEP), "the sweep brought too few of the known rows");
	return facts.has_missing && start_confirm(kind);
}

/* With --backfill alone, and then it is all there is. */
static bool once_backfill(struct kind_crawl *kind)
{
	return kind->crawl->options.backfill && start_backfill(kind);
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

static void plan_once(struct kind_crawl *kind)
{
	for (enum slot slot = 0; slot < SLOT_COUNT; slot++)
		if (kind->run[slot]->active)
			return;
	while (!once_stages[kind->stage](kind))
		kind->stage++;
}

static void end_if_all_done(struct crawl *crawl)
{
	for (enum repo_kind kind = 0; kind < REPO_KINDS; kind++)
		if (crawl->kinds[kind].wanted && crawl->kinds[kind].stage != ONCE_DONE)
			return;
	crawl_stop(crawl);
}

/* --- a lane has ended ----------------------------------------------------------------------------------------------*/

static void drain_if_quiet(struct crawl *crawl);

static void sweep_completed(struct kind_crawl *kind, const struct sweep_facts *facts)
{
	log_sweep(kind, &facts->completeness.last);
	if (!facts->state.complete) {
		metrics_add(METRIC_SWEEPS_INCOMPLETE, 1);
		log_write(LOG_SWEEP_INCOMPLETE, log_text("kind", repo_kinds[kind->state.kind].name),
			log_number("seen", (int64_t)facts->state.seen), log_number("known", (int64_t)facts->state.known));
	}
	if (!facts->state.ordered)
		log_write(LOG_SWEEP_UNORDERED, log_text("kind", repo_kinds[kind->state.kind].name));
	/* what an incomplete sweep has left in the table is worth asking for as well */
	if (facts->has_missing)
		kind->due_ms[SLOT_CONFIRM] = clock_mono_ms();
	if (kind->crawl->options.config->backfill && facts->state.complete)
		kind->due_ms[SLOT_BACKFILL] = clock_mono_ms();
}

static void backfill_completed(struct kind_crawl *kind)
{
	char why[80];

	if (!kind->crawl->options.backfill || !kind->backfill.unseen)
		return;
	snprintf(why, sizeof(why), "the commits of %" PRIu64 " repos could not be looked at", kind->backfill.unseen);
	leave_incomplete(kind, lane_name(LANE_BACKFILL), why);
}

/* Records were written since this was asked last: some may want their commit. */
static void look_for_evidence(struct kind_crawl *kind)
{
	uint64_t records = metrics_get(METRIC_RECORDS);

	if (records == kind->records || kind->crawl->options.once)
		return;
	kind->records = records;
	if (wants_evidence(kind))
		kind->due_ms[SLOT_EVIDENCE] = clock_mono_ms();
}

/* In so long a time at the latest: a shorter interval counts from now on. */
static void bring_forward(struct kind_crawl *kind, enum slot slot, int64_t interval_ms)
{
	int64_t latest_ms = clock_mono_ms() + interval_ms;

	if (kind->due_ms[slot] > latest_ms)
		kind->due_ms[slot] = latest_ms;
}

static void lane_completed(struct kind_crawl *kind, enum slot slot)
{
	struct sweep_facts facts;

	kind->agains[slot] = 0;
	metrics_add(METRIC_POLLS, slot == SLOT_POLL);
	metrics_add(METRIC_SWEEPS, slot == SLOT_SWEEP);
	if (read_facts(kind, &facts)) {
		show_completeness(kind, &facts.completeness);
		if (slot == SLOT_SWEEP)
			sweep_completed(kind, &facts);
	}
	if (slot == SLOT_BACKFILL)
		backfill_completed(kind);
	else if (slot == SLOT_DETAIL && kind->detail.undecided)
		bring_forward(kind, SLOT_DETAIL, kind->crawl->options.config->park_time);
	if (slot != SLOT_EVIDENCE)
		look_for_evidence(kind);
	if (kind->crawl->options.once)
		kind->stage++;
}

static void lane_parked(struct kind_crawl *kind, enum slot slot)
{
	struct lane_run *run = kind->run[slot];
	bool once = kind->crawl->options.once;
	int64_t retry_ms = once ? -1 : kind->crawl->options.config->park_time;

	metrics_add(METRIC_LANES_PARKED, 1);
	log_write(LOG_LANE_PARKED, log_text("lane", lane_name(run->lane)), log_text("kind", repo_kinds[kind->state.kind].name),
		log_text("why", run->why), log_number("retry_ms", retry_ms));
	kind->due_ms[slot] = clock_mono_ms() + retry_ms;
	if (once) {
		leave_incomplete(kind, lane_name(run->lane), run->why);
		kind->stage = kind->stage < ONCE_POLL ? kind->stage + 1 : ONCE_DONE;
	}
}

static void lane_again(struct kind_crawl *kind, enum slot slot)
{
	if (kind->run[slot]->pages)
		kind->agains[slot] = 0;
	if (++kind->agains[slot] <= AGAIN_MAX) {
		kind->due_ms[slot] = clock_mono_ms();
		return;
	}
	kind->agains[slot] = 0;
	snprintf(kind->run[slot]->why, sizeof(kind->run[slot]->why), "it had to start again too often");
	lane_parked(kind, slot);
}

static enum slot slot_of(const struct kind_crawl *kind, const struct lane_run *run)
{
	enum slot slot = 0;

	while (kind->run[slot] != run)
		slot++;
	return slot;
}

static void on_lane_ended(struct lane_run *run)
{
	struct kind_crawl *kind = run->owner;
	enum slot slot = slot_of(kind, run);

	show_status(kind->crawl);
	if (kind->crawl->context.stopping)
		return;
	switch (run->end) {
	case LANE_COMPLETE:
		lane_completed(kind, slot);
		break;
	case LANE_AGAIN:
		lane_again(kind, slot);
		break;
	case LANE_PARKED:
		lane_parked(kind, slot);
		break;
	}
	plan_soon(kind);
}

static void on_plan(struct clock_timer *timer)
{
	struct kind_crawl *kind = timer->owner;

	if (kind->crawl->context.stopping)
		return;
	if (kind->crawl->options.once)
		plan_once(kind);
	else
		plan_daemon(kind);
}

/* --- the end -------------------------------------------------------------------------------------------------------*/

static void on_drained(void *owner)
{
	struct crawl *crawl = owner;

	crawl->options.on_ended(crawl->options.owner);
}

static bool is_quiet(const struct crawl *crawl)
{
	for (enum repo_kind kind = 0; kind < REPO_KINDS; kind++)
		for (enum slot slot = 0; slot < SLOT_COUNT; slot++)
			if (crawl->kinds[kind].run[slot]->asked)
				return false;
	return true;
}

/* Once no request and no work item is left, what was handed over is all there will be. */
static void drain_if_quiet(struct crawl *crawl)
{
	if (!crawl->context.stopping || crawl->draining || !is_quiet(crawl))
		return;
	crawl->draining = true;
	writer_drain(crawl->context.writer, on_drained, crawl);
}

static void on_quiet(void *owner)
{
	drain_if_quiet(owner);
}

void crawl_stop(struct crawl *crawl)
{
	if (crawl->context.stopping)
		return;
	crawl->context.stopping = true;
	for (enum repo_kind kind = 0; kind < REPO_KINDS; kind++)
		clock_stop(crawl->options.clock, &crawl->kinds[kind].timer);
	turn_stop(&crawl->context.turn);
	request_stop_idle(&crawl->context);
	engine_stop(crawl->options.engine);
	drain_if_quiet(crawl);
}

static void on_room(void *owner)
{
	struct crawl *crawl = owner;

	if (!crawl->context.stopping)
		turn_run(&crawl->context.turn);
}

/* What parked while the Hub was away need not wait any longer. */
static void on_recovered(void *owner)
{
	struct crawl *crawl = owner;

	for (enum repo_kind kind = 0; kind < REPO_KINDS; kind++) {
		struct kind_crawl *each = &crawl->kinds[kind];

		for (enum slot slot = 0; slot < SLOT_COUNT; slot++)
			if (each->run[slot]->end == LANE_PARKED && !each->run[slot]->active && each->due_ms[slot] != NEVER)
				each->due_ms[slot] = clock_mono_ms();
		if (each->wanted && !crawl->context.stopping)
			plan_soon(each);
	}
}

/* Parked, it rests. */
static void wake_detail(struct kind_crawl *kind)
{
	if (!kind->wanted || (!kind->detail.run.active && kind->detail.run.end == LANE_PARKED))
		return;
	kind->due_ms[SLOT_DETAIL] = clock_mono_ms();
	plan_soon(kind);
}

/* A lane that waits for what others find is woken by their commits; under way, it looks once more at its end. */
static void on_counts(void *owner, const struct commit_counts *counts)
{
	struct crawl *crawl = owner;

	if (!counts->texts_wanted || crawl->options.once || crawl->context.stopping)
		return;
	for (enum repo_kind kind = 0; kind < REPO_KINDS; kind++)
		wake_detail(&crawl->kinds[kind]);
}

static void on_fatal(void *owner, const struct store_problem *problem)
{
	struct crawl *crawl = owner;

	crawl->store_error = problem->code ? problem->code : ERROR_LMDB;
	crawl->incomplete = true;
	crawl_stop(crawl);
}

/* --- life ----------------------------------------------------------------------------------------------------------*/

static void init_kind(struct crawl *crawl, enum repo_kind which)
{
	struct kind_crawl *kind = &crawl->kinds[which];

	kind->crawl = crawl;
	kind->state = (struct kind_state){ .context = &crawl->context, .kind = which };
	kind->wanted = crawl->options.backfill || crawl->options.config->kinds & (1 << which);
	kind->timer = (struct clock_timer){ .on_timer = on_plan, .owner = kind };
	first_init(&kind->first, &crawl->context, &kind->state, on_lane_ended, kind);
	watch_init(&kind->watch, &crawl->context, &kind->state, &crawl->options.watch_list->names[which], on_lane_ended, kind);
	detail_init(&kind->detail, &crawl->context, &kind->state, on_lane_ended, kind);
	poll_init(&kind->poll, &crawl->context, &kind->state, on_lane_ended, kind);
	sweep_init(&kind->sweep, &crawl->context, &kind->state, on_lane_ended, kind);
	confirm_init(&kind->confirm, &crawl->context, &kind->state, on_lane_ended, kind);
	evidence_init(&kind->evidence, &crawl->context, &kind->state, on_lane_ended, kind);
	backfill_init(&kind->backfill, &crawl->context, &kind->state, crawl->options.backfill,
		&crawl->options.watch_list->names[which], on_lane_ended, kind);
	kind->stage = crawl->options.backfill ? ONCE_BACKFILL : ONCE_FIRST;
	kind->run[SLOT_EVIDENCE] = &kind->evidence.run;
	kind->run[SLOT_BACKFILL] = &kind->backfill.run;
	kind->run[SLOT_FIRST] = &kind->first.run;
	kind->run[SLOT_WATCH] = &kind->watch.run;
	kind->run[SLOT_DETAIL] = &kind->detail.run;
	kind->run[SLOT_POLL] = &kind->poll.run;
	kind->run[SLOT_SWEEP] = &kind->sweep.run;
	kind->run[SLOT_CONFIRM] = &kind->confirm.run;
}

static unsigned processors(void)
{
	long count = sysconf(_SC_NPROCESSORS_ONLN);

	return count > 0 ? (unsigned)count : 1;
}

struct crawl *crawl_new(const struct crawl_options *options)
{
	const struct config *config = options->config;
	struct crawl *crawl = memory_new(sizeof(*crawl));
	struct context *context = &crawl->context;
	struct writer_options writer = {
		.clock = options->clock,
		.store = options->store,
		.config = config,
		.tries = options->once ? ONCE_COMMIT_TRIES : 0,
		.on_room = on_room,
		.on_counts = on_counts,
		.on_fatal = on_fatal,
		.owner = crawl,
	};

	crawl->options = *options;
	context->clock = options->clock;
	context->config = config;
	context->origin = options->origin;
	context->store = options->store;
	context->engine = options->engine;
	context->has_token = options->has_token;
	context->on_quiet = on_quiet;
	context->owner = crawl;
	context->writer = writer_new(&writer);
	turn_init(&context->turn, options->clock, context->writer, options->store, config);
	workbench_init(&context->workbench, options->clock, options->store, processors(),
		(size_t)config->page_bytes_max, config->private_repos);
	context->turn.patient = !options->once;
	context->turn.on_recovered = on_recovered;
	context->turn.owner = crawl;
	for (enum repo_kind kind = 0; kind < REPO_KINDS; kind++)
		init_kind(crawl, kind);
	return crawl;
}

void crawl_free(struct crawl **taken)
{
	struct crawl *crawl = *taken;

	*taken = NULL;
	if (!crawl)
		return;
	for (enum repo_kind kind = 0; kind < REPO_KINDS; kind++) {
		clock_stop(crawl->options.clock, &crawl->kinds[kind].timer);
		first_release(&crawl->kinds[kind].first);
		poll_release(&crawl->kinds[kind].poll);
		sweep_release(&crawl->kinds[kind].sweep);
		evidence_release(&crawl->kinds[kind].evidence);
		backfill_release(&crawl->kinds[kind].backfill);
		confirm_release(&crawl->kinds[kind].confirm);
	}
	turn_stop(&crawl->context.turn);
	writer_free(&crawl->context.writer);
	workbench_release(&crawl->context.workbench);
	request_free_spares(&crawl->context);
	free(crawl);
}

void crawl_start(struct crawl *crawl)
{
	for (enum repo_kind kind = 0; kind < REPO_KINDS; kind++) {
		if (!crawl->kinds[kind].wanted)
			continue;
		if (!crawl->options.once)
			set_first_times(&crawl->kinds[kind]);
		plan_soon(&crawl->kinds[kind]);
	}
	show_status(crawl);
}

void crawl_reload(struct crawl *crawl)
{
	const struct config *config = crawl->options.config;

	for (enum repo_kind kind = 0; kind < REPO_KINDS; kind++) {
		if (!crawl->kinds[kind].wanted || crawl->context.stopping)
			continue;
		bring_forward(&crawl->kinds[kind], SLOT_POLL, config->poll_interval);
		bring_forward(&crawl->kinds[kind], SLOT_SWEEP, config->sweep_interval);
		bring_forward(&crawl->kinds[kind], SLOT_WATCH, config->watch_interval);
		bring_forward(&crawl->kinds[kind], SLOT_DETAIL, 0);
		plan_soon(&crawl->kinds[kind]);
	}
	turn_reload(&crawl->context.turn);
}

bool crawl_is_complete(const struct crawl *crawl)
{
	if (crawl->incomplete)
		return false;
	for (enum repo_kind kind = 0; kind < REPO_KINDS; kind++)
		if (crawl->kinds[kind].wanted && crawl->kinds[kind].stage != ONCE_DONE)
			return false;
	return true;
}

int crawl_store_error(const struct crawl *crawl)
{
	return crawl->store_error;
}
