/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/poll.h"

#include "daemon/run/log.h"
#include "storage/model/moment.h"
#include "storage/model/number.h"

enum {
	SHORT_SLEEP = 10,   /* intervals; a poll that has slept longer asks for whole pages */
	RESERVE_SHARE = 4,  /* of what was needed the last time, one in so many more */
	RESERVE_ROWS = 10,  /* and so many */
	EVERYTHING = 1,     /* a watermark below all rows */
};

void poll_init(struct poll *poll, struct context *context, struct kind_state *kind, void (*on_ended)(struct lane_run *run),
	void *owner)
{
	*poll = (struct poll){ 0 };
	lane_init(&poll->run, context, kind, LANE_POLL, on_ended, owner);
	cursor_init(&poll->cursor);
	skip_init(&poll->skip);
}

void poll_release(struct poll *poll)
{
	cursor_release(&poll->cursor);
	skip_release(&poll->skip);
}

static struct poll *poll_of(struct request *request)
{
	return request->owner;
}

/* --- asking --------------------------------------------------------------------------------------------------------*/

static const struct request_calls poll_calls;

static void ask(struct poll *poll)
{
	struct slice url = buf_as_slice(poll->skip.on ? &poll->skip.url : &poll->cursor.next);

	poll->told = false;
	lane_ask_listing(&poll->run, &poll->cursor.projection, url, poll->rows, &poll_calls, 0);
}

/* A wrong clock has set it: polls would end at once, and miss what changes until then. */
static bool is_ahead(const struct poll *poll, int64_t watermark_ms)
{
	int64_t now_ms = clocks_now_ms(&poll->run.context->clocks);
	char watermark[MOMENT_TEXT], now[MOMENT_TEXT];

	if (watermark_ms <= now_ms + CLOCKS_AGREE_MS)
		return false;
	moment_write(watermark_ms, watermark);
	moment_write(now_ms, now);
	log_write(LOG_WATERMARK_AHEAD, log_text("kind", repo_kinds[poll->run.kind->kind].name), log_text("watermark", watermark),
		log_text("now", now));
	return true;
}

/* That of the first sweep; 0: none has begun. */
static int64_t first_watermark(const struct poll *poll)
{
	struct cursor sweep;
	int64_t watermark_ms = 0;

	cursor_init(&sweep);
	if (cursor_load(poll->run.context->store, LANE_SWEEP, poll->run.kind->kind, &sweep))
		watermark_ms = is_ahead(poll, sweep.watermark_ms) ? EVERYTHING : sweep.watermark_ms;
	cursor_release(&sweep);
	return watermark_ms;
}

static bool load_watermark(struct poll *poll)
{
	struct cursor *cursor = &poll->cursor;
	bool known = cursor_load(poll->run.context->store, LANE_POLL, poll->run.kind->kind, cursor) && cursor->watermark_ms;

	if (known && !is_ahead(poll, cursor->watermark_ms))
		return true;
	cursor->started_ms = 0; /* what began with it is not gone on with */
	cursor->watermark_ms = first_watermark(poll);
	return cursor->watermark_ms != 0;
}

/* The next link of a poll that was cut off, if its fields are still asked and its origin is ours. */
static bool can_resume(struct poll *poll)
{
	struct projection today = kind_projection(poll->run.kind, ENDPOINT_LIST);
	struct buf url = BUF_INIT(URL_MAX);
	bool good = poll->cursor.next.size && poll->cursor.started_ms && poll->cursor.projection.fields == today.fields &&
		!url_follow(poll->run.context->origin, buf_as_slice(&poll->cursor.next), &url);

	buf_release(&url);
	return good;
}

static int64_t rows_wanted(const struct poll *poll)
{
	const struct config *config = poll->run.context->config;
	int64_t slept_ms = clocks_now_ms(&poll->run.context->clocks) - poll->cursor.watermark_ms;
	int64_t rows = config->poll_rows;

	if (slept_ms >= SHORT_SLEEP * config->poll_interval)
		rows = config->page_rows;
	else if (poll->needed)
		rows = poll->needed + poll->needed / RESERVE_SHARE + RESERVE_ROWS;
	return rows < config->page_rows ? rows : config->page_rows;
}

static void begin_anew(struct poll *poll)
{
	struct cursor *cursor = &poll->cursor;

	cursor->pages = cursor->rows = 0;
	cursor->started_ms = 0;
	cursor->projection = kind_projection(poll->run.kind, ENDPOINT_LIST);
	buf_reset(&cursor->next);
	url_listing(poll->run.context->origin, &cursor->projection, LISTING_BY_CHANGE, (unsigned)poll->rows, &cursor->next);
}

bool poll_start(struct poll *poll)
{
	bool resumed;

	if (!load_watermark(poll))
		return false;
	poll->rows = rows_wanted(poll);
	resumed = can_resume(poll);
	if (!resumed)
		begin_anew(poll);
	lane_begin(&poll->run, resumed, poll->cursor.watermark_ms);
	ask(poll);
	return true;
}

/* --- a head is here ------------------------------------------------------------------------------------------------*/

/* What follows, should the body turn out to be more than can be taken. */
static void on_head(struct request *request)
{
	struct poll *poll = poll_of(request);

	if (!poll->skip.on)
		poll->told = lane_next_link(&poll->run, request, &poll->skip.url) == LINK_NEXT;
}

/* --- a page is here ------------------------------------------------------------------------------------------------*/

static int64_t until_ms(const struct poll *poll)
{
	return poll->cursor.watermark_ms - poll->run.context->config->poll_overlap;
}

static bool reaches_watermark(const struct poll *poll, const struct page *page)
{
	return page->oldest_modified_ms && page->oldest_modified_ms < until_ms(poll);
}

/*
 * No row has a date that can be read, and none is new or has moved: what is modified less recently has not either, as far as
 * anybody can tell. Without this a poll among such rows would walk the whole listing, every time.
 */
static bool is_undated_and_quiet(const struct page *page)
{
	return page->count && !page->oldest_modified_ms && !page->moved && !page->drafts;
}

/* Rows behind the one that ended the poll. */
static int64_t rows_too_many(const struct poll *poll, const struct page *page)
{
	size_t at = 0;

	while (at < page->count && (page->observations[at].modified_ms >= until_ms(poll) || !page->observations[at].modified_ms))
		at++;
	return at < page->count ? (int64_t)(page->count - at) - 1 : 0;
}

static void hand_over(struct poll *poll, struct request *request, struct slice gap)
{
	struct buf text = BUF_INIT(8 * URL_MAX);
	struct answer answer = { .gap = gap };

	if (poll->skip.on)
		answer.gap = buf_as_slice(&poll->skip.gap);
	poll->skip.on = false;
	cursor_write(&poll->cursor, &text);
	answer.cursor = buf_as_slice(&text);
	lane_hand_over(&poll->run, request, &answer);
	buf_release(&text);
}

/* A full page without a next link, above the watermark: what is behind it was not shown. */
static bool is_cut_short(const struct poll *poll, const struct page *page, bool reached)
{
	return !reached && page->rows >= lane_rows_asked(&poll->run, poll->rows);
}

/* The listing has no more pages, or none that are wanted. */
static void end_walk(struct poll *poll, const struct page *page, bool reached)
{
	struct cursor *cursor = &poll->cursor;

	poll->needed = (int64_t)cursor->rows - rows_too_many(poll, page);
	buf_reset(&cursor->next);
	if (!is_cut_short(poll, page, reached))
		cursor->watermark_ms = max64(cursor->watermark_ms, cursor->started_ms);
	else
		log_write(LOG_POLL_CUT_SHORT, log_text("kind", repo_kinds[poll->run.kind->kind].name),
			log_number("rows", (int64_t)cursor->rows));
}

/* The watermark stays: once dates can be read again, the next poll makes up for what this one may have missed. */
static void end_undated(struct poll *poll, struct buf *gap)
{
	enum repo_kind kind = poll->run.kind->kind;

	buf_reset(&poll->cursor.next);
	poll->needed = 0;
	if (poll->undated)
		return;
	poll->undated = true;
	log_write(LOG_POLL_UNDATED, log_text("kind", repo_kinds[kind].name), log_number("pages", (int64_t)poll->cursor.pages));
	buf_printf(gap, "poll %s: no lastModified can be read, polls end where a page brings nothing new", repo_kinds[kind].plural);
}

static void go_on(struct poll *poll, enum lane_link link, bool round)
{
	if (link == LINK_NONE)
		lane_end(&poll->run, LANE_COMPLETE, NULL);
	else if (round)
		lane_end_round(&poll->run);
	else if (!poll->run.context->stopping)
		ask(poll);
	else
		lane_end(&poll->run, LANE_PARKED, "the daemon ends");
}

static void take_page(struct poll *poll, struct request *request)
{
	struct cursor *cursor = &poll->cursor;
	bool reached = reaches_watermark(poll, &request->page), round = false;
	enum lane_link link = reached ? LINK_NONE : lane_next_link(&poll->run, request, &cursor->next);
	struct buf gap = BUF_INIT(GAP_BYTES_MAX);

	if (link == LINK_REFUSED) {
		lane_end(&poll->run, LANE_PARKED, "the link to the next page cannot be followed");
		return;
	}
	if (!cursor->pages)
		cursor->started_ms = request->time.mark_ms;
	cursor->pages++;
	cursor->rows += request->page.rows;
	if (link == LINK_NONE) {
		end_walk(poll, &request->page, reached);
	} else if (is_undated_and_quiet(&request->page)) {
		end_undated(poll, &gap);
		link = LINK_NONE;
	} else {
		round = lane_goes_round(&poll->run, buf_as_slice(&cursor->next), &gap);
	}
	if (round)
		buf_reset(&cursor->next); /* the next one begins anew */
	lane_page_fits(&poll->run, poll->rows);
	hand_over(poll, request, buf_as_slice(&gap));
	buf_release(&gap);
	go_on(poll, link, round);
}

static bool on_page(struct request *request)
{
	struct poll *poll = poll_of(request);

	take_page(poll, request);
	lane_answered(&poll->run);
	return true;
}

/* --- no page -------------------------------------------------------------------------------------------------------*/

static void on_answer(struct request *request)
{
	struct poll *poll = poll_of(request);

	lane_refused(&poll->run, request);
	lane_answered(&poll->run);
}

/* Before any page of it came it may be the whole Hub that fails. */
static void record_end(struct poll *poll, struct request *request)
{
	if (!poll->cursor.pages)
		return;
	poll->skip.on = true;
	buf_reset(&poll->cursor.next);
	hand_over(poll, request, SLICE_NONE);
}

static void give_up_row(struct poll *poll, struct request *request)
{
	bool tried = poll->skip.on;

	poll->skip.on = false;
	if (!tried)
		skip_in_poll(&poll->skip, &poll->run, request, poll->told, poll->cursor.watermark_ms);
	if (!tried && poll->told) {
		skip_go(&poll->skip, &poll->run);
		return;
	}
	if (!tried)
		record_end(poll, request);
	lane_listing_failed(&poll->run, request, poll->rows);
}

static void on_failed(struct request *request)
{
	struct poll *poll = poll_of(request);

	if (!poll->run.ending && lane_is_down_to_one(&poll->run, request, poll->rows))
		give_up_row(poll, request);
	else
		lane_listing_failed(&poll->run, request, poll->rows);
	lane_answered(&poll->run);
}

static const struct request_calls poll_calls = {
	.on_head = on_head,
	.on_page = on_page,
	.on_answer = on_answer,
	.on_failed = on_failed,
};
