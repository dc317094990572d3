/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hubsim/row.h"

#include <stdlib.h>

#include "storage/model/json.h"
#include "storage/model/memory.h"

enum { DRAFT_TEXT_BYTES = 64 << 20 };

void draft_init(struct draft *draft)
{
	memset(draft, 0, sizeof(*draft));
	/* Values are slices of this text, so it gets its whole room at once and never moves. */
	buf_init(&draft->text, DRAFT_TEXT_BYTES);
	buf_reserve(&draft->text, DRAFT_TEXT_BYTES);
}

void draft_release(struct draft *draft)
{
	buf_release(&draft->text);
}

void draft_reset(struct draft *draft)
{
	for (uint16_t i = 0; i < draft->used_count; i++)
		draft->value[draft->used[i]] = SLICE_NONE;
	draft->used_count = 0;
	draft->made_card = false;
	buf_reset(&draft->text);
}

void draft_set(struct draft *draft, uint16_t field, struct slice value)
{
	uint16_t at = 0;

	while (at < draft->used_count && draft->used[at] != field)
		at++;
	if (at == draft->used_count)
		draft->used[draft->used_count++] = field;
	draft->value[field] = value;
}

/* What was added to the text since `start`, as a slice that stays where it is. */
static struct slice kept_since(struct draft *draft, size_t start)
{
	return (struct slice){ draft->text.data + start, draft->text.size - start };
}

void draft_set_copy(struct draft *draft, uint16_t field, struct slice value)
{
	size_t start = draft->text.size;

	buf_slice(&draft->text, value);
	draft_set(draft, field, kept_since(draft, start));
}

void draft_set_text(struct draft *draft, uint16_t field, struct slice text)
{
	size_t start = draft->text.size;

	json_encode(text, &draft->text);
	draft_set(draft, field, kept_since(draft, start));
}

void draft_inherit(struct draft *draft, const struct row *row)
{
	uint16_t given = draft->used_count;

	for (uint16_t i = 0; i < row->field_count; i++) {
		uint16_t at = 0, number = row->field[i].number;
		while (at < given && draft->used[at] != number)
			at++;
		if (at == given)
			draft_set(draft, number, row_value_at(row, i));
	}
}

static void sort_used(struct draft *draft)
{
	for (uint16_t i = 1; i < draft->used_count; i++) {
		uint16_t moving = draft->used[i], at = i;
		for (; at > 0 && draft->used[at - 1] > moving; at--)
			draft->used[at] = draft->used[at - 1];
		draft->used[at] = moving;
	}
}

static char *row_text(const struct row *row)
{
	return (char *)(row->field + row->field_count);
}

/* The name stands inside the id's quotes unless the id needed escapes. */
static struct slice row_name(struct row *row, struct slice name, size_t text_size)
{
	struct slice id = row_value(row, FIELD_id);
	char *to = row_text(row) + text_size;

	if (id.size == name.size + 2)
		return (struct slice){ id.data + 1, name.size };
	memcpy(to, name.data, name.size);
	return (struct slice){ to, name.size };
}

struct row *row_new(struct draft *draft, struct slice name)
{
	size_t text_size = 0, name_room;
	uint16_t count = 0;
	struct row *row;
	char *to;

	sort_used(draft);
	for (uint16_t i = 0; i < draft->used_count; i++) {
		text_size += draft->value[draft->used[i]].size;
		count += draft->value[draft->used[i]].data != NULL;
	}
	name_room = draft->value[FIELD_id].size == name.size + 2 ? 0 : name.size;
	row = memory_grow(NULL, sizeof(*row) + count * sizeof(row->field[0]) + text_size + name_room, 1);
	row->field_count = 0;
	row->made_card = draft->made_card;
	to = (char *)(row->field + count);
	for (uint16_t i = 0, end = 0; i < draft->used_count; i++) {
		struct slice value = draft->value[draft->used[i]];
		if (!value.data)
			continue;
		memcpy(to, value.data, value.size);
		to += value.size;
		row->field[end] = (struct row_field){ (uint32_t)(to - (char *)(row->field + count)), draft->used[i] };
		row->field_count = ++end;
	}
	row->name = row_name(row, name, text_size);
	return row;
}

struct slice row_value_at(const struct row *row, uint16_t index)
{
	uint32_t start = index ? row->field[index - 1].end : 0;

	return (struct slice){ row_text(row) + start, row->field[index].end - start };
}

struct slice row_value(const struct row *row, uint16_t field)
{
	for (uint16_t i = 0; i < row->field_count && row->field[i].number <= field; i++)
		if (row->field[i].number == field)
			return row_value_at(row, i);
	return SLICE_NONE;
}
