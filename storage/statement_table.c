/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/statement_table.h"

#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "storage/meta.h"
#include "storage/model/memory.h"

enum { CACHE_SLOTS = 1 << 14 }; /* a power of two; a newer statement takes the slot of an older one */

struct statement_cache {
	struct {
		uint64_t hash;
		uint32_t number;
	} slot[CACHE_SLOTS];
};

struct statement_cache *statement_cache_new(void)
{
	return memory_new(sizeof(struct statement_cache));
}

void statement_cache_free(struct statement_cache **cache)
{
	free(*cache);
	*cache = NULL;
}

void statement_cache_forget(struct statement_cache *cache)
{
	memset(cache, 0, sizeof(*cache));
}

bool statement_get(struct txn *txn, uint32_t number, struct slice *text, enum license_class *class)
{
	struct key key = { .size = 0 };
	struct slice value;

	key_add(&key, number, 4);
	if (!txn_get(txn, TABLE_STATEMENT, key_slice(&key), &value))
		return false;
	if (value.size < 1 || (uint8_t)value.data[0] >= LICENSE_CLASS_COUNT) {
		txn_fail(txn, ERROR_CORRUPT);
		return false;
	}
	*class = (enum license_class)value.data[0];
	*text = (struct slice){ value.data + 1, value.size - 1 };
	return true;
}

/* 0 where the text is not there: equal hashes of different texts stand side by side. */
static uint32_t find(struct txn *txn, uint64_t hash, struct slice text)
{
	MDB_cursor *cursor = txn_cursor(txn, TABLE_STATEMENT_HASH);
	struct key from = { .size = 0 };
	struct slice key, value, stored;
	enum license_class class;
	uint32_t found = 0;

	key_add(&from, hash, 8);
	key = key_slice(&from);
	for (MDB_cursor_op op = MDB_SET_RANGE; !found && txn_seek(txn, cursor, op, &key, &value); op = MDB_NEXT) {
		if (key.size != 12 || get_u64(slice_bytes(key)) != hash)
			break;
		if (statement_get(txn, get_u32(slice_bytes(key) + 8), &stored, &class) && slice_equal(stored, text))
			found = get_u32(slice_bytes(key) + 8);
	}
	if (cursor)
		mdb_cursor_close(cursor);
	return found;
}

static enum license_class class_of(struct json *json, struct slice text)
{
	struct arena arena = { 0 };
	struct statement statement;
	struct license_meaning meaning;

	if (statement_read(json, text, &arena, &statement) == ERROR_NONE)
		license_mean(&statement, &meaning);
	else
		meaning.class = LICENSE_UNKNOWN;
	arena_release(&arena);
	return meaning.class;
}

static uint32_t add(struct txn *txn, struct json *json, uint64_t hash, struct slice text)
{
	uint32_t number = (uint32_t)meta_number(txn, "statements") + 1;
	struct key key = { .size = 0 }, hash_key = { .size = 0 };
	struct buf value = BUF_INIT(SIZE_MAX / 2);

	key_add(&key, number, 4);
	key_add(&hash_key, hash, 8);
	key_add(&hash_key, number, 4);
	buf_char(&value, (char)class_of(json, text));
	buf_slice(&value, text);
	txn_append(txn, TABLE_STATEMENT, key_slice(&key), buf_as_slice(&value));
	txn_put(txn, TABLE_STATEMENT_HASH, key_slice(&hash_key), SLICE(""));
	meta_set_number(txn, "statements", number);
	buf_release(&value);
	return number;
}

uint32_t statement_intern(struct txn *txn, struct statement_cache *cache, struct json *json, struct slice text)
{
	uint64_t hash = XXH3_64bits(text.data, text.size);
	size_t slot = hash & (CACHE_SLOTS - 1);
	uint32_t number;
	struct slice stored;
	enum license_class class;

	if (cache->slot[slot].hash == hash && cache->slot[slot].number &&
		statement_get(txn, cache->slot[slot].number, &stored, &class) && slice_equal(stored, text))
		return cache->slot[slot].number;
	number = find(txn, hash, text);
	if (!number)
		number = add(txn, json, hash, text);
	cache->slot[slot].hash = hash;
	cache->slot[slot].number = number;
	return number;
}
