/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/model/lineage.h"

#include <stdlib.h>

#include "storage/model/canon.h"

/* A list of objects with names: so deep, and the object's members. */
enum { NAMES_DEPTH = 3 };

static bool is_name(const struct json_node *node, bool is_value)
{
	struct slice key = json_key(node);

	return node->type == JSON_STRING && (is_value || !key.data || slice_is(key, "name") || slice_is(key, "id"));
}

size_t lineage_names(const struct json *json, uint32_t at, struct arena *arena, struct slice *names, size_t room)
{
	size_t count = 0;

	for (uint32_t i = at; i < json_end(json, at) && count < room; i++)
		if (is_name(&json->node[i], i == at))
			names[count++] = json_text(json_span(&json->node[i]), CANON_BYTES_MAX, arena);
	return count;
}

struct names {
	struct slice *name;
	size_t count;
};

/* In lower case, without blanks around it. */
static struct slice folded(struct slice name, struct arena *arena)
{
	char *text = arena_take(arena, name.size + 1);

	while (name.size && name.data[name.size - 1] == ' ')
		name.size--;
	for (; name.size && *name.data == ' '; name.size--)
		name.data++;
	for (size_t i = 0; i < name.size; i++)
		text[i] = name.data[i] >= 'A' && name.data[i] <= 'Z' ? (char)(name.data[i] | 0x20) : name.data[i];
	return (struct slice){ text, name.size };
}

static int by_text(const void *a, const void *b)
{
	return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

/* Sorted, each once, without empty ones. False: it cannot be read. */
static bool read_set(struct json *json, struct slice value, struct arena *arena, struct names *names)
{
	size_t count, kept = 0;

	*names = (struct names){ 0 };
	if (!value.size)
		return true;
	if (json_parse(json, arena_copy_padded(arena, value, JSON_PADDING).data, value.size, NAMES_DEPTH))
		return false;
	names->name = arena_take(arena, json->count * sizeof(*names->name));
	count = lineage_names(json, 0, arena, names->name, json->count);
	for (size_t i = 0; i < count; i++)
		names->name[i] = folded(names->name[i], arena);
	qsort(names->name, count, sizeof(*names->name), by_text);
	for (size_t i = 0; i < count; i++)
		if (names->name[i].size && (!kept || !slice_equal(names->name[i], names->name[kept - 1])))
			names->name[kept++] = names->name[i];
	names->count = kept;
	return true;
}

bool lineage_same(struct json *json, struct slice before, struct slice after, struct arena *arena)
{
	struct names a, b;

	if (!read_set(json, before, arena, &a) || !read_set(json, after, arena, &b) || a.count != b.count)
		return false;
	for (size_t i = 0; i < a.count; i++)
		if (!slice_equal(a.name[i], b.name[i]))
			return false;
	return true;
}
