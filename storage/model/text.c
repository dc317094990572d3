/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/model/text.h"

#include <strings.h>

static const struct {
	const char *name, *meaning;
} outcomes[TEXT_OUTCOME_COUNT] = {
#define X(constant, name, meaning) [constant] = { name, meaning },
	TEXT_OUTCOME_TABLE(X)
#undef X
};

const char *text_outcome_name(enum text_outcome outcome)
{
	return outcomes[outcome].name;
}

const char *text_outcome_meaning(enum text_outcome outcome)
{
	return outcomes[outcome].meaning;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct slice text_trimmed(struct slice text)
{
	while (text.size && is_blank(text.data[text.size - 1]))
		text.size--;
	while (text.size && is_blank(text.data[0])) {
		text.data++;
		text.size--;
	}
	return text;
}

static bool is_fence(struct slice line)
{
	while (line.size && is_blank(line.data[line.size - 1]))
		line.size--;
	return slice_is(line, "---");
}

struct slice text_card_body(struct slice card)
{
	static const struct slice mark = { "\xEF\xBB\xBF", 3 };
	struct slice rest = card;

	if (slice_starts_with(rest, mark))
		rest = (struct slice){ rest.data + mark.size, rest.size - mark.size };
	if (!is_fence(slice_take_line(&rest)))
		return card;
	while (rest.size)
		if (is_fence(slice_take_line(&rest)))
			return rest;
	return card;
}

bool text_decides(const struct statement *statement, const struct license_meaning *meaning)
{
	for (unsigned i = 0; i < statement->id_count; i++) {
		struct slice id = text_trimmed(statement->id[i]);

		if (id.size == strlen("other") && strncasecmp(id.data, "other", id.size) == 0)
			return true;
	}
	return meaning->class == LICENSE_UNKNOWN;
}
