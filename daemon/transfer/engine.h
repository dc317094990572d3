/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transfers: URL in, status, head and body out. This folder is the only one that knows curl and sockets.
 *
 * One curl multi handle on the libuv loop. In front of it stands a queue of our own, because handles that wait inside
 * curl cost more the more of them wait: hundreds or thousands may be wanted, of which as many are under way as the
 * connections carry. HTTP/2 where TLS offers it, many requests on one connection; no redirects, no cookies, http and
 * https only. Names are looked up by libuv's threads and handed to curl as addresses: curl's own resolver was seen to
 * block the loop for seconds. All limits are watched by our own clock. The body stays as it was sent (decode.h).
 *
 * Promises: on_done runs exactly once for each transfer_start(), never before that has returned and never inside a curl
 * callback; on_head at most once, before it. The token goes only to the configured origin; an order that leads elsewhere
 * ends as OUTCOME_REFUSED and is not sent. Loop thread only.
 *
 * Phases: engine_new, transfer_start..., engine_stop (everything under way ends as OUTCOME_CANCELLED, nothing can be
 * started any more), engine_free.
 */
#ifndef DAEMON_TRANSFER_ENGINE_H
#define DAEMON_TRANSFER_ENGINE_H

#include "daemon/run/clock.h"
#include "daemon/transfer/outcome_table.h"
#include "daemon/transfer/proxy.h"
#include "storage/model/buf.h"

enum { REPLY_HEAD_MAX = 64 * 1024, REPLY_WHY_SIZE = 256 };

struct reply {
	enum outcome outcome;
	unsigned status;          /* 0: there was no head */
	struct buf head;          /* header lines of the last answer, without its status line */
	struct buf body;
	int64_t head_at_ms;       /* wall clock; 0: there was no head */
	char why[REPLY_WHY_SIZE]; /* for people, where the outcome is not OK */
};

struct transfer_order {
	struct slice url;           /* copied */
	struct slice if_none_match; /* copied; an ETag with its quotes. Size 0, or not a valid one: no condition */
	bool head;                  /* HEAD instead of GET: there is no body */
	size_t body_max;            /* 0: the engine's */
	size_t body_room;           /* memory that is set aside for the body already */
	/* May be NULL: a body needs `more` bytes beyond that. False: there are none, it ends as OUTCOME_NO_ROOM. In a curl
	 * callback: counts, and does nothing else. */
	bool (*on_more)(void *owner, size_t more);
	void (*on_head)(void *owner, unsigned status, struct slice head); /* may be NULL; the head is borrowed */
	void (*on_done)(void *owner, struct reply *reply); /* the reply is moved out of, see reply_take */
	void *owner;
};

struct engine_options {
	const char *origin;      /* every URL begins with it */
	const char *host, *port; /* of the origin */
	const char *token;       /* NULL: none, or not allowed on this origin */
	const char *user_agent;
	const char *ca_file;     /* NULL: the system's */
	const struct proxy *proxy; /* NULL: none; used during engine_new alone */
	size_t body_max;
	unsigned transfers_max;   /* under way at once; no more than connections over HTTP/1.1, a hundred times that over HTTP/2 */
	unsigned connections_max;
	int64_t connect_limit_ms, first_byte_limit_ms, stall_limit_ms, total_limit_ms;
};

struct engine;

/* The texts are copied. NULL: a library refused or the CA file cannot be used (said in `why`). */
struct engine *engine_new(struct clock *clock, const struct engine_options *options, char why[REPLY_WHY_SIZE]);
void engine_stop(struct engine *engine);
/* After engine_stop; its handles close as the loop runs on. */
void engine_free(struct engine **engine);
/* A name look-up that cannot be cancelled is still under way: the loop cannot end now. */
bool engine_is_stuck(const struct engine *engine);

/* Requests that a server which answers one at a time on a connection has before it. */
unsigned engine_in_flight(const struct engine *engine);

void engine_set_user_agent(struct engine *engine, const char *user_agent);

void transfer_start(struct engine *engine, const struct transfer_order *order);

/* Whether an ETag (RFC 9110, 8.8.3) can be sent back as a condition. */
bool transfer_etag_is_valid(struct slice etag);

/* Moves a reply; `from` is empty afterwards. */
void reply_take(struct reply *to, struct reply *from);
/* Its memory goes back to the engine, for the next answer. Any number of times. */
void reply_release(struct engine *engine, struct reply *reply);
void reply_release_body(struct engine *engine, struct reply *reply);

#endif
