/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The proxy on the way to the Hub, as the usual environment variables name it.
 *
 * For an https Hub https_proxy or HTTPS_PROXY, for an http one http_proxy (never HTTP_PROXY: a web server's CGI would
 * let a stranger set that); then all_proxy or ALL_PROXY. The first that is not empty counts.
 *
 *     [http://|https://][user[:password]@]host[:port][/]
 *
 * no_proxy or NO_PROXY lists exceptions with commas or blanks between: `*` (all), an address, a host with everything
 * below it (with or without a dot in front), each with a :port or without. Loopback is never reached through a proxy.
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

enum proxy_choice proxy_find(const struct hub_origin *hub, char *(*variable)(const char *name), struct proxy *proxy,
	char why[PROXY_WHY_SIZE]);

/* False: not a proxy that can be used. */
bool proxy_read(struct slice text, struct proxy *proxy);
/* Whether a no_proxy list names the Hub. */
bool proxy_is_excepted(const char *list, const struct hub_origin *hub);

#endif
