/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/frame.h"

#include <stdlib.h>

#include "storage/model/error.h"
#include "storage/model/memory.h"

/* Versions are rare, and a delta loads its prefix anyway: level 5 makes 47 bytes of one changed card field, 3 makes 53. */
enum { LEVEL_DELTA = 5, MAGIC_BYTES = 4, WHOLE_MAX = FRAME_CONTENT_MAX + (1 << 20) };

static const char magic[] = "\x28\xB5\x2F\xFD";

struct frame_maker {
	struct dictionaries *dictionaries, *own;
	ZSTD_CCtx *pack, *pack_delta;
	ZSTD_DCtx *unpack;
	struct buf whole; /* a frame with its first four bytes */
};

static ZSTD_CCtx *new_context(void)
{
	ZSTD_CCtx *context = ZSTD_createCCtx();

	if (!context || ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, LEVEL_DELTA)) ||
		ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_dictIDFlag, 0)) ||
		ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 0)))
		memory_failed("zstd");
	return context;
}

struct frame_maker *frame_maker_new(struct dictionaries *dictionaries)
{
	struct frame_maker *maker = memory_new(sizeof(*maker));

	if (!dictionaries)
		maker->own = dictionaries_new(NULL);
	maker->dictionaries = dictionaries ? dictionaries : maker->own;
	maker->pack = new_context();
	maker->pack_delta = new_context();
	maker->unpack = ZSTD_createDCtx();
	buf_init(&maker->whole, WHOLE_MAX);
	if (!maker->unpack)
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
	dictionaries_free(&(*maker)->own);
	buf_release(&(*maker)->whole);
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
	if (ZSTD_isError(size) || size < MAGIC_BYTES)
		return ERROR_COMPRESSION;
	memmove(room, room + MAGIC_BYTES, size - MAGIC_BYTES);
	frame->size += size - MAGIC_BYTES;
	return ERROR_NONE;
}

int frame_pack(struct frame_maker *maker, enum dictionary_use use, struct slice content, struct buf *frame, uint16_t *encoding)
{
	unsigned id;
	const ZSTD_CDict *dictionary = dictionaries_packer(maker->dictionaries, use, &id);

	*encoding = (uint16_t)(FRAME_FULL << 8 | id);
	if (ZSTD_isError(ZSTD_CCtx_refCDict(maker->pack, dictionary)))
		return ERROR_COMPRESSION;
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

/* What the frame was made with: its dictionary, or the content of the version before. */
static bool prepare(struct frame_maker *maker, uint16_t encoding, struct slice older)
{
	unsigned form = encoding >> 8, id = encoding & 0xFF;
	const ZSTD_DDict *dictionary;

	if (form == FRAME_DELTA || form == FRAME_DELTA_WHOLE)
		return id == 0 && !ZSTD_isError(ZSTD_DCtx_refPrefix(maker->unpack, older.data, older.size));
	if (form != FRAME_FULL && form != FRAME_FULL_WHOLE)
		return false;
	dictionary = dictionaries_unpacker(maker->dictionaries, id);
	return dictionary && !ZSTD_isError(ZSTD_DCtx_refDDict(maker->unpack, dictionary));
}

static bool complete(struct frame_maker *maker, uint16_t encoding, struct slice *frame)
{
	if (encoding >> 8 == FRAME_FULL_WHOLE || encoding >> 8 == FRAME_DELTA_WHOLE)
		return true;
	buf_reset(&maker->whole);
	buf_add(&maker->whole, magic, MAGIC_BYTES);
	buf_slice(&maker->whole, *frame);
	*frame = buf_as_slice(&maker->whole);
	return !maker->whole.overflow;
}

int frame_unpack(struct frame_maker *maker, uint16_t encoding, struct slice frame, struct slice older, struct buf *content)
{
	unsigned long long bytes;
	char *room;
	size_t size;

	if (!complete(maker, encoding, &frame))
		return ERROR_TOO_BIG;
	bytes = ZSTD_getFrameContentSize(frame.data, frame.size);
	if (bytes == ZSTD_CONTENTSIZE_ERROR || bytes == ZSTD_CONTENTSIZE_UNKNOWN)
		return ERROR_COMPRESSION;
	room = bytes <= FRAME_CONTENT_MAX ? buf_reserve(content, (size_t)bytes) : NULL;
	if (!room)
		return ERROR_TOO_BIG;
	if (!prepare(maker, encoding, older))
		return ERROR_COMPRESSION;
	size = ZSTD_decompressDCtx(maker->unpack, room, (size_t)bytes, frame.data, frame.size);
	if (ZSTD_isError(size) || size != bytes)
		return ERROR_COMPRESSION;
	content->size += size;
	content->data[content->size] = '\0';
	return ERROR_NONE;
}
