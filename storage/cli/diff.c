/* SPDX-License-Identifier: Apache-2.0 */
/* relicense diff: what differs between two versions of a repo. */
#include <stdio.h>

#include "storage/cli/commands.h"
#include "storage/cli/repo_view.h"
#include "storage/cli/version_at.h"
#include "storage/model/when.h"

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

/* ---- which two ------------------------------------------------------------------------------------------------------*/

/* One side: a version, or what the commits tell of a time before the first look, which is the license alone. */
struct picked {
	uint32_t version; /* 0: reconstructed */
	bool by_time;
	struct version_at answer; /* of a time */
	struct version_view view; /* of a version */
};

static enum exit_status pick_time(struct tool *tool, struct repo_view *view, int64_t at_ms, struct picked *picked)
{
	struct buf text = BUF_INIT(CHANGE_BYTES_MAX);
	int code = state_at(tool->reader, &view->found.ref, at_ms, &view->arena, &picked->answer);
	enum exit_status status = EXIT_OK;

	picked->by_time = true;
	picked->version = picked->answer.version;
	if (code) {
		status = tool_fail(tool, code, "reading the repo");
	} else if (!answer_is_known(&picked->answer)) {
		version_at_text(&picked->answer, &text);
		tool_say("%s", text.data);
		status = EXIT_UNKNOWN;
	}
	buf_release(&text);
	return status;
}

static enum exit_status pick(struct tool *tool, struct repo_view *view, const char *text, struct picked *picked)
{
	uint32_t versions = view->found.ref.row.versions;
	uint64_t number;
	int64_t at_ms;

	if (json_integer(slice_of(text), &number)) {
		if (number >= 1 && number <= versions) {
			picked->version = (uint32_t)number;
			return EXIT_OK;
		}
	} else if (when_read(slice_of(text), WHEN_END, tool->now_ms, &at_ms)) {
		enum exit_status status = tool_check_at(tool, at_ms);

		return status ? status : pick_time(tool, view, at_ms, picked);
	}
	tool_say("'%s' is no version of this repo, which has 1 to %u, and no time such as 2023-05-31", text, versions);
	return EXIT_USAGE;
}

static enum exit_status pick_both(struct tool *tool, struct repo_view *view, const struct arguments *arguments,
	struct picked *old, struct picked *new)
{
	uint32_t versions = view->found.ref.row.versions;
	enum exit_status status = EXIT_OK;

	new->version = versions;
	old->version = versions > 1 ? versions - 1 : versions;
	if (arguments->count > 1)
		status = pick(tool, view, arguments->item[1], old);
	if (status == EXIT_OK && arguments->count > 2)
		status = pick(tool, view, arguments->item[2], new);
	return status;
}

static int read_picked(struct tool *tool, struct repo_view *view, struct picked *picked)
{
	return picked->version ? version_view_read(tool, view, picked->version, &picked->view) : ERROR_NONE;
}

/* ---- the command ----------------------------------------------------------------------------------------------------*/

static void picked_members(const char *prefix, const struct picked *picked, struct object *object)
{
	char key[64];
	struct buf text = BUF_INIT(CHANGE_BYTES_MAX);

	if (picked->by_time)
		version_at_text(&picked->answer, &text);
	snprintf(key, sizeof(key), "%s_version", prefix);
	object_counter(object, key, (struct change_counter){ picked->version != 0, picked->version });
	snprintf(key, sizeof(key), "%s_certainty_text", prefix);
	object_text(object, key, buf_as_slice(&text));
	buf_release(&text);
}

static void head_members(const struct tool *tool, const struct repo_view *view, struct slice name, const struct picked *old,
	const struct picked *new, struct buf *out)
{
	struct object object = { .out = out };

	repo_members(tool, view, name, &object);
	repo_ref_member(view, name, &object);
	picked_members("before", old, &object);
	picked_members("after", new, &object);
	object_moment(&object, "before_observed_at", old->view.snapshot.observed_at_ms);
	object_moment(&object, "after_observed_after", new->view.snapshot.observed_after_ms);
	object_moment(&object, "after_observed_at", new->view.snapshot.observed_at_ms);
	buf_char(out, ',');
}

static bool has_metadata(const struct picked *picked)
{
	return picked->version && !picked->view.snapshot.retained_until_ms;
}

static void print_picked(struct print *print, const struct picked *picked)
{
	char moment[SHORT_MOMENT], dropped[SHORT_MOMENT];

	if (picked->version && !has_metadata(picked))
		print_format_line(print, "version %u (first seen %s; its metadata was kept until %s)", picked->version,
			short_moment(picked->view.snapshot.observed_at_ms, moment),
			short_moment(picked->view.snapshot.retained_until_ms, dropped));
	else if (picked->version)
		print_format_line(print, "version %u (first seen %s)", picked->version,
			short_moment(picked->view.snapshot.observed_at_ms, moment));
	else
		print_format_line(print, "what its commits tell");
}

static void print_certainty(struct print *print, const struct picked *picked)
{
	struct buf text = BUF_INIT(CHANGE_BYTES_MAX);

	if (picked->by_time) {
		version_at_text(&picked->answer, &text);
		print_safe(print, buf_as_slice(&text));
		print_bytes(print, SLICE("\n"));
	}
	buf_release(&text);
}

static void print_heading(struct print *print, struct slice name, const struct picked *old, const struct picked *new)
{
	print_safe(print, name);
	print_bytes(print, SLICE("  "));
	print_picked(print, old);
	print_bytes(print, SLICE(" -> "));
	print_picked(print, new);
	print_bytes(print, SLICE("\n"));
	print_certainty(print, old);
	print_certainty(print, new);
	print_bytes(print, SLICE("\n"));
}

/* The license alone, in the place and form of a card: what both series know. */
static void write_card(const struct statement *statement, struct buf *out)
{
	struct object whole = object_begin(out), card;

	object_key(&whole, "cardData");
	card = object_begin(out);
	object_key(&card, "license");
	if (statement->id_count != 1)
		buf_char(out, '[');
	for (unsigned i = 0; i < statement->id_count; i++) {
		buf_text(out, i ? "," : "");
		json_encode(statement->id[i], out);
	}
	if (statement->id_count != 1)
		buf_char(out, ']');
	object_text(&card, "license_link", statement->license_link.size ? statement->license_link : SLICE_NONE);
	object_text(&card, "license_name", statement->license_name.size ? statement->license_name : SLICE_NONE);
	object_end(&card);
	object_end(&whole);
}

static const struct statement *statement_of(const struct picked *picked)
{
	return picked->version ? &picked->view.state.statement : &picked->answer.past.side.state.statement;
}

static void compare_picked(struct differing *differing, const struct picked *old, const struct picked *new)
{
	struct buf before = BUF_INIT(TEXT_MAX), after = BUF_INIT(TEXT_MAX);

	if (has_metadata(old) && has_metadata(new)) {
		compare_objects(differing, "", old->view.snapshot.canonical, new->view.snapshot.canonical);
		return;
	}
	write_card(statement_of(old), &before);
	write_card(statement_of(new), &after);
	compare_objects(differing, "", buf_as_slice(&before), buf_as_slice(&after));
	buf_release(&before);
	buf_release(&after);
}

static void print_nothing(struct print *print, const struct picked *old, const struct picked *new)
{
	bool one = old->version && old->version == new->version;

	print_tone(print, TONE_DIM, one ? "one version: nothing to compare\n" :
				     has_metadata(old) && has_metadata(new) ? "no difference\n" : "no difference in the license\n");
}

static void write_diff(struct tool *tool, struct repo_view *view, const struct picked *old, const struct picked *new)
{
	struct slice name = new->version ? new->view.state.name : new->answer.past.side.state.name;
	struct differing differing = { .tool = tool };
	struct buf head = BUF_INIT(TEXT_MAX), tail = BUF_INIT(65536);

	tool_reads_no_more(tool);
	head_members(tool, view, name, old, new, &head);
	if (tool->print.format == PRINT_TABLE)
		print_heading(&tool->print, name, old, new);
	else
		listing_begin(&differing.listing, &tool->print, columns, ARRAY_COUNT(columns), "differences",
			buf_as_slice(&head));
	compare_picked(&differing, old, new);
	tool_tail(tool, &tail);
	if (tool->print.format != PRINT_TABLE)
		listing_end(&differing.listing, buf_as_slice(&tail));
	else if (!differing.count)
		print_nothing(&tool->print, old, new);
	tool_footer(tool, 1u << view->found.ref.kind);
	buf_release(&head);
	buf_release(&tail);
}

static enum exit_status run(struct tool *tool, const struct arguments *arguments)
{
	struct repo_view view;
	struct picked old = { .version = 0 }, new = { .version = 0 };
	enum exit_status status = repo_view_open(tool, arguments->item[0], 0, &view);
	int code;

	if (status == EXIT_OK)
		status = pick_both(tool, &view, arguments, &old, &new);
	if (status == EXIT_OK) {
		code = read_picked(tool, &view, &old);
		if (!code)
			code = read_picked(tool, &view, &new);
		if (code)
			status = tool_fail(tool, code, "reading the versions");
		else
			write_diff(tool, &view, &old, &new);
	}
	version_view_release(&old.view);
	version_view_release(&new.view);
	repo_view_release(&view);
	return status;
}

const struct command command_diff = {
	.name = "diff",
	.line = "what differs between two versions of a repo, or two times (the newest two versions)",
	.arguments = "REPO [V1 [V2]]",
	.arguments_min = 1,
	.arguments_max = 3,
	.details = "Stable metadata only, the card's fields one by one; V2 is the newest version where it is left out. In place of\n"
		   "a version a time may stand, a bare date for the end of that day: what was there then. Of a time before the\n"
		   "first look the commits tell the license alone, which is then all that is compared; the same where retention has\n"
		   "dropped the metadata of a version.\n"
		   "\nexamples:\n"
		   "  relicense diff tiiuae/falcon-40b\n"
		   "  relicense diff tiiuae/falcon-40b 2023-05-30 2023-06-01\n"
		   "  relicense diff datasets/squad 1 3 --format json\n",
	.run = run,
};
