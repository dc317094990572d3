/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/repo_table.h"

static enum store_table table_of(enum repo_kind kind)
{
	return (enum store_table)(TABLE_REPO_MODEL + kind);
}

static bool decode(struct txn *txn, struct slice value, const struct repo_oid *oid, struct repo_row *row)
{
	if (repo_row_decode(slice_bytes(value), value.size, oid, row))
		return true;
	txn_fail(txn, ERROR_CORRUPT);
	return false;
}

bool repo_get(struct txn *txn, enum repo_kind kind, const struct repo_oid *oid, struct repo_row *row)
{
	struct slice value;

	return txn_get(txn, table_of(kind), oid_slice(oid), &value) && decode(txn, value, oid, row);
}

void repo_put(struct txn *txn, enum repo_kind kind, const struct repo_oid *oid, const struct repo_row *row)
{
	uint8_t bytes[REPO_ROW_BYTES];

	repo_row_encode(row, oid, bytes);
	txn_append(txn, table_of(kind), oid_slice(oid), (struct slice){ (const char *)bytes, sizeof(bytes) });
}

MDB_cursor *repo_cursor(struct txn *txn, enum repo_kind kind)
{
	return txn_cursor(txn, table_of(kind));
}

bool repo_from(struct txn *txn, MDB_cursor *cursor, MDB_cursor_op op, struct repo_ref *ref)
{
	struct slice key = oid_slice(&ref->oid), value;

	if (!txn_seek(txn, cursor, op, &key, &value))
		return false;
	if (key.size != OID_BYTES) {
		txn_fail(txn, ERROR_CORRUPT);
		return false;
	}
	memcpy(ref->oid.byte, key.data, OID_BYTES);
	return decode(txn, value, &ref->oid, &ref->row);
}
