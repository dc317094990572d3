/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/dump_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "storage/model/memory.h"

enum { INPUT_BYTES = 256 * 1024, MAGIC_BYTES = 4, GZIP_ANY_WINDOW = 15 + 16 };

enum packing { PACKED_NOT, PACKED_GZIP, PACKED_ZSTD };

struct dump_source {
	int file;
	enum packing packing;
	const char *why;
	bool at_end;   /* of the file */
	bool in_frame; /* of a compressed stream, which has not told its end */
	size_t at, size; /* of what is read and not yet used */
	z_stream gzip;
	ZSTD_DStream *zstd;
	unsigned char input[INPUT_BYTES];
};

/* Reads until there is something to use, or the file ends. */
static bool refill(struct dump_source *source)
{
	ssize_t got;

	if (source->at < source->size || source->at_end)
		return true;
	do
		got = read(source->file, source->input, sizeof(source->input));
	while (got < 0 && errno == EINTR);
	if (got < 0) {
		source->why = strerror(errno);
		return false;
	}
	source->at = 0;
	source->size = (size_t)got;
	source->at_end = got == 0;
	return true;
}

/* A pipe may bring its first bytes one by one. */
static void read_magic(struct dump_source *source)
{
	while (source->size < MAGIC_BYTES && !source->at_end) {
		ssize_t got = read(source->file, source->input + source->size, sizeof(source->input) - source->size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			source->at_end = got == 0;
		if (got < 0)
			return;
		source->size += (size_t)got;
	}
}

static enum packing packing_of(const struct dump_source *source)
{
	if (source->size >= 2 && memcmp(source->input, "\x1F\x8B", 2) == 0)
		return PACKED_GZIP;
	if (source->size >= 4 && memcmp(source->input, "\x28\xB5\x2F\xFD", 4) == 0)
		return PACKED_ZSTD;
	return PACKED_NOT;
}

struct dump_source *dump_source_new(const char *path)
{
	int file = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	struct dump_source *source;

	if (file < 0)
		return NULL;
	source = memory_new(sizeof(*source));
	source->file = file;
	read_magic(source);
	source->packing = packing_of(source);
	if (source->packing == PACKED_GZIP && inflateInit2(&source->gzip, GZIP_ANY_WINDOW) != Z_OK)
		memory_failed("gzip");
	if (source->packing == PACKED_ZSTD && !(source->zstd = ZSTD_createDStream()))
		memory_failed("zstd");
	return source;
}

void dump_source_free(struct dump_source **taken)
{
	struct dump_source *source = *taken;

	*taken = NULL;
	if (!source)
		return;
	if (source->packing == PACKED_GZIP)
		inflateEnd(&source->gzip);
	ZSTD_freeDStream(source->zstd);
	close(source->file);
	free(source);
}

const char *dump_source_why(const struct dump_source *source)
{
	return source->why;
}

static ssize_t read_plain(struct dump_source *source, char *to, size_t room)
{
	size_t left = source->size - source->at, size = left < room ? left : room;

	memcpy(to, source->input + source->at, size);
	source->at += size;
	return (ssize_t)size;
}

/* Several members one behind the other are one file (RFC 1952, 2.2). */
static ssize_t read_gzip(struct dump_source *source, char *to, size_t room)
{
	z_stream *gzip = &source->gzip;
	int code;

	gzip->next_in = source->input + source->at;
	gzip->avail_in = (uInt)(source->size - source->at);
	gzip->next_out = (unsigned char *)to;
	gzip->avail_out = (uInt)room;
	code = inflate(gzip, Z_NO_FLUSH);
	source->at = source->size - gzip->avail_in;
	source->in_frame = code != Z_STREAM_END;
	if (code == Z_STREAM_END)
		inflateReset(gzip);
	else if (code != Z_OK && code != Z_BUF_ERROR)
		source->why = "the gzip stream is damaged";
	return source->why ? -1 : (ssize_t)(room - gzip->avail_out);
}

static ssize_t read_zstd(struct dump_source *source, char *to, size_t room)
{
	ZSTD_inBuffer in = { source->input, source->size, source->at };
	ZSTD_outBuffer out = { to, room, 0 };
	size_t left = ZSTD_decompressStream(source->zstd, &out, &in);

	source->at = in.pos;
	source->in_frame = left != 0;
	if (ZSTD_isError(left))
		source->why = "the zstd stream is damaged";
	return source->why ? -1 : (ssize_t)out.pos;
}

ssize_t dump_source_read(struct dump_source *source, char *to, size_t room)
{
	static ssize_t (*const readers[])(struct dump_source *source, char *to, size_t room) = {
		[PACKED_NOT] = read_plain, [PACKED_GZIP] = read_gzip, [PACKED_ZSTD] = read_zstd,
	};
	ssize_t got = 0;

	while (!got) {
		bool was_at_end;

		if (!refill(source))
			return -1;
		was_at_end = source->at_end && source->at == source->size;
		if (was_at_end && !source->in_frame)
			return 0;
		got = readers[source->packing](source, to, room);
		if (!got && was_at_end) {
			source->why = "it ends in the midst of a compressed stream";
			return -1;
		}
	}
	return got;
}
