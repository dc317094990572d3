/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/sweep.h"

#include "daemon/run/log.h"
#include "daemon/run/metrics.h"

void sweep_init(struct sweep *sweep, struct context *context, struct kind_state *kind,
	void (*on_ended)(struct lane_run *run), void *owner)
{
	*sweep = (struct sweep){ 0 };
	lane_init(&sweep->run, context, kind, LANE_SWEEP, on_ended, owner);
	cursor_init(&sweep->cursor);
	for (size_t i = 0; i < SWEEP_AHEAD_MAX; i++)
		buf_init(&sweep->page[i].next, URL_MAX);
}

void sweep_release(struct sweep *sweep)
{
	cursor_release(&sweep->cursor);
	for (size_t i = 0; i < SWEEP_AHEAD_MAX; i++)
		buf_release(&sweep->page[i].next);
}

static struct sweep *sweep_of(struct request *request)
{
	return request->owner;
}

static struct sweep_page *page_at(struct sweep *sweep, uint64_t number)
{
	return &sweep->page[number % SWEEP_AHEAD_MAX];
}

/* --- asking --------------------------------------------------------------------------------------------------------*/

static const struct request_calls sweep_calls;

static int64_t page_rows(const struct sweep *sweep)
{
	return sweep->run.context->config->page_rows;
}

static void ask(struct sweep *sweep, struct slice url)
{
	struct sweep_page *page = page_at(sweep, sweep->asked);

	page->told = false;
	page->waiting = NULL;
	lane_ask_listing(&sweep->run, &sweep->cursor.projection, url, page_rows(sweep), &sweep_calls, sweep->asked++);
}

/* Where the newest page's head told what follows, and as many as are wanted are not under way. */
static void ask_more(struct sweep *sweep)
{
	const struct sweep_page *newest = page_at(sweep, sweep->asked - 1);
	uint64_t ahead = (uint64_t)sweep->run.context->config->sweep_ahead;

	if (sweep->run.ending || sweep->run.context->stopping || sweep->asked - sweep->turn >= ahead)
		return;
	if (newest->told && newest->link == LINK_NEXT)
		ask(sweep, buf_as_slice(&newest->next));
}

/* A cursor's URL asks with the fields of its day; what the Hub refuses today must go from it. */
static void drop_refused_fields(struct cursor *cursor, uint32_t refused)
{
	struct buf url = BUF_INIT(URL_MAX);

	for (enum field field = 0; field < FIELD_COUNT; field++) {
		if (!(cursor->projection.fields & refused & field_bit(field)))
			continue;
		buf_reset(&url);
		url_without_field(buf_as_slice(&cursor->next), field_infos[field].key, &url);
		buf_reset(&cursor->next);
		buf_slice(&cursor->next, buf_as_slice(&url));
		cursor->projection.fields &= ~field_bit(field);
	}
	buf_release(&url);
}

static bool can_resume(struct sweep *sweep)
{
	struct buf url = BUF_INIT(URL_MAX);
	bool good = sweep->cursor.next.size &&
		!url_follow(sweep->run.context->origin, buf_as_slice(&sweep->cursor.next), &url);

	buf_release(&url);
	return good;
}

static void begin_anew(struct sweep *sweep)
{
	struct cursor *cursor = &sweep->cursor;

	cursor->pages = cursor->rows = 0;
	cursor->started_ms = 0;
	cursor->projection = kind_projection(sweep->run.kind, ENDPOINT_LIST);
	buf_reset(&cursor->next);
	url_listing(sweep->run.context->origin, &cursor->projection, LISTING_BY_CREATION,
		(unsigned)page_rows(sweep), &cursor->next);
}

void sweep_start(struct sweep *sweep)
{
	struct cursor *cursor = &sweep->cursor;
	bool resumed;

	sweep->asked = sweep->turn = 0;
	cursor_load(sweep->run.context->store, LANE_SWEEP, sweep->run.kind->kind, cursor);
	resumed = can_resume(sweep);
	if (resumed)
		drop_refused_fields(cursor, sweep->run.kind->refused[ENDPOINT_LIST]);
	else
		begin_anew(sweep);
	lane_begin(&sweep->run, resumed, cursor->watermark_ms);
	ask(sweep, buf_as_slice(&cursor->next));
}

/* --- a head is here ------------------------------------------------------------------------------------------------*/

/*
 * A page that is asked for a second time may end elsewhere, because repos were deleted in between. Then what was asked
 * behind it does not join on: back to the cursor.
 */
static void note_link(struct sweep *sweep, struct request *request)
{
	struct sweep_page *page = page_at(sweep, request->tag);
	struct buf next = BUF_INIT(URL_MAX);
	enum lane_link link = lane_next_link(&sweep->run, request, &next);

	if (page->told && (page->link != link || !slice_equal(buf_as_slice(&page->next), buf_as_slice(&next))))
		lane_end(&sweep->run, LANE_AGAIN, NULL);
	buf_release(&page->next);
	page->next = next;
	page->link = link;
	page->told = true;
}

static void on_head(struct request *request)
{
	struct sweep *sweep = sweep_of(request);

	if (sweep->run.ending)
		return;
	note_link(sweep, request);
	ask_more(sweep);
}

/* --- a page is here ------------------------------------------------------------------------------------------------*/

static void remember_last(struct sweep *sweep, const struct page *page)
{
	if (!page->count)
		return;
	sweep->last = page->observations[page->count - 1].oid;
	sweep->has_last = true;
}

static void move_cursor(struct sweep *sweep, const struct request *request, const struct sweep_page *page)
{
	struct cursor *cursor = &sweep->cursor;

	if (!cursor->pages)
		cursor->started_ms = request->head.date_ms ? request->head.date_ms : request->reply.head_at_ms;
	if (!cursor->watermark_ms)
		cursor->watermark_ms = cursor->started_ms;
	cursor->pages++;
	cursor->rows += request->page.rows;
	buf_reset(&cursor->next);
	if (page->link == LINK_NEXT)
		buf_slice(&cursor->next, buf_as_slice(&page->next));
}

static void hand_over(struct sweep *sweep, struct request *request, const struct sweep_page *page, struct slice gap)
{
	struct buf text = BUF_INIT(8 * URL_MAX);
	struct answer answer = { .in_sweep = true,
		.sweep_first = sweep->cursor.pages == 0,
		.sweep_last = page->link == LINK_NONE,
		.gap = gap };

	remember_last(sweep, &request->page);
	move_cursor(sweep, request, page);
	cursor_write(&sweep->cursor, &text);
	answer.cursor = buf_as_slice(&text);
	lane_hand_over(&sweep->run, request, &answer);
	buf_release(&text);
}

/* Those that wait behind a run that has ended see that and go. */
static void wake_next(struct sweep *sweep)
{
	for (uint64_t number = sweep->turn; number < sweep->asked; number++) {
		struct request *request = page_at(sweep, number)->waiting;

		if (!request && !sweep->run.ending)
			return;
		page_at(sweep, number)->waiting = NULL;
		if (request) {
			request_resume(request);
			return; /* it wakes the one behind it */
		}
	}
}

static void take_page(struct sweep *sweep, struct request *request)
{
	const struct sweep_page *page = page_at(sweep, request->tag);
	struct buf gap = BUF_INIT(GAP_BYTES_MAX);
	bool round;

	if (page->link == LINK_REFUSED) {
		lane_end(&sweep->run, LANE_PARKED, "the link to the next page cannot be followed");
		return;
	}
	if (page->link == LINK_NONE && lane_doubts_end(&sweep->run, request, page_rows(sweep)))
		return;
	sweep->turn++;
	lane_page_fits(&sweep->run, page_rows(sweep));
	round = page->link == LINK_NEXT && lane_goes_round(&sweep->run, buf_as_slice(&page->next), &gap);
	hand_over(sweep, request, page, buf_as_slice(&gap));
	buf_release(&gap);
	if (page->link == LINK_NONE)
		lane_end(&sweep->run, LANE_COMPLETE, NULL);
	else if (round)
		lane_end_round(&sweep->run);
	else
		ask_more(sweep);
}

static bool on_page(struct request *request)
{
	struct sweep *sweep = sweep_of(request);

	if (!sweep->run.ending)
		note_link(sweep, request);
	if (!sweep->run.ending && request->tag != sweep->turn) {
		page_at(sweep, request->tag)->waiting = request;
		return false;
	}
	if (!sweep->run.ending)
		take_page(sweep, request);
	wake_next(sweep);
	lane_answered(&sweep->run);
	return true;
}

/* --- no page -------------------------------------------------------------------------------------------------------*/

static void on_answer(struct request *request)
{
	struct sweep *sweep = sweep_of(request);

	lane_refused(&sweep->run, request);
	wake_next(sweep);
	lane_answered(&sweep->run);
}

static void on_failed(struct request *request)
{
	struct sweep *sweep = sweep_of(request);

	lane_listing_failed(&sweep->run, request, page_rows(sweep));
	wake_next(sweep);
	lane_answered(&sweep->run);
}

static const struct request_calls sweep_calls = {
	.on_head = on_head,
	.on_page = on_page,
	.on_answer = on_answer,
	.on_failed = on_failed,
};
