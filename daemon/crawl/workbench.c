/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/workbench.h"

#include <malloc.h>
#include <unistd.h>

#include "config/config.h"
#include "storage/model/json.h"
#include "storage/model/memory.h"

/*
 * Waking a thread costs as much as reading a small answer: such go together. A page is as much as this by itself, so
 * pages go one by one, to all benches.
 */
enum { ITEM_BYTES = 64 * 1024 };

/*
 * Narrow: what a page of 1,000 rows of the real Hub takes, and a half more. Wide: what is accepted at all.
 * NARROW_BYTES is what a bench then takes at most: text, index, nodes, one row several times over.
 */
enum {
	NARROW_TEXT = 3 << 20, NARROW_NODES = 1 << 18, NARROW_ROW = 256 << 10, NARROW_BYTES = 36 << 20,
	WIDE_NODES = 1 << 19, WIDE_ROW = 4 << 20,
};

/* What malloc may keep of what was freed. */
enum { IDLE_MS = 1000, TRIM_FROM = 24 << 20 };

static void on_turn_end(struct clock_timer *timer);
static void on_idle(struct clock_timer *timer);

unsigned workbench_processors(void)
{
	long count = sysconf(_SC_NPROCESSORS_ONLN);

	return count < 1 ? 1 : count < BENCHES_MAX ? (unsigned)count : BENCHES_MAX;
}

size_t workbench_answer_bytes(size_t memory_max)
{
	return memory_max / CONFIG_MEMORY_PER_PAGE * 5;
}

static unsigned bench_count(size_t memory_max)
{
	size_t affordable = memory_max / CONFIG_MEMORY_PER_PAGE * 7 / NARROW_BYTES;
	unsigned processors = workbench_processors();

	return affordable < 1 ? 1 : affordable < processors ? (unsigned)affordable : processors;
}

void workbench_init(struct workbench *workbench, const struct workbench_options *options)
{
	*workbench = (struct workbench){
		.clock = options->clock,
		.budget = options->budget,
		.stop = options->stop,
		.bytes_max = options->bytes_max,
		.turn_end = { .on_timer = on_turn_end, .owner = workbench },
		.idle = { .on_timer = on_idle, .owner = workbench },
		.end = &workbench->first,
		.count = options->store ? bench_count(options->memory_max) : 1,
	};
	for (unsigned i = 0; i < workbench->count; i++) {
		struct bench *bench = &workbench->bench[i];

		decoder_init(&bench->decoder, options->bytes_max);
		bench->preparer = preparer_new(options->store, options->private_repos);
		bench->workbench = workbench;
		bench->item.data = bench;
		bench->next_free = workbench->free;
		workbench->free = bench;
	}
}

void workbench_release(struct workbench *workbench)
{
	if (workbench->clock) {
		clock_stop(workbench->clock, &workbench->turn_end);
		clock_stop(workbench->clock, &workbench->idle);
	}
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

	buf_init(&work->text, text.size + JSON_PADDING);
	buf_slice(&work->text, text);
	memset(buf_reserve(&work->text, JSON_PADDING), 0, JSON_PADDING);
	error = work->read_text ? work->read_text(work, buf_as_slice(&work->text)) : ERROR_NONE;
	if (error)
		buf_release(&work->text);
	return error;
}

static struct page_limits limits_of(const struct workbench *workbench, const struct work *work)
{
	struct page_limits limits = {
		.rows_max = work->rows_max,
		.nodes_max = work->large ? WIDE_NODES : NARROW_NODES,
		.bytes_max = workbench->bytes_max,
		.row_bytes_max = work->large ? WIDE_ROW : NARROW_ROW,
		.rows_fit = !work->large,
		.stop = workbench->stop,
	};

	if (!work->large && limits.bytes_max > NARROW_TEXT)
		limits.bytes_max = NARROW_TEXT;
	return limits;
}

static int read_work(struct bench *bench, struct work *work)
{
	struct page_limits limits = limits_of(bench->workbench, work);
	bool has_own_max = work->only_text && work->text_max && work->text_max < limits.bytes_max;
	size_t text_max = has_own_max ? work->text_max : limits.bytes_max;
	struct slice text;
	int error;

	if (atomic_load(bench->workbench->stop))
		return ERROR_STOPPED;
	error = decoder_run(&bench->decoder, work->encoding, work->body, text_max, &text);
	if (error)
		return error;
	work->text_bytes = text.size;
	if (work->only_text)
		return take_text(work, text);
	return preparer_page(bench->preparer, text.data, text.size, work->projection, &limits, &work->page, &work->problem);
}

static void rest(struct bench *bench)
{
	decoder_rest(&bench->decoder);
	preparer_rest(bench->preparer);
}

static void do_work(struct bench *bench, struct work *work)
{
	uint64_t start_ns = uv_hrtime();

	work->error = read_work(bench, work);
	work->outgrew = work->error == ERROR_TOO_BIG && !work->large;
	if (work->outgrew)
		page_release(&work->page);
	if (work->large)
		rest(bench);
	work->took_us += (uv_hrtime() - start_ns) / 1000;
}

static void on_work(uv_work_t *item)
{
	struct bench *bench = item->data;

	for (struct work *work = bench->first; work; work = work->next)
		do_work(bench, work);
}

/* --- on the loop ---------------------------------------------------------------------------------------------------*/

static void start_waiting(struct workbench *workbench);

static void put_first(struct workbench *workbench, struct work *work)
{
	work->next = workbench->first;
	if (!workbench->first)
		workbench->end = &work->next;
	workbench->first = work;
	workbench->bytes += work->body->size;
}

/* What outgrew the narrow limits is read again, within the wide ones. */
static void end_work(struct workbench *workbench, struct work *work)
{
	workbench->alone = workbench->alone && !work->large;
	budget_give(workbench->budget, work->room);
	work->room = 0;
	if (!work->outgrew) {
		work->on_done(work);
		return;
	}
	work->large = true;
	put_first(workbench, work);
}

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
	for (; done; done = next) {
		next = done->next; /* on_done may free it */
		end_work(workbench, done);
	}
	start_waiting(workbench);
}

/*
 * How much text is in the body: gzip ends with it (RFC 1952, 2.3.1). A server may say what it likes: the decoder holds
 * on to the limit that comes of it.
 */
static size_t text_bytes(const struct work *work)
{
	const uint8_t *end = (const uint8_t *)work->body->data + work->body->size;

	if (!work->encoding.size || work->body->size < 4)
		return work->body->size;
	return (size_t)end[-4] | (size_t)end[-3] << 8 | (size_t)end[-2] << 16 | (size_t)end[-1] << 24;
}

/* Memory for what comes of it: of a text a copy, of rows their canonical form, their derived fields and what was sent. */
static size_t room_of(const struct workbench *workbench, const struct work *work)
{
	enum { COPIES = 3, PAGE_BYTES = 64 * 1024, ROW_BYTES = 256 };
	size_t narrow = workbench->bytes_max < NARROW_TEXT ? workbench->bytes_max : NARROW_TEXT, text = text_bytes(work);

	text = work->large ? workbench->bytes_max : text < narrow ? text : narrow;
	return COPIES * text + (work->only_text ? 0 : PAGE_BYTES + (size_t)work->rows_max * ROW_BYTES);
}

static bool may_start(struct workbench *workbench, struct work *work)
{
	if (workbench->alone || (work->large && workbench->busy))
		return false;
	work->room = room_of(workbench, work);
	return work->may_take(work, work->room);
}

/*
 * Where the first one that may start waits, or NULL. What has no memory for its result is passed over: it may wait for an
 * older answer that waits here too. A large one waits for the benches alone, so that others do not keep it waiting.
 */
static struct work **find_startable(struct workbench *workbench)
{
	struct work **at = &workbench->first;

	while (*at && !may_start(workbench, *at))
		at = (*at)->large && workbench->busy ? workbench->end : &(*at)->next;
	return *at ? at : NULL;
}

static struct work *take(struct workbench *workbench, struct work **at)
{
	struct work *work = *at;

	*at = work->next;
	if (!*at)
		workbench->end = at;
	work->next = NULL;
	workbench->bytes -= work->body->size;
	workbench->alone = work->large;
	budget_take(workbench->budget, work->room);
	return work;
}

/* Small ones go together. */
static struct work *take_some(struct workbench *workbench, struct work **at)
{
	struct work *first = take(workbench, at), *last = first;
	size_t bytes = first->body->size;

	while (*at && bytes + (*at)->body->size <= ITEM_BYTES && may_start(workbench, *at)) {
		last->next = take(workbench, at);
		last = last->next;
		bytes += last->body->size;
	}
	return first;
}

/* A second thread is woken only for what is worth it. */
static void start_waiting(struct workbench *workbench)
{
	while (workbench->free && (!workbench->busy || workbench->bytes >= ITEM_BYTES)) {
		struct bench *bench = workbench->free;
		struct work **at = find_startable(workbench);

		if (!at)
			return;
		workbench->free = bench->next_free;
		workbench->busy++;
		bench->used = true;
		bench->first = take_some(workbench, at);
		if (uv_queue_work(workbench->clock->loop, &bench->item, on_work, on_worked))
			memory_failed("work item");
	}
}

static void on_turn_end(struct clock_timer *timer)
{
	start_waiting(timer->owner);
}

void workbench_run(struct workbench *workbench)
{
	start_waiting(workbench);
}

/* --- memory that nobody needs now ----------------------------------------------------------------------------------*/

/* The process has one heap, so one of these is under way at most. It may end after the workbench is gone. Loop thread. */
static struct {
	uv_work_t work;
	bool under_way;
} trimming;

/* malloc keeps what is freed in pieces: it takes a moment to give it back, and to take it again. */
static void on_trim(uv_work_t *work)
{
	(void)work;
	if (mallinfo2().fordblks > TRIM_FROM)
		malloc_trim(0);
}

static void on_trimmed(uv_work_t *work, int status)
{
	(void)work, (void)status; /* never cancelled */
	trimming.under_way = false;
}

static void trim(struct workbench *workbench)
{
	if (trimming.under_way)
		return;
	trimming.under_way = true;
	if (uv_queue_work(workbench->clock->loop, &trimming.work, on_trim, on_trimmed))
		memory_failed("work item");
}

/* Benches that had nothing to do since the last time give back what they keep. Over, when none has had. */
static void on_idle(struct clock_timer *timer)
{
	struct workbench *workbench = timer->owner;
	bool any_used = workbench->busy > 0;

	for (struct bench *bench = workbench->free; bench; bench = bench->next_free) {
		if (!bench->used)
			rest(bench);
		any_used |= bench->used;
		bench->used = false;
	}
	trim(workbench);
	if (any_used)
		clock_start(workbench->clock, timer, IDLE_MS);
}

void workbench_start(struct workbench *workbench, struct work *work)
{
	work->next = NULL;
	work->error = 0;
	work->page = (struct page){ 0 };
	work->text = (struct buf){ 0 };
	work->text_bytes = work->took_us = work->room = 0;
	work->large = text_bytes(work) > NARROW_TEXT;
	work->outgrew = false;
	*workbench->end = work;
	workbench->end = &work->next;
	workbench->bytes += work->body->size;
	/* what else this turn of the loop brings may go with it */
	if (!clock_is_running(&workbench->turn_end))
		clock_start(workbench->clock, &workbench->turn_end, 0);
	if (!clock_is_running(&workbench->idle))
		clock_start(workbench->clock, &workbench->idle, IDLE_MS);
}
