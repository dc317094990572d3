/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/sweep_end.h"

#include "daemon/crawl/sweep.h"
#include "storage/reader.h"

/* So many percent of the sweep's rows may be newer than its last one: the Hub's listings lag a little. */
enum { BEHIND_PERCENT = 2 };

static bool is_first_sweep(const struct lane_run *run)
{
	struct sweep_state state = { .completed_ms = 1 };
	struct store_problem problem;
	struct reader *reader;

	if (reader_open(run->context->store, &reader, &problem))
		return false;
	reader_sweep(reader, run->kind->kind, &state);
	reader_close(&reader);
	return !state.completed_ms;
}

static void resume(struct sweep_end *end)
{
	struct request *held = end->held;

	end->held = NULL;
	request_resume(held);
}

static uint64_t rows_behind(const struct sweep_end *end, const struct page *newest)
{
	uint64_t behind = 0;

	for (size_t i = 0; i < newest->count; i++) {
		const struct observation *row = &newest->observations[i];

		behind += row->created_ms && row->created_ms < end->started_ms && oid_compare(&row->oid, &end->last) > 0;
	}
	return behind;
}

static struct sweep_end *end_of(const struct request *request)
{
	return &((struct sweep *)request->owner)->end;
}

static bool on_page(struct request *request)
{
	struct sweep_end *end = end_of(request);
	uint64_t behind = rows_behind(end, &request->page);

	end->is_short = behind * 100 > end->brought * BEHIND_PERCENT || (behind && (int64_t)behind >= end->rows);
	resume(end);
	lane_answered(request->owner);
	return true;
}

/* A Hub that does not list its newest repos tells nothing against the end. */
static void on_nothing(struct request *request)
{
	resume(end_of(request));
	lane_answered(request->owner);
}

static const struct request_calls newest_calls = { .on_page = on_page, .on_answer = on_nothing, .on_failed = on_nothing };

static void ask_newest(struct lane_run *run, const struct projection *projection, int64_t rows)
{
	struct buf url = BUF_INIT(URL_MAX);

	url_listing(run->context->origin, projection, LISTING_NEWEST_FIRST, (unsigned)rows, &url);
	lane_ask_listing(run, projection, buf_as_slice(&url), rows, &newest_calls, 0);
	buf_release(&url);
}

/* A listing ends with a page that is not full; an empty one comes where the page before was just full, or was cut off. */
static bool is_doubtful(const struct lane_run *run, const struct request *request, int64_t rows)
{
	return !request->page.rows || request->page.rows >= lane_rows_asked(run, rows);
}

bool sweep_end_holds(struct sweep_end *end, struct lane_run *run, const struct cursor *cursor, struct request *request,
	const struct repo_oid *last, int64_t rows)
{
	const struct page *page = &request->page;

	if (end->asked || !page->ascending || !is_doubtful(run, request, rows) || !is_first_sweep(run))
		return false;
	*end = (struct sweep_end){ .asked = true, .rows = lane_rows_asked(run, rows), .held = request };
	end->started_ms = cursor->pages ? cursor->started_ms : request->time.mark_ms;
	end->brought = cursor->rows + page->rows;
	if (last)
		end->last = *last;
	if (page->count && oid_compare(&page->observations[page->count - 1].oid, &end->last) > 0)
		end->last = page->observations[page->count - 1].oid;
	ask_newest(run, &cursor->projection, rows);
	return end->held != NULL; /* where the daemon ends, the request has failed before it was sent */
}
