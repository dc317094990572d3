/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hubsim/field.h"

#include <xxhash.h>

#include "storage/model/buf.h"
#include "storage/model/memory.h"
#include "tests/hubsim/hash_index.h"

static struct field_entry entry[FIELD_MAX];
static uint16_t entries;
static struct hash_index by_name;

#define D SHOWN_LIST
#define F SHOWN_FULL
#define L SHOWN_LIST_EXPAND
#define S SHOWN_REPO_EXPAND
#define I SHOWN_REPO
static const struct field_entry known[FIELD_KNOWN] = {
#define X(id, text, models, datasets, spaces, kind, value) \
	{ text, SLICE(",\"" text "\":"), { models, datasets, spaces }, kind, { value, 0 } },
	FIELD_TABLE(X)
#undef X
};
#undef D
#undef F
#undef L
#undef S
#undef I

static void add(const struct field_entry *source)
{
	entry[entries] = *source;
	entry[entries].absent = slice_of(source->absent.data);
	hash_index_put(&by_name, XXH3_64bits(source->name, strlen(source->name)), &entry[entries]);
	entries++;
}

void field_init(void)
{
	if (entries)
		return;
	for (int i = 0; i < FIELD_KNOWN; i++)
		add(&known[i]);
}

uint16_t field_find(struct slice name)
{
	const struct field_entry *found;
	size_t at = 0;

	while ((found = hash_index_next(&by_name, XXH3_64bits(name.data, name.size), &at)))
		if (slice_is(name, found->name))
			return (uint16_t)(found - entry);
	return FIELD_NONE;
}

uint16_t field_number(struct slice key)
{
	struct field_entry new = { .class = CONTENT };
	struct buf text = BUF_INIT(SIZE_MAX / 2);
	uint16_t number = field_find(key);

	if (number != FIELD_NONE || entries == FIELD_MAX)
		return number;
	for (int kind = 0; kind < KIND_COUNT; kind++)
		new.shown[kind] = SHOWN_LIST | SHOWN_FULL | SHOWN_REPO;
	buf_text(&text, ",\"");
	buf_slice(&text, key);
	buf_text(&text, "\":");
	new.name = memory_text(key.data, key.size);
	new.key = buf_as_slice(&text); /* kept until the process ends */
	add(&new);
	return (uint16_t)(entries - 1);
}

const struct field_entry *field_entry(uint16_t number)
{
	return &entry[number];
}

uint16_t field_count(void)
{
	return entries;
}
