/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/projection_table.h"

enum { PROJECTION_TEXT_MAX = 4096 };

uint16_t projection_intern(struct txn *txn, const struct projection *projection)
{
	struct buf text = BUF_INIT(PROJECTION_TEXT_MAX);
	MDB_cursor *cursor = txn_cursor(txn, TABLE_PROJECTION);
	struct slice key = SLICE_NONE, value;
	struct key added = { .size = 0 };
	uint32_t number = 0, last = 0;

	projection_write(projection, &text);
	for (MDB_cursor_op op = MDB_FIRST; !number && txn_seek(txn, cursor, op, &key, &value); op = MDB_NEXT) {
		last = get_u32(slice_bytes(key));
		if (slice_equal(value, buf_as_slice(&text)))
			number = last;
	}
	if (cursor)
		mdb_cursor_close(cursor);
	if (!number) {
		number = last + 1;
		key_add(&added, number, 4);
		txn_append(txn, TABLE_PROJECTION, key_slice(&added), buf_as_slice(&text));
	}
	buf_release(&text);
	if (number > UINT16_MAX)
		txn_fail(txn, ERROR_TOO_BIG);
	return (uint16_t)number;
}

bool projection_get(struct txn *txn, uint16_t number, struct projection *projection)
{
	struct key key = { .size = 0 };
	struct slice text;

	key_add(&key, number, 4);
	return txn_get(txn, TABLE_PROJECTION, key_slice(&key), &text) && projection_read(text, projection);
}

uint32_t projection_stable(struct txn *txn, uint16_t number)
{
	struct projection projection;

	if (!number)
		return fields_stable();
	return projection_get(txn, number, &projection) ? projection.fields & fields_stable() : 0;
}
