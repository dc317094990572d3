/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/transfer/engine.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/run/metrics.h"
#include "daemon/transfer/transfer.h"
#include "storage/model/json.h"
#include "storage/model/memory.h"

enum {
	STREAMS_MAX = 100,                  /* measured: more on one connection, or the same on two, cost a third more each */
	SPARE_BYTES_MAX = 8 * 1024 * 1024, /* compressed pages, or bodies of single repos by the hundred */
	SPARE_BODY_MAX = 1024 * 1024,
	SPARE_HEAD_MAX = 8 * 1024,
	ETAG_MAX = 1024,
};

const struct outcome_info outcomes[OUTCOME_COUNT] = {
#define X(constant, name, again, counter, meaning) [constant] = { name, again, counter, meaning },
	OUTCOME_TABLE(X)
#undef X
};

/* --- lists and memory ----------------------------------------------------------------------------------------------*/

static void list_remove(struct list *list, struct transfer *transfer)
{
	if (transfer->before)
		transfer->before->after = transfer->after;
	else
		list->first = transfer->after;
	if (transfer->after)
		transfer->after->before = transfer->before;
	else
		list->last = transfer->before;
	list->count--;
}

static void list_append(struct list *list, struct transfer *transfer)
{
	transfer->before = list->last;
	transfer->after = NULL;
	if (list->last)
		list->last->after = transfer;
	else
		list->first = transfer;
	list->last = transfer;
	list->count++;
}

void transfer_move(struct transfer *transfer, enum transfer_place place)
{
	struct engine *engine = transfer->engine;

	list_remove(&engine->lists[transfer->place], transfer);
	transfer->place = place;
	list_append(&engine->lists[place], transfer);
	if (place != PLACE_SPARE)
		metrics_set(METRIC_IN_FLIGHT, engine->lists[PLACE_ACTIVE].count);
}

static void spare_put(struct spares *spares, struct buf *buf, size_t room_max)
{
	size_t max = buf->max;

	if (buf->data && buf->room <= room_max && spares->count < SPARES_MAX && spares->bytes + buf->room <= SPARE_BYTES_MAX) {
		buf_reset(buf);
		spares->bytes += buf->room;
		spares->buf[spares->count++] = *buf;
		buf_init(buf, max);
	}
	buf_release(buf);
	buf->max = 0;
}

static struct buf spare_take(struct spares *spares, size_t max)
{
	struct buf buf = BUF_INIT(max);

	if (spares->count) {
		buf = spares->buf[--spares->count];
		spares->bytes -= buf.room;
	}
	return buf;
}

static void spares_free(struct spares *spares)
{
	while (spares->count)
		buf_release(&spares->buf[--spares->count]);
	spares->bytes = 0;
}

void reply_take(struct reply *to, struct reply *from)
{
	*to = *from;
	*from = (struct reply){ .outcome = to->outcome };
}

void reply_release_body(struct engine *engine, struct reply *reply)
{
	spare_put(&engine->bodies, &reply->body, SPARE_BODY_MAX);
}

void reply_release(struct engine *engine, struct reply *reply)
{
	reply_release_body(engine, reply);
	spare_put(&engine->small, &reply->head, SPARE_HEAD_MAX);
}

/* Only for one that is on its way: what waits needs no memory for an answer. */
void reply_prepare(struct engine *engine, struct reply *reply)
{
	reply->head = spare_take(&engine->small, REPLY_HEAD_MAX);
	reply->body = spare_take(&engine->bodies, engine->options.body_max + JSON_PADDING);
}

/* --- a header of its own ------------------------------------------------------------------------------------------- */

/* W/"..." or "...": printable ASCII without a quote, and what is above ASCII (RFC 9110, 8.8.3). */
bool transfer_etag_is_valid(struct slice etag)
{
	if (slice_starts_with(etag, SLICE("W/")))
		etag = (struct slice){ etag.data + 2, etag.size - 2 };
	if (etag.size < 2 || etag.size > ETAG_MAX || etag.data[0] != '"' || etag.data[etag.size - 1] != '"')
		return false;
	for (size_t i = 1; i + 1 < etag.size; i++)
		if ((unsigned char)etag.data[i] <= ' ' || etag.data[i] == '"' || etag.data[i] == 0x7F)
			return false;
	return true;
}

/* The one line of its own stands before those that all transfers share. */
static void set_condition(struct transfer *transfer, struct slice if_none_match)
{
	struct buf line = BUF_INIT(REPLY_HEAD_MAX);

	if (!transfer_etag_is_valid(if_none_match))
		return;
	buf_printf(&line, "If-None-Match: %.*s", (int)if_none_match.size, if_none_match.data);
	transfer->condition = curl_slist_append(NULL, line.data);
	if (transfer->condition)
		transfer->condition->next = transfer->engine->headers;
	else
		memory_failed("curl");
	buf_release(&line);
}

static void forget_condition(struct transfer *transfer)
{
	if (!transfer->condition)
		return;
	transfer->condition->next = NULL;
	curl_slist_free_all(transfer->condition);
	transfer->condition = NULL;
}

/* --- ending ------------------------------------------------------------------------------------------------------- */

void engine_drain_soon(struct engine *engine)
{
	if (!engine->draining && !clock_is_running(&engine->drain_timer))
		clock_start(engine->clock, &engine->drain_timer, 0);
}

static void on_drain_timer(struct clock_timer *timer)
{
	engine_drain(timer->owner);
}

static void forget_head(struct transfer *transfer)
{
	struct transfer **at = &transfer->engine->heads;

	if (!transfer->head_due)
		return;
	while (*at != transfer)
		at = &(*at)->next_head;
	*at = transfer->next_head;
	transfer->head_due = false;
}

/* Wherever it is; on_done follows in engine_drain(). */
void transfer_end(struct transfer *transfer, enum outcome outcome, const char *why)
{
	if (transfer->handle)
		handle_end(transfer);
	transfer->reply.outcome = outcome;
	if (outcome != OUTCOME_OK) {
		snprintf(transfer->reply.why, sizeof(transfer->reply.why), "%s", why && *why ? why : outcomes[outcome].meaning);
		if (outcome != OUTCOME_CANCELLED && transfer->reply.status < 200)
			transfer->reply.status = 0;
	}
	metrics_add(outcomes[outcome].counter, 1);
	transfer_move(transfer, PLACE_ENDED);
}

static void tell_heads(struct engine *engine)
{
	struct transfer *transfer;

	while ((transfer = engine->heads)) {
		engine->heads = transfer->next_head;
		transfer->head_due = false;
		transfer->order.on_head(transfer->order.owner, transfer->reply.status, buf_as_slice(&transfer->reply.head));
	}
}

static void transfer_free(struct transfer *transfer)
{
	list_remove(&transfer->engine->lists[transfer->place], transfer);
	buf_release(&transfer->url);
	buf_release(&transfer->reply.body);
	buf_release(&transfer->reply.head);
	free(transfer);
}

static void transfer_rest(struct transfer *transfer)
{
	forget_condition(transfer);
	transfer_move(transfer, PLACE_SPARE);
	if (transfer->engine->lists[PLACE_SPARE].count > SPARE_TRANSFERS_MAX)
		transfer_free(transfer);
}

static void tell_ended(struct engine *engine)
{
	struct transfer *transfer;

	while ((transfer = engine->lists[PLACE_ENDED].first)) {
		struct transfer_order order = transfer->order; /* one that is freed has left the list. NOLINT(clang-analyzer-unix.Malloc) */
		struct reply reply;

		forget_head(transfer);
		reply_take(&reply, &transfer->reply);
		transfer_rest(transfer);
		order.on_done(order.owner, &reply);
		reply_release(engine, &reply);
	}
}

/* --- the queue -----------------------------------------------------------------------------------------------------*/

/*
 * What waits inside curl costs more the more of it waits: no more than can be on its way at once. Before the first
 * answer it is not known which protocol the server speaks.
 */
static unsigned active_max(const struct engine *engine)
{
	unsigned connections = engine->options.connections_max;
	unsigned places = engine->wire == WIRE_HTTP_2 ? connections * STREAMS_MAX : connections;

	return places < engine->options.transfers_max ? places : engine->options.transfers_max;
}

static void fill_curl(struct engine *engine)
{
	unsigned most = active_max(engine);

	while (engine->lists[PLACE_WAITING].first && engine->lists[PLACE_ACTIVE].count < most) {
		if (!lookup_ready(&engine->lookup))
			return;
		handle_begin(engine->lists[PLACE_WAITING].first);
	}
}

void engine_drain(struct engine *engine)
{
	if (engine->draining)
		return;
	engine->draining = true;
	do {
		handles_take_finished(engine);
		tell_heads(engine);
		tell_ended(engine);
		fill_curl(engine);
	} while (engine->heads || engine->lists[PLACE_ENDED].first);
	engine->draining = false;
}

/* The origin, and then the beginning of a path: no other host can follow. */
static bool is_at_home(const struct engine *engine, struct slice url)
{
	size_t size = strlen(engine->origin);

	return url.size > size && memcmp(url.data, engine->origin, size) == 0 && url.data[size] == '/';
}

static struct transfer *transfer_new(struct engine *engine)
{
	struct transfer *transfer = memory_new(sizeof(*transfer));

	transfer->engine = engine;
	transfer->watch = (struct clock_timer){ .on_timer = handle_watch, .owner = transfer };
	buf_init(&transfer->url, SIZE_MAX / 2);
	transfer->place = PLACE_SPARE;
	list_append(&engine->lists[PLACE_SPARE], transfer);
	return transfer;
}

static void prepare(struct transfer *transfer, const struct transfer_order *order)
{
	struct engine *engine = transfer->engine;

	transfer->order = *order;
	transfer->order.url = transfer->order.if_none_match = SLICE_NONE;
	if (!transfer->order.body_max || transfer->order.body_max > engine->options.body_max)
		transfer->order.body_max = engine->options.body_max;
	set_condition(transfer, order->if_none_match);
	buf_reset(&transfer->url);
	buf_slice(&transfer->url, order->url);
	transfer->reply.outcome = OUTCOME_OK;
	transfer->reply.status = 0;
	transfer->reply.head_at_ms = 0;
	transfer->reply.why[0] = '\0';
}

void transfer_start(struct engine *engine, const struct transfer_order *order)
{
	struct transfer *transfer = engine->lists[PLACE_SPARE].last;

	if (!transfer)
		transfer = transfer_new(engine);
	prepare(transfer, order);
	transfer_move(transfer, PLACE_WAITING);
	if (engine->stopped)
		transfer_end(transfer, OUTCOME_CANCELLED, NULL);
	else if (!is_at_home(engine, order->url))
		transfer_end(transfer, OUTCOME_REFUSED, NULL);
	else if (!engine->draining)
		fill_curl(engine);
	if (engine->lists[PLACE_ENDED].first)
		engine_drain_soon(engine);
}

/* --- life ----------------------------------------------------------------------------------------------------------*/

static char *copy(const char *text)
{
	return text ? memory_text(text, strlen(text)) : NULL;
}

static void add_header(struct engine *engine, const char *line)
{
	engine->headers = curl_slist_append(engine->headers, line);
	if (!engine->headers)
		memory_failed("curl");
}

static void make_headers(struct engine *engine, const char *token)
{
	struct buf line = BUF_INIT(SIZE_MAX / 2);

	/* a plain header: curl must not decompress, libdeflate does that off the loop */
	add_header(engine, "Accept-Encoding: gzip");
	add_header(engine, "Accept: application/json");
	if (token) {
		buf_printf(&line, "Authorization: Bearer %s", token);
		add_header(engine, line.data);
		explicit_bzero(line.data, line.size);
	}
	buf_release(&line);
}

static bool ca_file_is_readable(const char *ca_file, char why[REPLY_WHY_SIZE])
{
	FILE *file = ca_file ? fopen(ca_file, "re") : NULL;

	if (ca_file && !file) {
		snprintf(why, REPLY_WHY_SIZE, "ca_file %s cannot be read", ca_file);
		return false;
	}
	if (file)
		fclose(file);
	return true;
}

/* Whose address is needed: the Hub's, or that of the proxy on the way, which finds the Hub by itself. */
static void take_way(struct engine *engine, const struct proxy *proxy)
{
	struct buf url = BUF_INIT(HUB_ORIGIN_TEXT);

	engine->host = copy(proxy ? proxy->origin.host : engine->options.host);
	engine->port = copy(proxy ? proxy->origin.port : engine->options.port);
	if (!proxy)
		return;
	/* its port always: curl's usual one is 1080 */
	buf_printf(&url, strchr(engine->host, ':') ? "%s://[%s]:%s" : "%s://%s:%s", proxy->origin.tls ? "https" : "http",
		engine->host, engine->port);
	engine->proxy = copy(url.data);
	engine->proxy_user = proxy->user[0] ? copy(proxy->user) : NULL;
	engine->proxy_password = copy(proxy->password);
	buf_release(&url);
}

struct engine *engine_new(struct clock *clock, const struct engine_options *options, char why[REPLY_WHY_SIZE])
{
	struct engine *engine;

	if (!ca_file_is_readable(options->ca_file, why))
		return NULL;
	if (curl_global_init(CURL_GLOBAL_DEFAULT)) {
		snprintf(why, REPLY_WHY_SIZE, "curl cannot start");
		return NULL;
	}
	engine = memory_new(sizeof(*engine));
	engine->clock = clock;
	engine->options = *options;
	engine->origin = copy(options->origin);
	engine->ca_file = copy(options->ca_file);
	take_way(engine, options->proxy);
	engine_set_user_agent(engine, options->user_agent);
	make_headers(engine, options->token);
	engine->options.token = NULL;
	engine->options.proxy = NULL;
	engine->drain_timer = (struct clock_timer){ .on_timer = on_drain_timer, .owner = engine };
	lookup_init(&engine->lookup, clock, engine->host, engine->port, options->connect_limit_ms, sockets_take_addresses, engine);
	sockets_init(engine);
	return engine;
}

void engine_set_user_agent(struct engine *engine, const char *user_agent)
{
	free(engine->user_agent);
	engine->user_agent = copy(user_agent);
	engine->agent++;
}

void engine_stop(struct engine *engine)
{
	struct transfer *transfer;

	engine->stopped = true;
	lookup_stop(&engine->lookup);
	while ((transfer = engine->lists[PLACE_WAITING].first) || (transfer = engine->lists[PLACE_ACTIVE].first))
		transfer_end(transfer, OUTCOME_CANCELLED, NULL);
	engine_drain(engine);
}

bool engine_is_stuck(const struct engine *engine)
{
	return engine->lookup.running;
}

unsigned engine_in_flight(const struct engine *engine)
{
	unsigned active = engine->lists[PLACE_ACTIVE].count;

	return active < engine->options.connections_max ? active : engine->options.connections_max;
}

static void free_secret(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

void engine_free_if_last(struct engine *engine)
{
	if (!engine->freeing || engine->sockets || engine->lookup.running)
		return;
	lookup_release(&engine->lookup);
	free(engine->origin);
	free(engine->host);
	free(engine->port);
	free(engine->user_agent);
	free(engine->ca_file);
	free(engine->proxy);
	free_secret(engine->proxy_user);
	free_secret(engine->proxy_password);
	free(engine);
}

static void on_late_addresses(struct lookup *lookup, bool found)
{
	(void)found;
	engine_free_if_last(lookup->owner);
}

void engine_free(struct engine **taken)
{
	struct engine *engine = *taken;

	*taken = NULL;
	if (!engine)
		return;
	assert(engine->stopped && !engine->draining);
	clock_stop(engine->clock, &engine->drain_timer);
	while (engine->lists[PLACE_SPARE].first)
		transfer_free(engine->lists[PLACE_SPARE].first); /* takes it off the list. NOLINT(clang-analyzer-unix.Malloc) */
	handles_free(engine);
	curl_multi_cleanup(engine->multi);
	clock_stop(engine->clock, &engine->curl_timer);
	curl_slist_free_all(engine->headers);
	curl_slist_free_all(engine->resolve);
	curl_slist_free_all(engine->resolve_old);
	spares_free(&engine->bodies);
	spares_free(&engine->small);
	curl_global_cleanup();
	engine->lookup.on_ended = on_late_addresses;
	engine->freeing = true;
	engine_free_if_last(engine);
}
