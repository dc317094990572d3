/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/counter_table.h"

#include <stdlib.h>

#include "storage/page.h"

enum { DAY_MS = 86400000, ENCODING_PLAIN = 1, BLOCK_BYTES_MAX = 1 + COUNTER_BLOCK * 2 * 5 };

struct block {
	uint32_t downloads[COUNTER_BLOCK], likes[COUNTER_BLOCK]; /* value + 1, 0 = not known */
};

static size_t write_varint(uint8_t *out, uint32_t value)
{
	size_t size = 0;

	for (; value >= 0x80; value >>= 7)
		out[size++] = (uint8_t)(value | 0x80);
	out[size++] = (uint8_t)value;
	return size;
}

static uint32_t read_varint(struct slice bytes, size_t *at)
{
	uint32_t value = 0;

	for (unsigned shift = 0; *at < bytes.size && shift < 35; shift += 7) {
		uint8_t byte = slice_bytes(bytes)[(*at)++];
		value |= (uint32_t)(byte & 0x7F) << shift;
		if (!(byte & 0x80))
			break;
	}
	return value;
}

static size_t encode(const struct block *block, uint8_t out[BLOCK_BYTES_MAX])
{
	size_t size = 0, used = COUNTER_BLOCK;

	while (used && !block->downloads[used - 1] && !block->likes[used - 1])
		used--;
	out[size++] = ENCODING_PLAIN;
	for (size_t i = 0; i < used; i++) {
		size += write_varint(out + size, block->downloads[i]);
		size += write_varint(out + size, block->likes[i]);
	}
	return size;
}

static void decode(struct slice bytes, struct block *block)
{
	size_t at = 1;

	*block = (struct block){ 0 };
	for (size_t i = 0; i < COUNTER_BLOCK && at < bytes.size; i++) {
		block->downloads[i] = read_varint(bytes, &at);
		block->likes[i] = read_varint(bytes, &at);
	}
}

/* The block as it was last written, and its day. */
static bool newest(struct txn *txn, MDB_cursor *cursor, uint32_t number, struct slice *value, uint32_t *day)
{
	struct key behind = { .size = 0 };
	struct slice key;
	bool found;

	key_add(&behind, number + 1, 4);
	key = key_slice(&behind);
	found = txn_seek(txn, cursor, MDB_SET_RANGE, &key, value);
	found = txn_seek(txn, cursor, found ? MDB_PREV : MDB_LAST, &key, value);
	found = found && key.size == 8 && get_u32(slice_bytes(key)) == number;
	*day = found ? get_u32(slice_bytes(key) + 4) : 0;
	return found;
}

static void put_block(struct txn *txn, uint32_t number, struct slice bytes, uint32_t day)
{
	struct key key = { .size = 0 };

	key_add(&key, number, 4);
	key_add(&key, day, 4);
	txn_append(txn, TABLE_COUNTER, key_slice(&key), bytes);
}

static void update(uint32_t *kept, uint32_t value)
{
	if (value != COUNTER_UNKNOWN)
		*kept = value + 1;
}

/* All updates of one block; returns how many they were. */
static size_t put_one_block(struct txn *txn, MDB_cursor *cursor, const struct counter_update *updates, size_t count,
	int64_t now_ms)
{
	uint32_t number = updates[0].number / COUNTER_BLOCK, day, today = (uint32_t)(now_ms / DAY_MS);
	uint8_t bytes[BLOCK_BYTES_MAX];
	struct slice before = SLICE_NONE, after = { (const char *)bytes, 0 };
	struct block block = { 0 };
	size_t used = 0;

	if (newest(txn, cursor, number, &before, &day))
		decode(before, &block);
	else
		before = SLICE_NONE;
	for (; used < count && updates[used].number / COUNTER_BLOCK == number; used++) {
		update(&block.downloads[updates[used].number % COUNTER_BLOCK], updates[used].downloads);
		update(&block.likes[updates[used].number % COUNTER_BLOCK], updates[used].likes);
	}
	after.size = encode(&block, bytes);
	if (!slice_equal(before, after))
		put_block(txn, number, after, day > today ? day : today);
	return used;
}

static int compare(const void *a, const void *b)
{
	const struct counter_update *left = a, *right = b;

	return (left->number > right->number) - (left->number < right->number);
}

static bool is_sorted(const struct counter_update *updates, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (updates[i - 1].number > updates[i].number)
			return false;
	return true;
}

void counter_put_all(struct txn *txn, struct counter_update *updates, size_t count, int64_t now_ms)
{
	MDB_cursor *cursor;
	size_t at = 0;

	if (!count)
		return;
	if (!is_sorted(updates, count))
		qsort(updates, count, sizeof(*updates), compare);
	cursor = txn_cursor(txn, TABLE_COUNTER);
	while (at < count && !txn->error)
		at += put_one_block(txn, cursor, updates + at, count - at, now_ms);
	if (cursor)
		mdb_cursor_close(cursor);
}

static struct change_counter counter_of(uint32_t kept)
{
	return (struct change_counter){ .known = kept != 0, .value = kept ? kept - 1 : 0 };
}

bool counter_get(struct txn *txn, uint32_t number, struct change_counter *downloads, struct change_counter *likes)
{
	MDB_cursor *cursor = txn_cursor(txn, TABLE_COUNTER);
	struct slice value;
	struct block block = { 0 };
	uint32_t day;

	if (newest(txn, cursor, number / COUNTER_BLOCK, &value, &day))
		decode(value, &block);
	if (cursor)
		mdb_cursor_close(cursor);
	*downloads = counter_of(block.downloads[number % COUNTER_BLOCK]);
	*likes = counter_of(block.likes[number % COUNTER_BLOCK]);
	return downloads->known || likes->known;
}
