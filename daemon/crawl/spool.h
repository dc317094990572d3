/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of a dump, in the order of their oids.
 *
 * A dump brings its rows in any order, the store wants them in the order of its keys. So they go to a file without a name
 * in the store's folder, and only where each lies is kept in memory: 24 bytes a row, and as much again while they are
 * sorted (100 MB for two million rows). Of equal oids the last counts.
 *
 * Rows are brought to the form in which the Hub sends them first (dump_row.h).
 *
 * A row needs `_id`; one without is known by its name together with its createdAt, where the store has such a repo, and
 * else has no identity: none is made up. `modelId` is read as `id`. One thread; waits for the disk.
 */
#ifndef DAEMON_CRAWL_SPOOL_H
#define DAEMON_CRAWL_SPOOL_H

#include "daemon/crawl/dump.h"
#include "daemon/crawl/dump_row.h"
#include "storage/model/json.h"
#include "storage/page.h"
#include "storage/reader.h"

enum { SPOOL_PAGE_ROWS = 1000, SPOOL_PAGE_BYTES = 8 << 20, SPOOL_DAMAGE_SHOWN = 5 };

struct spool_place {
	struct repo_oid oid;
	uint32_t size;
	uint64_t at; /* in the file */
};

/* The rows of one kind. */
struct spool_kind {
	struct spool_place *place;
	size_t count, room;
	uint64_t repeated;   /* rows whose oid came again later */
	uint32_t fields;     /* that at least one row has, and not as null: an empty column says nothing */
	bool ordered;        /* as they came */
	struct page damaged; /* rows that could not be read: counted, the first of them kept */
	uint64_t unidentified; /* rows without `_id` whose repo is not known */
};

struct spool {
	struct store *store;
	struct reader *reader;
	int file;
	uint64_t size;       /* of the file, with what waits in `out` */
	struct buf out, repaired;
	struct json json;
	struct dump_form form;
	bool refused;         /* a column cannot be read as the Hub means it (why): the dump as a whole is not taken */
	enum repo_kind usual; /* of rows without repoType */
	struct spool_kind kind[REPO_KINDS];
	unsigned shown;
	struct {
		uint64_t line;
		const char *why;
	} damage[SPOOL_DAMAGE_SHOWN];
	char why[320];
};

/* False: no file could be made, or the store not read (why). */
bool spool_open(struct spool *spool, struct store *store, enum repo_kind usual);
void spool_close(struct spool *spool);

/* Takes a row. False: it cannot be written, or is refused (why). A damaged one is counted. */
bool spool_add(struct spool *spool, const struct dump_row *row);
/* All rows are here: sorts them. */
bool spool_finish(struct spool *spool);

/* From the row at `from` on, up to SPOOL_PAGE_ROWS and about SPOOL_PAGE_BYTES, as an array; how many, 0: see why. */
size_t spool_page(struct spool *spool, enum repo_kind kind, size_t from, size_t rows_max, struct buf *body);

#endif
