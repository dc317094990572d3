/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hubsim/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <libdeflate.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdlib.h>

#include "storage/model/json.h"
#include "storage/model/memory.h"
#include "tests/hubsim/access.h"
#include "tests/hubsim/endpoint.h"
#include "tests/hubsim/random.h"
#include "tests/hubsim/sim_clock.h"

enum {
	UPLOAD_BYTES_MAX = 1 << 30,
	GZIP_LEVEL = 1,
	GZIP_LEAST_BYTES = 1024,
	CONNECTIONS_MAX = 8192,
	CONNECTION_MEMORY = 128 << 10,
	BACKLOG = 1024,
};

/* One request from its first line to its last byte. */
struct call {
	struct server *server;
	struct exchange exchange;
	char *target;
	struct MHD_Connection *connection;
	struct buf upload;
	int64_t started_ms, due_ms;
	bool begun, delayed;
	size_t sent_bytes;
	struct call *next_waiting;
};

struct server {
	struct sim *sim;
	struct MHD_Daemon *daemon;
	struct libdeflate_compressor *compressor;
	struct call *waiting; /* suspended until their latency is over */
};

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

static const char *header_of(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static void read_connection(struct call *call)
{
	struct request *request = &call->exchange.request;
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(call->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr_in *address = info ? (const struct sockaddr_in *)info->client_addr : NULL;

	request->authorization = header_of(call->connection, "Authorization");
	request->accept_encoding = header_of(call->connection, "Accept-Encoding");
	request->if_none_match = header_of(call->connection, "If-None-Match");
	request->range = header_of(call->connection, "Range");
	request->trace_id = header_of(call->connection, "X-Amzn-Trace-Id");
	if (address)
		inet_ntop(AF_INET, &address->sin_addr, request->client, sizeof(request->client));
	call->exchange.account = access_account(call->server->sim, request->authorization);
}

/* 429 with the Hub's words. */
static void answer_refused(struct exchange *exchange, enum bucket bucket, const struct quota_state *state)
{
	char period[32];

	if (!exchange->account.token) {
		answer_error(&exchange->answer, 429, NULL, "We had to rate limit your IP (%s). To continue using our service, create a "
			"HF account or login to your existing account, and make sure you pass a HF_TOKEN if you're using the API.",
			exchange->request.client);
		return;
	}
	if (state->limit.window_s % 60 == 0)
		snprintf(period, sizeof(period), "%u minutes", state->limit.window_s / 60);
	else
		snprintf(period, sizeof(period), "%u seconds", state->limit.window_s);
	answer_error(&exchange->answer, 429, NULL, "We had to rate limit you, you hit the quota of %u %s requests per %s period.",
		state->limit.requests, bucket_names[bucket], period);
}

/* False: over the quota, answered. */
static bool take_quota(struct exchange *exchange)
{
	struct sim *sim = exchange->sim;
	enum bucket bucket = route_bucket(&exchange->request);
	const char *client = exchange->account.token ? exchange->account.token : exchange->request.client;
	struct quota_state state = quota_take(&sim->quota, client, bucket,
		exchange->account.token ? &sim->options.token_quota : &sim->options.quota, exchange->now_ms);

	if (!state.limit.requests)
		return true;
	exchange->answer.plain = bucket == BUCKET_RESOLVERS;
	if (state.refused)
		answer_refused(exchange, bucket, &state);
	answer_header(&exchange->answer, "RateLimit", "\"%s\";r=%u;t=%u", bucket_names[bucket], state.remaining, state.reset_s);
	answer_header(&exchange->answer, "RateLimit-Policy", "\"fixed window\";\"%s\";q=%u;w=%u", bucket_names[bucket],
		state.limit.requests, state.limit.window_s);
	exchange->answer.plain = false;
	return !state.refused;
}

static void make_answer(struct exchange *exchange)
{
	exchange->now_ms = sim_clock_now_ms();
	exchange->endpoint = ENDPOINT_other;
	answer_init(&exchange->answer);
	if (!take_quota(exchange))
		return;
	if (exchange->account.bad && route_bucket(&exchange->request) != BUCKET_NONE)
		answer_error(&exchange->answer, 401, NULL, "Invalid credentials in Authorization header");
	else
		route_answer(exchange);
}

static bool offers_gzip(const struct request *request)
{
	const char *at = request->accept_encoding ? strcasestr(request->accept_encoding, "gzip") : NULL;

	if (!at)
		return false;
	at += strlen("gzip");
	return strncmp(at, ";q=", 3) != 0 || strtod(at + 3, NULL) > 0;
}

/* The body in gzip, or NULL if that is not wanted or no smaller. */
static char *compress_body(struct server *server, const struct exchange *exchange, size_t *size)
{
	const struct buf *body = &exchange->answer.body;
	char *packed;

	if (body->size < GZIP_LEAST_BYTES || !offers_gzip(&exchange->request))
		return NULL;
	packed = memory_grow(NULL, body->size, 1);
	*size = libdeflate_gzip_compress(server->compressor, body->data, body->size, packed, body->size);
	if (*size)
		return packed;
	free(packed);
	return NULL;
}

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
	MHD_add_response_header(response, name, value);
}

static void add_headers(struct MHD_Response *response, const struct call *call)
{
	const struct exchange *exchange = &call->exchange;
	const struct answer *answer = &exchange->answer;
	const char *trace = exchange->request.trace_id;
	char text[512];

	for (size_t i = 0; i < ARRAY_COUNT(usual_headers); i++)
		add_header(response, usual_headers[i].name, usual_headers[i].value);
	add_header(response, "Vary", answer->status == 307 ? "Origin, Accept" : "Origin");
	if (answer->content_type)
		add_header(response, "Content-Type", answer->content_type);
	http_date_format(exchange->now_ms, text);
	add_header(response, "Date", text);
	snprintf(text, sizeof(text), "Root=1-%08x-%024" PRIx64 "%s%.300s", (unsigned)(exchange->now_ms / 1000),
		++exchange->sim->request_number, trace ? ";" : "", trace ? trace : "");
	add_header(response, "X-Request-Id", text);
	for (unsigned i = 0; i < answer->headers; i++)
		add_header(response, answer->header[i].name, answer->header[i].value);
}

/* W/ or not, the tag is the same. */
static bool is_known(const struct request *request, const char *etag)
{
	return request->if_none_match && strstr(request->if_none_match, etag + 2);
}

static enum MHD_Result send_answer(struct call *call)
{
	struct exchange *exchange = &call->exchange;
	struct answer *answer = &exchange->answer;
	struct MHD_Response *response;
	size_t body_bytes, size = 0;
	char etag[64] = "", *packed;
	enum MHD_Result result;

	if (answer->weak_etag)
		weak_etag(buf_as_slice(&answer->body), etag);
	if (answer->status == 200 && *etag && is_known(&exchange->request, etag)) {
		answer->status = 304;
		buf_reset(&answer->body);
	}
	body_bytes = answer->body.size;
	packed = compress_body(call->server, exchange, &size);
	if (packed) {
		response = MHD_create_response_from_buffer(size, packed, MHD_RESPMEM_MUST_FREE);
		add_header(response, "Content-Encoding", "gzip");
	} else {
		size = answer->body.size;
		response = MHD_create_response_from_buffer(size, answer->body.data, MHD_RESPMEM_MUST_FREE);
		buf_init(&answer->body, answer->body.max); /* moved */
	}
	add_headers(response, call);
	if (*etag)
		add_header(response, "ETag", etag);
	call->sent_bytes = request_is_head(&exchange->request) ? 0 : size;
	stats_add(&exchange->sim->stats, exchange->endpoint, answer->status, answer->rows, body_bytes, call->sent_bytes);
	result = MHD_queue_response(call->connection, answer->status, response);
	MHD_destroy_response(response);
	return result;
}

static bool wants_delay(const struct call *call)
{
	const struct options *options = &call->server->sim->options;

	return !call->delayed && options->latency_ms + options->latency_more_ms > 0 &&
		route_bucket(&call->exchange.request) != BUCKET_NONE;
}

/* Sleeps without holding up others; MHD calls again after the resume. */
static void delay(struct call *call)
{
	struct server *server = call->server;
	const struct options *options = &server->sim->options;

	call->delayed = true;
	call->due_ms = sim_clock_steady_ms() + options->latency_ms;
	if (options->latency_more_ms)
		call->due_ms += (int64_t)(random_below(&server->sim->random, options->latency_more_ms + 1));
	call->next_waiting = server->waiting;
	server->waiting = call;
	MHD_suspend_connection(call->connection);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url, const char *method,
	const char *version, const char *upload, size_t *upload_size, void **of_call)
{
	struct call *call = *of_call;

	(void)context, (void)url, (void)version;
	if (!call->begun) {
		call->begun = true;
		call->connection = connection;
		call->started_ms = sim_clock_steady_ms();
		request_init(&call->exchange.request, call->target);
		call->exchange.request.method = method;
		return MHD_YES;
	}
	if (*upload_size) {
		buf_add(&call->upload, upload, *upload_size);
		*upload_size = 0;
		return MHD_YES;
	}
	if (wants_delay(call)) {
		delay(call);
		return MHD_YES;
	}
	read_connection(call);
	if (call->upload.overflow || !buf_reserve(&call->upload, JSON_PADDING)) {
		answer_init(&call->exchange.answer);
		answer_error(&call->exchange.answer, 413, NULL, "more than 1 GiB");
		return send_answer(call);
	}
	call->exchange.request.body = buf_as_slice(&call->upload);
	make_answer(&call->exchange);
	return send_answer(call);
}

static void *on_target(void *context, const char *target, struct MHD_Connection *connection)
{
	struct server *server = context;
	struct call *call = memory_new(sizeof(*call));

	(void)connection;
	call->server = server;
	call->exchange.sim = server->sim;
	call->target = memory_text(target, strlen(target));
	buf_init(&call->upload, UPLOAD_BYTES_MAX);
	return call;
}

static void write_log(const struct call *call)
{
	FILE *log = call->server->sim->log;
	char time[HUB_DATE_ROOM];

	if (!log || !call->exchange.request.method)
		return;
	hub_date_format(call->exchange.now_ms ? call->exchange.now_ms : sim_clock_now_ms(), time);
	fprintf(log, "%s %s %s %u %zu %" PRId64 " %s\n", time, call->exchange.request.method, call->target,
		call->exchange.answer.status, call->sent_bytes, sim_clock_steady_ms() - call->started_ms,
		call->exchange.request.authorization ? "token" : "anonymous");
}

static void on_completed(void *context, struct MHD_Connection *connection, void **of_call, enum MHD_RequestTerminationCode code)
{
	struct call *call = *of_call;

	(void)context, (void)connection, (void)code;
	if (!call)
		return;
	write_log(call);
	request_release(&call->exchange.request);
	answer_release(&call->exchange.answer);
	buf_release(&call->upload);
	free(call->target);
	free(call);
	*of_call = NULL;
}

/* MHD would decode the target; request.c does, after cutting it. */
static size_t keep_escapes(void *context, struct MHD_Connection *connection, char *text)
{
	(void)context, (void)connection;
	return strlen(text);
}

struct server *server_new(struct sim *sim, unsigned port)
{
	struct server *server = memory_new(sizeof(*server));
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };

	server->sim = sim;
	server->compressor = libdeflate_alloc_compressor(GZIP_LEVEL);
	/* MHD's own Date would not be from sim_clock. */
	server->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_SUPPRESS_DATE_NO_CLOCK,
		(uint16_t)port, NULL, NULL, on_request, server, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address,
		MHD_OPTION_URI_LOG_CALLBACK, on_target, server, MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
		MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, MHD_OPTION_LISTEN_BACKLOG_SIZE, (unsigned)BACKLOG,
		MHD_OPTION_END);
	if (server->daemon)
		return server;
	server_free(server);
	return NULL;
}

unsigned server_port(const struct server *server)
{
	return MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

static bool is_gone(const struct call *call)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(call->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct pollfd client = { .fd = info->connect_fd, .events = POLLRDHUP };

	return poll(&client, 1, 0) > 0 && client.revents & (POLLRDHUP | POLLHUP | POLLERR);
}

/* Resumes what is due, and what nobody waits for any more, and says whether there was any; counts the others. */
static bool resume_due(struct server *server, struct held *held)
{
	struct call **at = &server->waiting;
	int64_t now = sim_clock_steady_ms();
	bool resumed = false;

	*held = (struct held){ 0, INT64_MAX };
	while (*at) {
		struct call *call = *at;
		if (call->due_ms > now && !(time_server_is_on(&server->sim->time) && is_gone(call))) {
			held->calls++;
			held->due_ms = call->due_ms < held->due_ms ? call->due_ms : held->due_ms;
			at = &call->next_waiting;
			continue;
		}
		*at = call->next_waiting;
		MHD_resume_connection(call->connection);
		resumed = true;
	}
	return resumed;
}

static bool has_work(const struct server *server)
{
	MHD_UNSIGNED_LONG_LONG wanted;

	return MHD_get_timeout(server->daemon, &wanted) == MHD_YES && wanted == 0;
}

bool server_run(struct server *server, int stop_fd)
{
	struct pollfd fds[3] = {
		{ .fd = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd, .events = POLLIN },
		{ .fd = stop_fd, .events = POLLIN },
		{ .events = POLLIN },
	};
	struct held held;

	for (;;) {
		bool work;

		timeline_run(server->sim);
		work = resume_due(server, &held);
		work = has_work(server) || work;
		fds[2].fd = time_server_fd(&server->sim->time);
		if (poll(fds, 3, work ? 0 : time_server_timeout(server->sim, &held)) < 0 && errno != EINTR)
			return false;
		if (fds[1].revents)
			return true;
		if (fds[2].revents)
			time_server_hear(&server->sim->time);
		time_server_quiet(server->sim, &held, !work && !fds[0].revents);
		MHD_run(server->daemon);
		if (server->sim->log)
			fflush(server->sim->log);
	}
}

void server_free(struct server *server)
{
	if (!server)
		return;
	for (struct call *call = server->waiting; call; call = call->next_waiting)
		MHD_resume_connection(call->connection);
	if (server->daemon)
		MHD_stop_daemon(server->daemon);
	libdeflate_free_compressor(server->compressor);
	free(server);
}
