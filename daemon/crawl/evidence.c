/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/evidence.h"

#include <stdio.h>

#include "daemon/crawl/lane_canary.h"
#include "daemon/run/metrics.h"

enum { REASON_MAX = 2500 };

static int read_batch(struct lane_run *run, struct store_problem *problem);
static void on_batch(struct lane_run *run);

void evidence_init(struct evidence_lane *lane, struct context *context, struct kind_state *kind,
	void (*on_ended)(struct lane_run *run), void *owner)
{
	*lane = (struct evidence_lane){ .load = { .read = read_batch, .on_read = on_batch } };
	lane_init(&lane->run, context, kind, LANE_DETAIL, on_ended, owner);
	lane->run.often = true;
	lane->run.canary.on_good = on_batch;
}

void evidence_release(struct evidence_lane *lane)
{
	for (unsigned i = 0; i < EVIDENCE_AHEAD; i++)
		history_release(&lane->search[i].history);
}

/* --- what is to be found -------------------------------------------------------------------------------------------*/

/* The name that it bears now. */
static int read_name(struct reader *reader, const struct evidence_due *due, char name[ROW_NAME_MAX + 1])
{
	struct arena arena = { 0 };
	struct repo_ref ref;
	struct state state;
	int error = reader_repo(reader, due->kind, &due->oid, &ref);

	if (!error)
		error = reader_newest(reader, &ref, &arena, &state);
	if (!error)
		snprintf(name, ROW_NAME_MAX + 1, "%.*s", (int)state.name.size, state.name.data);
	arena_release(&arena);
	return error;
}

static int load_items(struct reader *reader, struct evidence_batch *batch)
{
	while (batch->count < EVIDENCE_BATCH) {
		struct evidence_item *item = &batch->item[batch->count];
		int error = reader_evidence_due(reader, batch->from, &item->due);

		batch->at_end = error == ERROR_NOT_FOUND;
		if (error)
			return batch->at_end ? ERROR_NONE : error;
		/* a row that cannot be read is for verify to tell */
		if (item->due.kind != batch->kind)
			;
		else if (!rest_is_over(item->due.tries, item->due.asked_ms, batch->now_ms, batch->pause_ms))
			batch->resting++;
		else if (read_name(reader, &item->due, item->name) == ERROR_NONE)
			batch->count++;
		batch->from = item->due.seq + 1;
	}
	return ERROR_NONE;
}

static int read_batch(struct lane_run *run, struct store_problem *problem)
{
	struct evidence_batch *batch = &((struct evidence_lane *)run)->batch;
	struct reader *reader;
	int error = reader_open(run->context->store, &reader, problem);

	batch->count = 0;
	batch->at_end = false;
	if (error)
		return error;
	error = load_items(reader, batch);
	reader_close(&reader);
	return error;
}

bool evidence_may_be_due(struct store *store, enum repo_kind kind)
{
	struct evidence_due due = { .seq = 0 };
	struct store_problem problem;
	struct reader *reader;
	bool more = true, found = false;

	if (reader_open(store, &reader, &problem))
		return false;
	for (unsigned i = 0; i < EVIDENCE_BATCH && more && !found; i++) {
		more = reader_evidence_due(reader, due.seq + 1, &due) == ERROR_NONE;
		found = more && due.kind == kind;
	}
	reader_close(&reader);
	return found || more;
}

/* --- a batch -------------------------------------------------------------------------------------------------------*/

static void search_on(struct evidence_lane *lane);

static void on_batch(struct lane_run *run)
{
	search_on((struct evidence_lane *)run);
}

static void load_batch(struct evidence_lane *lane)
{
	lane->next = 0;
	lane->batch.now_ms = clocks_now_ms(&lane->run.context->clocks);
	lane->batch.pause_ms = lane->run.context->config->park_time;
	lane_load(&lane->run, &lane->load);
}

void evidence_start(struct evidence_lane *lane)
{
	lane->batch.kind = lane->run.kind->kind;
	lane->batch.from = lane->batch.resting = 0;
	lane->searching = 0;
	lane->run.canary.odd = 0;
	lane_begin(&lane->run, false, 0);
	load_batch(lane);
}

/* --- one record ----------------------------------------------------------------------------------------------------*/

/* Why no commit is named, or which one of several it is; size 0: it is the one. */
static void write_reason(const struct history *history, bool has_commit, struct buf *out)
{
	if (history->later)
		buf_printf(out, "asked %u times in vain", EVIDENCE_TRIES_MAX);
	else if (!past_outcome_is_good(history->outcome))
		buf_text(out, past_outcome_text(history->outcome));
	else if (!history->commit)
		buf_printf(out, "more than %u commits lie between the two looks", HISTORY_COMMITS_MAX);
	else if (!has_commit)
		buf_text(out, "no commit between the two looks changed what the card declares");
	else if (history->count > 1)
		buf_printf(out, "the last of %u switches between the two looks", history->count);
	if (history->count == 1 && history->found[0].reason.size)
		buf_slice(out, history->found[0].reason);
	else if (out->size && history->unlooked.size)
		buf_printf(out, "; %.*s", (int)history->unlooked.size, history->unlooked.data);
}

/* Neighbours need no reading: the newer one did it. */
static bool find_commit(const struct history *history, struct change_commit *commit)
{
	const struct commit_info *newest = history->commit;

	if (history->later || !past_outcome_is_good(history->outcome) || !newest)
		return false;
	if (history->count) {
		*commit = history->found[history->count - 1].commit;
		return true;
	}
	if (history->commits != 2)
		return false;
	*commit = (struct change_commit){ .title = newest->title, .user = newest->user, .date_ms = newest->date_ms };
	memcpy(commit->sha, newest->sha, SHA_BYTES);
	return true;
}

static void hand_over(struct evidence_search *search, struct request *request)
{
	struct history *history = &search->history;
	struct evidence *evidence = arena_take(&history->arena, sizeof(*evidence));
	struct change_commit *commit = arena_take(&history->arena, sizeof(*commit));
	bool has_commit = find_commit(history, commit);
	struct buf reason = BUF_INIT(REASON_MAX);
	struct answer answer = { .evidence = evidence };

	write_reason(history, has_commit, &reason);
	*evidence = (struct evidence){
		.of = search->item->due.seq,
		.name = arena_copy(&history->arena, slice_of(search->item->name)),
		.later = history->later,
		.rest = history->rest,
		.commit = has_commit ? commit : NULL,
		.reason = reason.size ? arena_copy(&history->arena, buf_as_slice(&reason)) : SLICE_NONE,
	};
	metrics_add(has_commit ? METRIC_EVIDENCE_FOUND : METRIC_EVIDENCE_NOT_FOUND, !history->later);
	request->page.arena = history->arena;
	history->arena = (struct arena){ 0 };
	lane_hand_over(&search->lane->run, request, &answer);
	buf_release(&reason);
}

/* --- the searches --------------------------------------------------------------------------------------------------*/

static void on_searched(struct history *history, struct request *request)
{
	struct evidence_search *search = history->owner;
	struct evidence_lane *lane = search->lane;
	bool later = history->later;

	if (request)
		hand_over(search, request);
	history_release(history);
	search->item = NULL;
	lane->searching--;
	lane->batch.resting += later;
	if (!request)
		lane_end(&lane->run, LANE_PARKED, history_trouble(request));
	else if (later)
		canary_ask(&lane->run);
	search_on(lane);
}

static void start_search(struct evidence_search *search, const struct evidence_item *item)
{
	struct history_order order = {
		.name = slice_of(item->name),
		.newest = item->due.after,
		.oldest = item->due.before,
		.only_neighbours = true,
		.on_done = on_searched,
		.owner = search,
	};

	search->item = item;
	search->lane->searching++;
	history_start(&search->history, &search->lane->run, &order);
}

static void search_on(struct evidence_lane *lane)
{
	struct evidence_batch *batch = &lane->batch;

	for (unsigned i = 0; i < EVIDENCE_AHEAD && lane->next < batch->count && !lane->run.ending && !lane->run.canary.asked; i++) {
		struct evidence_search *search = &lane->search[i];

		search->lane = lane;
		if (!search->item)
			start_search(search, &batch->item[lane->next++]);
	}
	if (lane->run.ending || lane->run.canary.asked || lane->searching || lane->next < batch->count)
		return;
	if (batch->at_end)
		lane_end(&lane->run, LANE_COMPLETE, NULL);
	else
		load_batch(lane);
}
