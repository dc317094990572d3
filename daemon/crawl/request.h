/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request to the Hub, from the wish to the decoded page. request.c reads from top to bottom as it happens.
 *
 * A request belongs to itself: request_start() makes it, and it frees itself after exactly one of
 *     on_page     returned true: the page was taken
 *     on_answer   an answer that is not a page: a redirect, a refusal
 *     on_failed   given up after its retries, or the daemon ends
 * A request that may not be handed over yet (on_page returned false) waits for request_resume(). Trouble and damage are
 * asked again by itself, as often as the configuration says. Loop thread only.
 */
#ifndef DAEMON_CRAWL_REQUEST_H
#define DAEMON_CRAWL_REQUEST_H

#include "daemon/crawl/context.h"
#include "daemon/crawl/writer.h"
#include "daemon/hub/headers.h"

struct request;

struct request_calls {
	void (*on_head)(struct request *request); /* may be NULL: a head with status 200 is here, the body is not */
	bool (*on_page)(struct request *request);
	void (*on_answer)(struct request *request);
	void (*on_failed)(struct request *request);
};

struct request_order {
	struct context *context;
	enum lane lane;
	struct projection projection;
	struct slice url; /* copied */
	const struct request_calls *calls;
	void *owner;
	uint64_t tag; /* the owner's */
};

struct request {
	struct context *context;
	enum lane lane;
	struct projection projection;
	struct buf url;
	const struct request_calls *calls;
	void *owner;
	uint64_t tag;

	struct reply reply;
	struct hub_head head; /* borrows from the reply; in on_head from what has arrived */
	struct page page;     /* in on_page */
	char why[320];        /* in on_failed */
	bool too_heavy;       /* in on_failed: fewer rows may be what helps */

	/* private */
	struct request *before, *after; /* of all */
	unsigned step;        /* enum request_step */
	bool running, has_room;
	unsigned tries;       /* that failed */
	uint64_t number;
	struct turn_place place;
	struct clock_timer timer;
	struct work work;
};

void request_start(const struct request_order *order);
void request_resume(struct request *request);

/*
 * Within on_page or on_answer: gives an answer to the writer, with the room that was reserved for it. The page is moved;
 * url, date and request id are filled in, slices of `answer` are copied.
 */
void request_hand_over(struct request *request, struct answer *answer, void (*on_committed)(void *owner), void *owner);

/* With context->stopping set: ends those that wait for quota, room or a retry. */
void request_stop_idle(struct context *context);

#endif
