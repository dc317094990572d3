/* SPDX-License-Identifier: Apache-2.0 */
/* relicense history: all versions of a repo and their changes. */
#include <stdlib.h>

#include "storage/cli/commands.h"
#include "storage/cli/repo_view.h"
#include "storage/cli/version_at.h"
#include "storage/model/memory.h"
#include "storage/model/moment.h"

/* What one record of the repo said, in short. Texts live in the view's arena. */
struct told {
	uint64_t seq;
	struct slice event, reason, line;
	int64_t at_ms;
	uint32_t version; /* of its after side, else of its before side; 0: reconstructed, or evidence */
	bool has_after;
	uint64_t of;
	enum series series;
	struct slice side, class; /* of what was reconstructed: the state after it, as JSON */
	struct slice before_side, before_class; /* and the one before it */
	struct slice commit;      /* for people; size 0: it names none */
	struct slice commit_json;
};

struct history {
	struct repo_view view;
	struct told *told;
	size_t told_count;
	struct record record;
	struct listing listing;
	struct slice name_now;
};

enum { SHA_SHOWN = 7 };
enum { MARK_ROW = 0 }; /* versions count from 1: a row that is no version has none */

/* One row: a version with the events that made it, or a record that made no version. */
struct history_row {
	uint32_t version;
	int64_t at_ms; /* of a commit: by its committer's clock; else when it was observed */
	int64_t observed_after_ms, observed_at_ms, last_seen_ms; /* looks: commits have none */
	enum series series;
	struct version_view *view; /* NULL for a row that is no version */
	struct slice side, class;  /* the state, as JSON; size 0 for a row that has none */
	struct slice commit;       /* behind it, as JSON; size 0: none is known */
	struct buf events, seqs;   /* JSON lists */
	struct buf words;          /* the events, for people */
	struct slice reason;
};

/* ---- the records ----------------------------------------------------------------------------------------------------*/

/* "e95fa1c by Olivier: Update README.md" */
static struct slice commit_words(struct record *record, struct arena *arena)
{
	struct slice sha = record_text(record, COMMIT_SHA), user = record_text(record, COMMIT_USER);
	struct slice title = record_text(record, COMMIT_TITLE), words;
	struct buf text = BUF_INIT(CHANGE_BYTES_MAX);

	buf_add(&text, sha.data, sha.size < SHA_SHOWN ? sha.size : SHA_SHOWN);
	buf_text(&text, user.size ? " by " : "");
	buf_slice(&text, user);
	buf_text(&text, title.size ? ": " : "");
	buf_slice(&text, title);
	words = arena_copy(arena, buf_as_slice(&text));
	buf_release(&text);
	return words;
}

static void take_record(struct history *history, uint64_t seq, struct slice line)
{
	struct told *told = &history->told[history->told_count++];
	struct record *record = &history->record;
	struct arena *arena = &history->view.arena;

	*told = (struct told){ .seq = seq };
	told->line = arena_copy(arena, line);
	told->event = arena_copy(arena, record_text(record, RECORD_EVENT));
	told->reason = record_is_null(record, RECORD_REASON) ? SLICE_NONE :
							       arena_copy(arena, record_text(record, RECORD_REASON));
	moment_read(record_text(record, RECORD_AT), &told->at_ms);
	told->has_after = !record_is_null(record, AFTER_LICENSE);
	told->of = record_number(record, RECORD_OF);
	if (!record_is_null(record, COMMIT_SHA)) {
		told->commit = commit_words(record, arena);
		told->commit_json = arena_copy(arena, record_member_cell(record, "commit").text);
	}
	told->series = series_read(record_text(record, RECORD_ORIGIN));
	if (told->has_after && record_is_null(record, AFTER_VERSION)) {
		told->class = arena_copy(arena, record_text(record, AFTER_CLASS));
		told->side = arena_copy(arena, record_member_cell(record, "after").text);
		told->before_class = arena_copy(arena, record_text(record, BEFORE_CLASS));
		told->before_side = arena_copy(arena, record_member_cell(record, "before").text);
	}
	told->version = (uint32_t)record_number(record, told->has_after ? AFTER_VERSION : BEFORE_VERSION);
}

static int read_records(struct tool *tool, struct history *history)
{
	uint32_t number = history->view.found.ref.row.number;
	size_t room = 0;
	uint64_t seq = 0;
	struct slice line;
	int code;

	while ((code = reader_repo_change_next(tool->reader, number, &seq)) == ERROR_NONE) {
		code = reader_change(tool->reader, seq, &line);
		if (code || !record_read(&history->record, line))
			return code ? code : ERROR_CORRUPT;
		if (history->told_count == room) {
			room = room ? room * 2 : 64;
			history->told = memory_grow(history->told, room, sizeof(*history->told));
		}
		take_record(history, seq, line);
	}
	return code == ERROR_NOT_FOUND ? ERROR_NONE : code;
}

/* Gone, replaced and restored made no version: they stand behind the one they are about. */
static bool made_version(const struct told *told)
{
	return told->has_after && told->version && !slice_is(told->event, "repo.restored");
}

/* The record that names the commit behind this one: itself, or the evidence that came later. */
static const struct told *told_commit(const struct history *history, const struct told *told)
{
	if (told->commit.size)
		return told;
	for (size_t i = 0; i < history->told_count; i++)
		if (history->told[i].of == told->seq && history->told[i].commit.size)
			return &history->told[i];
	return NULL;
}

/* ---- a row ----------------------------------------------------------------------------------------------------------*/

static void add_told(const struct history *history, struct history_row *row, const struct told *told)
{
	const struct told *commit = told_commit(history, told);
	bool first = row->words.size == 0;

	buf_text(&row->events, first ? "[" : ",");
	json_encode(told->event, &row->events);
	buf_printf(&row->seqs, "%s%llu", first ? "[" : ",", (unsigned long long)told->seq);
	buf_text(&row->words, first ? "" : ", ");
	buf_slice(&row->words, told->event);
	if (commit) {
		buf_printf(&row->words, " (%.*s)", (int)commit->commit.size, commit->commit.data);
		row->commit = commit->commit_json;
	}
	row->reason = told->reason;
}

static void row_begin(struct history_row *row)
{
	buf_init(&row->events, CHANGE_BYTES_MAX);
	buf_init(&row->seqs, CHANGE_BYTES_MAX);
	buf_init(&row->words, CHANGE_BYTES_MAX);
}

static void row_release(struct history_row *row)
{
	buf_release(&row->events);
	buf_release(&row->seqs);
	buf_release(&row->words);
}

static struct slice list_of(struct buf *list)
{
	buf_text(list, list->size ? "]" : "[]");
	return buf_as_slice(list);
}

static struct cell moment_cell(struct arena *arena, int64_t unix_ms, bool for_people)
{
	char text[MOMENT_TEXT], shorter[SHORT_MOMENT];

	if (!unix_ms)
		return cell_text(SLICE_NONE);
	moment_write(unix_ms, text);
	return cell_text(arena_copy(arena, slice_of(for_people ? short_moment(unix_ms, shorter) : text)));
}

static struct cell number_cell(struct arena *arena, uint64_t number)
{
	struct buf text = BUF_INIT(32);
	struct cell cell = { .type = CELL_NULL };

	if (number) {
		buf_printf(&text, "%llu", (unsigned long long)number);
		cell = (struct cell){ CELL_JSON, arena_copy(arena, buf_as_slice(&text)), TONE_PLAIN };
	}
	buf_release(&text);
	return cell;
}

enum { TABLE_VERSION, TABLE_FIRST, TABLE_LAST, TABLE_LICENSE, TABLE_CLASS, TABLE_EVENTS, TABLE_COLUMNS };

static const struct column table_columns[TABLE_COLUMNS] = {
	[TABLE_VERSION] = { "version", true },  [TABLE_FIRST] = { "first seen", false },
	[TABLE_LAST] = { "last seen", false },  [TABLE_LICENSE] = { "license", false },
	[TABLE_CLASS] = { "class", false },     [TABLE_EVENTS] = { "what happened", false },
};

static void write_table_row(struct history *history, struct history_row *row)
{
	struct arena *arena = &history->view.arena;
	struct cell cells[TABLE_COLUMNS] = { { 0 } };
	struct slice happened = buf_as_slice(&row->words);

	cells[TABLE_VERSION] = number_cell(arena, row->version);
	cells[TABLE_FIRST] = moment_cell(arena, row->at_ms, true);
	cells[TABLE_LAST] = moment_cell(arena, row->last_seen_ms, true);
	if (row->side.size) {
		cells[TABLE_LICENSE] = cell_text(side_license(&history->record, row->side));
		cells[TABLE_CLASS] = cell_text(row->class);
	}
	if (!row->view && row->reason.size) {
		buf_printf(&row->words, " (%.*s)", (int)row->reason.size, row->reason.data);
		happened = buf_as_slice(&row->words);
	}
	cells[TABLE_EVENTS] = happened.size ? cell_text(happened) : cell_word("first look");
	listing_row(&history->listing, cells);
}

enum { CSV_LEADING = 8, CSV_ORIGIN = CSV_LEADING + RECORD_SIDE_FIELD_COUNT - 1, CSV_AT, CSV_COLUMNS };

static const struct column csv_leading[CSV_LEADING] = {
	{ "kind", false },        { "oid", false },       { "version", false }, { "observed_after", false },
	{ "observed_at", false }, { "last_seen", false }, { "events", false },  { "seqs", false },
};

static void csv_columns(struct column columns[CSV_COLUMNS])
{
	for (unsigned i = 0; i < CSV_LEADING; i++)
		columns[i] = csv_leading[i];
	for (unsigned i = 1; i < RECORD_SIDE_FIELD_COUNT; i++) /* without the side's own version */
		columns[CSV_LEADING + i - 1].name = record_columns[AFTER_VERSION + i].name + strlen("after_");
	columns[CSV_ORIGIN].name = "origin";
	columns[CSV_AT].name = "at";
}

static void write_csv_row(struct history *history, struct history_row *row)
{
	struct arena *arena = &history->view.arena;
	struct cell cells[CSV_COLUMNS] = { { 0 } }, side[RECORD_SIDE_FIELD_COUNT] = { { 0 } };
	char oid[OID_HEX + 1];

	oid_write(&history->view.found.ref.oid, oid);
	cells[0] = cell_word(repo_kinds[history->view.found.ref.kind].name);
	cells[1] = cell_word(oid);
	cells[2] = number_cell(arena, row->version);
	cells[3] = moment_cell(arena, row->observed_after_ms, false);
	cells[4] = moment_cell(arena, row->observed_at_ms, false);
	cells[5] = moment_cell(arena, row->last_seen_ms, false);
	cells[6] = (struct cell){ CELL_JSON, list_of(&row->events), TONE_PLAIN };
	cells[7] = (struct cell){ CELL_JSON, list_of(&row->seqs), TONE_PLAIN };
	if (row->side.size)
		side_cells(&history->record, row->side, side);
	memcpy(cells + CSV_LEADING, side + 1, sizeof(side) - sizeof(side[0]));
	cells[CSV_ORIGIN] = cell_word(series_name(row->series));
	cells[CSV_AT] = moment_cell(arena, row->at_ms, false);
	listing_row(&history->listing, cells);
}

static void write_json_row(struct history *history, struct history_row *row)
{
	struct buf text = BUF_INIT(CHANGE_BYTES_MAX);
	struct object object = object_begin(&text);
	char oid[OID_HEX + 1];

	oid_write(&history->view.found.ref.oid, oid);
	object_word(&object, "kind", repo_kinds[history->view.found.ref.kind].name);
	object_word(&object, "oid", oid);
	if (row->version)
		object_number(&object, "version", row->version);
	else
		object_raw(&object, "version", SLICE_NONE);
	object_moment(&object, "observed_after", row->observed_after_ms);
	object_moment(&object, "observed_at", row->observed_at_ms);
	object_moment(&object, "last_seen", row->last_seen_ms);
	object_raw(&object, "events", list_of(&row->events));
	object_raw(&object, "seqs", list_of(&row->seqs));
	object_raw(&object, "state", row->side);
	object_text(&object, "reason", row->reason);
	object_raw(&object, "commit", row->commit);
	object_word(&object, "origin", series_name(row->series));
	object_moment(&object, "at", row->at_ms);
	object_end(&object);
	listing_object(&history->listing, buf_as_slice(&text));
	buf_release(&text);
}

static void write_row(struct history *history, struct history_row *row)
{
	switch (history->listing.print->format) {
	case PRINT_TABLE:
		write_table_row(history, row);
		break;
	case PRINT_CSV:
	case PRINT_TSV:
		write_csv_row(history, row);
		break;
	default:
		write_json_row(history, row);
	}
}

/* ---- all rows -------------------------------------------------------------------------------------------------------*/

static void write_marks(struct history *history, uint32_t version)
{
	for (size_t i = 0; i < history->told_count; i++) {
		const struct told *told = &history->told[i];
		struct history_row row = { .version = MARK_ROW, .at_ms = told->at_ms, .observed_at_ms = told->at_ms,
			.series = told->series };

		if (told->version != version || made_version(told))
			continue;
		row_begin(&row);
		add_told(history, &row, told);
		write_row(history, &row);
		row_release(&row);
	}
}

/* What stood there before the first commit that changed it: since when, no record tells. */
static void write_before(struct history *history, const struct told *told)
{
	struct history_row row = { .version = MARK_ROW, .series = told->series, .side = told->before_side,
		.class = told->before_class };

	row_begin(&row);
	buf_printf(&row.words, "before commit %.*s", SHA_SHOWN, told->commit.size ? told->commit.data : "");
	write_row(history, &row);
	row_release(&row);
}

/* What the commits told of the time before the first look: a series of its own, before the versions. */
static void write_reconstructed(struct history *history)
{
	bool first = true;

	for (size_t i = 0; i < history->told_count; i++) {
		const struct told *told = &history->told[i];
		struct history_row row = { .version = MARK_ROW, .at_ms = told->at_ms, .series = told->series,
			.side = told->side, .class = told->class };

		if (!told->side.size)
			continue;
		if (first && told->before_side.size)
			write_before(history, told);
		first = false;
		row_begin(&row);
		add_told(history, &row, told);
		write_row(history, &row);
		row_release(&row);
	}
}

/* A version was last seen when the look before the next one's first saw it. */
static int last_seen_of(struct tool *tool, struct history *history, uint32_t version, int64_t *last_seen_ms)
{
	const struct repo_ref *ref = &history->view.found.ref;
	struct arena scratch = { 0 };
	struct snapshot next;
	struct version_at newest = { .version = 0 };
	int code;

	if (version == ref->row.versions) {
		code = version_at(tool->reader, ref, 0, &history->view.arena, &newest);
		*last_seen_ms = newest.until_ms;
		return code;
	}
	code = reader_snapshot(tool->reader, ref->row.number, version + 1, &scratch, &next);
	*last_seen_ms = code ? 0 : next.observed_after_ms;
	arena_release(&scratch);
	return code;
}

static int write_version(struct tool *tool, struct history *history, uint32_t version)
{
	struct version_view view;
	struct history_row row = { .version = version, .view = &view };
	int code = version_view_read(tool, &history->view, version, &view);

	if (!code)
		code = last_seen_of(tool, history, version, &row.last_seen_ms);
	if (!code)
		code = series_of_version(tool->reader, &history->view.found.ref, version, view.snapshot.observed_at_ms, &row.series);
	if (!code) {
		row_begin(&row);
		row.side = buf_as_slice(&view.side);
		row.class = slice_of(license_class_name(view.state.meaning.class));
		row.observed_after_ms = view.snapshot.observed_after_ms;
		row.observed_at_ms = row.at_ms = view.snapshot.observed_at_ms;
		for (size_t i = 0; i < history->told_count; i++)
			if (history->told[i].version == version && made_version(&history->told[i]))
				add_told(history, &row, &history->told[i]);
		write_row(history, &row);
		history->name_now = view.state.name;
		row_release(&row);
		write_marks(history, version);
	}
	version_view_release(&view);
	return code;
}

static void begin_listing(struct tool *tool, struct history *history, struct column columns[CSV_COLUMNS])
{
	csv_columns(columns);
	if (tool->print.format == PRINT_TABLE)
		listing_begin(&history->listing, &tool->print, table_columns, TABLE_COLUMNS, "history", SLICE(""));
	else
		listing_begin(&history->listing, &tool->print, columns, CSV_COLUMNS, "history", SLICE(""));
}

static int write_history(struct tool *tool, struct history *history)
{
	struct column columns[CSV_COLUMNS] = { { 0 } };
	struct buf tail = BUF_INIT(65536);
	int code = read_records(tool, history);

	begin_listing(tool, history, columns);
	write_reconstructed(history);
	for (uint32_t version = 1; !code && version <= history->view.found.ref.row.versions; version++)
		code = write_version(tool, history, version);
	tool_tail(tool, &tail);
	listing_end(&history->listing, buf_as_slice(&tail));
	if (tool->print.format == PRINT_TABLE)
		print_name_notes(tool, &history->view, history->name_now);
	tool_footer(tool, 1u << history->view.found.ref.kind);
	buf_release(&tail);
	return code;
}

static enum exit_status run(struct tool *tool, const struct arguments *arguments)
{
	struct history history = { .told = NULL };
	enum exit_status status = repo_view_open(tool, arguments->item[0], 0, &history.view);
	int code;

	record_init(&history.record);
	if (status == EXIT_OK) {
		code = write_history(tool, &history);
		if (code)
			status = tool_fail(tool, code, "reading the history");
	}
	record_release(&history.record);
	free(history.told);
	repo_view_release(&history.view);
	return status;
}

const struct command command_history = {
	.name = "history",
	.line = "all versions of a repo, oldest first, and what happened",
	.arguments = "REPO",
	.arguments_min = 1,
	.arguments_max = 1,
	.details = "A version is one state of the stable metadata. Between \"last seen\" and the next \"first seen\" nobody looked.\n"
		   "What stands before the first version was reconstructed from commits and is dated by their clocks.\n"
		   "\nexamples:\n"
		   "  relicense history tiiuae/falcon-40b\n"
		   "  relicense history 646e8a3cd8f2f5d2c6a1b0f3 --format ndjson\n",
	.run = run,
};
