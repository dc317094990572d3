/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hubsim/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>

#include "storage/model/json.h"
#include "storage/model/memory.h"
#include "tests/hubsim/access.h"
#include "tests/hubsim/call.h"
#include "tests/hubsim/doors.h"
#include "tests/hubsim/endpoint.h"
#include "tests/hubsim/random.h"
#include "tests/hubsim/sim_clock.h"

enum {
	UPLOAD_BYTES_MAX = 1 << 30,
	GZIP_LEVEL = 1,
	CONNECTIONS_MAX = 8192,
	CONNECTION_MEMORY = 128 << 10,
};

struct server {
	struct sim *sim;
	struct doors doors;
	struct libdeflate_compressor *compressor;
	struct call *waiting; /* suspended until their time has come */
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

static bool wants_delay(const struct call *call)
{
	const struct options *options = &call->server->sim->options;

	return !call->delayed && options->latency_ms + options->latency_more_ms > 0 &&
		route_bucket(&call->exchange.request) != BUCKET_NONE;
}

/* MHD calls again after the resume. */
void call_wait(struct call *call, int64_t wait_ms)
{
	call->due_ms = sim_clock_steady_ms() + wait_ms;
	call->next_waiting = call->server->waiting;
	call->server->waiting = call;
	MHD_suspend_connection(call->connection);
}

static void delay(struct call *call)
{
	const struct options *options = &call->server->sim->options;
	int64_t wait_ms = options->latency_ms;

	call->delayed = true;
	if (options->latency_more_ms)
		wait_ms += (int64_t)(random_below(&call->server->sim->random, options->latency_more_ms + 1));
	call_wait(call, wait_ms);
}

struct libdeflate_compressor *call_compressor(struct call *call)
{
	return call->server->compressor;
}

/* --- what faults do to a connection --------------------------------------------------------------------------------*/

static int socket_of(const struct call *call)
{
	return MHD_get_connection_info(call->connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

void call_reset(struct call *call)
{
	const struct sockaddr nobody = { .sa_family = AF_UNSPEC };
	int fd = socket_of(call), on = 1, off = 0;

	/* what was written goes out before */
	setsockopt(fd, IPPROTO_TCP, TCP_CORK, &off, sizeof(off));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)connect(fd, &nobody, sizeof(nobody)); /* Linux sends the reset at once */
}

bool call_is_tls(const struct call *call)
{
	return MHD_get_connection_info(call->connection, MHD_CONNECTION_INFO_PROTOCOL) != NULL;
}

void call_write_raw(struct call *call, const char *text)
{
	ssize_t sent = send(socket_of(call), text, strlen(text), MSG_NOSIGNAL);

	(void)sent;
}

/* --- requests ------------------------------------------------------------------------------------------------------*/

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
	if (call->silent) {
		call_reset(call);
		return MHD_NO;
	}
	if (wants_delay(call)) {
		delay(call);
		return MHD_YES;
	}
	read_connection(call);
	if (call->upload.overflow || !buf_reserve(&call->upload, JSON_PADDING)) {
		answer_init(&call->exchange.answer);
		answer_error(&call->exchange.answer, 413, NULL, "more than 1 GiB");
		return call_send(call);
	}
	call->exchange.request.body = buf_as_slice(&call->upload);
	exchange_answer(&call->exchange);
	if (fault_of(&call->exchange, FAULT_IN_CONNECTION) != FAULT_NONE)
		doors_trouble(&call->server->doors, call->exchange.fault); /* call_send() lets this request feel it too */
	return call_send(call);
}

static void *on_target(void *context, const char *target, struct MHD_Connection *connection)
{
	struct server *server = context;
	struct call *call = memory_new(sizeof(*call));

	(void)connection;
	call->server = server;
	call->exchange.fault = FAULT_NONE;
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
	fprintf(log, "%s %s %s %u %zu %" PRId64 " %s%s%s\n", time, call->exchange.request.method, call->target,
		call->exchange.answer.status, call->sent_bytes, sim_clock_steady_ms() - call->started_ms,
		call->exchange.request.authorization ? "token" : "anonymous", call->exchange.fault_happened ? " " : "",
		call->exchange.fault_happened ? fault_name(call->exchange.fault) : "");
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

/* --- life ----------------------------------------------------------------------------------------------------------*/

static struct MHD_Daemon *start_daemon(void *owner, const char *key, const char *certificate)
{
	struct MHD_OptionItem secure[] = {
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, (char *)key },
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, (char *)certificate },
		{ MHD_OPTION_END, 0, NULL },
	};
	/* MHD's own Date would not be from sim_clock. */
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_SUPPRESS_DATE_NO_CLOCK | MHD_USE_NO_LISTEN_SOCKET;

	return MHD_start_daemon(flags | (certificate ? MHD_USE_TLS : 0), 0, NULL, NULL, on_request, owner,
		MHD_OPTION_URI_LOG_CALLBACK, on_target, owner, MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
		MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, MHD_OPTION_ARRAY, certificate ? secure : secure + 2,
		MHD_OPTION_END);
}

struct server *server_new(struct sim *sim, unsigned port)
{
	struct server *server = memory_new(sizeof(*server));

	server->sim = sim;
	server->compressor = libdeflate_alloc_compressor(GZIP_LEVEL);
	if (doors_open(&server->doors, port, sim->options.tls, start_daemon, server))
		return server;
	server_free(server);
	return NULL;
}

unsigned server_port(const struct server *server)
{
	return listener_port(&server->doors.listener);
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
	const struct time_server *time = &server->sim->time;
	struct call **at = &server->waiting;
	int64_t now = time_server_is_settled(time) ? sim_clock_steady_ms() : INT64_MIN;
	bool resumed = false;

	*held = (struct held){ 0, INT64_MAX };
	while (*at) {
		struct call *call = *at;
		if (call->due_ms > now && !(time_server_is_on(time) && is_gone(call))) {
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

/* Trouble ends with its fault, and where time stands still: it would shut out for ever who lets time go on. */
static void calm_doors(struct server *server)
{
	struct doors *doors = &server->doors;

	if (doors->trouble != FAULT_NONE && (server->sim->faults.probability[doors->trouble] == 0 ||
						    time_server_stands_still(&server->sim->time)))
		doors->trouble_until_ms = 0;
}

bool server_run(struct server *server, int stop_fd)
{
	enum { STOP = DOORS_POLLED, CLOCK, POLLED };
	struct pollfd fds[POLLED] = { [STOP] = { .fd = stop_fd, .events = POLLIN }, [CLOCK] = { .events = POLLIN } };
	struct sim *sim = server->sim;
	struct held held;

	for (;;) {
		bool work;

		timeline_run(sim);
		work = resume_due(server, &held);
		work = doors_prepare(&server->doors, fds, &held.due_ms) || work;
		fds[CLOCK].fd = time_server_fd(&sim->time);
		if (poll(fds, POLLED, work ? 0 : time_server_timeout(sim, &held)) < 0 && errno != EINTR)
			return false;
		if (fds[STOP].revents)
			return true;
		if (fds[CLOCK].revents)
			time_server_hear(&sim->time);
		time_server_quiet(sim, &held, !work && !doors_knocked(fds));
		doors_run(&server->doors, fds);
		calm_doors(server);
		if (sim->log)
			fflush(sim->log);
	}
}

void server_free(struct server *server)
{
	if (!server)
		return;
	for (struct call *call = server->waiting; call; call = call->next_waiting)
		MHD_resume_connection(call->connection);
	doors_release(&server->doors);
	libdeflate_free_compressor(server->compressor);
	free(server);
}
