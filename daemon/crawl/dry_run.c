/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/dry_run.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/crawl/density.h"
#include "daemon/crawl/request.h"
#include "daemon/hub/oid_cursor.h"
#include "daemon/hub/refusal.h"
#include "storage/model/memory.h"
#include "storage/model/moment.h"
#include "storage/reader.h"

#define DAY_S 86400.0

enum { ROWS = 1000, ROW_NODES_MAX = 1 << 16, RETRIES_MAX = 2, DEPTH = 2 };

/* So many of a page in so short a time were not made then, but moved there when the Hub began to date its repos. */
enum { FLOOR_SPAN_S = 3600 };

/* The repos of that first day (counted in the listings of 2024-07; spaces: about as many as datasets). */
static const double floor_rows[REPO_KINDS] = { 29993, 2949, 3000 };

/* Exact for models, counted on that day; the others by their growth, somewhere between 1.5 and 2 million. */
static const struct {
	double rows, error;
} published[REPO_KINDS] = { { 3117871, 0.05 }, { 1750000, 0.2 }, { 1750000, 0.2 } };
#define PUBLISHED_S 1791000000.0 /* 2026-10-03 */

enum step { STEP_FIRST, STEP_NEWEST, STEP_FLOOR, STEP_INSIDE, STEP_CHANGED, STEP_DONE };

struct kind_run {
	struct dry_run *dry_run;
	enum repo_kind kind;
	enum step step;
	struct density density;
	double before;   /* rows that are not in the density */
	double behind_s; /* where the page that is asked was entered */
};

struct dry_run {
	struct dry_run_options options;
	struct config config; /* with fewer retries */
	struct context context;
	struct forecast forecast;
	struct kind_run kinds[REPO_KINDS];
	struct json json;
	unsigned open; /* kinds that are not done */
	char why[400];
};

/* What a page shows of its rows. */
struct glance {
	unsigned unreadable;  /* without a usable _id */
	unsigned rows, fresh; /* fresh: made in the last 30 days */
	double second[ROWS]; /* in which each was made */
	double first_s, last_s;
	unsigned dated;       /* rows that are not dated in the future */
	int64_t oldest_ms;
};

enum { FRESH_DAYS = 30, UNREADABLE_SHARE = 50 };

/* --- asking --------------------------------------------------------------------------------------------------------*/

static const struct request_calls calls;

static void ask(struct kind_run *run, enum step step, double behind_s)
{
	struct dry_run *dry_run = run->dry_run;
	enum field field = step == STEP_CHANGED ? FIELD_LAST_MODIFIED : FIELD_CREATED_AT;
	struct projection projection = { run->kind, ENDPOINT_LIST, field_bit(FIELD_ID) | field_bit(field), CANON_RULES };
	struct buf url = BUF_INIT(URL_MAX), listing = BUF_INIT(URL_MAX);
	struct repo_oid oid = { { 0 } };
	struct request_order order = {
		.context = &dry_run->context,
		.lane = LANE_SWEEP,
		.form = REQUEST_TEXT,
		.projection = projection,
		.calls = &calls,
		.owner = run,
	};

	run->step = step;
	run->behind_s = behind_s;
	if (step == STEP_FIRST || step == STEP_NEWEST || step == STEP_CHANGED) {
		url_listing(dry_run->options.origin, &projection, step == STEP_FIRST ? LISTING_BY_CREATION :
			step == STEP_NEWEST ? LISTING_NEWEST_FIRST : LISTING_BY_CHANGE, ROWS, &url);
	} else {
		put_u32(oid.byte, (uint32_t)behind_s);
		url_listing(dry_run->options.origin, &projection, LISTING_BY_CREATION, ROWS, &listing);
		url_behind(buf_as_slice(&listing), &oid, &url);
	}
	order.url = buf_as_slice(&url);
	dry_run->forecast.asked++;
	request_start(&order);
	buf_release(&listing);
	buf_release(&url);
}

static void end_kind(struct kind_run *run)
{
	struct dry_run *dry_run = run->dry_run;

	run->step = STEP_DONE;
	if (--dry_run->open == 0)
		dry_run->options.on_ended(dry_run->options.owner);
}

/* --- what a page shows ---------------------------------------------------------------------------------------------*/

static struct slice inside(struct slice token)
{
	return token.size >= 2 && token.data[0] == '"' ? (struct slice){ token.data + 1, token.size - 2 } : SLICE_NONE;
}

static void glance_at_row(const struct json *json, uint32_t row, int64_t now_ms, struct glance *glance)
{
	uint32_t id = json_member(json, row, "_id"), modified = json_member(json, row, "lastModified");
	struct repo_oid oid;
	int64_t modified_ms;

	if (!id || !oid_read(inside(json_span(&json->node[id])), &oid)) {
		glance->unreadable++;
		return;
	}
	if (glance->rows == ROWS)
		return;
	glance->last_s = glance->second[glance->rows] = get_u32(oid.byte);
	if (!glance->rows++)
		glance->first_s = glance->last_s;
	glance->fresh += glance->last_s > (double)now_ms / 1000 - FRESH_DAYS * DAY_S;
	if (!modified || !moment_read_json(json_span(&json->node[modified]), &modified_ms) || modified_ms > now_ms)
		return;
	glance->dated++;
	glance->oldest_ms = modified_ms;
}

static bool glance_at(struct dry_run *dry_run, const struct request *request, struct glance *glance)
{
	struct json *json = &dry_run->json;

	memset(glance, 0, sizeof(*glance));
	if (json_parse(json, request->text.data, request->text.size, DEPTH) || json->node[0].type != JSON_ARRAY)
		return false;
	for (uint32_t i = json_first(0); i < json_end(json, 0); i = json_next(json, i))
		if (json->node[i].type == JSON_OBJECT)
			glance_at_row(json, i, dry_run->forecast.now_ms, glance);
		else
			glance->unreadable++;
	return true;
}

static void note_head(struct dry_run *dry_run, const struct request *request)
{
	const struct quota_said *said = headers_quota(&request->head, hub_bucket_name(BUCKET_API));

	dry_run->forecast.now_ms = request->time.at_ms;
	if (said && said->quota > 0) {
		dry_run->forecast.quota = said->quota;
		dry_run->forecast.window_s = said->window_s > 0 ? said->window_s : 300;
	}
}

/* The pages that are asked for here are reached without links: a crawl needs them. */
static void note_link(struct dry_run *dry_run, const struct request *request)
{
	struct buf url = BUF_INIT(URL_MAX);
	struct slice link = request->head.next;
	const char *why = link.size ? url_follow(dry_run->options.origin, link, &url) : NULL;

	if (why)
		snprintf(dry_run->forecast.leads_away, sizeof(dry_run->forecast.leads_away), "the link to the next page %s (%.*s)", why,
			(int)(link.size < 80 ? link.size : 80), link.data);
	buf_release(&url);
}

/* --- step by step --------------------------------------------------------------------------------------------------*/

static struct forecast_kind *told_of(const struct kind_run *run)
{
	return &run->dry_run->forecast.kind[run->kind];
}

static void ask_inside(struct kind_run *run)
{
	struct forecast_kind *told = told_of(run);
	double at_s;

	if (density_next(&run->density, &at_s)) {
		ask(run, STEP_INSIDE, at_s);
		return;
	}
	told->rows = density_rows(&run->density, &told->error) + run->before;
	told->source = COUNT_SAMPLED;
	ask(run, STEP_CHANGED, 0);
}

static void use_published(struct kind_run *run)
{
	struct forecast_kind *told = told_of(run);
	double days = ((double)run->dry_run->forecast.now_ms / 1000 - PUBLISHED_S) / DAY_S;

	told->rows = published[run->kind].rows + told->made_a_day * (days > 0 ? days : 0);
	told->error = told->rows * published[run->kind].error;
	told->source = COUNT_PUBLISHED;
	ask(run, STEP_CHANGED, 0);
}

/* A few such rows are no reason to doubt an estimate; what is called exact has none. */
static bool is_unreadable(const struct glance *glance, bool is_last)
{
	return is_last ? glance->unreadable > 0 : glance->unreadable * UNREADABLE_SHARE > glance->rows;
}

static void take_first(struct kind_run *run, const struct glance *glance, bool is_last)
{
	struct forecast_kind *told = told_of(run);

	if (is_unreadable(glance, is_last)) {
		told->rows = glance->rows;
		told->source = COUNT_UNREADABLE;
		ask(run, STEP_CHANGED, 0);
	} else if (is_last) {
		told->rows = glance->rows;
		told->source = COUNT_EXACT;
		told->made_a_day = (double)glance->fresh / FRESH_DAYS;
		ask(run, STEP_CHANGED, 0);
	} else if (glance->last_s - glance->first_s < FLOOR_SPAN_S) {
		run->before = floor_rows[run->kind];
		run->behind_s = glance->first_s + DAY_S;
		ask(run, STEP_NEWEST, run->behind_s);
	} else {
		density_add(&run->density, glance->second, glance->rows);
		ask(run, STEP_NEWEST, 0);
	}
}

static void take_newest(struct kind_run *run, const struct glance *glance)
{
	struct forecast_kind *told = told_of(run);
	double span_s = glance->first_s - glance->last_s;

	told->made_a_day = glance->rows / (span_s > 1 ? span_s : 1) * DAY_S;
	density_add(&run->density, glance->second, glance->rows);
	if (told->source == COUNT_STORED)
		ask(run, STEP_CHANGED, 0);
	else if (run->behind_s > 0)
		ask(run, STEP_FLOOR, run->behind_s);
	else
		ask_inside(run);
}

/* Rows from before the place where the listing was to be entered: the Hub did not enter it there. */
static void take_inside(struct kind_run *run, const struct glance *glance)
{
	if (!glance->rows || glance->first_s < run->behind_s) {
		use_published(run);
		return;
	}
	density_add(&run->density, glance->second, glance->rows);
	ask_inside(run);
}

static void take_changed(struct kind_run *run, const struct glance *glance)
{
	double span_s = (double)(run->dry_run->forecast.now_ms - glance->oldest_ms) / 1000;

	if (glance->dated)
		told_of(run)->changed_a_day = glance->dated / (span_s > 1 ? span_s : 1) * DAY_S;
	end_kind(run);
}

static void fail(struct kind_run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void fail(struct kind_run *run, const char *format, ...)
{
	struct dry_run *dry_run = run->dry_run;
	va_list list;

	va_start(list, format);
	if (!dry_run->why[0])
		vsnprintf(dry_run->why, sizeof(dry_run->why), format, list);
	va_end(list);
	end_kind(run);
}

static void on_text(struct request *request)
{
	struct kind_run *run = request->owner;
	struct glance glance;

	note_head(run->dry_run, request);
	if (run->dry_run->why[0] || !glance_at(run->dry_run, request, &glance)) {
		fail(run, "the Hub's listing of %s is not an array of rows", repo_kinds[run->kind].plural);
		return;
	}
	note_link(run->dry_run, request);
	if (run->step == STEP_FIRST)
		take_first(run, &glance, !request->head.next.size);
	else if (run->step == STEP_NEWEST)
		take_newest(run, &glance);
	else if (run->step == STEP_CHANGED)
		take_changed(run, &glance);
	else
		take_inside(run, &glance);
}

static void on_answer(struct request *request)
{
	struct kind_run *run = request->owner;
	char why[REQUEST_REFUSAL_TEXT];

	note_head(run->dry_run, request);
	if (is_refusal(request->reply.status) && (run->step == STEP_INSIDE || run->step == STEP_FLOOR) && !run->dry_run->why[0]) {
		use_published(run);
		return;
	}
	request_refusal_text(request, why);
	fail(run, "the listing of %s: %s", repo_kinds[run->kind].plural, why);
}

static void on_failed(struct request *request)
{
	fail(request->owner, "%s cannot be asked: %s", ((struct kind_run *)request->owner)->dry_run->options.origin->text,
		request->why);
}

static const struct request_calls calls = { .on_text = on_text, .on_answer = on_answer, .on_failed = on_failed };

/* --- what a store knows --------------------------------------------------------------------------------------------*/

static void read_kind(struct reader *reader, enum repo_kind kind, struct forecast_kind *told)
{
	struct sweep_state sweep;
	uint64_t rows, gone;

	if (reader_sweep(reader, kind, &sweep) || !sweep.completed_ms || reader_counts(reader, kind, &rows, &gone))
		return;
	told->rows = (double)(rows - gone);
	told->source = COUNT_STORED;
}

static void read_store(struct dry_run *dry_run)
{
	struct store_options options = { .dir = dry_run->config.store };
	struct store_problem problem;
	struct reader *reader;
	struct store *store;

	if (store_open(&options, &store, &problem))
		return;
	if (strcmp(store_hub(store), dry_run->options.origin->text) == 0 && !reader_open(store, &reader, &problem)) {
		for (enum repo_kind kind = 0; kind < REPO_KINDS; kind++)
			read_kind(reader, kind, &dry_run->forecast.kind[kind]);
		dry_run->forecast.missing = reader_missing_count(reader);
		reader_close(&reader);
	}
	store_close(&store);
}

/* --- life ----------------------------------------------------------------------------------------------------------*/

static void on_room(void *owner)
{
	struct dry_run *dry_run = owner;

	workbench_run(&dry_run->context.workbench);
	turn_run(&dry_run->context.turn);
}

static void init_context(struct dry_run *dry_run)
{
	const struct dry_run_options *options = &dry_run->options;
	struct context *context = &dry_run->context;
	struct workbench_options workbench = {
		.clock = options->clock,
		.budget = &context->budget,
		.memory_max = (size_t)dry_run->config.memory_max,
		.bytes_max = (size_t)dry_run->config.page_bytes_max,
		.stop = &context->stopping,
	};

	context->clock = options->clock;
	context->config = &dry_run->config;
	context->origin = options->origin;
	context->engine = options->engine;
	context->has_token = options->has_token;
	turn_init(&context->turn, options->clock, NULL, NULL, &dry_run->config);
	context->budget.max = workbench_answer_bytes((size_t)dry_run->config.memory_max);
	context->budget.on_room = on_room;
	context->budget.owner = dry_run;
	context->turn.budget = &context->budget;
	workbench_init(&context->workbench, &workbench);
}

struct dry_run *dry_run_new(const struct dry_run_options *options)
{
	struct dry_run *dry_run = memory_new(sizeof(*dry_run));
	struct forecast *forecast = &dry_run->forecast;

	dry_run->options = *options;
	dry_run->config = *options->config;
	if (dry_run->config.retries > RETRIES_MAX)
		dry_run->config.retries = RETRIES_MAX;
	init_context(dry_run);
	json_init(&dry_run->json, ROW_NODES_MAX);
	forecast->hub = options->origin->text;
	forecast->config = &dry_run->config;
	for (enum repo_kind kind = 0; kind < REPO_KINDS; kind++) {
		dry_run->kinds[kind] = (struct kind_run){ .dry_run = dry_run, .kind = kind };
		forecast->kind[kind].wanted = options->config->kinds & 1 << kind;
		dry_run->open += forecast->kind[kind].wanted;
	}
	read_store(dry_run);
	return dry_run;
}

void dry_run_start(struct dry_run *dry_run)
{
	for (enum repo_kind kind = 0; kind < REPO_KINDS; kind++)
		if (dry_run->forecast.kind[kind].wanted)
			ask(&dry_run->kinds[kind], dry_run->forecast.kind[kind].source == COUNT_STORED ? STEP_NEWEST : STEP_FIRST, 0);
}

void dry_run_free(struct dry_run **taken)
{
	struct dry_run *dry_run = *taken;

	*taken = NULL;
	if (!dry_run)
		return;
	turn_stop(&dry_run->context.turn);
	workbench_release(&dry_run->context.workbench);
	request_free_spares(&dry_run->context);
	json_release(&dry_run->json);
	free(dry_run);
}

const struct forecast *dry_run_forecast(const struct dry_run *dry_run)
{
	return dry_run->why[0] ? NULL : &dry_run->forecast;
}

const char *dry_run_why(const struct dry_run *dry_run)
{
	return dry_run->why;
}
