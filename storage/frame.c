/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/frame.h"

#include <stdlib.h>
#include <zstd.h>

#include "storage/model/error.h"
#include "storage/model/memory.h"

extern const unsigned char builtin_dictionary[];
extern const size_t builtin_dictionary_size;

/*
 * Measured on 40,000 contents of 730 bytes: level 1 makes 228 bytes in 1.9 us, level 3 218 in 2.4, and zstd is a third of
 * what a first crawl costs; from level 6 on it takes 4 to 8 times as long. What is stored can be packed tighter later.
 */
enum { LEVEL_FULL = 1, LEVEL_DELTA = 3 };

struct frame_maker {
	ZSTD_CCtx *pack, *pack_delta;
	ZSTD_DCtx *unpack;
	ZSTD_CDict *pack_dictionary;
	ZSTD_DDict *unpack_dictionary;
};

struct slice dictionary_builtin(void)
{
	return (struct slice){ (const char *)builtin_dictionary, builtin_dictionary_size };
}

static ZSTD_CCtx *new_context(int level)
{
	ZSTD_CCtx *context = ZSTD_createCCtx();

	if (!context || ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)) ||
		ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_dictIDFlag, 0)) ||
		ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 0)))
		memory_failed("zstd");
	return context;
}

struct frame_maker *frame_maker_new(void)
{
	struct frame_maker *maker = memory_new(sizeof(*maker));

	maker->pack = new_context(LEVEL_FULL);
	maker->pack_delta = new_context(LEVEL_DELTA);
	maker->unpack = ZSTD_createDCtx();
	maker->pack_dictionary = ZSTD_createCDict(builtin_dictionary, builtin_dictionary_size, LEVEL_FULL);
	maker->unpack_dictionary = ZSTD_createDDict(builtin_dictionary, builtin_dictionary_size);
	if (!maker->unpack || !maker->pack_dictionary || !maker->unpack_dictionary ||
		ZSTD_isError(ZSTD_CCtx_refCDict(maker->pack, maker->pack_dictionary)))
		memory_failed("zstd");
	return maker;
}

void frame_maker_free(struct frame_maker **maker)
{
	if (!*maker)
		return;
	ZSTD_freeCCtx((*maker)->pack);
	ZSTD_freeCCtx((*maker)->pack_delta);
	ZSTD_freeDCtx((*maker)->unpack);
	ZSTD_freeCDict((*maker)->pack_dictionary);
	ZSTD_freeDDict((*maker)->unpack_dictionary);
	free(*maker);
	*maker = NULL;
}

static int pack(ZSTD_CCtx *context, struct slice content, struct buf *frame)
{
	size_t bound = ZSTD_compressBound(content.size), size;
	char *room = content.size <= FRAME_CONTENT_MAX ? buf_reserve(frame, bound) : NULL;

	if (!room)
		return ERROR_TOO_BIG;
	size = ZSTD_compress2(context, room, bound, content.data, content.size);
	if (ZSTD_isError(size))
		return ERROR_COMPRESSION;
	frame->size += size;
	return ERROR_NONE;
}

int frame_pack(struct frame_maker *maker, struct slice content, struct buf *frame, uint16_t *encoding)
{
	*encoding = FRAME_FULL << 8 | DICTIONARY_BUILTIN;
	return pack(maker->pack, content, frame);
}

int frame_pack_delta(struct frame_maker *maker, struct slice older, struct slice content, struct buf *frame,
	uint16_t *encoding)
{
	*encoding = FRAME_DELTA << 8;
	if (ZSTD_isError(ZSTD_CCtx_refPrefix(maker->pack_delta, older.data, older.size)))
		return ERROR_COMPRESSION;
	return pack(maker->pack_delta, content, frame);
}

int frame_unpack(struct frame_maker *maker, uint16_t encoding, struct slice frame, struct slice older, struct buf *content)
{
	unsigned long long bytes = ZSTD_getFrameContentSize(frame.data, frame.size);
	bool delta = encoding >> 8 == FRAME_DELTA;
	char *room;
	size_t size;

	if (bytes == ZSTD_CONTENTSIZE_ERROR || bytes == ZSTD_CONTENTSIZE_UNKNOWN)
		return ERROR_COMPRESSION;
	room = bytes <= FRAME_CONTENT_MAX ? buf_reserve(content, (size_t)bytes) : NULL;
	if (!room)
		return ERROR_TOO_BIG;
	if (!delta && encoding != (FRAME_FULL << 8 | DICTIONARY_BUILTIN))
		return ERROR_COMPRESSION;
	if (ZSTD_isError(delta ? ZSTD_DCtx_refPrefix(maker->unpack, older.data, older.size) :
				 ZSTD_DCtx_refDDict(maker->unpack, maker->unpack_dictionary)))
		return ERROR_COMPRESSION;
	size = ZSTD_decompressDCtx(maker->unpack, room, (size_t)bytes, frame.data, frame.size);
	if (ZSTD_isError(size) || size != bytes)
		return ERROR_COMPRESSION;
	content->size += size;
	content->data[content->size] = '\0';
	return ERROR_NONE;
}
