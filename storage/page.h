/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One decoded answer of the Hub, on its way from a request to the store.
 *
 * preparer_page() does off the loop whatever needs no write transaction: parse, compare with the stored row, and for
 * rows that are new or differ canonicalise, read the statement and compress. What it found under a read snapshot is
 * checked again by the committer, which redoes the few rows that moved in between.
 *
 * A row that was found the same is 80 bytes and no draft. Everything lives in the page's arena; a page is moved from
 * the request to the batch and released there. A preparer belongs to one thread at a time.
 */
#ifndef STORAGE_PAGE_H
#define STORAGE_PAGE_H

#include <stdatomic.h>

#include "storage/model/arena.h"
#include "storage/store.h"

enum { PAGE_DAMAGE_MAX = 16 };

/* What a row needs to become a version: made only where the stable hash is not the stored one. */
struct draft {
	struct slice name;      /* decoded */
	struct slice statement; /* as statement_write() makes it */
	struct slice frame;     /* compressed canonical and derived; size 0 where the row existed: a delta is made instead */
	struct slice canonical; /* size 0 for a row that was new: the frame has it */
	struct slice derived;
	struct slice raw;       /* the row as received; size 0 for a row that was new */
	uint64_t canonical_hash;
	uint16_t encoding;      /* of the frame */
};

struct observation {
	struct repo_oid oid;
	uint8_t sha[SHA_BYTES]; /* zero: none */
	uint64_t stable_hash;
	int64_t created_ms, modified_ms;
	uint32_t downloads, likes; /* saturated; COUNTER_UNKNOWN = the row had none */
	uint32_t version;          /* of the stored row that it was compared with; 0: there was none */
	struct draft *draft;       /* NULL: same as the stored row */
	int refused;               /* the committer's: 0, or why the row cannot be stored */
};

#define COUNTER_UNKNOWN UINT32_MAX

struct page_damage {
	uint64_t hash;     /* of whose row and what is wrong: the same damage is recorded once */
	int error;
	struct slice head; /* its first bytes, for the record */
};

struct page {
	struct arena arena;
	struct projection projection;
	struct observation *observations; /* in the order of the answer */
	size_t count;
	size_t rows;            /* in the answer: count + damaged + private_rows */
	size_t damaged;
	size_t unidentified;    /* of the damaged: with a name, but without a usable _id */
	size_t drafts;          /* rows that are new or differ; 0: the page brings no news */
	size_t moved;           /* rows whose head is not the stored one, new ones among them */
	size_t private_rows;    /* dropped, unless private repos are wanted */
	bool ascending;         /* oids never fell from row to row */
	int64_t oldest_modified_ms, newest_modified_ms; /* over the rows; 0: none had one that can be read */
	size_t bad_dates;       /* that are there and cannot be read; the rows count all the same */
	uint32_t bad_date_fields;
	struct slice bad_date;  /* one of them as it was sent, or its beginning */
	struct page_damage *damage; /* the first PAGE_DAMAGE_MAX of them */
};

/*
 * What one answer may take while it is read. Whoever cannot give it that much room asks for less first: `row_bytes_max`
 * then costs the page (`rows_fit`), which is read again with more; else it costs that row alone.
 */
struct page_limits {
	uint32_t rows_max;    /* the rows that were asked for: more are ERROR_TOO_MANY */
	uint32_t nodes_max;   /* JSON values of the page */
	size_t bytes_max;     /* of its text, also where that is repaired (bytes that are not UTF-8 become three) */
	size_t row_bytes_max;
	bool rows_fit;        /* a longer row makes the page ERROR_TOO_BIG; false: it is damage of that row */
	const atomic_bool *stop; /* may be NULL: looked at before each row; set: ERROR_STOPPED */
};

/* For what is read from files of the operator's own. */
extern const struct page_limits page_limits_none;

struct preparer;

/* NULL: a dry run, which prepares no page. */
struct preparer *preparer_new(struct store *store, bool private_repos);
void preparer_free(struct preparer **preparer);

/*
 * `body` is an array of rows where the projection is of a listing, one row where it is of a single repo; JSON_PADDING
 * readable bytes follow it. Bytes that are not UTF-8 become U+FFFD and lose no row. The body is not needed afterwards.
 * `page` is zeroed by the caller.
 * ERROR_JSON, ERROR_TOO_BIG, ERROR_TOO_MANY: the page as a whole is damaged, nothing of it counts. ERROR_STOPPED: by
 * limits->stop. Store errors as they come.
 */
int preparer_page(struct preparer *preparer, const char *body, size_t body_bytes, const struct projection *projection,
	const struct page_limits *limits, struct page *page, struct store_problem *problem);
/* Gives back what the pages before took: parsers, rows, texts. */
void preparer_rest(struct preparer *preparer);
void page_release(struct page *page);

/* Counts a row that no preparer saw because it cannot be read; the page's projection tells its kind. `raw` is copied. */
void page_add_damage(struct page *page, struct slice raw, int error);

#endif
