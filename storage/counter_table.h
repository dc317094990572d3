/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Table counter: downloads and likes, as series of days.
 *
 *     key    block u32 (number / COUNTER_BLOCK), day u32 (days since 1970)
 *     value  counter_block.h: the newest days whole, older ones as what leads back from the next
 *
 * A block is written when one of its counters differs from the block's newest day, so that a look that finds all as it
 * was writes nothing. Its days only go forward: what an older dump tells of one kind stands with the newest day of the
 * others in the block, since only there it is found. Updates are gathered over a batch and applied block by block.
 */
#ifndef STORAGE_COUNTER_TABLE_H
#define STORAGE_COUNTER_TABLE_H

#include "storage/counter_block.h"
#include "storage/reader.h"
#include "storage/txn.h"

struct counter_update {
	uint32_t number;
	uint32_t downloads, likes; /* COUNTER_UNKNOWN keeps what is known */
};

void counter_put_all(struct txn *txn, struct counter_update *updates, size_t count, int64_t now_ms); /* sorts them */
/*
 * A block as it was at the end of a day, by its newest entry up to then; at_ms 0: now. False: there is none, or it is
 * damaged; then nothing is known.
 */
bool counter_block_at(struct txn *txn, MDB_cursor *cursor, uint32_t number, int64_t at_ms, struct counter_block *block,
	int64_t *day_ms);
/* Is there a later day of the block? */
bool counter_day_follows(struct txn *txn, uint32_t number, uint32_t day);
void counter_block_of(const struct counter_block *block, uint32_t number, struct change_counter *downloads,
	struct change_counter *likes);
bool counter_get(struct txn *txn, uint32_t number, struct change_counter *downloads, struct change_counter *likes);

#endif
