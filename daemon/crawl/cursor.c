/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/cursor.h"

#include <inttypes.h>

#include "daemon/hub/url.h"
#include "storage/model/json.h"
#include "storage/reader.h"

enum { CURSOR_NODES_MAX = 64, CURSOR_TEXT_MAX = 4 * URL_MAX };

void cursor_init(struct cursor *cursor)
{
	*cursor = (struct cursor){ 0 };
	buf_init(&cursor->next, URL_MAX);
}

void cursor_release(struct cursor *cursor)
{
	buf_release(&cursor->next);
}

void cursor_write(const struct cursor *cursor, struct buf *out)
{
	struct buf projection = BUF_INIT(CURSOR_TEXT_MAX);

	buf_text(out, "{\"next\":");
	if (cursor->next.size) {
		projection_write(&cursor->projection, &projection);
		json_encode(buf_as_slice(&cursor->next), out);
		buf_text(out, ",\"projection\":");
		json_encode(buf_as_slice(&projection), out);
	} else {
		buf_text(out, "null");
	}
	buf_printf(out, ",\"pages\":%" PRIu64 ",\"rows\":%" PRIu64 ",\"started\":%" PRId64 ",\"watermark\":%" PRId64 "}",
		cursor->pages, cursor->rows, cursor->started_ms, cursor->watermark_ms);
	buf_release(&projection);
}

static uint64_t read_number(const struct json *json, const char *key)
{
	uint32_t at = json_member(json, 0, key);
	uint64_t value = 0;

	return at && json_integer(json_span(&json->node[at]), &value) ? value : 0;
}

static bool read_text(const struct json *json, const char *key, struct buf *out)
{
	uint32_t at = json_member(json, 0, key);

	return at && json->node[at].type == JSON_STRING && json_decode(json_span(&json->node[at]), out) == 0 &&
		!out->overflow;
}

static void read_members(const struct json *json, struct cursor *cursor)
{
	struct buf projection = BUF_INIT(CURSOR_TEXT_MAX);

	cursor->pages = read_number(json, "pages");
	cursor->rows = read_number(json, "rows");
	cursor->started_ms = (int64_t)read_number(json, "started");
	cursor->watermark_ms = (int64_t)read_number(json, "watermark");
	if (!read_text(json, "next", &cursor->next) || !read_text(json, "projection", &projection) ||
		!projection_read(buf_as_slice(&projection), &cursor->projection))
		buf_reset(&cursor->next);
	/* asked long ago perhaps, but read by today's rules */
	cursor->projection.rules = CANON_RULES;
	buf_release(&projection);
}

bool cursor_read(struct slice text, struct cursor *cursor)
{
	struct buf padded = BUF_INIT(CURSOR_TEXT_MAX + JSON_PADDING);
	struct json json;
	bool found = false;

	json_init(&json, CURSOR_NODES_MAX);
	buf_slice(&padded, text);
	buf_reset(&cursor->next);
	if (buf_reserve(&padded, JSON_PADDING) && json_parse(&json, padded.data, padded.size, 1) == 0 &&
		json.node[0].type == JSON_OBJECT) {
		read_members(&json, cursor);
		found = true;
	}
	json_release(&json);
	buf_release(&padded);
	return found;
}

bool cursor_load(struct store *store, enum lane lane, enum repo_kind kind, struct cursor *cursor)
{
	struct store_problem problem;
	struct reader *reader;
	struct slice text;
	bool found;

	buf_reset(&cursor->next);
	*cursor = (struct cursor){ .next = cursor->next };
	if (reader_open(store, &reader, &problem))
		return false;
	found = reader_cursor(reader, lane, kind, &text) == 0 && cursor_read(text, cursor);
	reader_close(&reader);
	return found;
}
