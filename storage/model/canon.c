/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/model/canon.h"

#include <stdlib.h>

#include "storage/model/error.h"

struct member {
	struct slice key; /* decoded */
	uint32_t index;
	bool plain;       /* there was nothing to decode, so there is nothing to escape */
};

void canon_maker_init(struct canon_maker *maker)
{
	*maker = (struct canon_maker){ 0 };
	json_init(&maker->json, CANON_NODES_MAX);
	buf_init(&maker->out, CANON_BYTES_MAX);
	buf_init(&maker->text, CANON_BYTES_MAX);
	buf_init(&maker->rest, CANON_BYTES_MAX);
}

void canon_maker_rest(struct canon_maker *maker)
{
	json_rest(&maker->json);
	buf_release(&maker->out);
	buf_release(&maker->text);
	buf_release(&maker->rest);
	arena_release(&maker->scratch);
}

void canon_maker_release(struct canon_maker *maker)
{
	canon_maker_rest(maker);
	json_release(&maker->json);
}

static int write_value(struct canon_maker *maker, const struct json *json, uint32_t index);

static int write_string(struct canon_maker *maker, struct slice token)
{
	int error;

	if (!memchr(token.data, '\\', token.size)) {
		buf_slice(&maker->out, token);
		return ERROR_NONE;
	}
	buf_reset(&maker->text);
	error = json_decode(token, &maker->text);
	if (!error)
		json_encode(buf_as_slice(&maker->text), &maker->out);
	return error;
}

static int write_scalar(struct canon_maker *maker, struct slice token)
{
	if (!json_scalar_is_valid(token))
		return ERROR_JSON;
	buf_slice(&maker->out, token);
	return ERROR_NONE;
}

/* A container at the depth limit was not opened: it has no children though there is something between its brackets. */
static bool is_unopened(const struct json *json, uint32_t index)
{
	struct slice span = json_span(&json->node[index]);

	if (json_end(json, index) != index + 1)
		return false;
	for (size_t i = 1; i + 1 < span.size; i++)
		if (!strchr(" \t\r\n", span.data[i]))
			return true;
	return false;
}

static int write_array(struct canon_maker *maker, const struct json *json, uint32_t index)
{
	int error = ERROR_NONE;

	buf_char(&maker->out, '[');
	for (uint32_t i = json_first(index); !error && i < json_end(json, index); i = json_next(json, i)) {
		if (i != json_first(index))
			buf_char(&maker->out, ',');
		error = write_value(maker, json, i);
	}
	buf_char(&maker->out, ']');
	return error;
}

static int compare_members(const void *a, const void *b)
{
	const struct member *left = a, *right = b;
	int order = slice_compare(left->key, right->key);

	return order ? order : (left->index > right->index) - (left->index < right->index);
}

static int decode_member_key(struct canon_maker *maker, struct slice raw, struct slice *key)
{
	int error;

	*key = raw;
	if (!memchr(raw.data, '\\', raw.size))
		return ERROR_NONE;
	buf_reset(&maker->text);
	error = json_decode_key(raw, &maker->text);
	*key = arena_copy(&maker->scratch, buf_as_slice(&maker->text));
	return error;
}

/* The members of an object in the order of their keys; of equal keys all are here, the last of them counts. */
static int sorted_members(struct canon_maker *maker, const struct json *json, uint32_t index, struct member **members,
	size_t *count)
{
	bool in_order = true;

	*count = 0;
	for (uint32_t i = json_first(index); i < json_end(json, index); i = json_next(json, i))
		(*count)++;
	*members = arena_take(&maker->scratch, *count * sizeof(**members));
	*count = 0;
	for (uint32_t i = json_first(index); i < json_end(json, index); i = json_next(json, i), (*count)++) {
		struct member *member = &(*members)[*count];
		int error = decode_member_key(maker, json_key(&json->node[i]), &member->key);
		if (error)
			return error;
		member->index = i;
		member->plain = member->key.data == json->node[i].key;
		in_order = in_order && (!*count || slice_compare(member[-1].key, member->key) < 0);
	}
	if (!in_order)
		qsort(*members, *count, sizeof(**members), compare_members);
	return ERROR_NONE;
}

static void write_text(struct slice text, bool plain, struct buf *out)
{
	if (!plain) {
		json_encode(text, out);
		return;
	}
	buf_char(out, '"');
	buf_slice(out, text);
	buf_char(out, '"');
}

static int write_object(struct canon_maker *maker, const struct json *json, uint32_t index)
{
	struct member *members;
	size_t count;
	const char *separator = "";
	int error = sorted_members(maker, json, index, &members, &count);

	buf_char(&maker->out, '{');
	for (size_t i = 0; !error && i < count; i++) {
		if (i + 1 < count && slice_equal(members[i].key, members[i + 1].key))
			continue;
		buf_text(&maker->out, separator);
		write_text(members[i].key, members[i].plain, &maker->out);
		buf_char(&maker->out, ':');
		error = write_value(maker, json, members[i].index);
		separator = ",";
	}
	buf_char(&maker->out, '}');
	return error;
}

static int write_value(struct canon_maker *maker, const struct json *json, uint32_t index)
{
	const struct json_node *node = &json->node[index];

	switch (node->type) {
	case JSON_STRING:
		return write_string(maker, json_span(node));
	case JSON_ARRAY:
		return is_unopened(json, index) ? ERROR_TOO_DEEP : write_array(maker, json, index);
	case JSON_OBJECT:
		return is_unopened(json, index) ? ERROR_TOO_DEEP : write_object(maker, json, index);
	default:
		return write_scalar(maker, json_span(node));
	}
}

/* A value as nodes: those of the page, where it was opened to its depth, else its span parsed by itself. */
static int open_value(struct canon_maker *maker, const struct row *row, enum field field, const struct json **json,
	uint32_t *index)
{
	*json = row->opened ? row->opened : &maker->json;
	*index = row->opened ? row->node[field] : 0;
	if (!row->opened) {
		int error = json_parse(&maker->json, row->span[field].data, row->span[field].size, CANON_DEPTH_MAX);

		if (error)
			return error;
	}
	maker->nodes += (*json)->node[*index].next - *index;
	return ERROR_NONE;
}

struct tag {
	struct slice text; /* decoded */
	bool plain;
};

static int compare_tags(const void *a, const void *b)
{
	return slice_compare(((const struct tag *)a)->text, ((const struct tag *)b)->text);
}

/* The strings of the tag list, decoded into the maker's scratch. */
static int decoded_tags(struct canon_maker *maker, const struct json *json, uint32_t list, struct tag **tags,
	size_t *count)
{
	int error = ERROR_NONE;

	*count = 0;
	*tags = NULL;
	if (json->node[list].type != JSON_ARRAY)
		return ERROR_NONE;
	*tags = arena_take(&maker->scratch, (json_end(json, list) - list) * sizeof(**tags));
	for (uint32_t i = json_first(list); !error && i < json_end(json, list); i = json_next(json, i)) {
		struct slice token = json_span(&json->node[i]);
		struct tag *tag = &(*tags)[*count];
		if (json->node[i].type != JSON_STRING)
			continue;
		tag->text = (struct slice){ token.data + 1, token.size - 2 };
		tag->plain = !memchr(token.data, '\\', token.size);
		if (!tag->plain) {
			buf_reset(&maker->text);
			error = json_decode(token, &maker->text);
			tag->text = arena_copy(&maker->scratch, buf_as_slice(&maker->text));
		}
		(*count)++;
	}
	return error;
}

static void write_list(const struct tag *tags, size_t count, struct buf *out)
{
	buf_char(out, '[');
	for (size_t i = 0; i < count; i++) {
		if (i)
			buf_char(out, ',');
		write_text(tags[i].text, tags[i].plain, out);
	}
	buf_char(out, ']');
}

/* The stable tags, sorted and each once; those that are not stable wait for derived_write(). */
static int write_tags(struct canon_maker *maker, const struct json *json, uint32_t list)
{
	struct tag *tags, *stable;
	size_t count, stable_count = 0, unique = 0, rest = 0;
	int error = decoded_tags(maker, json, list, &tags, &count);

	stable = arena_take(&maker->scratch, count * sizeof(*stable));
	for (size_t i = 0; i < count; i++) {
		if (slice_starts_with(tags[i].text, SLICE(LICENSE_TAG_PREFIX)))
			stable[stable_count++] = tags[i];
		else
			tags[rest++] = tags[i];
	}
	if (stable_count > 1)
		qsort(stable, stable_count, sizeof(*stable), compare_tags);
	for (size_t i = 0; i < stable_count; i++)
		if (!i || !slice_equal(stable[i].text, stable[unique - 1].text))
			stable[unique++] = stable[i];
	write_list(stable, unique, &maker->out);
	buf_reset(&maker->rest);
	write_list(tags, rest, &maker->rest);
	return !error && maker->rest.overflow ? ERROR_TOO_BIG : error;
}

static int write_field(struct canon_maker *maker, const struct row *row, enum field field)
{
	struct slice span = row->span[field];
	const struct json *json;
	uint32_t index;
	int error;

	if (!span.data) {
		buf_text(&maker->out, field == FIELD_TAGS ? "[]" : "null");
		return ERROR_NONE;
	}
	/* Most values are strings, true, false or null: there is nothing to open. */
	if (field != FIELD_TAGS && span.data[0] == '"')
		return write_string(maker, span);
	if (field != FIELD_TAGS && span.data[0] != '{' && span.data[0] != '[')
		return write_scalar(maker, span);
	error = open_value(maker, row, field, &json, &index);
	if (error)
		return error;
	return field == FIELD_TAGS ? write_tags(maker, json, index) : write_value(maker, json, index);
}

int canon_from_row(struct canon_maker *maker, const struct row *row, uint32_t fields, struct arena *arena,
	struct canon *canon)
{
	*canon = (struct canon){ 0 };
	maker->nodes = 0;
	buf_reset(&maker->rest);
	for (unsigned i = 0; i < FIELD_COUNT; i++) {
		int error;
		if (field_infos[i].class != FIELD_STABLE || !(fields & field_bit((enum field)i)))
			continue;
		buf_reset(&maker->out);
		arena_reset(&maker->scratch);
		error = write_field(maker, row, (enum field)i);
		if (!error && maker->out.overflow)
			error = ERROR_TOO_BIG;
		if (error)
			return error;
		canon->field[i] = arena_copy(arena, buf_as_slice(&maker->out));
	}
	return ERROR_NONE;
}

/* The members of an object that are fields of the table. */
static int find_spans(struct canon_maker *maker, struct slice bytes, struct arena *arena, struct row *row,
	uint32_t *fields)
{
	struct slice padded = arena_copy_padded(arena, bytes, JSON_PADDING);
	int error;

	error = json_parse(&maker->json, padded.data, padded.size, 1);
	if (error || maker->json.node[0].type != JSON_OBJECT)
		return error ? error : ERROR_JSON;
	for (uint32_t i = json_first(0); i < json_end(&maker->json, 0); i = json_next(&maker->json, i)) {
		enum field field = field_find(json_key(&maker->json.node[i]));
		if (field == FIELD_NONE)
			continue;
		row->span[field] = json_span(&maker->json.node[i]);
		*fields |= field_bit(field);
	}
	return ERROR_NONE;
}

int canon_read(struct canon_maker *maker, struct slice bytes, struct arena *arena, struct canon *canon)
{
	struct row row = { 0 };
	uint32_t fields = 0;
	int error = find_spans(maker, bytes, arena, &row, &fields);

	return error ? error : canon_from_row(maker, &row, fields, arena, canon);
}

/* Two canonical lists as one. */
static struct slice joined(struct slice a, struct slice b, struct arena *arena)
{
	char *list;

	if (a.size <= 2 || b.size <= 2 || a.data[0] != '[' || b.data[0] != '[')
		return a.size > 2 || b.size <= 2 ? a : b;
	list = arena_take(arena, a.size + b.size + JSON_PADDING);
	memcpy(list, a.data, a.size - 1);
	list[a.size - 1] = ',';
	memcpy(list + a.size, b.data + 1, b.size - 1);
	return (struct slice){ list, a.size + b.size - 1 };
}

int canon_reread(struct canon_maker *maker, struct slice bytes, struct slice derived, struct arena *arena,
	struct canon *canon)
{
	struct row row = { 0 }, more = { 0 };
	uint32_t fields = 0, ignored = 0;
	int error = find_spans(maker, bytes, arena, &row, &fields);

	if (!error && derived.size)
		error = find_spans(maker, derived, arena, &more, &ignored);
	if (error)
		return error;
	row.span[FIELD_TAGS] = joined(row.span[FIELD_TAGS], more.span[FIELD_TAGS], arena);
	return canon_from_row(maker, &row, fields, arena, canon);
}

static void write_key(char separator, enum field field, struct buf *out)
{
	buf_char(out, separator);
	buf_char(out, '"');
	buf_add(out, field_infos[field].key, field_infos[field].key_size);
	buf_text(out, "\":");
}

void canon_write(const struct canon *canon, struct buf *out)
{
	char separator = '{';

	for (unsigned i = 0; i < FIELD_COUNT; i++) {
		if (!canon->field[i].data)
			continue;
		write_key(separator, (enum field)i, out);
		buf_slice(out, canon->field[i]);
		separator = ',';
	}
	if (separator == '{')
		buf_char(out, separator);
	buf_char(out, '}');
}

void canon_fill(struct canon *after, const struct canon *before)
{
	for (unsigned i = 0; i < FIELD_COUNT; i++)
		if (!after->field[i].data)
			after->field[i] = before->field[i];
}

bool canon_same(const struct canon *a, const struct canon *b)
{
	for (unsigned i = 0; i < FIELD_COUNT; i++)
		if (a->field[i].data && b->field[i].data && !slice_equal(a->field[i], b->field[i]))
			return false;
	return true;
}

static void write_derived_string(const struct row *row, enum field field, char *separator, struct canon_maker *maker,
	struct buf *out)
{
	struct slice span = row->span[field];
	size_t before = out->size;

	if (!span.data || span.data[0] != '"')
		return;
	write_key(*separator, field, out);
	buf_reset(&maker->text);
	if (json_decode(span, &maker->text)) {
		out->size = before;
		return;
	}
	json_encode(buf_as_slice(&maker->text), out);
	*separator = ',';
}

void derived_write(struct canon_maker *maker, const struct row *row, struct buf *out)
{
	char separator = '{';

	for (unsigned i = 0; i < FIELD_COUNT; i++)
		if (field_infos[i].class == FIELD_DERIVED)
			write_derived_string(row, (enum field)i, &separator, maker, out);
	if (maker->rest.size) {
		write_key(separator, FIELD_TAGS, out);
		buf_slice(out, buf_as_slice(&maker->rest));
		separator = ',';
	}
	if (separator == '{')
		buf_char(out, separator);
	buf_char(out, '}');
}
