/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/model/verdict.h"

#include "storage/model/error.h"
#include "storage/model/lineage.h"

static const struct {
	const char *name, *meaning;
} events[EVENT_COUNT] = {
#define X(constant, name, meaning) [constant] = { name, meaning },
	EVENT_TABLE(X)
#undef X
};

const char *event_name(enum event event)
{
	return events[event].name;
}

const char *event_meaning(enum event event)
{
	return events[event].meaning;
}

enum event event_of_name(struct slice name)
{
	for (unsigned i = 0; i < EVENT_COUNT; i++)
		if (slice_is(name, events[i].name))
			return (enum event)i;
	return EVENT_COUNT;
}

bool event_has_direction(enum event event)
{
	return event == EVENT_LICENSE_SWITCHED || event == EVENT_LICENSE_TERMS;
}

bool event_is_license(enum event event)
{
	return event <= EVENT_LICENSE_RELABELLED;
}

/* --- the statement ------------------------------------------------------------------------------------------------ */

static bool has_id(const struct statement *statement, struct slice id)
{
	for (unsigned i = 0; i < statement->id_count; i++)
		if (license_same_text(statement->id[i], id))
			return true;
	return false;
}

static bool has_all_ids(const struct statement *of, const struct statement *in)
{
	for (unsigned i = 0; i < of->id_count; i++)
		if (!has_id(in, of->id[i]))
			return false;
	return true;
}

static bool same_ids(const struct statement *a, const struct statement *b)
{
	return has_all_ids(a, b) && has_all_ids(b, a);
}

/* The first rule that holds. A name or link without any id declares nothing. */
enum event verdict_on_statements(const struct state *before, const struct state *after)
{
	const struct statement *a = &before->statement, *b = &after->statement;
	bool ids = same_ids(a, b);

	if (a->id_count == 0 && b->id_count == 0)
		return EVENT_COUNT;
	if (ids && license_same_text(a->license_name, b->license_name) &&
		license_same_text(a->license_link, b->license_link))
		return EVENT_COUNT;
	if (a->id_count == 0)
		return EVENT_LICENSE_DECLARED;
	if (b->id_count == 0)
		return EVENT_LICENSE_WITHDRAWN;
	if (license_same_row(&before->meaning, &after->meaning))
		return EVENT_LICENSE_RELABELLED;
	return ids ? EVENT_LICENSE_TERMS : EVENT_LICENSE_SWITCHED;
}

/* --- the differences ---------------------------------------------------------------------------------------------- */

enum cover { COVER_LICENSE, COVER_NAME, COVER_GATED, COVER_DISABLED, COVER_LINEAGE, COVER_REST };

static const struct {
	const char *path;
	enum cover cover;
} covers[] = {
	{ "author", COVER_NAME },
	{ "cardData.base_model", COVER_LINEAGE },
	{ "cardData.base_model_relation", COVER_LINEAGE },
	{ "cardData.datasets", COVER_LINEAGE },
	{ "cardData.license", COVER_LICENSE },
	{ "cardData.license_link", COVER_LICENSE },
	{ "cardData.license_name", COVER_LICENSE },
	{ "cardData.models", COVER_LINEAGE },
	{ "disabled", COVER_DISABLED },
	{ "gated", COVER_GATED },
	{ "id", COVER_NAME },
	{ "tags", COVER_LICENSE },
};

struct differences {
	struct arena *arena;
	unsigned count, rest;
	struct slice path[VERDICT_FIELDS_MAX + ARRAY_COUNT(covers)];
	enum cover cover[VERDICT_FIELDS_MAX + ARRAY_COUNT(covers)];
};

static enum cover cover_of(struct slice path)
{
	for (size_t i = 0; i < ARRAY_COUNT(covers); i++)
		if (slice_is(path, covers[i].path))
			return covers[i].cover;
	return COVER_REST;
}

static struct slice path_of(const char *parent, struct slice key, struct arena *arena)
{
	struct buf text = BUF_INIT(CANON_BYTES_MAX);
	struct slice path;

	buf_text(&text, parent);
	buf_slice(&text, key);
	path = arena_copy(arena, statement_bounded(buf_as_slice(&text), arena));
	buf_release(&text);
	return path;
}

/*
 * Names at most VERDICT_FIELDS_MAX fields that have no event of their own, and all that have one. A lineage that is only
 * spelled in another way has none: `before` and `after` are its two values.
 */
static void add_difference(struct differences *differences, struct slice path, struct json *json, struct slice before,
	struct slice after)
{
	enum cover cover = cover_of(path);

	if (cover == COVER_REST && differences->rest++ >= VERDICT_FIELDS_MAX)
		return;
	if (cover == COVER_LINEAGE && lineage_same(json, before, after, differences->arena))
		cover = COVER_REST;
	differences->cover[differences->count] = cover;
	differences->path[differences->count++] = path;
}

static void add_field(struct differences *differences, struct slice key)
{
	add_difference(differences, path_of("", key, differences->arena), NULL, SLICE_NONE, SLICE_NONE);
}

/* The members of a canonical object, in their order; none for null. */
struct members {
	unsigned count;
	struct json_node *node;
};

static struct members members_of(struct json *json, struct slice object, struct arena *arena)
{
	struct members members = { 0 };
	struct slice padded;

	if (!object.data || object.data[0] != '{')
		return members;
	padded = arena_copy_padded(arena, object, JSON_PADDING);
	if (json_parse(json, padded.data, padded.size, 1))
		return members;
	members.count = json->count - 1;
	members.node = arena_take(arena, json->count * sizeof(*members.node));
	memcpy(members.node, json->node + 1, members.count * sizeof(*members.node));
	return members;
}

/* Both sides are sorted: one walk, like the merge of two lists. Differing order of escaped keys costs a path too many. */
static void compare_cards(struct json *json, struct slice before, struct slice after, struct differences *differences)
{
	struct members a = members_of(json, before, differences->arena), b = members_of(json, after, differences->arena);
	unsigned i = 0, k = 0, count = differences->count;

	while (i < a.count || k < b.count) {
		int order = i == a.count ? 1 :
			    k == b.count ? -1 :
					   slice_compare(json_key(&a.node[i]), json_key(&b.node[k]));
		if (order || !slice_equal(json_span(&a.node[i]), json_span(&b.node[k])))
			add_difference(differences,
				path_of("cardData.", json_key(order > 0 ? &b.node[k] : &a.node[i]), differences->arena), json,
				order > 0 ? SLICE_NONE : json_span(&a.node[i]), order < 0 ? SLICE_NONE : json_span(&b.node[k]));
		i += order <= 0;
		k += order >= 0;
	}
	if (differences->count == count) /* one of them is no object, and the other empty or none either */
		add_field(differences, SLICE("cardData"));
}

static void compare_fields(struct json *json, const struct canon *before, const struct canon *after,
	struct differences *differences)
{
	for (unsigned i = 0; i < FIELD_COUNT; i++) {
		struct slice a = before->field[i], b = after->field[i];
		if (!a.data || !b.data || slice_equal(a, b))
			continue;
		if (i == FIELD_CARD_DATA)
			compare_cards(json, a, b, differences);
		else
			add_field(differences, slice_of(field_infos[i].key));
	}
}

/* --- the verdict -------------------------------------------------------------------------------------------------- */

static bool told(enum cover cover, const bool covered[COVER_REST])
{
	return cover != COVER_REST && covered[cover];
}

/* An event with the differences of its cover; metadata.changed takes all that no event tells. */
static void add_event(struct verdict *verdict, enum event event, enum cover cover, const bool covered[COVER_REST],
	const struct differences *differences)
{
	struct slice *fields = arena_take(differences->arena, differences->count * sizeof(*fields) + 1);
	unsigned count = 0;

	for (unsigned i = 0; i < differences->count; i++) {
		enum cover of = differences->cover[i];
		if (cover == COVER_REST ? !told(of, covered) : of == cover)
			fields[count++] = differences->path[i];
	}
	if (cover == COVER_REST && count == 0)
		return;
	verdict->event[verdict->count++] = (struct verdict_event){ event, count, fields };
}

static enum event gating_event(const struct state *before, const struct state *after)
{
	if (before->gated == after->gated)
		return EVENT_COUNT;
	if (before->gated == GATED_NO)
		return EVENT_ACCESS_GATED;
	return after->gated == GATED_NO ? EVENT_ACCESS_UNGATED : EVENT_ACCESS_CHANGED;
}

static enum event disabling_event(const struct state *before, const struct state *after)
{
	if (before->disabled == after->disabled)
		return EVENT_COUNT;
	return after->disabled ? EVENT_ACCESS_DISABLED : EVENT_ACCESS_ENABLED;
}

static bool has_cover(const struct differences *differences, enum cover cover)
{
	for (unsigned i = 0; i < differences->count; i++)
		if (differences->cover[i] == cover)
			return true;
	return false;
}

void verdict_judge(struct json *json, const struct state *before, const struct state *after, struct arena *arena,
	struct verdict *verdict)
{
	struct differences differences = { .arena = arena };
	enum event license = verdict_on_statements(before, after);
	enum event gating = gating_event(before, after), disabling = disabling_event(before, after);
	bool renamed = !slice_equal(before->name, after->name);
	bool covered[COVER_REST] = { 0 };

	verdict->count = 0;
	compare_fields(json, &before->canon, &after->canon, &differences);
	covered[COVER_LICENSE] = license != EVENT_COUNT;
	covered[COVER_NAME] = renamed;
	covered[COVER_GATED] = gating != EVENT_COUNT;
	covered[COVER_DISABLED] = disabling != EVENT_COUNT;
	covered[COVER_LINEAGE] = has_cover(&differences, COVER_LINEAGE);

	if (license != EVENT_COUNT)
		add_event(verdict, license, COVER_LICENSE, covered, &differences);
	if (renamed)
		add_event(verdict, EVENT_REPO_RENAMED, COVER_NAME, covered, &differences);
	if (gating != EVENT_COUNT)
		add_event(verdict, gating, COVER_GATED, covered, &differences);
	if (disabling != EVENT_COUNT)
		add_event(verdict, disabling, COVER_DISABLED, covered, &differences);
	if (covered[COVER_LINEAGE])
		add_event(verdict, EVENT_LINEAGE_CHANGED, COVER_LINEAGE, covered, &differences);
	add_event(verdict, EVENT_METADATA_CHANGED, COVER_REST, covered, &differences);
}
