/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One answer before it is sent: status, headers, body; and the forms that the Hub's answers have.
 *
 * Errors of the API are {"error":text} with the text in X-Error-Message and a code, if any, in X-Error-Code; those of
 * file URLs are plain text.
 */
#ifndef HUBSIM_ANSWER_H
#define HUBSIM_ANSWER_H

#include "storage/model/buf.h"

enum { ANSWER_HEADERS_MAX = 32 };

struct answer {
	unsigned status;
	struct buf body;
	const char *content_type;
	struct {
		const char *name;
		char *value;
	} header[ANSWER_HEADERS_MAX];
	unsigned headers;
	bool weak_etag; /* compute the API's ETag from the body and compare If-None-Match with it */
	bool edge;      /* not from the Hub itself: without its usual headers */
	bool plain;     /* a file URL: errors are text */
	unsigned rows;  /* for the counters */
};

void answer_init(struct answer *answer);
void answer_release(struct answer *answer);

/* Control characters and what is not ASCII become `?`: header values come from ids and messages. */
void answer_header(struct answer *answer, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The body is done: status 200, JSON, with an ETag. */
void answer_json(struct answer *answer);
/* `code` may be NULL. */
void answer_error(struct answer *answer, unsigned status, const char *code, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void answer_redirect(struct answer *answer, struct slice location);

/* W/"<hex size>-<27 characters of the base64 SHA-1>": what the Hub's framework makes of a body. */
void weak_etag(struct slice body, char out[64]);

#endif
