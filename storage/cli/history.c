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
	struct slice event, reason;
	int64_t at_ms;
	uint32_t version; /* of its after side, else of its before side; 0: reconstructed, or evidence */
	bool has_after, made; /* made: the version is new with it */
	size_t next; /* of the same version, one more than its place; 0: none */
	enum series series;
	struct slice side, class; /* of what was reconstructed: the state after it, as JSON */
	struct slice before_side, before_class; /* and the one before it */
	struct slice commit;      /* for people, its own or of the evidence that came later; size 0: none is known */
	struct slice commit_json;
};

struct history {
	struct repo_view view;
	struct told *told; /* in the order of arrival */
	size_t told_count, told_room;
	struct of_version {
		size_t first, last; /* of the records about it, one more than their places */
	} *of_version;         /* by version */
	struct record record;
	struct listing listing;
	struct buf name_now;
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

static int compare_seqs(const void *key, const void *item)
{
	uint64_t seq = *(const uint64_t *)key, other = ((const struct told *)item)->seq;

	return (seq > other) - (seq < other);
}

/* The commit behind a record: its own, or that of the evidence that came later, which goes to the record as well. */
static void take_commit(struct history *history, struct told *told)
{
	struct record *record = &history->record;
	uint64_t of = record_number(record, RECORD_OF);
	struct told *about = of ? bsearch(&of, history->told, history->told_count, sizeof(*told), compare_seqs) : NULL;

	if (record_is_null(record, COMMIT_SHA))
		return;
	told->commit = commit_words(record, &history->view.arena);
	told->commit_json = arena_copy(&history->view.arena, record_member_cell(record, "commit").text);
	if (about && !about->commit.size) {
		about->commit = told->commit;
		about->commit_json = told->commit_json;
	}
}

/* A reconstructed record belongs to no version: its sides are kept as they are. */
static void take_sides(struct record *record, struct arena *arena, struct told *told)
{
	if (!told->has_after || !record_is_null(record, AFTER_VERSION))
		return;
	told->class = arena_copy(arena, record_text(record, AFTER_CLASS));
	told->side = arena_copy(arena, record_member_cell(record, "after").text);
	told->before_class = arena_copy(arena, record_text(record, BEFORE_CLASS));
	told->before_side = arena_copy(arena, record_member_cell(record, "before").text);
}

/* Behind the others of its version. */
static void append_to_version(struct history *history, size_t place)
{
	uint32_t version = history->told[place].version;
	struct of_version *list;

	if (!version || version > history->view.found.ref.row.versions)
		return;
	list = &history->of_version[version];
	if (list->last)
		history->told[list->last - 1].next = place + 1;
	else
		list->first = place + 1;
	list->last = place + 1;
}

static void take_record(struct history *history, uint64_t seq)
{
	struct told *told = &history->told[history->told_count];
	struct record *record = &history->record;
	struct arena *arena = &history->view.arena;

	*told = (struct told){ .seq = seq };
	told->event = arena_copy(arena, record_text(record, RECORD_EVENT));
	if (!record_is_null(record, RECORD_REASON))
		told->reason = arena_copy(arena, record_text(record, RECORD_REASON));
	moment_read(record_text(record, RECORD_AT), &told->at_ms);
	told->has_after = !record_is_null(record, AFTER_LICENSE);
	told->series = series_read(record_text(record, RECORD_ORIGIN));
	take_sides(record, arena, told);
	take_commit(history, told);
	told->version = (uint32_t)record_number(record, told->has_after ? AFTER_VERSION : BEFORE_VERSION);
	told->made = record_number(record, BEFORE_VERSION) != told->version;
	append_to_version(history, history->told_count++);
}

static int read_records(struct tool *tool, struct history *history)
{
	const struct repo_row *row = &history->view.found.ref.row;
	uint64_t seq = 0;
	struct slice line;
	int code;

	history->of_version = memory_new(((size_t)row->versions + 1) * sizeof(*history->of_version));
	while ((code = reader_repo_change_next(tool->reader, row->number, &seq)) == ERROR_NONE) {
		code = reader_change(tool->reader, seq, &line);
		if (code || !record_read(&history->record, line))
			return code ? code : ERROR_CORRUPT;
		if (history->told_count == history->told_room) {
			history->told_room = history->told_room ? history->told_room * 2 : 64;
			history->told = memory_grow(history->told, history->told_room, sizeof(*history->told));
		}
		take_record(history, seq);
	}
	return code == ERROR_NOT_FOUND ? ERROR_NONE : code;
}

/* Gone, replaced and restored made no version: they stand behind the one they are about. */
static bool made_version(const struct told *told)
{
	return told->has_after && told->version && !slice_is(told->event, "repo.restored");
}

/* The next record about a version; NULL behind the last. Begin with NULL. */
static const struct told *next_about(const struct history *history, uint32_t version, const struct told *told)
{
	size_t place = told ? told->next : history->of_version[version].first;

	return place ? &history->told[place - 1] : NULL;
}

/* ---- a row ----------------------------------------------------------------------------------------------------------*/

static void add_told(struct history_row *row, const struct told *told)
{
	bool first = row->words.size == 0;

	buf_text(&row->events, first ? "[" : ",");
	json_encode(told->event, &row->events);
	buf_printf(&row->seqs, "%s%llu", first ? "[" : ",", (unsigned long long)told->seq);
	buf_text(&row->words, first ? "" : ", ");
	buf_slice(&row->words, told->event);
	if (told->commit.size) {
		buf_printf(&row->words, " (%.*s)", (int)told->commit.size, told->commit.data);
		row->commit = told->commit_json;
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
	for (const struct told *told = NULL; (told = next_about(history, version, told));) {
		struct history_row row = { .version = MARK_ROW, .at_ms = told->at_ms, .observed_at_ms = told->at_ms,
			.series = told->series };

		if (made_version(told))
			continue;
		row_begin(&row);
		add_told(&row, told);
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
		add_told(&row, told);
		write_row(history, &row);
		row_release(&row);
	}
}

/* A version was last seen when the look before the next one's first saw it. */
static int last_seen_of(struct tool *tool, struct history *history, uint32_t version, int64_t *last_seen_ms)
{
	const struct repo_ref *ref = &history->view.found.ref;
	struct snapshot next;
	struct version_at newest = { .version = 0 };
	int code;

	if (version == ref->row.versions) {
		code = version_at(tool->reader, ref, 0, &history->view.arena, &newest);
		*last_seen_ms = newest.until_ms;
		return code;
	}
	code = reader_snapshot_times(tool->reader, ref->row.number, version + 1, &next);
	*last_seen_ms = code ? 0 : next.observed_after_ms;
	return code;
}

/* As series_of_version(), by the records at hand. */
static int series_of(struct tool *tool, const struct history *history, uint32_t version, int64_t observed_at_ms,
	enum series *series)
{
	for (const struct told *told = NULL; (told = next_about(history, version, told));) {
		if (!made_version(told) || !told->made)
			continue;
		*series = told->series == SERIES_IMPORTED ? SERIES_IMPORTED : SERIES_OBSERVED;
		return ERROR_NONE;
	}
	return series_of_look(tool->reader, observed_at_ms, series);
}

/* Reads all that is known of a version at once, so that the store is not held while it is written. */
static int read_version(struct tool *tool, struct history *history, uint32_t version, struct version_view *view,
	struct history_row *row)
{
	int code = reader_resume(tool->reader);

	*view = (struct version_view){ 0 };
	if (!code)
		code = version_view_read(tool, &history->view, version, view);
	if (!code)
		code = last_seen_of(tool, history, version, &row->last_seen_ms);
	if (!code)
		code = series_of(tool, history, version, view->snapshot.observed_at_ms, &row->series);
	reader_pause(tool->reader);
	return code;
}

static void write_version_row(struct history *history, uint32_t version, struct version_view *view, struct history_row *row)
{
	row_begin(row);
	row->side = buf_as_slice(&view->side);
	row->class = slice_of(license_class_name(view->state.meaning.class));
	row->observed_after_ms = view->snapshot.observed_after_ms;
	row->observed_at_ms = row->at_ms = view->snapshot.observed_at_ms;
	for (const struct told *told = NULL; (told = next_about(history, version, told));)
		if (made_version(told))
			add_told(row, told);
	write_row(history, row);
	row_release(row);
	write_marks(history, version);
}

/* What belongs to one version is given back with it: a repo has any number of them. */
static int write_version(struct tool *tool, struct history *history, uint32_t version)
{
	struct arena records = history->view.arena;
	struct version_view view;
	struct history_row row = { .version = version, .view = &view };
	int code;

	history->view.arena = (struct arena){ 0 };
	code = read_version(tool, history, version, &view, &row);
	if (!code) {
		write_version_row(history, version, &view, &row);
		buf_reset(&history->name_now);
		buf_slice(&history->name_now, view.state.name);
	}
	version_view_release(&view);
	arena_release(&history->view.arena);
	history->view.arena = records;
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

	reader_pause(tool->reader);
	begin_listing(tool, history, columns);
	write_reconstructed(history);
	for (uint32_t version = 1; !code && version <= history->view.found.ref.row.versions && !print_ended(&tool->print); version++)
		code = write_version(tool, history, version);
	tool_tail(tool, &tail);
	listing_end(&history->listing, buf_as_slice(&tail));
	if (tool->print.format == PRINT_TABLE)
		print_name_notes(tool, &history->view, buf_as_slice(&history->name_now));
	tool_footer(tool, 1u << history->view.found.ref.kind);
	buf_release(&tail);
	return code;
}

static enum exit_status run(struct tool *tool, const struct arguments *arguments)
{
	struct history history = { .name_now = BUF_INIT(CHANGE_BYTES_MAX) };
	enum exit_status status = repo_view_open(tool, arguments->item[0], 0, &history.view);
	int code;

	record_init(&history.record);
	if (status == EXIT_OK) {
		code = write_history(tool, &history);
		if (code)
			status = tool_fail(tool, code, "reading the history");
	}
	record_release(&history.record);
	buf_release(&history.name_now);
	free(history.of_version);
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
