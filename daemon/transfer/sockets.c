/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/transfer/transfer.h"

#include <stdlib.h>

#include "storage/model/memory.h"

/* A socket that curl wants to be told about. */
struct watched {
	uv_poll_t poll;
	struct engine *engine;
	curl_socket_t socket;
	int events; /* that curl waits for, as libuv names them */
};

/* --- curl and the loop ---------------------------------------------------------------------------------------------*/

static void curl_action(struct engine *engine, curl_socket_t socket, int events)
{
	int running;

	curl_multi_socket_action(engine->multi, socket, events, &running);
	engine_drain(engine);
}

static int curl_flags(int events)
{
	return (events & UV_READABLE ? CURL_CSELECT_IN : 0) | (events & UV_WRITABLE ? CURL_CSELECT_OUT : 0);
}

/*
 * Curl hears of a socket in error that it can be read and written: its own call then says what is wrong. Where the server
 * has reset an idle connection, curl so sends the request again; after CURL_CSELECT_ERR it would fail the transfer
 * ("select/poll returned error"). libuv no longer watches such a socket.
 */
static void on_socket_event(uv_poll_t *poll, int status, int events)
{
	struct watched *watched = poll->data;

	if (status >= 0) {
		curl_action(watched->engine, watched->socket, curl_flags(events));
		return;
	}
	curl_action(watched->engine, watched->socket, CURL_CSELECT_IN | CURL_CSELECT_OUT);
	if (!uv_is_closing((uv_handle_t *)poll))
		uv_poll_start(poll, watched->events, on_socket_event);
}

static void on_curl_timer(struct clock_timer *timer)
{
	curl_action(timer->owner, CURL_SOCKET_TIMEOUT, 0);
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

static void on_socket_closed(uv_handle_t *handle)
{
	struct watched *watched = handle->data;
	struct engine *engine = watched->engine;

	free(watched);
	engine->sockets--;
	engine_free_if_last(engine);
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
	watched->events = events;
	return uv_poll_start(&watched->poll, events, on_socket_event) ? -1 : 0;
}

void sockets_init(struct engine *engine)
{
	const struct engine_options *options = &engine->options;

	engine->curl_timer = (struct clock_timer){ .on_timer = on_curl_timer, .owner = engine };
	engine->multi = curl_multi_init();
	if (!engine->multi)
		memory_failed("curl");
	curl_multi_setopt(engine->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
	curl_multi_setopt(engine->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)options->connections_max);
	curl_multi_setopt(engine->multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
	curl_multi_setopt(engine->multi, CURLMOPT_SOCKETDATA, engine);
	curl_multi_setopt(engine->multi, CURLMOPT_TIMERFUNCTION, on_curl_timeout);
	curl_multi_setopt(engine->multi, CURLMOPT_TIMERDATA, engine);
}

/* --- addresses ------------------------------------------------------------------------------------------------------*/

static void keep_old_addresses(struct engine *engine)
{
	if (!engine->lists[PLACE_ACTIVE].count) {
		curl_slist_free_all(engine->resolve_old);
		engine->resolve_old = NULL;
	}
	while (engine->resolve) {
		struct curl_slist *rest = engine->resolve->next;

		engine->resolve->next = engine->resolve_old;
		engine->resolve_old = engine->resolve;
		engine->resolve = rest;
	}
}

static void give_addresses(struct engine *engine)
{
	const struct lookup *lookup = &engine->lookup;
	struct buf text = BUF_INIT(SIZE_MAX / 2);

	keep_old_addresses(engine);
	buf_printf(&text, "%s:%s:%.*s", lookup->host, lookup->port, (int)lookup->addresses.size, lookup->addresses.data);
	engine->resolve = curl_slist_append(NULL, text.data);
	if (!engine->resolve)
		memory_failed("curl");
	engine->resolve_edition = lookup->edition;
	buf_release(&text);
}

void sockets_take_addresses(struct lookup *lookup, bool found)
{
	struct engine *engine = lookup->owner;
	struct transfer *transfer;

	if (found && engine->resolve_edition != lookup->edition)
		give_addresses(engine);
	else if (!found && !lookup->edition)
		while ((transfer = engine->lists[PLACE_WAITING].first))
			transfer_end(transfer, OUTCOME_LOOKUP, lookup->why);
	engine_drain(engine);
}
