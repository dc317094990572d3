/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hubsim/request.h"

#include <stdlib.h>

#include "storage/model/memory.h"

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes into *room, which moves on. A percent sign without two digits stands for itself. */
static struct slice decode(struct slice text, bool plus, char **room)
{
	struct slice out = { *room, 0 };

	for (size_t i = 0; i < text.size; i++) {
		int high = text.data[i] == '%' && i + 2 < text.size ? digit_value(text.data[i + 1]) : -1;
		int low = high >= 0 ? digit_value(text.data[i + 2]) : -1;
		char c = plus && text.data[i] == '+' ? ' ' : text.data[i];
		if (low >= 0) {
			c = (char)(high << 4 | low);
			i += 2;
		}
		*(*room)++ = c;
	}
	out.size = (size_t)(*room - out.data);
	return out;
}

/* What lies before `separator`; *rest moves behind it. */
static struct slice cut(struct slice *rest, char separator)
{
	const char *at = memchr(rest->data, separator, rest->size);
	struct slice part = { rest->data, at ? (size_t)(at - rest->data) : rest->size };
	size_t used = part.size + (at != NULL);

	rest->data += used;
	rest->size -= used;
	return part;
}

static void cut_path(struct request *request, char **room)
{
	struct slice rest = request->path;

	while (rest.size) {
		struct slice part = cut(&rest, '/');
		if (!part.size)
			continue;
		if (request->segments == REQUEST_SEGMENTS_MAX) {
			request->too_long = true;
			return;
		}
		request->segment[request->segments++] = decode(part, false, room);
	}
}

static void cut_query(struct request *request, char **room)
{
	struct slice rest = request->query;

	while (rest.size) {
		struct slice value = cut(&rest, '&');
		struct slice name;
		if (!value.size)
			continue;
		if (request->parameters == REQUEST_PARAMETERS_MAX) {
			request->too_long = true;
			return;
		}
		name = cut(&value, '=');
		request->parameter[request->parameters++] = (struct parameter){
			decode(name, true, room), decode(value, true, room)
		};
	}
}

void request_init(struct request *request, const char *target)
{
	size_t size = strlen(target);
	struct slice rest;
	char *room;

	memset(request, 0, sizeof(*request));
	request->memory = memory_new(2 * size + 1);
	memcpy(request->memory, target, size);
	room = request->memory + size;
	request->target = rest = (struct slice){ request->memory, size };
	request->path = cut(&rest, '?');
	request->query = rest;
	cut_path(request, &room);
	cut_query(request, &room);
}

void request_release(struct request *request)
{
	free(request->memory);
	request->memory = NULL;
}

bool request_is(const struct parameter *parameter, const char *name)
{
	struct slice given = parameter->name;

	if (given.size > 2 && memcmp(given.data + given.size - 2, "[]", 2) == 0)
		given.size -= 2;
	return slice_is(given, name);
}

struct slice request_parameter(const struct request *request, const char *name)
{
	for (unsigned i = 0; i < request->parameters; i++)
		if (request_is(&request->parameter[i], name))
			return request->parameter[i].value;
	return SLICE_NONE;
}

bool request_flag(const struct request *request, const char *name)
{
	struct slice value = request_parameter(request, name);

	return slice_is(value, "true") || slice_is(value, "True") || slice_is(value, "1");
}

bool request_is_head(const struct request *request)
{
	return strcmp(request->method, "HEAD") == 0;
}

bool request_offers_gzip(const struct request *request)
{
	const char *at = request->accept_encoding ? strcasestr(request->accept_encoding, "gzip") : NULL;

	if (!at)
		return false;
	at += strlen("gzip");
	return strncmp(at, ";q=", 3) != 0 || strtod(at + 3, NULL) > 0;
}

void percent_encode(struct slice text, const char *keep, struct buf *out)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

	for (size_t i = 0; i < text.size; i++) {
		unsigned char c = (unsigned char)text.data[i];
		if (c && (strchr(plain, c) || strchr(keep, c)))
			buf_char(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
}
