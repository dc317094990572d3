/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/writer.h"

#include <assert.h>
#include <stdlib.h>

#include "daemon/crawl/upkeep.h"
#include "daemon/run/budget.h"
#include "daemon/run/log.h"
#include "daemon/run/metrics.h"
#include "daemon/transfer/backoff.h"
#include "storage/copy.h"
#include "storage/lock_holder.h"
#include "storage/model/memory.h"
#include "storage/model/number.h"

/*
 * A page with news weighs up to a megabyte: twice commit_pages of them at most, since a batch goes on filling while the
 * disk is busy. One that only says "as it was" weighs a tenth and moves nothing but the cursor, which is worth a commit
 * once a second (each writes some 150 KiB of LMDB's list of free pages), so of those a batch takes many.
 */
enum { BATCH_PAGES_MAX = 512, BATCH_MAX = 4096, COMMIT_AGAIN_BASE_MS = 1000, COMMIT_AGAIN_CAP_MS = 60 * 1000 };

/* A batch is full when it holds this part of the memory for answers, so that two of them leave as much for the others. */
enum { BATCH_PART = 4 };

enum { READER_STUCK_COMMITS = 1000, COMMIT_SLOW_MS = 30 * 1000 };

struct batch {
	struct delivery delivery[BATCH_MAX];
	struct answer *answer[BATCH_MAX];
	size_t count;
	size_t weight; /* of all answers */
	size_t news;   /* weight of those that bring something new */
	size_t bytes;  /* of memory that they hold */
};

struct writer {
	struct writer_options options;
	struct committer *committer;
	struct batch batches[2];
	struct batch *filling, *writing;
	size_t reserved, reservations; /* weight and number */
	bool busy;    /* a work item has `writing` */
	bool flush;   /* do not wait for more */
	bool refused; /* the store does not take anything any more */
	struct clock_timer interval, again, slow;
	unsigned failures;
	void (*on_drained)(void *owner);
	void *drain_owner;
	/* of the commit in flight */
	uv_work_t work;
	int error;
	int64_t started_ms, took_ms, retention_ms;
	int64_t newest_ms; /* when the newest answer was given: the time for upkeep. Our clock alone may be wrong */
	struct commit_counts counts;
	struct store_problem problem;
	struct upkeep upkeep;
	struct store_readers readers;
	long stuck_process; /* the one that was told of */
};

static void on_interval(struct clock_timer *timer);
static void on_again(struct clock_timer *timer);
static void on_slow(struct clock_timer *timer);

struct writer *writer_new(const struct writer_options *options)
{
	struct writer *writer = memory_new(sizeof(*writer));

	writer->options = *options;
	writer->committer = committer_new(options->store);
	writer->filling = &writer->batches[0];
	writer->writing = &writer->batches[1];
	writer->interval = (struct clock_timer){ .on_timer = on_interval, .owner = writer };
	writer->again = (struct clock_timer){ .on_timer = on_again, .owner = writer };
	writer->slow = (struct clock_timer){ .on_timer = on_slow, .owner = writer };
	writer->work.data = writer;
	return writer;
}

static void release_batch(struct writer *writer, struct batch *batch)
{
	size_t bytes = batch->bytes;

	for (size_t i = 0; i < batch->count; i++)
		page_release(&batch->delivery[i].answer.page);
	batch->count = batch->weight = batch->news = batch->bytes = 0;
	if (writer->options.budget)
		budget_give(writer->options.budget, bytes);
}

void writer_free(struct writer **taken)
{
	struct writer *writer = *taken;

	*taken = NULL;
	if (!writer)
		return;
	assert(!writer->busy);
	clock_stop(writer->options.clock, &writer->interval);
	clock_stop(writer->options.clock, &writer->again);
	clock_stop(writer->options.clock, &writer->slow);
	release_batch(writer, writer->filling);
	release_batch(writer, writer->writing);
	committer_free(&writer->committer);
	free(writer);
}

/* --- room ----------------------------------------------------------------------------------------------------------*/

static size_t news_max(const struct writer *writer)
{
	return (size_t)writer->options.config->commit_pages * 2 * WRITER_PAGE;
}

bool writer_has_room(const struct writer *writer, unsigned room)
{
	const struct batch *batch = writer ? writer->filling : NULL;

	return !batch || (batch->news + writer->reserved + room <= news_max(writer) && batch->count + writer->reservations < BATCH_MAX &&
				 batch->weight + writer->reserved + room <= BATCH_PAGES_MAX * WRITER_PAGE);
}

void writer_reserve(struct writer *writer, unsigned room)
{
	if (!writer)
		return;
	writer->reserved += room;
	writer->reservations++;
}

static void take_back(struct writer *writer, unsigned room)
{
	assert(writer->reserved >= room && writer->reservations > 0);
	writer->reserved -= room;
	writer->reservations--;
}

void writer_unreserve(struct writer *writer, unsigned room)
{
	if (!writer)
		return;
	take_back(writer, room);
	writer->options.on_room(writer->options.owner);
}

/* --- committing ----------------------------------------------------------------------------------------------------*/

static void commit_or_wait(struct writer *writer);

static void on_work(uv_work_t *work)
{
	struct writer *writer = work->data;

	writer->error = committer_run(writer->committer, writer->writing->answer, writer->writing->count, &writer->counts,
		&writer->problem);
	writer->took_ms = clock_mono_ms() - writer->started_ms;
	if (!writer->error)
		upkeep_run(&writer->upkeep, writer->options.store, writer->retention_ms, writer->newest_ms);
	store_clear_readers(writer->options.store, &writer->readers);
}

static void count_time(uint64_t took_ms)
{
	static const struct {
		enum metric metric;
		uint64_t within_ms;
	} steps[] = { { METRIC_COMMITS_10_MS, 10 }, { METRIC_COMMITS_100_MS, 100 }, { METRIC_COMMITS_1000_MS, 1000 } };

	metrics_add(METRIC_COMMITS, 1);
	metrics_add(METRIC_COMMIT_MS, took_ms);
	metrics_set(METRIC_COMMIT_LAST_MS, took_ms);
	if (took_ms > metrics_get(METRIC_COMMIT_LONGEST_MS))
		metrics_set(METRIC_COMMIT_LONGEST_MS, took_ms);
	for (size_t i = 0; i < ARRAY_COUNT(steps); i++)
		metrics_add(steps[i].metric, took_ms <= steps[i].within_ms);
}

/* Told once a process. */
static void tell_readers(struct writer *writer)
{
	const struct store_readers *readers = &writer->readers;

	metrics_set(METRIC_READERS, readers->count);
	metrics_set(METRIC_READER_BEHIND, readers->oldest_commits);
	if (readers->oldest_commits < READER_STUCK_COMMITS || readers->oldest_process == writer->stuck_process)
		return;
	writer->stuck_process = readers->oldest_process;
	log_write(LOG_READER_STUCK, log_number("process", readers->oldest_process),
		log_number("commits", (int64_t)readers->oldest_commits));
}

static void count_commit(const struct writer *writer, int64_t took_ms)
{
	const struct commit_counts *counts = &writer->counts;

	count_time((uint64_t)took_ms);
	metrics_add(METRIC_ROWS_NEW, counts->rows_new);
	metrics_add(METRIC_ROWS_SAME, counts->rows_same);
	metrics_add(METRIC_ROWS_TOUCHED, counts->rows_touched);
	metrics_add(METRIC_ROWS_REBASED, counts->rows_rebased);
	metrics_add(METRIC_VERSIONS, counts->versions);
	metrics_add(METRIC_RECORDS, counts->records);
	metrics_add(METRIC_MISSING, counts->missing);
	metrics_add(METRIC_LISTING_GAPS, counts->listing_gaps);
	metrics_add(METRIC_ROWS_DAMAGED, counts->damaged);
	metrics_add(METRIC_ROWS_PRIVATE, counts->private_rows);
	metrics_add(METRIC_ROWS_REDONE, counts->redone);
	metrics_add(METRIC_TEXTS_WANTED, counts->texts_wanted);
	metrics_set(METRIC_HEAD_SEQ, counts->head_seq);
	log_write(LOG_COMMITTED, log_number("answers", (int64_t)writer->writing->count),
		log_number("records", (int64_t)counts->records), log_number("new", (int64_t)counts->rows_new),
		log_number("same", (int64_t)counts->rows_same), log_number("ms", took_ms),
		log_number("seq", (int64_t)counts->head_seq));
}

static void commit_done(struct writer *writer)
{
	struct batch *batch = writer->writing;

	writer->failures = 0;
	count_commit(writer, writer->took_ms);
	tell_readers(writer);
	upkeep_tell(&writer->upkeep);
	for (size_t i = 0; i < batch->count; i++) {
		struct delivery *delivery = &batch->delivery[i];

		if (delivery->on_committed)
			delivery->on_committed(delivery->owner);
	}
	release_batch(writer, batch);
	if (writer->options.on_counts)
		writer->options.on_counts(writer->options.owner, &writer->counts);
	writer->options.on_room(writer->options.owner);
}

/* At the end there is no time to try again: what is not in the store will be asked for again, its cursor says so. */
static bool may_try_again(const struct writer *writer)
{
	unsigned tries = writer->options.tries;

	return error_action(writer->error) == ERROR_RETRY && !writer->on_drained && (!tries || writer->failures < tries);
}

static void commit_failed(struct writer *writer)
{
	int64_t wait_ms;

	writer->failures++;
	metrics_add(METRIC_COMMIT_FAILURES, 1);
	if (!may_try_again(writer)) {
		writer->refused = true;
		log_write(LOG_STORE_STOPPED, log_text("why", writer->problem.text));
		writer->options.on_fatal(writer->options.owner, &writer->problem);
		return;
	}
	wait_ms = COMMIT_AGAIN_BASE_MS +
		backoff_ms(COMMIT_AGAIN_BASE_MS, COMMIT_AGAIN_CAP_MS, writer->failures - 1, backoff_random());
	log_write(LOG_COMMIT_FAILED, log_text("why", writer->problem.text), log_number("retry_ms", wait_ms));
	clock_start(writer->options.clock, &writer->again, wait_ms);
}

static void on_worked(uv_work_t *work, int status)
{
	struct writer *writer = work->data;

	(void)status; /* never cancelled */
	writer->busy = false;
	clock_stop(writer->options.clock, &writer->slow);
	if (writer->error)
		commit_failed(writer);
	else
		commit_done(writer);
	commit_or_wait(writer);
}

static void start_commit(struct writer *writer)
{
	writer->busy = true;
	writer->started_ms = clock_mono_ms();
	for (size_t i = 0; i < writer->writing->count; i++)
		writer->newest_ms = max64(writer->newest_ms, writer->writing->answer[i]->answered_ms);
	writer->retention_ms = writer->options.config->retention;
	writer->problem = (struct store_problem){ 0 };
	writer->counts = (struct commit_counts){ 0 };
	committer_want_texts(writer->committer, writer->options.config->detail,
		(uint32_t)writer->options.config->detail_min_downloads);
	clock_start(writer->options.clock, &writer->slow, COMMIT_SLOW_MS);
	if (uv_queue_work(writer->options.clock->loop, &writer->work, on_work, on_worked))
		memory_failed("work item");
}

static void swap_batches(struct writer *writer)
{
	struct batch *full = writer->filling;

	writer->filling = writer->writing;
	writer->writing = full;
	clock_stop(writer->options.clock, &writer->interval);
	for (size_t i = 0; i < full->count; i++)
		full->answer[i] = &full->delivery[i].answer;
}

static void tell_drained(struct writer *writer)
{
	void (*on_drained)(void *owner) = writer->on_drained;

	writer->on_drained = NULL;
	if (on_drained)
		on_drained(writer->drain_owner);
}

static bool is_full(const struct writer *writer)
{
	const struct budget *budget = writer->options.budget;
	const struct batch *batch = writer->filling;

	return batch->news * 2 >= news_max(writer) || batch->count == BATCH_MAX ||
		batch->weight >= BATCH_PAGES_MAX * WRITER_PAGE || (budget && batch->bytes >= budget->max / BATCH_PART);
}

/* The one place that decides whether a commit starts. `writing` not empty and not busy: it waits to be tried again. */
static void commit_or_wait(struct writer *writer)
{
	if (writer->busy)
		return;
	if (writer->refused || (!writer->writing->count && !writer->filling->count)) {
		writer->flush = false;
		tell_drained(writer);
		return;
	}
	if (writer->writing->count)
		return;
	if (!writer->flush && !writer->on_drained && !is_full(writer)) {
		if (!clock_is_running(&writer->interval))
			clock_start(writer->options.clock, &writer->interval, writer->options.config->commit_interval);
		return;
	}
	writer->flush = false;
	swap_batches(writer);
	start_commit(writer);
	writer->options.on_room(writer->options.owner);
}

static void on_interval(struct clock_timer *timer)
{
	writer_flush(timer->owner);
}

/* Said again as long as it goes on. */
static void on_slow(struct clock_timer *timer)
{
	struct writer *writer = timer->owner;
	char holder[HOLDER_TEXT];

	lock_holder(holder);
	log_write(LOG_COMMIT_SLOW, log_number("ms", clock_mono_ms() - writer->started_ms), log_text("mutex", holder));
	clock_start(writer->options.clock, timer, COMMIT_SLOW_MS);
}

static void on_again(struct clock_timer *timer)
{
	start_commit(timer->owner);
}

static size_t news_of(const struct delivery *delivery, unsigned room)
{
	return delivery->answer.look || delivery->answer.page.drafts ? room : 0;
}

void writer_put(struct writer *writer, const struct delivery *delivery, unsigned room)
{
	struct batch *batch = writer->filling;
	size_t news = news_of(delivery, room);

	assert(batch->count < BATCH_MAX);
	take_back(writer, room);
	batch->delivery[batch->count++] = *delivery;
	batch->weight += room;
	batch->news += news;
	batch->bytes += delivery->bytes;
	commit_or_wait(writer);
	if (!news)
		writer->options.on_room(writer->options.owner);
}

void writer_flush(struct writer *writer)
{
	if (!writer)
		return;
	writer->flush = writer->filling->count > 0;
	commit_or_wait(writer);
}

void writer_refuse(struct writer *writer)
{
	writer->refused = true;
}

void writer_drain(struct writer *writer, void (*on_drained)(void *owner), void *owner)
{
	writer->on_drained = on_drained;
	writer->drain_owner = owner;
	if (clock_is_running(&writer->again)) { /* the last try: now, not after a pause that may outlast whoever waits */
		clock_stop(writer->options.clock, &writer->again);
		start_commit(writer);
	}
	commit_or_wait(writer);
}
