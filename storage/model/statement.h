/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a repo declares about its license: the ids, `license_name` and `license_link`.
 *
 * ids = cardData.license where the card has that key (a string, a list, or a mapping read as the list of its values;
 * the Hub has all three), else the `license:` tags. A user's own tag `license:apache-2.0` counts only where the card
 * says nothing. Ids keep their order of first mention; equal ids are kept once.
 *
 * All slices are borrowed from the arena or buffer that statement_read() was given.
 */
#ifndef STORAGE_MODEL_STATEMENT_H
#define STORAGE_MODEL_STATEMENT_H

#include "storage/model/canon.h"

#define STATEMENT_IDS_MAX 64
enum { STATEMENT_TEXT_MAX = 1000 }; /* an id, name or link longer than this is cut (real ones are below 200) */

enum statement_source { STATEMENT_NONE, STATEMENT_CARD, STATEMENT_TAG };

struct statement {
	enum statement_source source;
	unsigned id_count; /* bounded by STATEMENT_IDS_MAX */
	struct slice id[STATEMENT_IDS_MAX]; /* as sent, decoded */
	struct slice license_name, license_link; /* size 0 = none; as sent */
};

/*
 * The statement of canonical metadata. Decoded text goes to the arena; `json` is a parser to work with. Damage cannot
 * happen: canonical text is well formed.
 */
void statement_from_canon(struct json *json, const struct canon *canon, struct arena *arena, struct statement *statement);

/* As it is interned in the store: {"ids":["other"],"license_link":"...","license_name":"...","source":"card"} */
void statement_write(const struct statement *statement, struct buf *out);
int statement_read(struct json *json, struct slice text, struct arena *arena, struct statement *statement);

/* At most STATEMENT_TEXT_MAX bytes and, where it was cut, an ellipsis; never cut inside a character. */
struct slice statement_bounded(struct slice text, struct arena *arena);

const char *statement_source_name(enum statement_source source); /* "card", "tag"; NULL for none */

#endif
