/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/detail_table.h"

enum { KEY_BYTES = 2 + OID_BYTES, VALUE_BYTES = 25, OLD_VALUE_BYTES = 18 };

static struct key todo_key(enum repo_kind kind, enum detail_rank rank, const struct repo_oid *oid)
{
	struct key key = { .size = 0 };

	key_add(&key, kind, 1);
	key_add(&key, rank, 1);
	key_add_oid(&key, oid);
	return key;
}

bool detail_decode(struct slice key, struct slice value, struct detail_todo *todo)
{
	const uint8_t *in = slice_bytes(key);

	if (key.size != KEY_BYTES || (value.size != VALUE_BYTES && value.size != OLD_VALUE_BYTES) || in[0] >= REPO_KINDS ||
		in[1] >= DETAIL_RANKS)
		return false;
	todo->kind = (enum repo_kind)in[0];
	todo->rank = (enum detail_rank)in[1];
	memcpy(todo->oid.byte, in + 2, OID_BYTES);
	in = slice_bytes(value);
	todo->since_ms = (int64_t)get_u48(in);
	todo->of = get_u64(in + 6);
	todo->tries = get_u32(in + 14);
	todo->asked_ms = value.size == VALUE_BYTES ? (int64_t)get_u48(in + 18) : 0;
	todo->reason = value.size == VALUE_BYTES ? in[24] : REST_UNKNOWN;
	return todo->reason < REST_REASONS;
}

bool detail_get(struct txn *txn, enum repo_kind kind, const struct repo_oid *oid, struct detail_todo *todo)
{
	for (unsigned rank = 0; rank < DETAIL_RANKS; rank++) {
		struct key key = todo_key(kind, (enum detail_rank)rank, oid);
		struct slice value;

		if (txn_get(txn, TABLE_DETAIL, key_slice(&key), &value))
			return detail_decode(key_slice(&key), value, todo);
	}
	return false;
}

void detail_delete(struct txn *txn, enum repo_kind kind, const struct repo_oid *oid)
{
	for (unsigned rank = 0; rank < DETAIL_RANKS; rank++) {
		struct key key = todo_key(kind, (enum detail_rank)rank, oid);

		txn_delete(txn, TABLE_DETAIL, key_slice(&key));
	}
}

void detail_put(struct txn *txn, const struct detail_todo *todo)
{
	struct key key = todo_key(todo->kind, todo->rank, &todo->oid), value = { .size = 0 };

	detail_delete(txn, todo->kind, &todo->oid);
	key_add(&value, (uint64_t)todo->since_ms, 6);
	key_add(&value, todo->of, 8);
	key_add(&value, todo->tries, 4);
	key_add(&value, (uint64_t)todo->asked_ms, 6);
	key_add(&value, todo->reason, 1);
	txn_put(txn, TABLE_DETAIL, key_slice(&key), key_slice(&value));
}

bool detail_from(struct txn *txn, MDB_cursor *cursor, struct detail_todo *todo)
{
	struct key from = todo_key(todo->kind, todo->rank, &todo->oid);
	struct slice key = key_slice(&from), value;
	enum repo_kind kind = todo->kind;

	return txn_seek(txn, cursor, MDB_SET_RANGE, &key, &value) && detail_decode(key, value, todo) && todo->kind == kind;
}
