/* SPDX-License-Identifier: Apache-2.0 */
/*
 * License statements on the simulated Hub: tags computed from a card as the Hub does it, a card made from tags for
 * rows that come without one, and the statement of a row as one JSON object.
 */
#ifndef HUBSIM_STATEMENT_OF_H
#define HUBSIM_STATEMENT_OF_H

#include "tests/hubsim/hub.h"

/* Walks the strings of a raw JSON array: raw text without quotes. Start with *at = 0; false at the end. */
bool json_strings_next(struct slice array, size_t *at, struct slice *text);

/* A copy without white space between tokens, appended. */
void json_compact(struct slice value, struct buf *out);

/* cardData for a row with these tags: {"license":"x"}, a list if there are several; nothing without license tags. */
bool card_from_tags(struct slice tags, struct buf *out);

/* `tags` (or none) with its license tags replaced by those of `card` (or none). */
void tags_from_card(struct hub *hub, struct slice tags, struct slice card, struct buf *out);

/* `"license":...,"license_name":...,"license_link":...,"license_tags":[...]`, null where there is none. */
void statement_write(struct hub *hub, const struct row *row, struct buf *out);

#endif
