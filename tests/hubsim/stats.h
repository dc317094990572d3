/* SPDX-License-Identifier: Apache-2.0 */
/* Counters: requests by endpoint and status, rows and pages served, bytes. */
#ifndef HUBSIM_STATS_H
#define HUBSIM_STATS_H

#include "storage/model/buf.h"

/* X(name): the word in /sim/stats */
#define ENDPOINT_TABLE(X) \
	X(list) X(repo) X(revision) X(commits) X(tree) X(raw) X(resolve) X(resolve_cache) X(control) X(other)

enum endpoint {
#define X(name) ENDPOINT_##name,
	ENDPOINT_TABLE(X)
#undef X
	ENDPOINT_COUNT
};

enum { STATUS_MAX = 600 };

struct stats {
	uint64_t requests[ENDPOINT_COUNT][STATUS_MAX];
	uint64_t rows, pages, body_bytes, sent_bytes;
};

void stats_add(struct stats *stats, enum endpoint endpoint, unsigned status, uint64_t rows, uint64_t body_bytes,
	uint64_t sent_bytes);
/* Members of a JSON object, without its braces. */
void stats_write(const struct stats *stats, struct buf *out);

#endif
