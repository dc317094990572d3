/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A dump taken apart into its rows: JSON lines, or arrays of rows as the Hub's pages are; several arrays, or both, one
 * behind the other do too. Plain, gzip or zstd (dump_source.h).
 *
 * Files of other kinds (Parquet, CSV, ...) are refused by name: DUMP_FAILED.
 *
 * Rows are parted by their brackets and quotes alone and may be damaged in any way: whoever takes them must look. A row
 * without its end ends with its line. Memory: the longest row, at most DUMP_ROW_MAX. One thread; waits for the disk.
 */
#ifndef DAEMON_CRAWL_DUMP_H
#define DAEMON_CRAWL_DUMP_H

#include "daemon/crawl/dump_source.h"
#include "storage/model/buf.h"

enum { DUMP_ROW_MAX = 64 << 20 };

struct dump_row {
	struct slice text; /* until the next call; JSON_PADDING readable bytes follow it */
	uint64_t line;     /* on which it begins, from 1 */
	bool too_big;      /* the text may be only its beginning */
};

struct dump {
	struct dump_source *source;
	struct buf window;   /* what is read and not given out */
	size_t at;           /* the next byte of it */
	uint64_t line;
	bool at_end, in_array, skipping, looked; /* looked: at what kind of file it is */
	size_t row_max;
	char why[256];       /* after DUMP_FAILED */
};

enum dump_result { DUMP_ROW, DUMP_END, DUMP_FAILED };

/* False: it cannot be opened; why tells. */
bool dump_open(struct dump *dump, const char *path);
void dump_close(struct dump *dump);
enum dump_result dump_next(struct dump *dump, struct dump_row *row);

#endif
