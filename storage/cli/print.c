/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/cli/print.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "storage/cli/safe_text.h"
#include "storage/model/json.h"
#include "storage/model/memory.h"

enum { ROWS_WAITING_MAX = 500, FIELD_BYTES_MAX = 64 << 20 };

const char *const print_format_words[] = { "table", "json", "ndjson", "csv", "tsv", NULL };
const char *const print_color_words[] = { "auto", "always", "never", NULL };

/* ---- where it goes ------------------------------------------------------------------------------------------------*/

enum print_ending print_ending_of(const char *path, enum print_format *format)
{
	static const struct {
		const char *ending;
		enum print_format format;
	} endings[] = { { ".csv", PRINT_CSV }, { ".tsv", PRINT_TSV }, { ".tab", PRINT_TSV }, { ".json", PRINT_JSON },
		{ ".ndjson", PRINT_NDJSON }, { ".jsonl", PRINT_NDJSON }, { ".txt", PRINT_TABLE } };
	const char *ending = new_file_ending(path);

	if (!ending)
		return PRINT_NO_ENDING;
	for (size_t i = 0; i < ARRAY_COUNT(endings); i++) {
		if (strcasecmp(ending, endings[i].ending) == 0) {
			*format = endings[i].format;
			return PRINT_KNOWN_ENDING;
		}
	}
	return PRINT_UNKNOWN_ENDING;
}

static enum print_format format_of_path(const char *path)
{
	enum print_format format;

	return print_ending_of(path, &format) == PRINT_KNOWN_ENDING ? format : PRINT_NDJSON;
}

static bool wants_color(int color, bool terminal)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (color != PRINT_COLOR_AUTO)
		return color == PRINT_COLOR_ALWAYS;
	return terminal && !(no_color && no_color[0]) && !(term && strcmp(term, "dumb") == 0);
}

static FILE *open_file(struct print *print)
{
	FILE *file;
	int error = new_file_open(&print->new_file, print->path, 0666);

	if (error) {
		errno = error;
		return NULL;
	}
	file = stream_over(print->new_file.file);
	error = errno;
	if (!file) {
		new_file_close(&print->new_file);
		errno = error;
	}
	return file;
}

bool print_open(const struct print_options *options, struct print *print)
{
	*print = (struct print){ .path = options->path, .spreadsheet = options->spreadsheet, .new_file = NEW_FILE_NONE };
	print->file = options->path ? open_file(print) : stdout;
	if (!print->file)
		return false;
	print->terminal = isatty(fileno(print->file));
	print->colored = wants_color(options->color, print->terminal);
	print->format = (enum print_format)options->format;
	if (print->format == PRINT_AUTO)
		print->format = print->terminal ? PRINT_TABLE : options->path ? format_of_path(options->path) : PRINT_NDJSON;
	return true;
}

void print_answered(struct print *print)
{
	print->answered = true;
}

bool print_settle(struct print *print)
{
	int error = print->path ? new_file_keep(&print->new_file, NEW_FILE_REPLACES) : 0;

	errno = error;
	return !error;
}

bool print_close(struct print *print, bool answered)
{
	int error = 0;

	if (!print->file)
		return true;
	print_flush(print);
	if (print->path && fclose(print->file) != 0 && !print->error)
		print->error = errno;
	if (print->path && !print->error && (answered || print->answered))
		error = new_file_keep(&print->new_file, NEW_FILE_REPLACES);
	if (print->path)
		new_file_close(&print->new_file);
	if (error)
		print->error = error;
	print->file = NULL;
	errno = print->error;
	return !print->error || print->error == EPIPE;
}

bool print_ended(const struct print *print)
{
	return print->error != 0;
}

static void note_error(struct print *print)
{
	if (!print->error)
		print->error = errno ? errno : EIO;
}

void print_flush(struct print *print)
{
	if (fflush(print->file) != 0)
		note_error(print);
}

void print_bytes(struct print *print, struct slice bytes)
{
	if (bytes.size && !print->error && fwrite(bytes.data, 1, bytes.size, print->file) != bytes.size)
		note_error(print);
}

void print_format_line(struct print *print, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (!print->error && vfprintf(print->file, format, arguments) < 0)
		note_error(print);
	va_end(arguments);
}

static const char *const tone_codes[] = {
	[TONE_PLAIN] = "",
	[TONE_STRONG] = "\033[1m",
	[TONE_DIM] = "\033[2m",
	[TONE_GOOD] = "\033[32m",
	[TONE_BAD] = "\033[31m",
	[TONE_WARN] = "\033[33m",
};

void print_tone(struct print *print, enum tone tone, const char *text)
{
	bool colored = print->colored && tone != TONE_PLAIN;

	print_bytes(print, slice_of(colored ? tone_codes[tone] : ""));
	print_bytes(print, slice_of(text));
	print_bytes(print, slice_of(colored ? "\033[0m" : ""));
}

void print_safe(struct print *print, struct slice text)
{
	struct buf safe = BUF_INIT(FIELD_BYTES_MAX);

	safe_text(text, &safe);
	print_bytes(print, buf_as_slice(&safe));
	buf_release(&safe);
}

void print_json(struct print *print, struct slice json)
{
	struct buf safe = BUF_INIT(FIELD_BYTES_MAX);

	if (!print->terminal) {
		print_bytes(print, json);
		return;
	}
	safe_json(json, &safe);
	print_bytes(print, buf_as_slice(&safe));
	buf_release(&safe);
}

const char *count_text(uint64_t number, char text[COUNTED])
{
	char digits[32];
	int size = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)number);
	char *out = text;

	for (int i = 0; i < size; i++) {
		if (i && (size - i) % 3 == 0)
			*out++ = ',';
		*out++ = digits[i];
	}
	*out = 0;
	return text;
}

const char *counted(uint64_t number, const char *noun, char text[COUNTED])
{
	size_t size = strlen(count_text(number, text));

	snprintf(text + size, COUNTED - size, " %s%s", noun, number == 1 ? "" : "s");
	return text;
}

/* ---- csv and tsv --------------------------------------------------------------------------------------------------*/

static bool is_control(uint32_t code)
{
	return (code < 0x20 && code != '\t' && code != '\n' && code != '\r') || (code >= 0x7F && code <= 0x9F);
}

static void add_guard(const struct cell *cell, bool spreadsheet, struct buf *out)
{
	if (spreadsheet && cell->type == CELL_TEXT && cell->text.size && strchr("=+-@\t\r", cell->text.data[0]))
		buf_char(out, '\'');
}

static void add_character(uint32_t code, struct buf *out)
{
	if (is_control(code))
		buf_printf(out, "\\u%04x", (unsigned)code);
	else
		utf8_add(code, out);
}

void csv_field(const struct cell *cell, bool spreadsheet, struct buf *out)
{
	bool quoted = cell->text.size == 0 || cell->text.data[0] == ' ';

	if (cell->type == CELL_NULL)
		return;
	for (size_t i = 0; i < cell->text.size && !quoted; i++)
		quoted = memchr("\",\r\n", cell->text.data[i], 4) != NULL;
	if (quoted)
		buf_char(out, '"');
	add_guard(cell, spreadsheet, out);
	for (size_t at = 0; at < cell->text.size;) {
		uint32_t code = utf8_next(cell->text, &at);

		if (code == '"')
			buf_char(out, '"');
		add_character(code, out);
	}
	if (quoted)
		buf_char(out, '"');
}

void tsv_field(const struct cell *cell, bool spreadsheet, struct buf *out)
{
	static const char special[] = "\t\n\r\\", letter[] = "tnr\\";

	if (cell->type == CELL_NULL)
		return;
	add_guard(cell, spreadsheet, out);
	for (size_t at = 0; at < cell->text.size;) {
		uint32_t code = utf8_next(cell->text, &at);
		const char *found = code && code < 0x80 ? strchr(special, (int)code) : NULL;

		if (found)
			buf_printf(out, "\\%c", letter[found - special]);
		else
			add_character(code, out);
	}
}

static void separated_row(struct listing *listing, const struct cell *cells)
{
	struct print *print = listing->print;
	struct buf line = BUF_INIT(FIELD_BYTES_MAX);
	bool csv = print->format == PRINT_CSV;

	for (unsigned i = 0; i < listing->count; i++) {
		struct buf *out = &line;

		if (i)
			buf_char(out, csv ? ',' : '\t');
		if (csv)
			csv_field(&cells[i], print->spreadsheet, out);
		else
			tsv_field(&cells[i], print->spreadsheet, out);
	}
	if (print->terminal)
		print_safe(print, buf_as_slice(&line));
	else
		print_bytes(print, buf_as_slice(&line));
	print_bytes(print, csv ? SLICE("\r\n") : SLICE("\n"));
	buf_release(&line);
}

static void separated_header(struct listing *listing)
{
	struct cell header[LISTING_COLUMNS_MAX];

	for (unsigned i = 0; i < listing->count; i++)
		header[i] = cell_word(listing->column[i].name);
	separated_row(listing, header);
}

/* ---- table --------------------------------------------------------------------------------------------------------*/

static void table_cell(struct listing *listing, unsigned at, const struct cell *cell)
{
	struct print *print = listing->print;
	size_t width = text_width(cell->text), wanted = listing->width[at];
	int padding = width < wanted ? (int)(wanted - width) : 0;
	bool last = at + 1 == listing->count;

	if (at)
		print_bytes(print, SLICE("  "));
	if (listing->column[at].right && (width || !last))
		print_format_line(print, "%*s", padding, "");
	if (print->colored && cell->tone != TONE_PLAIN)
		print_bytes(print, slice_of(tone_codes[cell->tone]));
	print_bytes(print, cell->text);
	if (print->colored && cell->tone != TONE_PLAIN)
		print_bytes(print, SLICE("\033[0m"));
	if (!listing->column[at].right && !last)
		print_format_line(print, "%*s", padding, "");
}

static void table_line(struct listing *listing, const struct cell *cells)
{
	for (unsigned i = 0; i < listing->count; i++)
		table_cell(listing, i, &cells[i]);
	print_bytes(listing->print, SLICE("\n"));
}

static void widen(struct listing *listing, const struct cell *cells)
{
	for (unsigned i = 0; i < listing->count; i++) {
		size_t width = text_width(cells[i].text);

		if (width > listing->width[i])
			listing->width[i] = width;
	}
}

/* The widths of what waits, the header, and the lines. An empty table has no header: there is nothing to line up. */
static void table_flush(struct listing *listing)
{
	struct cell header[LISTING_COLUMNS_MAX];

	if (!listing->widths_known && listing->waiting_count) {
		for (unsigned i = 0; i < listing->count; i++)
			header[i] = (struct cell){ CELL_TEXT, slice_of(listing->column[i].name), TONE_STRONG };
		widen(listing, header);
		for (size_t i = 0; i < listing->waiting_count; i++)
			widen(listing, listing->waiting + i * listing->count);
		listing->widths_known = true;
		table_line(listing, header);
	}
	for (size_t i = 0; i < listing->waiting_count; i++)
		table_line(listing, listing->waiting + i * listing->count);
	listing->waiting_count = 0;
	arena_reset(&listing->arena);
}

static void table_row(struct listing *listing, const struct cell *cells)
{
	struct cell *row = listing->waiting + listing->waiting_count * listing->count;
	struct buf safe = BUF_INIT(FIELD_BYTES_MAX);

	for (unsigned i = 0; i < listing->count; i++) {
		buf_reset(&safe);
		safe_text_cut(cells[i].type == CELL_NULL ? SLICE("-") : cells[i].text, LISTING_CELL_COLUMNS, &safe);
		row[i] = (struct cell){ cells[i].type, arena_copy(&listing->arena, buf_as_slice(&safe)), cells[i].tone };
	}
	buf_release(&safe);
	listing->waiting_count++;
	if (listing->widths_known || listing->waiting_count == ROWS_WAITING_MAX)
		table_flush(listing);
}

/* ---- listing ------------------------------------------------------------------------------------------------------*/

void listing_begin(struct listing *listing, struct print *print, const struct column *columns, unsigned count,
	const char *name, struct slice head)
{
	*listing = (struct listing){ .print = print, .column = columns, .count = count };
	switch (print->format) {
	case PRINT_TABLE:
		listing->waiting = memory_grow(NULL, (size_t)ROWS_WAITING_MAX * count, sizeof(*listing->waiting));
		break;
	case PRINT_CSV:
	case PRINT_TSV:
		separated_header(listing);
		break;
	case PRINT_JSON:
		print_bytes(print, SLICE("{"));
		print_json(print, head);
		print_format_line(print, "\"%s\":[", name);
		break;
	default:
		break;
	}
}

void listing_object(struct listing *listing, struct slice object)
{
	if (listing->print->format == PRINT_JSON)
		print_bytes(listing->print, listing->rows ? SLICE(",\n") : SLICE("\n"));
	print_json(listing->print, object);
	if (listing->print->format != PRINT_JSON)
		print_bytes(listing->print, SLICE("\n"));
	listing->rows++;
}

static void add_member(const char *name, const struct cell *cell, struct buf *out)
{
	buf_printf(out, "%s\"%s\":", out->size > 1 ? "," : "", name);
	if (cell->type == CELL_TEXT)
		json_encode(cell->text, out);
	else if (cell->type == CELL_JSON)
		buf_slice(out, cell->text);
	else
		buf_text(out, "null");
}

static void object_row(struct listing *listing, const struct cell *cells)
{
	struct buf object = BUF_INIT(FIELD_BYTES_MAX);

	buf_char(&object, '{');
	for (unsigned i = 0; i < listing->count; i++)
		add_member(listing->column[i].name, &cells[i], &object);
	buf_char(&object, '}');
	listing_object(listing, buf_as_slice(&object));
	buf_release(&object);
}

void listing_row(struct listing *listing, const struct cell *cells)
{
	switch (listing->print->format) {
	case PRINT_TABLE:
		table_row(listing, cells);
		listing->rows++;
		break;
	case PRINT_CSV:
	case PRINT_TSV:
		separated_row(listing, cells);
		listing->rows++;
		break;
	default:
		object_row(listing, cells);
	}
}

void listing_flush(struct listing *listing)
{
	if (listing->print->format == PRINT_TABLE)
		table_flush(listing);
	print_flush(listing->print);
}

void listing_end(struct listing *listing, struct slice tail)
{
	struct print *print = listing->print;

	if (print->format == PRINT_TABLE) {
		table_flush(listing);
	} else if (print->format == PRINT_JSON) {
		print_bytes(print, listing->rows ? SLICE("\n]") : SLICE("]"));
		if (tail.size) {
			print_bytes(print, SLICE(","));
			print_json(print, tail);
		}
		print_bytes(print, SLICE("}\n"));
	}
	arena_release(&listing->arena);
	free(listing->waiting);
	listing->waiting = NULL;
}
