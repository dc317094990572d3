/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of the engine share: engine.c (orders in, replies out, and the queue), handle.c (one transfer inside
 * curl: options, limits, what curl tells), sockets.c (curl's sockets, timer and addresses on the loop). Inside this
 * folder only; loop thread.
 *
 * A wanted transfer is a few hundred bytes; only one that is under way has a curl handle, which goes from one to the next.
 */
#ifndef DAEMON_TRANSFER_TRANSFER_H
#define DAEMON_TRANSFER_TRANSFER_H

#include <curl/curl.h>

#include "daemon/transfer/engine.h"
#include "daemon/transfer/lookup.h"

enum { SPARES_MAX = 128, SPARE_TRANSFERS_MAX = 1024 };

/* A transfer is on exactly one list: spare, waiting (for a place in curl), active, or ended (on_done is due). */
enum transfer_place { PLACE_SPARE, PLACE_WAITING, PLACE_ACTIVE, PLACE_ENDED, PLACE_COUNT };

struct transfer {
	struct engine *engine;
	struct transfer *before, *after; /* on its list */
	enum transfer_place place;
	struct transfer *next_head;      /* among those whose on_head is due */
	struct handle *handle;           /* while active */
	struct buf url;
	struct curl_slist *condition;    /* If-None-Match, in front of the engine's headers; NULL: none */
	struct transfer_order order;
	struct reply reply;
	struct clock_timer watch;        /* over the limits */
	int64_t started_ms, connected_ms, last_byte_ms; /* 0: not yet */
	size_t body_room; /* memory that is set aside for the body */
	bool in_head, head_complete, head_due, too_big, no_room;
};

/* A curl handle with all that never changes set. */
struct handle {
	CURL *easy;
	struct transfer *transfer;
	struct handle *next_spare;
	unsigned addresses; /* the edition that it has given to curl */
	unsigned agent;     /* the edition of the user agent that it has */
	char why[CURL_ERROR_SIZE];
};

struct list {
	struct transfer *first, *last;
	unsigned count;
};

/* Memory of answers, for those to come. */
struct spares {
	struct buf buf[SPARES_MAX];
	unsigned count;
	size_t bytes;
};

enum wire { WIRE_UNKNOWN, WIRE_HTTP_1, WIRE_HTTP_2 };

struct engine {
	struct clock *clock;
	CURLM *multi;
	struct clock_timer curl_timer;
	struct clock_timer drain_timer; /* to end transfers that never reached curl */
	struct lookup lookup;
	struct list lists[PLACE_COUNT];
	struct transfer *heads;
	struct handle *spare_handles;
	struct curl_slist *headers;
	struct curl_slist *resolve;     /* for the newest edition of addresses */
	struct curl_slist *resolve_old; /* earlier ones: a handle may still hold them */
	struct spares bodies, small;    /* small: heads */
	unsigned resolve_edition;
	enum wire wire;                 /* as the last answer came */
	unsigned agent;                 /* edition of user_agent */
	unsigned sockets;
	bool stopped, draining, freeing;
	struct engine_options options;
	char *origin, *host, *port, *user_agent, *ca_file;
	char *proxy, *proxy_user, *proxy_password; /* NULL: none */
};

/* --- engine.c --- */
void transfer_end(struct transfer *transfer, enum outcome outcome, const char *why);
void transfer_move(struct transfer *transfer, enum transfer_place place);
/* After whatever happened: tells owners, who may start more, until nothing is left to tell. */
void engine_drain(struct engine *engine);
void engine_drain_soon(struct engine *engine);
void engine_free_if_last(struct engine *engine);
void reply_prepare(struct engine *engine, struct reply *reply);

/* --- handle.c --- */
/* Gives a waiting transfer to curl; it is active, or has ended. */
void handle_begin(struct transfer *transfer);
/* Takes it out of curl again; the handle is spare. */
void handle_end(struct transfer *transfer);
/* Ends what curl has finished. */
void handles_take_finished(struct engine *engine);
void handles_free(struct engine *engine);
void handle_watch(struct clock_timer *timer);

/* --- sockets.c --- */
void sockets_init(struct engine *engine);
void sockets_take_addresses(struct lookup *lookup, bool found);

#endif
