/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/cli/safe_text.h"

#include <wchar.h>

enum { REPLACEMENT = 0xFFFD };

/* How many bytes the sequence has that begins so, its first bits and the least code point that may be written so. */
static unsigned sequence_of(uint8_t first, uint32_t *bits, uint32_t *least)
{
	static const struct {
		uint8_t mask, mark, bytes;
		uint32_t least;
	} forms[] = { { 0x80, 0x00, 1, 0 }, { 0xE0, 0xC0, 2, 0x80 }, { 0xF0, 0xE0, 3, 0x800 }, { 0xF8, 0xF0, 4, 0x10000 } };

	for (size_t i = 0; i < ARRAY_COUNT(forms); i++) {
		if ((first & forms[i].mask) != forms[i].mark)
			continue;
		*bits = first & (uint8_t)~forms[i].mask;
		*least = forms[i].least;
		return forms[i].bytes;
	}
	return 0;
}

uint32_t utf8_next(struct slice text, size_t *at)
{
	uint32_t code = 0, least = 0;
	unsigned bytes = sequence_of((uint8_t)text.data[(*at)++], &code, &least);

	if (bytes == 0)
		return REPLACEMENT;
	for (unsigned i = 1; i < bytes; i++, (*at)++) {
		if (*at >= text.size || ((uint8_t)text.data[*at] & 0xC0) != 0x80)
			return REPLACEMENT;
		code = code << 6 | ((uint8_t)text.data[*at] & 0x3F);
	}
	if (code < least || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
		return REPLACEMENT;
	return code;
}

void utf8_add(uint32_t code, struct buf *out)
{
	if (code < 0x80) {
		buf_char(out, (char)code);
		return;
	}
	if (code < 0x800) {
		buf_char(out, (char)(0xC0 | code >> 6));
	} else {
		if (code < 0x10000) {
			buf_char(out, (char)(0xE0 | code >> 12));
		} else {
			buf_char(out, (char)(0xF0 | code >> 18));
			buf_char(out, (char)(0x80 | (code >> 12 & 0x3F)));
		}
		buf_char(out, (char)(0x80 | (code >> 6 & 0x3F)));
	}
	buf_char(out, (char)(0x80 | (code & 0x3F)));
}

bool is_unsafe(uint32_t code)
{
	/* General categories Cc, Cf, Zl, Zp and what renders as nothing (Unicode 15) */
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0x00, 0x1F }, { 0x7F, 0x9F }, { 0xAD, 0xAD }, { 0x34F, 0x34F }, { 0x61C, 0x61C }, { 0x115F, 0x1160 },
		{ 0x180B, 0x180F }, { 0x200B, 0x200F }, { 0x2028, 0x202E }, { 0x2060, 0x206F }, { 0x3164, 0x3164 },
		{ 0xFEFF, 0xFEFF }, { 0xFFA0, 0xFFA0 }, { 0xFFF9, 0xFFFB }, { 0xE0000, 0xE0FFF },
	};

	for (size_t i = 0; i < ARRAY_COUNT(ranges) && code >= ranges[i].first; i++)
		if (code <= ranges[i].last)
			return true;
	return false;
}

static void add_escaped(uint32_t code, struct buf *out)
{
	if (code < 0x100)
		buf_printf(out, "\\x%02x", (unsigned)code);
	else if (code < 0x10000)
		buf_printf(out, "\\u%04x", (unsigned)code);
	else
		buf_printf(out, "\\U%08x", (unsigned)code);
}

void safe_text(struct slice text, struct buf *out)
{
	for (size_t at = 0; at < text.size;) {
		uint32_t code = utf8_next(text, &at);

		if (is_unsafe(code))
			add_escaped(code, out);
		else
			utf8_add(code, out);
	}
}

void safe_json(struct slice json, struct buf *out)
{
	for (size_t at = 0; at < json.size;) {
		uint32_t code = utf8_next(json, &at);

		if (!is_unsafe(code) || code == '\n')
			utf8_add(code, out);
		else if (code < 0x10000)
			buf_printf(out, "\\u%04x", (unsigned)code);
		else
			buf_printf(out, "\\u%04x\\u%04x", 0xD800 + (unsigned)((code - 0x10000) >> 10),
				0xDC00 + (unsigned)((code - 0x10000) & 0x3FF));
	}
}

static size_t code_width(uint32_t code)
{
	int width;

	if (code < 0x7F)
		return 1;
	width = wcwidth((wchar_t)code);
	return width < 0 ? 1 : (size_t)width;
}

size_t text_width(struct slice text)
{
	size_t width = 0;

	for (size_t at = 0; at < text.size;)
		width += code_width(utf8_next(text, &at));
	return width;
}

void safe_text_cut(struct slice text, size_t columns, struct buf *out)
{
	size_t start = out->size, width = 0, fits = out->size;

	for (size_t at = 0; at < text.size;) {
		size_t before = out->size, next = at;

		utf8_next(text, &next);
		safe_text((struct slice){ text.data + at, next - at }, out);
		if (out->overflow)
			break;
		width += text_width((struct slice){ out->data + before, out->size - before });
		if (width > columns) {
			out->size = fits < start ? start : fits;
			buf_text(out, "\u2026");
			return;
		}
		if (width < columns)
			fits = out->size; /* where the ellipsis still has its column */
		at = next;
	}
}
