/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/cursor.h"

#include <inttypes.h>

#include "storage/model/json.h"
#include "storage/reader.h"

enum { CURSOR_NODES_MAX = 64 + 4 * SWEEP_SEGMENTS_MAX, PROJECTION_TEXT_MAX = 4 * URL_MAX, CURSOR_DEPTH = 3 };

void cursor_init(struct cursor *cursor)
{
	*cursor = (struct cursor){ 0 };
	buf_init(&cursor->next, URL_MAX);
	for (unsigned i = 0; i < SWEEP_SEGMENTS_MAX; i++)
		buf_init(&cursor->segment[i].next, URL_MAX);
}

void cursor_release(struct cursor *cursor)
{
	buf_release(&cursor->next);
	for (unsigned i = 0; i < SWEEP_SEGMENTS_MAX; i++)
		buf_release(&cursor->segment[i].next);
}

void cursor_reset(struct cursor *cursor)
{
	buf_reset(&cursor->next);
	for (unsigned i = 0; i < SWEEP_SEGMENTS_MAX; i++)
		buf_reset(&cursor->segment[i].next);
	cursor->segment_count = 0;
	cursor->projection = (struct projection){ 0 };
	cursor->pages = cursor->rows = 0;
	cursor->started_ms = cursor->watermark_ms = 0;
}

static void write_url(const struct buf *url, struct buf *out)
{
	if (url->size)
		json_encode(buf_as_slice(url), out);
	else
		buf_text(out, "null");
}

static void write_segments(const struct cursor *cursor, struct buf *out)
{
	char until[OID_HEX + 1];

	for (unsigned i = 0; i < cursor->segment_count; i++) {
		oid_write(&cursor->segment[i].until, until);
		buf_printf(out, "%s[\"%s\",", i ? "," : "\"segments\":[", until);
		write_url(&cursor->segment[i].next, out);
		buf_char(out, ']');
	}
	buf_char(out, ']');
}

void cursor_write(const struct cursor *cursor, struct buf *out)
{
	struct buf projection = BUF_INIT(PROJECTION_TEXT_MAX);

	buf_char(out, '{');
	if (cursor->segment_count) {
		write_segments(cursor, out);
	} else {
		buf_text(out, "\"next\":");
		write_url(&cursor->next, out);
	}
	if (cursor->segment_count || cursor->next.size) {
		projection_write(&cursor->projection, &projection);
		buf_text(out, ",\"projection\":");
		json_encode(buf_as_slice(&projection), out);
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

static bool decode_text(const struct json *json, uint32_t at, struct buf *out)
{
	return at && json->node[at].type == JSON_STRING && json_decode(json_span(&json->node[at]), out) == 0 && !out->overflow;
}

static bool read_text(const struct json *json, const char *key, struct buf *out)
{
	return decode_text(json, json_member(json, 0, key), out);
}

/* ["<until>","<next>"] */
static bool read_segment(const struct json *json, uint32_t at, struct cursor_segment *segment)
{
	uint32_t until = json_first(at), next;
	struct slice hex;

	if (json->node[at].type != JSON_ARRAY || until >= json_end(json, at) || json->node[until].type != JSON_STRING)
		return false;
	hex = json_span(&json->node[until]);
	next = json_end(json, until);
	if (next >= json_end(json, at) || hex.size != OID_HEX + 2 ||
		!oid_read((struct slice){ hex.data + 1, OID_HEX }, &segment->until))
		return false;
	return json->node[next].type == JSON_NULL || decode_text(json, next, &segment->next);
}

static bool read_segments(const struct json *json, struct cursor *cursor)
{
	uint32_t list = json_member(json, 0, "segments");
	unsigned count = 0;

	if (!list || json->node[list].type != JSON_ARRAY)
		return false;
	for (uint32_t at = json_first(list); at < json_end(json, list); at = json_end(json, at))
		if (count == SWEEP_SEGMENTS_MAX || !read_segment(json, at, &cursor->segment[count++]))
			return false;
	cursor->segment_count = count;
	return count > 0;
}

static void read_members(const struct json *json, struct cursor *cursor)
{
	struct buf projection = BUF_INIT(PROJECTION_TEXT_MAX);

	cursor->pages = read_number(json, "pages");
	cursor->rows = read_number(json, "rows");
	cursor->started_ms = (int64_t)read_number(json, "started");
	cursor->watermark_ms = (int64_t)read_number(json, "watermark");
	if ((!read_segments(json, cursor) && !read_text(json, "next", &cursor->next)) ||
		!read_text(json, "projection", &projection) ||
		!projection_read(buf_as_slice(&projection), &cursor->projection)) {
		buf_reset(&cursor->next);
		cursor->segment_count = 0;
	}
	/* asked long ago perhaps, but read by today's rules */
	cursor->projection.rules = CANON_RULES;
	buf_release(&projection);
}

bool cursor_read(struct slice text, struct cursor *cursor)
{
	struct buf padded = BUF_INIT(CURSOR_BYTES_MAX + JSON_PADDING);
	struct json json;
	bool found = false;

	json_init(&json, CURSOR_NODES_MAX);
	buf_slice(&padded, text);
	cursor_reset(cursor);
	if (buf_reserve(&padded, JSON_PADDING) && json_parse(&json, padded.data, padded.size, CURSOR_DEPTH) == 0 &&
		json.node[0].type == JSON_OBJECT) {
		read_members(&json, cursor);
		found = true;
	}
	json_release(&json);
	buf_release(&padded);
	return found;
}

bool cursor_is_open(const struct cursor *cursor)
{
	bool open = cursor->next.size > 0;

	for (unsigned i = 0; i < cursor->segment_count; i++)
		open |= cursor->segment[i].next.size > 0;
	return open;
}

bool cursor_load(struct store *store, enum lane lane, enum repo_kind kind, struct cursor *cursor)
{
	struct store_problem problem;
	struct reader *reader;
	struct slice text;
	bool found;

	cursor_reset(cursor);
	if (reader_open(store, &reader, &problem))
		return false;
	found = reader_cursor(reader, lane, kind, &text) == 0 && cursor_read(text, cursor);
	reader_close(&reader);
	return found;
}
