/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/past_table.h"

enum {
	EVIDENCE_OLD_BYTES = 1 + OID_BYTES + 2 * SHA_BYTES + 1,
	EVIDENCE_BYTES = EVIDENCE_OLD_BYTES + 6 + 1,
	PAST_BYTES = 1 + OID_BYTES + SHA_BYTES + 6 + 1,
};

static void add_sha(struct key *value, const uint8_t sha[SHA_BYTES])
{
	memcpy(value->byte + value->size, sha, SHA_BYTES);
	value->size += SHA_BYTES;
}

static struct key number_key(uint64_t number, unsigned bytes)
{
	struct key key = { .size = 0 };

	key_add(&key, number, bytes);
	return key;
}

/* --- evidence ------------------------------------------------------------------------------------------------------*/

void evidence_put(struct txn *txn, const struct evidence_due *due)
{
	struct key key = number_key(due->seq, 8), value = { .size = 0 };

	key_add(&value, due->kind, 1);
	key_add_oid(&value, &due->oid);
	add_sha(&value, due->before);
	add_sha(&value, due->after);
	key_add(&value, due->tries, 1);
	key_add(&value, (uint64_t)due->asked_ms, 6);
	key_add(&value, due->reason, 1);
	txn_put(txn, TABLE_EVIDENCE, key_slice(&key), key_slice(&value));
}

bool evidence_decode(struct slice key, struct slice value, struct evidence_due *due)
{
	const uint8_t *bytes = slice_bytes(value);

	if (key.size != 8 || (value.size != EVIDENCE_BYTES && value.size != EVIDENCE_OLD_BYTES) || bytes[0] >= REPO_KINDS)
		return false;
	due->seq = get_u64(slice_bytes(key));
	due->kind = (enum repo_kind)bytes[0];
	memcpy(due->oid.byte, bytes + 1, OID_BYTES);
	memcpy(due->before, bytes + 1 + OID_BYTES, SHA_BYTES);
	memcpy(due->after, bytes + 1 + OID_BYTES + SHA_BYTES, SHA_BYTES);
	due->tries = bytes[EVIDENCE_OLD_BYTES - 1];
	due->asked_ms = value.size == EVIDENCE_BYTES ? (int64_t)get_u48(bytes + EVIDENCE_OLD_BYTES) : 0;
	due->reason = value.size == EVIDENCE_BYTES ? bytes[EVIDENCE_BYTES - 1] : REST_UNKNOWN;
	return due->reason < REST_REASONS;
}

static bool decode_due(struct txn *txn, struct slice key, struct slice value, struct evidence_due *due)
{
	bool fits = evidence_decode(key, value, due);

	if (!fits)
		txn_fail(txn, ERROR_CORRUPT);
	return fits;
}

bool evidence_get(struct txn *txn, uint64_t seq, struct evidence_due *due)
{
	struct key key = number_key(seq, 8);
	struct slice value;

	return txn_get(txn, TABLE_EVIDENCE, key_slice(&key), &value) && decode_due(txn, key_slice(&key), value, due);
}

bool evidence_from(struct txn *txn, MDB_cursor *cursor, uint64_t seq, struct evidence_due *due)
{
	struct key from = number_key(seq, 8);
	struct slice key = key_slice(&from), value;

	return txn_seek(txn, cursor, MDB_SET_RANGE, &key, &value) && decode_due(txn, key, value, due);
}

void evidence_delete(struct txn *txn, uint64_t seq)
{
	struct key key = number_key(seq, 8);

	txn_delete(txn, TABLE_EVIDENCE, key_slice(&key));
}

/* --- backfill ------------------------------------------------------------------------------------------------------*/

void past_put(struct txn *txn, uint32_t number, const struct past_row *row)
{
	struct key key = number_key(number, 4), value = { .size = 0 };

	key_add(&value, row->kind, 1);
	key_add_oid(&value, &row->oid);
	add_sha(&value, row->head);
	key_add(&value, (uint64_t)row->at_ms, 6);
	key_add(&value, row->outcome, 1);
	txn_put(txn, TABLE_BACKFILL, key_slice(&key), key_slice(&value));
}

bool past_decode(struct slice value, struct past_row *row)
{
	const uint8_t *bytes = slice_bytes(value);

	if (value.size != PAST_BYTES || bytes[0] >= REPO_KINDS || bytes[PAST_BYTES - 1] >= PAST_OUTCOME_COUNT)
		return false;
	row->kind = (enum repo_kind)bytes[0];
	memcpy(row->oid.byte, bytes + 1, OID_BYTES);
	memcpy(row->head, bytes + 1 + OID_BYTES, SHA_BYTES);
	row->at_ms = (int64_t)get_u48(bytes + 1 + OID_BYTES + SHA_BYTES);
	row->outcome = (enum past_outcome)bytes[PAST_BYTES - 1];
	return true;
}

bool past_get(struct txn *txn, uint32_t number, struct past_row *row)
{
	struct key key = number_key(number, 4);
	struct slice value;

	if (!txn_get(txn, TABLE_BACKFILL, key_slice(&key), &value))
		return false;
	if (past_decode(value, row))
		return true;
	txn_fail(txn, ERROR_CORRUPT);
	return false;
}
