/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compressed contents of snapshots: zstd with a dictionary, or as the difference to the version before.
 *
 * The content of a snapshot is its canonical text, a line feed, and its derived text. Dictionary 1 is built into the
 * program (trained on the shipped rows alone); whatever dictionary a store has ever used lies in its table, so its
 * frames stay readable for ever. Frames name their dictionary outside zstd's header, in the encoding number:
 *
 *     high byte: 1 FRAME_FULL, 2 FRAME_DELTA (zstd with the older content as prefix)    low byte: the dictionary, 0 none
 *
 * Sizes are bounded before memory is taken. One thread at a time.
 */
#ifndef STORAGE_FRAME_H
#define STORAGE_FRAME_H

#include "storage/model/buf.h"

enum { FRAME_CONTENT_MAX = 32 << 20, FRAME_FULL = 1, FRAME_DELTA = 2, DICTIONARY_BUILTIN = 1 };

struct frame_maker;

struct frame_maker *frame_maker_new(void);
void frame_maker_free(struct frame_maker **maker);

/* Appends the frame and gives its encoding. ERROR_TOO_BIG, ERROR_COMPRESSION. */
int frame_pack(struct frame_maker *maker, struct slice content, struct buf *frame, uint16_t *encoding);
int frame_pack_delta(struct frame_maker *maker, struct slice older, struct slice content, struct buf *frame,
	uint16_t *encoding);

/* Appends the content; `older` is needed for a delta alone. ERROR_COMPRESSION, ERROR_TOO_BIG. */
int frame_unpack(struct frame_maker *maker, uint16_t encoding, struct slice frame, struct slice older, struct buf *content);

struct slice dictionary_builtin(void);

#endif
