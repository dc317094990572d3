/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/model/statement.h"

#include "storage/model/error.h"

static const char *const source_names[] = { [STATEMENT_CARD] = "card", [STATEMENT_TAG] = "tag" };

enum { LICENSE_DEPTH = 2 }; /* a mapping of lists */

const char *statement_source_name(enum statement_source source)
{
	return source_names[source];
}

struct slice statement_bounded(struct slice text, struct arena *arena)
{
	static const char ellipsis[] = "\xE2\x80\xA6";
	size_t size = STATEMENT_TEXT_MAX;
	char *copy;

	if (text.size <= STATEMENT_TEXT_MAX)
		return text;
	while (size && ((unsigned char)text.data[size] & 0xC0) == 0x80)
		size--;
	copy = arena_take(arena, size + sizeof(ellipsis) - 1);
	memcpy(copy, text.data, size);
	memcpy(copy + size, ellipsis, sizeof(ellipsis) - 1);
	return (struct slice){ copy, size + sizeof(ellipsis) - 1 };
}

/* A string decoded, any other scalar as its text, nothing for null and containers. */
static struct slice scalar_text(const struct json_node *node, struct arena *arena)
{
	struct buf text = BUF_INIT(CANON_BYTES_MAX);
	struct slice token = json_span(node), decoded = token;

	if (node->type == JSON_NULL || node->type == JSON_ARRAY || node->type == JSON_OBJECT)
		return SLICE_NONE;
	if (node->type == JSON_STRING && !memchr(token.data, '\\', token.size)) {
		decoded = (struct slice){ token.data + 1, token.size - 2 };
	} else if (node->type == JSON_STRING && json_decode(token, &text) == ERROR_NONE) {
		decoded = arena_copy(arena, buf_as_slice(&text));
	}
	buf_release(&text);
	return statement_bounded(decoded, arena);
}

static void add_id(struct statement *statement, struct slice id)
{
	if (id.size == 0 || statement->id_count == STATEMENT_IDS_MAX)
		return;
	for (unsigned i = 0; i < statement->id_count; i++)
		if (slice_equal(statement->id[i], id))
			return;
	statement->id[statement->id_count++] = id;
}

/* A string, a list, or a mapping of strings and lists: all scalars inside, in their order. */
static void add_ids(struct json *json, struct slice value, struct arena *arena, struct statement *statement)
{
	if (json_parse(json, value.data, value.size, LICENSE_DEPTH))
		return;
	for (uint32_t i = 0; i < json->count; i++)
		add_id(statement, scalar_text(&json->node[i], arena));
}

struct card_keys {
	struct slice license, name, link;
};

static void find_card_keys(struct json *json, struct slice card, struct arena *arena, struct card_keys *keys)
{
	uint32_t license, name, link;
	/* All keys begin alike, and canonical keys have no needless escapes: most cards need no second look. */
	static const char begin[] = "\"license";

	*keys = (struct card_keys){ 0 };
	if (!card.data || card.data[0] != '{' || !memmem(card.data, card.size, begin, sizeof(begin) - 1))
		return;
	card = arena_copy_padded(arena, card, JSON_PADDING);
	if (json_parse(json, card.data, card.size, 1))
		return;
	license = json_member(json, 0, "license");
	name = json_member(json, 0, "license_name");
	link = json_member(json, 0, "license_link");
	if (license && json->node[license].type != JSON_NULL)
		keys->license = json_span(&json->node[license]);
	if (name)
		keys->name = scalar_text(&json->node[name], arena);
	if (link)
		keys->link = scalar_text(&json->node[link], arena);
}

static void add_tag_ids(struct json *json, struct slice tags, struct arena *arena, struct statement *statement)
{
	if (!tags.data || json_parse(json, tags.data, tags.size, 1))
		return;
	for (uint32_t i = 1; i < json->count; i++) {
		struct slice tag = scalar_text(&json->node[i], arena);
		size_t prefix = sizeof(LICENSE_TAG_PREFIX) - 1;
		if (slice_starts_with(tag, SLICE(LICENSE_TAG_PREFIX)))
			add_id(statement, (struct slice){ tag.data + prefix, tag.size - prefix });
	}
}

/* Canonical text stands in an arena without padding behind it. */
static struct slice padded(struct slice text, struct arena *arena)
{
	return text.data ? arena_copy_padded(arena, text, JSON_PADDING) : text;
}

void statement_from_canon(struct json *json, const struct canon *canon, struct arena *arena, struct statement *statement)
{
	struct card_keys keys;

	statement->source = STATEMENT_NONE;
	statement->id_count = 0;
	find_card_keys(json, canon->field[FIELD_CARD_DATA], arena, &keys);
	statement->license_name = keys.name;
	statement->license_link = keys.link;
	if (keys.license.data) {
		add_ids(json, keys.license, arena, statement);
		statement->source = statement->id_count ? STATEMENT_CARD : STATEMENT_NONE;
		return;
	}
	add_tag_ids(json, padded(canon->field[FIELD_TAGS], arena), arena, statement);
	statement->source = statement->id_count ? STATEMENT_TAG : STATEMENT_NONE;
}

static void write_text(const char *key, struct slice text, struct buf *out)
{
	buf_text(out, ",\"");
	buf_text(out, key);
	buf_text(out, "\":");
	if (text.size)
		json_encode(text, out);
	else
		buf_text(out, "null");
}

void statement_write(const struct statement *statement, struct buf *out)
{
	const char *source = statement_source_name(statement->source);

	buf_text(out, "{\"ids\":[");
	for (unsigned i = 0; i < statement->id_count; i++) {
		if (i)
			buf_char(out, ',');
		json_encode(statement->id[i], out);
	}
	buf_char(out, ']');
	write_text("license_link", statement->license_link, out);
	write_text("license_name", statement->license_name, out);
	write_text("source", source ? slice_of(source) : SLICE_NONE, out);
	buf_char(out, '}');
}

static struct slice member_text(struct json *json, const char *key, struct arena *arena)
{
	uint32_t member = json_member(json, 0, key);

	return member ? scalar_text(&json->node[member], arena) : SLICE_NONE;
}

int statement_read(struct json *json, struct slice text, struct arena *arena, struct statement *statement)
{
	struct slice copy = padded(text, arena), source;
	int error = json_parse(json, copy.data, copy.size, 2);
	uint32_t ids;

	statement->id_count = 0;
	if (error)
		return error;
	ids = json_member(json, 0, "ids");
	if (!ids)
		return ERROR_CORRUPT;
	for (uint32_t i = json_first(ids); i < json_end(json, ids); i = json_next(json, i))
		add_id(statement, scalar_text(&json->node[i], arena));
	statement->license_name = member_text(json, "license_name", arena);
	statement->license_link = member_text(json, "license_link", arena);
	source = member_text(json, "source", arena);
	statement->source = slice_is(source, "card") ? STATEMENT_CARD :
			    slice_is(source, "tag")  ? STATEMENT_TAG :
						       STATEMENT_NONE;
	return ERROR_NONE;
}
