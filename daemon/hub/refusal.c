/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/hub/refusal.h"

#include <ctype.h>

#include "daemon/hub/url.h"

bool is_refusal(unsigned status)
{
	return status == 400 || status == 422;
}

static bool is_word_character(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

static size_t find(struct slice text, const char *what, size_t from)
{
	const char *at = from < text.size ? memmem(text.data + from, text.size - from, what, strlen(what)) : NULL;

	return at ? (size_t)(at - text.data) : text.size;
}

/* Whether the message has the key as a whole word. */
static bool mentions(struct slice message, const char *key)
{
	size_t size = strlen(key);

	for (size_t at = find(message, key, 0); at < message.size; at = find(message, key, at + 1))
		if ((at == 0 || !is_word_character(message.data[at - 1])) &&
			(at + size == message.size || !is_word_character(message.data[at + size])))
			return true;
	return false;
}

static enum field field_at_place(struct slice message, const struct projection *asked)
{
	size_t at = find(message, "expand[", 0) + strlen("expand[");
	unsigned place = 0, digits = 0;

	for (; at < message.size && isdigit((unsigned char)message.data[at]) && digits < 3; at++, digits++)
		place = place * 10 + (unsigned)(message.data[at] - '0');
	return digits && at < message.size && message.data[at] == ']' ? url_expand_at(asked, place) : FIELD_NONE;
}

/* Of a list of all that is allowed: the first asked one that is not in it. */
static enum field field_left_out(struct slice message, const struct projection *asked)
{
	enum field field = url_expand_at(asked, 0);

	for (unsigned place = 0; field != FIELD_NONE; field = url_expand_at(asked, ++place))
		if (!mentions(message, field_infos[field].key))
			return field;
	return FIELD_NONE;
}

static enum field only_field_mentioned(struct slice message, const struct projection *asked)
{
	enum field found = FIELD_NONE, field = url_expand_at(asked, 0);

	for (unsigned place = 0; field != FIELD_NONE; field = url_expand_at(asked, ++place)) {
		if (!mentions(message, field_infos[field].key))
			continue;
		if (found != FIELD_NONE)
			return FIELD_NONE;
		found = field;
	}
	return found;
}

enum field refusal_read(struct slice message, const struct projection *asked)
{
	bool enumerates = find(message, "expected one of", 0) < message.size;
	enum field field = field_at_place(message, asked);

	if (field != FIELD_NONE && !(enumerates && mentions(message, field_infos[field].key)))
		return field;
	return enumerates ? field_left_out(message, asked) : only_field_mentioned(message, asked);
}

const char *refusal_parameter(struct slice message)
{
	static const char *const parameters[] = { "sort", "direction", "expand", "cursor", "author", "limit" };

	for (size_t i = 0; i < ARRAY_COUNT(parameters); i++)
		if (mentions(message, parameters[i]))
			return parameters[i];
	return NULL;
}
