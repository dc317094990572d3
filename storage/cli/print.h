/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tool writes, for people and for programs.
 *
 *     table   columns lined up, or short lines; unsafe characters made visible (safe_text.h), long cells cut
 *     json    one document:       {"changes":[ ... ],"as_of":...}
 *     ndjson  one object a line, nothing else
 *     csv     RFC 4180: CRLF, a header always, quotes where needed. Null is empty. Values are exact, but for control
 *             characters that RFC 4180 has no room for (all but tab, CR and LF), which are written as \u001b
 *     tsv     a tab between, \t \n \r \\ for what a value may not hold; LF
 *
 * Without a choice: table on a terminal, ndjson into a pipe, by its ending into a file. On a terminal json and csv are
 * made safe too. A reader that goes away (`| head`) ends the program quietly: ask print_ended() in long loops.
 */
#ifndef STORAGE_CLI_PRINT_H
#define STORAGE_CLI_PRINT_H

#include <stdio.h>

#include "storage/model/arena.h"
#include "storage/model/buf.h"
#include "storage/model/new_file.h"

enum print_format { PRINT_TABLE, PRINT_JSON, PRINT_NDJSON, PRINT_CSV, PRINT_TSV, PRINT_AUTO };
enum print_color { PRINT_COLOR_AUTO, PRINT_COLOR_ALWAYS, PRINT_COLOR_NEVER };

extern const char *const print_format_words[]; /* in the order of the enums, NULL-terminated */
extern const char *const print_color_words[];

struct print_options {
	int format; /* enum print_format */
	int color;  /* enum print_color */
	const char *path; /* NULL: standard output */
	bool spreadsheet; /* csv, tsv: text that a spreadsheet would run as a formula gets a ' before it */
};

enum print_ending { PRINT_NO_ENDING, PRINT_KNOWN_ENDING, PRINT_UNKNOWN_ENDING };
/* What the ending of a file's name says of its format. Devices and pipes have none, whatever they are called. */
enum print_ending print_ending_of(const char *path, enum print_format *format);

enum tone { TONE_PLAIN, TONE_STRONG, TONE_DIM, TONE_GOOD, TONE_BAD, TONE_WARN };

struct print {
	FILE *file;
	const char *path;
	struct new_file new_file; /* of the path */
	bool answered;
	enum print_format format;
	bool terminal, colored, spreadsheet;
	int error; /* errno of the first write that failed */
};

/* False, with errno, where the file cannot be made. It takes its name when it is closed (new_file.h). */
bool print_open(const struct print_options *options, struct print *print);
/* What is written is the answer, whatever the status says of it: the file is kept. */
void print_answered(struct print *print);
/* For what goes on and is read meanwhile: the file takes its name now. False, with errno. */
bool print_settle(struct print *print);
/*
 * Flushes. A file is kept where `answered` says that the command came to its end, or print_answered() did; else what stood
 * under its name before still does. False where something could not be written, with errno; a reader that went away is no
 * failure.
 */
bool print_close(struct print *print, bool answered);
bool print_ended(const struct print *print); /* nobody reads, or writing failed: stop */
void print_flush(struct print *print);

void print_bytes(struct print *print, struct slice bytes);          /* as they are */
void print_format_line(struct print *print, const char *format, ...) __attribute__((format(printf, 2, 3)));
void print_tone(struct print *print, enum tone tone, const char *text); /* colored where wanted */
void print_safe(struct print *print, struct slice text);            /* a stranger's text, for people */
void print_json(struct print *print, struct slice json);            /* without a line end; safe on a terminal */

/* "1 record", "12,345 records": a number for people, with its noun, which takes an s. And the number alone. */
enum { COUNTED = 64 };
const char *counted(uint64_t number, const char *noun, char text[COUNTED]);
const char *count_text(uint64_t number, char text[COUNTED]);

/* ---- rows ---------------------------------------------------------------------------------------------------------*/

enum cell_type {
	CELL_NULL,
	CELL_TEXT,
	CELL_JSON, /* number, true, false, list or object as JSON text */
};

struct cell {
	enum cell_type type;
	struct slice text;
	enum tone tone;
};

struct column {
	const char *name;
	bool right;
};

enum { LISTING_COLUMNS_MAX = 96, LISTING_CELL_COLUMNS = 72 };

/* Rows of one kind, in whatever format was chosen. Tables are lined up over the first rows. */
struct listing {
	struct print *print;
	const struct column *column;
	unsigned count;
	uint64_t rows;
	struct arena arena;  /* rows of a table that wait for their widths */
	struct cell *waiting;
	size_t waiting_count;
	size_t width[LISTING_COLUMNS_MAX];
	bool widths_known;
};

/*
 * `name` is the member of the JSON document that holds the rows, `head` JSON members that come before it ("" or
 * "\"hub\":\"x\","). Columns live as long as the listing.
 */
void listing_begin(struct listing *listing, struct print *print, const struct column *columns, unsigned count,
	const char *name, struct slice head);
void listing_row(struct listing *listing, const struct cell *cells);
/* A row that is a JSON object already: for json and ndjson. */
void listing_object(struct listing *listing, struct slice object);
/* What waits is shown and written: for output that goes on later. */
void listing_flush(struct listing *listing);
/* What waits is shown. `tail`: JSON members behind the rows ("" or "\"as_of\":...") for the json document. */
void listing_end(struct listing *listing, struct slice tail);

/* One field of a csv or tsv line, as it is written (for tests too). */
void csv_field(const struct cell *cell, bool spreadsheet, struct buf *out);
void tsv_field(const struct cell *cell, bool spreadsheet, struct buf *out);

static inline struct cell cell_text(struct slice text)
{
	return (struct cell){ text.data ? CELL_TEXT : CELL_NULL, text, TONE_PLAIN };
}

static inline struct cell cell_word(const char *word)
{
	return cell_text(slice_of(word));
}

#endif
