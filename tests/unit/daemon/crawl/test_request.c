/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request at a time, from the wish to its end, on simulated time: the real planner, decoder and writer, a store, and
 * a Hub of a few lines in the place of daemon/transfer/engine.c.
 */
#include <stdlib.h>

#include "tests/unit/storage/fixture.h"

#include "daemon/crawl/request.h"
#include "daemon/run/log.h"
#include "daemon/run/metrics.h"
#include "daemon/transfer/breaker.h"
#include "storage/model/error.h"

enum { RETRIES = 3, BASE_MS = 1000, LIST_ROWS = 2 };

#define LIST_URL "https://hub.example/api/models?sort=createdAt&limit=2"
#define WALL_MS INT64_C(1764000000000)

static struct {
	struct fixture *store;
	uv_loop_t loop;
	struct clock clock;
	struct config config;
	struct hub_origin origin;
	struct context context;
	int64_t now_ms;
	/* what the engine was asked for */
	struct transfer_order order;
	char url[300], etag[100];
	bool asked;
	unsigned sent, open_replies;
	/* what the request said */
	struct request *request; /* within a call */
	unsigned heads, pages, texts, answers, failures, committed;
	char why[320];
	bool too_heavy, put_off, outage;
	unsigned status;
	size_t rows, text_bytes;
	int read_error;
	const char *store_trouble; /* while the answer is read */
	int64_t log_ahead_ms;      /* as it was reported; 0: it was not */
} rig;

/* --- the Hub: these take the place of engine.c -----------------------------------------------------------------------*/

const struct outcome_info outcomes[OUTCOME_COUNT] = {
#define X(constant, name, again, counter, meaning) [constant] = { name, again, counter, meaning },
	OUTCOME_TABLE(X)
#undef X
};

void transfer_start(struct engine *engine, const struct transfer_order *order)
{
	(void)engine;
	assert_false(rig.asked);
	rig.asked = true;
	rig.sent++;
	rig.order = *order;
	snprintf(rig.url, sizeof(rig.url), "%.*s", (int)order->url.size, order->url.data);
	snprintf(rig.etag, sizeof(rig.etag), "%.*s", (int)order->if_none_match.size, order->if_none_match.data);
}

void reply_take(struct reply *to, struct reply *from)
{
	*to = *from;
	*from = (struct reply){ .outcome = to->outcome };
}

void reply_release_body(struct engine *engine, struct reply *reply)
{
	(void)engine;
	buf_release(&reply->body);
}

void reply_release(struct engine *engine, struct reply *reply)
{
	rig.open_replies -= reply->head.data != NULL;
	reply_release_body(engine, reply);
	buf_release(&reply->head);
}

static void run_loop(void)
{
	do
		uv_run(&rig.loop, UV_RUN_NOWAIT);
	while (rig.loop.active_reqs.count || (rig.clock.count && clock_next_ms(&rig.clock) <= rig.now_ms));
}

static void set_time(int64_t now_ms)
{
	rig.now_ms = now_ms;
	clock_set(&rig.clock, WALL_MS + now_ms, now_ms);
	run_loop();
}

static void pass(int64_t ms)
{
	set_time(rig.now_ms + ms);
}

static void give_head(unsigned status, const char *head)
{
	rig.order.on_head(rig.order.owner, status, slice_of(head));
}

static void end_with(enum outcome outcome, unsigned status, const char *head, struct slice body)
{
	struct reply reply = { .outcome = outcome, .status = status, .head_at_ms = status ? WALL_MS + rig.now_ms : 0 };

	assert_true(rig.asked);
	rig.asked = false;
	buf_init(&reply.head, REPLY_HEAD_MAX);
	buf_init(&reply.body, 1 << 26);
	buf_text(&reply.head, head);
	rig.open_replies += reply.head.data != NULL;
	buf_slice(&reply.body, body);
	snprintf(reply.why, sizeof(reply.why), "as it goes");
	rig.order.on_done(rig.order.owner, &reply);
	reply_release(NULL, &reply);
	run_loop();
}

static void answer(unsigned status, const char *body)
{
	end_with(OUTCOME_OK, status, "", slice_of(body));
}

static void trouble(enum outcome outcome)
{
	end_with(outcome, 0, "", SLICE_NONE);
}

/* --- whoever asked ---------------------------------------------------------------------------------------------------*/

static void on_committed(void *owner)
{
	assert_ptr_equal(owner, &rig);
	rig.committed++;
}

static void on_head(struct request *request)
{
	(void)request;
	rig.heads++;
}

static bool on_page(struct request *request)
{
	struct answer answer = { .reason = SLICE("because") };

	rig.request = request;
	rig.rows = request->page.rows;
	if (rig.put_off)
		return false;
	rig.pages++;
	request_hand_over(request, &answer, on_committed, &rig);
	return true;
}

static int read_text(struct request *request, struct slice text)
{
	assert_int_equal(request->tag, 7);
	assert_int_equal(text.data[text.size], 0);
	if (rig.store_trouble)
		snprintf(request->work.problem.text, sizeof(request->work.problem.text), "%s", rig.store_trouble);
	return rig.read_error;
}

static void on_text(struct request *request)
{
	assert_in_range(rig.context.budget.used, request->text.size, 1000); /* of the body nothing is left */
	rig.texts++;
	rig.text_bytes = request->text.size;
}

static void on_answer(struct request *request)
{
	rig.answers++;
	rig.status = request->reply.status;
}

static void on_failed(struct request *request)
{
	rig.failures++;
	rig.too_heavy = request->too_heavy;
	snprintf(rig.why, sizeof(rig.why), "%s", request->why);
}

static const struct request_calls calls = { .on_page = on_page, .on_text = on_text, .on_answer = on_answer, .on_failed = on_failed };
static const struct request_calls calls_with_head = {
	.on_head = on_head, .on_page = on_page, .on_text = on_text, .on_answer = on_answer, .on_failed = on_failed,
};
static const struct request_calls calls_with_read = {
	.read_text = read_text, .on_page = on_page, .on_text = on_text, .on_answer = on_answer, .on_failed = on_failed,
};

static void ask_as(enum request_form form, enum endpoint endpoint, const char *url, const struct request_calls *with)
{
	struct request_order order = {
		.context = &rig.context,
		.lane = LANE_SWEEP,
		.form = form,
		.projection = { .kind = REPO_MODEL, .endpoint = endpoint, .fields = fields_asked(REPO_MODEL), .rules = CANON_RULES },
		.url = slice_of(url),
		.if_none_match = SLICE("\"etag\""),
		.calls = with,
		.tag = 7,
	};

	request_start(&order);
	run_loop();
}

static void ask(const char *url)
{
	ask_as(REQUEST_ROWS, ENDPOINT_LIST, url, &calls);
}

static const char *rows(unsigned count)
{
	const char *text = "[";

	for (unsigned n = 1; n <= count; n++)
		text = fixture_text(rig.store, "%s%s%s", text, n == 1 ? "" : ",", ROW(rig.store, .n = n));
	return fixture_text(rig.store, "%s]", text);
}

static uint64_t figure(enum metric metric)
{
	return metrics_get(metric);
}

/* --- life ------------------------------------------------------------------------------------------------------------*/

static void on_room(void *owner)
{
	(void)owner;
	workbench_run(&rig.context.workbench);
	turn_run(&rig.context.turn);
}

static void on_fatal(void *owner, const struct store_problem *problem)
{
	(void)owner;
	fail_msg("%s", problem->text);
}

static void on_log_ahead(void *owner, int64_t latest_ms)
{
	(void)owner;
	rig.log_ahead_ms = latest_ms;
}

static void init_context(void)
{
	struct context *context = &rig.context;
	struct writer_options writer = {
		.clock = &rig.clock, .store = rig.store->store, .config = &rig.config, .budget = &context->budget,
		.on_room = on_room, .on_fatal = on_fatal,
	};
	struct workbench_options workbench = {
		.clock = &rig.clock, .store = rig.store->store, .budget = &context->budget, .memory_max = 192 << 20,
		.bytes_max = (size_t)rig.config.page_bytes_max, .stop = &context->stopping,
	};

	context->clock = &rig.clock;
	context->config = &rig.config;
	context->origin = &rig.origin;
	context->store = rig.store->store;
	context->on_log_ahead = on_log_ahead;
	context->budget = (struct budget){ .max = 80 << 20, .on_room = on_room };
	context->writer = writer_new(&writer);
	turn_init(&context->turn, &rig.clock, context->writer, NULL, &rig.config);
	context->turn.budget = &context->budget;
	workbench_init(&context->workbench, &workbench);
}

static int begin(void **state)
{
	struct config_problem problem = { 0 };

	(void)state;
	memset(&rig, 0, sizeof(rig));
	log_set_level(LEVEL_ERROR);
	rig.store = fixture_new();
	config_init(&rig.config);
	config_set(&rig.config, "test", "rate_without_quota", "0", &problem);
	config_set(&rig.config, "test", "retries", "3", &problem);
	config_set(&rig.config, "test", "retry_base", "1s", &problem);
	config_set(&rig.config, "test", "commit_interval", "10ms", &problem);
	assert_int_equal(problem.count, 0);
	assert_true(hub_origin_read(SLICE("https://hub.example"), &rig.origin));
	uv_loop_init(&rig.loop);
	clock_init(&rig.clock, &rig.loop);
	set_time(1000000);
	init_context();
	return 0;
}

/* Whatever happened: nothing is reserved, held or listed any more. */
static int end(void **state)
{
	(void)state;
	pass(60 * 60 * 1000);
	assert_false(rig.asked);
	assert_int_equal(rig.context.budget.used, 0);
	assert_int_equal(rig.open_replies, 0);
	assert_null(rig.context.requests);
	assert_true(writer_has_room(rig.context.writer, 50 * 64));
	turn_stop(&rig.context.turn);
	workbench_release(&rig.context.workbench);
	writer_free(&rig.context.writer);
	request_free_spares(&rig.context);
	clock_close(&rig.clock);
	uv_run(&rig.loop, UV_RUN_DEFAULT);
	uv_loop_close(&rig.loop);
	fixture_free(rig.store);
	return 0;
}

/* Sends it again and again, each time after no more than the back-off; how often it was sent in all. */
static unsigned sent_under(void (*answering)(void))
{
	while (rig.asked) {
		unsigned before = rig.sent;

		answering();
		if (rig.failures)
			break;
		assert_false(rig.asked); /* not at once */
		pass((int64_t)BASE_MS << before);
	}
	return rig.sent;
}

/* --- what arrives ------------------------------------------------------------------------------------------------------*/

static void test_a_page(void **state)
{
	uint64_t pages = figure(METRIC_PAGES), read = figure(METRIC_ROWS), bytes = figure(METRIC_BYTES_DECODED);
	uint64_t took_us = figure(METRIC_PREPARE_US);

	(void)state;
	buf_init(&rig.context.clocks.gap, 100);
	buf_text(&rig.context.clocks.gap, "the clocks differ");
	ask(LIST_URL);
	assert_string_equal(rig.url, LIST_URL);
	assert_string_equal(rig.etag, "\"etag\"");
	assert_false(rig.order.head);
	assert_int_equal(rig.order.body_room, 4 << 20);
	assert_int_equal(rig.context.budget.used, 4 << 20);
	answer(200, rows(LIST_ROWS));
	assert_int_equal(rig.pages, 1);
	assert_int_equal(rig.rows, LIST_ROWS);
	assert_in_range(rig.context.budget.used, 1, 100000); /* what waits to be written */
	assert_int_equal(figure(METRIC_PAGES) - pages, 1);
	assert_int_equal(figure(METRIC_ROWS) - read, LIST_ROWS);
	assert_true(figure(METRIC_BYTES_DECODED) - bytes > 100);
	assert_true(figure(METRIC_PREPARE_US) > took_us);
	assert_int_equal(rig.context.clocks.gap.size, 0); /* it went with the page, once */
	buf_release(&rig.context.clocks.gap);
	pass(1000);
	assert_int_equal(rig.committed, 1);
	assert_int_equal(rig.answers + rig.failures + rig.texts, 0);
}

static void test_a_page_that_may_not_be_handed_over_yet(void **state)
{
	(void)state;
	rig.put_off = true;
	ask(LIST_URL);
	answer(200, rows(1));
	assert_int_equal(rig.pages, 0);
	assert_int_equal(rig.rows, 1);
	rig.put_off = false;
	request_resume(rig.request);
	assert_int_equal(rig.pages, 1);
}

static void test_a_row(void **state)
{
	(void)state;
	ask_as(REQUEST_ROWS, ENDPOINT_SINGLE, "https://hub.example/api/models/a/b", &calls);
	assert_int_equal(rig.order.body_room, 64 << 10);
	answer(200, ROW(rig.store, .n = 1));
	assert_int_equal(rig.pages, 1);
	assert_int_equal(rig.rows, 1);
}

static void test_a_text(void **state)
{
	uint64_t pages = figure(METRIC_PAGES);

	(void)state;
	ask_as(REQUEST_TEXT, ENDPOINT_SINGLE, "https://hub.example/a/b/raw/main/LICENSE", &calls_with_read);
	assert_int_equal(rig.order.body_room, 256 << 10);
	answer(200, "a license");
	assert_int_equal(rig.texts, 1);
	assert_int_equal(rig.text_bytes, 9);
	assert_int_equal(rig.pages, 0);
	assert_int_equal(figure(METRIC_PAGES), pages);
}

static void test_a_head(void **state)
{
	(void)state;
	ask_as(REQUEST_HEAD, ENDPOINT_SINGLE, "https://hub.example/a/b/resolve/main/LICENSE", &calls);
	assert_true(rig.order.head);
	assert_int_equal(rig.context.budget.used, 0);
	answer(200, "");
	assert_int_equal(rig.answers, 1);
}

static void test_other_answers(void **state)
{
	static const unsigned statuses[] = { 301, 304, 307, 400, 401, 403, 404, 410, 451 };

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(statuses); i++) {
		ask(LIST_URL);
		answer(statuses[i], "[]");
		assert_int_equal(rig.answers, i + 1);
		assert_int_equal(rig.status, statuses[i]);
	}
	assert_int_equal(rig.sent, ARRAY_COUNT(statuses)); /* none of them again */
}

static void test_the_head_comes_first(void **state)
{
	(void)state;
	ask_as(REQUEST_ROWS, ENDPOINT_LIST, LIST_URL, &calls_with_head);
	give_head(429, "ratelimit: \"api\";r=17;t=100\r\n"); /* that comes to its end first */
	assert_int_equal(rig.heads, 0);
	assert_int_equal(rig.context.turn.bucket[BUCKET_API].quota.remaining, 0);
	give_head(200, "ratelimit: \"api\";r=41;t=100\r\nratelimit-policy: \"fixed window\";\"api\";q=500;w=300\r\n");
	assert_int_equal(rig.heads, 1);
	assert_int_equal(rig.context.turn.bucket[BUCKET_API].quota.remaining, 41); /* before the body is here */
	rig.context.stopping = true;
	give_head(200, "");
	assert_int_equal(rig.heads, 1);
	rig.context.stopping = false;
	answer(200, rows(1));
	ask(LIST_URL);
	pass(400 * 1000); /* the quota is spread over its windows */
	give_head(200, ""); /* nobody wants it */
	answer(404, "");
	ask_as(REQUEST_ROWS, ENDPOINT_LIST, LIST_URL, &calls_with_head);
	pass(400 * 1000);
	give_head(404, "");
	assert_int_equal(rig.heads, 1);
	answer(404, "");
	assert_int_equal(rig.pages, 1);
}

static void test_retry_after(void **state)
{
	(void)state;
	ask(LIST_URL);
	end_with(OUTCOME_OK, 200, "retry-after: 100\r\n", slice_of(rows(1))); /* it brings what was asked for */
	ask(LIST_URL);
	assert_true(rig.asked);
	end_with(OUTCOME_OK, 304, "retry-after: 100\r\n", SLICE_NONE);
	ask(LIST_URL);
	assert_true(rig.asked);
	end_with(OUTCOME_OK, 503, "retry-after: 100\r\n", SLICE_NONE);
	pass(99 * 1000);
	assert_false(rig.asked);
	pass(2000);
	assert_true(rig.asked);
	answer(200, rows(1));
	assert_int_equal(rig.pages, 2);
}

/* --- memory --------------------------------------------------------------------------------------------------------------*/

static void test_as_much_memory_as_such_answers_took(void **state)
{
	(void)state;
	ask(LIST_URL);
	answer(200, rows(1));
	ask(LIST_URL);
	assert_int_equal(rig.order.body_room, 64 << 10);
	answer(200, rows(1));
}

static void test_more_memory_while_it_comes(void **state)
{
	struct budget *budget = &rig.context.budget;

	(void)state;
	ask(LIST_URL);
	assert_true(rig.order.on_more(rig.order.owner, 4 << 20));
	assert_int_equal(budget->used, 8 << 20);
	budget_take(budget, 100 << 20);
	assert_true(rig.order.on_more(rig.order.owner, 1 << 20)); /* it is the oldest: the others wait for it */
	budget_give(budget, 100 << 20);
	answer(200, rows(1));
	assert_int_equal(rig.pages, 1);
}

static void test_the_younger_one_has_no_more(void **state)
{
	struct transfer_order older;

	(void)state;
	ask(LIST_URL);
	answer(200, rows(1)); /* before it there is one at a time */
	ask(LIST_URL);
	older = rig.order;
	rig.asked = false;
	ask(LIST_URL);
	budget_take(&rig.context.budget, 100 << 20);
	assert_false(rig.order.on_more(rig.order.owner, 1 << 20));
	assert_true(older.on_more(older.owner, 1 << 20));
	budget_give(&rig.context.budget, 100 << 20);
	end_with(OUTCOME_NO_ROOM, 200, "", SLICE_NONE);
	pass(BASE_MS);
	assert_int_equal(rig.sent, 4); /* asked again */
	answer(200, rows(1));
	rig.asked = true;
	rig.order = older;
	answer(200, rows(1));
	assert_int_equal(rig.pages, 3);
}

static void test_no_request_without_room_for_its_answer(void **state)
{
	(void)state;
	budget_take(&rig.context.budget, 78 << 20);
	ask(LIST_URL);
	pass(100000);
	assert_false(rig.asked);
	budget_give(&rig.context.budget, 2 << 20);
	assert_true(rig.asked);
	answer(200, rows(1));
	budget_give(&rig.context.budget, 76 << 20);
	assert_int_equal(rig.pages, 1);
}

static void test_rows_that_nobody_asked_for(void **state)
{
	(void)state;
	rig.config.retries = 0;
	ask(LIST_URL);
	answer(200, rows(3));
	assert_int_equal(rig.failures, 1);
	assert_string_equal(rig.why, "the answer is damaged: more rows than were asked for");
	assert_false(rig.too_heavy);
	ask("https://hub.example/api/models?sort=createdAt"); /* no limit in it: the Hub's own */
	answer(200, rows(3));
	assert_int_equal(rig.pages, 1);
}

/* --- trouble --------------------------------------------------------------------------------------------------------------*/

static void say_503(void)
{
	answer(503, "");
}

static void say_500(void)
{
	answer(500, "");
}

static void say_502(void)
{
	answer(502, "");
}

static void say_504(void)
{
	answer(504, "");
}

static void say_408(void)
{
	answer(408, "");
}

static void time_out(void)
{
	trouble(OUTCOME_TIMEOUT);
}

static void send_damage(void)
{
	answer(200, "[{");
}

static void test_trouble_is_asked_again(void **state)
{
	static const struct {
		void (*answering)(void);
		const char *why;
		bool too_heavy;
	} cases[] = {
		{ say_503, "status 503", false },
		{ say_500, "status 500", true },
		{ say_502, "status 502", true },
		{ say_504, "status 504", true },
		{ say_408, "status 408", false },
		{ time_out, "timeout: as it goes", false },
		{ send_damage, "the answer is damaged: not valid JSON", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		uint64_t retries = figure(METRIC_RETRIES), given_up = figure(METRIC_GIVEN_UP);

		rig.sent = rig.failures = 0;
		ask(LIST_URL);
		assert_int_equal(sent_under(cases[i].answering), 1 + RETRIES);
		assert_int_equal(rig.failures, 1);
		assert_string_equal(rig.why, cases[i].why);
		assert_true(rig.too_heavy == cases[i].too_heavy);
		assert_int_equal(figure(METRIC_RETRIES) - retries, RETRIES);
		assert_int_equal(figure(METRIC_GIVEN_UP) - given_up, 1);
	}
}

static void test_what_ends_trouble(void **state)
{
	(void)state;
	ask(LIST_URL);
	send_damage();
	pass(BASE_MS);
	say_503();
	pass(2 * BASE_MS);
	answer(200, rows(1));
	assert_int_equal(rig.pages, 1);
	assert_int_equal(rig.sent, 3);
}

static void test_asking_again_would_not_help(void **state)
{
	static const enum outcome once[] = { OUTCOME_TLS, OUTCOME_TOO_BIG, OUTCOME_REFUSED };

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(once); i++) {
		ask(LIST_URL);
		trouble(once[i]);
		assert_int_equal(rig.failures, i + 1);
		assert_true(rig.too_heavy == (once[i] == OUTCOME_TOO_BIG));
	}
	rig.config.page_bytes_max = 300;
	rig.context.workbench.bytes_max = 300;
	ask(LIST_URL);
	answer(200, rows(2));
	assert_string_equal(rig.why, "the answer is damaged: larger than its limit");
	assert_true(rig.too_heavy);
	assert_int_equal(rig.sent, ARRAY_COUNT(once) + 1);
}

static void test_a_text_that_is_damaged(void **state)
{
	uint64_t damaged = figure(METRIC_PAGES_DAMAGED);

	(void)state;
	rig.read_error = ERROR_COMPRESSION;
	ask_as(REQUEST_TEXT, ENDPOINT_SINGLE, "https://hub.example/a/b/raw/main/LICENSE", &calls_with_read);
	answer(200, "cut");
	assert_int_equal(rig.texts, 0);
	assert_int_equal(figure(METRIC_PAGES_DAMAGED) - damaged, 1);
	rig.read_error = 0;
	pass(BASE_MS);
	answer(200, "whole");
	assert_int_equal(rig.texts, 1);
	assert_int_equal(rig.text_bytes, 5);
}

static void test_a_quota_that_is_empty(void **state)
{
	static const char empty[] = "ratelimit: \"api\";r=0;t=10\r\nratelimit-policy: \"fixed window\";\"api\";q=500;w=300\r\n";

	(void)state;
	ask(LIST_URL);
	for (unsigned i = 0; i < 2 * RETRIES; i++) { /* costs no tries */
		end_with(OUTCOME_OK, 429, empty, SLICE_NONE);
		assert_false(rig.asked);
		pass(400 * 1000);
		assert_true(rig.asked);
	}
	answer(200, rows(1));
	assert_int_equal(rig.pages, 1);
	assert_int_equal(rig.failures, 0);
}

static void test_refused_without_a_reason(void **state)
{
	(void)state;
	ask(LIST_URL);
	for (unsigned i = 0; i <= RETRIES; i++) {
		assert_int_equal(rig.failures, 0);
		assert_true(rig.asked);
		end_with(OUTCOME_OK, 429, "", SLICE_NONE);
		pass(3600 * 1000);
	}
	assert_int_equal(rig.failures, 1);
	assert_string_equal(rig.why, "status 429");
}

static void test_an_outage_costs_no_tries(void **state)
{
	uint64_t retries = figure(METRIC_RETRIES);

	(void)state;
	rig.context.turn.patient = true;
	ask(LIST_URL);
	for (unsigned i = 0; i < 5 * BREAKER_FAILURES; i++) {
		trouble(OUTCOME_CONNECT);
		pass(3600 * 1000);
		assert_true(rig.asked);
	}
	assert_int_equal(rig.failures, 0);
	assert_int_equal(figure(METRIC_RETRIES) - retries, 5 * BREAKER_FAILURES);
	answer(200, rows(1));
	assert_int_equal(rig.pages, 1);
}

static void test_refused_for_one_action(void **state)
{
	static const char left[] = "ratelimit: \"api\";r=400;t=10\r\nratelimit-policy: \"fixed window\";\"api\";q=500;w=300\r\n"
				   "retry-after: 40\r\n";

	(void)state;
	ask(LIST_URL);
	end_with(OUTCOME_OK, 429, left, SLICE_NONE);
	pass(39 * 1000);
	assert_false(rig.asked); /* it rests by itself */
	assert_int_equal(rig.sent, 1);
	pass(400 * 1000);
	assert_int_equal(rig.sent, 2);
	answer(200, rows(1));
	assert_int_equal(rig.pages, 1);
}

/* The store's trouble is not the answer's: it is not asked again. */
static void test_the_store_fails(void **state)
{
	(void)state;
	rig.read_error = ERROR_LMDB;
	rig.store_trouble = "the store says why";
	ask_as(REQUEST_TEXT, ENDPOINT_SINGLE, "https://hub.example/a/b/raw/main/LICENSE", &calls_with_read);
	answer(200, "a license");
	assert_int_equal(rig.failures, 1);
	assert_string_equal(rig.why, "the store says why");
	pass(3600 * 1000);
	assert_int_equal(rig.sent, 1);
}

static void test_a_log_ahead_of_both_clocks(void **state)
{
	(void)state;
	clocks_committed(&rig.context.clocks, 2 * WALL_MS);
	ask(LIST_URL);
	end_with(OUTCOME_OK, 200, "date: Mon, 24 Nov 2025 16:16:39 GMT\r\n", slice_of(rows(1)));
	assert_int_equal(rig.failures, 1);
	assert_int_equal(rig.pages, 0);
	assert_int_equal(rig.log_ahead_ms, WALL_MS + rig.now_ms);
	assert_string_equal(rig.why, error_text(ERROR_CLOCK));
}

/* --- the end of the daemon ---------------------------------------------------------------------------------------------------*/

static void stop(void)
{
	rig.context.stopping = true;
	request_stop_idle(&rig.context);
	run_loop();
}

static void test_stopping_ends_what_waits(void **state)
{
	uint64_t given_up = figure(METRIC_GIVEN_UP);

	(void)state;
	ask(LIST_URL);
	say_503(); /* waits to be tried again */
	stop();
	assert_int_equal(rig.failures, 1);
	assert_string_equal(rig.why, "the daemon ends");
	ask(LIST_URL); /* never sent */
	assert_int_equal(rig.failures, 2);
	assert_int_equal(rig.sent, 1);
	assert_int_equal(figure(METRIC_GIVEN_UP), given_up);
}

static void test_stopping_in_the_queue(void **state)
{
	(void)state;
	budget_take(&rig.context.budget, 80 << 20);
	ask(LIST_URL);
	stop();
	assert_int_equal(rig.failures, 1);
	budget_give(&rig.context.budget, 80 << 20);
}

static void test_cancelled_under_way(void **state)
{
	(void)state;
	ask(LIST_URL);
	stop();
	assert_int_equal(rig.failures, 0); /* the engine ends it */
	trouble(OUTCOME_CANCELLED);
	assert_int_equal(rig.failures, 1);
	assert_string_equal(rig.why, "the daemon ends");
}

static void test_stopping_before_it_is_decoded(void **state)
{
	(void)state;
	ask(LIST_URL);
	rig.context.stopping = true;
	answer(200, rows(1));
	assert_int_equal(rig.pages, 0);
	assert_int_equal(rig.failures, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_page),
		TEST(test_a_page_that_may_not_be_handed_over_yet),
		TEST(test_a_row),
		TEST(test_a_text),
		TEST(test_a_head),
		TEST(test_other_answers),
		TEST(test_the_head_comes_first),
		TEST(test_retry_after),
		TEST(test_as_much_memory_as_such_answers_took),
		TEST(test_more_memory_while_it_comes),
		TEST(test_the_younger_one_has_no_more),
		TEST(test_no_request_without_room_for_its_answer),
		TEST(test_rows_that_nobody_asked_for),
		TEST(test_trouble_is_asked_again),
		TEST(test_what_ends_trouble),
		TEST(test_asking_again_would_not_help),
		TEST(test_a_text_that_is_damaged),
		TEST(test_a_quota_that_is_empty),
		TEST(test_refused_without_a_reason),
		TEST(test_an_outage_costs_no_tries),
		TEST(test_refused_for_one_action),
		TEST(test_the_store_fails),
		TEST(test_a_log_ahead_of_both_clocks),
		TEST(test_stopping_ends_what_waits),
		TEST(test_stopping_in_the_queue),
		TEST(test_cancelled_under_way),
		TEST(test_stopping_before_it_is_decoded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
