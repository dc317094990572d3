/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/watch.h"

#include "daemon/crawl/judge.h"
#include "daemon/run/log.h"
#include "daemon/run/metrics.h"

enum { HOP_SHIFT = 48, UNANSWERED_MAX = 8 };

void watch_init(struct watch *watch, struct context *context, struct kind_state *kind, const struct watch_names *names,
	void (*on_ended)(struct lane_run *run), void *owner)
{
	*watch = (struct watch){ .names = names };
	lane_init(&watch->run, context, kind, LANE_DETAIL, on_ended, owner);
}

static struct watch *watch_of(struct request *request)
{
	return request->owner;
}

/* A request's tag: its place in the list, and how many redirects led to it. */
static struct slice name_of(const struct watch *watch, const struct request *request)
{
	return watch_name(watch->names, request->tag & ((UINT64_C(1) << HOP_SHIFT) - 1));
}

/* --- asking --------------------------------------------------------------------------------------------------------*/

static const struct request_calls watch_calls;

static void ask(struct watch *watch, const struct projection *projection, size_t index, struct buf *url)
{
	buf_reset(url);
	url_single(watch->run.context->origin, projection, watch_name(watch->names, index), url);
	lane_ask(&watch->run, projection, buf_as_slice(url), &watch_calls, index);
}

static void ask_more(struct watch *watch)
{
	struct projection projection = kind_projection(watch->run.kind, ENDPOINT_SINGLE);
	unsigned ahead = (unsigned)watch->run.context->config->watch_ahead;
	struct buf url = BUF_INIT(URL_MAX);

	if (watch->asking_more)
		return;
	watch->asking_more = true;
	while (!watch->run.ending && !watch->run.context->stopping && watch->next < watch->names->count &&
		watch->run.asked < ahead)
		ask(watch, &projection, watch->next++, &url);
	watch->asking_more = false;
	buf_release(&url);
}

bool watch_start(struct watch *watch)
{
	if (!watch->names->count)
		return false;
	watch->next = 0;
	watch->unanswered = 0;
	lane_begin(&watch->run, false, 0);
	ask_more(watch);
	return true;
}

/* A request has said its last word. */
static void go_on(struct watch *watch)
{
	lane_answered(&watch->run);
	ask_more(watch);
	if (!watch->run.asked && watch->run.active)
		lane_end(&watch->run, LANE_COMPLETE, NULL);
}

/* --- answers -------------------------------------------------------------------------------------------------------*/

static bool on_page(struct request *request)
{
	struct watch *watch = watch_of(request);
	struct answer answer = { .gap = SLICE_NONE };

	metrics_add(METRIC_WATCHED, 1);
	watch->unanswered = 0;
	lane_hand_over(&watch->run, request, &answer);
	go_on(watch);
	return true;
}

static void leave_unseen(struct watch *watch, const struct request *request, const char *why)
{
	metrics_add(METRIC_WATCH_UNSEEN, 1);
	log_write(LOG_WATCH_UNSEEN, log_text("kind", repo_kinds[watch->run.kind->kind].name),
		log_slice("repo", name_of(watch, request)), log_number("status", request->reply.status), log_text("why", why));
}

static void follow(struct watch *watch, struct request *request)
{
	struct buf url = BUF_INIT(URL_MAX);
	const char *why = lane_redirect(&watch->run, request, (unsigned)(request->tag >> HOP_SHIFT), &url);

	if (why)
		leave_unseen(watch, request, why);
	else
		lane_ask(&watch->run, &request->projection, buf_as_slice(&url), &watch_calls,
			request->tag + (UINT64_C(1) << HOP_SHIFT));
	buf_release(&url);
}

static void on_answer(struct request *request)
{
	struct watch *watch = watch_of(request);

	if (is_redirect(request->reply.status))
		follow(watch, request);
	else if (!lane_dropped_field(&watch->run, request))
		leave_unseen(watch, request, "not shown");
	go_on(watch);
}

static void on_failed(struct request *request)
{
	struct watch *watch = watch_of(request);

	bool answered = request->reply.outcome == OUTCOME_OK;

	watch->unanswered = answered ? 0 : watch->unanswered + 1;
	if (watch->run.context->stopping || watch->unanswered >= UNANSWERED_MAX)
		lane_end(&watch->run, LANE_PARKED, request->why);
	else
		leave_unseen(watch, request, request->why);
	go_on(watch);
}

static const struct request_calls watch_calls = { .on_page = on_page, .on_answer = on_answer, .on_failed = on_failed };
