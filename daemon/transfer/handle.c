/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/transfer/transfer.h"

#include <stdlib.h>

#include "daemon/run/metrics.h"
#include "storage/model/json.h"
#include "storage/model/memory.h"

enum {
	BUFFER_BYTES = 100 * 1024,    /* measured: pages arrive 1.8 times as fast as with curl's usual 16 KiB */
	BODY_FIRST_MAX = 1024 * 1024, /* no more than this is taken on a server's word */
	BODY_ROOM_FIRST = 64 * 1024,
	CONNECT_LATER_MS = 500,
};

/* --- the limits, all by our own clock ------------------------------------------------------------------------------ */

struct limit {
	int64_t due_ms;
	const char *why;
};

/* The limit that is next to be reached, as the transfer stands. */
static struct limit next_limit(const struct transfer *transfer)
{
	const struct engine_options *options = &transfer->engine->options;
	struct limit total = { transfer->started_ms + options->total_limit_ms, "not complete within total_limit" };
	struct limit limit;

	if (!transfer->connected_ms)
		limit = (struct limit){ transfer->started_ms + options->connect_limit_ms, "no connection within connect_limit" };
	else if (!transfer->last_byte_ms)
		limit = (struct limit){ transfer->connected_ms + options->first_byte_limit_ms, "no answer within first_byte_limit" };
	else
		limit = (struct limit){ transfer->last_byte_ms + options->stall_limit_ms, "not a single byte within stall_limit" };
	return limit.due_ms < total.due_ms ? limit : total;
}

/* Another limit counts from now on: only where it is the nearer one its timer must know. */
static void limit_moved(struct transfer *transfer)
{
	struct limit limit = next_limit(transfer);

	if (limit.due_ms < transfer->watch.due_ms)
		clock_start(transfer->engine->clock, &transfer->watch, limit.due_ms - clock_mono_ms());
}

void handle_watch(struct clock_timer *timer)
{
	struct transfer *transfer = timer->owner;
	struct limit limit = next_limit(transfer);
	int64_t left_ms = limit.due_ms - clock_mono_ms();

	if (left_ms > 0) {
		clock_start(transfer->engine->clock, timer, left_ms);
		return;
	}
	transfer_end(transfer, OUTCOME_TIMEOUT, limit.why);
	engine_drain_soon(transfer->engine);
}

/* --- what curl tells about one transfer: these only write down ----------------------------------------------------- */

static int on_request_due(void *owner, char *to_ip, char *from_ip, int to_port, int from_port)
{
	struct handle *handle = owner;

	(void)to_ip;
	(void)from_ip;
	(void)to_port;
	(void)from_port;
	handle->transfer->connected_ms = clock_mono_ms();
	limit_moved(handle->transfer);
	return CURL_PREREQFUNC_OK;
}

/* The first line of a head is its status line, whatever the others look like. */
static void begin_head(struct transfer *transfer)
{
	transfer->in_head = true;
	transfer->last_byte_ms = clock_mono_ms();
	limit_moved(transfer);
	buf_reset(&transfer->reply.head);
}

static void head_ended(struct transfer *transfer)
{
	long status = 0;

	transfer->in_head = false;
	curl_easy_getinfo(transfer->handle->easy, CURLINFO_RESPONSE_CODE, &status);
	transfer->reply.status = (unsigned)status;
	/* 1xx answers come before the real one */
	if (status < 200)
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
	struct transfer *transfer = ((struct handle *)owner)->transfer;
	struct reply *reply = &transfer->reply;

	(void)one;
	if (transfer->head_complete)
		return size; /* trailers: nothing in them is used */
	if (!transfer->in_head) {
		begin_head(transfer);
	} else if (line[0] == '\r' || line[0] == '\n') {
		head_ended(transfer);
	} else {
		buf_add(&reply->head, line, size);
		transfer->too_big = reply->head.overflow;
	}
	return transfer->too_big ? 0 : size;
}

/* Memory is set aside before it is taken, as much as the buffer takes at its next growth. */
static void make_room(struct transfer *transfer, size_t size)
{
	size_t room = transfer->body_room ? transfer->body_room : BODY_ROOM_FIRST, most = transfer->order.body_max;

	while (room < size)
		room *= 2;
	room = room < most ? room : most;
	if (room <= transfer->body_room)
		return;
	if (transfer->order.on_more && !transfer->order.on_more(transfer->order.owner, room - transfer->body_room))
		transfer->no_room = true;
	else
		transfer->body_room = room;
}

static void reserve_body(struct transfer *transfer)
{
	curl_off_t length = -1;

	curl_easy_getinfo(transfer->handle->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	if (length > (curl_off_t)transfer->order.body_max && !transfer->order.head)
		transfer->too_big = true;
	else if (length > 0 && (size_t)length <= transfer->body_room)
		buf_reserve(&transfer->reply.body, (size_t)(length < BODY_FIRST_MAX ? length : BODY_FIRST_MAX) + JSON_PADDING);
}

static size_t on_body_bytes(char *data, size_t one, size_t size, void *owner)
{
	struct transfer *transfer = ((struct handle *)owner)->transfer;
	struct buf *body = &transfer->reply.body;

	(void)one;
	transfer->last_byte_ms = clock_mono_ms();
	if (!body->size)
		reserve_body(transfer);
	if (body->size + size > transfer->order.body_max)
		transfer->too_big = true;
	if (!transfer->too_big)
		make_room(transfer, body->size + size);
	if (transfer->too_big || transfer->no_room)
		return 0;
	buf_add(body, data, size);
	metrics_add(METRIC_BYTES_RECEIVED, size);
	return size;
}

/* --- handles ------------------------------------------------------------------------------------------------------ */

static void set_proxy(const struct engine *engine, CURL *easy)
{
	/* named even where there is none: curl would read the environment by itself */
	curl_easy_setopt(easy, CURLOPT_PROXY, engine->proxy ? engine->proxy : "");
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
	if (!engine->proxy)
		return;
	curl_easy_setopt(easy, CURLOPT_PROXYAUTH, (long)CURLAUTH_BASIC);
	curl_easy_setopt(easy, CURLOPT_PROXYUSERNAME, engine->proxy_user);
	curl_easy_setopt(easy, CURLOPT_PROXYPASSWORD, engine->proxy_user ? engine->proxy_password : NULL);
	curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	if (engine->ca_file)
		curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, engine->ca_file);
}

static void set_options(struct engine *engine, CURL *easy)
{
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	set_proxy(engine, easy);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)BUFFER_BYTES);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, engine->headers);
	/*
	 * By curl's own clock, and so only for its choice among addresses: half of this is for the first one. A little more than
	 * our limit, which names the option: curl's would not.
	 */
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)engine->options.connect_limit_ms + CONNECT_LATER_MS);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (engine->ca_file)
		curl_easy_setopt(easy, CURLOPT_CAINFO, engine->ca_file);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_request_due);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header_line);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body_bytes);
}

static struct handle *handle_new(struct engine *engine)
{
	struct handle *handle = memory_new(sizeof(*handle));

	handle->easy = curl_easy_init();
	if (!handle->easy)
		memory_failed("curl");
	set_options(engine, handle->easy);
	curl_easy_setopt(handle->easy, CURLOPT_PRIVATE, handle);
	curl_easy_setopt(handle->easy, CURLOPT_PREREQDATA, handle);
	curl_easy_setopt(handle->easy, CURLOPT_HEADERDATA, handle);
	curl_easy_setopt(handle->easy, CURLOPT_WRITEDATA, handle);
	curl_easy_setopt(handle->easy, CURLOPT_ERRORBUFFER, handle->why);
	return handle;
}

/* As many as were ever under way at once, which transfers_max bounds. */
void handles_free(struct engine *engine)
{
	struct handle *handle;

	while ((handle = engine->spare_handles)) {
		engine->spare_handles = handle->next_spare;
		curl_easy_cleanup(handle->easy);
		free(handle);
	}
}

static void take_handle(struct transfer *transfer)
{
	struct engine *engine = transfer->engine;
	struct handle *handle = engine->spare_handles;

	if (handle)
		engine->spare_handles = handle->next_spare;
	else
		handle = handle_new(engine);
	handle->transfer = transfer;
	transfer->handle = handle;
}

/* --- into curl and out again --------------------------------------------------------------------------------------- */

static void set_addresses(struct transfer *transfer)
{
	struct engine *engine = transfer->engine;
	struct handle *handle = transfer->handle;
	bool fresh = handle->addresses != engine->lookup.edition;

	/* what a handle gave to curl once, curl keeps for all of them */
	curl_easy_setopt(handle->easy, CURLOPT_RESOLVE, fresh ? engine->resolve : NULL);
	handle->addresses = engine->lookup.edition;
}

static void set_request(struct transfer *transfer)
{
	struct engine *engine = transfer->engine;
	struct handle *handle = transfer->handle;

	if (transfer->order.head)
		curl_easy_setopt(handle->easy, CURLOPT_NOBODY, 1L);
	else
		curl_easy_setopt(handle->easy, CURLOPT_HTTPGET, 1L);
	if (transfer->condition)
		curl_easy_setopt(handle->easy, CURLOPT_HTTPHEADER, transfer->condition);
	curl_easy_setopt(handle->easy, CURLOPT_URL, transfer->url.data);
	if (handle->agent != engine->agent)
		curl_easy_setopt(handle->easy, CURLOPT_USERAGENT, engine->user_agent);
	handle->agent = engine->agent;
}

void handle_begin(struct transfer *transfer)
{
	struct engine *engine = transfer->engine;

	take_handle(transfer);
	reply_prepare(engine, &transfer->reply);
	transfer->in_head = transfer->head_complete = transfer->head_due = transfer->too_big = transfer->no_room = false;
	transfer->body_room = transfer->order.body_room;
	transfer->started_ms = clock_mono_ms();
	transfer->connected_ms = transfer->last_byte_ms = 0;
	transfer->handle->why[0] = '\0';
	set_addresses(transfer);
	set_request(transfer);
	clock_start(engine->clock, &transfer->watch, next_limit(transfer).due_ms - transfer->started_ms);
	transfer_move(transfer, PLACE_ACTIVE);
	if (curl_multi_add_handle(engine->multi, transfer->handle->easy) != CURLM_OK)
		transfer_end(transfer, OUTCOME_PROTOCOL, "curl does not take the request");
}

void handle_end(struct transfer *transfer)
{
	struct engine *engine = transfer->engine;
	struct handle *handle = transfer->handle;

	clock_stop(engine->clock, &transfer->watch);
	curl_multi_remove_handle(engine->multi, handle->easy);
	if (transfer->condition)
		curl_easy_setopt(handle->easy, CURLOPT_HTTPHEADER, engine->headers);
	handle->transfer = NULL;
	handle->next_spare = engine->spare_handles;
	engine->spare_handles = handle;
	transfer->handle = NULL;
}

/* --- what curl has finished ---------------------------------------------------------------------------------------- */

static enum outcome outcome_of(const struct transfer *transfer, CURLcode code)
{
	if (transfer->too_big)
		return OUTCOME_TOO_BIG;
	if (transfer->no_room)
		return OUTCOME_NO_ROOM;
	switch (code) {
	case CURLE_OK:
		return transfer->head_complete ? OUTCOME_OK : OUTCOME_PROTOCOL;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return OUTCOME_LOOKUP;
	case CURLE_COULDNT_CONNECT:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PROXY:
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
		/* a proxy that refuses the tunnel ends like this too */
		return transfer->connected_ms ? OUTCOME_CUT : OUTCOME_CONNECT;
	default:
		return OUTCOME_PROTOCOL;
	}
}

/* How many may be under way depends on it. */
static void note_wire(struct engine *engine, CURL *easy)
{
	long version = 0;

	curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
	if (version)
		engine->wire = version >= CURL_HTTP_VERSION_2_0 ? WIRE_HTTP_2 : WIRE_HTTP_1;
}

void handles_take_finished(struct engine *engine)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(engine->multi, &left))) {
		struct handle *handle = NULL;
		CURLcode code = message->data.result;
		const char *why;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&handle);
		why = handle->why[0] ? handle->why : curl_easy_strerror(code);
		if (handle->transfer->too_big || handle->transfer->no_room)
			why = NULL; /* curl only knows that we did not go on */
		if (handle->transfer->head_complete)
			note_wire(engine, handle->easy);
		transfer_end(handle->transfer, outcome_of(handle->transfer, code), why);
	}
}
