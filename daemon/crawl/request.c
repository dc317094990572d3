/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/request_parts.h"

#include <assert.h>
#include <stdio.h>

#include "daemon/run/metrics.h"
#include "daemon/transfer/backoff.h"
#include "storage/model/json.h"
#include "storage/model/number.h"

enum { RETRY_CAP_MS = 60 * 1000 };

/* What a page of the Hub has at most, whatever is asked for. */
enum { ROWS_MAX = 1000 };

/* The steps in the order in which they happen. Each returns the next one, or says to wait for it. */
#define REQUEST_STEPS(X) \
	X(QUOTA, quota)          /* wait for room and quota */ \
	X(SEND, send)            /* give it to the transfers */ \
	X(CHECK, check)          /* what did the Hub say? */ \
	X(DECODE, decode)        /* decompress and parse, off the loop */ \
	X(READ, read)            /* was it a page? */ \
	X(HAND_OVER, hand_over)  /* to the lane, which may ask to wait */ \
	X(RETRY, retry)          /* trouble: again, later, if not too often */ \
	X(FAIL, fail)            /* or not at all */ \
	X(FINISH, finish)

enum request_step {
#define X(constant, name) REQUEST_##constant,
	REQUEST_STEPS(X)
#undef X
	REQUEST_WAIT,  /* an on_... function goes on */
	REQUEST_ENDED, /* and is freed */
};

#define X(constant, name) static enum request_step step_##name(struct request *request);
REQUEST_STEPS(X)
#undef X

static const struct {
	const char *name;
	enum request_step (*run)(struct request *request);
} steps[] = {
#define X(constant, name) [REQUEST_##constant] = { #name, step_##name },
	REQUEST_STEPS(X)
#undef X
};

/* --- the steps' common parts ---------------------------------------------------------------------------------------*/

/* "Go on there later." */
static enum request_step request_park(struct request *request, enum request_step step)
{
	request->step = step;
	return REQUEST_WAIT;
}

static void trace(const struct request *request, enum request_step from, enum request_step to)
{
	if (to < REQUEST_WAIT && log_wants(LOG_STEP))
		log_write(LOG_STEP, log_number("request", (int64_t)request->number), log_text("lane", lane_name(request->lane)),
			log_text("kind", repo_kinds[request->projection.kind].name), log_text("from", steps[from].name),
			log_text("to", steps[to].name));
}

/* The only loop. */
static void request_run(struct request *request)
{
	enum request_step step = request->step;

	if (request->running)
		return; /* a step woke its own request: the loop below goes on with it */
	request->running = true;
	while (step < REQUEST_WAIT) {
		enum request_step next = steps[step].run(request);

		trace(request, step, next);
		step = next;
		if (step < REQUEST_WAIT)
			request->step = step;
	}
	if (step == REQUEST_ENDED)
		request_put_away(request);
	else
		request->running = false;
}

/* --- start ---------------------------------------------------------------------------------------------------------*/

static void on_turn(struct turn_place *place);
static void on_retry_timer(struct clock_timer *timer);

void request_start(const struct request_order *order)
{
	static uint64_t number;
	struct request *request = request_new(order->context);

	request->lane = order->lane;
	request->form = order->form;
	request->projection = order->projection;
	request->body_max = order->body_max;
	request->calls = order->calls;
	request->owner = order->owner;
	request->tag = order->tag;
	request->number = ++number;
	request->after = order->context->requests;
	if (request->after)
		request->after->before = request;
	order->context->requests = request;
	request->step = REQUEST_QUOTA;
	request->timer = (struct clock_timer){ .on_timer = on_retry_timer, .owner = request };
	request->place = (struct turn_place){
		.on_turn = on_turn,
		.owner = request,
		.bucket = url_bucket(order->context->origin, order->url),
		.lane = order->lane,
		.kind = order->projection.kind,
	};
	buf_slice(&request->url, order->url);
	buf_init(&request->if_none_match, REPLY_HEAD_MAX);
	buf_slice(&request->if_none_match, order->if_none_match);
	request_run(request);
}

/* --- memory --------------------------------------------------------------------------------------------------------*/

static bool is_listing(const struct request *request)
{
	return request->form == REQUEST_ROWS && request->projection.endpoint == ENDPOINT_LIST;
}

static enum body_class class_of(const struct request *request)
{
	return is_listing(request) ? BODY_LISTING : request->form == REQUEST_ROWS ? BODY_ROW : BODY_TEXT;
}

static size_t largest_body(const struct request *request)
{
	size_t most = (size_t)request->context->config->page_bytes_max;

	return request->body_max && request->body_max < most ? request->body_max : most;
}

/* Sets so many bytes aside instead of those before. */
static void hold(struct request *request, size_t bytes)
{
	struct budget *budget = &request->context->budget;
	size_t before = request->held;

	request->held = bytes;
	budget_take(budget, bytes);
	budget_give(budget, before);
}

/*
 * Whatever has an answer on its way, or read, and is older, is done: what others wait for in the end is this one. It goes
 * on where memory is short.
 */
static bool is_oldest(const struct request *request)
{
	for (const struct request *older = request->after; older; older = older->after)
		if (older->has_room)
			return false;
	return true;
}

static bool may_hold(struct request *request, size_t more)
{
	return budget_fits(&request->context->budget, more) || is_oldest(request);
}

/* --- wait for quota and room ---------------------------------------------------------------------------------------*/

/* Its turn has come: the first time, room and memory were taken for it. */
static void went(struct request *request)
{
	if (!request->has_room)
		request->held = request->place.bytes;
	request->has_room = true;
}

static void on_turn(struct turn_place *place)
{
	struct request *request = place->owner;

	went(request);
	request->step = REQUEST_SEND;
	request_run(request);
}

/* What its answer may weigh at most. */
static unsigned room_of(const struct request *request)
{
	return is_listing(request) ? WRITER_PAGE : WRITER_SINGLE;
}

static enum request_step step_quota(struct request *request)
{
	if (request->context->stopping)
		return REQUEST_FAIL;
	request->place.again = request->has_room;
	request->place.room = room_of(request);
	if (request->form != REQUEST_HEAD)
		request->place.bytes = body_size_expected(&request->context->body_sizes, class_of(request), largest_body(request));
	if (!turn_take(&request->context->turn, &request->place))
		return request_park(request, REQUEST_SEND);
	went(request);
	return REQUEST_SEND;
}

/* --- send ----------------------------------------------------------------------------------------------------------*/

static struct quota_news news_of(const struct request *request)
{
	const struct quota_said *said = headers_quota(&request->head, hub_bucket_name(request->place.bucket));
	struct quota_news news = { -1, -1, -1, -1, request->head.retry_after_s };

	if (said) {
		news.remaining = said->remaining;
		news.reset_s = said->reset_s;
		news.quota = said->quota;
		news.window_s = said->window_s;
	}
	return news;
}

static bool is_trouble(unsigned status)
{
	return status >= 500 || status == 429 || status == 408 || status == 425;
}

/* The quota wants to know at once, not when a long body is here; a 429 comes to step_check. */
static void on_head(void *owner, unsigned status, struct slice head)
{
	struct request *request = owner;
	bool is_page = status == 200 && request->calls->on_head;
	struct turn *turn = &request->context->turn;

	if (request->context->stopping || status == 429 || !(is_page || turn_wants_head(turn, &request->place)))
		return;
	headers_read(head, &request->head);
	if (turn_wants_head(turn, &request->place)) {
		struct quota_news news = news_of(request);

		turn_ended(turn, &request->place, &news, is_trouble(status));
	}
	if (is_page)
		request->calls->on_head(request);
}

static bool on_more(void *owner, size_t more)
{
	struct request *request = owner;

	if (!may_hold(request, more))
		return false;
	budget_take(&request->context->budget, more);
	request->held += more;
	return true;
}

static void on_done(void *owner, struct reply *reply)
{
	struct request *request = owner;

	reply_take(&request->reply, reply);
	request_run(request);
}

static enum request_step step_send(struct request *request)
{
	struct transfer_order order = {
		.url = buf_as_slice(&request->url),
		.if_none_match = buf_as_slice(&request->if_none_match),
		.head = request->form == REQUEST_HEAD,
		.body_max = request->body_max,
		.body_room = request->held,
		.on_more = on_more,
		.on_head = on_head,
		.on_done = on_done,
		.owner = request,
	};

	request->time = (struct answer_time){ .at_ms = 0 };
	request_park(request, REQUEST_CHECK); /* before the start: it is what on_done goes on with */
	request_count(request);
	transfer_start(request->context->engine, &order);
	return REQUEST_WAIT;
}

/* --- check the reply -----------------------------------------------------------------------------------------------*/

/* Too many requests: this one comes again. Only where the window was not simply empty it counts as one of its tries. */
static enum request_step refused_by_quota(struct request *request, const struct quota_news *news)
{
	int64_t rest_ms = turn_refused(&request->context->turn, &request->place, news);

	request_say_why(request);
	if (news->remaining != 0 && (int64_t)request->tries++ >= request->context->config->retries)
		return REQUEST_FAIL;
	reply_release(request->context->engine, &request->reply);
	if (!rest_ms)
		return REQUEST_QUOTA;
	clock_start(request->context->clock, &request->timer, rest_ms);
	return request_park(request, REQUEST_QUOTA);
}

/* An answer that was cut off has come from a Hub at work; what it is worth shows in the next one. */
static enum breaker_saw saw_of(const struct reply *reply)
{
	if (reply->outcome == OUTCOME_CANCELLED || reply->outcome == OUTCOME_REFUSED)
		return BREAKER_SAW_NOTHING;
	if (!reply->status || reply->status >= 500)
		return BREAKER_SAW_FAILURE;
	return reply->outcome == OUTCOME_OK ? BREAKER_SAW_GOOD : BREAKER_SAW_NOTHING;
}

/* False: no time can be given to it, since the log lies ahead of both clocks. */
static bool date_answer(struct request *request)
{
	struct context *context = request->context;
	const struct reply *reply = &request->reply;

	request->time = clocks_answered(&context->clocks, reply->head_at_ms, &request->head);
	if (request->time.verdict != CLOCKS_BEHIND_LOG)
		return true;
	snprintf(request->why, sizeof(request->why), "%s", error_text(ERROR_CLOCK));
	context->on_log_ahead(context->owner, max64(reply->head_at_ms, request->head.date_ms));
	return false;
}

/* On every status but those that bring what was asked for. Without a Date beside it a date counts from our clock. */
static void obey_retry_after(struct request *request)
{
	struct hub_head *head = &request->head;
	unsigned status = request->reply.status;

	if (head->retry_at_ms && head->retry_after_s < 0)
		head->retry_after_s = max64((head->retry_at_ms - clock_wall_ms() + 999) / 1000, 0);
	metrics_add(METRIC_RETRY_AFTER_UNREAD, head->retry_is_unread);
	if (status >= 300 && status != 304 && head->retry_after_s > 0)
		turn_hold(&request->context->turn, &request->place, status, head->retry_after_s);
}

static enum request_step step_check(struct request *request)
{
	struct reply *reply = &request->reply;
	struct quota_news news;

	headers_read(buf_as_slice(&reply->head), &request->head);
	obey_retry_after(request);
	news = news_of(request);
	turn_saw(&request->context->turn, &request->place, saw_of(reply),
		reply->status ? "it answers with errors of its own" : reply->why);
	turn_ended(&request->context->turn, &request->place, reply->status ? &news : NULL,
		reply->outcome != OUTCOME_OK || is_trouble(reply->status));
	if (reply->outcome == OUTCOME_CANCELLED)
		return REQUEST_FAIL;
	if (reply->outcome != OUTCOME_OK)
		return REQUEST_RETRY;
	request_count_status(reply->status);
	if (reply->status == 429)
		return refused_by_quota(request, &news);
	if (is_trouble(reply->status))
		return REQUEST_RETRY;
	if (!date_answer(request))
		return REQUEST_FAIL;
	if (reply->status == 200 && request->form != REQUEST_HEAD)
		return REQUEST_DECODE;
	request->calls->on_answer(request);
	return REQUEST_FINISH;
}

/* --- decode, off the loop ------------------------------------------------------------------------------------------*/

static void on_worked(struct work *work)
{
	struct request *request = work->owner;

	request_run(request);
}

static int on_read(struct work *work, struct slice text)
{
	struct request *request = work->owner;

	return request->calls->read_text(request, text);
}

static bool may_take(struct work *work, size_t bytes)
{
	return may_hold(work->owner, bytes);
}

static uint32_t rows_asked(const struct request *request)
{
	uint64_t rows;

	if (!is_listing(request))
		return 1;
	if (json_integer(url_parameter(buf_as_slice(&request->url), "limit"), &rows) && rows < ROWS_MAX)
		return (uint32_t)rows;
	return ROWS_MAX;
}

static enum request_step step_decode(struct request *request)
{
	struct work *work = &request->work;

	body_size_seen(&request->context->body_sizes, class_of(request), request->reply.body.size);
	*work = (struct work){
		.only_text = request->form == REQUEST_TEXT,
		.text_max = request->body_max,
		.read_text = request->calls->read_text ? on_read : NULL,
		.encoding = request->head.content_encoding,
		.body = &request->reply.body,
		.projection = &request->projection,
		.rows_max = rows_asked(request),
		.may_take = may_take,
		.on_done = on_worked,
		.owner = request,
	};
	request_park(request, REQUEST_READ);
	workbench_start(&request->context->workbench, work);
	return REQUEST_WAIT;
}

/* The store, not the answer, failed: asking again would not help, so the lane parks and says why. */
static enum request_step store_failed(struct request *request)
{
	snprintf(request->why, sizeof(request->why), "%.300s", request->work.problem.text);
	return REQUEST_FAIL;
}

static bool is_damage(int error)
{
	return error == ERROR_JSON || error == ERROR_UTF8 || error == ERROR_TOO_DEEP || error == ERROR_TOO_BIG ||
		error == ERROR_TOO_MANY || error == ERROR_COMPRESSION;
}

static enum request_step step_read(struct request *request)
{
	struct work *work = &request->work;

	metrics_add(METRIC_PREPARE_US, work->took_us);
	metrics_add(METRIC_BYTES_DECODED, work->text_bytes);
	if (!work->error && work->only_text) {
		request->text = work->text;
		work->text = (struct buf){ 0 };
		reply_release_body(request->context->engine, &request->reply);
		hold(request, request->text.room);
		request->calls->on_text(request);
		return REQUEST_FINISH;
	}
	if (!work->error) {
		request->page = work->page;
		work->page = (struct page){ 0 };
		/* the body is no longer needed: what the page keeps is in its own arena */
		reply_release_body(request->context->engine, &request->reply);
		hold(request, request->page.arena.bytes);
		metrics_add(METRIC_PAGES, 1);
		metrics_add(METRIC_ROWS, request->page.rows);
		if (request->page.bad_dates)
			request_tell_dates(request);
		return REQUEST_HAND_OVER;
	}
	page_release(&work->page);
	if (!is_damage(work->error) || work->problem.text[0])
		return store_failed(request);
	metrics_add(METRIC_PAGES_DAMAGED, 1);
	request_log_damage(request);
	return REQUEST_RETRY;
}

/* --- hand over -----------------------------------------------------------------------------------------------------*/

void request_resume(struct request *request)
{
	request_run(request);
}

static enum request_step step_hand_over(struct request *request)
{
	return request->calls->on_page(request) ? REQUEST_FINISH : request_park(request, REQUEST_HAND_OVER);
}

static const struct repo_oid *copy_oids(struct arena *arena, const struct repo_oid *oids, size_t count)
{
	return count ? memcpy(arena_take(arena, count * sizeof(*oids)), oids, count * sizeof(*oids)) : NULL;
}

void request_hand_over(struct request *request, struct answer *answer, void (*on_committed)(void *owner), void *owner)
{
	struct delivery delivery = { .answer = *answer, .on_committed = on_committed, .owner = owner };
	struct answer *moved = &delivery.answer;

	assert(request->has_room);
	moved->lane = request->lane;
	moved->kind = request->projection.kind;
	moved->answered_ms = request->time.at_ms ? request->time.at_ms : clocks_now_ms(&request->context->clocks);
	moved->page = request->page;
	request->page = (struct page){ 0 };
	moved->url = arena_copy(&moved->page.arena, buf_as_slice(&request->url));
	moved->date = arena_copy(&moved->page.arena, request->head.date);
	moved->request_id = arena_copy(&moved->page.arena, request->head.request_id);
	moved->distrust = arena_copy(&moved->page.arena, buf_as_slice(&request->context->clocks.gap));
	buf_reset(&request->context->clocks.gap);
	moved->gap = arena_copy(&moved->page.arena, answer->gap);
	moved->reason = arena_copy(&moved->page.arena, answer->reason);
	moved->others = copy_oids(&moved->page.arena, answer->others, answer->other_count);
	moved->cursor = arena_copy(&moved->page.arena, answer->cursor);
	request->has_room = false;
	hold(request, request->text.room);
	delivery.bytes = moved->page.arena.bytes;
	budget_take(&request->context->budget, delivery.bytes);
	writer_put(request->context->writer, &delivery, room_of(request));
}

/* --- again, or not -------------------------------------------------------------------------------------------------*/

static void on_retry_timer(struct clock_timer *timer)
{
	struct request *request = timer->owner;

	request_run(request);
}

/* Where nothing answers at all, it is not a lane's fault: the breaker gets the time to open. */
static int64_t tries_max(const struct request *request)
{
	int64_t retries = request->context->config->retries;

	if (request->reply.status || !request->context->turn.patient || retries > BREAKER_FAILURES)
		return retries;
	return BREAKER_FAILURES;
}

static bool may_try_again(const struct request *request)
{
	const struct reply *reply = &request->reply;
	bool worth_it = outcomes[reply->outcome].again || (reply->outcome == OUTCOME_OK && request->work.error != ERROR_TOO_BIG);

	return worth_it && !request->context->stopping && (int64_t)request->tries < tries_max(request);
}

/* While nothing answers at all, requests wait for their turn and nothing is counted against them. */
static bool is_cut_off(const struct request *request)
{
	return request->context->turn.breaker.open && !request->reply.status && outcomes[request->reply.outcome].again &&
		!request->context->stopping;
}

static enum request_step step_retry(struct request *request)
{
	int64_t wait_ms;

	request_say_why(request);
	if (is_cut_off(request)) {
		metrics_add(METRIC_RETRIES, 1);
		reply_release(request->context->engine, &request->reply);
		return REQUEST_QUOTA;
	}
	if (!may_try_again(request))
		return REQUEST_FAIL;
	wait_ms = backoff_ms(request->context->config->retry_base, RETRY_CAP_MS, request->tries, backoff_random());
	request_log_trouble(request, turn_is_failing(&request->context->turn) && !request->reply.status ? LOG_REQUEST_FAILED_TOO :
		LOG_REQUEST_FAILED, log_number("retry_ms", wait_ms));
	metrics_add(METRIC_RETRIES, 1);
	request->tries++;
	request->work.error = 0;
	reply_release(request->context->engine, &request->reply);
	clock_start(request->context->clock, &request->timer, wait_ms);
	return request_park(request, REQUEST_QUOTA);
}

/* A page beyond page_bytes_max, or one that the Hub itself cannot make: 503 is its word for "everything is too much". */
static bool is_too_heavy(const struct request *request)
{
	unsigned status = request->reply.outcome == OUTCOME_OK ? request->reply.status : 0;

	return request->reply.outcome == OUTCOME_TOO_BIG || request->work.error == ERROR_TOO_BIG || status == 500 ||
		status == 502 || status == 504;
}

static enum request_step step_fail(struct request *request)
{
	if (request->context->stopping) {
		snprintf(request->why, sizeof(request->why), "the daemon ends");
	} else {
		if (!request->why[0])
			request_say_why(request);
		request->too_heavy = is_too_heavy(request);
		metrics_add(METRIC_GIVEN_UP, 1);
		request_log_trouble(request, LOG_REQUEST_GIVEN_UP, log_number("tries", request->tries + 1));
	}
	request->calls->on_failed(request);
	return REQUEST_FINISH;
}

static void leave_list(struct request *request)
{
	if (request->before)
		request->before->after = request->after;
	else
		request->context->requests = request->after;
	if (request->after)
		request->after->before = request->before;
}

static enum request_step step_finish(struct request *request)
{
	reply_release(request->context->engine, &request->reply);
	page_release(&request->page);
	buf_release(&request->text);
	buf_release(&request->if_none_match);
	leave_list(request);
	if (request->has_room)
		writer_unreserve(request->context->writer, room_of(request));
	hold(request, 0);
	return REQUEST_ENDED;
}

/* --- the end of the daemon -----------------------------------------------------------------------------------------*/

/* One that waits for its turn or to be tried again; the others are woken by what they wait for. */
static struct request *find_idle(struct context *context)
{
	struct request *request = context->requests;

	while (request && !request->place.queued && !clock_is_running(&request->timer))
		request = request->after;
	return request;
}

void request_stop_idle(struct context *context)
{
	struct request *request;

	while ((request = find_idle(context))) {
		turn_leave(&context->turn, &request->place);
		clock_stop(context->clock, &request->timer);
		request->step = REQUEST_FAIL;
		request_run(request);
	}
}
