/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/hub/commits.h"

#include "storage/model/error.h"
#include "storage/model/moment.h"

enum { COMMITS_DEPTH = 4, TEXT_DECODED_MAX = 1 << 20 }; /* [ { "authors": [ { "user" */

/* A string member, decoded and cut where a character ends; size 0: none. */
static struct slice text_member(const struct json *json, uint32_t object, const char *key, struct arena *arena)
{
	uint32_t at = json_member(json, object, key);
	struct buf text = BUF_INIT(TEXT_DECODED_MAX);
	struct slice kept = SLICE_NONE;

	if (!at || json->node[at].type != JSON_STRING)
		return SLICE_NONE;
	if (json_decode(json_span(&json->node[at]), &text) == ERROR_NONE && !text.overflow) {
		size_t size = text.size;

		if (size > COMMIT_TEXT_MAX)
			for (size = COMMIT_TEXT_MAX; size && ((unsigned char)text.data[size] & 0xC0) == 0x80;)
				size--;
		kept = arena_copy(arena, (struct slice){ text.data, size });
	}
	buf_release(&text);
	return kept;
}

static bool read_sha(const struct json *json, uint32_t object, uint8_t sha[SHA_BYTES])
{
	uint32_t id = json_member(json, object, "id");
	struct slice token = id ? json_span(&json->node[id]) : SLICE_NONE;

	return token.size == SHA_HEX + 2 && sha_read((struct slice){ token.data + 1, SHA_HEX }, sha);
}

static struct slice first_author(const struct json *json, uint32_t object, struct arena *arena)
{
	uint32_t authors = json_member(json, object, "authors");

	if (!authors || json->node[authors].type != JSON_ARRAY || json_first(authors) == json_end(json, authors))
		return SLICE_NONE;
	if (json->node[json_first(authors)].type != JSON_OBJECT)
		return SLICE_NONE;
	return text_member(json, json_first(authors), "user", arena);
}

static int read_commit(const struct json *json, uint32_t at, struct arena *arena, struct commit_info *commit)
{
	if (json->node[at].type != JSON_OBJECT || !read_sha(json, at, commit->sha))
		return ERROR_JSON;
	commit->title = text_member(json, at, "title", arena);
	commit->user = first_author(json, at, arena);
	if (!moment_read(text_member(json, at, "date", arena), &commit->date_ms))
		commit->date_ms = 0;
	return ERROR_NONE;
}

int commits_read(struct json *json, struct slice body, struct arena *arena, struct commit_list *list)
{
	int error = json_parse(json, body.data, body.size, COMMITS_DEPTH);

	*list = (struct commit_list){ 0 };
	if (error)
		return error;
	if (json->node[0].type != JSON_ARRAY)
		return ERROR_JSON;
	list->commit = arena_take(arena, COMMITS_PAGE_MAX * sizeof(*list->commit));
	for (uint32_t i = json_first(0); !error && i < json_end(json, 0); i = json_next(json, i)) {
		error = list->count < COMMITS_PAGE_MAX ? read_commit(json, i, arena, &list->commit[list->count]) : ERROR_TOO_BIG;
		list->count += !error;
	}
	return error;
}
