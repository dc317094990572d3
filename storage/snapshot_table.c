/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/snapshot_table.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "storage/text_table.h"

bool snapshot_is_full(uint32_t version)
{
	return version % FULL_EVERY == 1;
}

static struct key key_of(uint32_t number, uint32_t version)
{
	struct key key = { .size = 0 };

	key_add(&key, number, 4);
	key_add(&key, version, 4);
	return key;
}

static uint32_t check_word(struct slice key, const uint8_t *bytes, size_t size)
{
	return (uint32_t)XXH3_64bits_withSeed(bytes + 4, size - 4, get_u64(slice_bytes(key)));
}

void snapshot_put(struct txn *txn, uint32_t number, uint32_t version, const struct snapshot_value *value,
	struct buf *scratch)
{
	struct key key = key_of(number, version);
	uint8_t header[SNAPSHOT_HEADER] = { 0 };

	put_u16(header + 4, value->encoding);
	put_u16(header + 6, value->projection);
	put_u48(header + 8, (uint64_t)value->observed_after_ms);
	put_u48(header + 14, (uint64_t)value->observed_at_ms);
	memcpy(header + 20, value->sha, SHA_BYTES);
	buf_reset(scratch);
	buf_add(scratch, header, sizeof(header));
	buf_slice(scratch, value->frame);
	put_u32((uint8_t *)scratch->data, check_word(key_slice(&key), (const uint8_t *)scratch->data, scratch->size));
	txn_append(txn, TABLE_SNAPSHOT, key_slice(&key), buf_as_slice(scratch));
}

bool snapshot_decode(struct slice key, struct slice bytes, struct snapshot_value *value)
{
	const uint8_t *in = slice_bytes(bytes);

	if (key.size != 8 || bytes.size < SNAPSHOT_HEADER || get_u32(in) != check_word(key, in, bytes.size))
		return false;
	value->encoding = get_u16(in + 4);
	value->projection = get_u16(in + 6);
	value->observed_after_ms = (int64_t)get_u48(in + 8);
	value->observed_at_ms = (int64_t)get_u48(in + 14);
	memcpy(value->sha, in + 20, SHA_BYTES);
	value->frame = (struct slice){ bytes.data + SNAPSHOT_HEADER, bytes.size - SNAPSHOT_HEADER };
	return true;
}

bool snapshot_get(struct txn *txn, uint32_t number, uint32_t version, struct snapshot_value *value)
{
	struct key key = key_of(number, version);
	struct slice bytes;

	if (!txn_get(txn, TABLE_SNAPSHOT, key_slice(&key), &bytes))
		return false;
	if (!snapshot_decode(key_slice(&key), bytes, value)) {
		txn_fail(txn, ERROR_CORRUPT);
		return false;
	}
	return true;
}

static uint32_t full_before(uint32_t version)
{
	return version - (version - 1) % FULL_EVERY;
}

/* From the version at hand, or from the full one. */
static uint32_t first_step(const struct txn *txn, uint32_t number, uint32_t version, struct snapshot_last *last)
{
	size_t txn_id = mdb_txn_id(txn->lmdb);
	uint32_t full = full_before(version);
	bool at_hand = last->version && last->txn_id == txn_id && last->number == number && last->version >= full &&
		       last->version <= version;

	if (!at_hand)
		buf_reset(&last->content);
	last->txn_id = txn_id;
	last->number = number;
	return at_hand ? last->version + 1 : full;
}

static int take_step(struct txn *txn, struct frame_maker *frames, uint32_t version, bool wanted, struct snapshot_last *last,
	struct buf *out)
{
	struct buf older = last->content;
	struct snapshot_value value;
	int error;

	if (!snapshot_get(txn, last->number, version, &value))
		return txn->error ? txn->error : wanted ? ERROR_NOT_FOUND : ERROR_CORRUPT;
	if (snapshot_is_dropped(&value))
		return ERROR_NONE;
	buf_reset(out);
	error = frame_unpack(frames, value.encoding, value.frame, buf_as_slice(&older), out);
	last->content = *out;
	*out = older;
	return error;
}

int snapshot_content_next(struct txn *txn, struct frame_maker *frames, uint32_t number, uint32_t version,
	struct snapshot_last *last)
{
	struct buf out = BUF_INIT(FRAME_CONTENT_MAX);
	int error = version ? ERROR_NONE : ERROR_NOT_FOUND;

	for (uint32_t at = version ? first_step(txn, number, version, last) : 1; !error && at <= version; at++)
		error = take_step(txn, frames, at, at == version, last, &out);
	last->version = error ? 0 : version;
	buf_release(&out);
	return error;
}

int snapshot_content(struct txn *txn, struct frame_maker *frames, uint32_t number, uint32_t version,
	struct arena *arena, struct slice *content)
{
	struct snapshot_last last = { .content = BUF_INIT(FRAME_CONTENT_MAX) };
	int error = snapshot_content_next(txn, frames, number, version, &last);

	*content = error ? SLICE_NONE : arena_copy(arena, buf_as_slice(&last.content));
	buf_release(&last.content);
	return error;
}

bool snapshot_is_dropped(const struct snapshot_value *value)
{
	return value->encoding >> 8 == FRAME_DROPPED && value->frame.size == SNAPSHOT_DROPPED_BYTES;
}

int64_t snapshot_retained_until_ms(const struct snapshot_value *value)
{
	return snapshot_is_dropped(value) ? (int64_t)get_u48(slice_bytes(value->frame)) : 0;
}

void snapshot_dropped_write(struct slice content, int64_t at_ms, struct buf *out)
{
	struct slice canonical, derived;
	uint8_t hash[TEXT_HASH_BYTES], left[SNAPSHOT_DROPPED_BYTES];

	content_split(content, &canonical, &derived);
	text_hash(canonical, hash);
	put_u48(left, (uint64_t)at_ms);
	memcpy(left + 6, hash, SNAPSHOT_HASH_BYTES);
	buf_add(out, (const char *)left, sizeof(left));
}

void content_split(struct slice content, struct slice *canonical, struct slice *derived)
{
	const char *line = content.size ? memchr(content.data, '\n', content.size) : NULL;
	size_t size = line ? (size_t)(line - content.data) : content.size;

	*canonical = (struct slice){ content.data, size };
	*derived = line ? (struct slice){ line + 1, content.size - size - 1 } : SLICE_NONE;
}
