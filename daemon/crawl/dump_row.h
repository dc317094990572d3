/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row of a dump in the form in which the Hub sends it.
 *
 * People keep dumps as pandas or DuckDB wrote them: NaN for what is absent, cardData or tags as JSON within a text, False as
 * a text, counters as 5.0. What can be read without doubt is brought to the Hub's form. A column that holds anything else
 * is refused by name: read as it stands, it would differ from the Hub's own rows, and each of them would be a false change.
 * Dates need nothing: row.h reads every form of them. One thread.
 */
#ifndef DAEMON_CRAWL_DUMP_ROW_H
#define DAEMON_CRAWL_DUMP_ROW_H

#include "storage/model/arena.h"
#include "storage/model/json.h"

struct dump_form {
	struct json inner;  /* parses a text within the row */
	struct arena arena; /* one row's */
	struct buf text;    /* the row rewritten, JSON_PADDING readable bytes behind it */
	char why[320];      /* after DUMP_ROW_REFUSED: the column, what it holds, what it should */
};

void dump_form_init(struct dump_form *form, size_t row_max);
void dump_form_release(struct dump_form *form);

enum dump_row_form {
	DUMP_ROW_AS_IS,   /* the row is good as it stands */
	DUMP_ROW_CHANGED, /* the row is in form->text now */
	DUMP_ROW_REFUSED,
};

/* `row` holds the members of an object, one level deep. */
enum dump_row_form dump_row_read(struct dump_form *form, const struct json *row);

/* NaN and Infinity, which Python writes and JSON does not know, as null; false: there is none, `out` is as it was. */
bool dump_row_without_nan(struct slice text, struct buf *out);

#endif
