/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/model/json.h"

#include "storage/model/arena.h"
#include "storage/model/error.h"

static const char replacement[] = "\xEF\xBF\xBD"; /* U+FFFD */

uint32_t json_member(const struct json *json, uint32_t object, const char *key)
{
	struct slice wanted = slice_of(key);
	uint32_t found = 0;

	if (json->node[object].type != JSON_OBJECT)
		return 0;
	for (uint32_t i = json_first(object); i < json_end(json, object); i = json_next(json, i))
		if (slice_equal(json_key(&json->node[i]), wanted))
			found = i;
	return found;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four digits behind a \u, or -1. */
static int32_t hex_unit(const char *at, const char *end)
{
	int32_t unit = 0;

	if (end - at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = hex_value(at[i]);
		if (digit < 0)
			return -1;
		unit = unit << 4 | digit;
	}
	return unit;
}

static void add_code_point(struct buf *out, uint32_t point)
{
	char bytes[4];

	if (point < 0x80) {
		buf_char(out, (char)point);
	} else if (point < 0x800) {
		bytes[0] = (char)(0xC0 | point >> 6);
		bytes[1] = (char)(0x80 | (point & 0x3F));
		buf_add(out, bytes, 2);
	} else if (point < 0x10000) {
		bytes[0] = (char)(0xE0 | point >> 12);
		bytes[1] = (char)(0x80 | (point >> 6 & 0x3F));
		bytes[2] = (char)(0x80 | (point & 0x3F));
		buf_add(out, bytes, 3);
	} else {
		bytes[0] = (char)(0xF0 | point >> 18);
		bytes[1] = (char)(0x80 | (point >> 12 & 0x3F));
		bytes[2] = (char)(0x80 | (point >> 6 & 0x3F));
		bytes[3] = (char)(0x80 | (point & 0x3F));
		buf_add(out, bytes, 4);
	}
}

static bool is_high_surrogate(int32_t unit)
{
	return unit >= 0xD800 && unit < 0xDC00;
}

static bool is_low_surrogate(int32_t unit)
{
	return unit >= 0xDC00 && unit < 0xE000;
}

/* `at` stands behind a \u; returns behind what was read, or NULL. */
static const char *decode_unit(const char *at, const char *end, struct buf *out)
{
	int32_t unit = hex_unit(at, end);
	int32_t low;

	if (unit < 0)
		return NULL;
	at += 4;
	if (!is_high_surrogate(unit) && !is_low_surrogate(unit)) {
		add_code_point(out, (uint32_t)unit);
		return at;
	}
	low = end - at >= 6 && at[0] == '\\' && at[1] == 'u' ? hex_unit(at + 2, end) : -1;
	if (is_high_surrogate(unit) && is_low_surrogate(low)) {
		add_code_point(out, 0x10000 + (((uint32_t)unit & 0x3FF) << 10) + ((uint32_t)low & 0x3FF));
		return at + 6;
	}
	buf_text(out, replacement);
	return at;
}

/* `at` stands behind a backslash; returns behind the escape, or NULL. */
static const char *decode_escape(const char *at, const char *end, struct buf *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *found;

	if (at == end || *at == '\0')
		return NULL;
	if (*at == 'u')
		return decode_unit(at + 1, end, out);
	found = strchr(from, *at);
	if (!found)
		return NULL;
	buf_char(out, to[found - from]);
	return at + 1;
}

int json_decode_key(struct slice key, struct buf *out)
{
	const char *at = key.data, *end = key.data + key.size;

	while (at && at < end) {
		const char *escape = memchr(at, '\\', (size_t)(end - at));
		if (!escape) {
			buf_add(out, at, (size_t)(end - at));
			break;
		}
		buf_add(out, at, (size_t)(escape - at));
		at = decode_escape(escape + 1, end, out);
		if (!at)
			return ERROR_JSON;
	}
	return out->overflow ? ERROR_TOO_BIG : ERROR_NONE;
}

int json_decode(struct slice token, struct buf *out)
{
	if (token.size < 2 || token.data[0] != '"' || token.data[token.size - 1] != '"')
		return ERROR_JSON;
	return json_decode_key((struct slice){ token.data + 1, token.size - 2 }, out);
}

struct slice json_text(struct slice token, size_t bytes_max, struct arena *arena)
{
	struct buf text = BUF_INIT(bytes_max);
	struct slice copy = SLICE_NONE;

	if (json_decode(token, &text) == ERROR_NONE)
		copy = arena_copy(arena, buf_as_slice(&text));
	buf_release(&text);
	return copy;
}

static void encode_special(unsigned char c, struct buf *out)
{
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *found = c ? strchr(from, c) : NULL;

	if (found) {
		char escape[2] = { '\\', to[found - from] };
		buf_add(out, escape, 2);
	} else {
		buf_printf(out, "\\u%04x", c);
	}
}

void json_encode(struct slice text, struct buf *out)
{
	size_t start = 0;

	buf_char(out, '"');
	for (size_t i = 0; i < text.size; i++) {
		unsigned char c = (unsigned char)text.data[i];
		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		buf_add(out, text.data + start, i - start);
		encode_special(c, out);
		start = i + 1;
	}
	if (text.size > start)
		buf_add(out, text.data + start, text.size - start);
	buf_char(out, '"');
}

static size_t skip_digits(struct slice token, size_t at)
{
	while (at < token.size && token.data[at] >= '0' && token.data[at] <= '9')
		at++;
	return at;
}

/* RFC 8259, 6: [-] int [frac] [exp] */
static bool number_is_valid(struct slice token)
{
	size_t at = token.size && token.data[0] == '-', digits = at;

	at = skip_digits(token, at);
	if (at == digits || (at - digits > 1 && token.data[digits] == '0'))
		return false;
	if (at < token.size && token.data[at] == '.') {
		digits = ++at;
		at = skip_digits(token, at);
		if (at == digits)
			return false;
	}
	if (at < token.size && (token.data[at] | 0x20) == 'e') {
		at++;
		at += at < token.size && (token.data[at] == '+' || token.data[at] == '-');
		digits = at;
		at = skip_digits(token, at);
		if (at == digits)
			return false;
	}
	return at == token.size;
}

bool json_scalar_is_valid(struct slice token)
{
	return slice_is(token, "null") || slice_is(token, "true") || slice_is(token, "false") || number_is_valid(token);
}

bool json_integer(struct slice token, uint64_t *value)
{
	uint64_t sum = 0;

	if (token.size == 0 || token.size > 18)
		return false;
	for (size_t i = 0; i < token.size; i++) {
		if (token.data[i] < '0' || token.data[i] > '9')
			return false;
		sum = sum * 10 + (uint64_t)(token.data[i] - '0');
	}
	*value = sum;
	return true;
}

/* How many bytes at `at` are one whole character; 0 if they are none, with *wrong the maximal part to replace. */
static size_t utf8_character(const unsigned char *at, size_t left, size_t *wrong)
{
	unsigned char low = 0x80, high = 0xBF;
	size_t size, i;

	*wrong = 1;
	if (at[0] < 0x80)
		return 1;
	if (at[0] < 0xC2 || at[0] > 0xF4)
		return 0;
	size = at[0] < 0xE0 ? 2 : at[0] < 0xF0 ? 3 : 4;
	if (at[0] == 0xE0)
		low = 0xA0;
	else if (at[0] == 0xED)
		high = 0x9F;
	else if (at[0] == 0xF0)
		low = 0x90;
	else if (at[0] == 0xF4)
		high = 0x8F;
	for (i = 1; i < size && i < left; i++) {
		if (at[i] < low || at[i] > high)
			break;
		low = 0x80;
		high = 0xBF;
	}
	*wrong = i;
	return i == size ? size : 0;
}

void utf8_repair(struct slice text, struct buf *out)
{
	const unsigned char *bytes = (const unsigned char *)text.data;
	size_t at = 0, start = 0, wrong;

	while (at < text.size) {
		size_t size = utf8_character(bytes + at, text.size - at, &wrong);
		if (size) {
			at += size;
			continue;
		}
		buf_add(out, text.data + start, at - start);
		buf_text(out, replacement);
		at += wrong;
		start = at;
	}
	buf_add(out, text.data + start, text.size - start);
}
