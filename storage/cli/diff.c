/* SPDX-License-Identifier: Apache-2.0 */
/* relicense diff: what differs between two versions of a repo. */
#include "storage/cli/commands.h"
#include "storage/cli/repo_view.h"

enum { MEMBERS_MAX = 1 << 16, TEXT_MAX = 64 << 20 };

struct differing {
	struct tool *tool;
	struct listing listing;
	struct json before, after;
	uint64_t count;
};

/* ---- output ---------------------------------------------------------------------------------------------------------*/

static const struct column columns[] = { { "field", false }, { "before", false }, { "after", false } };

static struct cell value_cell(struct slice json)
{
	return json.size ? (struct cell){ CELL_JSON, json, TONE_PLAIN } : (struct cell){ .type = CELL_NULL };
}

static void print_side(struct print *print, enum tone tone, const char *sign, struct slice json)
{
	if (!json.size || slice_is(json, "null"))
		return;
	print_tone(print, tone, sign);
	print_safe(print, json);
	print_bytes(print, SLICE("\n"));
}

static bool has_item(const struct json *list, struct slice item)
{
	for (uint32_t i = json_first(0); i < json_end(list, 0); i = json_next(list, i))
		if (slice_equal(json_span(&list->node[i]), item))
			return true;
	return false;
}

static void print_items(struct print *print, enum tone tone, const char *sign, const struct json *list,
	const struct json *other)
{
	for (uint32_t i = json_first(0); i < json_end(list, 0); i = json_next(list, i))
		if (!has_item(other, json_span(&list->node[i])))
			print_side(print, tone, sign, json_span(&list->node[i]));
}

static bool parse_padded(struct json *json, struct slice text, struct buf *padded)
{
	static const char padding[JSON_PADDING];

	buf_init(padded, TEXT_MAX);
	buf_slice(padded, text);
	buf_add(padded, padding, sizeof(padding));
	return !padded->overflow && json_parse(json, padded->data, text.size, 1) == 0;
}

/* Of two lists only what one has and the other has not. */
static bool print_lists(struct print *print, struct slice before, struct slice after)
{
	struct json old, new;
	struct buf old_text, new_text;
	bool lists = before.size && before.data[0] == '[' && after.size && after.data[0] == '[';

	if (!lists)
		return false;
	json_init(&old, MEMBERS_MAX);
	json_init(&new, MEMBERS_MAX);
	lists = parse_padded(&old, before, &old_text);
	lists = parse_padded(&new, after, &new_text) && lists;
	if (lists) {
		print_items(print, TONE_BAD, "  - ", &old, &new);
		print_items(print, TONE_GOOD, "  + ", &new, &old);
	}
	buf_release(&old_text);
	buf_release(&new_text);
	json_release(&old);
	json_release(&new);
	return lists;
}

static void add_difference(struct differing *differing, struct slice field, struct slice before, struct slice after)
{
	struct print *print = &differing->tool->print;
	struct cell row[] = { cell_text(field), value_cell(before), value_cell(after) };

	differing->count++;
	if (print->format != PRINT_TABLE) {
		listing_row(&differing->listing, row);
		return;
	}
	print_safe(print, field);
	print_bytes(print, SLICE("\n"));
	if (print_lists(print, before, after))
		return;
	print_side(print, TONE_BAD, "  - ", before);
	print_side(print, TONE_GOOD, "  + ", after);
}

/* ---- comparing ------------------------------------------------------------------------------------------------------*/

static struct slice path_of(const char *parent, struct slice key, struct buf *path)
{
	buf_reset(path);
	buf_text(path, parent);
	if (json_decode_key(key, path) != 0)
		buf_slice(path, key);
	return buf_as_slice(path);
}

static void compare_objects(struct differing *differing, const char *parent, struct slice before, struct slice after);

static void compare_members(struct differing *differing, const char *parent, struct slice key, struct slice before,
	struct slice after, struct buf *path)
{
	if (slice_equal(before, after) || (!before.size && slice_is(after, "null")) || (!after.size && slice_is(before, "null")))
		return;
	if (!parent[0] && slice_is(key, "cardData"))
		compare_objects(differing, "cardData.", before, after);
	else
		add_difference(differing, path_of(parent, key, path), before, after);
}

static struct slice span_of(const struct json *json, uint32_t at)
{
	return at < json->count ? json_span(&json->node[at]) : SLICE_NONE;
}

/* Canonical objects have sorted keys: one pass over both. A card that is no object counts as one without members. */
static void merge_members(struct differing *differing, const char *parent, const struct json *before,
	const struct json *after)
{
	uint32_t old = json_first(0), new = json_first(0);
	struct buf path = BUF_INIT(TEXT_MAX);

	while (old < before->count || new < after->count) {
		int order = old >= before->count ? 1 : new >= after->count ? -1 :
			slice_compare(json_key(&before->node[old]), json_key(&after->node[new]));
		struct slice key = json_key(order <= 0 ? &before->node[old] : &after->node[new]);

		compare_members(differing, parent, key, order <= 0 ? span_of(before, old) : SLICE_NONE,
			order >= 0 ? span_of(after, new) : SLICE_NONE, &path);
		if (order <= 0)
			old = json_next(before, old);
		if (order >= 0)
			new = json_next(after, new);
	}
	buf_release(&path);
}

static void parse_object(struct json *json, struct slice text, struct buf *padded)
{
	json_init(json, MEMBERS_MAX);
	if (!text.size || text.data[0] != '{' || !parse_padded(json, text, padded))
		json->count = 1; /* the root alone: no members */
}

static void compare_objects(struct differing *differing, const char *parent, struct slice before, struct slice after)
{
	struct json old, new;
	struct buf old_text = { 0 }, new_text = { 0 };

	parse_object(&old, before, &old_text);
	parse_object(&new, after, &new_text);
	merge_members(differing, parent, &old, &new);
	json_release(&old);
	json_release(&new);
	buf_release(&old_text);
	buf_release(&new_text);
}

/* ---- the command ----------------------------------------------------------------------------------------------------*/

static bool read_version(const char *text, uint32_t versions, uint32_t *version)
{
	uint64_t number;

	if (!json_integer(slice_of(text), &number) || number < 1 || number > versions) {
		tool_say("'%s' is no version of this repo: it has 1 to %u", text, versions);
		return false;
	}
	*version = (uint32_t)number;
	return true;
}

static bool read_versions(const struct arguments *arguments, uint32_t versions, uint32_t *first, uint32_t *second)
{
	*second = versions;
	*first = versions > 1 ? versions - 1 : versions;
	if (arguments->count > 1 && !read_version(arguments->item[1], versions, first))
		return false;
	return arguments->count < 3 || read_version(arguments->item[2], versions, second);
}

static void head_members(const struct tool *tool, const struct repo_view *view, const struct version_view *old,
	const struct version_view *new, uint32_t first, uint32_t second, struct buf *out)
{
	struct object object = { .out = out };

	repo_members(tool, view, new->state.name, &object);
	object_number(&object, "before_version", first);
	object_number(&object, "after_version", second);
	object_moment(&object, "before_observed_at", old->snapshot.observed_at_ms);
	object_moment(&object, "after_observed_after", new->snapshot.observed_after_ms);
	object_moment(&object, "after_observed_at", new->snapshot.observed_at_ms);
	buf_char(out, ',');
}

static void print_heading(struct print *print, const struct version_view *old, const struct version_view *new,
	uint32_t first, uint32_t second)
{
	char old_moment[SHORT_MOMENT], new_moment[SHORT_MOMENT];

	print_safe(print, new->state.name);
	print_format_line(print, "  version %u (first seen %s) -> version %u (first seen %s)\n\n", first,
		short_moment(old->snapshot.observed_at_ms, old_moment), second,
		short_moment(new->snapshot.observed_at_ms, new_moment));
}

static void write_diff(struct tool *tool, struct repo_view *view, struct version_view *old, struct version_view *new,
	uint32_t first, uint32_t second)
{
	struct differing differing = { .tool = tool };
	struct buf head = BUF_INIT(TEXT_MAX), tail = BUF_INIT(65536);

	head_members(tool, view, old, new, first, second, &head);
	if (tool->print.format == PRINT_TABLE)
		print_heading(&tool->print, old, new, first, second);
	else
		listing_begin(&differing.listing, &tool->print, columns, ARRAY_COUNT(columns), "differences",
			buf_as_slice(&head));
	compare_objects(&differing, "", old->snapshot.canonical, new->snapshot.canonical);
	tool_tail(tool, &tail);
	if (tool->print.format != PRINT_TABLE)
		listing_end(&differing.listing, buf_as_slice(&tail));
	else if (!differing.count)
		print_tone(&tool->print, TONE_DIM, first == second ? "one version: nothing to compare\n" : "no difference\n");
	tool_footer(tool, 1u << view->found.ref.kind);
	buf_release(&head);
	buf_release(&tail);
}

static enum exit_status run(struct tool *tool, const struct arguments *arguments)
{
	struct repo_view view;
	struct version_view old = { .side = { 0 } }, new = { .side = { 0 } };
	enum exit_status status = repo_view_open(tool, arguments->item[0], 0, &view);
	uint32_t first, second;
	int code;

	if (status == EXIT_OK && !read_versions(arguments, view.found.ref.row.versions, &first, &second))
		status = EXIT_USAGE;
	if (status == EXIT_OK) {
		code = version_view_read(tool, &view, first, &old);
		if (!code)
			code = version_view_read(tool, &view, second, &new);
		if (code)
			status = tool_fail(tool, code, "reading the versions");
		else
			write_diff(tool, &view, &old, &new, first, second);
	}
	version_view_release(&old);
	version_view_release(&new);
	repo_view_release(&view);
	return status;
}

const struct command command_diff = {
	.name = "diff",
	.line = "what differs between two versions of a repo (the newest two)",
	.arguments = "REPO [V1 [V2]]",
	.arguments_min = 1,
	.arguments_max = 3,
	.details = "Stable metadata only, the card's fields one by one; V2 is the newest version where it is left out.\n"
		   "\nexamples:\n"
		   "  relicense diff tiiuae/falcon-40b\n"
		   "  relicense diff datasets/squad 1 3 --format json\n",
	.run = run,
};
