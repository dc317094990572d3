/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/first.h"

void first_init(struct first *first, struct context *context, struct kind_state *kind,
	void (*on_ended)(struct lane_run *run), void *owner)
{
	*first = (struct first){ .pages = 0 };
	lane_init(&first->run, context, kind, LANE_DETAIL, on_ended, owner);
	buf_init(&first->next, URL_MAX);
}

void first_release(struct first *first)
{
	buf_release(&first->next);
}

static struct first *first_of(struct request *request)
{
	return request->owner;
}

static const struct request_calls first_calls;

static int64_t page_rows(const struct first *first)
{
	return first->run.context->config->page_rows;
}

static void ask(struct first *first)
{
	lane_ask_listing(&first->run, &first->projection, buf_as_slice(&first->next), page_rows(first), &first_calls, 0);
}

void first_start(struct first *first)
{
	first->pages = 0;
	first->projection = kind_projection(first->run.kind, ENDPOINT_LIST);
	buf_reset(&first->next);
	url_listing(first->run.context->origin, &first->projection, LISTING_BY_DOWNLOADS, (unsigned)page_rows(first),
		&first->next);
	lane_begin(&first->run, false, 0);
	ask(first);
}

static bool on_page(struct request *request)
{
	struct first *first = first_of(request);
	enum lane_link link = lane_next_link(&first->run, request, &first->next);
	struct answer answer = { .gap = SLICE_NONE };

	lane_page_fits(&first->run, page_rows(first));
	lane_hand_over(&first->run, request, &answer);
	first->pages++;
	if (link == LINK_NEXT && first->pages < first->run.context->config->first_pages && !first->run.context->stopping)
		ask(first);
	else
		lane_end(&first->run, LANE_COMPLETE, NULL);
	lane_answered(&first->run);
	return true;
}

static void on_answer(struct request *request)
{
	struct first *first = first_of(request);

	lane_refused(&first->run, request);
	lane_answered(&first->run);
}

static void on_failed(struct request *request)
{
	struct first *first = first_of(request);

	lane_listing_failed(&first->run, request, page_rows(first));
	lane_answered(&first->run);
}

static const struct request_calls first_calls = { .on_page = on_page, .on_answer = on_answer, .on_failed = on_failed };
