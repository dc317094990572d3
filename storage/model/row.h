/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One row as the Hub sent it: where each field of the table stands, and the hash that tells "same as before".
 *
 * row_read() looks at the spans of one row and decodes only what every row needs (identity, head, dates, counters). The
 * stable hash covers the raw bytes of the stable fields and which fields were asked, under the store's own seed, so
 * that nobody can craft a card that collides with another. Equal hash: the same. Unequal hash: canonicalise and see.
 *
 * Spans are borrowed from the page.
 */
#ifndef STORAGE_MODEL_ROW_H
#define STORAGE_MODEL_ROW_H

#include "storage/model/field.h"
#include "storage/model/json.h"

enum { ROW_NAME_MAX = 512 };

struct row {
	struct repo_oid oid;
	bool has_oid, has_sha, has_downloads, has_likes, is_private;
	uint8_t sha[SHA_BYTES];
	int64_t created_ms, modified_ms; /* 0: absent or unusable */
	uint32_t bad_dates; /* field bits of those that are there and cannot be read */
	uint64_t downloads, likes;
	uint64_t stable_hash;
	struct slice raw;
	struct slice span[FIELD_COUNT]; /* raw tokens; data NULL = absent */
	/* Where the page was parsed to its depth: its nodes, and the index of each field's value. NULL: spans alone. */
	const struct json *opened;
	uint32_t node[FIELD_COUNT];
};

/*
 * The object at index `at`. Of equal keys the last counts. ERROR_ROW without a usable `_id` or `id`: no object, no 24
 * hex digits, an id that is no string, empty or longer than ROW_NAME_MAX.
 */
int row_read(const struct json *json, uint32_t at, uint32_t fields, uint64_t seed, struct row *row);

#endif
