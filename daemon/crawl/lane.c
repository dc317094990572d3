/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/lane.h"

#include <assert.h>
#include <stdio.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "daemon/hub/refusal.h"
#include "daemon/run/log.h"
#include "daemon/run/metrics.h"
#include "storage/model/error.h"
#include "storage/model/memory.h"
#include "storage/model/moment.h"


static const char goes_round[] = "the links to the next page go round in a circle";

void lane_init(struct lane_run *run, struct context *context, struct kind_state *kind, enum lane lane,
	void (*on_ended)(struct lane_run *run), void *owner)
{
	*run = (struct lane_run){ .context = context, .kind = kind, .lane = lane, .on_ended = on_ended, .owner = owner };
}

/* What there is much of is not told to everybody. */
static enum log_event event_of(const struct lane_run *run, enum log_event poll, enum log_event often, enum log_event other)
{
	if (run->lane == LANE_POLL)
		return poll;
	return run->often ? often : other;
}

void lane_begin(struct lane_run *run, bool resumed, int64_t watermark_ms)
{
	char watermark[MOMENT_TEXT] = "";

	assert(!run->active);
	run->active = true;
	run->ending = false;
	run->end = LANE_COMPLETE;
	run->pages = run->rows = run->links = 0;
	run->why[0] = '\0';
	if (watermark_ms)
		moment_write(watermark_ms, watermark);
	log_write(event_of(run, LOG_POLL_STARTED, LOG_LOOK_STARTED, LOG_LANE_STARTED), log_text("lane", lane_name(run->lane)),
		log_text("kind", repo_kinds[run->kind->kind].name),
		log_yes("resumed", resumed), log_text("watermark", watermark));
}

static void end_if_idle(struct lane_run *run)
{
	if (!run->ending || run->asked || run->handed || !run->active)
		return;
	run->active = false;
	if (run->end == LANE_COMPLETE) {
		run->round_told = false;
		log_write(event_of(run, LOG_POLL_DONE, LOG_LOOK_DONE, LOG_LANE_DONE), log_text("lane", lane_name(run->lane)),
			log_text("kind", repo_kinds[run->kind->kind].name), log_number("pages", (int64_t)run->pages),
			log_number("rows", (int64_t)run->rows));
	}
	run->on_ended(run);
}

void lane_end(struct lane_run *run, enum lane_end end, const char *why)
{
	if (!run->ending) {
		run->ending = true;
		run->end = end;
		snprintf(run->why, sizeof(run->why), "%.*s", (int)sizeof(run->why) - 1, why ? why : "");
		writer_flush(run->context->writer);
	}
	end_if_idle(run);
}

/* --- what is read from the store -----------------------------------------------------------------------------------*/

static void on_load(uv_work_t *work)
{
	struct lane_load *load = work->data;

	load->error = load->read(load->run, &load->problem);
}

static void on_loaded(uv_work_t *work, int status)
{
	struct lane_load *load = work->data;

	(void)status; /* never cancelled */
	if (load->error)
		lane_end(load->run, LANE_PARKED, load->problem.text[0] ? load->problem.text : error_text(load->error));
	else if (load->run->context->stopping)
		lane_end(load->run, LANE_PARKED, "the daemon ends");
	else
		load->on_read(load->run);
	lane_answered(load->run);
}

void lane_load(struct lane_run *run, struct lane_load *load)
{
	load->run = run;
	load->work.data = load;
	load->problem = (struct store_problem){ 0 };
	run->asked++;
	if (uv_queue_work(run->context->clock->loop, &load->work, on_load, on_loaded))
		memory_failed("work item");
}

/* --- requests ------------------------------------------------------------------------------------------------------*/

void lane_ask(struct lane_run *run, const struct projection *projection, struct slice url, const struct request_calls *calls,
	uint64_t tag)
{
	struct request_order order = {
		.context = run->context,
		.lane = run->lane,
		.projection = *projection,
		.url = url,
		.calls = calls,
		.owner = run,
		.tag = tag,
	};

	run->asked++;
	request_start(&order);
}

void lane_ask_file(struct lane_run *run, enum request_form form, struct slice url, struct slice if_none_match,
	size_t body_max, const struct request_calls *calls, uint64_t tag)
{
	struct request_order order = {
		.context = run->context,
		.lane = run->lane,
		.form = form,
		.projection = kind_projection(run->kind, ENDPOINT_SINGLE),
		.url = url,
		.if_none_match = if_none_match,
		.body_max = body_max,
		.calls = calls,
		.owner = run,
		.tag = tag,
	};

	run->asked++;
	request_start(&order);
}

void lane_answered(struct lane_run *run)
{
	assert(run->asked > 0);
	run->asked--;
	end_if_idle(run);
	if (run->context->stopping)
		run->context->on_quiet(run->context->owner);
}

static void on_committed(void *owner)
{
	struct lane_run *run = owner;

	assert(run->handed > 0);
	run->handed--;
	if (run->on_stored)
		run->on_stored(run);
	end_if_idle(run);
}

void lane_hand_over(struct lane_run *run, struct request *request, struct answer *answer)
{
	run->handed++;
	run->pages++;
	run->rows += request->page.rows;
	request_hand_over(request, answer, on_committed, run);
}

/* --- pages that are too heavy --------------------------------------------------------------------------------------*/

unsigned lane_rows_asked(const struct lane_run *run, int64_t rows)
{
	return run->rows_limit && run->rows_limit < rows ? run->rows_limit : (unsigned)rows;
}

void lane_ask_listing(struct lane_run *run, const struct projection *projection, struct slice url, int64_t rows,
	const struct request_calls *calls, uint64_t tag)
{
	struct buf counted = BUF_INIT(URL_MAX), final = BUF_INIT(URL_MAX);
	struct projection asked = *projection;

	url_with_rows(url, lane_rows_asked(run, rows), &counted);
	if (run->without_card && asked.fields & field_bit(FIELD_CARD_DATA)) {
		url_without_field(buf_as_slice(&counted), field_infos[FIELD_CARD_DATA].key, &final);
		asked.fields &= ~field_bit(FIELD_CARD_DATA);
	} else {
		buf_slice(&final, buf_as_slice(&counted));
	}
	url_add_fields(&asked, &final);
	lane_ask(run, &asked, buf_as_slice(&final), calls, tag);
	buf_release(&counted);
	buf_release(&final);
}

void lane_page_fits(struct lane_run *run, int64_t rows)
{
	run->without_card = run->doubted = false;
	if (run->rows_limit)
		run->rows_limit *= 2;
	if (run->rows_limit >= rows)
		run->rows_limit = 0;
}

void lane_whole_pages(struct lane_run *run)
{
	run->rows_limit = 0;
	run->without_card = false;
}

bool lane_is_down_to_one(const struct lane_run *run, const struct request *request, int64_t rows)
{
	return request->too_heavy && lane_rows_asked(run, rows) == 1 && run->without_card;
}

void lane_listing_failed(struct lane_run *run, const struct request *request, int64_t rows)
{
	unsigned now = lane_rows_asked(run, rows);

	if (run->ending)
		return; /* one of several under way: the first has said how it goes on */
	if (!request->too_heavy || lane_is_down_to_one(run, request, rows)) {
		lane_whole_pages(run);
		lane_end(run, LANE_PARKED, request->why);
		return;
	}
	run->without_card = now == 1;
	run->rows_limit = now > 1 ? now / 2 : 1;
	log_write(LOG_PAGE_TOO_HEAVY, log_text("lane", lane_name(run->lane)),
		log_text("kind", repo_kinds[run->kind->kind].name), log_text("why", request->why),
		log_number("rows", run->rows_limit), log_yes("card", !run->without_card));
	lane_end(run, LANE_AGAIN, NULL);
}

/* --- what the Hub refuses ------------------------------------------------------------------------------------------*/

/* The header may be shortened or missing: the body is asked too. */
static enum field refused_field(const struct request *request)
{
	enum field field = refusal_read(buf_as_slice(&request->reply.body), &request->projection);

	return field != FIELD_NONE ? field : refusal_read(request->head.error_message, &request->projection);
}

static void drop_field(struct lane_run *run, enum endpoint endpoint, enum field field)
{
	run->kind->refused[endpoint] |= field_bit(field);
	metrics_add(METRIC_FIELDS_REFUSED, 1);
	log_write(LOG_FIELD_REFUSED, log_text("kind", repo_kinds[run->kind->kind].name),
		log_text("endpoint", endpoint == ENDPOINT_LIST ? "list" : "single"), log_text("field", field_infos[field].key));
}

bool lane_dropped_field(struct lane_run *run, struct request *request)
{
	enum field field = is_refusal(request->reply.status) ? refused_field(request) : FIELD_NONE;

	if (field == FIELD_NONE)
		return false;
	drop_field(run, request->projection.endpoint, field);
	lane_end(run, LANE_AGAIN, NULL);
	return true;
}

void lane_refused(struct lane_run *run, struct request *request)
{
	char why[REQUEST_REFUSAL_TEXT];

	if (lane_dropped_field(run, request))
		return;
	request_refusal_text(request, why);
	lane_end(run, LANE_PARKED, why);
}

/* --- where answers lead --------------------------------------------------------------------------------------------*/

static void refuse_link(const struct lane_run *run, struct slice link, const char *why)
{
	metrics_add(METRIC_LINKS_REFUSED, 1);
	log_write(LOG_LINK_REFUSED, log_text("lane", lane_name(run->lane)), log_text("kind", repo_kinds[run->kind->kind].name),
		log_slice("link", link), log_text("why", why));
}

const char *lane_redirect(struct lane_run *run, const struct request *request, unsigned hops, struct buf *url)
{
	const char *why = url_follow(run->context->origin, request->head.location, url);

	if (!why && hops >= LANE_HOPS_MAX)
		why = "too many redirects";
	if (!why)
		url_keep_query(buf_as_slice(&request->url), url);
	if (!why && url->overflow)
		why = "too long";
	if (why)
		refuse_link(run, request->head.location, why);
	return why;
}

enum lane_link lane_next_link(struct lane_run *run, const struct request *request, struct buf *url)
{
	const char *why;

	buf_reset(url);
	if (!request->head.next.size)
		return LINK_NONE;
	why = url_follow(run->context->origin, request->head.next, url);
	if (!why && slice_equal(buf_as_slice(url), buf_as_slice(&request->url)))
		why = "leads to the page that it is on";
	if (!why)
		return LINK_NEXT;
	refuse_link(run, request->head.next, why);
	return LINK_REFUSED;
}

bool lane_doubts_end(struct lane_run *run, const struct request *request, int64_t rows)
{
	if (run->doubted || request->page.rows < lane_rows_asked(run, rows))
		return false;
	run->doubted = true;
	log_write(LOG_END_DOUBTED, log_text("lane", lane_name(run->lane)), log_text("kind", repo_kinds[run->kind->kind].name),
		log_number("rows", (int64_t)request->page.rows));
	lane_end(run, LANE_AGAIN, NULL);
	return true;
}

/* --- links that go round -------------------------------------------------------------------------------------------*/

bool lane_goes_round(struct lane_run *run, struct slice next, struct buf *gap)
{
	uint64_t hash = XXH3_64bits(next.data, next.size);
	bool was_there = run->links && hash == run->mark;

	run->links++;
	if ((run->links & (run->links - 1)) == 0)
		run->mark = hash;
	if (was_there && !run->round_told) {
		run->round_told = true;
		buf_printf(gap, "%s %s: %s", lane_name(run->lane), repo_kinds[run->kind->kind].plural, goes_round);
	}
	return was_there;
}

void lane_end_round(struct lane_run *run)
{
	lane_end(run, LANE_PARKED, goes_round);
}
