/* SPDX-License-Identifier: Apache-2.0 */
/* relicense show: what is known of a repo, now or at a time. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "storage/cli/commands.h"
#include "storage/cli/repo_view.h"
#include "storage/cli/show_text.h"
#include "storage/cli/version_at.h"

static struct {
	int64_t at_ms; /* 0: now */
	bool metadata;
	const char *from;
	int text; /* enum text_kind; TEXT_KINDS: none */
} options = { .text = TEXT_KINDS };

static const struct option_row rows[] = {
	{ "at", 0, VALUE_END, "TIME", "as it was then; a bare date means the end of that day, UTC", &options.at_ms, NULL },
	{ "metadata", 0, VALUE_FLAG, NULL, "in a table: the whole stored metadata too (json has it always)",
		&options.metadata, NULL },
	{ "from", 0, VALUE_TEXT, "FILE", "the repos that stand in FILE, one a line (- is standard input)", &options.from, NULL },
	{ "text", 0, VALUE_WORD, NULL, "print the text that was seen last, and nothing else", &options.text, text_kind_words },
};

struct showing {
	struct repo_view view;
	struct version_at answer;
	struct version_view version; /* of the answer; not read where it has none */
	const struct state *state;   /* of the version, or what was reconstructed; NULL: not known */
	struct slice side;           /* the same as in a record */
	struct slice name_now;       /* of the newest version */
	struct change_counter downloads, likes;
	struct text_entry texts; /* as they are now */
	int64_t last_seen_ms;
};

/* ---- finding out ----------------------------------------------------------------------------------------------------*/

static int read_newest(struct tool *tool, struct showing *showing)
{
	const struct repo_ref *ref = &showing->view.found.ref;
	struct version_view newest;
	struct version_at now = { .version = 0 };
	int code = version_view_read(tool, &showing->view, showing->view.found.ref.row.versions, &newest);

	if (!code)
		showing->name_now = newest.state.name;
	version_view_release(&newest);
	if (!code)
		code = version_at(tool->reader, ref, 0, &showing->view.arena, &now);
	if (!code)
		showing->last_seen_ms = now.until_ms;
	return code;
}

static int read_state(struct tool *tool, struct showing *showing)
{
	const struct version_at *answer = &showing->answer;
	int code = ERROR_NONE;

	if (answer->series == SERIES_RECONSTRUCTED) {
		showing->state = &answer->past.side.state;
		showing->side = answer->past.side.json;
	} else if (answer->version) {
		code = version_view_read(tool, &showing->view, answer->version, &showing->version);
		showing->state = &showing->version.state;
		showing->side = buf_as_slice(&showing->version.side);
	}
	return code;
}

static int find_out(struct tool *tool, struct showing *showing)
{
	const struct repo_ref *ref = &showing->view.found.ref;
	int code = state_at(tool->reader, ref, options.at_ms, &showing->view.arena, &showing->answer);

	if (!code)
		code = read_newest(tool, showing);
	if (!code)
		code = read_state(tool, showing);
	if (!code && !options.at_ms && reader_counters(tool->reader, ref->row.number, &showing->downloads, &showing->likes))
		showing->downloads.known = showing->likes.known = false;
	if (!code && !options.at_ms)
		code = show_texts_read(tool, &showing->view, &showing->texts);
	return code;
}

static struct slice name_of(const struct showing *showing)
{
	return showing->answer.version ? showing->state->name : showing->name_now; /* commits tell no names */
}

/* ---- for programs ---------------------------------------------------------------------------------------------------*/

/* The commit of a record: as it stands there, with its seq and where the Hub shows it. */
static void commit_member(const char *key, const struct past_commit *commit, struct object *out)
{
	struct buf url = BUF_INIT(CHANGE_BYTES_MAX);
	struct object object;

	if (!commit->seq) {
		object_raw(out, key, SLICE_NONE);
		return;
	}
	object_key(out, key);
	object = object_begin(out->out);
	object_number(&object, "seq", commit->seq);
	object_moment(&object, "at", commit->at_ms);
	object_raw(&object, "commit", commit->commit);
	past_commit_url(commit, &url);
	object_text(&object, "url", buf_as_slice(&url));
	object_end(&object);
	buf_release(&url);
}

static void answer_members(const struct version_at *answer, struct object *object)
{
	struct buf text = BUF_INIT(CHANGE_BYTES_MAX);
	bool known = answer->version != 0;

	version_at_text(answer, &text);
	object_moment(object, "at", options.at_ms);
	object_word(object, "certainty", certainty_name(answer->certainty));
	object_text(object, "certainty_text", buf_as_slice(&text));
	object_moment(object, "first_seen", known ? answer->from_ms : 0);
	object_moment(object, "last_seen", known ? answer->until_ms : 0);
	object_moment(object, "next_seen", answer->certainty == CERTAINTY_UNCHANGED || !known ? 0 : answer->next_ms);
	object_moment(object, "first_look", known ? 0 : answer->first_look_ms);
	object_word(object, "series", series_name(answer->series));
	commit_member("from_commit", &answer->past.begin, object);
	commit_member("until_commit", &answer->past.end, object);
	object_text(object, "reason", answer->reason);
	buf_release(&text);
}

static void row_members(const struct showing *showing, struct object *object)
{
	const struct repo_row *row = &showing->view.found.ref.row;

	object_number(object, "versions", row->versions);
	object_bool(object, "gone", row->flags & REPO_GONE);
	object_moment(object, "created_at", row->created_ms);
	object_moment(object, "repo_first_seen", row->first_seen_ms);
	object_moment(object, "repo_last_seen", showing->last_seen_ms);
	object_moment(object, "last_modified", options.at_ms ? 0 : row->last_modified_ms);
	object_counter(object, "downloads_30d", showing->downloads);
	object_counter(object, "likes", showing->likes);
	object_text(object, "repo_now", showing->name_now);
	object_moment(object, "name_until", showing->view.found.until_ms);
}

static void passed_on_member(const struct showing *showing, struct object *object)
{
	char oid[OID_HEX + 1];

	oid_write(&showing->view.found.now_oid, oid);
	object_word(object, "name_borne_now_by", showing->view.found.passed_on ? oid : NULL);
	earlier_bearer_member(&showing->view, object);
}

static bool has_metadata(const struct showing *showing)
{
	return showing->answer.version && !showing->version.snapshot.retained_until_ms;
}

static void write_object(struct tool *tool, struct showing *showing)
{
	struct buf text = BUF_INIT(64 << 20);
	struct object object = object_begin(&text);

	repo_members(tool, &showing->view, name_of(showing), &object);
	repo_ref_member(&showing->view, name_of(showing), &object);
	answer_members(&showing->answer, &object);
	object_raw(&object, "state", showing->side);
	row_members(showing, &object);
	passed_on_member(showing, &object);
	show_texts_member(&showing->texts, &object);
	object_raw(&object, "metadata", has_metadata(showing) ? showing->version.snapshot.canonical : SLICE_NONE);
	object_raw(&object, "derived", has_metadata(showing) ? showing->version.snapshot.derived : SLICE_NONE);
	object_moment(&object, "retained_until", showing->version.snapshot.retained_until_ms);
	as_of_members(&tool->as_of, &object);
	object_end(&object);
	tool_print_object(tool, &text);
	buf_release(&text);
}

/* ---- csv ------------------------------------------------------------------------------------------------------------*/

enum { LEADING = 9, TRAILING = 7, COLUMNS = LEADING + RECORD_SIDE_FIELD_COUNT + TRAILING };

static const char *const leading[LEADING] = { "kind", "oid", "repo_now", "at", "certainty", "certainty_text", "first_seen",
	"last_seen", "versions" };
static const char *const trailing[TRAILING] = { "downloads_30d", "likes", "as_of", "tables", "series",
	"reason", "ref" };

/* The members of the object's own text, cell by cell: csv and json cannot tell different things. */
static void write_row(struct tool *tool, struct showing *showing)
{
	static struct listing listing; /* of all repos that are asked for: one header */
	static struct column columns[COLUMNS];
	struct buf text = BUF_INIT(64 << 20);
	struct object object = object_begin(&text);
	struct cell row[COLUMNS] = { { 0 } };
	struct record record, side;
	unsigned count = 0;

	repo_members(tool, &showing->view, name_of(showing), &object);
	repo_ref_member(&showing->view, name_of(showing), &object);
	answer_members(&showing->answer, &object);
	row_members(showing, &object);
	as_of_members(&tool->as_of, &object);
	object_end(&object);
	record_init(&record);
	record_init(&side);
	record_read(&record, buf_as_slice(&text));
	for (unsigned i = 0; i < LEADING; i++, count++) {
		columns[count].name = leading[i];
		row[count] = record_member_cell(&record, leading[i]);
	}
	if (showing->side.size)
		side_cells(&side, showing->side, row + LEADING);
	for (unsigned i = 0; i < RECORD_SIDE_FIELD_COUNT; i++, count++)
		columns[count].name = record_columns[AFTER_VERSION + i].name + strlen("after_");
	for (unsigned i = 0; i < TRAILING; i++, count++) {
		columns[count].name = trailing[i];
		row[count] = record_member_cell(&record, trailing[i]);
	}
	if (!listing.print)
		listing_begin(&listing, &tool->print, columns, COLUMNS, "", SLICE(""));
	listing_row(&listing, row);
	record_release(&side);
	record_release(&record);
	buf_release(&text);
}

/* ---- for people -----------------------------------------------------------------------------------------------------*/

static void line_text(struct print *print, const char *label, struct slice text)
{
	if (!text.size)
		return;
	print_format_line(print, "  %-15s", label);
	print_safe(print, text);
	print_bytes(print, SLICE("\n"));
}

static const char *const commercial_meanings[LICENSE_COMMERCIAL_COUNT] = {
	[LICENSE_COMMERCIAL_NO] = "not allowed", [LICENSE_COMMERCIAL_CONDITIONAL] = "allowed under conditions",
	[LICENSE_COMMERCIAL_YES] = "allowed",    [LICENSE_COMMERCIAL_UNKNOWN] = "not known",
};

static const char *const basis_words[LICENSE_BASIS_COUNT] = {
	[LICENSE_BY_ID] = "the license id",     [LICENSE_BY_ALIAS] = "another spelling of the license id",
	[LICENSE_BY_NAME] = "license_name",     [LICENSE_BY_LINK] = "license_link",
	[LICENSE_BY_TEXT] = "the license text", [LICENSE_BY_PATTERN] = "words in its name",
};

static void print_license(struct tool *tool, const struct showing *showing)
{
	const struct state *state = showing->state;
	const struct license_meaning *meaning = &state->meaning;
	struct print *print = &tool->print;
	struct buf text = BUF_INIT(65536);
	struct record record;

	record_init(&record);
	print_format_line(print, "  %-15s", "license");
	version_at_doubt(&showing->answer, &text);
	buf_char(&text, 0);
	print_tone(print, TONE_WARN, text.data);
	buf_reset(&text);
	buf_slice(&text, side_license(&record, showing->side));
	print_safe(print, buf_as_slice(&text));
	print_bytes(print, SLICE("\n"));
	line_text(print, "license_link", state->statement.license_link);
	buf_reset(&text);
	buf_text(&text, license_class_name(meaning->class));
	if (meaning->rank != LICENSE_NO_RANK)
		buf_printf(&text, ", restrictiveness %d of 10 (0 = most open)", meaning->rank);
	buf_printf(&text, "; commercial use: %s", commercial_meanings[meaning->commercial]);
	if (meaning->basis != LICENSE_BY_NOTHING)
		buf_printf(&text, " (judged from %s)", basis_words[meaning->basis]);
	line_text(print, "class", buf_as_slice(&text));
	if (meaning->name_differs)
		line_text(print, "", SLICE("its license_name speaks of another class than the id, which counts"));
	line_text(print, "spdx", slice_of(meaning->spdx));
	record_release(&record);
	buf_release(&text);
}

static void print_bases(struct print *print, const struct state *state)
{
	for (unsigned i = 0; i < state->base_count; i++)
		line_text(print, i ? "" : "base model", state->base[i]);
}

static void print_settings(struct print *print, const struct state *state)
{
	line_text(print, "access", state->gated == GATED_NO ? SLICE("open") : slice_of(gated_name(state->gated)));
	if (state->gated != GATED_NO)
		line_text(print, "", SLICE("(gated: the Hub asks before it gives files)"));
	if (state->disabled)
		line_text(print, "", SLICE("disabled by the Hub"));
	if (state->is_private)
		line_text(print, "", SLICE("private"));
}

static void print_version(struct print *print, const struct showing *showing)
{
	char sha[SHA_HEX + 1];

	sha_write(showing->version.snapshot.sha, sha);
	print_format_line(print, "  %-15s%u of %u", "version", showing->answer.version,
		showing->view.found.ref.row.versions);
	if (sha_is_known(showing->version.snapshot.sha))
		print_format_line(print, ", commit %.12s", sha);
	print_bytes(print, SLICE("\n"));
}

/* For a reader who wants to see it on the Hub. */
static void print_commit(struct print *print, const char *label, const struct past_commit *commit)
{
	struct buf url = BUF_INIT(CHANGE_BYTES_MAX);

	if (commit->seq)
		past_commit_url(commit, &url);
	line_text(print, label, buf_as_slice(&url));
	buf_release(&url);
}

static void print_state(struct tool *tool, const struct showing *showing)
{
	struct print *print = &tool->print;

	print_license(tool, showing);
	if (showing->answer.version)
		print_settings(print, showing->state);
	print_bases(print, showing->state);
	if (showing->answer.version) {
		print_version(print, showing);
	} else {
		print_commit(print, "by commit", &showing->answer.past.begin);
		print_commit(print, "changed by", &showing->answer.past.end);
	}
}

static void print_figures(struct print *print, const struct showing *showing)
{
	const struct repo_row *row = &showing->view.found.ref.row;
	char moment[SHORT_MOMENT], count[COUNTED];

	if (row->created_ms)
		print_format_line(print, "  %-15s%s (by the Hub)\n", "created", short_moment(row->created_ms, moment));
	if (!options.at_ms && row->last_modified_ms)
		print_format_line(print, "  %-15s%s (by the Hub)\n", "modified", short_moment(row->last_modified_ms, moment));
	if (showing->downloads.known)
		print_format_line(print, "  %-15s%s in 30 days\n", "downloads", count_text(showing->downloads.value, count));
	if (showing->likes.known)
		print_format_line(print, "  %-15s%s\n", "likes", count_text(showing->likes.value, count));
}

static void print_heading(struct tool *tool, const struct showing *showing)
{
	struct print *print = &tool->print;
	struct buf name = BUF_INIT(65536);
	char oid[OID_HEX + 1], moment[SHORT_MOMENT];

	buf_text(&name, repo_kinds[showing->view.found.ref.kind].prefix);
	buf_slice(&name, name_of(showing));
	oid_write(&showing->view.found.ref.oid, oid);
	print_safe(print, buf_as_slice(&name));
	print_format_line(print, "  (%s %s)", repo_kinds[showing->view.found.ref.kind].name, oid);
	if (options.at_ms)
		print_format_line(print, "  at %s", short_moment(options.at_ms, moment));
	print_bytes(print, SLICE("\n"));
	buf_release(&name);
}

static void print_certainty(struct print *print, const struct version_at *answer)
{
	struct buf text = BUF_INIT(65536);

	version_at_text(answer, &text);
	print_safe(print, buf_as_slice(&text));
	print_bytes(print, SLICE("\n"));
	buf_release(&text);
}

/* What is in doubt says so before all else. */
static void print_card(struct tool *tool, struct showing *showing)
{
	bool sure = showing->answer.certainty == CERTAINTY_UNCHANGED;
	struct print *print = &tool->print;
	char moment[SHORT_MOMENT];

	print_heading(tool, showing);
	if (!sure)
		print_certainty(print, &showing->answer);
	if (showing->state)
		print_state(tool, showing);
	print_figures(print, showing);
	show_texts_lines(print, &showing->texts);
	if (sure) {
		print_bytes(print, SLICE("\n"));
		print_certainty(print, &showing->answer);
	}
	print_name_notes(tool, &showing->view, showing->name_now);
	if (options.metadata && has_metadata(showing)) {
		print_bytes(print, SLICE("\n"));
		print_safe(print, showing->version.snapshot.canonical);
		print_bytes(print, SLICE("\n"));
	} else if (options.metadata && showing->answer.version) {
		print_format_line(print, "\nits metadata was kept until %s (retention): license, name, access and lineage are known\n",
			short_moment(showing->version.snapshot.retained_until_ms, moment));
	}
	if (!options.from)
		tool_footer(tool, 1u << showing->view.found.ref.kind);
}

/* ---- the command ----------------------------------------------------------------------------------------------------*/

static void write_showing(struct tool *tool, struct showing *showing)
{
	tool_reads_no_more(tool);
	switch (tool->print.format) {
	case PRINT_TABLE:
		print_card(tool, showing);
		break;
	case PRINT_CSV:
	case PRINT_TSV:
		write_row(tool, showing);
		break;
	default:
		write_object(tool, showing);
	}
}

static enum exit_status show_repo(struct tool *tool, const char *repo)
{
	struct showing showing = { .downloads = { 0 } };
	enum exit_status status = repo_view_open(tool, repo, options.at_ms, &showing.view);
	int code;

	if (status == EXIT_OK) {
		code = find_out(tool, &showing);
		if (code)
			status = tool_fail(tool, code, "reading the repo");
		else if (options.text != TEXT_KINDS)
			status = show_text(tool, &showing.texts.seen[options.text]);
		else
			write_showing(tool, &showing);
	}
	if (status == EXIT_OK && showing.answer.certainty == CERTAINTY_UNKNOWN) {
		print_answered(&tool->print);
		status = EXIT_UNKNOWN;
	}
	version_view_release(&showing.version);
	repo_view_release(&showing.view);
	return status;
}

/* Of many answers: damage counts before what is only not known, and whatever ends the command before both. */
static enum exit_status worse(enum exit_status one, enum exit_status other)
{
	if (one > EXIT_UNKNOWN || other > EXIT_UNKNOWN)
		return one > other ? one : other;
	return one == EXIT_DAMAGE || other == EXIT_OK ? one : other;
}

/* One a line; a line that is empty or begins with # is none. */
static enum exit_status show_lines(struct tool *tool, FILE *in)
{
	enum exit_status status = EXIT_OK;
	char *line = NULL;
	size_t room = 0;
	bool first = true;

	while (status <= EXIT_UNKNOWN && !print_ended(&tool->print) && getline(&line, &room, in) >= 0) {
		line[strcspn(line, "\r\n")] = 0;
		if (!line[0] || line[0] == '#')
			continue;
		if (!first && tool->print.format == PRINT_TABLE)
			print_bytes(&tool->print, SLICE("\n"));
		first = false;
		status = worse(status, show_repo(tool, line));
	}
	free(line);
	if (status == EXIT_UNKNOWN)
		print_answered(&tool->print);
	if (status <= EXIT_UNKNOWN)
		tool_footer(tool, ALL_KINDS);
	return status;
}

static enum exit_status show_file(struct tool *tool, const char *path)
{
	FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	enum exit_status status;

	if (!in) {
		tool_say("%s cannot be read: %s", path, strerror(errno));
		return EXIT_USAGE;
	}
	status = show_lines(tool, in);
	if (in != stdin)
		fclose(in);
	return status;
}

static enum exit_status run(struct tool *tool, const struct arguments *arguments)
{
	if (arguments->count && strcmp(arguments->item[0], "-") == 0)
		options.from = "-";
	else if ((options.from != NULL) == (arguments->count == 1)) {
		tool_say("usage: relicense show REPO, or relicense show --from FILE, with one REPO a line (relicense help show)");
		return EXIT_USAGE;
	}
	return options.from ? show_file(tool, options.from) : show_repo(tool, arguments->item[0]);
}

const struct command command_show = {
	.name = "show",
	.line = "what a repo declares now, or declared at a time, and how sure that is",
	.arguments = "[REPO]",
	.arguments_max = 1,
	.details = "A name means the repo that bore it at that time. Before the first look its commits may tell, where they were\n"
		   "searched (relicensed --backfill): then the answer says reconstructed, tells the license alone, and is dated\n"
		   "by the committers' clocks. Else it is not known: status 2.\n"
		   "Of many repos (--from FILE, or - for standard input) each is an answer of its own; status 2 where one is not known.\n"
		   "\nexamples:\n"
		   "  relicense show tiiuae/falcon-40b\n"
		   "  relicense show tiiuae/falcon-40b --at 2023-05-30\n"
		   "  relicense show tiiuae/falcon-40b --text license\n"
		   "  relicense changes --format ndjson | jq -r .ref | relicense show -\n"
		   "  relicense show datasets/squad --format json | jq .state.license\n",
	.options = { rows, ARRAY_COUNT(rows) },
	.run = run,
};
