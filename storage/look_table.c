/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/look_table.h"

#include "storage/projection_table.h"

/* A look of before projections were kept, and one of today. */
enum { OLDEST_BYTES = 6, LOOK_BYTES = 8 };

static struct key look_key(enum repo_kind kind, uint32_t sweep, const struct repo_oid *oid)
{
	struct key key = { .size = 0 };

	key_add(&key, kind, 1);
	key_add(&key, sweep, 4);
	key_add_oid(&key, oid);
	return key;
}

void look_put(struct txn *txn, enum repo_kind kind, uint32_t sweep, const struct repo_oid *last, const struct look *look)
{
	struct key key = look_key(kind, sweep, last), value = { .size = 0 };

	key_add(&value, (uint64_t)look->at_ms, 6);
	key_add(&value, look->projection, 2);
	txn_put(txn, TABLE_LOOK, key_slice(&key), key_slice(&value));
}

bool look_decode(struct slice key, struct slice value, struct look *look)
{
	bool with_projection = value.size == LOOK_BYTES;

	if (key.size != 1 + 4 + OID_BYTES || (!with_projection && value.size != OLDEST_BYTES))
		return false;
	look->at_ms = (int64_t)get_u48(slice_bytes(value));
	look->projection = with_projection ? get_u16(slice_bytes(value) + 6) : 0;
	look->sweep = get_u32(slice_bytes(key) + 1);
	memcpy(look->last.byte, key.data + 5, OID_BYTES);
	return true;
}

static struct look look_in_sweep(struct txn *txn, enum repo_kind kind, uint32_t sweep, const struct repo_oid *oid)
{
	struct key from = look_key(kind, sweep, oid);
	struct slice key = key_slice(&from), value;
	MDB_cursor *cursor = txn_cursor(txn, TABLE_LOOK);
	struct look look = { 0 };

	if (!txn_seek(txn, cursor, MDB_SET_RANGE, &key, &value) || memcmp(key.data, from.byte, 5) != 0 ||
		!look_decode(key, value, &look))
		look = (struct look){ 0 };
	if (cursor)
		mdb_cursor_close(cursor);
	return look;
}

struct look look_over(struct txn *txn, enum repo_kind kind, const struct sweep_state *sweep, const struct repo_oid *oid,
	uint32_t fields)
{
	for (uint32_t number = sweep->number; number && number >= sweep->covering; number--) {
		struct look look = look_in_sweep(txn, kind, number, oid);

		if (look.at_ms && (!fields || !(fields & ~projection_stable(txn, look.projection))))
			return look;
	}
	return (struct look){ 0 };
}

uint32_t look_fields(struct txn *txn, enum repo_kind kind, uint32_t sweep)
{
	struct key from = look_key(kind, sweep, &(struct repo_oid){ { 0 } });
	struct slice key = key_slice(&from), value;
	MDB_cursor *cursor = txn_cursor(txn, TABLE_LOOK);
	uint32_t fields = fields_stable();
	uint16_t met = 0;
	struct look look;

	for (MDB_cursor_op op = MDB_SET_RANGE; txn_seek(txn, cursor, op, &key, &value); op = MDB_NEXT) {
		if (memcmp(key.data, from.byte, 5) != 0 || !look_decode(key, value, &look))
			break;
		if (look.projection == met)
			continue;
		met = look.projection;
		fields &= projection_stable(txn, met);
	}
	if (cursor)
		mdb_cursor_close(cursor);
	return fields;
}

/* Counts the looks of a sweep; of `total` looks, gives the oids that part them into `parts`. */
static size_t walk_looks(struct txn *txn, enum repo_kind kind, uint32_t sweep, size_t total, unsigned parts,
	struct repo_oid *bounds)
{
	struct key from = look_key(kind, sweep, &(struct repo_oid){ { 0 } });
	struct slice key = key_slice(&from), value;
	MDB_cursor *cursor = txn_cursor(txn, TABLE_LOOK);
	size_t count = 0;
	unsigned part = 1;

	for (MDB_cursor_op op = MDB_SET_RANGE; txn_seek(txn, cursor, op, &key, &value); op = MDB_NEXT) {
		if (key.size != from.size || memcmp(key.data, from.byte, 5) != 0)
			break;
		count++;
		if (part < parts && count == total * part / parts)
			memcpy(bounds[part++ - 1].byte, key.data + 5, OID_BYTES);
	}
	if (cursor)
		mdb_cursor_close(cursor);
	return count;
}

bool look_bounds(struct txn *txn, enum repo_kind kind, uint32_t sweep, unsigned parts, struct repo_oid *bounds)
{
	size_t looks = walk_looks(txn, kind, sweep, 0, 0, NULL);

	return looks >= 2 * (size_t)parts && walk_looks(txn, kind, sweep, looks, parts, bounds) == looks;
}

void look_delete_sweeps(struct txn *txn, enum repo_kind kind, uint32_t first, uint32_t last)
{
	struct key from = look_key(kind, first, &(struct repo_oid){ { 0 } });
	struct slice key = key_slice(&from), value;
	MDB_cursor *cursor = txn_cursor(txn, TABLE_LOOK);

	for (MDB_cursor_op op = MDB_SET_RANGE; txn_seek(txn, cursor, op, &key, &value); op = MDB_NEXT) {
		if (slice_bytes(key)[0] != kind || get_u32(slice_bytes(key) + 1) > last)
			break;
		txn_fail(txn, mdb_cursor_del(cursor, 0));
	}
	if (cursor)
		mdb_cursor_close(cursor);
}

static struct key missing_key(enum repo_kind kind, const struct repo_oid *oid)
{
	struct key key = { .size = 0 };

	key_add(&key, kind, 1);
	key_add_oid(&key, oid);
	return key;
}

static bool decode_value(struct slice value, struct missing_value *out)
{
	bool asked = value.size >= 22, reasoned = value.size == 23; /* older programs kept less */

	if (value.size != 16 && value.size != 22 && value.size != 23)
		return false;
	out->since_ms = (int64_t)get_u48(slice_bytes(value));
	out->seen_ms = (int64_t)get_u48(slice_bytes(value) + 6);
	out->tries = get_u32(slice_bytes(value) + 12);
	out->asked_ms = asked ? (int64_t)get_u48(slice_bytes(value) + 16) : 0;
	out->reason = reasoned ? slice_bytes(value)[22] : REST_UNKNOWN;
	return out->reason < REST_REASONS;
}

bool missing_get(struct txn *txn, enum repo_kind kind, const struct repo_oid *oid, struct missing_value *value)
{
	struct key key = missing_key(kind, oid);
	struct slice bytes;

	return txn_get(txn, TABLE_MISSING, key_slice(&key), &bytes) && decode_value(bytes, value);
}

void missing_put(struct txn *txn, enum repo_kind kind, const struct repo_oid *oid, const struct missing_value *value)
{
	struct key key = missing_key(kind, oid), bytes = { .size = 0 };

	key_add(&bytes, (uint64_t)value->since_ms, 6);
	key_add(&bytes, (uint64_t)value->seen_ms, 6);
	key_add(&bytes, value->tries, 4);
	key_add(&bytes, (uint64_t)value->asked_ms, 6);
	key_add(&bytes, value->reason, 1);
	txn_put(txn, TABLE_MISSING, key_slice(&key), key_slice(&bytes));
}

void missing_delete(struct txn *txn, enum repo_kind kind, const struct repo_oid *oid)
{
	struct key key = missing_key(kind, oid);

	txn_delete(txn, TABLE_MISSING, key_slice(&key));
}

bool missing_decode(struct slice key, struct slice value, struct missing_row *row)
{
	struct missing_value decoded;

	if (key.size != 1 + OID_BYTES || slice_bytes(key)[0] >= REPO_KINDS || !decode_value(value, &decoded))
		return false;
	row->kind = (enum repo_kind)slice_bytes(key)[0];
	memcpy(row->oid.byte, key.data + 1, OID_BYTES);
	row->since_ms = decoded.since_ms;
	row->tries = decoded.tries;
	row->asked_ms = decoded.asked_ms;
	row->reason = decoded.reason;
	return true;
}

void missing_forget(struct txn *txn, enum repo_kind kind, int64_t since_ms)
{
	struct key from = missing_key(kind, &(struct repo_oid){ { 0 } });
	struct slice key = key_slice(&from), value;
	MDB_cursor *cursor = txn_cursor(txn, TABLE_MISSING);
	struct missing_row row;

	for (MDB_cursor_op op = MDB_SET_RANGE; txn_seek(txn, cursor, op, &key, &value); op = MDB_NEXT) {
		if (!missing_decode(key, value, &row) || row.kind != kind)
			break;
		if (row.since_ms >= since_ms)
			txn_fail(txn, mdb_cursor_del(cursor, 0));
	}
	if (cursor)
		mdb_cursor_close(cursor);
}

bool damage_is_new(struct txn *txn, uint64_t hash, int64_t now_ms)
{
	struct key key = { .size = 0 }, value = { .size = 0 };
	struct slice known;

	key_add(&key, hash, 8);
	if (txn_get(txn, TABLE_DAMAGE, key_slice(&key), &known))
		return false;
	key_add(&value, (uint64_t)now_ms, 6);
	txn_put(txn, TABLE_DAMAGE, key_slice(&key), key_slice(&value));
	return true;
}

static struct key cursor_key(enum lane lane, enum repo_kind kind)
{
	struct key key = { .size = 0 };

	key_add(&key, lane, 1);
	key_add(&key, kind, 1);
	return key;
}

void cursor_put(struct txn *txn, enum lane lane, enum repo_kind kind, struct slice text)
{
	struct key key = cursor_key(lane, kind);

	txn_put(txn, TABLE_CURSOR, key_slice(&key), text);
}

bool cursor_get(struct txn *txn, enum lane lane, enum repo_kind kind, struct slice *text)
{
	struct key key = cursor_key(lane, kind);

	return txn_get(txn, TABLE_CURSOR, key_slice(&key), text);
}

/* No lane has this number. */
enum { KEY_QUOTA = 255 };

static struct key block_key(unsigned bucket)
{
	struct key key = { .size = 0 };

	key_add(&key, KEY_QUOTA, 1);
	key_add(&key, bucket, 1);
	return key;
}

void quota_block_put(struct txn *txn, unsigned bucket, struct slice text)
{
	struct key key = block_key(bucket);

	txn_put(txn, TABLE_CURSOR, key_slice(&key), text);
}

bool quota_block_get(struct txn *txn, unsigned bucket, struct slice *text)
{
	struct key key = block_key(bucket);

	return txn_get(txn, TABLE_CURSOR, key_slice(&key), text);
}
