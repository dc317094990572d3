/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/model/row.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "storage/model/error.h"
#include "storage/model/moment.h"

/* The inside of a string token without escapes, or nothing. */
static struct slice plain_string(struct slice token)
{
	if (token.size < 2 || token.data[0] != '"')
		return SLICE_NONE;
	return (struct slice){ token.data + 1, token.size - 2 };
}

static bool read_identity(struct row *row, struct slice oid)
{
	struct slice name = plain_string(row->span[FIELD_ID]);

	row->has_oid = oid_read(plain_string(oid), &row->oid);
	return row->has_oid && name.size > 0 && name.size <= ROW_NAME_MAX;
}

/* Null is no date, and no fault. */
static int64_t read_moment(struct row *row, enum field field)
{
	struct slice token = row->span[field];
	int64_t unix_ms;

	if (!token.size || slice_is(token, "null"))
		return 0;
	if (moment_read_json(token, &unix_ms))
		return unix_ms;
	row->bad_dates |= field_bit(field);
	return 0;
}

static void read_scalars(struct row *row)
{
	row->has_sha = sha_read(plain_string(row->span[FIELD_SHA]), row->sha);
	row->created_ms = read_moment(row, FIELD_CREATED_AT);
	row->modified_ms = read_moment(row, FIELD_LAST_MODIFIED);
	row->has_downloads = json_integer(row->span[FIELD_DOWNLOADS], &row->downloads);
	row->has_likes = json_integer(row->span[FIELD_LIKES], &row->likes);
	row->is_private = slice_is(row->span[FIELD_PRIVATE], "true");
}

static uint64_t hash_bytes(const void *data, size_t size, uint64_t seed)
{
	return XXH3_64bits_withSeed(data, size, seed);
}

/*
 * Only the `license:` tags count. They are found by their raw text; a backslash anywhere among the tags would make that
 * unsafe, so such a list counts as a whole: at worst a row is canonicalised in vain.
 */
static uint64_t hash_tags(struct slice tags, uint64_t hash)
{
	static const char wanted[] = "\"" LICENSE_TAG_PREFIX;
	const char *at = tags.data, *end = tags.data + tags.size;

	if (memchr(tags.data, '\\', tags.size))
		return hash_bytes(tags.data, tags.size, hash);
	while ((at = memmem(at, (size_t)(end - at), wanted, sizeof(wanted) - 1))) {
		const char *close = memchr(at + 1, '"', (size_t)(end - at - 1));
		if (!close)
			break;
		hash = hash_bytes(at, (size_t)(close + 1 - at), hash);
		at = close + 1;
	}
	return hash;
}

/* Each step is seeded with the one before: no state to set up, which would cost more than these few short spans. */
static uint64_t hash_stable(const struct row *row, uint32_t fields, uint64_t seed)
{
	uint64_t hash = seed ^ ((uint64_t)CANON_RULES << 32 | fields);

	for (unsigned i = 0; i < FIELD_COUNT; i++) {
		struct slice span = row->span[i];
		if (field_infos[i].class != FIELD_STABLE || !(fields & field_bit((enum field)i)) || !span.data)
			continue;
		hash ^= i;
		hash = i == FIELD_TAGS ? hash_tags(span, hash) : hash_bytes(span.data, span.size, hash);
	}
	return hash;
}

int row_read(const struct json *json, uint32_t at, uint32_t fields, uint64_t seed, struct row *row)
{
	struct slice oid = SLICE_NONE;
	enum field last = FIELD_NONE;

	*row = (struct row){ .raw = json_span(&json->node[at]) };
	if (json->node[at].type != JSON_OBJECT)
		return ERROR_ROW;
	for (uint32_t i = json_first(at); i < json_end(json, at); i = json_next(json, i)) {
		struct slice key = json_key(&json->node[i]);
		enum field field;
		if (slice_is(key, "_id")) {
			oid = json_span(&json->node[i]);
			continue;
		}
		field = field_find_after(key, last);
		if (field == FIELD_NONE)
			continue;
		last = field;
		row->span[field] = json_span(&json->node[i]);
		row->node[field] = i;
	}
	if (!read_identity(row, oid))
		return ERROR_ROW;
	read_scalars(row);
	row->stable_hash = hash_stable(row, fields, seed);
	return ERROR_NONE;
}
