/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exports for analytics: rows of one shape (export_rows.c) into a file of one format (export_text.c, export_sqlite.c).
 *
 * Rows are made while the store is held and written while it is let go, a chunk at a time: a slow pipe pins no pages.
 */
#ifndef STORAGE_CLI_EXPORT_H
#define STORAGE_CLI_EXPORT_H

#include "storage/cli/print.h"
#include "storage/cli/record.h"
#include "storage/cli/tool.h"

enum export_what { EXPORT_CHANGES, EXPORT_REPOS, EXPORT_SNAPSHOTS };
enum export_format { EXPORT_NDJSON, EXPORT_CSV, EXPORT_SQLITE };

extern const char *const export_what_words[], *const export_format_words[]; /* in the order of the enums, NULL-terminated */

enum { EXPORT_COLUMNS_MAX = 96 };

struct export_order {
	struct tool *tool;
	enum export_what what;
	enum export_format format;
	uint64_t since; /* what records behind this one tell of; 0: all */
	int64_t at_ms;  /* as it was then; 0: now */
	const char *path; /* of the file; NULL: standard output */
};

/* What was written; kept in the manifest. */
struct export_result {
	uint64_t rows, first_seq, last_seq; /* the seqs of changes only; 0: none */
	uint64_t bytes;
	char sha256[HASH_HEX + 1]; /* empty: not of this format */
};

/* --- rows: export_rows.c -------------------------------------------------------------------------------------------*/

struct export_shape {
	const char *const *column;
	unsigned count;
	const char *key; /* columns of the primary key, as SQL has it */
};
const struct export_shape *export_shape(enum export_what what);
/* INTEGER or TEXT. */
const char *export_column_type(const char *column);

/* Where rows go. Cells live until the call returns. */
struct export_sink {
	void *owner;
	bool (*row)(void *owner, const struct cell *cells, struct slice line); /* line: of a change, as stored; else size 0 */
	bool (*flush)(void *owner); /* the store is let go: write what waits. False: stop */
};

/* Store errors; stops quietly where the sink does. */
int export_rows(const struct export_order *order, const struct export_sink *sink, struct export_result *result);

/* --- files ---------------------------------------------------------------------------------------------------------*/

/* What went wrong is said. The descriptor stays the caller's. */
enum exit_status export_text(const struct export_order *order, int file, struct export_result *result);
/* Size and SHA-256 of what lies in a file, from its beginning. False: it cannot be read. */
bool export_text_digest(int file, uint64_t *bytes, char sha256[HASH_HEX + 1]);
enum exit_status export_sqlite(const struct export_order *order, struct export_result *result);

#endif
