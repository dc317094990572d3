/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One state of a repo, as members in table order: an answer is a concatenation of their raw JSON.
 *
 * A row is one block of memory and never changes; a new state is a new row, built from a draft. A draft is the
 * workspace: a value (raw JSON, borrowed) for any member; drafts are large, and reused.
 */
#ifndef HUBSIM_ROW_H
#define HUBSIM_ROW_H

#include "storage/model/buf.h"
#include "tests/hubsim/field.h"

struct row_field {
	uint32_t end; /* of its value within the text */
	uint16_t number;
};

struct row {
	struct slice name; /* the decoded id; points into the row */
	uint16_t field_count;
	bool made_card;    /* cardData was made from the license tags */
	struct row_field field[];
	/* then the values, one behind the other; then the name if the id needed escapes */
};

struct draft {
	struct slice value[FIELD_MAX]; /* no data: not set */
	uint16_t used[FIELD_MAX];      /* every number that was set since the last reset */
	uint16_t used_count;
	bool made_card;
	struct buf text; /* for values that nobody else keeps; see draft_text() */
};

void draft_init(struct draft *draft);
void draft_release(struct draft *draft);
void draft_reset(struct draft *draft);
/* `value` must live until the row is built; a value without data unsets. */
void draft_set(struct draft *draft, uint16_t field, struct slice value);
/* The same with a copy, or with a text that is put into quotes. */
void draft_set_copy(struct draft *draft, uint16_t field, struct slice value);
void draft_set_text(struct draft *draft, uint16_t field, struct slice text);
/* What `row` has and the draft has not been given. */
void draft_inherit(struct draft *draft, const struct row *row);

/* The draft must have an id; name is that id decoded. Freed with free(). */
struct row *row_new(struct draft *draft, struct slice name);

/* The i-th member, for walking; the value of one member, or no data. */
struct slice row_value_at(const struct row *row, uint16_t index);
struct slice row_value(const struct row *row, uint16_t field);

#endif
