/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/transfer/proxy.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <strings.h>

enum { ADDRESS_BYTES = 16 };

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

/* No name ends in a digit. */
static bool is_address(const char *host)
{
	return strchr(host, ':') || isdigit((unsigned char)host[strlen(host) - 1]);
}

static bool ends_with_domain(const char *host, struct slice domain)
{
	size_t size = strlen(host);

	if (size < domain.size || strncasecmp(host + size - domain.size, domain.data, domain.size) != 0)
		return false;
	return size == domain.size || (host[size - domain.size - 1] == '.' && !is_address(host));
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

/* An IPv4 or IPv6 address; its bytes, and how many there are: 0 where it is none. */
static size_t read_address(struct slice text, uint8_t bytes[ADDRESS_BYTES])
{
	char copy[INET6_ADDRSTRLEN];

	if (!text.size || text.size >= sizeof(copy))
		return 0;
	memcpy(copy, text.data, text.size);
	copy[text.size] = '\0';
	if (inet_pton(AF_INET, copy, bytes) == 1)
		return sizeof(struct in_addr);
	return inet_pton(AF_INET6, copy, bytes) == 1 ? sizeof(struct in6_addr) : 0;
}

/* "10.0.0.0/8": so many bits count. Without a slash all do. False: no number of bits that such an address has. */
static bool split_bits(struct slice *entry, size_t address_bytes, unsigned *bits)
{
	const char *slash = memchr(entry->data, '/', entry->size);
	struct slice number = slash ? behind(*entry, (size_t)(slash - entry->data) + 1) : SLICE_NONE;

	*bits = slash ? 0 : (unsigned)address_bytes * 8;
	for (size_t i = 0; i < number.size; i++) {
		if (!isdigit((unsigned char)number.data[i]) || *bits > ADDRESS_BYTES * 8)
			return false;
		*bits = *bits * 10 + (unsigned)(number.data[i] - '0');
	}
	return !slash || (number.size && *bits <= address_bytes * 8);
}

static bool same_network(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned rest = bits % 8;

	return memcmp(a, b, bits / 8) == 0 && (!rest || ((a[bits / 8] ^ b[bits / 8]) & (0xFF << (8 - rest) & 0xFF)) == 0);
}

enum entry_kind { ENTRY_ALL, ENTRY_NETWORK, ENTRY_DOMAIN, ENTRY_UNREAD };

struct entry {
	enum entry_kind kind;
	struct slice port, domain;
	uint8_t address[ADDRESS_BYTES];
	size_t address_bytes;
	unsigned bits;
};

static bool is_name(struct slice text)
{
	for (size_t i = 0; i < text.size; i++)
		if (!isalnum((unsigned char)text.data[i]) && !strchr("-._", text.data[i]))
			return false;
	return text.size > 0;
}

static struct entry read_entry(struct slice text)
{
	struct entry entry = { .kind = ENTRY_UNREAD };
	struct slice address;
	const char *slash;

	if (slice_is(text, "*")) {
		entry.kind = ENTRY_ALL;
		return entry;
	}
	entry.port = split_port(&text);
	for (size_t i = 0; i < entry.port.size; i++)
		if (!isdigit((unsigned char)entry.port.data[i]))
			return entry;
	slash = memchr(text.data, '/', text.size);
	address = (struct slice){ text.data, slash ? (size_t)(slash - text.data) : text.size };
	entry.address_bytes = read_address(address, entry.address);
	if (entry.address_bytes && split_bits(&text, entry.address_bytes, &entry.bits)) {
		entry.kind = ENTRY_NETWORK;
		return entry;
	}
	while (text.size && (text.data[0] == '.' || text.data[0] == '*'))
		text = behind(text, 1);
	while (text.size && text.data[text.size - 1] == '.')
		text.size--;
	entry.domain = text;
	if (!entry.address_bytes && is_name(text))
		entry.kind = ENTRY_DOMAIN;
	return entry;
}

static bool entry_names(const struct entry *entry, const struct hub_origin *hub)
{
	uint8_t address[ADDRESS_BYTES];

	if (entry->port.size && !slice_is(entry->port, hub->port))
		return false;
	switch (entry->kind) {
	case ENTRY_ALL:
		return true;
	case ENTRY_NETWORK:
		return read_address(slice_of(hub->host), address) == entry->address_bytes &&
		       same_network(address, entry->address, entry->bits);
	case ENTRY_DOMAIN:
		return ends_with_domain(hub->host, entry->domain);
	default:
		return false;
	}
}

static struct slice next_entry(const char **list)
{
	struct slice entry;

	*list += strspn(*list, ", \t");
	entry = (struct slice){ *list, strcspn(*list, ", \t") };
	*list += entry.size;
	return entry;
}

bool proxy_is_excepted(const char *list, const struct hub_origin *hub)
{
	struct slice text;

	while ((text = next_entry(&list)).size) {
		struct entry entry = read_entry(text);

		if (entry_names(&entry, hub))
			return true;
	}
	return false;
}

struct slice proxy_exception_unread(const char *list)
{
	struct slice text;

	while ((text = next_entry(&list)).size && read_entry(text).kind != ENTRY_UNREAD)
		;
	return text;
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
	struct slice *unread, char why[PROXY_WHY_SIZE])
{
	static const char *const for_https[] = { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", NULL };
	static const char *const for_http[] = { "http_proxy", "all_proxy", "ALL_PROXY", NULL };
	static const char *const exceptions[] = { "no_proxy", "NO_PROXY", NULL };
	const char *value, *excepted;
	const char *name = first_set(hub->tls ? for_https : for_http, variable, &value);

	*proxy = (struct proxy){ 0 };
	*unread = SLICE_NONE;
	if (!name || hub_origin_is_loopback(hub))
		return PROXY_NONE;
	if (first_set(exceptions, variable, &excepted)) {
		*unread = proxy_exception_unread(excepted);
		if (proxy_is_excepted(excepted, hub))
			return PROXY_NONE;
	}
	if (proxy_read(slice_of(value), proxy))
		return PROXY_FOUND;
	*proxy = (struct proxy){ 0 };
	snprintf(why, PROXY_WHY_SIZE, "the environment's %s names no proxy that can be used: accepted is "
		"[http://|https://][user:password@]host[:port]", name);
	return PROXY_UNUSABLE;
}
