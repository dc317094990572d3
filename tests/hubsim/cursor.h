/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Hub's list cursor: base64 of a JSON filter, i.e. keyset pagination.
 *
 *     createdAt          {"_id":{"$gt":"<oid>"}}                 ($lt for the newest first)
 *     a member F         {"$or":[{"F":v,"_id":{"$gt":"<oid>"}},{"F":{"$lt":v}},{"F":null}]}
 *     with search=       ..., "searchSequenceToken":"..."
 *
 * It says what the next page begins behind, as a key and an oid; lastModified's v is a date string. No state is kept:
 * a cursor made by hand works, and one never expires.
 */
#ifndef HUBSIM_CURSOR_H
#define HUBSIM_CURSOR_H

#include "tests/hubsim/hub.h"

/* The word of `sort=` for a sort; and back (the direction decides between the two by _id). */
extern const char *const sort_words[SORT_COUNT];

/* `probe` gets the oid and key behind which to go on. False: not a cursor of this sort. */
bool cursor_parse(struct hub *hub, struct slice text, enum sort sort, struct repo *probe);
/* The cursor behind `last`; appended, not percent-encoded. */
void cursor_write(enum sort sort, const struct repo *last, bool search, struct buf *out);

#endif
