/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compressed contents of snapshots, and texts: zstd with a dictionary, or as the difference to the version before.
 *
 * The content of a snapshot is its canonical text, a line feed, and its derived text. Frames name their dictionary
 * (dictionary.h) outside zstd's header, in the encoding number, and lack the four bytes that every zstd frame begins with
 * (RFC 8878, 3.1.1), which were 4 % of a store:
 *
 *     high byte: the form         low byte: the dictionary, 0 none
 *     3 FRAME_FULL, 4 FRAME_DELTA (zstd with the older content as prefix); 1 and 2: the same with the four bytes, as
 *     older programs wrote them; 5 FRAME_DROPPED: no frame at all (snapshot_table.h)
 *
 * Sizes are bounded before memory is taken. One thread at a time.
 */
#ifndef STORAGE_FRAME_H
#define STORAGE_FRAME_H

#include "storage/dictionary.h"
#include "storage/model/buf.h"

enum { FRAME_CONTENT_MAX = 32 << 20 };
enum frame_form { FRAME_FULL_WHOLE = 1, FRAME_DELTA_WHOLE = 2, FRAME_FULL = 3, FRAME_DELTA = 4,
	FRAME_DROPPED = 5 };

struct frame_maker;

/* The dictionaries outlive it; NULL: the built-in one alone. */
struct frame_maker *frame_maker_new(struct dictionaries *dictionaries);
void frame_maker_free(struct frame_maker **maker);

/* Appends the frame and gives its encoding. ERROR_TOO_BIG, ERROR_COMPRESSION. */
int frame_pack(struct frame_maker *maker, enum dictionary_use use, struct slice content, struct buf *frame, uint16_t *encoding);
int frame_pack_delta(struct frame_maker *maker, struct slice older, struct slice content, struct buf *frame,
	uint16_t *encoding);

/* Appends the content; `older` is needed for a delta alone. ERROR_COMPRESSION, ERROR_TOO_BIG. */
int frame_unpack(struct frame_maker *maker, uint16_t encoding, struct slice frame, struct slice older, struct buf *content);

#endif
