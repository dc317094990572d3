/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/counter_table.h"

#include <stdlib.h>

#include "storage/page.h"

enum { DAY_MS = 86400000, WHOLE_EVERY_DAYS = 32, STEPS_MAX = 2 * WHOLE_EVERY_DAYS };

static uint64_t place_of(uint32_t number, uint32_t day)
{
	return (uint64_t)number << 32 | day;
}

/* What is damaged counts as not known. */
static bool read_block(struct slice value, uint32_t number, uint32_t day, struct counter_block *block)
{
	bool read = counter_block_read(value, place_of(number, day), block);

	if (!read)
		*block = (struct counter_block){ 0 };
	return read;
}

/* A key of the block `number`; its day. */
static bool is_of_block(struct slice key, uint32_t number, uint32_t *day)
{
	if (key.size != 8 || get_u32(slice_bytes(key)) != number)
		return false;
	*day = get_u32(slice_bytes(key) + 4);
	return true;
}

/* The newest entry of a block up to a day; the cursor stands on it. */
static bool find_day(struct txn *txn, MDB_cursor *cursor, uint32_t number, uint32_t up_to, struct slice *value, uint32_t *day)
{
	struct key behind = { .size = 0 };
	struct slice key;
	bool found;

	key_add(&behind, up_to == UINT32_MAX ? number + 1 : number, 4);
	key_add(&behind, up_to == UINT32_MAX ? 0 : up_to + 1, 4);
	key = key_slice(&behind);
	found = txn_seek(txn, cursor, MDB_SET_RANGE, &key, value);
	found = txn_seek(txn, cursor, found ? MDB_PREV : MDB_LAST, &key, value);
	return found && is_of_block(key, number, day);
}

/* What leads back is read from the next whole day on, which the cursor looks for, and then back to where it stood. */
static bool read_back(struct txn *txn, MDB_cursor *cursor, uint32_t number, struct slice value, uint32_t at,
	struct counter_block *block)
{
	struct slice key;
	uint32_t day = at;
	unsigned steps = 0;

	while (counter_block_leads_back(value))
		if (++steps > STEPS_MAX || !txn_seek(txn, cursor, MDB_NEXT, &key, &value) || !is_of_block(key, number, &day))
			return false;
	if (!read_block(value, number, day, block))
		return false;
	while (day != at)
		if (!txn_seek(txn, cursor, MDB_PREV, &key, &value) || !is_of_block(key, number, &day) ||
			!read_block(value, number, day, block))
			return false;
	return true;
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

/*
 * The newest day stays as it is now: the one before it is written as what leads back from it, but for one day in
 * WHOLE_EVERY_DAYS, so that no reader has to go far.
 */
static void fold_before(struct txn *txn, MDB_cursor *cursor, uint32_t number, uint32_t newest_day,
	const struct counter_block *newest)
{
	uint8_t bytes[COUNTER_BLOCK_BYTES_MAX];
	struct counter_block block;
	struct slice value;
	uint32_t day;
	size_t size;

	if (!newest_day || !find_day(txn, cursor, number, newest_day - 1, &value, &day) || counter_block_leads_back(value) ||
		day / WHOLE_EVERY_DAYS != newest_day / WHOLE_EVERY_DAYS || !read_block(value, number, day, &block))
		return;
	size = counter_block_write_back(&block, newest, place_of(number, day), bytes);
	if (size < value.size)
		put_block(txn, number, (struct slice){ (const char *)bytes, size }, day);
}

/* All updates of one block; returns how many they were. */
static size_t put_one_block(struct txn *txn, MDB_cursor *cursor, const struct counter_update *updates, size_t count,
	int64_t now_ms)
{
	uint32_t number = updates[0].number / COUNTER_BLOCK, day = 0, today = (uint32_t)(now_ms / DAY_MS);
	struct counter_block before = { 0 }, block;
	uint8_t bytes[COUNTER_BLOCK_BYTES_MAX];
	struct slice value;
	size_t used = 0;
	bool known = find_day(txn, cursor, number, UINT32_MAX, &value, &day) && read_block(value, number, day, &before);

	block = before;
	for (; used < count && updates[used].number / COUNTER_BLOCK == number; used++) {
		update(&block.downloads[updates[used].number % COUNTER_BLOCK], updates[used].downloads);
		update(&block.likes[updates[used].number % COUNTER_BLOCK], updates[used].likes);
	}
	if (known && memcmp(&before, &block, sizeof(block)) == 0)
		return used;
	if (known && today > day)
		fold_before(txn, cursor, number, day, &before);
	if (today < day)
		today = day;
	put_block(txn, number,
		(struct slice){ (const char *)bytes, counter_block_write(&block, place_of(number, today), bytes) }, today);
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

static struct change_counter known_counter(uint32_t kept)
{
	return (struct change_counter){ .known = kept != 0, .value = kept ? kept - 1 : 0 };
}

bool counter_block_at(struct txn *txn, MDB_cursor *cursor, uint32_t number, int64_t at_ms, struct counter_block *block,
	int64_t *day_ms)
{
	uint32_t up_to = at_ms ? (uint32_t)(at_ms / DAY_MS) : UINT32_MAX, day;
	struct slice value;

	*day_ms = 0;
	*block = (struct counter_block){ 0 };
	if (!find_day(txn, cursor, number, up_to, &value, &day))
		return false;
	*day_ms = (int64_t)day * DAY_MS;
	return read_back(txn, cursor, number, value, day, block);
}

bool counter_day_follows(struct txn *txn, uint32_t number, uint32_t day)
{
	MDB_cursor *cursor = txn_cursor(txn, TABLE_COUNTER);
	struct slice value;
	uint32_t newest = 0;
	bool found = find_day(txn, cursor, number, UINT32_MAX, &value, &newest);

	if (cursor)
		mdb_cursor_close(cursor);
	return found && newest > day;
}

void counter_block_of(const struct counter_block *block, uint32_t number, struct change_counter *downloads,
	struct change_counter *likes)
{
	*downloads = known_counter(block->downloads[number % COUNTER_BLOCK]);
	*likes = known_counter(block->likes[number % COUNTER_BLOCK]);
}

bool counter_get(struct txn *txn, uint32_t number, struct change_counter *downloads, struct change_counter *likes)
{
	MDB_cursor *cursor = txn_cursor(txn, TABLE_COUNTER);
	struct counter_block block;
	int64_t day_ms;

	counter_block_at(txn, cursor, number / COUNTER_BLOCK, 0, &block, &day_ms);
	if (cursor)
		mdb_cursor_close(cursor);
	counter_block_of(&block, number, downloads, likes);
	return downloads->known || likes->known;
}
