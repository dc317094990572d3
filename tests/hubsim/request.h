/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request as it came: method, path cut at its slashes, query parameters, the few headers that matter.
 *
 * The path is cut before it is decoded, so that `refs%2Fpr%2F1` is one segment. Slices point into memory of the
 * request, which lives until request_release().
 */
#ifndef HUBSIM_REQUEST_H
#define HUBSIM_REQUEST_H

#include "storage/model/buf.h"

enum { REQUEST_SEGMENTS_MAX = 64, REQUEST_PARAMETERS_MAX = 256 };

struct parameter {
	struct slice name, value; /* decoded */
};

struct request {
	const char *method;
	struct slice target; /* raw: path?query */
	struct slice path;   /* raw */
	struct slice query;  /* raw, without the question mark */
	struct slice segment[REQUEST_SEGMENTS_MAX]; /* decoded */
	unsigned segments;
	struct parameter parameter[REQUEST_PARAMETERS_MAX];
	unsigned parameters;
	bool too_long;       /* more segments or parameters than there is room for */

	const char *authorization, *accept_encoding, *if_none_match, *range, *trace_id; /* NULL: not sent */
	char client[64];     /* the address */
	struct slice body;

	char *memory;
};

/* `target` is the request line's; copied. */
void request_init(struct request *request, const char *target);
void request_release(struct request *request);

/* The first parameter of that name (`name[]` counts as `name`), or no data. */
struct slice request_parameter(const struct request *request, const char *name);
bool request_is(const struct parameter *parameter, const char *name);
/* `true` or `1` or `True`. */
bool request_flag(const struct request *request, const char *name);
bool request_is_head(const struct request *request);
bool request_offers_gzip(const struct request *request);

/* Everything but A-Z a-z 0-9 - . _ ~ becomes %XX; `keep` names more characters to leave. */
void percent_encode(struct slice text, const char *keep, struct buf *out);

#endif
