/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "storage/counter_table.h"
#include "storage/look_table.h"
#include "storage/meta.h"
#include "storage/name_table.h"
#include "storage/past_table.h"
#include "storage/projection_table.h"
#include "storage/repo_table.h"
#include "storage/snapshot_table.h"
#include "storage/statement_table.h"
#include "storage/verify_walk.h"

static const char *const table_of[REPO_KINDS] = { "repo.model", "repo.dataset", "repo.space" };

static const char *oid_text(const struct repo_oid *oid, uint32_t version, char text[VERIFY_TEXT])
{
	char hex[OID_HEX + 1];

	oid_write(oid, hex);
	if (version)
		snprintf(text, VERIFY_TEXT, "%s, version %u", hex, version);
	else
		snprintf(text, VERIFY_TEXT, "%s", hex);
	return text;
}

/* ---- versions ------------------------------------------------------------------------------------------------------*/

/* There are a handful, and every version has one. */
static bool projection_exists(struct verify *verify, uint16_t number)
{
	struct projection projection;

	if (!verify->projection_known[number])
		verify->projection_known[number] = projection_get(&verify->txn, number, &projection);
	verify->txn.error = 0; /* a damaged one is found by itself */
	return verify->projection_known[number];
}

/* The content of one version in verify->content, that of the one before in verify->older. */
static bool check_frame(struct verify *verify, const struct repo_ref *ref, uint32_t version, const struct snapshot_value *value)
{
	char text[VERIFY_TEXT];
	int error;

	buf_reset(&verify->older);
	buf_slice(&verify->older, buf_as_slice(&verify->content));
	buf_reset(&verify->content);
	error = frame_unpack(verify->frames, value->encoding, value->frame, buf_as_slice(&verify->older), &verify->content);
	if (error)
		verify_found(verify, "snapshot", oid_text(&ref->oid, version, text), "%s", error_text(error));
	return !error;
}

static bool check_version(struct verify *verify, const struct repo_ref *ref, uint32_t version, int64_t *observed_ms)
{
	struct snapshot_value value;
	char text[VERIFY_TEXT];

	if (!snapshot_get(&verify->txn, ref->row.number, version, &value)) {
		verify_found(verify, "snapshot", oid_text(&ref->oid, version, text),
			verify->txn.error ? "its check word does not fit" : "is not there");
		verify->txn.error = 0;
		return false;
	}
	if (!snapshot_is_dropped(&value) && !check_frame(verify, ref, version, &value))
		return false;
	if (snapshot_is_dropped(&value) && (version == ref->row.versions || snapshot_is_full(version)))
		verify_found(verify, "snapshot", oid_text(&ref->oid, version, text), "was dropped, though it must stay");
	if (value.observed_at_ms < *observed_ms || value.observed_after_ms > value.observed_at_ms)
		verify_found(verify, "snapshot", oid_text(&ref->oid, version, text), "its times run backwards");
	if (!projection_exists(verify, value.projection))
		verify_found(verify, "snapshot", oid_text(&ref->oid, version, text), "its projection %u is not there",
			value.projection);
	*observed_ms = value.observed_at_ms;
	verify->summary->versions++;
	return true;
}

static void check_name(struct verify *verify, const struct repo_ref *ref, struct slice name)
{
	struct name_entry entry;
	char text[VERIFY_TEXT];

	if (!name_get(&verify->txn, name_hash(ref->kind, name), ref->row.number, &entry) ||
		oid_compare(&entry.oid, &ref->oid) != 0 || entry.until_ms)
		verify_found(verify, "name", oid_text(&ref->oid, 0, text), "its name does not lead to it");
	verify->txn.error = 0;
}

/* What the newest version says, against the row. */
static void check_newest(struct verify *verify, const struct repo_ref *ref)
{
	struct slice canonical, derived;
	struct canon canon;
	struct state state;
	char text[VERIFY_TEXT];

	content_split(buf_as_slice(&verify->content), &canonical, &derived);
	if (XXH3_64bits_withSeed(canonical.data, canonical.size, store_seed(verify->store)) != ref->row.canonical_hash) {
		verify_found(verify, table_of[ref->kind], oid_text(&ref->oid, 0, text),
			"its newest version is not what the row says (canonical hash)");
		return;
	}
	arena_reset(&verify->arena);
	if (canon_read(&verify->canon, canonical, &verify->arena, &canon)) {
		verify_found(verify, "snapshot", oid_text(&ref->oid, ref->row.versions, text), "is not canonical metadata");
		return;
	}
	state_read(&verify->json, &canon, &verify->arena, &state);
	check_name(verify, ref, state.name);
}

static void check_versions(struct verify *verify, const struct repo_ref *ref)
{
	int64_t observed_ms = 0;

	buf_reset(&verify->content);
	for (uint32_t version = 1; version <= ref->row.versions; version++)
		if (!check_version(verify, ref, version, &observed_ms))
			return;
	check_newest(verify, ref);
}

/* ---- rows ----------------------------------------------------------------------------------------------------------*/

static void check_row(struct verify *verify, const struct repo_ref *ref)
{
	const struct repo_row *row = &ref->row;
	struct slice statement;
	enum license_class class;
	char text[VERIFY_TEXT];

	oid_text(&ref->oid, 0, text);
	if (row->number == 0 || row->number > meta_number(&verify->txn, "numbers"))
		verify_found(verify, table_of[ref->kind], text, "its number %u was never given", row->number);
	if (row->versions == 0)
		verify_found(verify, table_of[ref->kind], text, "it has no version");
	if (!statement_get(&verify->txn, row->statement, &statement, &class))
		verify_found(verify, table_of[ref->kind], text, "its statement %u is not there", row->statement);
	verify->txn.error = 0;
	if (!projection_exists(verify, row->projection))
		verify_found(verify, table_of[ref->kind], text, "its projection %u is not there", row->projection);
}

static void verify_repo(struct verify *verify, enum repo_kind kind, struct slice key, struct slice value)
{
	struct repo_ref ref = { .kind = kind };
	char text[VERIFY_TEXT];

	if (key.size != OID_BYTES) {
		verify_found(verify, table_of[kind], "a key", "has %zu bytes, not %d", key.size, OID_BYTES);
		return;
	}
	memcpy(ref.oid.byte, key.data, OID_BYTES);
	verify->summary->repos++;
	if (!repo_row_decode(slice_bytes(value), value.size, &ref.oid, &ref.row)) {
		verify_found(verify, table_of[kind], oid_text(&ref.oid, 0, text), "its check word does not fit");
		return;
	}
	verify->facts.versions_of_rows += ref.row.versions;
	verify->facts.gone[kind] += (ref.row.flags & REPO_GONE) != 0;
	check_row(verify, &ref);
	check_versions(verify, &ref);
}

void verify_model(struct verify *verify, struct slice key, struct slice value)
{
	verify_repo(verify, REPO_MODEL, key, value);
}

void verify_dataset(struct verify *verify, struct slice key, struct slice value)
{
	verify_repo(verify, REPO_DATASET, key, value);
}

void verify_space(struct verify *verify, struct slice key, struct slice value)
{
	verify_repo(verify, REPO_SPACE, key, value);
}

/* ---- what points to rows -------------------------------------------------------------------------------------------*/

bool verify_row_exists(struct verify *verify, enum repo_kind kind, const struct repo_oid *oid, uint32_t number)
{
	struct repo_row row;
	bool there = repo_get(&verify->txn, kind, oid, &row) && (!number || row.number == number);

	verify->txn.error = 0; /* a damaged row is found by itself */
	return there;
}

void verify_name(struct verify *verify, struct slice key, struct slice value)
{
	struct name_entry entry;
	char text[VERIFY_TEXT];
	bool there = false;

	verify->summary->names++;
	if (!name_decode(key, value, &entry)) {
		verify_found(verify, "name", "an entry", "has another form than entries have");
		return;
	}
	for (unsigned kind = 0; kind < REPO_KINDS && !there; kind++)
		there = verify_row_exists(verify, (enum repo_kind)kind, &entry.oid, entry.number);
	if (!there)
		verify_found(verify, "name", oid_text(&entry.oid, 0, text), "the name leads to no repo");
}

void verify_look(struct verify *verify, struct slice key, struct slice value)
{
	struct projection projection;
	struct look look;

	if (!look_decode(key, value, &look))
		verify_found(verify, "look", "an entry", "has another form than entries have");
	else if (look.projection && !projection_get(&verify->txn, look.projection, &projection))
		verify_found(verify, "look", "an entry", "names projection %u, which is not there", look.projection);
}

void verify_missing(struct verify *verify, struct slice key, struct slice value)
{
	struct missing_row row;
	char text[VERIFY_TEXT];

	verify->summary->missing++;
	if (!missing_decode(key, value, &row))
		verify_found(verify, "missing", "an entry", "has another form than entries have");
	else if (!verify_row_exists(verify, row.kind, &row.oid, 0))
		verify_found(verify, "missing", oid_text(&row.oid, 0, text), "is missing, but was never there");
}

/* ---- what rows point to --------------------------------------------------------------------------------------------*/

void verify_statement(struct verify *verify, struct slice key, struct slice value)
{
	uint32_t number = key.size == 4 ? get_u32(slice_bytes(key)) : 0;
	struct key hash = { .size = 0 };
	struct statement statement;
	struct slice text, entry;
	char name[VERIFY_TEXT];

	verify->summary->statements++;
	snprintf(name, sizeof(name), "statement %u", number);
	if (!number || value.size < 1 || (uint8_t)value.data[0] >= LICENSE_CLASS_COUNT) {
		verify_found(verify, "statement", name, "has another form than statements have");
		return;
	}
	text = (struct slice){ value.data + 1, value.size - 1 };
	arena_reset(&verify->arena);
	if (statement_read(&verify->json, text, &verify->arena, &statement))
		verify_found(verify, "statement", name, "cannot be read");
	key_add(&hash, XXH3_64bits(text.data, text.size), 8);
	key_add(&hash, number, 4);
	if (!txn_get(&verify->txn, TABLE_STATEMENT_HASH, key_slice(&hash), &entry))
		verify_found(verify, "statement.hash", name, "is not found by its hash");
}

void verify_past(struct verify *verify, struct slice key, struct slice value)
{
	uint32_t number = key.size == 4 ? get_u32(slice_bytes(key)) : 0;
	struct past_row past;
	struct repo_row row;
	char name[VERIFY_TEXT];

	snprintf(name, sizeof(name), "repo %u", number);
	if (!number || !past_decode(value, &past))
		verify_found(verify, "backfill", name, "has another form than entries have");
	else if (!repo_get(&verify->txn, past.kind, &past.oid, &row) || row.number != number)
		verify_found(verify, "backfill", name, "is about a repo that has no row, or another number");
	verify->txn.error = 0;
}

void verify_projection(struct verify *verify, struct slice key, struct slice value)
{
	struct projection projection;
	char name[VERIFY_TEXT];

	snprintf(name, sizeof(name), "projection %u", key.size == 4 ? get_u32(slice_bytes(key)) : 0);
	if (!projection_read(value, &projection))
		verify_found(verify, "projection", name, "cannot be read");
}

void verify_dictionary(struct verify *verify, struct slice key, struct slice value)
{
	uint32_t id = key.size == 4 ? get_u32(slice_bytes(key)) : 0;
	struct slice bytes;
	char name[VERIFY_TEXT];

	snprintf(name, sizeof(name), "dictionary %u", id);
	if (dictionary_decode(key, value, &bytes))
		return;
	verify_found(verify, "dictionary", name,
		id == DICTIONARY_BUILTIN ? "is not the one that is built into this program" : "its check word does not fit");
}

/* A value that leads back is good by itself, and the next day of its block is there to lead back from. */
void verify_counter(struct verify *verify, struct slice key, struct slice value)
{
	struct counter_block block = { 0 };
	char text[VERIFY_TEXT];
	uint32_t number, day;

	if (key.size != 8) {
		verify_found(verify, "counter", "a key", "has %zu bytes, not 8", key.size);
		return;
	}
	number = get_u32(slice_bytes(key));
	day = get_u32(slice_bytes(key) + 4);
	snprintf(text, sizeof(text), "block %u, day %u", number, day);
	if (!counter_block_read(value, (uint64_t)number << 32 | day, &block))
		verify_found(verify, "counter", text, "its check word does not fit");
	else if (counter_block_leads_back(value) && !counter_day_follows(&verify->txn, number, day))
		verify_found(verify, "counter", text, "leads back from a day that is not there");
}
