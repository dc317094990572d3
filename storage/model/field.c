/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/model/field.h"

const struct field_info field_infos[FIELD_COUNT] = {
#define X(name, key, class, models, datasets, spaces) \
	[name] = { key, sizeof(key) - 1, class, { models, datasets, spaces } },
	FIELD_TABLE(X)
#undef X
};

static const char *const endpoint_names[ENDPOINT_COUNT] = { "list", "single" };

_Static_assert((int)FIELD_COUNT <= 32, "a set of fields is 32 bits");

static bool is_key(enum field field, struct slice key)
{
	return key.size == field_infos[field].key_size && memcmp(key.data, field_infos[field].key, key.size) == 0;
}

enum field field_find_after(struct slice key, enum field before)
{
	unsigned at = before;

	for (unsigned tries = 0; tries < FIELD_COUNT; tries++) {
		at = at + 1 < FIELD_COUNT ? at + 1 : 0;
		if (is_key((enum field)at, key))
			return (enum field)at;
	}
	return FIELD_NONE;
}

enum field field_find(struct slice key)
{
	return field_find_after(key, FIELD_NONE);
}

uint32_t fields_stable(void)
{
	uint32_t fields = 0;

	for (unsigned i = 0; i < FIELD_COUNT; i++)
		if (field_infos[i].class == FIELD_STABLE)
			fields |= field_bit((enum field)i);
	return fields;
}

uint32_t fields_asked(enum repo_kind kind)
{
	uint32_t fields = field_bit(FIELD_ID);

	for (unsigned i = 0; i < FIELD_COUNT; i++)
		if (field_infos[i].asked[kind])
			fields |= field_bit((enum field)i);
	return fields;
}

void projection_write(const struct projection *projection, struct buf *out)
{
	char separator = ' ';

	buf_printf(out, "%s %s rules=%u", repo_kinds[projection->kind].plural, endpoint_names[projection->endpoint],
		projection->rules);
	for (unsigned i = 0; i < FIELD_COUNT; i++) {
		if (!(projection->fields & field_bit((enum field)i)))
			continue;
		buf_char(out, separator);
		buf_text(out, field_infos[i].key);
		separator = ',';
	}
}

/* The text up to `end`, taken off `rest`. */
static struct slice next_word(struct slice *rest, char end)
{
	const char *stop = rest->size ? memchr(rest->data, end, rest->size) : NULL;
	struct slice word = { rest->data, stop ? (size_t)(stop - rest->data) : rest->size };
	size_t skip = word.size + (stop ? 1 : 0);

	rest->data += skip;
	rest->size -= skip;
	return word;
}

static bool read_number(struct slice text, unsigned *number)
{
	*number = 0;
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
		*number = *number * 10 + (unsigned)(text.data[i] - '0');
	}
	return text.size > 0 && text.size < 10;
}

bool projection_read(struct slice text, struct projection *projection)
{
	struct slice kind = next_word(&text, ' '), endpoint = next_word(&text, ' '), rules = next_word(&text, ' ');

	*projection = (struct projection){ 0 };
	if (!repo_kind_read(kind, &projection->kind) || !slice_starts_with(rules, SLICE("rules=")))
		return false;
	projection->endpoint = slice_is(endpoint, endpoint_names[ENDPOINT_SINGLE]) ? ENDPOINT_SINGLE : ENDPOINT_LIST;
	if (!read_number((struct slice){ rules.data + strlen("rules="), rules.size - strlen("rules=") }, &projection->rules))
		return false;
	while (text.size) {
		enum field field = field_find(next_word(&text, ','));
		if (field != FIELD_NONE)
			projection->fields |= field_bit(field);
	}
	return true;
}
