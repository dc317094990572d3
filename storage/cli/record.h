/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One record of the change log as the tool sees it: the columns of its CSV, found in the stored line.
 *
 * The columns have the record's own order and names, `before_`, `after_` and `commit_` in front of what stands in the two
 * sides and the commit.
 * New columns only at the end. Fields that a newer program added are passed over. One thread at a time.
 */
#ifndef STORAGE_CLI_RECORD_H
#define STORAGE_CLI_RECORD_H

#include "storage/cli/print.h"
#include "storage/model/arena.h"
#include "storage/model/json.h"

/* X(constant, side, key): one field of a side a line */
#define RECORD_SIDE_FIELDS(X, SIDE) \
	X(SIDE##_VERSION, SIDE, "version") \
	X(SIDE##_SHA, SIDE, "sha") \
	X(SIDE##_REPO, SIDE, "repo") \
	X(SIDE##_LICENSE, SIDE, "license") \
	X(SIDE##_LICENSE_NAME, SIDE, "license_name") \
	X(SIDE##_LICENSE_LINK, SIDE, "license_link") \
	X(SIDE##_SOURCE, SIDE, "source") \
	X(SIDE##_ROW, SIDE, "row") \
	X(SIDE##_SPDX, SIDE, "spdx") \
	X(SIDE##_CLASS, SIDE, "class") \
	X(SIDE##_RANK, SIDE, "rank") \
	X(SIDE##_COMMERCIAL_USE, SIDE, "commercial_use") \
	X(SIDE##_BASIS, SIDE, "basis") \
	X(SIDE##_CONFIDENCE, SIDE, "confidence") \
	X(SIDE##_GATED, SIDE, "gated") \
	X(SIDE##_DISABLED, SIDE, "disabled") \
	X(SIDE##_PRIVATE, SIDE, "private") \
	X(SIDE##_BASE_MODEL, SIDE, "base_model") \
	X(SIDE##_TEXT, SIDE, "text")

/* X(constant, side, key) */
#define RECORD_FIELDS(X) \
	X(RECORD_V, RECORD, "v") \
	X(RECORD_LEDGER, RECORD, "ledger") \
	X(RECORD_SEQ, RECORD, "seq") \
	X(RECORD_EVENT, RECORD, "event") \
	X(RECORD_ORIGIN, RECORD, "origin") \
	X(RECORD_HUB, RECORD, "hub") \
	X(RECORD_KIND, RECORD, "kind") \
	X(RECORD_REPO, RECORD, "repo") \
	X(RECORD_OID, RECORD, "oid") \
	X(RECORD_URL, RECORD, "url") \
	X(RECORD_AT, RECORD, "at") \
	X(RECORD_OBSERVED_AFTER, RECORD, "observed_after") \
	X(RECORD_OBSERVED_AT, RECORD, "observed_at") \
	X(RECORD_LAST_MODIFIED, RECORD, "last_modified") \
	RECORD_SIDE_FIELDS(X, BEFORE) \
	RECORD_SIDE_FIELDS(X, AFTER) \
	X(RECORD_DIRECTION, RECORD, "direction") \
	X(RECORD_COMMERCIAL, RECORD, "commercial") \
	X(RECORD_CHANGED_FIELDS, RECORD, "fields") \
	X(RECORD_DOWNLOADS, RECORD, "downloads_30d") \
	X(RECORD_LIKES, RECORD, "likes") \
	X(RECORD_TABLES, RECORD, "tables") \
	X(RECORD_OF, RECORD, "of") \
	X(RECORD_REASON, RECORD, "reason") \
	X(RECORD_PREV, RECORD, "prev") \
	X(RECORD_HASH, RECORD, "hash") \
	X(COMMIT_SHA, COMMIT, "sha") \
	X(COMMIT_TITLE, COMMIT, "title") \
	X(COMMIT_USER, COMMIT, "user") \
	X(COMMIT_DATE, COMMIT, "date") \
	X(RECORD_REF, RECORD, "ref")

enum record_side { RECORD, BEFORE, AFTER, COMMIT };

enum record_field {
#define X(constant, side, key) constant,
	RECORD_FIELDS(X)
#undef X
	RECORD_FIELD_COUNT
};

enum { RECORD_SIDE_FIELD_COUNT = AFTER_VERSION - BEFORE_VERSION };

extern const struct column record_columns[RECORD_FIELD_COUNT];

struct record {
	struct slice line;
	struct json json;
	struct buf padded;
	struct arena arena; /* decoded texts */
	struct slice token[RECORD_FIELD_COUNT]; /* JSON; size 0: not there */
};

void record_init(struct record *record);
void record_release(struct record *record);

/*
 * False where the line is no JSON object. `line` is copied. RECORD_REF is no member of a stored line: it is made of kind and
 * repo, the one spelling that every command takes back ("datasets/owner/name").
 */
bool record_read(struct record *record, struct slice line);

/* Decoded text of a field, until the next record_read; data NULL where it is null or no text. */
struct slice record_text(struct record *record, enum record_field field);
uint64_t record_number(const struct record *record, enum record_field field); /* 0 where it is null */
bool record_is_null(const struct record *record, enum record_field field);
/* The texts of a list. Returns their number. */
unsigned record_list(struct record *record, enum record_field field, struct slice *items, unsigned max);

/* As a cell: texts decoded, the rest as JSON. */
struct cell record_cell(struct record *record, enum record_field field);

/* Appends the member ,"ref":"..." to a line that lacks its closing brace; null where the record is about no repo. */
void record_add_ref(const struct record *record, struct buf *line);

/* The same of any member of the line, by its key. Before any record_list of the same line. */
struct cell record_member_cell(struct record *record, const char *key);

/* "other/falcon-llm-license", "mit", "mit + apache-2.0", "(none)": what a side declares, for people. In the arena. */
struct slice record_license(struct record *record, enum record_side side);

/* The event of a stored line without parsing all of it; size 0 where it is not where it should be. */
struct slice record_line_event(struct slice line);

#endif
