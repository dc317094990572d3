/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/backfill.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/hub/refusal.h"
#include "daemon/run/log.h"
#include "daemon/run/metrics.h"
#include "storage/model/memory.h"

enum { TROUBLES_MAX = 3 };

static int read_list(struct lane_run *run, struct store_problem *problem);
static void on_list(struct lane_run *run);
static void on_stored(struct lane_run *run);

void backfill_init(struct backfill *backfill, struct context *context, struct kind_state *kind,
	const struct backfill_wish *wish, const struct watch_names *watched, void (*on_ended)(struct lane_run *run),
	void *owner)
{
	*backfill = (struct backfill){
		.wish = wish,
		.watched = watched,
		.load = { .read = read_list, .on_read = on_list },
	};
	lane_init(&backfill->run, context, kind, LANE_BACKFILL, on_ended, owner);
	backfill->run.on_stored = on_stored;
	buf_init(&backfill->owner_url, URL_MAX);
}

static void forget_list(struct backfill *backfill)
{
	backfill_list_release(&backfill->list);
	free(backfill->oids);
	backfill->oids = NULL;
	backfill->oid_count = backfill->oid_room = 0;
	backfill->next_unknown = backfill->next_item = 0;
	backfill->loaded = false;
}

void backfill_release(struct backfill *backfill)
{
	for (unsigned i = 0; i < BACKFILL_AHEAD_MAX; i++)
		history_release(&backfill->search[i].history);
	forget_list(backfill);
	buf_release(&backfill->owner_url);
}

static struct backfill *backfill_of(struct request *request)
{
	return request->owner;
}

static const char *kind_name(const struct backfill *backfill)
{
	return repo_kinds[backfill->run.kind->kind].name;
}

static void go_on(struct backfill *backfill);

/* --- the list ------------------------------------------------------------------------------------------------------*/

static int read_list(struct lane_run *run, struct store_problem *problem)
{
	struct backfill *backfill = (struct backfill *)run;

	return backfill->loaded ? backfill_list_load_oids(&backfill->list, problem) : backfill_list_load(&backfill->list, problem);
}

static void on_list(struct lane_run *run)
{
	struct backfill *backfill = (struct backfill *)run;

	backfill->loaded = true;
	backfill->oid_count = 0;
	go_on(backfill);
}

static void load_list(struct backfill *backfill)
{
	backfill->list.oids = backfill->oids;
	backfill->list.oid_count = backfill->oid_count;
	lane_load(&backfill->run, &backfill->load);
}

static void ask_owner_from_start(struct backfill *backfill)
{
	struct projection projection = kind_projection(backfill->run.kind, ENDPOINT_LIST);
	const struct context *context = backfill->run.context;

	buf_reset(&backfill->owner_url);
	url_owner(context->origin, &projection, slice_of(backfill->wish->owner), (unsigned)context->config->page_rows,
		&backfill->owner_url);
}

void backfill_start(struct backfill *backfill)
{
	const struct context *context = backfill->run.context;
	enum repo_kind kind = backfill->run.kind->kind;

	forget_list(backfill);
	backfill->list.store = context->store;
	backfill->list.stop = &context->stopping;
	backfill->list.kind = kind;
	backfill->list.wished = backfill->wish != NULL;
	backfill->list.names = backfill->wish ? &backfill->wish->names.names[kind] : backfill->watched;
	backfill->list.top = (uint32_t)context->config->backfill_top;
	backfill->list.now_ms = clocks_now_ms(&backfill->run.context->clocks);
	backfill->asking = backfill->searching = backfill->troubles = 0;
	backfill->searched = backfill->switches = backfill->unseen = 0;
	if (backfill->wish && backfill->wish->owner)
		ask_owner_from_start(backfill);
	lane_begin(&backfill->run, false, 0);
	load_list(backfill);
}

/* --- what could not be looked at -----------------------------------------------------------------------------------*/

static void unseen(struct backfill *backfill, struct slice repo, const char *why)
{
	backfill->unseen++;
	metrics_add(METRIC_PAST_UNSEEN, 1);
	log_write(LOG_PAST_UNSEEN, log_text("kind", kind_name(backfill)), log_slice("repo", repo), log_text("why", why));
}

/* --- repos that the store does not know yet ------------------------------------------------------------------------*/

static const struct request_calls row_calls, owner_calls;

/* Rows that were asked for go on to the list when all of them are in the store: the search takes them from there. */
static void on_stored(struct lane_run *run)
{
	struct backfill *backfill = (struct backfill *)run;

	if (backfill->oid_count && !run->handed && !run->ending && !run->context->stopping)
		go_on(backfill);
}

static void take_rows(struct backfill *backfill, struct request *request, struct slice gap)
{
	const struct page *page = &request->page;
	struct answer answer = { .gap = gap };

	if (backfill->oid_count + page->count > backfill->oid_room) {
		backfill->oid_room = 2 * (backfill->oid_count + page->count);
		backfill->oids = memory_grow(backfill->oids, backfill->oid_room, sizeof(*backfill->oids));
	}
	for (size_t i = 0; i < page->count; i++)
		backfill->oids[backfill->oid_count++] = page->observations[i].oid;
	lane_hand_over(&backfill->run, request, &answer);
	writer_flush(backfill->run.context->writer);
}

static bool on_row(struct request *request)
{
	struct backfill *backfill = backfill_of(request);

	backfill->asking--;
	if (request->page.count)
		take_rows(backfill, request, SLICE_NONE);
	else
		unseen(backfill, backfill->list.unknown[request->tag], "it has no row that could be read");
	go_on(backfill);
	lane_answered(&backfill->run);
	return true;
}

static void ask_row(struct backfill *backfill, struct slice url, uint64_t tag)
{
	struct projection projection = kind_projection(backfill->run.kind, ENDPOINT_SINGLE);

	backfill->asking++;
	lane_ask(&backfill->run, &projection, url, &row_calls, tag);
}

static bool follow_row(struct backfill *backfill, struct request *request)
{
	struct buf url = BUF_INIT(URL_MAX);
	bool good = request->reply.status == 307 && !lane_redirect(&backfill->run, request, backfill->hops++, &url);

	if (good)
		ask_row(backfill, buf_as_slice(&url), request->tag);
	buf_release(&url);
	return good;
}

static void on_row_answer(struct request *request)
{
	struct backfill *backfill = backfill_of(request);
	char why[64];

	backfill->asking--;
	snprintf(why, sizeof(why), "the Hub answers %u", request->reply.status);
	if (is_refusal(request->reply.status))
		lane_refused(&backfill->run, request);
	else if (!follow_row(backfill, request))
		unseen(backfill, backfill->list.unknown[request->tag], why);
	go_on(backfill);
	lane_answered(&backfill->run);
}

static void on_row_failed(struct request *request)
{
	struct backfill *backfill = backfill_of(request);

	backfill->asking--;
	lane_end(&backfill->run, LANE_PARKED, request->why);
	lane_answered(&backfill->run);
}

static const struct request_calls row_calls = { .on_page = on_row, .on_answer = on_row_answer, .on_failed = on_row_failed };

/* One after the other: they are few, and each has its own redirects. */
static bool ask_unknown(struct backfill *backfill)
{
	struct projection projection = kind_projection(backfill->run.kind, ENDPOINT_SINGLE);
	struct buf url = BUF_INIT(URL_MAX);

	if (backfill->asking || backfill->next_unknown == backfill->list.unknown_count)
		return backfill->asking;
	backfill->hops = 0;
	url_single(backfill->run.context->origin, &projection, backfill->list.unknown[backfill->next_unknown], &url);
	ask_row(backfill, buf_as_slice(&url), backfill->next_unknown++);
	buf_release(&url);
	return true;
}

/* --- an owner's repos ----------------------------------------------------------------------------------------------*/

static bool ask_owner(struct backfill *backfill)
{
	struct projection projection = kind_projection(backfill->run.kind, ENDPOINT_LIST);
	struct buf url = backfill->owner_url;

	if (!url.size)
		return false;
	buf_init(&backfill->owner_url, URL_MAX);
	backfill->asking++;
	lane_ask_listing(&backfill->run, &projection, buf_as_slice(&url), backfill->run.context->config->page_rows,
		&owner_calls, 0);
	buf_release(&url);
	return true;
}

static bool on_owner_page(struct request *request)
{
	struct backfill *backfill = backfill_of(request);
	struct buf gap = BUF_INIT(GAP_BYTES_MAX), *next = &backfill->owner_url;
	bool round = false;

	backfill->asking--;
	if (lane_next_link(&backfill->run, request, next) == LINK_NEXT)
		round = lane_goes_round(&backfill->run, buf_as_slice(next), &gap);
	else
		buf_reset(next);
	lane_page_fits(&backfill->run, backfill->run.context->config->page_rows);
	take_rows(backfill, request, buf_as_slice(&gap));
	buf_release(&gap);
	if (round)
		lane_end_round(&backfill->run);
	go_on(backfill);
	lane_answered(&backfill->run);
	return true;
}

static void on_owner_answer(struct request *request)
{
	struct backfill *backfill = backfill_of(request);

	backfill->asking--;
	lane_refused(&backfill->run, request);
	lane_answered(&backfill->run);
}

static void on_owner_failed(struct request *request)
{
	struct backfill *backfill = backfill_of(request);

	backfill->asking--;
	lane_listing_failed(&backfill->run, request, backfill->run.context->config->page_rows);
	lane_answered(&backfill->run);
}

static const struct request_calls owner_calls = {
	.on_page = on_owner_page, .on_answer = on_owner_answer, .on_failed = on_owner_failed,
};

/* --- one repo's commits --------------------------------------------------------------------------------------------*/

static void hand_over(struct backfill_search *search, struct request *request)
{
	struct history *history = &search->history;
	struct past *past = arena_take(&history->arena, sizeof(*past));
	struct answer answer = { .past = past };

	*past = (struct past){
		.outcome = history->outcome,
		.oid = search->item->oid,
		.count = history->count,
		.found = history->found,
	};
	memcpy(past->head, search->item->head, SHA_BYTES);
	request->page.arena = history->arena;
	history->arena = (struct arena){ 0 };
	lane_hand_over(&search->lane->run, request, &answer);
}

static void count_search(struct backfill_search *search)
{
	struct backfill *backfill = search->lane;
	const struct history *history = &search->history;
	bool quiet = !history->count && !backfill->wish;

	if (!past_outcome_is_good(history->outcome)) {
		unseen(backfill, search->item->name, past_outcome_text(history->outcome));
		return;
	}
	backfill->searched++;
	backfill->switches += history->count;
	metrics_add(METRIC_PAST_SEARCHED, 1);
	metrics_add(METRIC_PAST_SWITCHES, history->count);
	log_write(quiet ? LOG_PAST_QUIET : LOG_PAST_SEARCHED, log_text("kind", kind_name(backfill)), log_slice("repo", search->item->name),
		log_number("commits", history->commits), log_number("requests", history->plan.requests),
		log_number("switches", history->count), log_slice("unlooked", history->unlooked));
}

static void on_searched(struct history *history, struct request *request)
{
	struct backfill_search *search = history->owner;
	struct backfill *backfill = search->lane;
	bool later = history->later;

	backfill->troubles = later ? backfill->troubles + 1 : 0;
	if (later)
		unseen(backfill, search->item->name, history_trouble(request));
	else
		count_search(search);
	if (!later)
		hand_over(search, request);
	history_release(history);
	search->item = NULL;
	backfill->searching--;
	if (!request || backfill->troubles == TROUBLES_MAX)
		lane_end(&backfill->run, LANE_PARKED, history_trouble(request));
	else
		go_on(backfill);
}

static void start_search(struct backfill_search *search, const struct backfill_item *item)
{
	bool own_request = item->asked && !search->lane->wish->owner;
	struct history_order order = {
		.name = item->name,
		.newest = item->head,
		.spent = own_request,
		.on_done = on_searched,
		.owner = search,
	};

	search->item = item;
	search->lane->searching++;
	history_start(&search->history, &search->lane->run, &order);
}

static void search_more(struct backfill *backfill)
{
	for (unsigned i = 0; i < (unsigned)backfill->run.context->config->backfill_ahead; i++) {
		struct backfill_search *search = &backfill->search[i];

		search->lane = backfill;
		if (!search->item && backfill->next_item < backfill->list.count && !backfill->run.ending)
			start_search(search, &backfill->list.item[backfill->next_item++]);
	}
}

/* --- what comes next? ----------------------------------------------------------------------------------------------*/

static void end(struct backfill *backfill)
{
	log_write(LOG_BACKFILL_DONE, log_text("kind", kind_name(backfill)),
		log_number("searched", (int64_t)backfill->searched), log_number("before", (int64_t)backfill->list.before),
		log_number("switches", (int64_t)backfill->switches),
		log_number("unseen", (int64_t)(backfill->unseen + backfill->list.headless)));
	lane_end(&backfill->run, LANE_COMPLETE, NULL);
}

static void go_on(struct backfill *backfill)
{
	if (backfill->run.ending || ask_unknown(backfill) || ask_owner(backfill))
		return;
	if (backfill->oid_count) {
		if (!backfill->run.handed) /* else on_stored goes on */
			load_list(backfill);
		return;
	}
	search_more(backfill);
	if (!backfill->searching && !backfill->run.ending)
		end(backfill);
}
