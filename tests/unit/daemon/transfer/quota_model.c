/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/daemon/transfer/quota_model.h"

#include <stdlib.h>

#include "storage/model/memory.h"

struct model_event {
	int64_t due_ms;
	uint64_t life; /* of the client that sent it: after kill -9 nobody waits for the answer */
	bool answer;   /* else it reaches the Hub */
	bool refused;
	struct quota_ticket ticket;
	struct quota_news news;
};

static uint64_t draw(struct model *model)
{
	model->random ^= model->random << 13;
	model->random ^= model->random >> 7;
	model->random ^= model->random << 17;
	return model->random;
}

/* --- events --------------------------------------------------------------------------------------------------------*/

static void push(struct model *model, struct model_event event)
{
	size_t at = model->events++;

	if (at == model->room) {
		model->room = model->room ? model->room * 2 : 64;
		model->event = memory_grow(model->event, model->room, sizeof(event));
	}
	for (; at && model->event[(at - 1) / 2].due_ms > event.due_ms; at = (at - 1) / 2)
		model->event[at] = model->event[(at - 1) / 2];
	model->event[at] = event;
}

static struct model_event pop(struct model *model)
{
	struct model_event first = model->event[0], last = model->event[--model->events];
	size_t at = 0, child;

	while ((child = 2 * at + 1) < model->events) {
		if (child + 1 < model->events && model->event[child + 1].due_ms < model->event[child].due_ms)
			child++;
		if (model->event[child].due_ms >= last.due_ms)
			break;
		model->event[at] = model->event[child];
		at = child;
	}
	model->event[at] = last;
	return first;
}

/* --- the Hub -------------------------------------------------------------------------------------------------------*/

static void close_window(struct model *model)
{
	struct model_figures *figures = &model->figures;

	if (model->window >= model->first_whole) {
		figures->windows++;
		figures->used_whole += model->window_ours;
	}
	if (model->window_refused > figures->refused_most)
		figures->refused_most = model->window_refused;
	model->window_used = model->window_ours = model->window_refused = 0;
}

static void turn_window(struct model *model, int64_t at_ms)
{
	int64_t window = (at_ms + model->options.phase_ms) / model->options.window_ms;

	for (; model->window < window; model->window++)
		close_window(model);
}

static void other_clients(struct model *model)
{
	int64_t rate_ms = model->options.window_ms * 100 / model->options.limit / model->options.others_percent;

	turn_window(model, model->next_other_ms);
	model->window_used += model->window_used < model->options.limit;
	model->next_other_ms += rate_ms ? 1 + (int64_t)(draw(model) % (uint64_t)(2 * rate_ms)) : 1;
}

static void reach_hub(struct model *model, struct model_event event)
{
	const struct model_options *options = &model->options;
	int64_t left_ms, added_ms = options->rounding == ROUND_DOWN ? 0 : options->rounding == ROUND_UP ? 999 : 500;

	turn_window(model, event.due_ms);
	left_ms = (model->window + 1) * options->window_ms - options->phase_ms - event.due_ms;
	event.refused = !options->silent && model->window_used >= options->limit;
	model->window_used += !event.refused;
	model->window_ours += !event.refused;
	model->window_refused += event.refused;
	model->figures.used += !event.refused;
	model->figures.refused += event.refused;
	event.news = (struct quota_news){ options->limit - model->window_used, (left_ms + added_ms) / 1000, options->limit,
		options->window_ms / 1000, -1 };
	if (options->silent)
		event.news = (struct quota_news){ -1, -1, -1, -1, -1 };
	event.answer = true;
	event.due_ms += options->latency_ms / 2 + (options->jitter_ms ? (int64_t)(draw(model) % (uint64_t)options->jitter_ms) / 2 : 0);
	push(model, event);
}

/* --- the client ----------------------------------------------------------------------------------------------------*/

static void send(struct model *model)
{
	const struct model_options *options = &model->options;
	int64_t jitter_ms = options->jitter_ms ? (int64_t)(draw(model) % (uint64_t)options->jitter_ms) / 2 : 0;

	model->figures.sent++;
	push(model, (struct model_event){ .due_ms = model->now_ms + options->latency_ms / 2 + jitter_ms, .life = model->life,
		.ticket = quota_sent(&model->quota, model->now_ms) });
}

static void take_answer(struct model *model, const struct model_event *event)
{
	bool lost = model->options.lost_in && draw(model) % (uint64_t)model->options.lost_in == 0;
	int64_t wait_ms;

	if (event->life != model->life)
		return;
	quota_ended(&model->quota, &event->ticket, lost ? NULL : &event->news, false, model->now_ms);
	if (event->refused && !lost)
		quota_refused(&model->quota, &event->ticket, &event->news, draw(model), model->now_ms, &wait_ms);
}

static void take_block(struct model *model)
{
	if (model->committing && model->committed_ms <= model->now_ms) {
		model->committing = false;
		model->stored = model->block;
		model->figures.commits++;
		quota_granted(&model->quota, &model->block, model->block_number);
	}
	if (!model->committing && quota_wants_block(&model->quota, model->now_ms)) {
		model->committing = true;
		model->committed_ms = model->now_ms + model->options.commit_ms;
		model->block = quota_next_block(&model->quota, model->now_ms, model->now_ms + model->options.wall_ms,
			&model->block_number);
	}
}

static void kill_client(struct model *model)
{
	struct quota before = model->quota;

	model->figures.kills++;
	model->life++;
	model->committing = false;
	quota_init(&model->quota, before.share_percent, before.rate, 64);
	model->quota.pace = before.pace;
	model->quota.blocks = before.blocks;
	quota_restore(&model->quota, &model->stored, model->now_ms, model->now_ms + model->options.wall_ms);
	model->next_kill_ms += model->options.kill_ms / 2 + (int64_t)(draw(model) % (uint64_t)model->options.kill_ms);
}

/* Sends what may go; when to look again. */
static int64_t send_all(struct model *model)
{
	int64_t wait_ms;

	take_block(model);
	while ((wait_ms = quota_wait_ms(&model->quota, model->now_ms)) == 0 && model->events < 100000) {
		send(model);
		take_block(model);
	}
	return wait_ms > 0 ? model->now_ms + wait_ms : INT64_MAX;
}

static void happen(struct model *model)
{
	struct model_event event = pop(model);

	if (event.answer)
		take_answer(model, &event);
	else
		reach_hub(model, event);
}

static int64_t min64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

void model_run(struct model *model, int64_t until_ms)
{
	while (model->now_ms < until_ms) {
		int64_t next_ms = min64(send_all(model), until_ms);

		if (model->events)
			next_ms = min64(next_ms, model->event[0].due_ms);
		if (model->committing)
			next_ms = min64(next_ms, model->committed_ms);
		if (model->options.kill_ms)
			next_ms = min64(next_ms, model->next_kill_ms);
		model->now_ms = next_ms > model->now_ms ? next_ms : model->now_ms;
		while (model->options.others_percent && model->next_other_ms <= model->now_ms)
			other_clients(model);
		while (model->events && model->event[0].due_ms <= model->now_ms)
			happen(model);
		if (model->options.kill_ms && model->next_kill_ms <= model->now_ms)
			kill_client(model);
	}
	turn_window(model, model->now_ms);
}

int64_t model_use(const struct model *model)
{
	int64_t allowed = model->figures.windows * (model->options.limit * model->quota.share_percent / 100);

	return allowed ? model->figures.used_whole * 10000 / allowed : 0;
}

void model_init(struct model *model, const struct model_options *options, int64_t share_percent, enum quota_pace pace)
{
	*model = (struct model){ .options = *options, .random = 88172645463325252u, .now_ms = 1000 };
	model->next_kill_ms = options->kill_ms;
	model->next_other_ms = model->now_ms;
	model->window = (model->now_ms + options->phase_ms) / options->window_ms;
	model->first_whole = model->window + 1;
	quota_init(&model->quota, share_percent, 0, 64);
	model->quota.pace = pace;
	model->quota.blocks = options->commit_ms > 0;
}

void model_release(struct model *model)
{
	free(model->event);
}
