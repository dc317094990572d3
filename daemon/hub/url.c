/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/hub/url.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>


#define EXPAND "expand[]="

static struct slice slice_from(struct slice text, size_t start)
{
	return (struct slice){ text.data + start, text.size - start };
}

static size_t find_any(struct slice text, const char *stops)
{
	size_t i = 0;

	while (i < text.size && (!text.data[i] || !strchr(stops, text.data[i])))
		i++;
	return i;
}

static bool starts_with_nocase(struct slice text, const char *prefix)
{
	size_t size = strlen(prefix);

	return text.size >= size && strncasecmp(text.data, prefix, size) == 0;
}

/* --- origins -------------------------------------------------------------------------------------------------------*/

static bool is_host_character(char c)
{
	return isalnum((unsigned char)c) || c == '.' || c == '-' || c == '_' || c == ':';
}

static bool read_host(struct slice text, struct hub_origin *origin)
{
	if (!text.size || text.size >= sizeof(origin->host))
		return false;
	for (size_t i = 0; i < text.size; i++) {
		if (!is_host_character(text.data[i]))
			return false;
		origin->host[i] = (char)tolower((unsigned char)text.data[i]);
	}
	return true;
}

static bool read_port(struct slice text, struct hub_origin *origin)
{
	unsigned long port = 0;

	if (!text.size) {
		snprintf(origin->port, sizeof(origin->port), "%s", origin->tls ? "443" : "80");
		return true;
	}
	if (text.size > 5)
		return false;
	for (size_t i = 0; i < text.size; i++) {
		if (!isdigit((unsigned char)text.data[i]))
			return false;
		port = port * 10 + (unsigned long)(text.data[i] - '0');
	}
	snprintf(origin->port, sizeof(origin->port), "%u", (unsigned)port & 0xffff);
	return port >= 1 && port <= 65535;
}

/* "host", "host:port", "[v6]", "[v6]:port"; user names are not accepted. */
static bool read_authority(struct slice text, struct hub_origin *origin)
{
	struct slice host = text, port;
	size_t end;

	if (text.size && text.data[0] == '[') {
		end = find_any(text, "]");
		if (end == text.size)
			return false;
		host = (struct slice){ text.data + 1, end - 1 };
		port = slice_from(text, end + 1);
	} else {
		end = find_any(text, ":");
		host.size = end;
		port = slice_from(text, end);
		if (memchr(host.data, ':', host.size))
			return false;
	}
	if (port.size && port.data[0] != ':')
		return false;
	if (port.size)
		port = slice_from(port, 1);
	return read_host(host, origin) && read_port(port, origin);
}

static void write_origin(struct hub_origin *origin)
{
	bool v6 = strchr(origin->host, ':');
	bool usual = strcmp(origin->port, origin->tls ? "443" : "80") == 0;

	snprintf(origin->text, sizeof(origin->text), "%s://%s%s%s%s%s", origin->tls ? "https" : "http", v6 ? "[" : "",
		origin->host, v6 ? "]" : "", usual ? "" : ":", usual ? "" : origin->port);
}

/* Reads the origin at the beginning of an absolute URL; `rest` is what follows it. */
static bool read_absolute(struct slice url, struct hub_origin *origin, struct slice *rest)
{
	size_t end;

	memset(origin, 0, sizeof(*origin));
	origin->tls = starts_with_nocase(url, "https://");
	if (!origin->tls && !starts_with_nocase(url, "http://"))
		return false;
	url = slice_from(url, origin->tls ? strlen("https://") : strlen("http://"));
	end = find_any(url, "/?#");
	*rest = slice_from(url, end);
	url.size = end;
	if (!read_authority(url, origin))
		return false;
	write_origin(origin);
	return true;
}

bool hub_origin_read(struct slice text, struct hub_origin *origin)
{
	struct slice rest;

	return read_absolute(text, origin, &rest) && (rest.size == 0 || slice_is(rest, "/"));
}

bool hub_origin_is_loopback(const struct hub_origin *origin)
{
	unsigned byte[4];
	char more;

	if (strcmp(origin->host, "localhost") == 0 || strcmp(origin->host, "::1") == 0)
		return true;
	return sscanf(origin->host, "%3u.%3u.%3u.%3u%c", &byte[0], &byte[1], &byte[2], &byte[3], &more) == 4 && byte[0] == 127;
}

bool host_is_listed(const char *host, const char *list)
{
	size_t size;

	for (; *list; list += size) {
		list += strspn(list, ", \t");
		size = strcspn(list, ", \t");
		if (size && size == strlen(host) && strncasecmp(host, list, size) == 0)
			return true;
	}
	return false;
}

/* --- buckets -------------------------------------------------------------------------------------------------------*/

const char *hub_bucket_name(enum hub_bucket bucket)
{
	static const char *const names[BUCKET_COUNT] = { "api", "resolvers" };

	return names[bucket];
}

enum hub_bucket url_bucket(const struct hub_origin *origin, struct slice url)
{
	struct slice path = slice_from(url, strlen(origin->text));

	path.size = find_any(path, "?");
	if (slice_starts_with(path, SLICE("/api/resolve-cache/")))
		return BUCKET_RESOLVERS;
	if (slice_starts_with(path, SLICE("/api/")))
		return BUCKET_API;
	return memmem(path.data, path.size, "/resolve/", strlen("/resolve/")) ||
			memmem(path.data, path.size, "/raw/", strlen("/raw/")) ?
		BUCKET_RESOLVERS : BUCKET_API;
}

/* --- making --------------------------------------------------------------------------------------------------------*/

static bool is_asked(const struct projection *projection, enum field field)
{
	return field != FIELD_ID && (projection->fields & field_bit(field));
}

enum field url_expand_at(const struct projection *projection, unsigned place)
{
	for (enum field field = 0; field < FIELD_COUNT; field++)
		if (is_asked(projection, field) && place-- == 0)
			return field;
	return FIELD_NONE;
}

static void add_expand(const struct projection *projection, char separator, struct buf *out)
{
	for (enum field field = 0; field < FIELD_COUNT; field++) {
		if (!is_asked(projection, field))
			continue;
		buf_char(out, separator);
		buf_text(out, EXPAND);
		buf_text(out, field_infos[field].key);
		separator = '&';
	}
}

void url_listing(const struct hub_origin *origin, const struct projection *projection, enum listing_order order, unsigned rows,
	struct buf *out)
{
	static const char *const orders[] = {
		[LISTING_BY_CREATION] = "createdAt&direction=1",
		[LISTING_BY_CHANGE] = "lastModified&direction=-1",
		[LISTING_NEWEST_FIRST] = "createdAt&direction=-1",
		[LISTING_BY_DOWNLOADS] = "downloads&direction=-1",
	};

	buf_printf(out, "%s/api/%s?sort=%s&limit=%u", origin->text, repo_kinds[projection->kind].plural, orders[order], rows);
	add_expand(projection, '&', out);
}

static void add_encoded(struct slice text, const char *harmless, struct buf *out)
{
	for (size_t i = 0; i < text.size; i++) {
		unsigned char c = (unsigned char)text.data[i];

		if (c && c < 0x80 && (isalnum(c) || strchr(harmless, c)))
			buf_char(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
}

void url_listing_of(const struct hub_origin *origin, const struct projection *projection, enum listing_order order,
	unsigned rows, struct slice owner, struct buf *out)
{
	url_listing(origin, projection, order, rows, out);
	buf_text(out, "&author=");
	add_encoded(owner, "-._~", out);
}

static void add_encoded_path(struct slice name, struct buf *out)
{
	add_encoded(name, "-._~/", out);
}

void url_single(const struct hub_origin *origin, const struct projection *projection, struct slice name, struct buf *out)
{
	buf_printf(out, "%s/api/%s/", origin->text, repo_kinds[projection->kind].plural);
	add_encoded_path(name, out);
	add_expand(projection, '?', out);
}

void url_commits(const struct hub_origin *origin, enum repo_kind kind, struct slice name, struct slice revision, unsigned rows,
	struct buf *out)
{
	buf_printf(out, "%s/api/%s/", origin->text, repo_kinds[kind].plural);
	add_encoded_path(name, out);
	buf_text(out, "/commits/");
	add_encoded(revision, "-._~", out);
	buf_printf(out, "?limit=%u", rows);
}

static void add_file(const struct hub_origin *origin, enum repo_kind kind, struct slice name, const char *form,
	struct slice revision, struct slice path, struct buf *out)
{
	buf_printf(out, "%s/%s", origin->text, repo_kinds[kind].prefix);
	add_encoded_path(name, out);
	buf_text(out, form);
	add_encoded(revision, "-._~", out);
	buf_char(out, '/');
	add_encoded_path(path, out);
}

void url_resolve(const struct hub_origin *origin, enum repo_kind kind, struct slice name, struct slice revision,
	struct slice path, struct buf *out)
{
	add_file(origin, kind, name, "/resolve/", revision, path, out);
}

void url_raw(const struct hub_origin *origin, enum repo_kind kind, struct slice name, struct slice revision,
	struct slice path, struct buf *out)
{
	add_file(origin, kind, name, "/raw/", revision, path, out);
}

void url_owner(const struct hub_origin *origin, const struct projection *projection, struct slice owner, unsigned rows,
	struct buf *out)
{
	buf_printf(out, "%s/api/%s?author=", origin->text, repo_kinds[projection->kind].plural);
	add_encoded(owner, "-._~", out);
	buf_printf(out, "&sort=createdAt&direction=1&limit=%u", rows);
	add_expand(projection, '&', out);
}

/* Whether one "key=value" of a query is an expand entry for `key` (NULL: any), in any of the forms that are in use. */
static bool is_expand_entry(struct slice pair, const char *key)
{
	static const char *const forms[] = { EXPAND, "expand=", "expand%5B%5D=" };

	for (size_t i = 0; i < ARRAY_COUNT(forms); i++)
		if (starts_with_nocase(pair, forms[i]) && (!key || slice_is(slice_from(pair, strlen(forms[i])), key)))
			return true;
	return false;
}

/* Takes the next "key=value" of a query off its beginning. */
static struct slice take_pair(struct slice *query)
{
	struct slice pair = { query->data, find_any(*query, "&") };

	*query = slice_from(*query, pair.size + (pair.size < query->size));
	return pair;
}

void url_without_field(struct slice url, const char *key, struct buf *out)
{
	size_t mark = find_any(url, "?");
	struct slice query = slice_from(url, mark + (mark < url.size));
	char separator = '?';

	buf_add(out, url.data, mark);
	while (query.size) {
		struct slice pair = take_pair(&query);

		if (is_expand_entry(pair, key))
			continue;
		buf_char(out, separator);
		buf_slice(out, pair);
		separator = '&';
	}
}

void url_for_people(struct slice url, struct buf *out)
{
	url_without_field(url, NULL, out);
}

void url_with_rows(struct slice url, unsigned rows, struct buf *out)
{
	size_t mark = find_any(url, "?");
	struct slice query = slice_from(url, mark + (mark < url.size));
	char separator = '?';

	buf_add(out, url.data, mark);
	while (query.size) {
		struct slice pair = take_pair(&query);

		buf_char(out, separator);
		if (slice_starts_with(pair, SLICE("limit=")))
			buf_printf(out, "limit=%u", rows);
		else
			buf_slice(out, pair);
		separator = '&';
	}
}

/* Whether one "key=value" is of this key; its value. */
static bool is_parameter(struct slice pair, const char *key, struct slice *value)
{
	size_t size = strlen(key);

	if (!slice_starts_with(pair, slice_of(key)) || pair.size == size || pair.data[size] != '=')
		return false;
	*value = slice_from(pair, size + 1);
	return true;
}

struct slice url_parameter(struct slice url, const char *key)
{
	size_t mark = find_any(url, "?");
	struct slice query = slice_from(url, mark + (mark < url.size)), value;

	while (query.size)
		if (is_parameter(take_pair(&query), key, &value))
			return value;
	return SLICE_NONE;
}

void url_with_parameter(struct slice url, const char *key, struct slice value, struct buf *out)
{
	size_t mark = find_any(url, "?");
	struct slice query = slice_from(url, mark + (mark < url.size)), old;
	char separator = '?';

	buf_add(out, url.data, mark);
	while (query.size) {
		struct slice pair = take_pair(&query);

		if (is_parameter(pair, key, &old))
			continue;
		buf_char(out, separator);
		buf_slice(out, pair);
		separator = '&';
	}
	buf_printf(out, "%c%s=", separator, key);
	add_encoded(value, "-._~", out);
}

static bool asks_for(struct slice url, const char *key)
{
	size_t mark = find_any(url, "?");
	struct slice query = slice_from(url, mark + (mark < url.size));

	while (query.size)
		if (is_expand_entry(take_pair(&query), key))
			return true;
	return false;
}

void url_add_fields(const struct projection *projection, struct buf *url)
{
	for (enum field field = 0; field < FIELD_COUNT; field++)
		if (is_asked(projection, field) && !asks_for(buf_as_slice(url), field_infos[field].key))
			buf_printf(url, "%c" EXPAND "%s", memchr(url->data, '?', url->size) ? '&' : '?', field_infos[field].key);
}

/* --- following -----------------------------------------------------------------------------------------------------*/

static bool says_as_much(struct slice url, struct slice pair)
{
	char key[64];

	if (is_expand_entry(pair, NULL))
		return asks_for(url, NULL);
	snprintf(key, sizeof(key), "%.*s", (int)find_any(pair, "="), pair.data);
	return url_parameter(url, key).data;
}

void url_keep_query(struct slice asked, struct buf *target)
{
	size_t mark = find_any(asked, "?"), size = target->size;
	struct slice query = slice_from(asked, mark + (mark < asked.size));

	while (query.size) {
		struct slice pair = take_pair(&query);

		if (says_as_much((struct slice){ target->data, size }, pair))
			continue;
		buf_char(target, find_any(buf_as_slice(target), "?") < target->size ? '&' : '?');
		buf_slice(target, pair);
	}
}

static bool is_clean(struct slice url)
{
	for (size_t i = 0; i < url.size; i++)
		if (url.data[i] <= ' ' || url.data[i] > '~' || strchr("\\<>\"", url.data[i]))
			return false;
	return true;
}

const char *url_follow(const struct hub_origin *origin, struct slice target, struct buf *out)
{
	struct hub_origin there;
	struct slice path = target;

	if (target.size == 0 || target.size > URL_MAX - HUB_ORIGIN_TEXT)
		return "empty or too long";
	if (!is_clean(target))
		return "holds characters that no URL has";
	if (target.data[0] == '/') {
		if (target.size > 1 && target.data[1] == '/')
			return "leads to another host";
	} else if (!read_absolute(target, &there, &path)) {
		return "not a URL of http or https";
	} else if (strcmp(there.text, origin->text) != 0) {
		return "leads to another origin";
	}
	path.size = find_any(path, "#");
	buf_reset(out);
	buf_text(out, origin->text);
	if (!path.size || path.data[0] != '/')
		buf_char(out, '/');
	buf_slice(out, path);
	return out->overflow ? "too long" : NULL;
}
