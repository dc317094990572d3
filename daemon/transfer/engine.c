/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/transfer/engine.h"

#include <assert.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "daemon/run/metrics.h"
#include "daemon/transfer/lookup.h"
#include "storage/model/json.h"
#include "storage/model/memory.h"

enum {
	BUFFER_BYTES = 100 * 1024,    /* measured: pages arrive 1.8 times as fast as with curl's usual 16 KiB */
	BODY_FIRST_MAX = 1024 * 1024, /* no more than this is taken on a server's word */
	BODY_KEPT_MAX = 2 * 1024 * 1024,
	SPARES_MAX = 16,
};

const struct outcome_info outcomes[OUTCOME_COUNT] = {
#define X(constant, name, again, counter, meaning) [constant] = { name, again, counter, meaning },
	OUTCOME_TABLE(X)
#undef X
};

/* A transfer is on exactly one list: spare, waiting (for a place in curl), active, or ended (on_done is due). */
enum transfer_place { PLACE_SPARE, PLACE_WAITING, PLACE_ACTIVE, PLACE_ENDED, PLACE_COUNT };

struct transfer {
	struct engine *engine;
	CURL *easy;
	struct transfer *before, *after; /* on its list */
	enum transfer_place place;
	struct transfer *next_head;      /* among those whose on_head is due */
	struct buf url;
	struct curl_slist *condition;    /* If-None-Match, in front of the engine's headers; NULL: none */
	struct transfer_order order;
	struct reply reply;
	struct clock_timer watch;        /* first byte, then stalls */
	int64_t last_byte_ms;
	bool head_complete, head_due, too_big;
	unsigned edition;                /* of the addresses that this handle has given to curl */
	char curl_why[CURL_ERROR_SIZE];
};

struct list {
	struct transfer *first, *last;
	unsigned count;
};

/* A socket that curl wants to be told about. */
struct watched {
	uv_poll_t poll;
	struct engine *engine;
	curl_socket_t socket;
};

struct engine {
	struct clock *clock;
	CURLM *multi;
	struct clock_timer curl_timer;
	struct clock_timer drain_timer; /* to end transfers that never reached curl */
	struct lookup lookup;
	struct list lists[PLACE_COUNT];
	struct transfer *heads;
	struct curl_slist *headers;
	struct curl_slist *resolve;     /* for the newest edition of addresses */
	struct curl_slist *resolve_old; /* earlier ones: a handle may still hold them */
	struct buf spare_body[SPARES_MAX];
	unsigned spare_bodies;
	unsigned sockets;
	bool stopped, draining, freeing;
	struct engine_options options;
	char *origin, *host, *port, *user_agent, *ca_file;
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

static void move_to(struct transfer *transfer, enum transfer_place place)
{
	struct engine *engine = transfer->engine;

	list_remove(&engine->lists[transfer->place], transfer);
	transfer->place = place;
	list_append(&engine->lists[place], transfer);
	if (place != PLACE_SPARE)
		metrics_set(METRIC_IN_FLIGHT, engine->lists[PLACE_ACTIVE].count);
}

void reply_take(struct reply *to, struct reply *from)
{
	*to = *from;
	*from = (struct reply){ .outcome = to->outcome };
}

void reply_release(struct engine *engine, struct reply *reply)
{
	if (reply->body.data && reply->body.room <= BODY_KEPT_MAX && engine->spare_bodies < SPARES_MAX) {
		buf_reset(&reply->body);
		engine->spare_body[engine->spare_bodies++] = reply->body;
		reply->body = (struct buf){ 0 };
	}
	buf_release(&reply->body);
	buf_release(&reply->head);
	reply->body.max = reply->head.max = 0;
}

static void reply_prepare(struct engine *engine, struct reply *reply)
{
	*reply = (struct reply){ .outcome = OUTCOME_OK };
	buf_init(&reply->head, REPLY_HEAD_MAX);
	if (engine->spare_bodies)
		reply->body = engine->spare_body[--engine->spare_bodies];
	else
		buf_init(&reply->body, engine->options.body_max + JSON_PADDING);
}

/* --- what curl tells about one transfer: these only write down ----------------------------------------------------- */

/* "HTTP/2 200", "HTTP/1.1 503 Service Unavailable" */
static unsigned status_of(const char *line, size_t size)
{
	const char *blank = memchr(line, ' ', size);
	unsigned status = 0;

	if (!blank)
		return 0;
	for (const char *at = blank + 1; at < line + size && *at >= '0' && *at <= '9' && status < 1000; at++)
		status = status * 10 + (unsigned)(*at - '0');
	return status;
}

static void head_ended(struct transfer *transfer)
{
	/* 1xx answers come before the real one */
	if (transfer->reply.status < 200)
		return;
	transfer->head_complete = true;
	transfer->reply.head_at_ms = clock_wall_ms();
	if (!transfer->order.on_head)
		return;
	transfer->head_due = true;
	transfer->next_head = transfer->engine->heads;
	transfer->engine->heads = transfer;
}

static size_t on_header_line(char *line, size_t one, size_t size, void *owner)
{
	struct transfer *transfer = owner;
	struct reply *reply = &transfer->reply;

	(void)one;
	transfer->last_byte_ms = clock_mono_ms();
	if (transfer->head_complete)
		return size; /* trailers: nothing in them is used */
	if (size >= 5 && memcmp(line, "HTTP/", 5) == 0) {
		buf_reset(&reply->head);
		reply->status = status_of(line, size);
	} else if (line[0] == '\r' || line[0] == '\n') {
		head_ended(transfer);
	} else {
		buf_add(&reply->head, line, size);
		transfer->too_big = reply->head.overflow;
	}
	return transfer->too_big ? 0 : size;
}

static void reserve_body(struct transfer *transfer)
{
	curl_off_t length = -1;

	curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	if (length > (curl_off_t)transfer->order.body_max && !transfer->order.head)
		transfer->too_big = true;
	else if (length > 0)
		buf_reserve(&transfer->reply.body, (size_t)(length < BODY_FIRST_MAX ? length : BODY_FIRST_MAX) + JSON_PADDING);
}

static size_t on_body_bytes(char *data, size_t one, size_t size, void *owner)
{
	struct transfer *transfer = owner;
	struct buf *body = &transfer->reply.body;

	(void)one;
	transfer->last_byte_ms = clock_mono_ms();
	if (!body->size)
		reserve_body(transfer);
	if (body->size + size > transfer->order.body_max)
		transfer->too_big = true;
	if (transfer->too_big)
		return 0;
	buf_add(body, data, size);
	metrics_add(METRIC_BYTES_RECEIVED, size);
	return size;
}

/* --- a header of its own ------------------------------------------------------------------------------------------- */

/* The one line of its own stands before those that all transfers share. */
static void set_condition(struct transfer *transfer, struct slice if_none_match)
{
	struct buf line = BUF_INIT(REPLY_HEAD_MAX);

	if (!if_none_match.size)
		return;
	buf_printf(&line, "If-None-Match: %.*s", (int)if_none_match.size, if_none_match.data);
	transfer->condition = curl_slist_append(NULL, line.data);
	if (!transfer->condition)
		memory_failed("curl");
	transfer->condition->next = transfer->engine->headers;
	buf_release(&line);
}

static void forget_condition(struct transfer *transfer)
{
	if (!transfer->condition)
		return;
	curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->engine->headers);
	transfer->condition->next = NULL;
	curl_slist_free_all(transfer->condition);
	transfer->condition = NULL;
}

/* --- ending ------------------------------------------------------------------------------------------------------- */

static void drain(struct engine *engine);

static void drain_soon(struct engine *engine)
{
	if (!engine->draining && !clock_is_running(&engine->drain_timer))
		clock_start(engine->clock, &engine->drain_timer, 0);
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

/* Ends a transfer wherever it is; on_done follows in drain(). */
static void end_transfer(struct transfer *transfer, enum outcome outcome, const char *why)
{
	struct engine *engine = transfer->engine;

	clock_stop(engine->clock, &transfer->watch);
	if (transfer->place == PLACE_ACTIVE)
		curl_multi_remove_handle(engine->multi, transfer->easy);
	transfer->reply.outcome = outcome;
	if (outcome != OUTCOME_OK) {
		snprintf(transfer->reply.why, sizeof(transfer->reply.why), "%s", why && *why ? why : outcomes[outcome].meaning);
		if (outcome != OUTCOME_CANCELLED && transfer->reply.status < 200)
			transfer->reply.status = 0;
	}
	metrics_add(outcomes[outcome].counter, 1);
	move_to(transfer, PLACE_ENDED);
}

static enum outcome outcome_of(const struct transfer *transfer, CURLcode code)
{
	if (transfer->too_big)
		return OUTCOME_TOO_BIG;
	switch (code) {
	case CURLE_OK:
		return transfer->head_complete ? OUTCOME_OK : OUTCOME_PROTOCOL;
	case CURLE_COULDNT_RESOLVE_HOST:
		return OUTCOME_LOOKUP;
	case CURLE_COULDNT_CONNECT:
	case CURLE_SSL_CONNECT_ERROR:
		return OUTCOME_CONNECT;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_ISSUER_ERROR:
		return OUTCOME_TLS;
	case CURLE_OPERATION_TIMEDOUT:
		return OUTCOME_TIMEOUT;
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_PARTIAL_FILE:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
		return OUTCOME_CUT;
	default:
		return OUTCOME_PROTOCOL;
	}
}

static void take_finished(struct engine *engine)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(engine->multi, &left))) {
		struct transfer *transfer = NULL;
		CURLcode code = message->data.result;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
		end_transfer(transfer, outcome_of(transfer, code),
			transfer->curl_why[0] ? transfer->curl_why : curl_easy_strerror(code));
	}
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

static void tell_ended(struct engine *engine)
{
	struct transfer *transfer;

	while ((transfer = engine->lists[PLACE_ENDED].first)) {
		struct transfer_order order = transfer->order;
		struct reply reply;

		forget_head(transfer);
		forget_condition(transfer);
		reply_take(&reply, &transfer->reply);
		move_to(transfer, PLACE_SPARE);
		order.on_done(order.owner, &reply);
		reply_release(engine, &reply);
	}
}

/* --- starting ------------------------------------------------------------------------------------------------------*/

static void on_watch(struct clock_timer *timer)
{
	struct transfer *transfer = timer->owner;
	struct engine *engine = transfer->engine;
	int64_t left_ms = transfer->last_byte_ms + engine->options.stall_limit_ms - clock_mono_ms();

	if (!transfer->last_byte_ms) {
		end_transfer(transfer, OUTCOME_TIMEOUT, "no answer within first_byte_limit");
	} else if (left_ms > 0) {
		clock_start(engine->clock, timer, left_ms);
		return;
	} else {
		end_transfer(transfer, OUTCOME_TIMEOUT, "not a single byte within stall_limit");
	}
	drain_soon(engine);
}

static void set_addresses(struct transfer *transfer)
{
	struct engine *engine = transfer->engine;
	bool fresh = transfer->edition != engine->lookup.edition;

	/* what a handle gave to curl once, curl keeps for all of them */
	curl_easy_setopt(transfer->easy, CURLOPT_RESOLVE, fresh ? engine->resolve : NULL);
	transfer->edition = engine->lookup.edition;
}

static void set_method(struct transfer *transfer)
{
	if (transfer->order.head)
		curl_easy_setopt(transfer->easy, CURLOPT_NOBODY, 1L);
	else
		curl_easy_setopt(transfer->easy, CURLOPT_HTTPGET, 1L);
	if (transfer->condition)
		curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->condition);
}

static void give_to_curl(struct transfer *transfer)
{
	struct engine *engine = transfer->engine;

	transfer->head_complete = transfer->head_due = transfer->too_big = false;
	transfer->last_byte_ms = 0;
	transfer->curl_why[0] = '\0';
	set_addresses(transfer);
	set_method(transfer);
	curl_easy_setopt(transfer->easy, CURLOPT_URL, transfer->url.data);
	curl_easy_setopt(transfer->easy, CURLOPT_USERAGENT, engine->user_agent);
	clock_start(engine->clock, &transfer->watch, engine->options.connect_limit_ms + engine->options.first_byte_limit_ms);
	move_to(transfer, PLACE_ACTIVE);
	if (curl_multi_add_handle(engine->multi, transfer->easy) != CURLM_OK)
		end_transfer(transfer, OUTCOME_PROTOCOL, "curl does not take the request");
}

static void fill_curl(struct engine *engine)
{
	while (engine->lists[PLACE_WAITING].first && engine->lists[PLACE_ACTIVE].count < engine->options.transfers_max) {
		if (!lookup_ready(&engine->lookup))
			return;
		give_to_curl(engine->lists[PLACE_WAITING].first);
	}
}

/* After whatever happened: tell owners, who may start more, until nothing is left to tell. */
static void drain(struct engine *engine)
{
	if (engine->draining)
		return;
	engine->draining = true;
	do {
		take_finished(engine);
		tell_heads(engine);
		tell_ended(engine);
		fill_curl(engine);
	} while (engine->heads || engine->lists[PLACE_ENDED].first);
	engine->draining = false;
}

static void set_options(struct engine *engine, CURL *easy)
{
	const struct engine_options *options = &engine->options;

	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)BUFFER_BYTES);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, engine->headers);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)options->connect_limit_ms);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)options->total_limit_ms);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (engine->ca_file)
		curl_easy_setopt(easy, CURLOPT_CAINFO, engine->ca_file);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header_line);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body_bytes);
}

static struct transfer *transfer_new(struct engine *engine)
{
	struct transfer *transfer = memory_new(sizeof(*transfer));

	transfer->engine = engine;
	transfer->easy = curl_easy_init();
	if (!transfer->easy)
		memory_failed("curl");
	transfer->watch = (struct clock_timer){ .on_timer = on_watch, .owner = transfer };
	buf_init(&transfer->url, SIZE_MAX / 2);
	set_options(engine, transfer->easy);
	curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE, transfer);
	curl_easy_setopt(transfer->easy, CURLOPT_HEADERDATA, transfer);
	curl_easy_setopt(transfer->easy, CURLOPT_WRITEDATA, transfer);
	curl_easy_setopt(transfer->easy, CURLOPT_ERRORBUFFER, transfer->curl_why);
	transfer->place = PLACE_SPARE;
	list_append(&engine->lists[PLACE_SPARE], transfer);
	return transfer;
}

static void transfer_free(struct transfer *transfer)
{
	list_remove(&transfer->engine->lists[transfer->place], transfer);
	curl_easy_cleanup(transfer->easy);
	buf_release(&transfer->url);
	buf_release(&transfer->reply.body);
	buf_release(&transfer->reply.head);
	free(transfer);
}

/* The origin, and then the beginning of a path: no other host can follow. */
static bool is_at_home(const struct engine *engine, struct slice url)
{
	size_t size = strlen(engine->origin);

	return url.size > size && memcmp(url.data, engine->origin, size) == 0 && url.data[size] == '/';
}

void transfer_start(struct engine *engine, const struct transfer_order *order)
{
	struct transfer *transfer = engine->lists[PLACE_SPARE].last;

	if (!transfer)
		transfer = transfer_new(engine);
	transfer->order = *order;
	transfer->order.url = transfer->order.if_none_match = SLICE_NONE;
	if (!transfer->order.body_max || transfer->order.body_max > engine->options.body_max)
		transfer->order.body_max = engine->options.body_max;
	set_condition(transfer, order->if_none_match);
	buf_reset(&transfer->url);
	buf_slice(&transfer->url, order->url);
	reply_prepare(engine, &transfer->reply);
	move_to(transfer, PLACE_WAITING);
	if (engine->stopped)
		end_transfer(transfer, OUTCOME_CANCELLED, NULL);
	else if (!is_at_home(engine, order->url))
		end_transfer(transfer, OUTCOME_REFUSED, NULL);
	else
		fill_curl(engine);
	if (engine->lists[PLACE_ENDED].first)
		drain_soon(engine);
}

/* --- curl and the loop ---------------------------------------------------------------------------------------------*/

static void curl_action(struct engine *engine, curl_socket_t socket, int events)
{
	int running;

	curl_multi_socket_action(engine->multi, socket, events, &running);
	drain(engine);
}

static void on_socket_event(uv_poll_t *poll, int status, int events)
{
	struct watched *watched = poll->data;
	int flags = status < 0 ? CURL_CSELECT_ERR : 0;

	if (events & UV_READABLE)
		flags |= CURL_CSELECT_IN;
	if (events & UV_WRITABLE)
		flags |= CURL_CSELECT_OUT;
	curl_action(watched->engine, watched->socket, flags);
}

static void on_curl_timer(struct clock_timer *timer)
{
	curl_action(timer->owner, CURL_SOCKET_TIMEOUT, 0);
}

static void on_drain_timer(struct clock_timer *timer)
{
	drain(timer->owner);
}

static int on_curl_timeout(CURLM *multi, long timeout_ms, void *owner)
{
	struct engine *engine = owner;

	(void)multi;
	if (timeout_ms < 0)
		clock_stop(engine->clock, &engine->curl_timer);
	else
		clock_start(engine->clock, &engine->curl_timer, timeout_ms);
	return 0;
}

static void free_if_last(struct engine *engine);

static void on_socket_closed(uv_handle_t *handle)
{
	struct watched *watched = handle->data;
	struct engine *engine = watched->engine;

	free(watched);
	engine->sockets--;
	free_if_last(engine);
}

static struct watched *watch_socket(struct engine *engine, curl_socket_t socket)
{
	struct watched *watched = memory_new(sizeof(*watched));

	watched->engine = engine;
	watched->socket = socket;
	if (uv_poll_init_socket(engine->clock->loop, &watched->poll, socket)) {
		free(watched);
		return NULL;
	}
	watched->poll.data = watched;
	engine->sockets++;
	return watched;
}

static int on_curl_socket(CURL *easy, curl_socket_t socket, int what, void *owner, void *known)
{
	struct engine *engine = owner;
	struct watched *watched = known;
	int events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (watched)
			uv_close((uv_handle_t *)&watched->poll, on_socket_closed);
		curl_multi_assign(engine->multi, socket, NULL);
		return 0;
	}
	if (!watched) {
		watched = watch_socket(engine, socket);
		if (!watched)
			return -1;
		curl_multi_assign(engine->multi, socket, watched);
	}
	return uv_poll_start(&watched->poll, events, on_socket_event) ? -1 : 0;
}

static void on_addresses(struct lookup *lookup, bool found)
{
	struct engine *engine = lookup->owner;
	struct transfer *transfer;
	struct buf text = BUF_INIT(SIZE_MAX / 2);

	if (found) {
		buf_printf(&text, "%s:%s:%.*s", engine->host, engine->port, (int)lookup->addresses.size, lookup->addresses.data);
		while (engine->resolve) {
			struct curl_slist *rest = engine->resolve->next;

			engine->resolve->next = engine->resolve_old;
			engine->resolve_old = engine->resolve;
			engine->resolve = rest;
		}
		engine->resolve = curl_slist_append(NULL, text.data);
		buf_release(&text);
	} else if (!lookup->edition) {
		while ((transfer = engine->lists[PLACE_WAITING].first))
			end_transfer(transfer, OUTCOME_LOOKUP, lookup->why);
	}
	drain(engine);
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
	engine->options.token = NULL;
	engine->origin = copy(options->origin);
	engine->host = copy(options->host);
	engine->port = copy(options->port);
	engine->user_agent = copy(options->user_agent);
	engine->ca_file = copy(options->ca_file);
	engine->curl_timer = (struct clock_timer){ .on_timer = on_curl_timer, .owner = engine };
	engine->drain_timer = (struct clock_timer){ .on_timer = on_drain_timer, .owner = engine };
	lookup_init(&engine->lookup, clock, engine->host, engine->port, options->connect_limit_ms, on_addresses, engine);
	make_headers(engine, options->token);
	engine->multi = curl_multi_init();
	if (!engine->multi)
		memory_failed("curl");
	curl_multi_setopt(engine->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
	curl_multi_setopt(engine->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)options->connections_max);
	curl_multi_setopt(engine->multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
	curl_multi_setopt(engine->multi, CURLMOPT_SOCKETDATA, engine);
	curl_multi_setopt(engine->multi, CURLMOPT_TIMERFUNCTION, on_curl_timeout);
	curl_multi_setopt(engine->multi, CURLMOPT_TIMERDATA, engine);
	return engine;
}

void engine_set_user_agent(struct engine *engine, const char *user_agent)
{
	free(engine->user_agent);
	engine->user_agent = copy(user_agent);
}

void engine_stop(struct engine *engine)
{
	struct transfer *transfer;

	engine->stopped = true;
	lookup_stop(&engine->lookup);
	while ((transfer = engine->lists[PLACE_WAITING].first) || (transfer = engine->lists[PLACE_ACTIVE].first))
		end_transfer(transfer, OUTCOME_CANCELLED, NULL);
	drain(engine);
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

static void free_if_last(struct engine *engine)
{
	if (!engine->freeing || engine->sockets || engine->lookup.running)
		return;
	lookup_release(&engine->lookup);
	free(engine->origin);
	free(engine->host);
	free(engine->port);
	free(engine->user_agent);
	free(engine->ca_file);
	free(engine);
}

static void on_late_addresses(struct lookup *lookup, bool found)
{
	(void)found;
	free_if_last(lookup->owner);
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
	curl_multi_cleanup(engine->multi);
	clock_stop(engine->clock, &engine->curl_timer);
	curl_slist_free_all(engine->headers);
	curl_slist_free_all(engine->resolve);
	curl_slist_free_all(engine->resolve_old);
	while (engine->spare_bodies)
		buf_release(&engine->spare_body[--engine->spare_bodies]);
	curl_global_cleanup();
	engine->lookup.on_ended = on_late_addresses;
	engine->freeing = true;
	free_if_last(engine);
}
