/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/seal.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

/* A look of schema 2 and older: without the word up to so many bytes, with it more. */
enum { LOOK_BYTES_MAX = 8 };

static const struct table {
	const char *name;
	enum store_seal seal;
} tables[TABLE_COUNT] = {
#define X(constant, name, seal) [constant] = { name, seal },
	STORE_TABLES(X)
#undef X
};

bool store_table_has_seal(enum store_table table)
{
	return tables[table].seal == SEAL_VALUE;
}

static bool find_table(struct slice name, enum store_table *table)
{
	for (unsigned i = 0; i < TABLE_COUNT; i++)
		if (slice_is(name, tables[i].name)) {
			*table = (enum store_table)i;
			return true;
		}
	return false;
}

bool seal_front_read(uint64_t schema, struct slice row, struct seal_front *front)
{
	const char *end = row.size ? memchr(row.data, '\0', row.size) : NULL;

	front->state = schema < STORE_SCHEMA_SEALED ? SEALED_NOTHING : SEALED_ALL;
	front->size = 0;
	if (front->state == SEALED_NOTHING || !row.size)
		return true;
	front->state = SEALED_TO;
	if (!end || !find_table((struct slice){ row.data, (size_t)(end - row.data) }, &front->table))
		return false;
	front->size = row.size - (size_t)(end + 1 - row.data);
	if (front->size > sizeof(front->key))
		return false;
	memcpy(front->key, end + 1, front->size);
	return true;
}

size_t seal_front_write(enum store_table table, struct slice key, char row[SEAL_ROW_MAX])
{
	size_t size = strlen(tables[table].name) + 1;

	memcpy(row, tables[table].name, size);
	if (key.size)
		memcpy(row + size, key.data, key.size);
	return size + key.size;
}

static bool is_behind(const struct seal_front *front, enum store_table table, struct slice key)
{
	if (front->state != SEALED_TO)
		return front->state == SEALED_ALL;
	return table < front->table ||
	       (table == front->table && slice_compare(key, (struct slice){ front->key, front->size }) <= 0);
}

bool seal_is_due(const struct seal_front *front, enum store_table table, struct slice key, const struct slice *value)
{
	if (!store_table_has_seal(table))
		return false;
	return is_behind(front, table, key) || (table == TABLE_LOOK && value && value->size > LOOK_BYTES_MAX);
}

uint32_t value_check(struct slice value, struct slice key)
{
	return (uint32_t)XXH3_64bits_withSeed(value.data, value.size, XXH3_64bits(key.data, key.size));
}

bool value_is_sealed(struct slice value, struct slice key)
{
	const struct slice rest = { value.data, value.size - VALUE_CHECK_BYTES };

	return value.size >= VALUE_CHECK_BYTES &&
	       get_u32((const uint8_t *)value.data + rest.size) == value_check(rest, key);
}
