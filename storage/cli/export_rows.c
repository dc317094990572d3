/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of an export: changes, repos, snapshots. */
#include "storage/cli/export.h"

#include <stdlib.h>

#include "storage/cli/log_walk.h"
#include "storage/cli/repo_view.h"
#include "storage/cli/version_at.h"
#include "storage/model/memory.h"
#include "storage/model/moment.h"

enum { ROWS_AT_ONCE = 200 };

/* --- shapes --------------------------------------------------------------------------------------------------------*/

#define X(constant, side, key) key,
#define SIDE_NAMES RECORD_SIDE_FIELDS(X, RECORD)
static const char *const repo_columns[] = { "kind", "oid", "name", "url", "created_at", "first_seen", "last_seen",
	"last_modified", "gone", "versions", "certainty", "downloads_30d", "likes", SIDE_NAMES "ref" };
static const char *const snapshot_columns[] = { "kind", "oid", "observed_after", "observed_at", "metadata", SIDE_NAMES "ref" };
#undef SIDE_NAMES
#undef X

/* Places in repo_columns and snapshot_columns. */
enum { KIND, OID, NAME, URL, CREATED, FIRST_SEEN, LAST_SEEN, LAST_MODIFIED, GONE, VERSIONS, CERTAINTY, DOWNLOADS, LIKES, REPO_SIDE };
enum { OBSERVED_AFTER = OID + 1, OBSERVED_AT, METADATA, SNAPSHOT_SIDE };
enum { REPO_REF = REPO_SIDE + RECORD_SIDE_FIELD_COUNT, SNAPSHOT_REF = SNAPSHOT_SIDE + RECORD_SIDE_FIELD_COUNT };

/* before_license and the like have no name of their own outside of record_columns. */
static const char *change_columns[RECORD_FIELD_COUNT];

const struct export_shape *export_shape(enum export_what what)
{
	static const struct export_shape shapes[] = {
		[EXPORT_CHANGES] = { change_columns, RECORD_FIELD_COUNT, "seq" },
		[EXPORT_REPOS] = { repo_columns, ARRAY_COUNT(repo_columns), "kind, oid" },
		[EXPORT_SNAPSHOTS] = { snapshot_columns, ARRAY_COUNT(snapshot_columns), "kind, oid, version" },
	};

	for (unsigned i = 0; i < RECORD_FIELD_COUNT; i++)
		change_columns[i] = record_columns[i].name;
	return &shapes[what];
}

const char *export_column_type(const char *column)
{
	static const char *const numbers[] = { "v", "seq", "of", "version", "versions", "rank", "downloads_30d", "likes", "gone",
		"disabled", "private" };
	const char *name = column;

	if (strncmp(name, "before_", 7) == 0)
		name += 7;
	else if (strncmp(name, "after_", 6) == 0)
		name += 6;
	for (size_t i = 0; i < ARRAY_COUNT(numbers); i++)
		if (strcmp(name, numbers[i]) == 0)
			return "INTEGER";
	return "TEXT";
}

/* --- making rows ---------------------------------------------------------------------------------------------------*/

struct making {
	const struct export_order *order;
	const struct export_sink *sink;
	struct export_result *result;
	struct reader *reader;
	struct record record; /* holds a side */
	struct buf line;      /* of a change, with its ref */
	struct arena arena;   /* one row's */
	struct cell cell[EXPORT_COLUMNS_MAX];
	unsigned held;        /* rows since the store was let go */
	bool ended;           /* the sink wants no more */
};

static struct cell moment_cell(struct making *making, int64_t unix_ms)
{
	char text[MOMENT_TEXT];

	if (!unix_ms)
		return cell_text(SLICE_NONE);
	moment_write(unix_ms, text);
	return cell_text(arena_copy(&making->arena, slice_of(text)));
}

static struct cell number_cell(struct making *making, bool known, uint64_t number)
{
	char text[24];

	if (!known)
		return cell_text(SLICE_NONE);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	return (struct cell){ CELL_JSON, arena_copy(&making->arena, slice_of(text)), TONE_PLAIN };
}

static struct cell bool_cell(bool value)
{
	return (struct cell){ CELL_JSON, value ? SLICE("true") : SLICE("false"), TONE_PLAIN };
}

/* "datasets/owner/name": what every command takes back. */
static struct cell ref_cell(struct making *making, enum repo_kind kind, struct slice name)
{
	struct buf text = BUF_INIT(CHANGE_BYTES_MAX);
	struct cell cell;

	buf_text(&text, repo_kinds[kind].prefix);
	buf_slice(&text, name);
	cell = cell_text(arena_copy(&making->arena, buf_as_slice(&text)));
	buf_release(&text);
	return cell;
}

/* Gives the row, and now and then lets the store go. */
static int give(struct making *making, struct slice line)
{
	making->result->rows++;
	making->ended = !making->sink->row(making->sink->owner, making->cell, line);
	if (making->ended || ++making->held < ROWS_AT_ONCE)
		return ERROR_NONE;
	making->held = 0;
	reader_pause(making->reader);
	making->ended = !making->sink->flush(making->sink->owner);
	return reader_resume(making->reader);
}

static int read_version(struct making *making, const struct repo_ref *ref, uint32_t version, struct cell *side,
	struct snapshot *snapshot, struct slice *name)
{
	struct buf text = BUF_INIT(CHANGE_BYTES_MAX);
	struct state state;
	struct change_side written = { .state = &state, .version = version };
	int code = reader_snapshot(making->reader, ref->row.number, version, &making->arena, snapshot);

	if (!code)
		code = reader_state(making->reader, snapshot, &making->arena, &state);
	if (code)
		return code == ERROR_NOT_FOUND ? ERROR_CORRUPT : code;
	memcpy(written.sha, snapshot->sha, SHA_BYTES);
	change_side_write(&written, &text);
	side_cells(&making->record, buf_as_slice(&text), side);
	*name = state.name;
	buf_release(&text);
	return ERROR_NONE;
}

static void identity_cells(struct making *making, const struct repo_ref *ref)
{
	char oid[OID_HEX + 1];

	oid_write(&ref->oid, oid);
	making->cell[KIND] = cell_word(repo_kinds[ref->kind].name);
	making->cell[OID] = cell_text(arena_copy(&making->arena, slice_of(oid)));
}

static void repo_cells(struct making *making, const struct repo_ref *ref, const struct version_at *answer, struct slice name)
{
	struct cell *cell = making->cell;
	struct buf url = BUF_INIT(CHANGE_BYTES_MAX);
	struct change_counter downloads = { 0 }, likes = { 0 };
	bool now = !making->order->at_ms;

	buf_printf(&url, "%s/%s", store_hub(making->order->tool->store), repo_kinds[ref->kind].prefix);
	buf_slice(&url, name);
	if (now)
		reader_counters(making->reader, ref->row.number, &downloads, &likes);
	identity_cells(making, ref);
	cell[NAME] = cell_text(name);
	cell[URL] = cell_text(arena_copy(&making->arena, buf_as_slice(&url)));
	cell[CREATED] = moment_cell(making, ref->row.created_ms);
	cell[FIRST_SEEN] = moment_cell(making, ref->row.first_seen_ms);
	cell[LAST_SEEN] = moment_cell(making, now ? reader_last_seen(making->reader, ref) : answer->until_ms);
	cell[LAST_MODIFIED] = moment_cell(making, now ? ref->row.last_modified_ms : 0);
	cell[GONE] = bool_cell(now ? ref->row.flags & REPO_GONE : answer->certainty == CERTAINTY_GONE);
	cell[VERSIONS] = number_cell(making, true, now ? ref->row.versions : answer->version);
	cell[CERTAINTY] = now ? cell_text(SLICE_NONE) : cell_word(certainty_name(answer->certainty));
	cell[DOWNLOADS] = number_cell(making, downloads.known, downloads.value);
	cell[LIKES] = number_cell(making, likes.known, likes.value);
	buf_release(&url);
}

/* At a time: what was not seen by then is left out, as in the report. */
static int give_repo(struct making *making, const struct repo_ref *ref)
{
	int64_t at_ms = making->order->at_ms;
	struct version_at answer = { .version = ref->row.versions };
	struct snapshot snapshot;
	struct slice name;
	int code = ERROR_NONE;

	if (at_ms && ref->row.first_seen_ms > at_ms)
		return ERROR_NONE;
	arena_reset(&making->arena);
	if (at_ms)
		code = version_at(making->reader, ref, at_ms, &making->arena, &answer);
	if (code || !answer.version)
		return code;
	code = read_version(making, ref, answer.version, making->cell + REPO_SIDE, &snapshot, &name);
	if (code)
		return code;
	repo_cells(making, ref, &answer, name);
	making->cell[REPO_REF] = ref_cell(making, ref->kind, name);
	return give(making, SLICE_NONE);
}

static int give_version(struct making *making, const struct repo_ref *ref, uint32_t version)
{
	struct cell *cell = making->cell;
	struct snapshot snapshot;
	struct slice name;
	int code;

	arena_reset(&making->arena);
	code = read_version(making, ref, version, cell + SNAPSHOT_SIDE, &snapshot, &name);
	if (code)
		return code;
	if (making->order->at_ms && snapshot.observed_at_ms > making->order->at_ms)
		return ERROR_NONE;
	identity_cells(making, ref);
	cell[OBSERVED_AFTER] = moment_cell(making, snapshot.observed_after_ms);
	cell[OBSERVED_AT] = moment_cell(making, snapshot.observed_at_ms);
	cell[METADATA] = (struct cell){ CELL_JSON, snapshot.canonical, TONE_PLAIN };
	if (snapshot.retained_until_ms)
		cell[METADATA] = (struct cell){ .type = CELL_NULL };
	cell[SNAPSHOT_REF] = ref_cell(making, ref->kind, name);
	return give(making, SLICE_NONE);
}

static int give_versions(struct making *making, const struct repo_ref *ref)
{
	int code = ERROR_NONE;

	for (uint32_t version = 1; version <= ref->row.versions && !code && !making->ended; version++)
		code = give_version(making, ref, version);
	return code;
}

/* --- all of them ---------------------------------------------------------------------------------------------------*/

static int give_kind(struct making *making, enum repo_kind kind)
{
	struct repo_ref ref = { .oid = { { 0 } } };
	int code = ERROR_NONE;

	while (!making->ended && (code = reader_repo_from(making->reader, kind, &ref.oid, &ref)) == ERROR_NONE) {
		code = making->order->what == EXPORT_REPOS ? give_repo(making, &ref) : give_versions(making, &ref);
		if (code || !oid_next(&ref.oid))
			break;
	}
	return code == ERROR_NOT_FOUND ? ERROR_NONE : code;
}

static int give_all(struct making *making)
{
	int code = ERROR_NONE;

	for (unsigned kind = 0; kind < REPO_KINDS && !code && !making->ended; kind++)
		code = give_kind(making, (enum repo_kind)kind);
	return code;
}

/* --- what records behind a seq tell of -----------------------------------------------------------------------------*/

struct touched {
	uint8_t kind;
	struct repo_oid oid;
	uint32_t version; /* 0: it is about no version */
};

struct touched_list {
	struct touched *item;
	size_t count, room;
};

static int compare_touched(const void *a, const void *b)
{
	const struct touched *left = a, *right = b;
	int order = (left->kind > right->kind) - (left->kind < right->kind);

	if (!order)
		order = memcmp(left->oid.byte, right->oid.byte, OID_BYTES);
	return order ? order : (left->version > right->version) - (left->version < right->version);
}

static bool note_touched(struct record *record, bool with_version, struct touched_list *list)
{
	struct touched touched = { .version = with_version ? (uint32_t)record_number(record, AFTER_VERSION) : 0 };
	enum repo_kind kind;

	if (!repo_kind_read(record_text(record, RECORD_KIND), &kind) || !oid_read(record_text(record, RECORD_OID), &touched.oid) ||
		(with_version && !touched.version))
		return false;
	touched.kind = (uint8_t)kind;
	if (list->count == list->room) {
		list->room = list->room ? list->room * 2 : 1024;
		list->item = memory_grow(list->item, list->room, sizeof(*list->item));
	}
	list->item[list->count++] = touched;
	return true;
}

static void begin_walk(const struct export_order *order, struct log_walk *walk)
{
	static const bool all_events[EVENT_COUNT] = {
#define X(constant, name, meaning) true,
		EVENT_TABLE(X)
#undef X
	};

	*walk = (struct log_walk){ .reader = order->tool->reader, .order = LOG_BY_SEQ, .event = all_events,
		.head_seq = order->tool->as_of.head.seq };
	log_walk_begin(walk, order->since);
}

static int find_touched(const struct export_order *order, struct record *record, struct touched_list *list)
{
	struct log_walk walk;
	struct slice line;
	int code;

	begin_walk(order, &walk);
	while (log_walk_next(&walk, &line))
		if (record_read(record, line))
			note_touched(record, order->what == EXPORT_SNAPSHOTS, list);
	code = walk.code;
	log_walk_release(&walk);
	return code;
}

static int give_touched(struct making *making)
{
	struct touched_list list = { 0 };
	struct repo_ref ref;
	int code = find_touched(making->order, &making->record, &list);

	if (list.count)
		qsort(list.item, list.count, sizeof(*list.item), compare_touched);
	if (!code)
		code = reader_resume(making->reader);
	for (size_t i = 0; i < list.count && !code && !making->ended; i++) {
		if (i && compare_touched(&list.item[i], &list.item[i - 1]) == 0)
			continue;
		code = reader_repo(making->reader, (enum repo_kind)list.item[i].kind, &list.item[i].oid, &ref);
		if (!code && making->order->what == EXPORT_REPOS)
			code = give_repo(making, &ref);
		else if (!code)
			code = give_version(making, &ref, list.item[i].version);
	}
	free(list.item);
	return code == ERROR_NOT_FOUND ? ERROR_CORRUPT : code;
}

/* --- changes -------------------------------------------------------------------------------------------------------*/

/* At a time: what had been seen by then. */
static bool is_too_late(struct making *making)
{
	int64_t observed_ms;

	return making->order->at_ms && moment_read(record_text(&making->record, RECORD_OBSERVED_AT), &observed_ms) &&
	       observed_ms > making->order->at_ms;
}

/* The stored line with its ref behind the hash, which does not cover it. */
static void add_ref(struct making *making, struct slice *line)
{
	buf_reset(&making->line);
	buf_add(&making->line, line->data, line->size - 1);
	record_add_ref(&making->record, &making->line);
	buf_char(&making->line, '}');
	*line = buf_as_slice(&making->line);
}

static int give_changes(struct making *making)
{
	struct log_walk walk;
	struct slice line;
	int code;

	begin_walk(making->order, &walk);
	while (!making->ended && log_walk_next(&walk, &line)) {
		if (!record_read(&making->record, line)) {
			walk.code = ERROR_CORRUPT;
			break;
		}
		if (is_too_late(making))
			break;
		for (unsigned i = 0; i < RECORD_FIELD_COUNT; i++)
			making->cell[i] = record_cell(&making->record, (enum record_field)i);
		making->result->last_seq = record_number(&making->record, RECORD_SEQ);
		if (!making->result->first_seq)
			making->result->first_seq = making->result->last_seq;
		making->result->rows++;
		add_ref(making, &line);
		/* the walk lets the store go between its chunks */
		making->ended = !making->sink->row(making->sink->owner, making->cell, line) ||
				!making->sink->flush(making->sink->owner);
	}
	code = walk.code;
	log_walk_release(&walk);
	return code;
}

int export_rows(const struct export_order *order, const struct export_sink *sink, struct export_result *result)
{
	struct making making = { .order = order, .sink = sink, .result = result, .reader = order->tool->reader,
		.line = BUF_INIT(2 * CHANGE_BYTES_MAX) };
	int code;

	record_init(&making.record);
	reader_pause(making.reader);
	if (order->what == EXPORT_CHANGES)
		code = give_changes(&making);
	else if (order->since)
		code = give_touched(&making);
	else
		code = (code = reader_resume(making.reader)) ? code : give_all(&making);
	reader_pause(making.reader);
	if (!code && !making.ended)
		sink->flush(sink->owner);
	record_release(&making.record);
	arena_release(&making.arena);
	buf_release(&making.line);
	return code;
}
