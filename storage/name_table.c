/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/name_table.h"

#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "storage/model/row.h"

enum { ENTRY_KEY = 12, ENTRY_SHORT = OID_BYTES, ENTRY_LONG = OID_BYTES + 12 };

uint64_t name_hash(enum repo_kind kind, struct slice name)
{
	char lower[ROW_NAME_MAX];
	size_t size = name.size < sizeof(lower) ? name.size : sizeof(lower);

	for (size_t i = 0; i < size; i++)
		lower[i] = name.data[i] >= 'A' && name.data[i] <= 'Z' ? (char)(name.data[i] + 32) : name.data[i];
	return XXH3_64bits_withSeed(lower, size, kind);
}

static struct key key_of(uint64_t hash, uint32_t number)
{
	struct key key = { .size = 0 };

	key_add(&key, hash, 8);
	key_add(&key, number, 4);
	return key;
}

void name_put(struct txn *txn, const struct name_entry *entry)
{
	struct key key = key_of(entry->hash, entry->number), value = { .size = 0 };

	key_add_oid(&value, &entry->oid);
	if (entry->from_ms || entry->until_ms) {
		key_add(&value, (uint64_t)entry->from_ms, 6);
		key_add(&value, (uint64_t)entry->until_ms, 6);
	}
	txn_put(txn, TABLE_NAME, key_slice(&key), key_slice(&value));
}

static int compare(const void *a, const void *b)
{
	const struct name_entry *left = a, *right = b;

	return (left->hash > right->hash) - (left->hash < right->hash);
}

void name_put_all(struct txn *txn, struct name_entry *entries, size_t count)
{
	if (count > 1)
		qsort(entries, count, sizeof(*entries), compare);
	for (size_t i = 0; i < count; i++)
		name_put(txn, &entries[i]);
}

bool name_decode(struct slice key, struct slice value, struct name_entry *entry)
{
	if (key.size != ENTRY_KEY || (value.size != ENTRY_SHORT && value.size != ENTRY_LONG))
		return false;
	*entry = (struct name_entry){ .hash = get_u64(slice_bytes(key)), .number = get_u32(slice_bytes(key) + 8) };
	memcpy(entry->oid.byte, value.data, OID_BYTES);
	if (value.size == ENTRY_LONG) {
		entry->from_ms = (int64_t)get_u48(slice_bytes(value) + OID_BYTES);
		entry->until_ms = (int64_t)get_u48(slice_bytes(value) + OID_BYTES + 6);
	}
	return true;
}

static bool decode(struct txn *txn, struct slice key, struct slice value, struct name_entry *entry)
{
	bool fits = name_decode(key, value, entry);

	if (!fits)
		txn_fail(txn, ERROR_CORRUPT);
	return fits;
}

bool name_get(struct txn *txn, uint64_t hash, uint32_t number, struct name_entry *entry)
{
	struct key key = key_of(hash, number);
	struct slice value;

	return txn_get(txn, TABLE_NAME, key_slice(&key), &value) && decode(txn, key_slice(&key), value, entry);
}

bool name_next(struct txn *txn, MDB_cursor *cursor, struct name_entry *entry)
{
	uint64_t hash = entry->hash;
	struct key from = key_of(hash, entry->number + 1);
	struct slice key = key_slice(&from), value;

	return txn_seek(txn, cursor, MDB_SET_RANGE, &key, &value) && decode(txn, key, value, entry) && entry->hash == hash;
}
