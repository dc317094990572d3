/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/import.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#include "daemon/crawl/cursor.h"
#include "daemon/crawl/spool.h"
#include "daemon/crawl/upkeep.h"
#include "daemon/run/clock.h"
#include "daemon/run/log.h"
#include "storage/model/memory.h"
#include "storage/model/moment.h"

enum { BATCH_PAGES_MAX = 50, BODY_MAX = DUMP_ROW_MAX + 2 * SPOOL_PAGE_BYTES, STOP_ROWS = 1024, SAY_MS = 5000 };

struct batch {
	struct answer answer[BATCH_PAGES_MAX + 1]; /* one more for the damage */
	struct answer *pointer[BATCH_PAGES_MAX + 1];
	size_t count, bytes;
};

struct import {
	const struct import_options *options;
	struct import_result *result;
	struct spool spool;
	struct preparer *preparer;
	struct committer *committer;
	struct buf body;
	size_t rows_max;    /* of a page: fewer after one that could not be read */
	int64_t said_ms;
	/* one fills while the thread commits the other */
	struct batch batches[2], *filling, *writing;
	uv_thread_t thread;
	bool committing;
	int error;          /* of the thread */
	struct upkeep upkeep;
	struct commit_counts counts;
	struct store_problem problem;
};

static bool end(struct import *import, enum import_end how, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The first end that is told counts. False, always. */
static bool end(struct import *import, enum import_end how, const char *format, ...)
{
	struct import_result *result = import->result;
	va_list list;

	if (result->end != IMPORT_DONE)
		return false;
	result->end = how;
	va_start(list, format);
	vsnprintf(result->why, sizeof(result->why), format, list);
	va_end(list);
	return false;
}

static bool is_stopped(struct import *import)
{
	if (!import->options->stop || !*import->options->stop)
		return false;
	end(import, IMPORT_STOPPED, "stopped: the same import again goes on from here");
	return true;
}

/* --- the dump is read ----------------------------------------------------------------------------------------------*/

static bool read_dump(struct import *import)
{
	const char *path = import->options->path;
	enum dump_result got;
	struct dump_row row;
	struct dump dump;
	bool good = true;

	if (!dump_open(&dump, path)) {
		dump_close(&dump);
		return end(import, IMPORT_NO_INPUT, "%.300s: %s", path, dump.why);
	}
	for (unsigned rows = 0; (got = dump_next(&dump, &row)) == DUMP_ROW && good; rows++) {
		good = spool_add(&import->spool, &row);
		if (rows % STOP_ROWS == 0 && is_stopped(import))
			break;
	}
	if (got == DUMP_FAILED)
		end(import, IMPORT_REFUSED, "%.300s, line %" PRIu64 ": %s", path, dump.line, dump.why);
	if (import->spool.refused)
		end(import, IMPORT_REFUSED, "%.200s, %s: nothing was written", path, import->spool.why);
	dump_close(&dump);
	if (import->result->end != IMPORT_DONE)
		return false;
	return (good && spool_finish(&import->spool)) || end(import, IMPORT_FAILED, "%s", import->spool.why);
}

static uint32_t fields_of(const struct import *import, enum repo_kind kind)
{
	uint32_t fields = import->options->fields ? import->options->fields : import->spool.kind[kind].fields;

	return (fields & fields_asked(kind)) | field_bit(FIELD_ID);
}

static void note_what_came(struct import *import)
{
	const struct spool *spool = &import->spool;

	for (unsigned i = 0; i < spool->shown; i++)
		log_write(LOG_IMPORT_DAMAGED, log_number("line", (int64_t)spool->damage[i].line), log_text("why", spool->damage[i].why));
	for (enum repo_kind kind = 0; kind < REPO_KINDS; kind++) {
		const struct spool_kind *rows = &spool->kind[kind];
		struct import_kind *told = &import->result->kind[kind];
		struct buf fields = BUF_INIT(1024);

		*told = (struct import_kind){ .repeated = rows->repeated, .damaged = rows->damaged.damaged,
			.unidentified = rows->unidentified, .fields = fields_of(import, kind) };
		if (!rows->count && !told->damaged && !told->unidentified)
			continue;
		for (enum field field = 0; field < FIELD_COUNT; field++)
			if (told->fields & field_bit(field))
				buf_printf(&fields, "%s%s", fields.size ? "," : "", field_infos[field].key);
		log_write(LOG_IMPORT_READ, log_text("kind", repo_kinds[kind].name), log_number("rows", (int64_t)rows->count),
			log_number("repeated", (int64_t)told->repeated), log_number("damaged", (int64_t)told->damaged),
			log_number("unidentified", (int64_t)told->unidentified), log_slice("fields", buf_as_slice(&fields)));
		buf_release(&fields);
	}
}

/* --- what it is not good for ---------------------------------------------------------------------------------------*/

static bool refuse_empty(struct import *import)
{
	const struct spool *spool = &import->spool;
	uint64_t rows = 0, unidentified = 0;
	struct buf damage = BUF_INIT(512);

	for (enum repo_kind kind = 0; kind < REPO_KINDS; kind++) {
		rows += spool->kind[kind].count;
		unidentified += spool->kind[kind].unidentified;
	}
	for (unsigned i = 0; i < spool->shown; i++)
		buf_printf(&damage, "%s line %" PRIu64 ": %s", i ? ";" : "", spool->damage[i].line, spool->damage[i].why);
	if (!rows && unidentified)
		end(import, IMPORT_REFUSED, "%.300s has no row with an _id, and of %" PRIu64
			" names none is known with its createdAt: it cannot be told which repos these are",
			import->options->path, unidentified);
	else if (!rows)
		end(import, IMPORT_REFUSED, "%.200s has not a single usable row;%s", import->options->path,
			damage.size ? damage.data : " it is empty");
	buf_release(&damage);
	return !rows;
}

static bool refuse_order(struct import *import, enum repo_kind kind)
{
	int64_t newest_ms = reader_newest_look(import->spool.reader, kind);
	char dump[MOMENT_TEXT], newest[MOMENT_TEXT];

	if (import->options->observed_ms >= newest_ms)
		return false;
	moment_write(import->options->observed_ms, dump);
	moment_write(newest_ms, newest);
	end(import, IMPORT_REFUSED, "the dump is of %s, but %s were looked at as late as %s: history is written forwards only, "
		"so older dumps go into a store before younger ones", dump, repo_kinds[kind].plural, newest);
	return true;
}

/* The daemon's own sweep stands somewhere in the midst: a dump must not pass it. */
static bool refuse_within_sweep(struct import *import, enum repo_kind kind)
{
	struct cursor cursor;
	bool is_under_way;

	if (!import->options->complete)
		return false;
	cursor_init(&cursor);
	is_under_way = cursor_load(import->options->store, LANE_SWEEP, kind, &cursor) && cursor_is_open(&cursor);
	cursor_release(&cursor);
	if (is_under_way)
		end(import, IMPORT_REFUSED, "the daemon's sweep of %s is not finished: let it end (relicensed --once), or import "
			"without --complete", repo_kinds[kind].plural);
	return is_under_way;
}

static bool is_refused(struct import *import)
{
	if (refuse_empty(import))
		return true;
	for (enum repo_kind kind = 0; kind < REPO_KINDS; kind++)
		if (import->spool.kind[kind].count && (refuse_order(import, kind) || refuse_within_sweep(import, kind)))
			return true;
	return false;
}

/* --- batches -------------------------------------------------------------------------------------------------------*/

static void release_batch(struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		page_release(&batch->answer[i].page);
	batch->count = batch->bytes = 0;
}

static void on_thread(void *owner)
{
	struct import *import = owner;

	import->error = committer_run(import->committer, import->writing->pointer, import->writing->count, &import->counts,
		&import->problem);
	if (!import->error)
		upkeep_run(&import->upkeep, import->options->store, 0, 0);
}

static void add_counts(struct commit_counts *total, const struct commit_counts *more)
{
#define X(counter, meaning) total->counter += more->counter;
	COMMIT_COUNTS(X)
#undef X
	total->head_seq = more->head_seq;
}

/* Waits for the batch that is being written. */
static bool settle(struct import *import)
{
	struct batch *batch = import->writing;
	struct import_kind *told;

	if (!import->committing)
		return true;
	uv_thread_join(&import->thread);
	import->committing = false;
	if (import->error) {
		import->result->error = import->error;
		return end(import, IMPORT_FAILED, "%s", import->problem.text);
	}
	upkeep_tell(&import->upkeep);
	told = &import->result->kind[batch->answer[0].kind];
	add_counts(&told->counts, &import->counts);
	for (size_t i = 0; i < batch->count; i++)
		told->rows += batch->answer[i].page.rows;
	release_batch(batch);
	return true;
}

/* Hands the filled batch to the thread. */
static bool commit(struct import *import)
{
	struct batch *full = import->filling;

	if (!settle(import))
		return false;
	if (!full->count)
		return true;
	import->filling = import->writing;
	import->writing = full;
	for (size_t i = 0; i < full->count; i++)
		full->pointer[i] = &full->answer[i];
	import->problem = (struct store_problem){ 0 };
	if (uv_thread_create(&import->thread, on_thread, import))
		memory_failed("a thread");
	import->committing = true;
	return true;
}

static struct answer *next_answer(struct import *import, enum repo_kind kind)
{
	struct answer *answer = &import->filling->answer[import->filling->count++];

	*answer = (struct answer){ .lane = LANE_IMPORT, .kind = kind, .answered_ms = import->options->observed_ms };
	answer->url = slice_of(import->options->path);
	return answer;
}

/* --- pages ---------------------------------------------------------------------------------------------------------*/

static bool is_damage(int error)
{
	return error_action(error) == ERROR_DATA;
}

/*
 * The rows from `from` on as an answer's page. Each could be read by itself, so that a page of them cannot fail; should it,
 * fewer rows at a time show which one it is. Returns their number, 0: it has ended.
 */
static size_t take_page(struct import *import, enum repo_kind kind, size_t from, struct page *page)
{
	struct projection projection = { kind, ENDPOINT_LIST, fields_of(import, kind), CANON_RULES };
	struct store_problem problem = { 0 };
	struct buf *body = &import->body;

	for (;;) {
		size_t count = spool_page(&import->spool, kind, from, import->rows_max, body);
		int error = count ? preparer_page(import->preparer, body->data, body->size, &projection, &page_limits_none, page,
					    &problem) :
				    0;

		if (!count)
			end(import, IMPORT_FAILED, "%s", import->spool.why);
		if (!count)
			return 0;
		if (!error || (is_damage(error) && count == 1)) {
			import->rows_max = import->rows_max < SPOOL_PAGE_ROWS / 2 ? 2 * import->rows_max : SPOOL_PAGE_ROWS;
			if (error)
				page_add_damage(page, buf_as_slice(body), error);
			return count;
		}
		page_release(page);
		if (!is_damage(error)) {
			import->result->error = error;
			end(import, IMPORT_FAILED, "%s", problem.text);
			return 0;
		}
		import->rows_max = count / 2;
	}
}

static void say_progress(struct import *import, enum repo_kind kind, size_t rows)
{
	if (clock_mono_ms() - import->said_ms < SAY_MS)
		return;
	import->said_ms = clock_mono_ms();
	log_write(LOG_IMPORTING, log_text("kind", repo_kinds[kind].name), log_number("rows", (int64_t)rows),
		log_number("of", (int64_t)import->spool.kind[kind].count));
}

static bool is_full(const struct import *import)
{
	int64_t pages = import->options->config->commit_pages;

	return import->filling->count >= (size_t)(pages < BATCH_PAGES_MAX ? pages : BATCH_PAGES_MAX) ||
	       import->filling->bytes >= IMPORT_BATCH_BYTES;
}

/* Rows that could not be read, told behind those that could. */
static void add_damaged(struct import *import, enum repo_kind kind)
{
	struct page *damaged = &import->spool.kind[kind].damaged;

	if (!damaged->damaged)
		return;
	next_answer(import, kind)->page = *damaged;
	*damaged = (struct page){ 0 };
}

static bool import_rows(struct import *import, enum repo_kind kind)
{
	size_t count = import->spool.kind[kind].count;

	for (size_t from = 0; from < count;) {
		struct answer *answer = next_answer(import, kind);
		size_t taken = take_page(import, kind, from, &answer->page);

		if (!taken)
			return false;
		answer->in_sweep = import->options->complete;
		answer->sweep_first = answer->in_sweep && from == 0;
		answer->sweep_last = answer->in_sweep && from + taken == count;
		from += taken;
		import->filling->bytes += import->body.size;
		if (!is_full(import))
			continue;
		say_progress(import, kind, from);
		if (is_stopped(import) || !commit(import))
			return false;
	}
	add_damaged(import, kind);
	return commit(import) && settle(import);
}

/* A dump that brought too few of the known rows was no complete one. */
static bool was_complete(struct import *import, enum repo_kind kind)
{
	struct sweep_state sweep;

	if (!import->options->complete || reader_sweep(import->spool.reader, kind, &sweep) || sweep.complete)
		return true;
	return end(import, IMPORT_TOO_FEW, "the dump has only %" PRIu64 " of %" PRIu64
		" known %s, so it is not complete: its rows are taken, nothing is concluded from absence",
		sweep.seen, sweep.known, repo_kinds[kind].plural);
}

static void import_kind(struct import *import, enum repo_kind kind)
{
	const struct import_kind *told = &import->result->kind[kind];

	if (!import_rows(import, kind))
		return;
	log_write(LOG_IMPORTED, log_text("kind", repo_kinds[kind].name), log_number("rows", (int64_t)told->rows),
		log_number("new", (int64_t)told->counts.rows_new), log_number("same", (int64_t)told->counts.rows_same),
		log_number("records", (int64_t)told->counts.records), log_number("missing", (int64_t)told->counts.missing));
	if (reader_resume(import->spool.reader) == 0)
		was_complete(import, kind);
	reader_pause(import->spool.reader);
}

/* --- life ----------------------------------------------------------------------------------------------------------*/

/* Damage of rows that did not tell their kind, in a dump without rows of the usual one: it belongs to those that there are. */
static void adopt_damage(struct import *import)
{
	struct spool_kind *usual = &import->spool.kind[import->options->kind];

	for (enum repo_kind kind = 0; kind < REPO_KINDS && !usual->count; kind++) {
		struct spool_kind *other = &import->spool.kind[kind];

		if (!other->count || other->damaged.damaged || !usual->damaged.damaged)
			continue;
		other->damaged = usual->damaged;
		other->damaged.projection.kind = kind;
		usual->damaged = (struct page){ 0 };
	}
}

static void run(struct import *import)
{
	if (!spool_open(&import->spool, import->options->store, import->options->kind)) {
		end(import, IMPORT_FAILED, "%s", import->spool.why);
		return;
	}
	if (!read_dump(import))
		return;
	adopt_damage(import);
	note_what_came(import);
	if (is_refused(import))
		return;
	reader_pause(import->spool.reader); /* a snapshot that stays would keep the store from using its pages again */
	for (enum repo_kind kind = 0; kind < REPO_KINDS && import->result->end == IMPORT_DONE; kind++)
		if (import->spool.kind[kind].count)
			import_kind(import, kind);
	settle(import);
}

void import_run(const struct import_options *options, struct import_result *result)
{
	struct import *import = memory_new(sizeof(*import));

	*result = (struct import_result){ .end = IMPORT_DONE };
	import->options = options;
	import->result = result;
	import->rows_max = SPOOL_PAGE_ROWS;
	import->filling = &import->batches[0];
	import->writing = &import->batches[1];
	import->said_ms = clock_mono_ms();
	buf_init(&import->body, BODY_MAX);
	import->preparer = preparer_new(options->store, options->config->private_repos);
	import->committer = committer_new(options->store);
	run(import);
	release_batch(import->filling);
	release_batch(import->writing);
	spool_close(&import->spool);
	preparer_free(&import->preparer);
	committer_free(&import->committer);
	buf_release(&import->body);
	free(import);
}
