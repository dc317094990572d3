/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The canonical form of a repo's stable metadata, by the rules numbered CANON_RULES.
 *
 * An object with sorted keys at every depth (bytewise), of equal keys the last, of the tags only the `license:` ones,
 * sorted and unique; numbers as sent, strings with the fewest escapes, lone surrogates as U+FFFD, no white space:
 *
 *     {"author":"a","cardData":{"license":"mit"},"disabled":false,"gated":false,"id":"a/b","private":false,"tags":["license:mit"]}
 *
 * Asked and absent is null (tags: an empty list); not asked is unknown and is not written. The form is itself a row that canon_read() takes,
 * so an old snapshot is brought to today's rules by reading it again.
 *
 * struct canon holds the text of each field; data NULL = unknown. Its slices live in the arena that was given.
 */
#ifndef STORAGE_MODEL_CANON_H
#define STORAGE_MODEL_CANON_H

#include "storage/model/arena.h"
#include "storage/model/row.h"

enum { CANON_BYTES_MAX = 16 << 20, CANON_DEPTH_MAX = 64, CANON_NODES_MAX = 1 << 20 };

/* Of a row that is taken: what is put together of two such (canon_fill) can still be read with CANON_NODES_MAX. */
enum { CANON_ROW_NODES_MAX = CANON_NODES_MAX / 4 };

struct canon {
	struct slice field[FIELD_COUNT];
};

/* Parsers and buffers that are used again and again. One thread at a time. */
struct canon_maker {
	struct json json;
	struct buf out, text;
	struct buf rest; /* the tags of the last row that are not stable */
	struct arena scratch;
	uint64_t nodes; /* JSON values within the fields of the last row that are lists or objects */
};

void canon_maker_init(struct canon_maker *maker);
void canon_maker_release(struct canon_maker *maker);
/* Gives back the memory of the rows before; it can be used on. */
void canon_maker_rest(struct canon_maker *maker);

/* ERROR_JSON, ERROR_TOO_DEEP, ERROR_TOO_BIG: the row is damaged. The row's spans must be followed by JSON_PADDING bytes. */
int canon_from_row(struct canon_maker *maker, const struct row *row, uint32_t fields, struct arena *arena,
	struct canon *canon);

/* Stored bytes by today's rules; keys that today's table does not have as stable fields are left out. */
int canon_read(struct canon_maker *maker, struct slice bytes, struct arena *arena, struct canon *canon);

/* The same of bytes that other rules made: those may have called derived what is stable today. */
int canon_reread(struct canon_maker *maker, struct slice bytes, struct slice derived, struct arena *arena,
	struct canon *canon);

void canon_write(const struct canon *canon, struct buf *out);

/* What `after` does not know keeps its value from before. */
void canon_fill(struct canon *after, const struct canon *before);

/* Equal in every field that both know. */
bool canon_same(const struct canon *a, const struct canon *b);

/*
 * The derived fields of a row as one JSON object: strings, and the tags that are not stable. Only right after
 * canon_from_row() of the same row, which has taken the tags apart.
 */
void derived_write(struct canon_maker *maker, const struct row *row, struct buf *out);

#endif
