/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/hub/card.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

#include "storage/model/field.h"

enum { ANCHORS_MAX = 64, SCALAR_MAX = 4096, VALUE_BYTES_MAX = 256 << 10 };

/* What is kept of a card, in the order of canonical keys. */
static const char *const kept_keys[] = {
	"base_model", "base_model_relation", "datasets", "license", "license_link", "license_name", "models",
};

/* A scalar that an alias may stand for. */
struct anchor {
	struct slice name, json;
};

struct card {
	yaml_parser_t parser;
	yaml_event_t event;
	bool good;
	unsigned events;
	struct arena *arena;
	struct buf value;
	struct slice kept[ARRAY_COUNT(kept_keys)]; /* JSON */
	struct slice tags;
	struct anchor anchor[ANCHORS_MAX];
	unsigned anchors;
};

/* --- where it stands -----------------------------------------------------------------------------------------------*/

static bool is_fence(struct slice line)
{
	while (line.size && strchr(" \t\r", line.data[line.size - 1]) && line.data[line.size - 1])
		line.size--;
	return slice_is(line, "---");
}

/* False: there is none. */
static bool find_front_matter(struct slice readme, struct slice *yaml)
{
	struct slice rest = readme;

	if (slice_starts_with(rest, SLICE("\xEF\xBB\xBF")))
		rest = (struct slice){ rest.data + 3, rest.size - 3 };
	if (!is_fence(slice_take_line(&rest)))
		return false;
	*yaml = (struct slice){ rest.data, 0 };
	while (rest.size) {
		const char *start = rest.data;

		if (is_fence(slice_take_line(&rest)) && start != yaml->data) {
			yaml->size = (size_t)(start - yaml->data);
			return true;
		}
	}
	return false;
}

/* --- events --------------------------------------------------------------------------------------------------------*/

static bool next(struct card *card)
{
	yaml_event_delete(&card->event);
	card->good = card->good && ++card->events <= CARD_EVENTS_MAX && yaml_parser_parse(&card->parser, &card->event);
	return card->good;
}

static bool is_opening(yaml_event_type_t type)
{
	return type == YAML_SEQUENCE_START_EVENT || type == YAML_MAPPING_START_EVENT;
}

static bool is_closing(yaml_event_type_t type)
{
	return type == YAML_SEQUENCE_END_EVENT || type == YAML_MAPPING_END_EVENT;
}

static struct slice text_of(const yaml_event_t *event)
{
	return (struct slice){ (const char *)event->data.scalar.value, event->data.scalar.length };
}

static struct slice name_of(const yaml_char_t *name)
{
	return slice_of((const char *)name);
}

/* --- scalars: YAML's core types, as JSON shows them ----------------------------------------------------------------*/

static bool is_one_of(struct slice text, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (slice_is(text, words[i]))
			return true;
	return false;
}

/* 3.0 is 3: the Hub's numbers are those of JavaScript. */
static bool write_number(struct slice text, struct buf *out)
{
	char copy[64], shortest[64], *end;
	double number;

	if (!text.size || text.size >= sizeof(copy) || !strchr("0123456789+-.", text.data[0]))
		return false;
	memcpy(copy, text.data, text.size);
	copy[text.size] = '\0';
	if (strspn(copy, "0123456789+-.eE") != text.size)
		return false;
	number = strtod(copy, &end);
	if (*end || !isfinite(number))
		return false;
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(shortest, sizeof(shortest), "%.*g", digits, number);
		if (strtod(shortest, NULL) == number)
			break;
	}
	if (fabs(number) < 1e21 && number == floor(number))
		snprintf(shortest, sizeof(shortest), "%.0f", number);
	buf_text(out, shortest);
	return true;
}

static void write_scalar(const yaml_event_t *event, struct buf *out)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL" };
	static const char *const yes[] = { "true", "True", "TRUE" }, *const no[] = { "false", "False", "FALSE" };
	struct slice text = text_of(event);
	bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && event->data.scalar.plain_implicit;

	if (plain && is_one_of(text, nulls, ARRAY_COUNT(nulls)))
		buf_text(out, "null");
	else if (plain && is_one_of(text, yes, ARRAY_COUNT(yes)))
		buf_text(out, "true");
	else if (plain && is_one_of(text, no, ARRAY_COUNT(no)))
		buf_text(out, "false");
	else if (!plain || !write_number(text, out))
		json_encode(text, out);
}

static void remember(struct card *card)
{
	const yaml_event_t *event = &card->event;
	struct buf json = BUF_INIT(2 * SCALAR_MAX);

	if (event->type != YAML_SCALAR_EVENT || !event->data.scalar.anchor || card->anchors == ANCHORS_MAX ||
		event->data.scalar.length > SCALAR_MAX)
		return;
	write_scalar(event, &json);
	if (!json.overflow)
		card->anchor[card->anchors++] = (struct anchor){
			arena_copy(card->arena, name_of(event->data.scalar.anchor)),
			arena_copy(card->arena, buf_as_slice(&json)),
		};
	buf_release(&json);
}

static bool write_alias(struct card *card, struct buf *out)
{
	for (unsigned i = card->anchors; i-- > 0;)
		if (slice_equal(card->anchor[i].name, name_of(card->event.data.alias.anchor))) {
			buf_slice(out, card->anchor[i].json);
			return true;
		}
	return false;
}

/* --- values --------------------------------------------------------------------------------------------------------*/

static bool write_value(struct card *card, unsigned depth, struct buf *out);

static bool write_key(struct card *card, struct buf *out)
{
	if (card->event.type != YAML_SCALAR_EVENT)
		return false;
	json_encode(text_of(&card->event), out);
	buf_char(out, ':');
	return next(card);
}

static bool write_members(struct card *card, unsigned depth, struct buf *out)
{
	bool keyed = card->event.type == YAML_MAPPING_START_EVENT;
	const char *separator = keyed ? "{" : "[";

	if (depth == CARD_DEPTH_MAX)
		return false;
	while (next(card) && !is_closing(card->event.type)) {
		buf_text(out, separator);
		separator = ",";
		if ((keyed && !write_key(card, out)) || !write_value(card, depth + 1, out))
			return false;
	}
	if (*separator != ',')
		buf_text(out, separator);
	buf_text(out, keyed ? "}" : "]");
	return card->good;
}

/* The value that begins with the event at hand, which is its last one afterwards. */
static bool write_value(struct card *card, unsigned depth, struct buf *out)
{
	remember(card);
	switch (card->event.type) {
	case YAML_SCALAR_EVENT:
		write_scalar(&card->event, out);
		return !out->overflow;
	case YAML_ALIAS_EVENT:
		return write_alias(card, out) && !out->overflow;
	default:
		return is_opening(card->event.type) && write_members(card, depth, out) && !out->overflow;
	}
}

static bool pass_over(struct card *card)
{
	unsigned depth = 0;

	for (;;) {
		remember(card);
		depth += is_opening(card->event.type);
		depth -= is_closing(card->event.type);
		if (depth == 0)
			return true;
		if (depth > CARD_DEPTH_MAX || !next(card))
			return false;
	}
}

/* --- the card ------------------------------------------------------------------------------------------------------*/

static struct slice *place_of(struct card *card, struct slice key)
{
	for (size_t i = 0; i < ARRAY_COUNT(kept_keys); i++)
		if (slice_is(key, kept_keys[i]))
			return &card->kept[i];
	return slice_is(key, "tags") ? &card->tags : NULL;
}

static bool read_member(struct card *card)
{
	struct slice *place;

	if (card->event.type != YAML_SCALAR_EVENT || slice_is(text_of(&card->event), "<<"))
		return false; /* merged keys could bring a license */
	place = place_of(card, text_of(&card->event));
	if (!next(card))
		return false;
	if (!place)
		return pass_over(card);
	buf_reset(&card->value);
	if (!write_value(card, 0, &card->value))
		return false;
	*place = arena_copy(card->arena, buf_as_slice(&card->value));
	return true;
}

static enum card_outcome read_document(struct card *card)
{
	if (!next(card)) /* the stream */
		return CARD_UNREADABLE;
	if (!next(card)) /* the document, or none */
		return CARD_UNREADABLE;
	if (card->event.type == YAML_STREAM_END_EVENT)
		return CARD_NONE;
	if (!next(card))
		return CARD_UNREADABLE;
	if (card->event.type == YAML_SCALAR_EVENT && card->event.data.scalar.length == 0)
		return CARD_NONE;
	if (card->event.type != YAML_MAPPING_START_EVENT)
		return CARD_UNREADABLE;
	while (next(card) && card->event.type != YAML_MAPPING_END_EVENT)
		if (!read_member(card))
			return CARD_UNREADABLE;
	return card->good ? CARD_READ : CARD_UNREADABLE;
}

static void write_card(const struct card *card, struct canon *canon)
{
	struct buf out = BUF_INIT(ARRAY_COUNT(kept_keys) * (VALUE_BYTES_MAX + 64));

	for (size_t i = 0; i < ARRAY_COUNT(kept_keys); i++) {
		if (!card->kept[i].data)
			continue;
		buf_printf(&out, "%c\"%s\":", out.size ? ',' : '{', kept_keys[i]);
		buf_slice(&out, card->kept[i]);
	}
	buf_text(&out, out.size ? "}" : "{}");
	canon->field[FIELD_CARD_DATA] = arena_copy(card->arena, buf_as_slice(&out));
	buf_release(&out);
}

/* The license tags among them; what is no list of texts has none. */
static void write_tags(struct card *card, struct canon *canon)
{
	struct slice padded = card->tags.data ? arena_copy_padded(card->arena, card->tags, JSON_PADDING) : SLICE_NONE;
	struct buf out = BUF_INIT(VALUE_BYTES_MAX);
	struct json json;

	json_init(&json, CARD_EVENTS_MAX);
	if (padded.data && padded.data[0] == '[' && json_parse(&json, padded.data, padded.size, 1) == 0)
		for (uint32_t i = json_first(0); i < json_end(&json, 0); i = json_next(&json, i))
			if (slice_starts_with(json_span(&json.node[i]), SLICE("\"" LICENSE_TAG_PREFIX))) {
				buf_char(&out, out.size ? ',' : '[');
				buf_slice(&out, json_span(&json.node[i]));
			}
	buf_text(&out, out.size ? "]" : "[]");
	canon->field[FIELD_TAGS] = arena_copy(card->arena, buf_as_slice(&out));
	buf_release(&out);
	json_release(&json);
}

static enum card_outcome read_yaml(struct slice yaml, struct arena *arena, struct canon *canon)
{
	struct card card = { .good = true, .arena = arena, .value = BUF_INIT(VALUE_BYTES_MAX) };
	enum card_outcome outcome = CARD_UNREADABLE;

	if (!yaml_parser_initialize(&card.parser))
		return CARD_UNREADABLE;
	yaml_parser_set_encoding(&card.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&card.parser, (const unsigned char *)yaml.data, yaml.size);
	outcome = read_document(&card);
	if (outcome == CARD_READ) {
		write_card(&card, canon);
		write_tags(&card, canon);
	}
	yaml_event_delete(&card.event);
	yaml_parser_delete(&card.parser);
	buf_release(&card.value);
	return outcome;
}

enum card_outcome card_read(struct slice readme, struct arena *arena, struct canon *canon)
{
	struct buf repaired = BUF_INIT(3 * CARD_BYTES_MAX + 1);
	enum card_outcome outcome = CARD_NONE;
	struct slice yaml;

	*canon = (struct canon){ 0 };
	if (find_front_matter(readme, &yaml)) {
		outcome = CARD_UNREADABLE;
		if (yaml.size <= CARD_BYTES_MAX) {
			utf8_repair(yaml, &repaired);
			outcome = read_yaml(buf_as_slice(&repaired), arena, canon);
		}
		buf_release(&repaired);
	}
	if (outcome == CARD_NONE) {
		canon->field[FIELD_CARD_DATA] = SLICE("null");
		canon->field[FIELD_TAGS] = SLICE("[]");
	}
	return outcome;
}
