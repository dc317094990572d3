/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/transfer/lookup.h"

#include <netdb.h>
#include <stdio.h>

enum { LOOKUP_FRESH_MS = 60 * 1000, LOOKUP_TEXT_MAX = 4096, LOOKUP_ADDRESSES_MAX = 16 };

static bool is_numeric(const char *host)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	return uv_ip4_addr(host, 0, &v4) == 0 || uv_ip6_addr(host, 0, &v6) == 0;
}

static void fail(struct lookup *lookup, const char *why)
{
	snprintf(lookup->why, sizeof(lookup->why), "%s: %s", lookup->host, why);
	lookup->on_ended(lookup, false);
}

static void on_limit(struct clock_timer *timer)
{
	fail(timer->owner, "the name look-up takes too long");
}

void lookup_init(struct lookup *lookup, struct clock *clock, const char *host, const char *port, int64_t limit_ms,
	void (*on_ended)(struct lookup *lookup, bool found), void *owner)
{
	*lookup = (struct lookup){
		.clock = clock,
		.limit = { .on_timer = on_limit, .owner = lookup },
		.host = host,
		.port = port,
		.limit_ms = limit_ms,
		.numeric = is_numeric(host),
		.on_ended = on_ended,
		.owner = owner,
	};
	buf_init(&lookup->addresses, LOOKUP_TEXT_MAX);
}

void lookup_stop(struct lookup *lookup)
{
	clock_stop(lookup->clock, &lookup->limit);
	lookup->on_ended = NULL;
	if (lookup->running)
		uv_cancel((uv_req_t *)&lookup->query);
}

void lookup_release(struct lookup *lookup)
{
	buf_release(&lookup->addresses);
}

static void add_address(const struct addrinfo *info, struct buf *out)
{
	char text[64];
	bool v6 = info->ai_family == AF_INET6;

	if (v6)
		uv_ip6_name((const struct sockaddr_in6 *)info->ai_addr, text, sizeof(text));
	else if (info->ai_family == AF_INET)
		uv_ip4_name((const struct sockaddr_in *)info->ai_addr, text, sizeof(text));
	else
		return;
	buf_printf(out, v6 ? "%s[%s]" : "%s%s", out->size ? "," : "", text);
}

static bool take_addresses(struct lookup *lookup, const struct addrinfo *info)
{
	struct buf fresh = BUF_INIT(LOOKUP_TEXT_MAX);

	for (unsigned count = 0; info && count < LOOKUP_ADDRESSES_MAX; info = info->ai_next, count++)
		add_address(info, &fresh);
	if (!fresh.size)
		return false;
	if (!slice_equal(buf_as_slice(&fresh), buf_as_slice(&lookup->addresses))) {
		buf_release(&lookup->addresses);
		lookup->addresses = fresh;
		lookup->edition++;
	} else {
		buf_release(&fresh);
	}
	lookup->found_at_ms = clock_mono_ms();
	return true;
}

static void on_addresses(uv_getaddrinfo_t *query, int status, struct addrinfo *info)
{
	struct lookup *lookup = query->data;
	bool found = status == 0 && take_addresses(lookup, info);

	uv_freeaddrinfo(info);
	lookup->running = false;
	clock_stop(lookup->clock, &lookup->limit);
	if (!lookup->on_ended)
		return;
	if (found)
		lookup->on_ended(lookup, true);
	else
		fail(lookup, status ? uv_strerror(status) : "has no address");
}

static void begin(struct lookup *lookup)
{
	static const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG };

	lookup->query.data = lookup;
	clock_start(lookup->clock, &lookup->limit, lookup->limit_ms);
	lookup->running =
		uv_getaddrinfo(lookup->clock->loop, &lookup->query, on_addresses, lookup->host, lookup->port, &hints) == 0;
}

bool lookup_ready(struct lookup *lookup)
{
	bool old = clock_mono_ms() - lookup->found_at_ms > LOOKUP_FRESH_MS;

	if (lookup->numeric)
		return true;
	if (!lookup->running && (!lookup->edition || old))
		begin(lookup);
	/* one that hangs is still the only one; whoever comes to wait for it waits no longer than the first did */
	if (lookup->running && !lookup->edition && !clock_is_running(&lookup->limit))
		clock_start(lookup->clock, &lookup->limit, lookup->limit_ms);
	return lookup->edition > 0;
}
