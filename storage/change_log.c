/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/change_log.h"

#define MOMENT_48_MAX INT64_C(0xFFFFFFFFFFFF)

void change_log_append(struct txn *txn, struct log_head *head, struct change *change, uint32_t number,
	const struct change_origin *origin, struct buf *line, struct change_terms *terms)
{
	struct key seq = { .size = 0 }, time = { .size = 0 }, repo = { .size = 0 };
	/* An imported look keeps the day that it had, also where other kinds were looked at since. */
	bool dated_by_look = change->at_ms == change->observed_at_ms && change->origin != ORIGIN_IMPORTED;

	change->seq = ++head->seq;
	if (change->observed_at_ms < head->at_ms)
		change->observed_at_ms = head->at_ms;
	if (change->observed_after_ms > change->observed_at_ms) /* our clock was set back in between */
		change->observed_after_ms = change->observed_at_ms;
	if (dated_by_look)
		change->at_ms = change->observed_at_ms;
	head->at_ms = change->observed_at_ms;

	buf_reset(line);
	change_write(change, origin, line);
	change_seal(line, head->hash, head->hash);
	if (line->overflow || !change_terms_read(terms, buf_as_slice(line))) {
		txn_fail(txn, ERROR_TOO_BIG);
		return;
	}
	key_add(&seq, change->seq, 8);
	key_add(&time, (uint64_t)change->at_ms, 6);
	key_add(&time, change->seq, 8);
	key_add(&repo, number, 4);
	key_add(&repo, change->seq, 8);
	txn_append(txn, TABLE_CHANGE, key_slice(&seq), buf_as_slice(line));
	txn_append(txn, TABLE_CHANGE_TIME, key_slice(&time), SLICE(""));
	if (number)
		txn_put(txn, TABLE_CHANGE_REPO, key_slice(&repo), SLICE(""));
	change_terms_put(terms, txn);
}

void receipt_put(struct txn *txn, struct frame_maker *frames, uint64_t seq, const struct receipt *receipt,
	struct buf *text, struct buf *value)
{
	const struct slice part[] = { receipt->url, receipt->date, receipt->request_id };
	struct key key = { .size = 0 };
	uint16_t encoding;

	buf_reset(text);
	buf_reset(value);
	for (size_t i = 0; i < ARRAY_COUNT(part); i++) {
		buf_slice(text, part[i]);
		buf_char(text, '\n');
	}
	buf_slice(text, receipt->row);
	buf_add(value, "\0", 2);
	if (frame_pack(frames, DICTIONARY_CONTENT, buf_as_slice(text), value, &encoding)) {
		txn_fail(txn, ERROR_TOO_BIG);
		return;
	}
	put_u16((uint8_t *)value->data, encoding);
	key_add(&key, seq, 8);
	txn_append(txn, TABLE_RECEIPT, key_slice(&key), buf_as_slice(value));
}

static bool take_line(struct slice *rest, struct slice *line)
{
	const char *end = rest->size ? memchr(rest->data, '\n', rest->size) : NULL;

	if (!end)
		return false;
	*line = (struct slice){ rest->data, (size_t)(end - rest->data) };
	*rest = (struct slice){ end + 1, rest->size - line->size - 1 };
	return true;
}

int receipt_get(struct txn *txn, struct frame_maker *frames, uint64_t seq, struct buf *text, struct receipt *receipt)
{
	struct key key = { .size = 0 };
	struct slice value, rest;
	int error;

	key_add(&key, seq, 8);
	if (!txn_get(txn, TABLE_RECEIPT, key_slice(&key), &value))
		return ERROR_NOT_FOUND;
	if (value.size < 2)
		return ERROR_CORRUPT;
	buf_reset(text);
	error = frame_unpack(frames, get_u16(slice_bytes(value)), (struct slice){ value.data + 2, value.size - 2 }, SLICE_NONE,
		text);
	rest = buf_as_slice(text);
	if (error)
		return error;
	if (!take_line(&rest, &receipt->url) || !take_line(&rest, &receipt->date) || !take_line(&rest, &receipt->request_id))
		return ERROR_CORRUPT;
	receipt->row = rest;
	return ERROR_NONE;
}

bool change_get(struct txn *txn, uint64_t seq, struct slice *line)
{
	struct key key = { .size = 0 };

	key_add(&key, seq, 8);
	return txn_get(txn, TABLE_CHANGE, key_slice(&key), line);
}

/* The key right behind the position; backwards the seek lands on it or behind and steps back once. */
bool change_time_next(struct txn *txn, MDB_cursor *cursor, struct log_position *position, bool backwards)
{
	struct key from = { .size = 0 };
	struct slice key, value;
	uint64_t at = position->at_ms < 0 ? 0 : (uint64_t)position->at_ms;
	bool found;

	if (position->at_ms > MOMENT_48_MAX)
		at = MOMENT_48_MAX;
	key_add(&from, at, 6);
	key_add(&from, backwards || position->seq == UINT64_MAX ? position->seq : position->seq + 1, 8);
	key = key_slice(&from);
	found = backwards ? txn_seek_before(txn, cursor, &key, &value) : txn_seek(txn, cursor, MDB_SET_RANGE, &key, &value);
	if (!found || key.size != 14)
		return false;
	position->at_ms = (int64_t)get_u48(slice_bytes(key));
	position->seq = get_u64(slice_bytes(key) + 6);
	return true;
}

bool change_repo_next(struct txn *txn, MDB_cursor *cursor, uint32_t number, uint64_t *seq)
{
	struct key from = { .size = 0 };
	struct slice key, value;

	key_add(&from, number, 4);
	key_add(&from, *seq + 1, 8);
	key = key_slice(&from);
	if (!txn_seek(txn, cursor, MDB_SET_RANGE, &key, &value) || key.size != 12 || get_u32(slice_bytes(key)) != number)
		return false;
	*seq = get_u64(slice_bytes(key) + 4);
	return true;
}

/* The keys of a line have a fixed order, and none of these values has an escape. */
static bool is_observed_license(struct slice line)
{
	static const char event[] = "\"event\":\"license.", origin[] = "\"origin\":\"reconstructed\"";
	const char *found = memmem(line.data, line.size, event, sizeof(event) - 1);
	const char *end = found ? memchr(found, ',', line.size - (size_t)(found - line.data)) : NULL;

	return end && !slice_starts_with((struct slice){ end + 1, line.size - (size_t)(end + 1 - line.data) },
			      (struct slice){ origin, sizeof(origin) - 1 });
}

uint64_t change_newest_license(struct txn *txn, uint32_t number)
{
	MDB_cursor *cursor = txn_cursor(txn, TABLE_CHANGE_REPO);
	struct key behind = { .size = 0 };
	struct slice key, value, line;
	uint64_t seq = 0;
	bool found;

	key_add(&behind, (uint64_t)number + 1, 4);
	key = key_slice(&behind);
	found = txn_seek_before(txn, cursor, &key, &value);
	for (; !seq && found && key.size == 12 && get_u32(slice_bytes(key)) == number;
		found = txn_seek(txn, cursor, MDB_PREV, &key, &value))
		if (change_get(txn, get_u64(slice_bytes(key) + 4), &line) && is_observed_license(line))
			seq = get_u64(slice_bytes(key) + 4);
	if (cursor)
		mdb_cursor_close(cursor);
	return seq;
}
