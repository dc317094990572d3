/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hubsim/statement_of.h"

static const struct slice license_prefix = SLICE("license:");

static size_t string_end(struct slice text, size_t at)
{
	for (at++; at < text.size && text.data[at] != '"'; at++)
		at += text.data[at] == '\\';
	return at;
}

bool json_strings_next(struct slice array, size_t *at, struct slice *text)
{
	size_t start = *at, end;

	while (start < array.size && array.data[start] != '"')
		start++;
	end = string_end(array, start);
	if (end >= array.size)
		return false;
	*text = (struct slice){ array.data + start + 1, end - start - 1 };
	*at = end + 1;
	return true;
}

void json_compact(struct slice value, struct buf *out)
{
	size_t start = 0;

	for (size_t at = 0; at < value.size; at++) {
		char c = value.data[at];
		if (c == '"') {
			at = string_end(value, at);
		} else if (c == ' ' || c == '\n' || c == '\r' || c == '\t') {
			buf_add(out, value.data + start, at - start);
			start = at + 1;
		}
	}
	if (start < value.size)
		buf_add(out, value.data + start, value.size - start);
}

static bool is_license_tag(struct slice tag, struct slice *license)
{
	if (!slice_starts_with(tag, license_prefix))
		return false;
	*license = (struct slice){ tag.data + license_prefix.size, tag.size - license_prefix.size };
	return true;
}

static void add_quoted(struct slice raw, struct buf *out)
{
	buf_char(out, '"');
	buf_slice(out, raw);
	buf_char(out, '"');
}

static unsigned add_licenses(struct slice tags, struct buf *out)
{
	struct slice tag, license;
	unsigned count = 0;
	size_t at = 0;

	while (json_strings_next(tags, &at, &tag)) {
		if (!is_license_tag(tag, &license))
			continue;
		if (count++)
			buf_char(out, ',');
		add_quoted(license, out);
	}
	return count;
}

bool card_from_tags(struct slice tags, struct buf *out)
{
	struct buf licenses = BUF_INIT(out->max);
	unsigned count = add_licenses(tags, &licenses);

	if (count) {
		buf_text(out, count > 1 ? "{\"license\":[" : "{\"license\":");
		buf_slice(out, buf_as_slice(&licenses));
		buf_text(out, count > 1 ? "]}" : "}");
	}
	buf_release(&licenses);
	return count > 0;
}

/* Parses a copy, since a row's values have no padding behind them. False if it is not an object. */
static bool card_parse(struct hub *hub, struct slice card)
{
	buf_reset(&hub->scratch);
	buf_slice(&hub->scratch, card);
	if (!card.data || !buf_reserve(&hub->scratch, JSON_PADDING))
		return false;
	if (json_parse(&hub->inner, hub->scratch.data, hub->scratch.size, 2))
		return false;
	return hub->inner.node[0].type == JSON_OBJECT;
}

static void add_tag(struct slice raw, bool *any, struct buf *out)
{
	if (*any)
		buf_char(out, ',');
	*any = true;
	add_quoted(raw, out);
}

/* One license of the card as a tag: in lower case, as the Hub makes it. */
static void add_license_tag(struct slice token, bool *any, struct buf *out)
{
	struct buf tag = BUF_INIT(1 << 20);

	buf_slice(&tag, license_prefix);
	for (size_t i = 1; i + 1 < token.size; i++)
		buf_char(&tag, token.data[i] >= 'A' && token.data[i] <= 'Z' ? (char)(token.data[i] + 32) : token.data[i]);
	add_tag(buf_as_slice(&tag), any, out);
	buf_release(&tag);
}

static void add_card_licenses(struct hub *hub, struct slice card, bool *any, struct buf *out)
{
	const struct json *json = &hub->inner;
	uint32_t license = card_parse(hub, card) ? json_member(json, 0, "license") : 0;

	if (!license)
		return;
	if (json->node[license].type == JSON_STRING)
		add_license_tag(json_span(&json->node[license]), any, out);
	for (uint32_t i = json_first(license); i < json_end(json, license); i = json_next(json, i))
		if (json->node[i].type == JSON_STRING)
			add_license_tag(json_span(&json->node[i]), any, out);
}

void tags_from_card(struct hub *hub, struct slice tags, struct slice card, struct buf *out)
{
	struct slice tag, license;
	bool any = false;
	size_t at = 0;

	buf_char(out, '[');
	while (json_strings_next(tags, &at, &tag))
		if (!is_license_tag(tag, &license))
			add_tag(tag, &any, out);
	add_card_licenses(hub, card, &any, out);
	if (!tags.data)
		add_tag(SLICE("region:us"), &any, out);
	buf_char(out, ']');
}

void statement_write(struct hub *hub, const struct row *row, struct buf *out)
{
	static const char *const members[] = { "license", "license_name", "license_link" };
	bool has_card = card_parse(hub, row_value(row, FIELD_cardData));

	for (size_t i = 0; i < ARRAY_COUNT(members); i++) {
		uint32_t member = has_card ? json_member(&hub->inner, 0, members[i]) : 0;
		buf_printf(out, "\"%s\":", members[i]);
		buf_slice(out, member ? json_span(&hub->inner.node[member]) : SLICE("null"));
		buf_char(out, ',');
	}
	buf_text(out, "\"license_tags\":[");
	add_licenses(row_value(row, FIELD_tags), out);
	buf_char(out, ']');
}
