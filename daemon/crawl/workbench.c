/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/workbench.h"

#include "storage/model/json.h"
#include "storage/model/memory.h"

void workbench_init(struct workbench *workbench, uv_loop_t *loop, struct store *store, unsigned benches, size_t bytes_max,
	bool private_repos)
{
	*workbench = (struct workbench){ .loop = loop, .count = benches < BENCHES_MAX ? benches : BENCHES_MAX };
	for (unsigned i = 0; i < workbench->count; i++) {
		struct bench *bench = &workbench->bench[i];

		decoder_init(&bench->decoder, bytes_max);
		bench->preparer = preparer_new(store, private_repos);
		bench->next_free = workbench->free;
		workbench->free = bench;
	}
}

void workbench_release(struct workbench *workbench)
{
	for (unsigned i = 0; i < workbench->count; i++) {
		decoder_release(&workbench->bench[i].decoder);
		preparer_free(&workbench->bench[i].preparer);
	}
	workbench->count = 0;
	workbench->free = NULL;
}

static void on_work(uv_work_t *item)
{
	struct work *work = item->data;
	struct bench *bench = work->bench;
	uint64_t start_ns = uv_hrtime();
	struct slice text;

	work->error = decoder_run(&bench->decoder, work->encoding, work->body, &text);
	if (!work->error)
		work->text_bytes = text.size;
	if (!work->error && work->only_text && work->text_max && text.size > work->text_max) {
		work->error = ERROR_TOO_BIG;
	} else if (!work->error && work->only_text) {
		buf_init(&work->text, text.size + JSON_PADDING);
		buf_slice(&work->text, text);
		buf_reserve(&work->text, JSON_PADDING);
		if (work->read_text)
			work->read_text(work->read_owner, work->read_tag, buf_as_slice(&work->text));
	} else if (!work->error) {
		work->error =
			preparer_page(bench->preparer, text.data, text.size, work->projection, &work->page, &work->problem);
	}
	decoder_rest(&bench->decoder);
	work->took_us = (uv_hrtime() - start_ns) / 1000;
}

static void start_waiting(struct workbench *workbench);

static void on_worked(uv_work_t *item, int status)
{
	struct work *work = item->data;
	struct workbench *workbench = work->workbench;

	(void)status; /* never cancelled */
	work->bench->next_free = workbench->free;
	workbench->free = work->bench;
	start_waiting(workbench);
	work->on_done(work);
}

static void start_waiting(struct workbench *workbench)
{
	while (workbench->first && workbench->free) {
		struct work *work = workbench->first;

		workbench->first = work->next;
		if (!workbench->first)
			workbench->last = NULL;
		work->bench = workbench->free;
		workbench->free = work->bench->next_free;
		if (uv_queue_work(workbench->loop, &work->item, on_work, on_worked))
			memory_failed("work item");
	}
}

void workbench_start(struct workbench *workbench, struct work *work)
{
	work->item.data = work;
	work->workbench = workbench;
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
	start_waiting(workbench);
}
