/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Downloads and likes of a block of repos on one day, as they are stored:
 *
 *     1  for each repo in order: downloads + 1, likes + 1 as LEB128 varints (0 = not known)     (of older programs)
 *     2  check u32, the same
 *     3  check u32, what leads back from the next stored day of the block to this one: downloads, then likes, each a list of
 *        how many repos on (varint, at least 1) and by how much (zigzag varint), ended by 0
 *
 * So what does not move costs nothing, and the newest day is read at once. The check is over the bytes behind it and the
 * place of the value. Pure.
 */
#ifndef STORAGE_COUNTER_BLOCK_H
#define STORAGE_COUNTER_BLOCK_H

#include "storage/model/bytes.h"

enum { COUNTER_BLOCK = 256, COUNTER_BLOCK_BYTES_MAX = 5 + 2 * (COUNTER_BLOCK * (2 + 5) + 1) };

struct counter_block {
	uint32_t downloads[COUNTER_BLOCK], likes[COUNTER_BLOCK]; /* value + 1, 0 = not known */
};

/* `place`: block number << 32 | day. Both return the size. */
size_t counter_block_write(const struct counter_block *block, uint64_t place, uint8_t out[COUNTER_BLOCK_BYTES_MAX]);
size_t counter_block_write_back(const struct counter_block *block, const struct counter_block *next, uint64_t place,
	uint8_t out[COUNTER_BLOCK_BYTES_MAX]);

bool counter_block_leads_back(struct slice value);
/* `block` is set; where the value leads back, it holds the next day's and is moved. False: damaged. */
bool counter_block_read(struct slice value, uint64_t place, struct counter_block *block);

#endif
