/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Table counter: downloads and likes, as series of days.
 *
 *     key    block u32 (number / COUNTER_BLOCK), day u32 (days since 1970)
 *     value  1, then for each repo of the block in order: downloads + 1, likes + 1 as LEB128 varints (0 = not known)
 *
 * A block is written when one of its counters differs from the block's newest day, so that a look that finds all as it
 * was writes nothing. Its days only go forward: what an older dump tells of one kind stands with the newest day of the
 * others in the block, since only there it is found. Updates are gathered over a batch and applied block by block.
 */
#ifndef STORAGE_COUNTER_TABLE_H
#define STORAGE_COUNTER_TABLE_H

#include "storage/reader.h"
#include "storage/txn.h"

enum { COUNTER_BLOCK = 256 };

struct counter_update {
	uint32_t number;
	uint32_t downloads, likes; /* COUNTER_UNKNOWN keeps what is known */
};

void counter_put_all(struct txn *txn, struct counter_update *updates, size_t count, int64_t now_ms); /* sorts them */
bool counter_get(struct txn *txn, uint32_t number, struct change_counter *downloads, struct change_counter *likes);

#endif
