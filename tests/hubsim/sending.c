/* SPDX-License-Identifier: Apache-2.0 */
/* From an answer to bytes: gzip, ETag, the headers of every answer, its counters. */
#include <inttypes.h>
#include <stdlib.h>

#include "storage/model/memory.h"
#include "tests/hubsim/call.h"
#include "tests/hubsim/random.h"
#include "tests/hubsim/sim_clock.h"

enum { GZIP_LEAST_BYTES = 1024 };

/* On every answer, as on the Hub's. */
static const struct {
	const char *name, *value;
} usual_headers[] = {
	{ "X-Powered-By", "huggingface-moon" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ "Referrer-Policy", "strict-origin-when-cross-origin" },
	{ "Access-Control-Max-Age", "86400" },
	{ "Access-Control-Allow-Origin", "https://huggingface.co" },
	{ "Access-Control-Expose-Headers", "X-Repo-Commit,X-Request-Id,X-Error-Code,X-Error-Message,X-Total-Count,ETag,Link,"
		"Accept-Ranges,Content-Range,X-Linked-Size,X-Linked-ETag,X-Xet-Hash" },
};

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
	MHD_add_response_header(response, name, value);
}

static void add_usual_headers(struct MHD_Response *response, const struct exchange *exchange)
{
	const char *trace = exchange->request.trace_id;
	char text[512];

	for (size_t i = 0; i < ARRAY_COUNT(usual_headers); i++)
		add_header(response, usual_headers[i].name, usual_headers[i].value);
	add_header(response, "Vary", exchange->answer.status == 307 ? "Origin, Accept" : "Origin");
	snprintf(text, sizeof(text), "Root=1-%08x-%024" PRIx64 "%s%.300s", (unsigned)(exchange->now_ms / 1000),
		++exchange->sim->request_number, trace ? ";" : "", trace ? trace : "");
	add_header(response, "X-Request-Id", text);
}

static void add_headers(struct MHD_Response *response, const struct exchange *exchange)
{
	const struct answer *answer = &exchange->answer;
	char date[HUB_DATE_ROOM];

	if (!answer->edge)
		add_usual_headers(response, exchange);
	if (answer->content_type)
		add_header(response, "Content-Type", answer->content_type);
	http_date_format(exchange->now_ms + exchange->date_shift_ms, date);
	add_header(response, "Date", date);
	for (unsigned i = 0; i < answer->headers; i++)
		add_header(response, answer->header[i].name, answer->header[i].value);
}

/* W/ or not, the tag is the same. */
static bool is_known(const struct request *request, const char *etag)
{
	return request->if_none_match && strstr(request->if_none_match, etag + 2);
}

bool sending_pack(struct sending *sending, size_t room)
{
	char *packed = memory_grow(NULL, room, 1);
	size_t size = libdeflate_gzip_compress(call_compressor(sending->call), sending->data, sending->size, packed, room);

	if (!size) {
		free(packed);
		return false;
	}
	free(sending->data);
	sending->data = packed;
	sending->size = size;
	sending->gzip = true;
	return true;
}

/* Takes the body out of the answer. In gzip where that is wanted and smaller. */
static void take_body(struct call *call, struct sending *sending)
{
	struct buf *body = &call->exchange.answer.body;

	*sending = (struct sending){ .call = call, .data = body->data, .size = body->size };
	buf_init(body, body->max);
	if (sending->size >= GZIP_LEAST_BYTES && request_offers_gzip(&call->exchange.request))
		sending_pack(sending, sending->size);
}

static struct MHD_Response *make_response(struct sending *sending)
{
	struct MHD_Response *response = sending_fault(sending);

	if (!response)
		response = MHD_create_response_from_buffer(sending->size, sending->data, MHD_RESPMEM_MUST_FREE);
	add_headers(response, &sending->call->exchange);
	if (sending->gzip)
		add_header(response, "Content-Encoding", "gzip");
	return response;
}

/* --- not even a whole head -----------------------------------------------------------------------------------------*/

static bool is_lost(struct exchange *exchange)
{
	enum fault fault = exchange->fault;

	if (fault == FAULT_STALL)
		return random_chance(&exchange->sim->faults.random, 1 / 3.0);
	return fault == FAULT_RESET_BEFORE || fault == FAULT_RESET_HEAD || fault_of(exchange, FAULT_IN_CONNECTION) != FAULT_NONE;
}

static enum MHD_Result lose(struct call *call)
{
	struct exchange *exchange = &call->exchange;

	fault_happened(exchange);
	stats_add(&exchange->sim->stats, exchange->endpoint, 0, 0, 0, 0);
	exchange->answer.status = 0;
	if (exchange->fault == FAULT_STALL) {
		call->silent = true;
		call_wait(call, SILENCE_MS);
		return MHD_YES;
	}
	if (exchange->fault == FAULT_RESET_HEAD)
		call_write_raw(call, call_is_tls(call) ? "\x17\x03\x03\x40" : "HTTP/1.1 200 OK\r\nX-Powered-By: huggingf");
	call_reset(call);
	return MHD_NO;
}

/* --- an answer -----------------------------------------------------------------------------------------------------*/

enum MHD_Result call_send(struct call *call)
{
	struct exchange *exchange = &call->exchange;
	struct answer *answer = &exchange->answer;
	struct MHD_Response *response;
	struct sending sending;
	char etag[64] = "";
	size_t body_bytes;
	enum MHD_Result result;

	if (is_lost(exchange))
		return lose(call);
	if (answer->weak_etag)
		weak_etag(buf_as_slice(&answer->body), etag);
	if (answer->status == 200 && *etag && is_known(&exchange->request, etag)) {
		answer->status = 304;
		buf_reset(&answer->body);
	}
	body_bytes = answer->body.size;
	take_body(call, &sending);
	call->sent_bytes = request_is_head(&exchange->request) ? 0 : sending.size;
	response = make_response(&sending);
	if (*etag)
		add_header(response, "ETag", etag);
	stats_add(&exchange->sim->stats, exchange->endpoint, answer->status, answer->rows, body_bytes, call->sent_bytes);
	result = MHD_queue_response(call->connection, answer->status, response);
	MHD_destroy_response(response);
	return result;
}
