/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request to the Hub, from the wish to the decoded page. request.c reads from top to bottom as it happens.
 *
 * A request belongs to itself: request_start() makes it, and it frees itself after exactly one of
 *     on_page     returned true: the page was taken
 *     on_text     a body that is not of rows
 *     on_answer   an answer without what was asked for: a redirect, a refusal, 304; and every answer to REQUEST_HEAD
 *     on_failed   given up after its retries, or the daemon ends
 * Before it is sent, memory is set aside for an answer as large as such answers usually are; a larger one needs more as it
 * comes, and ends as OUTCOME_NO_ROOM where there is none, to be sent again.
 *
 * A request that may not be handed over yet (on_page returned false) waits for request_resume(). Trouble and damage are
 * asked again by itself, as often as the configuration says. Loop thread only.
 */
#ifndef DAEMON_CRAWL_REQUEST_H
#define DAEMON_CRAWL_REQUEST_H

#include "daemon/crawl/context.h"
#include "daemon/crawl/writer.h"
#include "daemon/hub/headers.h"

struct request;

/* What a request is after. */
enum request_form {
	REQUEST_ROWS, /* a listing, or a single repo: decoded and compared with the store */
	REQUEST_TEXT, /* any other body, decompressed: commits, a file */
	REQUEST_HEAD, /* the head alone */
};

struct request_calls {
	void (*on_head)(struct request *request); /* may be NULL: a head with status 200 is here, the body is not */
	bool (*on_page)(struct request *request); /* 200 to REQUEST_ROWS */
	/*
	 * May be NULL: reads the body off the loop, before on_text. It may look at the request's head and owner, and touch
	 * nothing but what waits for this very answer. An error of model/error.h: the body is damaged, and asked for again.
	 */
	int (*read_text)(struct request *request, struct slice text);
	void (*on_text)(struct request *request); /* 200 to REQUEST_TEXT: the body is in request->text */
	void (*on_answer)(struct request *request);
	void (*on_failed)(struct request *request);
};

struct request_order {
	struct context *context;
	enum lane lane;
	enum request_form form;
	struct projection projection; /* of REQUEST_ROWS; of the others its kind alone counts */
	struct slice url; /* copied */
	struct slice if_none_match; /* copied; size 0: none */
	size_t body_max; /* 0: as configured for pages */
	const struct request_calls *calls;
	void *owner;
	uint64_t tag; /* the owner's */
};

struct request {
	struct context *context;
	enum lane lane;
	enum request_form form;
	struct projection projection;
	struct buf url, if_none_match;
	size_t body_max;
	const struct request_calls *calls;
	void *owner;
	uint64_t tag;

	struct reply reply;
	struct answer_time time; /* of the reply; at_ms 0: there was no head */
	struct hub_head head; /* borrows from the reply; in on_head from what has arrived */
	struct page page;     /* in on_page */
	struct buf text;      /* in on_text; JSON_PADDING readable bytes follow it */
	char why[320];        /* in on_failed */
	bool too_heavy;       /* in on_failed: fewer rows may be what helps */

	/* private */
	struct request *before, *after; /* of all */
	unsigned step;        /* enum request_step */
	bool running, has_room;
	size_t held;          /* bytes of the budget */
	unsigned tries;       /* that failed */
	uint64_t number;
	struct turn_place place;
	struct clock_timer timer;
	struct work work;
};

void request_start(const struct request_order *order);
void request_resume(struct request *request);

/*
 * Within on_page, on_text or on_answer, and in on_failed unless the daemon ends: gives an answer to the writer, with the room
 * that was reserved for it. The page is moved (what else the answer points to lives in its arena); url, date and request id
 * are filled in, slices of `answer` are copied.
 */
void request_hand_over(struct request *request, struct answer *answer, void (*on_committed)(void *owner), void *owner);

/*
 * Why an answer is of no use, in words: its status, which parameter of the listing it names, and what it says, in ASCII
 * without control characters. Within on_answer.
 */
enum { REQUEST_REFUSAL_TEXT = 320 };
void request_refusal_text(const struct request *request, char text[REQUEST_REFUSAL_TEXT]);
/* Why the repo that was asked for rests, after an answer that decided nothing, or after none. */
enum rest_reason request_rest(const struct request *request);

/* With context->stopping set: ends those that wait for quota, room or a retry. */
void request_stop_idle(struct context *context);

/* When no request lives any more. */
void request_free_spares(struct context *context);

#endif
