/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/dump.h"

#include <errno.h>
#include <stdio.h>

#include "storage/model/json.h"

enum { READ_BYTES = 1 << 20, TAR_MAGIC_AT = 257 };

bool dump_open(struct dump *dump, const char *path)
{
	*dump = (struct dump){ .line = 1, .row_max = DUMP_ROW_MAX };
	buf_init(&dump->window, (size_t)DUMP_ROW_MAX + 4 * READ_BYTES + JSON_PADDING);
	dump->source = dump_source_new(path);
	if (!dump->source)
		snprintf(dump->why, sizeof(dump->why), "%s", strerror(errno));
	return dump->source != NULL;
}

void dump_close(struct dump *dump)
{
	dump_source_free(&dump->source);
	buf_release(&dump->window);
}

/* --- the window ----------------------------------------------------------------------------------------------------*/

/* What lies before the next byte has been given out and makes room. */
static void drop_used(struct dump *dump)
{
	struct buf *window = &dump->window;

	window->size -= dump->at;
	if (window->size)
		memmove(window->data, window->data + dump->at, window->size);
	dump->at = 0;
}

/* More bytes behind those that are there. False: the dump is at its end, or cannot be read (why). */
static bool read_more(struct dump *dump)
{
	char *to;
	ssize_t got;

	if (dump->at_end)
		return false;
	if (dump->window.size + READ_BYTES + JSON_PADDING > dump->window.max)
		drop_used(dump);
	to = buf_reserve(&dump->window, READ_BYTES + JSON_PADDING);
	got = to ? dump_source_read(dump->source, to, READ_BYTES) : -1;
	if (got > 0) {
		dump->window.size += (size_t)got;
		return true;
	}
	dump->at_end = true;
	if (got < 0)
		snprintf(dump->why, sizeof(dump->why), "%s", to ? dump_source_why(dump->source) : "too long");
	return false;
}

static bool has_byte(struct dump *dump)
{
	return dump->at < dump->window.size || read_more(dump);
}

/* --- between rows --------------------------------------------------------------------------------------------------*/

static void skip_line(struct dump *dump)
{
	while (has_byte(dump) && dump->window.data[dump->at] != '\n')
		dump->at++;
}

/* To the first byte of the next row. False: there is none. */
static bool find_row(struct dump *dump)
{
	for (; has_byte(dump); dump->at++) {
		switch (dump->window.data[dump->at]) {
		case '\n':
			dump->line++;
			break;
		case ' ': case '\t': case '\r':
		case '\xEF': case '\xBB': case '\xBF': /* a byte order mark */
			break;
		case ',':
			if (!dump->in_array)
				return true;
			break;
		case '[':
			if (dump->in_array)
				return true;
			dump->in_array = true;
			break;
		case ']':
			if (!dump->in_array)
				return true;
			dump->in_array = false;
			break;
		default:
			return true;
		}
	}
	return false;
}

/* --- files of other kinds ------------------------------------------------------------------------------------------*/

static const char *kind_of_file(struct slice begin)
{
	static const struct {
		const char *magic, *kind;
	} kinds[] = {
		{ "PAR1", "Parquet" }, { "ARROW1", "Arrow" }, { "SQLite format 3", "SQLite" }, { "PK\x03\x04", "zip" },
		{ "\xFD" "7zXZ", "xz" }, { "BZh", "bzip2" }, { "Obj\x01", "Avro" }, { "ORC", "ORC" },
		{ "\x80\x04", "a Python pickle" },
		{ "\x80\x05", "a Python pickle" }, { "\x89HDF", "HDF5" }, { "<!DOCTYPE", "HTML" },
		{ "version https://git-lfs", "a pointer of Git LFS, not the file" },
	};

	for (size_t i = 0; i < ARRAY_COUNT(kinds); i++)
		if (slice_starts_with(begin, slice_of(kinds[i].magic)))
			return kinds[i].kind;
	return NULL;
}

/* A first line that names columns, `id` among them. */
static bool is_header_of_csv(struct slice line)
{
	static const char *const names[] = { "id", "_id", "modelId" };
	size_t size;

	if (memchr(line.data, '{', line.size) || memchr(line.data, '[', line.size))
		return false;
	for (; line.size; line.data += size, line.size -= size) {
		struct slice cell = line;

		for (size = 0; size < line.size && !strchr(",;\t\r\n", line.data[size]); size++)
			;
		cell.size = size;
		size += size < line.size;
		if (cell.size >= 2 && cell.data[0] == '"' && cell.data[cell.size - 1] == '"')
			cell = (struct slice){ cell.data + 1, cell.size - 2 };
		for (size_t i = 0; i < ARRAY_COUNT(names); i++)
			if (slice_is(cell, names[i]) && cell.size < line.size)
				return true;
	}
	return false;
}

/* False: it is none of ours, why says so. */
static bool look_at_file(struct dump *dump)
{
	const char *kind, *end;
	struct slice begin;

	dump->looked = true;
	if (!has_byte(dump))
		return true;
	begin = buf_as_slice(&dump->window);
	if (slice_starts_with(begin, SLICE("\xEF\xBB\xBF")))
		begin = (struct slice){ begin.data + 3, begin.size - 3 };
	kind = begin.size > TAR_MAGIC_AT && slice_starts_with((struct slice){ begin.data + TAR_MAGIC_AT, begin.size - TAR_MAGIC_AT },
			SLICE("ustar")) ? "tar" : kind_of_file(begin);
	end = memchr(begin.data, '\n', begin.size);
	if (!kind && is_header_of_csv((struct slice){ begin.data, end ? (size_t)(end - begin.data) : begin.size }))
		kind = "CSV";
	if (kind)
		snprintf(dump->why, sizeof(dump->why), "this is %s; rows are read as JSON lines: DuckDB writes them "
			"(copy (select * from 'FILE') to 'rows.jsonl')", kind);
	return !kind;
}

/* --- one row -------------------------------------------------------------------------------------------------------*/

/* Where a scan stands; it goes on when more has been read. */
struct scan {
	size_t size; /* of the row so far */
	unsigned depth;
	bool in_text, escaped;
};

/* A row of an array, up to its closing bracket; a scalar up to what parts it. A line break in a string: it is broken. */
static bool scan_element(const struct dump *dump, struct scan *scan)
{
	const char *row = dump->window.data + dump->at;

	for (size_t left = dump->window.size - dump->at; scan->size < left; scan->size++) {
		char c = row[scan->size];

		if (scan->in_text) {
			if (c == '\n')
				return true;
			scan->in_text = scan->escaped || c != '"';
			scan->escaped = !scan->escaped && c == '\\';
		} else if (c == '"') {
			scan->in_text = true;
		} else if (c == '{' || c == '[') {
			scan->depth++;
		} else if ((c == ',' || c == ']' || c == '\n') && !scan->depth) {
			return true;
		} else if ((c == '}' || c == ']') && scan->depth && !--scan->depth) {
			scan->size++;
			return true;
		}
	}
	return false;
}

static bool scan_line(const struct dump *dump, struct scan *scan)
{
	const char *row = dump->window.data + dump->at;
	size_t left = dump->window.size - dump->at;
	const char *end = memchr(row + scan->size, '\n', left - scan->size);

	scan->size = end ? (size_t)(end - row) : left;
	return end;
}

static uint64_t lines_in(struct slice text)
{
	uint64_t lines = 0;

	for (const char *at = text.data, *end = at + text.size; (at = memchr(at, '\n', (size_t)(end - at))); at++)
		lines++;
	return lines;
}

enum dump_result dump_next(struct dump *dump, struct dump_row *row)
{
	bool (*scan_row)(const struct dump *dump, struct scan *scan);
	struct scan scan = { 0 };
	bool has_end;

	if (!dump->looked && !look_at_file(dump))
		return DUMP_FAILED;
	if (dump->skipping)
		skip_line(dump);
	dump->skipping = false;
	if (dump->at >= dump->window.size / 2)
		drop_used(dump);
	if (!find_row(dump))
		return dump->why[0] ? DUMP_FAILED : DUMP_END;
	scan_row = dump->in_array ? scan_element : scan_line;
	while (!(has_end = scan_row(dump, &scan)) && scan.size <= dump->row_max && read_more(dump))
		;
	if (dump->why[0])
		return DUMP_FAILED;
	*row = (struct dump_row){ .line = dump->line, .too_big = scan.size > dump->row_max };
	row->text = (struct slice){ dump->window.data + dump->at, scan.size };
	dump->line += lines_in(row->text);
	dump->at += scan.size;
	dump->skipping = row->too_big && !has_end;
	return DUMP_ROW;
}
