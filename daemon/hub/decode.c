/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/hub/decode.h"

#include <libdeflate.h>
#include <strings.h>

#include "storage/model/error.h"
#include "storage/model/json.h"
#include "storage/model/memory.h"

enum { TEXT_FIRST = 256 * 1024, GZIP_SMALLEST = 18 };

/* Deflate makes at most 1,032 bytes out of one: a claim beyond that is not believed. */
enum { DEFLATE_RATIO_MAX = 1032 };

void decoder_init(struct decoder *decoder, size_t bytes_max)
{
	*decoder = (struct decoder){ .gzip = libdeflate_alloc_decompressor(), .bytes_max = bytes_max };
	if (!decoder->gzip)
		memory_failed("gzip");
	buf_init(&decoder->text, bytes_max + JSON_PADDING);
}

void decoder_release(struct decoder *decoder)
{
	if (decoder->gzip)
		libdeflate_free_decompressor(decoder->gzip);
	decoder->gzip = NULL;
	buf_release(&decoder->text);
}

void decoder_rest(struct decoder *decoder)
{
	buf_release(&decoder->text);
}

/* The last four bytes of a gzip file are its size (RFC 1952, 2.3.1): a hint from the network, and taken as one. */
static size_t first_guess(const struct decoder *decoder, struct slice body)
{
	const uint8_t *end = (const uint8_t *)body.data + body.size;
	size_t guess = (size_t)end[-4] | (size_t)end[-3] << 8 | (size_t)end[-2] << 16 | (size_t)end[-1] << 24;
	size_t believable = body.size * DEFLATE_RATIO_MAX;

	if (guess > believable)
		guess = TEXT_FIRST;
	return guess < decoder->limit ? guess : decoder->limit;
}

/* One member of a gzip file behind what is there already; `guess` is how much more it may become. */
static int inflate_member(struct decoder *decoder, struct slice body, size_t guess, size_t *used)
{
	struct buf *text = &decoder->text;

	for (;;) {
		size_t room = decoder->limit - text->size, made = 0;
		enum libdeflate_result result;
		char *to;

		if (guess > room)
			guess = room;
		to = buf_reserve(text, guess + JSON_PADDING);
		if (!to)
			return ERROR_TOO_BIG;
		result = libdeflate_gzip_decompress_ex(decoder->gzip, body.data, body.size, to, guess, used, &made);
		if (result == LIBDEFLATE_SUCCESS) {
			text->size += made;
			return 0;
		}
		if (result != LIBDEFLATE_INSUFFICIENT_SPACE)
			return ERROR_COMPRESSION;
		if (guess == room)
			return ERROR_TOO_BIG;
		guess = guess > room / 2 ? room : guess * 2 + TEXT_FIRST;
	}
}

static int inflate(struct decoder *decoder, struct slice body)
{
	size_t guess = body.size >= GZIP_SMALLEST ? first_guess(decoder, body) : 0;

	buf_reset(&decoder->text);
	while (body.size) {
		size_t used = 0;
		int error;

		if (body.size < GZIP_SMALLEST)
			return ERROR_COMPRESSION;
		error = inflate_member(decoder, body, guess, &used);
		if (error)
			return error;
		body.data += used;
		body.size -= used;
	}
	return 0;
}

static bool encoding_is(struct slice encoding, const char *name)
{
	return encoding.size == strlen(name) && strncasecmp(encoding.data, name, encoding.size) == 0;
}

/* What is parsed next must not depend on what lay here before. */
static int pad(struct buf *text)
{
	char *end = buf_reserve(text, JSON_PADDING);

	if (!end)
		return ERROR_TOO_BIG;
	memset(end, 0, JSON_PADDING);
	return 0;
}

int decoder_run(struct decoder *decoder, struct slice encoding, struct buf *body, size_t limit, struct slice *text)
{
	int error;

	decoder->limit = limit && limit < decoder->bytes_max ? limit : decoder->bytes_max;
	if (!encoding.size || encoding_is(encoding, "identity")) {
		error = body->size > decoder->limit ? ERROR_TOO_BIG : pad(body);
		*text = buf_as_slice(body);
		return error;
	}
	if (!encoding_is(encoding, "gzip") && !encoding_is(encoding, "x-gzip"))
		return ERROR_COMPRESSION;
	if (!body->size)
		return ERROR_COMPRESSION;
	error = inflate(decoder, buf_as_slice(body));
	if (!error)
		error = pad(&decoder->text);
	*text = buf_as_slice(&decoder->text);
	return error;
}
