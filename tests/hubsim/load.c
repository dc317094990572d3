/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hubsim/load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <zstd.h>

#include "storage/model/memory.h"

enum { READ_BYTES = 1 << 20, LINE_BYTES_MAX = 1 << 30, WINDOW_LOG_MAX = 31 };

/* A file read in pieces, of which whole lines are taken and the rest is kept. */
struct loading {
	struct hub *hub;
	struct buf text; /* not yet taken */
	size_t lines;
	struct buf *wrong;
};

static bool take_line(struct loading *loading, const char *line, size_t size, enum apply_mode mode)
{
	const char *why;

	loading->lines++;
	if (size && line[size - 1] == '\r')
		size--;
	if (!size)
		return true;
	why = apply_row(loading->hub, line, size, mode);
	if (why)
		buf_printf(loading->wrong, "line %zu: %s", loading->lines, why);
	return !why;
}

size_t load_lines(struct hub *hub, const char *text, size_t size, enum apply_mode mode, struct buf *wrong)
{
	struct loading loading = { .hub = hub, .wrong = wrong };
	const char *end = text + size;
	size_t taken = 0;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline ? newline : end;
		if (!take_line(&loading, text, (size_t)(stop - text), mode))
			break;
		taken += stop > text;
		text = stop + 1;
	}
	return taken;
}

/* Takes the whole lines, and with `last` also what has no newline. The padding is what lies behind in the buffer. */
static bool take_lines(struct loading *loading, bool last)
{
	struct buf *text = &loading->text;
	const char *at, *end, *newline;

	if (!buf_reserve(text, JSON_PADDING))
		return false;
	at = text->data;
	end = text->data + text->size;
	while (at < end) {
		newline = memchr(at, '\n', (size_t)(end - at));
		if (!newline && !last)
			break;
		if (!take_line(loading, at, (size_t)((newline ? newline : end) - at), APPLY_LOAD))
			return false;
		at = newline ? newline + 1 : end;
	}
	memmove(text->data, at, (size_t)(end - at));
	text->size = (size_t)(end - at);
	return true;
}

static bool add_text(struct loading *loading, const char *data, size_t size)
{
	buf_add(&loading->text, data, size);
	if (loading->text.overflow) {
		buf_printf(loading->wrong, "line %zu: longer than 1 GiB", loading->lines + 1);
		return false;
	}
	return take_lines(loading, false);
}

static bool add_compressed(struct loading *loading, ZSTD_DStream *stream, const char *data, size_t size, char *room)
{
	ZSTD_inBuffer in = { data, size, 0 };

	while (in.pos < in.size) {
		ZSTD_outBuffer out = { room, READ_BYTES, 0 };
		size_t result = ZSTD_decompressStream(stream, &out, &in);
		if (ZSTD_isError(result)) {
			buf_printf(loading->wrong, "zstd: %s", ZSTD_getErrorName(result));
			return false;
		}
		if (!add_text(loading, room, out.pos))
			return false;
	}
	return true;
}

static bool is_zstd(const char *data, size_t size)
{
	return size >= 4 && memcmp(data, "\x28\xB5\x2F\xFD", 4) == 0;
}

static bool load_stream(struct loading *loading, FILE *file)
{
	char *piece = memory_new(READ_BYTES), *room = NULL;
	ZSTD_DStream *stream = NULL;
	bool good = true;
	size_t size;

	for (bool first = true; good && (size = fread(piece, 1, READ_BYTES, file)) > 0; first = false) {
		if (first && is_zstd(piece, size)) {
			stream = ZSTD_createDStream();
			ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
			room = memory_new(READ_BYTES);
		}
		good = stream ? add_compressed(loading, stream, piece, size, room) : add_text(loading, piece, size);
	}
	if (good && ferror(file)) {
		buf_text(loading->wrong, strerror(errno));
		good = false;
	}
	good = good && take_lines(loading, true);
	ZSTD_freeDStream(stream);
	free(piece);
	free(room);
	return good;
}

bool load_file(struct hub *hub, const char *path, struct buf *wrong)
{
	struct loading loading = { .hub = hub, .text = BUF_INIT(LINE_BYTES_MAX), .wrong = wrong };
	FILE *file = fopen(path, "rb");
	bool good;

	if (!file) {
		buf_text(wrong, strerror(errno));
		return false;
	}
	good = load_stream(&loading, file);
	fclose(file);
	buf_release(&loading.text);
	return good;
}
