/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The URLs of the Hub: making them, and deciding which of those that a server names may be followed.
 *
 * Pure. Every URL that leaves this module begins with the text of the configured origin and holds no control
 * character, space or fragment. Source of the forms: the Hub's API as its official clients use it.
 */
#ifndef DAEMON_HUB_URL_H
#define DAEMON_HUB_URL_H

#include "storage/model/field.h"

enum { URL_MAX = 16 * 1024, HUB_ORIGIN_TEXT = 320, HUB_ORIGIN_HOST = 256 };

struct hub_origin {
	char text[HUB_ORIGIN_TEXT]; /* "https://huggingface.co", "http://127.0.0.1:8080": lower case, default port left out */
	char host[HUB_ORIGIN_HOST]; /* without the brackets of an IPv6 address */
	char port[6];
	bool tls;
};

/* Scheme, host and port; a slash at the end is accepted, anything more is not. */
bool hub_origin_read(struct slice text, struct hub_origin *origin);
bool hub_origin_is_loopback(const struct hub_origin *origin);
bool host_is_listed(const char *host, const char *list); /* names with commas or blanks between */

/* The Hub counts requests in buckets, each with a quota of its own (documentation of its rate limits). */
enum hub_bucket {
	BUCKET_API,       /* what lies under /api/ */
	BUCKET_RESOLVERS, /* files: .../resolve/..., /api/resolve-cache/... to which that leads, and .../raw/... */
	BUCKET_COUNT
};

const char *hub_bucket_name(enum hub_bucket bucket); /* "api", "resolvers": as in the RateLimit header */
/* Of a URL on the configured origin. */
enum hub_bucket url_bucket(const struct hub_origin *origin, struct slice url);

enum listing_order {
	LISTING_BY_CREATION, /* oldest first: the order of oids */
	LISTING_BY_CHANGE,   /* newest first, the only order that the Hub has */
	LISTING_NEWEST_FIRST, /* by creation, the other way */
	LISTING_BY_DOWNLOADS, /* most first */
};

void url_listing(const struct hub_origin *origin, const struct projection *projection, enum listing_order order, unsigned rows,
	struct buf *out);
/* The same of one owner: any bytes. */
void url_listing_of(const struct hub_origin *origin, const struct projection *projection, enum listing_order order,
	unsigned rows, struct slice owner, struct buf *out);
/* `name` is "owner/name", as the Hub gave it: any bytes; a slash stays, what is not harmless is percent-encoded. */
void url_single(const struct hub_origin *origin, const struct projection *projection, struct slice name, struct buf *out);

/* The newest commits of a revision (a branch or a sha), so many a page. */
void url_commits(const struct hub_origin *origin, enum repo_kind kind, struct slice name, struct slice revision, unsigned rows,
	struct buf *out);
/* A file's text at a revision; `path` like "README.md". */
void url_resolve(const struct hub_origin *origin, enum repo_kind kind, struct slice name, struct slice revision,
	struct slice path, struct buf *out);

/* The same text in one request where resolve mostly takes two; it knows no If-None-Match, and of LFS only the pointer. */
void url_raw(const struct hub_origin *origin, enum repo_kind kind, struct slice name, struct slice revision,
	struct slice path, struct buf *out);

/* All repos of one owner, oldest first. */
void url_owner(const struct hub_origin *origin, const struct projection *projection, struct slice owner, unsigned rows,
	struct buf *out);

/* The field at a place of the expand list that the two above write, from 0; FIELD_NONE behind its end. */
enum field url_expand_at(const struct projection *projection, unsigned place);

/* A copy without the expand entry for this key. */
void url_without_field(struct slice url, const char *key, struct buf *out);

/* A copy without any expand entry: short enough for a log. */
void url_for_people(struct slice url, struct buf *out);

/* A copy that asks for so many rows a page; it is the same where it did so already. */
void url_with_rows(struct slice url, unsigned rows, struct buf *out);

/* A copy in which a parameter has this value, whether it had another one or none; what is not harmless is encoded. */
void url_with_parameter(struct slice url, const char *key, struct slice value, struct buf *out);
/* The value as it stands there; size 0: there is none. */
struct slice url_parameter(struct slice url, const char *key);

/*
 * Adds what is missing of the projection's expand entries to `url`. A field that was not asked for would look like one
 * that the repo does not have, and so like a change.
 */
void url_add_fields(const struct projection *projection, struct buf *url);

/*
 * A link or redirect that a server named: absolute on the same origin, or beginning with one slash. Gives the URL to
 * ask, or NULL in `out` and the reason as the result.
 */
const char *url_follow(const struct hub_origin *origin, struct slice target, struct buf *out);

/*
 * Adds to `target`, where a redirect led, those parameters of the URL that was asked which it does not have itself: some
 * servers name only the new path. Its own values stay.
 */
void url_keep_query(struct slice asked, struct buf *target);

#endif
