/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables text and text.repo: license texts and cards, each different one once, and who had which when.
 *
 *     text       SHA-256 of the text [32]     encoding u16 (frame.h), frame
 *     text.repo  kind u8, oid [12]
 *           0 check u32 (low half of XXH3-64 over the rest, seeded with the key)
 *           4 head that was looked at [20]
 *          24 of the license file, then of the card, 90 bytes and two texts each:
 *               outcome u8, known u8, looked u48, seen u48, version u32, sha [20], hash [32], bytes u32, told u64,
 *               length of name u8, length of ETag u8, six zeros, name, ETag
 *
 * A text is never deleted: records name it by its hash.
 */
#ifndef STORAGE_TEXT_TABLE_H
#define STORAGE_TEXT_TABLE_H

#include "storage/frame.h"
#include "storage/model/text.h"
#include "storage/txn.h"

/* Stores the text if it is not there yet, and gives its hash. `scratch` is for its frame. */
void text_put(struct txn *txn, struct frame_maker *frames, struct slice text, struct buf *scratch,
	uint8_t hash[TEXT_HASH_BYTES]);
/* Appends the text. False where there is none; ERROR_COMPRESSION or ERROR_CORRUPT fails the transaction. */
bool text_get(struct txn *txn, struct frame_maker *frames, const uint8_t hash[TEXT_HASH_BYTES], struct buf *text);

/* Name and ETag longer than their maximum are left out. */
void text_repo_put(struct txn *txn, enum repo_kind kind, const struct repo_oid *oid, const struct text_entry *entry);
/* Slices lie in the map. False where there is none, `entry` is zero then; a damaged one fails the transaction. */
bool text_repo_get(struct txn *txn, enum repo_kind kind, const struct repo_oid *oid, struct text_entry *entry);
bool text_repo_decode(struct slice key, struct slice value, struct text_entry *entry);

void text_hash(struct slice text, uint8_t hash[TEXT_HASH_BYTES]);
void text_hash_write(const uint8_t hash[TEXT_HASH_BYTES], char hex[2 * TEXT_HASH_BYTES + 1]);

#endif
