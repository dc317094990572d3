/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The head of an answer, taken apart: next page, quota, dates, error codes.
 *
 * Pure. Everything is borrowed from the header block: the lines of the last answer without its status line. Nothing in
 * it is trusted: what cannot be read is as if it were not there. Sources: RFC 8288 (Link), RFC 9110 (Date, Retry-After,
 * Age), draft-ietf-httpapi-ratelimit-headers-09 as the Hub sends it:
 *
 *     ratelimit: "api";r=499;t=295
 *     ratelimit-policy: "fixed window";"api";q=500;w=300
 */
#ifndef DAEMON_HUB_HEADERS_H
#define DAEMON_HUB_HEADERS_H

#include "storage/model/bytes.h"

/* Bytes of a value that is kept: UTF-8 without control characters. Addresses (next, location) are longer: see url_follow(). */
enum { HEADER_VALUE_MAX = 200 };

enum { QUOTA_BUCKETS_MAX = 4, QUOTA_NAME_SIZE = 24 };

/* What is beyond was not said: products of two of these fit into 64 bits, and nobody waits longer than a day. */
#define QUOTA_REQUESTS_MAX INT64_C(1000000000)
#define QUOTA_SECONDS_MAX INT64_C(86400)

/* What an answer says of one bucket; -1: not said. */
struct quota_said {
	char bucket[QUOTA_NAME_SIZE];
	int64_t remaining, reset_s; /* of this window */
	int64_t quota, window_s;
};

struct hub_head {
	struct slice next;     /* target of the Link whose rel is next; size 0: none */
	struct slice location;
	struct slice content_type, content_encoding;
	struct slice error_code, error_message, request_id;
	struct slice etag;     /* with its quotes */
	struct slice repo_commit; /* the commit that a file was taken from */
	struct slice date;
	int64_t date_ms;       /* 0: none or unreadable */
	int64_t retry_after_s; /* Retry-After, a fraction rounded up; a date less the answer's own Date; -1: none */
	int64_t retry_at_ms;   /* a date, where no Date stands beside it; 0: none */
	bool retry_is_unread;  /* it was there, and made no sense */
	int64_t total_count;   /* of all that a list has, page by page; -1: not said */
	int64_t age_s;         /* since the Hub gave it; -1: not said */
	bool has_age;          /* out of some cache: what it says of the quota is old */
	unsigned quota_count;  /* 0 where has_age */
	struct quota_said quota[QUOTA_BUCKETS_MAX];
};

void headers_read(struct slice block, struct hub_head *head);

/* The bucket's entry, or NULL. */
const struct quota_said *headers_quota(const struct hub_head *head, const char *bucket);

#endif
