/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/crawl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/crawl/kind_crawl.h"
#include "daemon/run/log.h"
#include "daemon/run/metrics.h"
#include "daemon/run/notify.h"
#include "storage/model/memory.h"

/* A run that starts again at once has dropped a field or stumbled over a deletion: neither goes on for long. */
enum { AGAIN_MAX = 32, ONCE_COMMIT_TRIES = 3 };

/* --- a lane has ended ----------------------------------------------------------------------------------------------*/

static void show_status(struct crawl *crawl)
{
	char text[160];

	snprintf(text, sizeof(text), "%" PRIu64 " requests, %" PRIu64 " rows, %" PRIu64 " records logged",
		metrics_get(METRIC_REQUESTS), metrics_get(METRIC_ROWS), metrics_get(METRIC_RECORDS));
	(void)crawl;
	notify_status(text);
}

static void drain_if_quiet(struct crawl *crawl);

static void sweep_completed(struct kind_crawl *kind, const struct kind_facts *facts)
{
	char why[FLAW_TEXT];

	kind_facts_log_sweep(kind, facts);
	if (!facts->state.complete) {
		metrics_add(METRIC_SWEEPS_INCOMPLETE, 1);
		log_write(LOG_SWEEP_INCOMPLETE, log_text("kind", repo_kinds[kind->state.kind].name),
			log_number("seen", (int64_t)facts->state.seen), log_number("known", (int64_t)facts->state.known),
			log_text("why", kind_facts_flaw(kind, facts, why)));
	}
	if (facts->completeness.last.damaged)
		log_write(LOG_SWEEP_UNREADABLE, log_text("kind", repo_kinds[kind->state.kind].name),
			log_number("rows", (int64_t)facts->completeness.last.damaged));
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

static void lane_completed(struct kind_crawl *kind, enum slot slot)
{
	struct kind_facts facts;

	kind->agains[slot] = 0;
	metrics_add(METRIC_POLLS, slot == SLOT_POLL);
	metrics_add(METRIC_SWEEPS, slot == SLOT_SWEEP);
	if (kind_facts_read(kind, &facts)) {
		kind_facts_show(kind, &facts);
		if (slot == SLOT_SWEEP)
			sweep_completed(kind, &facts);
	}
	if (slot == SLOT_BACKFILL)
		backfill_completed(kind);
	else if (slot == SLOT_DETAIL && kind->detail.batch.resting)
		plan_forward(kind, SLOT_DETAIL, kind->crawl->options.config->park_time);
	else if (slot == SLOT_EVIDENCE && kind->evidence.batch.resting)
		plan_forward(kind, SLOT_EVIDENCE, kind->crawl->options.config->park_time);
	if (slot != SLOT_EVIDENCE)
		plan_evidence(kind);
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

	workbench_run(&crawl->context.workbench);
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

	clocks_committed(&crawl->context.clocks, counts->newest_ms);
	if (!counts->texts_wanted || crawl->options.once || crawl->context.stopping)
		return;
	for (enum repo_kind kind = 0; kind < REPO_KINDS; kind++)
		wake_detail(&crawl->kinds[kind]);
}

/* So long ago the Hub last answered, or the crawl began. */
static int64_t unanswered_ms(const struct crawl *crawl)
{
	int64_t since_ms = crawl->context.turn.answered_ms;

	return clock_mono_ms() - (since_ms ? since_ms : crawl->started_ms);
}

static void on_give_up(struct clock_timer *timer)
{
	struct crawl *crawl = timer->owner;
	int64_t limit_ms = crawl->options.config->once_give_up, waited_ms = unanswered_ms(crawl);
	const char *why = crawl->context.turn.why;

	if (crawl->context.stopping)
		return;
	if (waited_ms < limit_ms) {
		clock_start(crawl->options.clock, timer, limit_ms - waited_ms);
		return;
	}
	log_write(LOG_HUB_UNREACHABLE, log_text("hub", crawl->options.origin->text), log_number("waited_ms", waited_ms),
		log_text("why", why[0] ? why : "no answer came"));
	crawl->incomplete = crawl->unreachable = true;
	crawl_stop(crawl);
}

static void on_fatal(void *owner, const struct store_problem *problem)
{
	struct crawl *crawl = owner;

	crawl->store_error = problem->code ? problem->code : ERROR_LMDB;
	crawl->incomplete = true;
	crawl_stop(crawl);
}

/* --- a log that lies ahead of both clocks --------------------------------------------------------------------------*/

static void on_refusal(struct clock_timer *timer)
{
	crawl_stop(timer->owner);
}

static void on_log_ahead(void *owner, int64_t latest_ms)
{
	struct crawl *crawl = owner;
	struct store_problem problem = { 0 };

	if (crawl->store_error)
		return;
	clocks_refuse(&crawl->context.clocks, crawl->options.store, latest_ms, &problem);
	log_write(LOG_AHEAD, log_text("why", problem.text));
	crawl->store_error = problem.code;
	crawl->incomplete = true;
	writer_refuse(crawl->context.writer);
	clock_start(crawl->options.clock, &crawl->refusal, 0);
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

static void init_workbench(struct crawl *crawl)
{
	const struct config *config = crawl->options.config;
	struct context *context = &crawl->context;
	struct workbench_options options = {
		.clock = crawl->options.clock,
		.store = crawl->options.store,
		.budget = &context->budget,
		.memory_max = (size_t)config->memory_max,
		.bytes_max = (size_t)config->page_bytes_max,
		.private_repos = config->private_repos,
		.stop = &context->stopping,
	};

	workbench_init(&context->workbench, &options);
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
		.budget = &crawl->context.budget,
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
	context->on_log_ahead = on_log_ahead;
	context->owner = crawl;
	context->budget = (struct budget){ .max = workbench_answer_bytes((size_t)config->memory_max), .on_room = on_room, .owner = crawl };
	context->writer = writer_new(&writer);
	clocks_init(&context->clocks, options->store);
	crawl->give_up = (struct clock_timer){ .on_timer = on_give_up, .owner = crawl };
	crawl->refusal = (struct clock_timer){ .on_timer = on_refusal, .owner = crawl };
	turn_init(&context->turn, options->clock, context->writer, options->store, config);
	context->turn.budget = &context->budget;
	init_workbench(crawl);
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
	clock_stop(crawl->options.clock, &crawl->refusal);
	clock_stop(crawl->options.clock, &crawl->give_up);
	clocks_release(&crawl->context.clocks);
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
			plan_first_times(&crawl->kinds[kind]);
		plan_soon(&crawl->kinds[kind]);
	}
	crawl->started_ms = clock_mono_ms();
	if (crawl->options.once)
		clock_start(crawl->options.clock, &crawl->give_up, crawl->options.config->once_give_up);
	show_status(crawl);
}

void crawl_reload(struct crawl *crawl)
{
	const struct config *config = crawl->options.config;

	for (enum repo_kind kind = 0; kind < REPO_KINDS; kind++) {
		if (!crawl->kinds[kind].wanted || crawl->context.stopping)
			continue;
		plan_forward(&crawl->kinds[kind], SLOT_POLL, config->poll_interval);
		plan_forward(&crawl->kinds[kind], SLOT_SWEEP, config->sweep_interval);
		plan_forward(&crawl->kinds[kind], SLOT_WATCH, config->watch_interval);
		plan_forward(&crawl->kinds[kind], SLOT_DETAIL, 0);
		plan_soon(&crawl->kinds[kind]);
	}
	turn_reload(&crawl->context.turn);
}

const char *crawl_why_incomplete(const struct crawl *crawl)
{
	return crawl->why[0] ? crawl->why : "it was stopped";
}

static bool came_to_its_end(const struct crawl *crawl)
{
	for (enum repo_kind kind = 0; kind < REPO_KINDS; kind++)
		if (crawl->kinds[kind].wanted && crawl->kinds[kind].stage != ONCE_DONE)
			return false;
	return true;
}

bool crawl_is_complete(const struct crawl *crawl)
{
	return !crawl->incomplete && came_to_its_end(crawl);
}

bool crawl_found_no_hub(const struct crawl *crawl)
{
	return crawl->unreachable;
}

int crawl_store_error(const struct crawl *crawl)
{
	return crawl->store_error;
}
