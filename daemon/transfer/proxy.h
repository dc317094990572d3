/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The proxy on the way to the Hub, as the usual environment variables name it.
 *
 * For an https Hub https_proxy or HTTPS_PROXY, for an http one http_proxy (never HTTP_PROXY: a web server's CGI would
 * let a stranger set that); then all_proxy or ALL_PROXY. The first that is not empty counts.
 *
 *     [http://|https://][user[:password]@]host[:port][/]
 *
 * no_proxy or NO_PROXY lists exceptions with commas or blanks between: `*` (all), an address, a network (10.0.0.0/8,
 * fd00::/8), a host with everything below it (with or without a dot in front or behind), each with a :port or without: what
 * curl takes since 7.86, and the port that wget takes. A network counts for a Hub that is named by its address; names are not
 * looked up for it. Loopback is never reached through a proxy.
 *
 * Pure: the environment is asked through a function. User and password are for the proxy alone: no text for people has them.
 */
#ifndef DAEMON_TRANSFER_PROXY_H
#define DAEMON_TRANSFER_PROXY_H

#include "daemon/hub/url.h"

enum { PROXY_LOGIN_SIZE = 256, PROXY_WHY_SIZE = 200 };

struct proxy {
	struct hub_origin origin;
	char user[PROXY_LOGIN_SIZE], password[PROXY_LOGIN_SIZE]; /* percent-encoding undone; empty: none */
};

enum proxy_choice {
	PROXY_NONE,
	PROXY_FOUND,
	PROXY_UNUSABLE, /* `why` says which variable and what is accepted, nothing of its value */
};

/* `unread`: the first exception that is none of these forms, in the variable's own text; size 0: all were understood. */
enum proxy_choice proxy_find(const struct hub_origin *hub, char *(*variable)(const char *name), struct proxy *proxy,
	struct slice *unread, char why[PROXY_WHY_SIZE]);

/* False: not a proxy that can be used. */
bool proxy_read(struct slice text, struct proxy *proxy);
/* Whether a no_proxy list names the Hub. */
bool proxy_is_excepted(const char *list, const struct hub_origin *hub);
/* The first entry of such a list that is not understood; size 0: none. */
struct slice proxy_exception_unread(const char *list);

#endif
