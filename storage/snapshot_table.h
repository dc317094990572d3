/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Table snapshot: every version of every repo.
 *
 *     key    number u32, version u32
 *     value   0 check u32 (low half of XXH3-64 over the rest, seeded with the key)
 *             4 encoding u16 (frame.h)    6 projection u16
 *             8 observed_after u48       14 observed_at u48
 *            20 sha [20]                 40 frame
 *
 * Where retention (retention.h) has dropped the frame, in its place stand: retained until u48, and the first 16 bytes of the
 * SHA-256 of the canonical text. Its content is then taken to be that of the version before it that was kept.
 *
 * Versions count from 1. Every FULL_EVERYth is compressed with the dictionary, the others are differences to the
 * version before, so that one version costs at most FULL_EVERY small steps to read.
 */
#ifndef STORAGE_SNAPSHOT_TABLE_H
#define STORAGE_SNAPSHOT_TABLE_H

#include "storage/frame.h"
#include "storage/reader.h"
#include "storage/txn.h"

enum { SNAPSHOT_HEADER = 40, FULL_EVERY = 16, SNAPSHOT_HASH_BYTES = 16, SNAPSHOT_DROPPED_BYTES = 6 + SNAPSHOT_HASH_BYTES };

struct snapshot_value {
	uint16_t encoding, projection;
	int64_t observed_after_ms, observed_at_ms;
	uint8_t sha[SHA_BYTES];
	struct slice frame;
};

bool snapshot_is_full(uint32_t version);
void snapshot_put(struct txn *txn, uint32_t number, uint32_t version, const struct snapshot_value *value,
	struct buf *scratch);
/* False where there is none; a damaged one fails the transaction. */
bool snapshot_get(struct txn *txn, uint32_t number, uint32_t version, struct snapshot_value *value);
bool snapshot_decode(struct slice key, struct slice bytes, struct snapshot_value *value);

/*
 * The content of a version, or of the last before it that was kept: walks back to the last full one. ERROR_NOT_FOUND,
 * ERROR_CORRUPT, ERROR_COMPRESSION.
 */
int snapshot_content(struct txn *txn, struct frame_maker *frames, uint32_t number, uint32_t version,
	struct arena *arena, struct slice *content);

/*
 * The content that was read last: the versions of a repo read in their order then cost one step each. Good within one
 * snapshot of the store, since retention packs versions anew. Begin with zeroes and content BUF_INIT(FRAME_CONTENT_MAX).
 */
struct snapshot_last {
	size_t txn_id;
	uint32_t number, version; /* version 0: none */
	struct buf content;
};
/* The same through `last`, which holds the content until the next call. */
int snapshot_content_next(struct txn *txn, struct frame_maker *frames, uint32_t number, uint32_t version,
	struct snapshot_last *last);

bool snapshot_is_dropped(const struct snapshot_value *value);
int64_t snapshot_retained_until_ms(const struct snapshot_value *value); /* 0: it was not dropped */
void snapshot_dropped_write(struct slice content, int64_t at_ms, struct buf *out);

/* Content is canonical, line feed, derived. */
void content_split(struct slice content, struct slice *canonical, struct slice *derived);

#endif
