/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/workbench.h"

#include "storage/model/json.h"
#include "storage/model/memory.h"

/*
 * Waking a thread costs as much as reading a small answer: such go together. A page is as much as this by itself, so
 * pages go one by one, to all benches.
 */
enum { ITEM_BYTES = 64 * 1024 };

static void on_turn_end(struct clock_timer *timer);

void workbench_init(struct workbench *workbench, struct clock *clock, struct store *store, unsigned benches, size_t bytes_max,
	bool private_repos)
{
	*workbench = (struct workbench){
		.clock = clock,
		.turn_end = { .on_timer = on_turn_end, .owner = workbench },
		.count = benches < BENCHES_MAX ? benches : BENCHES_MAX,
	};
	for (unsigned i = 0; i < workbench->count; i++) {
		struct bench *bench = &workbench->bench[i];

		decoder_init(&bench->decoder, bytes_max);
		bench->preparer = preparer_new(store, private_repos);
		bench->workbench = workbench;
		bench->item.data = bench;
		bench->next_free = workbench->free;
		workbench->free = bench;
	}
}

void workbench_release(struct workbench *workbench)
{
	if (workbench->clock)
		clock_stop(workbench->clock, &workbench->turn_end);
	for (unsigned i = 0; i < workbench->count; i++) {
		decoder_release(&workbench->bench[i].decoder);
		preparer_free(&workbench->bench[i].preparer);
	}
	workbench->count = 0;
	workbench->free = NULL;
}

/* --- the work ------------------------------------------------------------------------------------------------------*/

static int take_text(struct work *work, struct slice text)
{
	int error;

	if (work->text_max && text.size > work->text_max)
		return ERROR_TOO_BIG;
	buf_init(&work->text, text.size + JSON_PADDING);
	buf_slice(&work->text, text);
	buf_reserve(&work->text, JSON_PADDING);
	error = work->read_text ? work->read_text(work, buf_as_slice(&work->text)) : ERROR_NONE;
	if (error)
		buf_release(&work->text);
	return error;
}

static void do_work(struct bench *bench, struct work *work)
{
	uint64_t start_ns = uv_hrtime();
	size_t bytes_max = work->only_text ? work->text_max : 0;
	struct slice text;

	work->error = decoder_run(&bench->decoder, work->encoding, work->body, bytes_max, &text);
	if (!work->error)
		work->text_bytes = text.size;
	if (!work->error && work->only_text)
		work->error = take_text(work, text);
	else if (!work->error)
		work->error =
			preparer_page(bench->preparer, text.data, text.size, work->projection, &work->page, &work->problem);
	decoder_rest(&bench->decoder);
	work->took_us = (uv_hrtime() - start_ns) / 1000;
}

static void on_work(uv_work_t *item)
{
	struct bench *bench = item->data;

	for (struct work *work = bench->first; work; work = work->next)
		do_work(bench, work);
}

/* --- on the loop ---------------------------------------------------------------------------------------------------*/

static void start_waiting(struct workbench *workbench);

static void on_worked(uv_work_t *item, int status)
{
	struct bench *bench = item->data;
	struct workbench *workbench = bench->workbench;
	struct work *done = bench->first, *next;

	(void)status; /* never cancelled */
	bench->first = NULL;
	bench->next_free = workbench->free;
	workbench->free = bench;
	workbench->busy--;
	start_waiting(workbench);
	for (; done; done = next) {
		next = done->next; /* on_done may free it */
		done->on_done(done);
	}
}

/* Off the queue: one, and small ones with it. */
static struct work *take_some(struct workbench *workbench)
{
	struct work *first = workbench->first, *last = first;
	size_t bytes = first->body->size;

	while (last->next && bytes + last->next->body->size <= ITEM_BYTES) {
		last = last->next;
		bytes += last->body->size;
	}
	workbench->first = last->next;
	if (!workbench->first)
		workbench->last = NULL;
	last->next = NULL;
	workbench->bytes -= bytes;
	return first;
}

/* A second thread is woken only for what is worth it. */
static void start_waiting(struct workbench *workbench)
{
	while (workbench->first && workbench->free && (!workbench->busy || workbench->bytes >= ITEM_BYTES)) {
		struct bench *bench = workbench->free;

		workbench->free = bench->next_free;
		workbench->busy++;
		bench->first = take_some(workbench);
		if (uv_queue_work(workbench->clock->loop, &bench->item, on_work, on_worked))
			memory_failed("work item");
	}
}

static void on_turn_end(struct clock_timer *timer)
{
	start_waiting(timer->owner);
}

void workbench_start(struct workbench *workbench, struct work *work)
{
	work->next = NULL;
	work->error = 0;
	work->page = (struct page){ 0 };
	work->text = (struct buf){ 0 };
	work->text_bytes = work->took_us = 0;
	if (workbench->last)
		workbench->last->next = work;
	else
		workbench->first = work;
	workbench->last = work;
	workbench->bytes += work->body->size;
	/* what else this turn of the loop brings may go with it */
	if (!clock_is_running(&workbench->turn_end))
		clock_start(workbench->clock, &workbench->turn_end, 0);
}
