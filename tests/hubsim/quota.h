/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Hub's rate limits: fixed windows for each client (an address, or the account behind a token) and bucket.
 *
 * Windows lie on a grid of the clock, not where a client began, so a first window may be short.
 */
#ifndef HUBSIM_QUOTA_H
#define HUBSIM_QUOTA_H

#include "storage/model/buf.h"

enum bucket { BUCKET_API, BUCKET_RESOLVERS, BUCKET_COUNT, BUCKET_NONE };

struct quota_limit {
	uint32_t requests; /* 0: no limit and no headers */
	uint32_t window_s;
};

struct quota_limits {
	struct quota_limit limit[BUCKET_COUNT];
};

struct quota_state { /* what the headers tell */
	struct quota_limit limit;
	uint32_t remaining, reset_s;
	bool refused;
};

struct quota {
	struct quota_client *client;
	size_t clients;
};

extern const char *const bucket_names[BUCKET_COUNT];

/* `api=500/300,resolvers=3000/300` or `none`; false if it is neither. */
bool quota_parse(const char *text, struct quota_limits *limits);

void quota_release(struct quota *quota);
/* Until the window ends. */
void quota_halve(struct quota *quota, const char *client, enum bucket bucket, const struct quota_limits *limits,
	int64_t now_ms);
/* Counts one request of `client`. */
struct quota_state quota_take(struct quota *quota, const char *client, enum bucket bucket, const struct quota_limits *limits,
	int64_t now_ms);

#endif
