/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A JSON object written member by member.
 */
#ifndef STORAGE_CLI_OBJECT_H
#define STORAGE_CLI_OBJECT_H

#include "storage/model/change.h"

struct object {
	struct buf *out;
	bool any; /* a member is written already */
};

struct object object_begin(struct buf *out);
void object_end(struct object *object);

void object_key(struct object *object, const char *key); /* what follows is written to object->out */
void object_raw(struct object *object, const char *key, struct slice json); /* size 0: null */
void object_text(struct object *object, const char *key, struct slice text); /* data NULL: null */
void object_word(struct object *object, const char *key, const char *word);  /* NULL: null */
void object_number(struct object *object, const char *key, uint64_t value);
void object_counter(struct object *object, const char *key, struct change_counter counter);
void object_bool(struct object *object, const char *key, bool value);
void object_moment(struct object *object, const char *key, int64_t unix_ms); /* 0: null */
void object_sha(struct object *object, const char *key, const uint8_t sha[SHA_BYTES]); /* zero: null */


#endif
