/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/meta.h"

#include <stdio.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { NAME_MAX_BYTES = 32, HEAD_BYTES = 14 + HASH_HEX, SWEEP_BYTES = 64, SEGMENT_BYTES = 2 * OID_BYTES + 1 };

enum sweep_flag { SWEEP_RUNNING = 1, SWEEP_ORDERED = 2, SWEEP_COMPLETE = 4 };

uint64_t meta_number(struct txn *txn, const char *name)
{
	struct slice value;

	return txn_get(txn, TABLE_META, slice_of(name), &value) && value.size == 8 ? get_u64(slice_bytes(value)) : 0;
}

void meta_set_number(struct txn *txn, const char *name, uint64_t value)
{
	struct key bytes = { .size = 0 };

	key_add(&bytes, value, 8);
	txn_put(txn, TABLE_META, slice_of(name), key_slice(&bytes));
}

struct slice meta_text(struct txn *txn, const char *name)
{
	struct slice value;

	return txn_get(txn, TABLE_META, slice_of(name), &value) ? value : SLICE_NONE;
}

void meta_set_text(struct txn *txn, const char *name, struct slice text)
{
	txn_put(txn, TABLE_META, slice_of(name), text);
}

static uint64_t hash_of_all(struct txn *txn)
{
	MDB_cursor *cursor = txn_cursor(txn, TABLE_META);
	struct slice key = SLICE_NONE, value;
	uint64_t hash = 0;

	for (MDB_cursor_op op = MDB_FIRST; txn_seek(txn, cursor, op, &key, &value); op = MDB_NEXT) {
		if (slice_is(key, "check") || slice_is(key, "backup"))
			continue;
		hash = XXH3_64bits_withSeed(key.data, key.size, hash);
		hash = XXH3_64bits_withSeed(value.data, value.size, hash);
	}
	if (cursor)
		mdb_cursor_close(cursor);
	return hash;
}

void meta_seal(struct txn *txn)
{
	meta_set_number(txn, "check", hash_of_all(txn));
}

bool meta_is_sealed(struct txn *txn)
{
	struct slice check = meta_text(txn, "check");

	if (!check.size)
		return meta_number(txn, "schema") < STORE_SCHEMA_SEALED;
	return meta_number(txn, "check") == hash_of_all(txn);
}

void meta_head(struct txn *txn, struct log_head *head)
{
	struct slice value = meta_text(txn, "head");

	*head = (struct log_head){ 0 };
	memcpy(head->hash, CHANGE_GENESIS, HASH_HEX + 1);
	if (value.size != HEAD_BYTES)
		return;
	head->seq = get_u64(slice_bytes(value));
	head->at_ms = (int64_t)get_u48(slice_bytes(value) + 8);
	memcpy(head->hash, value.data + 14, HASH_HEX);
}

void meta_set_head(struct txn *txn, const struct log_head *head)
{
	uint8_t bytes[HEAD_BYTES];

	put_u64(bytes, head->seq);
	put_u48(bytes + 8, (uint64_t)head->at_ms);
	memcpy(bytes + 14, head->hash, HASH_HEX);
	meta_set_text(txn, "head", (struct slice){ (const char *)bytes, sizeof(bytes) });
}

static const char *kind_key(const char *what, enum repo_kind kind, char name[NAME_MAX_BYTES])
{
	snprintf(name, NAME_MAX_BYTES, "%s.%s", what, repo_kinds[kind].name);
	return name;
}

/* number u32, flags u32, seen u64, known u64, after [12], covering u32, started u48, ended u48, completed u48, first u48 */
void meta_sweep(struct txn *txn, enum repo_kind kind, struct sweep_state *state)
{
	char name[NAME_MAX_BYTES];
	struct slice value = meta_text(txn, kind_key("sweep", kind, name));
	const uint8_t *bytes = slice_bytes(value);
	uint32_t flags;

	*state = (struct sweep_state){ 0 };
	if (value.size != SWEEP_BYTES)
		return;
	flags = get_u32(bytes + 4);
	state->number = get_u32(bytes);
	state->running = flags & SWEEP_RUNNING;
	state->ordered = flags & SWEEP_ORDERED;
	state->complete = flags & SWEEP_COMPLETE;
	state->seen = get_u64(bytes + 8);
	state->known = get_u64(bytes + 16);
	memcpy(state->after.byte, bytes + 24, OID_BYTES);
	state->covering = get_u32(bytes + 36);
	state->started_ms = (int64_t)get_u48(bytes + 40);
	state->ended_ms = (int64_t)get_u48(bytes + 46);
	state->completed_ms = (int64_t)get_u48(bytes + 52);
	state->first_look_ms = (int64_t)get_u48(bytes + 58);
}

void meta_set_sweep(struct txn *txn, enum repo_kind kind, const struct sweep_state *state)
{
	char name[NAME_MAX_BYTES];
	uint8_t bytes[SWEEP_BYTES] = { 0 };
	uint32_t flags = (state->running ? SWEEP_RUNNING : 0u) | (state->ordered ? SWEEP_ORDERED : 0u) |
			 (state->complete ? SWEEP_COMPLETE : 0u);

	put_u32(bytes, state->number);
	put_u32(bytes + 4, flags);
	put_u64(bytes + 8, state->seen);
	put_u64(bytes + 16, state->known);
	memcpy(bytes + 24, state->after.byte, OID_BYTES);
	put_u32(bytes + 36, state->covering);
	put_u48(bytes + 40, (uint64_t)state->started_ms);
	put_u48(bytes + 46, (uint64_t)state->ended_ms);
	put_u48(bytes + 52, (uint64_t)state->completed_ms);
	put_u48(bytes + 58, (uint64_t)state->first_look_ms);
	meta_set_text(txn, kind_key("sweep", kind, name), (struct slice){ (const char *)bytes, sizeof(bytes) });
}

const struct repo_oid oid_last = { { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF } };

void meta_segments(struct txn *txn, enum repo_kind kind, struct sweep_segments *segments)
{
	char name[NAME_MAX_BYTES];
	struct slice value = meta_text(txn, kind_key("segments", kind, name));
	const uint8_t *bytes = slice_bytes(value);
	struct sweep_state sweep;

	segments->count = (unsigned)(value.size / SEGMENT_BYTES);
	if (!segments->count || segments->count > SWEEP_SEGMENTS_MAX || value.size % SEGMENT_BYTES) {
		meta_sweep(txn, kind, &sweep);
		*segments = (struct sweep_segments){ .count = 1, .segment = { { .after = sweep.after, .until = oid_last } } };
		return;
	}
	for (unsigned i = 0; i < segments->count; i++, bytes += SEGMENT_BYTES) {
		memcpy(segments->segment[i].after.byte, bytes, OID_BYTES);
		memcpy(segments->segment[i].until.byte, bytes + OID_BYTES, OID_BYTES);
		segments->segment[i].done = bytes[2 * OID_BYTES];
	}
}

void meta_set_segments(struct txn *txn, enum repo_kind kind, const struct sweep_segments *segments)
{
	char name[NAME_MAX_BYTES];
	uint8_t bytes[SWEEP_SEGMENTS_MAX * SEGMENT_BYTES], *at = bytes;

	for (unsigned i = 0; i < segments->count; i++, at += SEGMENT_BYTES) {
		memcpy(at, segments->segment[i].after.byte, OID_BYTES);
		memcpy(at + OID_BYTES, segments->segment[i].until.byte, OID_BYTES);
		at[2 * OID_BYTES] = segments->segment[i].done;
	}
	meta_set_text(txn, kind_key("segments", kind, name), (struct slice){ (const char *)bytes, (size_t)(at - bytes) });
}

/* The places of all numbers, so that reading and writing cannot differ. */
enum { COMPLETENESS_NUMBERS = 2 * sizeof(struct sweep_counts) / 8 + 3 * sizeof(struct recapture) / 8 };

static void list_numbers(struct completeness *completeness, uint64_t *number[COMPLETENESS_NUMBERS])
{
	struct sweep_counts *const counts[] = { &completeness->now, &completeness->last };
	struct recapture *const met[] = { &completeness->met_now, &completeness->met_last, &completeness->met_before };
	unsigned at = 0;

	for (unsigned i = 0; i < ARRAY_COUNT(counts); i++) {
#define X(count, meaning) number[at++] = &counts[i]->count;
		SWEEP_COUNTS(X)
#undef X
	}
	for (unsigned i = 0; i < ARRAY_COUNT(met); i++) {
		number[at++] = &met[i]->first;
		number[at++] = &met[i]->second;
		number[at++] = &met[i]->both;
	}
}

void meta_completeness(struct txn *txn, enum repo_kind kind, struct completeness *completeness)
{
	char name[NAME_MAX_BYTES];
	struct slice value = meta_text(txn, kind_key("complete", kind, name));
	uint64_t *number[COMPLETENESS_NUMBERS];

	*completeness = (struct completeness){ 0 };
	list_numbers(completeness, number);
	for (unsigned i = 0; i < COMPLETENESS_NUMBERS && value.size == 8 * COMPLETENESS_NUMBERS; i++)
		*number[i] = get_u64(slice_bytes(value) + 8 * i);
}

void meta_set_completeness(struct txn *txn, enum repo_kind kind, const struct completeness *completeness)
{
	char name[NAME_MAX_BYTES];
	struct completeness copy = *completeness;
	uint8_t bytes[8 * COMPLETENESS_NUMBERS];
	uint64_t *number[COMPLETENESS_NUMBERS];

	list_numbers(&copy, number);
	for (unsigned i = 0; i < COMPLETENESS_NUMBERS; i++)
		put_u64(bytes + 8 * i, *number[i]);
	meta_set_text(txn, kind_key("complete", kind, name), (struct slice){ (const char *)bytes, sizeof(bytes) });
}

uint64_t meta_gone(struct txn *txn, enum repo_kind kind)
{
	char name[NAME_MAX_BYTES];

	return meta_number(txn, kind_key("gone", kind, name));
}

void meta_set_gone(struct txn *txn, enum repo_kind kind, uint64_t gone)
{
	char name[NAME_MAX_BYTES];

	meta_set_number(txn, kind_key("gone", kind, name), gone);
}

int64_t meta_newest_look(struct txn *txn, enum repo_kind kind)
{
	char name[NAME_MAX_BYTES];

	return (int64_t)meta_number(txn, kind_key("look", kind, name));
}

void meta_set_newest_look(struct txn *txn, enum repo_kind kind, int64_t at_ms)
{
	char name[NAME_MAX_BYTES];

	meta_set_number(txn, kind_key("look", kind, name), (uint64_t)at_ms);
}
