/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/sweep.h"

#include "daemon/hub/oid_cursor.h"
#include "daemon/hub/refusal.h"
#include "daemon/run/log.h"
#include "daemon/run/metrics.h"
#include "storage/reader.h"

/* Request tags: the segment and, below it, the number of its page. */
enum { TAG_SEGMENT_SHIFT = 48 };

void sweep_init(struct sweep *sweep, struct context *context, struct kind_state *kind,
	void (*on_ended)(struct lane_run *run), void *owner)
{
	memset(sweep, 0, sizeof(*sweep));
	lane_init(&sweep->run, context, kind, LANE_SWEEP, on_ended, owner);
	cursor_init(&sweep->cursor);
	skip_init(&sweep->skip);
	for (unsigned i = 0; i < SWEEP_SEGMENTS_MAX; i++)
		for (size_t j = 0; j < SWEEP_AHEAD_MAX; j++)
			buf_init(&sweep->walk[i].page[j].next, URL_MAX);
}

void sweep_release(struct sweep *sweep)
{
	cursor_release(&sweep->cursor);
	skip_release(&sweep->skip);
	for (unsigned i = 0; i < SWEEP_SEGMENTS_MAX; i++)
		for (size_t j = 0; j < SWEEP_AHEAD_MAX; j++)
			buf_release(&sweep->walk[i].page[j].next);
}

static struct sweep *sweep_of(struct request *request)
{
	return request->owner;
}

static unsigned segment_of(const struct request *request)
{
	return (unsigned)(request->tag >> TAG_SEGMENT_SHIFT);
}

static uint64_t number_of(const struct request *request)
{
	return request->tag & ((UINT64_C(1) << TAG_SEGMENT_SHIFT) - 1);
}

static struct sweep_walk *walk_of(struct sweep *sweep, const struct request *request)
{
	return &sweep->walk[segment_of(request)];
}

static struct sweep_page *page_at(struct sweep_walk *walk, uint64_t number)
{
	return &walk->page[number % SWEEP_AHEAD_MAX];
}

static struct sweep_page *page_of(struct sweep *sweep, const struct request *request)
{
	return page_at(walk_of(sweep, request), number_of(request));
}

/* --- asking --------------------------------------------------------------------------------------------------------*/

static const struct request_calls sweep_calls;

static int64_t page_rows(const struct sweep *sweep)
{
	return sweep->run.context->config->page_rows;
}

static void ask(struct sweep *sweep, unsigned segment, struct slice url)
{
	struct sweep_walk *walk = &sweep->walk[segment];
	struct sweep_page *page = page_at(walk, walk->asked);
	uint64_t tag = (uint64_t)segment << TAG_SEGMENT_SHIFT | walk->asked++;

	page->told = false;
	page->waiting = NULL;
	lane_ask_listing(&sweep->run, &sweep->cursor.projection, url, page_rows(sweep), &sweep_calls, tag);
}

/* Of one kind's requests in flight each segment has its part, one at least. */
static uint64_t pages_ahead(const struct sweep *sweep)
{
	uint64_t ahead = (uint64_t)sweep->run.context->config->sweep_ahead / sweep->count;

	return ahead ? ahead : 1;
}

/* Where the newest page's head told what follows, and as many as are wanted are not under way. */
static void ask_more(struct sweep *sweep, unsigned segment)
{
	struct sweep_walk *walk = &sweep->walk[segment];
	const struct sweep_page *newest = page_at(walk, walk->asked - 1);

	if (sweep->run.ending || sweep->run.context->stopping || walk->asked - walk->turn >= pages_ahead(sweep))
		return;
	if (newest->told && newest->link == LINK_NEXT)
		ask(sweep, segment, buf_as_slice(&newest->next));
}

/* A cursor's URL asks with the fields of its day; what the Hub refuses today must go from it. */
static void drop_refused_fields(struct cursor *cursor, uint32_t refused)
{
	struct buf url = BUF_INIT(URL_MAX);

	for (enum field field = 0; field < FIELD_COUNT; field++) {
		if (!(cursor->projection.fields & refused & field_bit(field)))
			continue;
		for (unsigned i = 0; i < cursor->segment_count; i++) {
			struct buf *next = &cursor->segment[i].next;

			buf_reset(&url);
			url_without_field(buf_as_slice(next), field_infos[field].key, &url);
			buf_reset(next);
			buf_slice(next, buf_as_slice(&url));
		}
		cursor->projection.fields &= ~field_bit(field);
	}
	buf_release(&url);
}

/* --- segments ------------------------------------------------------------------------------------------------------*/

static bool is_last(const struct sweep *sweep, unsigned segment)
{
	return segment + 1 == sweep->count;
}

/* The cursor as committed; one that knows no segments is one of one. */
static bool can_resume(struct sweep *sweep)
{
	struct cursor *cursor = &sweep->cursor;
	struct buf url = BUF_INIT(URL_MAX);
	bool good = cursor_is_open(cursor);

	if (!cursor->segment_count) {
		buf_slice(&cursor->segment[0].next, buf_as_slice(&cursor->next));
		cursor->segment_count = 1;
	}
	for (unsigned i = 0; i < cursor->segment_count; i++) {
		struct slice next = buf_as_slice(&cursor->segment[i].next);

		good &= !next.size || !url_follow(sweep->run.context->origin, next, &url);
	}
	buf_release(&url);
	return good && !(sweep->whole && cursor->segment_count > 1);
}

/* As many segments as are wanted and as the last complete sweep's pages allow; their last oids go into the cursor. */
static unsigned choose_segments(struct sweep *sweep)
{
	unsigned wanted = (unsigned)sweep->run.context->config->sweep_segments;
	struct repo_oid bounds[SWEEP_SEGMENTS_MAX];
	struct store_problem problem;
	struct reader *reader;
	bool known;

	if (wanted == 1 || sweep->whole || reader_open(sweep->run.context->store, &reader, &problem))
		return 1;
	known = reader_bounds(reader, sweep->run.kind->kind, wanted, bounds) == 0;
	reader_close(&reader);
	for (unsigned i = 0; known && i + 1 < wanted; i++)
		sweep->cursor.segment[i].until = bounds[i];
	return known ? wanted : 1;
}

static void begin_anew(struct sweep *sweep)
{
	struct cursor *cursor = &sweep->cursor;
	struct buf url = BUF_INIT(URL_MAX);
	int64_t watermark_ms = cursor->watermark_ms;

	cursor_reset(cursor);
	cursor->watermark_ms = watermark_ms;
	cursor->projection = kind_projection(sweep->run.kind, ENDPOINT_LIST);
	url_listing(sweep->run.context->origin, &cursor->projection, LISTING_BY_CREATION, (unsigned)page_rows(sweep), &url);
	cursor->segment_count = choose_segments(sweep);
	buf_slice(&cursor->segment[0].next, buf_as_slice(&url));
	for (unsigned i = 1; i < cursor->segment_count; i++)
		url_behind(buf_as_slice(&url), &cursor->segment[i - 1].until, &cursor->segment[i].next);
	buf_release(&url);
}

static void start_walks(struct sweep *sweep)
{
	for (unsigned i = 0; i < sweep->count; i++) {
		struct sweep_walk *walk = &sweep->walk[i];
		struct slice next = buf_as_slice(&sweep->cursor.segment[i].next);

		walk->asked = walk->turn = 0;
		walk->done = !next.size;
		if (sweep->skip.on && sweep->skip_segment == i)
			next = buf_as_slice(&sweep->skip.url);
		if (!walk->done)
			ask(sweep, i, next);
	}
}

void sweep_start(struct sweep *sweep)
{
	struct cursor *cursor = &sweep->cursor;
	bool resumed;

	cursor_load(sweep->run.context->store, LANE_SWEEP, sweep->run.kind->kind, cursor);
	resumed = can_resume(sweep);
	if (resumed)
		drop_refused_fields(cursor, sweep->run.kind->refused[ENDPOINT_LIST]);
	else
		begin_anew(sweep);
	sweep->count = cursor->segment_count;
	sweep->end = (struct sweep_end){ 0 };
	lane_begin(&sweep->run, resumed, cursor->watermark_ms);
	start_walks(sweep);
}

static void refuse_segments(struct sweep *sweep, const char *why)
{
	log_write(LOG_SEGMENTS_REFUSED, log_text("kind", repo_kinds[sweep->run.kind->kind].name), log_text("why", why));
	sweep->whole = true;
	lane_end(&sweep->run, LANE_AGAIN, NULL);
}

/* --- a head is here ------------------------------------------------------------------------------------------------*/

/* A link that leads behind the segment's end is not followed: there the next one has begun. */
static void end_at_bound(struct sweep *sweep, const struct request *request, struct sweep_page *page)
{
	struct repo_oid behind;

	page->beyond = false;
	if (is_last(sweep, segment_of(request)) || page->link != LINK_NEXT)
		return;
	if (!url_oid(buf_as_slice(&page->next), &behind)) {
		refuse_segments(sweep, "a link's cursor does not tell behind which oid it goes on");
		return;
	}
	page->beyond = oid_compare(&behind, &sweep->cursor.segment[segment_of(request)].until) >= 0;
	if (page->beyond)
		page->link = LINK_NONE;
}

/*
 * A page that is asked for a second time may end elsewhere, because repos were deleted in between. Then what was asked
 * behind it does not join on: back to the cursor.
 */
static void note_link(struct sweep *sweep, struct request *request)
{
	struct sweep_page *page = page_of(sweep, request);
	struct sweep_page before = *page;
	struct buf next = BUF_INIT(URL_MAX);

	page->link = lane_next_link(&sweep->run, request, &next);
	page->next = next;
	end_at_bound(sweep, request, page);
	if (before.told && (before.link != page->link || !slice_equal(buf_as_slice(&before.next), buf_as_slice(&page->next))))
		lane_end(&sweep->run, LANE_AGAIN, NULL);
	buf_release(&before.next);
	page->told = true;
}

static void on_head(struct request *request)
{
	struct sweep *sweep = sweep_of(request);

	if (sweep->run.ending)
		return;
	note_link(sweep, request);
	ask_more(sweep, segment_of(request));
}

/* --- a page is here ------------------------------------------------------------------------------------------------*/

static void remember_last(struct sweep *sweep, const struct page *page)
{
	const struct repo_oid *last = page->count ? &page->observations[page->count - 1].oid : NULL;

	if (!last || (sweep->has_last && oid_compare(last, &sweep->last) < 0))
		return;
	sweep->last = *last;
	sweep->has_last = true;
}

static void move_cursor(struct sweep *sweep, const struct request *request, const struct sweep_page *page)
{
	struct cursor *cursor = &sweep->cursor;
	struct buf *next = &cursor->segment[segment_of(request)].next;

	if (!cursor->pages)
		cursor->started_ms = request->time.mark_ms;
	if (!cursor->watermark_ms)
		cursor->watermark_ms = cursor->started_ms;
	cursor->pages++;
	cursor->rows += request->page.rows;
	buf_reset(next);
	if (page->link == LINK_NEXT)
		buf_slice(next, buf_as_slice(&page->next));
}

/* One segment is written as it always was. */
static void write_cursor(struct cursor *cursor, struct buf *out)
{
	unsigned count = cursor->segment_count;

	if (count == 1) {
		buf_reset(&cursor->next);
		buf_slice(&cursor->next, buf_as_slice(&cursor->segment[0].next));
		cursor->segment_count = 0;
	}
	cursor_write(cursor, out);
	cursor->segment_count = count;
}

static bool all_done(const struct sweep *sweep)
{
	for (unsigned i = 0; i < sweep->count; i++)
		if (!sweep->walk[i].done)
			return false;
	return true;
}

static void hand_over(struct sweep *sweep, struct request *request, const struct sweep_page *page, struct slice gap)
{
	struct buf text = BUF_INIT(CURSOR_BYTES_MAX);
	struct answer answer = {
		.in_sweep = true,
		.sweep_first = sweep->cursor.pages == 0,
		.bound_count = sweep->count - 1,
		.segment = segment_of(request),
		.sweep_last = page->link == LINK_NONE,
		.sweep_beyond = page->beyond,
		.sweep_short = page->link == LINK_NONE && sweep->end.is_short,
		.gap = gap,
	};

	for (unsigned i = 0; i < answer.bound_count; i++)
		answer.bound[i] = sweep->cursor.segment[i].until;
	if (sweep->skip.on && sweep->skip_segment == answer.segment) {
		answer.sweep_skipped = true;
		answer.gap = buf_as_slice(&sweep->skip.gap);
		sweep->skip.on = false;
	}
	remember_last(sweep, &request->page);
	move_cursor(sweep, request, page);
	write_cursor(&sweep->cursor, &text);
	answer.cursor = buf_as_slice(&text);
	lane_hand_over(&sweep->run, request, &answer);
	buf_release(&text);
}

/* Those that wait behind a run that has ended see that and go. */
static void wake_next(struct sweep *sweep, unsigned segment)
{
	struct sweep_walk *walk = &sweep->walk[segment];

	for (uint64_t number = walk->turn; number < walk->asked; number++) {
		struct request *request = page_at(walk, number)->waiting;

		if (!request && !sweep->run.ending)
			return;
		page_at(walk, number)->waiting = NULL;
		if (request) {
			request_resume(request);
			return; /* it wakes the one behind it */
		}
	}
}

/* Of all segments, once none of them goes on. */
static void wake_all(struct sweep *sweep)
{
	for (unsigned i = 0; i < sweep->count && sweep->run.ending; i++)
		wake_next(sweep, i);
}

/* What a cursor made here brings, and all behind it, lies behind the oid that the cursor names. */
static bool begins_where_asked(const struct sweep *sweep, const struct request *request)
{
	const struct page *page = &request->page;
	struct repo_oid behind;

	if (sweep->count == 1 || !page->count)
		return true;
	return page->ascending && url_oid(buf_as_slice(&request->url), &behind) &&
		oid_compare(&page->observations[0].oid, &behind) > 0;
}

static void take_page(struct sweep *sweep, struct request *request)
{
	const struct sweep_page *page = page_of(sweep, request);
	struct sweep_walk *walk = walk_of(sweep, request);
	struct buf gap = BUF_INIT(GAP_BYTES_MAX);
	bool round;

	if (page->link == LINK_REFUSED) {
		lane_end(&sweep->run, LANE_PARKED, "the link to the next page cannot be followed");
		return;
	}
	if (!begins_where_asked(sweep, request)) {
		refuse_segments(sweep, "a page does not begin behind the oid that its cursor names");
		return;
	}
	if (page->link == LINK_NONE && !page->beyond && lane_doubts_end(&sweep->run, request, page_rows(sweep)))
		return;
	walk->turn++;
	walk->done = page->link == LINK_NONE;
	lane_page_fits(&sweep->run, page_rows(sweep));
	round = page->link == LINK_NEXT && lane_goes_round(&sweep->run, buf_as_slice(&page->next), &gap);
	hand_over(sweep, request, page, buf_as_slice(&gap));
	buf_release(&gap);
	if (all_done(sweep))
		lane_end(&sweep->run, LANE_COMPLETE, NULL);
	else if (round)
		lane_end_round(&sweep->run);
	else if (!walk->done)
		ask_more(sweep, segment_of(request));
}

/* A listing of one segment ends where it has no link; of more than one there are known rows enough to measure it by. */
static bool is_held(struct sweep *sweep, struct request *request)
{
	const struct repo_oid *last = sweep->has_last ? &sweep->last : NULL;

	return sweep->count == 1 && page_of(sweep, request)->link == LINK_NONE &&
	       sweep_end_holds(&sweep->end, &sweep->run, &sweep->cursor, request, last, page_rows(sweep));
}

/* Said once: rows that are not told apart by an id cannot be kept, whatever else they say. */
static void look_for_ids(struct sweep *sweep, const struct page *page)
{
	if (sweep->names_no_rows || !page->rows || page->unidentified < page->rows)
		return;
	sweep->names_no_rows = true;
	log_write(LOG_ROWS_WITHOUT_ID, log_text("kind", repo_kinds[sweep->run.kind->kind].name));
}

static bool on_page(struct request *request)
{
	struct sweep *sweep = sweep_of(request);
	unsigned segment = segment_of(request);

	if (!sweep->run.ending)
		note_link(sweep, request);
	if (!sweep->run.ending && number_of(request) != sweep->walk[segment].turn) {
		page_of(sweep, request)->waiting = request;
		return false;
	}
	look_for_ids(sweep, &request->page);
	if (!sweep->run.ending && is_held(sweep, request))
		return false;
	if (!sweep->run.ending)
		take_page(sweep, request);
	wake_next(sweep, segment);
	wake_all(sweep);
	lane_answered(&sweep->run);
	return true;
}

/* --- no page -------------------------------------------------------------------------------------------------------*/

static void on_answer(struct request *request)
{
	struct sweep *sweep = sweep_of(request);
	struct repo_oid behind;

	if (!sweep->run.ending && is_refusal(request->reply.status) && sweep->count > 1 && segment_of(request) &&
		url_oid(buf_as_slice(&request->url), &behind) &&
		oid_compare(&behind, &sweep->cursor.segment[segment_of(request) - 1].until) == 0)
		refuse_segments(sweep, "a cursor made here is refused");
	else
		lane_refused(&sweep->run, request);
	wake_all(sweep);
	lane_answered(&sweep->run);
}

/* Nobody knows how to go on: said once, and the lane tries again later. Before any page came it may be the whole Hub. */
static void record_end(struct sweep *sweep, struct request *request)
{
	struct answer answer = { .gap = buf_as_slice(&sweep->skip.gap) };

	if (sweep->cursor.pages)
		lane_hand_over(&sweep->run, request, &answer);
}

static void give_up_row(struct sweep *sweep, struct request *request)
{
	const struct sweep_page *page = page_of(sweep, request);
	bool tried = sweep->skip.on && sweep->skip_segment == segment_of(request);
	bool has_link = page->told && page->link == LINK_NEXT;

	sweep->skip.on = false;
	if (number_of(request) != walk_of(sweep, request)->turn) {
		lane_end(&sweep->run, LANE_AGAIN, NULL); /* once its turn has come */
		return;
	}
	if (!tried && skip_in_sweep(&sweep->skip, &sweep->run, request, has_link ? buf_as_slice(&page->next) : SLICE_NONE)) {
		sweep->skip_segment = segment_of(request);
		skip_go(&sweep->skip, &sweep->run);
		return;
	}
	if (!tried)
		record_end(sweep, request);
	lane_listing_failed(&sweep->run, request, page_rows(sweep));
}

static void on_failed(struct request *request)
{
	struct sweep *sweep = sweep_of(request);

	if (!sweep->run.ending && lane_is_down_to_one(&sweep->run, request, page_rows(sweep)))
		give_up_row(sweep, request);
	else
		lane_listing_failed(&sweep->run, request, page_rows(sweep));
	wake_all(sweep);
	lane_answered(&sweep->run);
}

static const struct request_calls sweep_calls = {
	.on_head = on_head,
	.on_page = on_page,
	.on_answer = on_answer,
	.on_failed = on_failed,
};
