/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/dump_row.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "storage/model/error.h"
#include "storage/model/moment.h"

enum { INNER_NODES_MAX = 1 << 20, SHOWN = 60 };

void dump_form_init(struct dump_form *form, size_t row_max)
{
	*form = (struct dump_form){ .arena = { 0 } };
	json_init(&form->inner, INNER_NODES_MAX);
	buf_init(&form->text, row_max + JSON_PADDING);
}

void dump_form_release(struct dump_form *form)
{
	json_release(&form->inner);
	arena_release(&form->arena);
	buf_release(&form->text);
}

/* --- NaN -----------------------------------------------------------------------------------------------------------*/

static size_t nan_at(struct slice text, size_t at)
{
	static const char *const words[] = { "NaN", "Infinity", "-Infinity" };
	struct slice rest = { text.data + at, text.size - at };

	for (size_t i = 0; i < ARRAY_COUNT(words); i++)
		if (slice_starts_with(rest, slice_of(words[i])))
			return strlen(words[i]);
	return 0;
}

bool dump_row_without_nan(struct slice text, struct buf *out)
{
	bool in_text = false, found = false;
	size_t size;

	if (!memmem(text.data, text.size, "NaN", 3) && !memmem(text.data, text.size, "Infinity", 8))
		return false;
	buf_reset(out);
	for (size_t at = 0; at < text.size; at += size) {
		char c = text.data[at];
		size_t word = in_text ? 0 : nan_at(text, at);

		size = word ? word : in_text && c == '\\' && at + 1 < text.size ? 2 : 1;
		in_text ^= c == '"';
		found |= word != 0;
		if (word)
			buf_text(out, "null");
		else
			buf_add(out, text.data + at, size);
	}
	return found;
}

/* --- one column ----------------------------------------------------------------------------------------------------*/

/* What a column's reader makes of a token: the token itself, another one that lives in the arena, or size 0: refused. */
static struct slice token_copy(struct dump_form *form, const char *text)
{
	return arena_copy(&form->arena, slice_of(text));
}

/* The text of a string token, decoded; false: it is another token, and *text as it was. */
static bool text_of(struct dump_form *form, struct slice token, struct slice *text)
{
	struct slice decoded = json_text(token, token.size, &form->arena);

	if (decoded.data)
		*text = decoded;
	return decoded.data;
}

static bool is_word(struct slice text, const char *word)
{
	return text.size == strlen(word) && strncasecmp(text.data, word, text.size) == 0;
}

/* How an absent value looks once it is a text. */
static bool is_absent(struct slice text)
{
	static const char *const words[] = { "", "null", "none", "nan", "nat", "<na>" };

	for (size_t i = 0; i < ARRAY_COUNT(words); i++)
		if (is_word(text, words[i]))
			return true;
	return false;
}

/* JSON within a text: the container that it is. */
static struct slice read_within(struct dump_form *form, struct slice token, char opens)
{
	struct slice text = SLICE_NONE;
	struct buf padded = BUF_INIT(2 * token.size + JSON_PADDING);
	struct slice read = SLICE_NONE;

	if (token.data[0] == opens)
		return token;
	if (!text_of(form, token, &text))
		return SLICE_NONE;
	if (is_absent(text))
		return token_copy(form, "null");
	if (!dump_row_without_nan(text, &padded)) {
		buf_reset(&padded);
		buf_slice(&padded, text);
	}
	text = buf_as_slice(&padded);
	memset(buf_reserve(&padded, JSON_PADDING), 0, JSON_PADDING);
	if (json_parse(&form->inner, padded.data, text.size, 1) == ERROR_NONE && form->inner.node[0].text[0] == opens)
		read = arena_copy(&form->arena, json_span(&form->inner.node[0]));
	buf_release(&padded);
	return read;
}

static struct slice read_card(struct dump_form *form, struct slice token)
{
	return read_within(form, token, '{');
}

static struct slice read_tags(struct dump_form *form, struct slice token)
{
	return read_within(form, token, '[');
}

static struct slice read_bool(struct dump_form *form, struct slice token)
{
	struct slice text = token;

	if (slice_is(token, "true") || slice_is(token, "false"))
		return token;
	if (text_of(form, token, &text) && is_absent(text))
		return token_copy(form, "null");
	if (is_word(text, "true") || slice_is(text, "1") || slice_is(text, "1.0"))
		return token_copy(form, "true");
	if (is_word(text, "false") || slice_is(text, "0") || slice_is(text, "0.0"))
		return token_copy(form, "false");
	return SLICE_NONE;
}

static struct slice read_gated(struct dump_form *form, struct slice token)
{
	return slice_is(token, "\"auto\"") || slice_is(token, "\"manual\"") ? token : read_bool(form, token);
}

static struct slice read_count(struct dump_form *form, struct slice token)
{
	struct slice text = token;
	char copy[32], *end;
	uint64_t count;
	double value;

	if (json_integer(token, &count))
		return token;
	if (text_of(form, token, &text) && is_absent(text))
		return token_copy(form, "null");
	if (text.size >= sizeof(copy) || !text.size || !(isdigit((unsigned char)text.data[0]) || text.data[0] == '-'))
		return SLICE_NONE;
	memcpy(copy, text.data, text.size);
	copy[text.size] = '\0';
	value = strtod(copy, &end);
	if (*end || value >= 1e15)
		return SLICE_NONE;
	snprintf(copy, sizeof(copy), "%.0f", value < 0 ? 0 : value);
	return token_copy(form, copy);
}

static struct slice read_date(struct dump_form *form, struct slice token)
{
	struct slice text = SLICE_NONE;
	int64_t unix_ms;

	if (moment_read_json(token, &unix_ms))
		return token;
	return text_of(form, token, &text) && is_absent(text) ? token_copy(form, "null") : SLICE_NONE;
}

static struct slice read_text(struct dump_form *form, struct slice token)
{
	(void)form;
	return token.data[0] == '"' ? token : SLICE_NONE;
}

/* By key: what a program asks for may be another set of fields. */
static const struct column {
	const char *key;
	struct slice (*read)(struct dump_form *form, struct slice token);
	const char *wanted;
} columns[] = {
	{ "author", read_text, "a text" },
	{ "cardData", read_card, "an object, also as JSON in a text" },
	{ "createdAt", read_date, "a date, also as seconds, milliseconds ... since 1970" },
	{ "disabled", read_bool, "true or false" },
	{ "downloads", read_count, "a number" },
	{ "gated", read_gated, "false, \"auto\" or \"manual\"" },
	{ "lastModified", read_date, "a date, also as seconds, milliseconds ... since 1970" },
	{ "likes", read_count, "a number" },
	{ "private", read_bool, "true or false" },
	{ "sha", read_text, "a text" },
	{ "tags", read_tags, "a list of texts, also as JSON in a text" },
};

static const struct column *find_column(struct slice key)
{
	for (size_t i = 0; i < ARRAY_COUNT(columns); i++)
		if (slice_is(key, columns[i].key))
			return &columns[i];
	return NULL;
}

/* --- the row -------------------------------------------------------------------------------------------------------*/

static void refuse(struct dump_form *form, struct slice key, struct slice token)
{
	const struct column *column = find_column(key);

	snprintf(form->why, sizeof(form->why), "column %s holds %.*s%s, which is not %s", column->key,
		(int)(token.size < SHOWN ? token.size : SHOWN), token.data, token.size < SHOWN ? "" : "...", column->wanted);
}

static void add_member(struct dump_form *form, struct slice key, struct slice token)
{
	struct buf *out = &form->text;

	buf_char(out, out->size ? ',' : '{');
	buf_char(out, '"');
	buf_slice(out, key);
	buf_text(out, "\":");
	buf_slice(out, token);
}

static struct slice read_member(struct dump_form *form, const struct json_node *node)
{
	struct slice token = json_span(node);
	const struct column *column = slice_is(token, "null") ? NULL : find_column(json_key(node));

	return column ? column->read(form, token) : token;
}

static void rewrite(struct dump_form *form, const struct json *row)
{
	buf_reset(&form->text);
	for (uint32_t i = json_first(0); i < json_end(row, 0); i = json_next(row, i))
		add_member(form, json_key(&row->node[i]), read_member(form, &row->node[i]));
	buf_char(&form->text, '}');
	memset(buf_reserve(&form->text, JSON_PADDING), 0, JSON_PADDING);
}

/* Most rows of most dumps are good as they stand: only others are written anew. */
enum dump_row_form dump_row_read(struct dump_form *form, const struct json *row)
{
	bool changed = false;

	arena_reset(&form->arena);
	for (uint32_t i = json_first(0); i < json_end(row, 0); i = json_next(row, i)) {
		struct slice token = json_span(&row->node[i]), read = read_member(form, &row->node[i]);

		if (!read.size) {
			refuse(form, json_key(&row->node[i]), token);
			return DUMP_ROW_REFUSED;
		}
		changed |= read.data != token.data;
	}
	if (changed)
		rewrite(form, row);
	return changed ? DUMP_ROW_CHANGED : DUMP_ROW_AS_IS;
}
