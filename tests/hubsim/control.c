/* SPDX-License-Identifier: Apache-2.0 */
/* /sim/...: how a test changes the Hub while it is crawled, and learns what really happened. */
#include <inttypes.h>

#include "tests/hubsim/endpoint.h"
#include "tests/hubsim/load.h"
#include "tests/hubsim/sim_clock.h"
#include "tests/hubsim/tick.h"
#include "tests/hubsim/truth.h"

enum { CHANGES_MAX = 1000000 };

#define MOVE_MAX_MS (40000 * INT64_C(86400000)) /* to the year 2099, and back before 1970 */

static void add_rows(struct exchange *exchange)
{
	struct buf wrong = BUF_INIT(4096);
	struct slice body = exchange->request.body;
	size_t before = truth_count(exchange->sim->hub.truth), taken;

	taken = load_lines(&exchange->sim->hub, body.data, body.size, APPLY_NOW, &wrong);
	if (wrong.size) {
		answer_error(&exchange->answer, 400, NULL, "%s (%zu rows before it were taken)", wrong.data, taken);
	} else {
		buf_printf(&exchange->answer.body, "{\"rows\":%zu,\"changes\":%zu}", taken,
			truth_count(exchange->sim->hub.truth) - before);
		answer_json(&exchange->answer);
	}
	buf_release(&wrong);
}

/* An oid is looked for among all kinds unless the request names one. */
static struct repo *living(const struct exchange *exchange, const uint8_t oid[OID_BYTES])
{
	struct slice word = request_parameter(&exchange->request, "kind");

	for (int kind = 0; kind < KIND_COUNT; kind++) {
		struct repo *repo = hub_by_oid(&exchange->sim->hub, (enum kind)kind, oid);
		if (repo && !repo->deleted && (!word.size || kind_of(word) == (enum kind)kind))
			return repo;
	}
	return NULL;
}

static void delete_row(struct exchange *exchange)
{
	const struct request *request = &exchange->request;
	struct repo *repo = NULL;
	uint8_t oid[OID_BYTES];

	if (request->segments == 3 && oid_parse(request->segment[2], oid))
		repo = living(exchange, oid);
	if (!repo) {
		answer_error(&exchange->answer, 404, NULL, "no living repo with this oid");
		return;
	}
	apply_delete(&exchange->sim->hub, repo, WHAT_DELETED);
	buf_text(&exchange->answer.body, "{\"deleted\":1}");
	answer_json(&exchange->answer);
}

static void rows(struct exchange *exchange)
{
	const char *method = exchange->request.method;

	if (strcmp(method, "POST") == 0 && exchange->request.segments == 2)
		add_rows(exchange);
	else if (strcmp(method, "DELETE") == 0)
		delete_row(exchange);
	else
		answer_error(&exchange->answer, 405, NULL, "POST /sim/rows or DELETE /sim/rows/{oid}");
}

static void tick(struct exchange *exchange)
{
	struct slice text = request_parameter(&exchange->request, "changes");
	uint64_t changes = 1;

	if (strcmp(exchange->request.method, "POST") != 0) {
		answer_error(&exchange->answer, 405, NULL, "POST /sim/tick?changes=N");
		return;
	}
	if (text.size && (!json_integer(text, &changes) || changes > CHANGES_MAX)) {
		answer_error(&exchange->answer, 400, NULL, "`changes` is a number up to %d", CHANGES_MAX);
		return;
	}
	changes = tick_changes(exchange->sim, &exchange->sim->random, changes);
	buf_printf(&exchange->answer.body, "{\"changes\":%" PRIu64 "}", changes);
	answer_json(&exchange->answer);
}

static void truth(struct exchange *exchange)
{
	truth_write(exchange->sim->hub.truth, request_flag(&exchange->request, "visible"), &exchange->answer.body);
	exchange->answer.content_type = "application/x-ndjson";
}

static void stats(struct exchange *exchange)
{
	const struct hub *hub = &exchange->sim->hub;
	struct buf *out = &exchange->answer.body;
	size_t count[KIND_COUNT] = { 0 };

	for (size_t i = 0; i < hub->repos; i++)
		count[hub->repo[i]->kind]++;
	buf_char(out, '{');
	stats_write(&exchange->sim->stats, out);
	buf_printf(out, ",\"changes\":%zu,\"repos\":{", truth_count(hub->truth));
	for (int kind = 0; kind < KIND_COUNT; kind++)
		buf_printf(out, "%s\"%s\":%zu", kind ? "," : "", kind_words[kind].many, count[kind]);
	buf_text(out, "},\"faults\":{");
	faults_count(&exchange->sim->faults, out);
	buf_char(out, '}');
	time_server_write(&exchange->sim->time, out);
	buf_char(out, '}');
	answer_json(&exchange->answer);
}

/* From now on nothing changes by itself. */
static void calm(struct exchange *exchange)
{
	timeline_start(&exchange->sim->timeline, 0, 0);
	stats(exchange);
}

/* --- simulated time ------------------------------------------------------------------------------------------------*/

static void run_time(struct sim *sim, int64_t ms)
{
	time_server_run(&sim->time, ms);
}

static void advance_time(struct sim *sim, int64_t ms)
{
	time_server_advance(sim, ms);
}

static void skew_time(struct sim *sim, int64_t ms)
{
	time_server_skew(&sim->time, ms);
}

/* POST with a time in ms, which may be negative; -1 where it is not told. */
static void move_time(struct exchange *exchange, void (*move)(struct sim *sim, int64_t ms))
{
	struct slice text = request_parameter(&exchange->request, "ms");
	bool negative = text.size && text.data[0] == '-';
	uint64_t ms = 1;

	if (negative)
		text = (struct slice){ text.data + 1, text.size - 1 };
	if (!time_server_is_on(&exchange->sim->time) || strcmp(exchange->request.method, "POST") != 0 ||
	    (text.size && (!json_integer(text, &ms) || ms > MOVE_MAX_MS))) {
		answer_error(&exchange->answer, 400, NULL, "POST with `ms`, a number, where time is simulated (--sim-clock)");
		return;
	}
	move(exchange->sim, negative || !text.size ? -(int64_t)ms : (int64_t)ms);
	stats(exchange);
}

static void run(struct exchange *exchange)
{
	move_time(exchange, run_time);
}

static void advance(struct exchange *exchange)
{
	move_time(exchange, advance_time);
}

static void skew(struct exchange *exchange)
{
	move_time(exchange, skew_time);
}

/* --- faults --------------------------------------------------------------------------------------------------------*/

static void faults(struct exchange *exchange)
{
	struct faults *set = &exchange->sim->faults;

	if (strcmp(exchange->request.method, "POST") == 0 && !faults_parse(set, exchange->request.body)) {
		answer_error(&exchange->answer, 400, NULL, "name=probability,...: see GET /sim/faults for the names");
		return;
	}
	faults_list(set, &exchange->answer.body);
	answer_json(&exchange->answer);
}

static const struct {
	const char *name;
	void (*answer)(struct exchange *exchange);
} controls[] = {
	{ "rows", rows },
	{ "tick", tick },
	{ "truth", truth },
	{ "stats", stats },
	{ "calm", calm },
	{ "run", run },
	{ "advance", advance },
	{ "skew", skew },
	{ "faults", faults },
};

void control_answer(struct exchange *exchange)
{
	const struct request *request = &exchange->request;

	exchange->endpoint = ENDPOINT_control;
	for (size_t i = 0; i < ARRAY_COUNT(controls); i++) {
		if (request->segments > 1 && slice_is(request->segment[1], controls[i].name)) {
			controls[i].answer(exchange);
			return;
		}
	}
	answer_error(&exchange->answer, 404, NULL, "no such control: see hubsim --help");
}
