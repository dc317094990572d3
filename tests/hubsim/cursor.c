/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hubsim/cursor.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "storage/model/memory.h"
#include "tests/hubsim/sim_clock.h"

enum { CURSOR_BYTES_MAX = 4096, CURSOR_DEPTH = 6 };

const char *const sort_words[SORT_COUNT] = {
	[SORT_OLDEST] = "createdAt", [SORT_NEWEST] = "createdAt", [SORT_MODIFIED] = "lastModified",
	[SORT_DOWNLOADS] = "downloads", [SORT_LIKES] = "likes", [SORT_TRENDING] = "trendingScore",
};

/* {"$gt":"<oid>"}, or $lt */
static bool read_oid(const struct json *json, uint32_t object, const char *operator, struct repo *probe)
{
	uint32_t value = object ? json_member(json, object, operator) : 0;
	struct slice token = value ? json_span(&json->node[value]) : SLICE_NONE;

	return token.size > 2 && oid_parse((struct slice){ token.data + 1, token.size - 2 }, probe->oid);
}

static bool read_key(const struct json *json, uint32_t node, enum sort sort, struct repo *probe)
{
	struct slice token = json_span(&json->node[node]);
	char text[32], *end;
	int64_t key;

	if (sort == SORT_MODIFIED) {
		if (token.size < 2 || !hub_date_parse((struct slice){ token.data + 1, token.size - 2 }, &key))
			return false;
	} else {
		if (json->node[node].type != JSON_NUMBER || token.size >= sizeof(text))
			return false;
		memcpy(text, token.data, token.size);
		text[token.size] = '\0';
		key = strtoll(text, &end, 10);
		if (*end)
			return false;
	}
	order_set_key(sort, probe, key);
	return true;
}

static bool read_filter(const struct json *json, enum sort sort, struct repo *probe)
{
	uint32_t or, first, key;

	if (json->node[0].type != JSON_OBJECT)
		return false;
	if (sort == SORT_OLDEST || sort == SORT_NEWEST)
		return read_oid(json, json_member(json, 0, "_id"), sort == SORT_OLDEST ? "$gt" : "$lt", probe);
	or = json_member(json, 0, "$or");
	if (!or || json->node[or].type != JSON_ARRAY || json_first(or) >= json_end(json, or))
		return false;
	first = json_first(or);
	if (json->node[first].type != JSON_OBJECT)
		return false;
	key = json_member(json, first, sort_words[sort]);
	return key && read_key(json, key, sort, probe) && read_oid(json, json_member(json, first, "_id"), "$gt", probe);
}

/* The size of the text, or -1; EVP_DecodeBlock counts the padding as bytes. */
static int decode_base64(struct slice text, unsigned char *out)
{
	int size;

	if (text.size == 0 || text.size > CURSOR_BYTES_MAX || text.size % 4)
		return -1;
	size = EVP_DecodeBlock(out, (const unsigned char *)text.data, (int)text.size);
	for (size_t i = text.size; size > 0 && i > text.size - 2 && text.data[i - 1] == '='; i--)
		size--;
	return size;
}

bool cursor_parse(struct hub *hub, struct slice text, enum sort sort, struct repo *probe)
{
	unsigned char filter[CURSOR_BYTES_MAX + JSON_PADDING] = { 0 };
	int size = decode_base64(text, filter);

	if (size <= 0 || json_parse(&hub->inner, (const char *)filter, (size_t)size, CURSOR_DEPTH))
		return false;
	return read_filter(&hub->inner, sort, probe);
}

static void write_key(enum sort sort, const struct repo *last, struct buf *out)
{
	char date[HUB_DATE_ROOM];

	if (sort == SORT_MODIFIED) {
		hub_date_format(last->modified_ms, date);
		buf_printf(out, "\"%s\"", date);
	} else {
		buf_printf(out, "%" PRId64, order_key(sort, last));
	}
}

static void write_filter(enum sort sort, const struct repo *last, const char *oid, struct buf *out)
{
	if (sort == SORT_OLDEST || sort == SORT_NEWEST) {
		buf_printf(out, "{\"_id\":{\"%s\":\"%s\"}", sort == SORT_OLDEST ? "$gt" : "$lt", oid);
		return;
	}
	buf_printf(out, "{\"$or\":[{\"%s\":", sort_words[sort]);
	write_key(sort, last, out);
	buf_printf(out, ",\"_id\":{\"$gt\":\"%s\"}},{\"%s\":{\"$lt\":", oid, sort_words[sort]);
	write_key(sort, last, out);
	buf_printf(out, "}},{\"%s\":null}]", sort_words[sort]);
}

static void add_base64(struct slice text, struct buf *out)
{
	char *to = buf_reserve(out, (text.size + 2) / 3 * 4 + 1);

	if (to)
		out->size += (size_t)EVP_EncodeBlock((unsigned char *)to, (const unsigned char *)text.data, (int)text.size);
}

void cursor_write(enum sort sort, const struct repo *last, bool search, struct buf *out)
{
	struct buf filter = BUF_INIT(CURSOR_BYTES_MAX);
	char oid[OID_TEXT + 1];

	oid_format(last->oid, oid);
	write_filter(sort, last, oid, &filter);
	if (search) {
		buf_text(&filter, ",\"searchSequenceToken\":\"");
		add_base64((struct slice){ (const char *)last->oid, OID_BYTES }, &filter);
		buf_char(&filter, '"');
	}
	buf_char(&filter, '}');
	add_base64(buf_as_slice(&filter), out);
	buf_release(&filter);
}
