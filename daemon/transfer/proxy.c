/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/transfer/proxy.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>

/* --- the value of a variable ---------------------------------------------------------------------------------------*/

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

	return at ? (int)(at - digits) : -1;
}

static bool read_login(struct slice text, char out[PROXY_LOGIN_SIZE])
{
	size_t size = 0;

	for (size_t i = 0; i < text.size; i++) {
		char c = text.data[i];

		if (c == '%') {
			int high = i + 2 < text.size ? hex_digit(text.data[i + 1]) : -1;
			int low = i + 2 < text.size ? hex_digit(text.data[i + 2]) : -1;

			/* a percent sign in a password that nobody encoded stands for itself */
			if (high >= 0 && low >= 0) {
				c = (char)(high * 16 + low);
				i += 2;
			}
		}
		if (iscntrl((unsigned char)c) || size + 1 == PROXY_LOGIN_SIZE)
			return false;
		out[size++] = c;
	}
	out[size] = '\0';
	return true;
}

static bool read_logins(struct slice text, struct proxy *proxy)
{
	const char *colon = memchr(text.data, ':', text.size);
	struct slice user = { text.data, colon ? (size_t)(colon - text.data) : text.size };
	struct slice password = { text.data + user.size + 1, text.size - user.size - 1 };

	return read_login(user, proxy->user) && (!colon || read_login(password, proxy->password));
}

static struct slice behind(struct slice text, size_t from)
{
	return (struct slice){ text.data + from, text.size - from };
}

bool proxy_read(struct slice text, struct proxy *proxy)
{
	struct slice scheme = SLICE("http://"), authority = text;
	char url[HUB_ORIGIN_TEXT];
	const char *at;

	*proxy = (struct proxy){ 0 };
	for (size_t i = 0; i + 3 <= text.size; i++) {
		if (memcmp(text.data + i, "://", 3) == 0) {
			scheme.size = i + 3;
			scheme.data = text.data;
			authority = behind(text, i + 3);
			break;
		}
	}
	at = authority.size ? memrchr(authority.data, '@', authority.size) : NULL;
	if (at && !read_logins((struct slice){ authority.data, (size_t)(at - authority.data) }, proxy))
		return false;
	if (at)
		authority = behind(authority, (size_t)(at - authority.data) + 1);
	if (scheme.size + authority.size >= sizeof(url))
		return false;
	memcpy(url, scheme.data, scheme.size);
	if (authority.size)
		memcpy(url + scheme.size, authority.data, authority.size);
	return hub_origin_read((struct slice){ url, scheme.size + authority.size }, &proxy->origin);
}

/* --- exceptions ----------------------------------------------------------------------------------------------------*/

static bool ends_with_domain(const char *host, struct slice domain)
{
	size_t size = strlen(host);

	if (size < domain.size || strncasecmp(host + size - domain.size, domain.data, domain.size) != 0)
		return false;
	return size == domain.size || host[size - domain.size - 1] == '.';
}

/* "host:port" or "[v6]:port": the port off the entry, which is without brackets then. */
static struct slice split_port(struct slice *entry)
{
	const char *colon = memrchr(entry->data, ':', entry->size);
	const char *bracket = memrchr(entry->data, ']', entry->size);
	bool only_one = colon && memchr(entry->data, ':', entry->size) == colon;
	struct slice port = SLICE_NONE;

	if (colon && (bracket ? colon == bracket + 1 : only_one)) {
		port = behind(*entry, (size_t)(colon - entry->data) + 1);
		entry->size = (size_t)(colon - entry->data);
	}
	if (entry->size >= 2 && entry->data[0] == '[' && entry->data[entry->size - 1] == ']')
		*entry = (struct slice){ entry->data + 1, entry->size - 2 };
	return port;
}

static bool entry_names(struct slice entry, const struct hub_origin *hub)
{
	struct slice port;

	if (slice_is(entry, "*"))
		return true;
	port = split_port(&entry);
	while (entry.size && (entry.data[0] == '.' || entry.data[0] == '*'))
		entry = behind(entry, 1);
	return entry.size && (!port.size || slice_is(port, hub->port)) && ends_with_domain(hub->host, entry);
}

bool proxy_is_excepted(const char *list, const struct hub_origin *hub)
{
	size_t size;

	for (; *list; list += size) {
		list += strspn(list, ", \t");
		size = strcspn(list, ", \t");
		if (size && entry_names((struct slice){ list, size }, hub))
			return true;
	}
	return false;
}

/* --- the choice ----------------------------------------------------------------------------------------------------*/

static const char *first_set(const char *const *names, char *(*variable)(const char *name), const char **value)
{
	for (; *names; names++) {
		*value = variable(*names);
		if (*value && **value)
			return *names;
	}
	*value = NULL;
	return NULL;
}

enum proxy_choice proxy_find(const struct hub_origin *hub, char *(*variable)(const char *name), struct proxy *proxy,
	char why[PROXY_WHY_SIZE])
{
	static const char *const for_https[] = { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", NULL };
	static const char *const for_http[] = { "http_proxy", "all_proxy", "ALL_PROXY", NULL };
	static const char *const exceptions[] = { "no_proxy", "NO_PROXY", NULL };
	const char *value, *excepted;
	const char *name = first_set(hub->tls ? for_https : for_http, variable, &value);

	*proxy = (struct proxy){ 0 };
	if (!name || hub_origin_is_loopback(hub))
		return PROXY_NONE;
	if (first_set(exceptions, variable, &excepted) && proxy_is_excepted(excepted, hub))
		return PROXY_NONE;
	if (proxy_read(slice_of(value), proxy))
		return PROXY_FOUND;
	*proxy = (struct proxy){ 0 };
	snprintf(why, PROXY_WHY_SIZE, "the environment's %s names no proxy that can be used: accepted is "
		"[http://|https://][user:password@]host[:port]", name);
	return PROXY_UNUSABLE;
}
