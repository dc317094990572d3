/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/cli/repo_view.h"

#include "storage/cli/repo_near.h"

static enum exit_status say_not_found(const struct tool *tool, const char *argument, enum repo_kind other_kind,
	const struct repo_query *query)
{
	char near[REPO_NEAR_SIZE];

	if (other_kind < REPO_KINDS)
		tool_say("not known: no %s is called '%s'; there is %s%.*s", repo_kinds[query->kind].name, argument,
			repo_kinds[other_kind].prefix, (int)query->name.size, query->name.data);
	else if (!tool->as_of.at_ms)
		tool_say("not known: nothing was looked at yet");
	else if (repo_near(tool->reader, query, near))
		tool_say("not known: no repo called '%s' was ever seen; did you mean %s?", argument, near);
	else
		tool_say("not known: no repo called '%s' was ever seen", argument);
	return EXIT_UNKNOWN;
}

static int read_earlier_name(struct tool *tool, struct repo_view *view)
{
	struct state state;
	int code;

	if (!view->found.earlier_count)
		return ERROR_NONE;
	code = reader_newest(tool->reader, &view->found.earlier.ref, &view->arena, &state);
	view->earlier_name = code ? SLICE_NONE : state.name;
	return code;
}

enum exit_status repo_view_open(struct tool *tool, const char *argument, int64_t at_ms, struct repo_view *view)
{
	enum repo_kind other_kind;
	enum exit_status status;
	int code;

	*view = (struct repo_view){ 0 };
	status = tool_open(tool);
	if (!status)
		status = tool_check_at(tool, at_ms);
	if (status)
		return status;
	if (!repo_query_read(argument, store_hub(tool->store), &view->query)) {
		tool_say("'%s' is no repo: it takes owner/name, datasets/owner/name, spaces/owner/name or an _id", argument);
		return EXIT_USAGE;
	}
	code = repo_find(tool->reader, &view->query, at_ms, &view->found, &other_kind);
	if (code == ERROR_NOT_FOUND)
		return say_not_found(tool, argument, other_kind, &view->query);
	if (!code)
		code = read_earlier_name(tool, view);
	return code ? tool_fail(tool, code, "looking for the repo") : EXIT_OK;
}

void repo_view_release(struct repo_view *view)
{
	arena_release(&view->arena);
}

int version_view_read(struct tool *tool, struct repo_view *view, uint32_t version, struct version_view *version_view)
{
	struct change_side side = { .state = &version_view->state, .version = version };
	int code;

	*version_view = (struct version_view){ .side = BUF_INIT(CHANGE_BYTES_MAX) };
	code = reader_snapshot(tool->reader, view->found.ref.row.number, version, &view->arena, &version_view->snapshot);
	if (!code)
		code = reader_state(tool->reader, &version_view->snapshot, &view->arena, &version_view->state);
	if (code)
		return code;
	memcpy(side.sha, version_view->snapshot.sha, SHA_BYTES);
	change_side_write(&side, &version_view->side);
	return ERROR_NONE;
}

void version_view_release(struct version_view *version_view)
{
	buf_release(&version_view->side);
}

void repo_members(const struct tool *tool, const struct repo_view *view, struct slice name, struct object *object)
{
	enum repo_kind kind = view->found.ref.kind;
	struct buf url = BUF_INIT(CHANGE_BYTES_MAX);
	char oid[OID_HEX + 1];

	oid_write(&view->found.ref.oid, oid);
	buf_printf(&url, "%s/%s", store_hub(tool->store), repo_kinds[kind].prefix);
	buf_slice(&url, name);
	object_word(object, "kind", repo_kinds[kind].name);
	object_text(object, "repo", name);
	object_word(object, "oid", oid);
	object_text(object, "url", buf_as_slice(&url));
	buf_release(&url);
}

void repo_ref_member(const struct repo_view *view, struct slice name, struct object *object)
{
	struct buf ref = BUF_INIT(CHANGE_BYTES_MAX);

	buf_text(&ref, repo_kinds[view->found.ref.kind].prefix);
	buf_slice(&ref, name);
	object_text(object, "ref", name.size ? buf_as_slice(&ref) : SLICE_NONE);
	buf_release(&ref);
}

static bool read_side(struct record *record, struct slice side)
{
	struct buf line = BUF_INIT(CHANGE_BYTES_MAX);
	bool read;

	buf_text(&line, "{\"after\":");
	buf_slice(&line, side);
	buf_char(&line, '}');
	read = record_read(record, buf_as_slice(&line));
	buf_release(&line);
	return read;
}

void side_cells(struct record *record, struct slice side, struct cell cells[RECORD_SIDE_FIELD_COUNT])
{
	read_side(record, side);
	for (unsigned i = 0; i < RECORD_SIDE_FIELD_COUNT; i++)
		cells[i] = record_cell(record, AFTER_VERSION + i);
}

struct slice side_license(struct record *record, struct slice side)
{
	return read_side(record, side) ? record_license(record, AFTER) : SLICE_NONE;
}

/* A repo that is gone bore its name until then. */
static int64_t borne_until(const struct bearer *bearer)
{
	bool gone = bearer->ref.row.flags & REPO_GONE;

	return bearer->until_ms ? bearer->until_ms : gone ? bearer->ref.row.last_written_ms : 0;
}

void earlier_bearer_member(const struct repo_view *view, struct object *object)
{
	const struct bearer *earlier = &view->found.earlier;
	char oid[OID_HEX + 1];
	struct object member;

	if (!view->found.earlier_count) {
		object_raw(object, "name_borne_before_by", SLICE_NONE);
		return;
	}
	oid_write(&earlier->ref.oid, oid);
	object_key(object, "name_borne_before_by");
	member = object_begin(object->out);
	object_number(&member, "count", view->found.earlier_count);
	object_word(&member, "oid", oid);
	object_text(&member, "repo", view->earlier_name);
	object_moment(&member, "until", borne_until(earlier));
	object_bool(&member, "gone", earlier->ref.row.flags & REPO_GONE);
	object_end(&member);
}

static void print_old_name(struct print *print, const struct repo_view *view, struct slice name)
{
	char moment[SHORT_MOMENT];

	if (!view->found.until_ms)
		return;
	print_format_line(print, "It was called ");
	print_safe(print, view->query.name);
	print_format_line(print, " until %s", short_moment(view->found.until_ms, moment));
	if (name.size) {
		print_format_line(print, ", then ");
		print_safe(print, name);
	}
	print_format_line(print, ".\n");
}

static void print_earlier_bearer(struct print *print, const struct repo_view *view)
{
	const struct bearer *earlier = &view->found.earlier;
	uint64_t count = view->found.earlier_count;
	char moment[SHORT_MOMENT], oid[OID_HEX + 1];

	if (!count)
		return;
	oid_write(&earlier->ref.oid, oid);
	if (count == 1)
		print_format_line(print, "Before it another repo bore this name: %s", oid);
	else
		print_format_line(print, "Before it %llu other repos bore this name, last %s", (unsigned long long)count, oid);
	if (earlier->until_ms) {
		print_format_line(print, ", until %s; it is called ", short_moment(earlier->until_ms, moment));
		print_safe(print, view->earlier_name);
		print_format_line(print, earlier->ref.row.flags & REPO_GONE ? ", and is gone" : " now");
	} else if (earlier->ref.row.flags & REPO_GONE) {
		print_format_line(print, ", until it was confirmed gone %s", short_moment(borne_until(earlier), moment));
	} else {
		print_format_line(print, ", which was not seen under another name yet");
	}
	print_format_line(print, ".\nTo ask for it: relicense show %s; for who bore the name at a time: --at TIME\n", oid);
}

void print_name_notes(struct tool *tool, const struct repo_view *view, struct slice name)
{
	char oid[OID_HEX + 1];

	print_old_name(&tool->print, view, name);
	if (view->found.passed_on) {
		oid_write(&view->found.now_oid, oid);
		print_format_line(&tool->print, "Another repo bears the name now: %s (relicense show %s)\n", oid, oid);
	}
	print_earlier_bearer(&tool->print, view);
}
