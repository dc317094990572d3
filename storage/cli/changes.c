/* SPDX-License-Identifier: Apache-2.0 */
/* relicense changes: the change log, filtered. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>

#include "config/nearest.h"
#include "storage/cli/commands.h"
#include "storage/cli/evidence.h"
#include "storage/cli/filter.h"
#include "storage/cli/log_plan.h"
#include "storage/model/moment.h"
#include "storage/model/repo_address.h"
#include "storage/model/row.h"

enum { NAME_TEXT_MAX = ROW_NAME_MAX + 16, TERMINAL_LIMIT = 50, MORE_MAX = 1000, FOLLOW_INTERVAL_MS = 1000 };

#define NOT_GIVEN UINT64_MAX

static struct {
	bool all, follow, oldest_first, no_evidence;
	struct text_list events, repos, owners;
	int64_t since_ms, until_ms;
	const char *from, *to;
	unsigned kinds, directions, commercials, origins, concerns; /* a bit for each word; 0: any */
	uint64_t downloads_min, limit, after;
} options = {
	.until_ms = MOMENT_LAST,
	.limit = NOT_GIVEN,
	.after = NOT_GIVEN,
};

static const struct option_row rows[] = {
	{ "all", 'a', VALUE_FLAG, NULL, "every event, not only license.declared, withdrawn, switched, terms; --event counts "
		"where both stand", &options.all, NULL },
	{ "event", 'e', VALUE_LIST, "GLOBS", "these events: 'license.*', repo.renamed,repo.gone", &options.events, NULL },
	{ "concern", 0, VALUE_WORDS_OR_ALL, NULL, "bad news alone, of all these sorts or of those named", &options.concerns,
		concern_words },
	{ "since", 0, VALUE_START, "TIME", "from then on: 2023-05-31 or 2023-05 (its start), 2023-05-31T12:00:00+02:00, "
		"yesterday, or 7d (ago); UTC where nothing else is said", &options.since_ms, NULL },
	{ "until", 0, VALUE_END, "TIME", "up to then; a day or month means its end", &options.until_ms, NULL },
	{ "repo", 'r', VALUE_LIST, "GLOBS", "names: 'tiiuae/*', 'datasets/*/squad*', or an _id; the same as arguments",
		&options.repos, NULL },
	{ "owner", 0, VALUE_LIST, "NAMES", "these owners' repos", &options.owners, NULL },
	{ "kind", 'k', VALUE_WORDS, NULL, "these kinds of repo", &options.kinds, kind_words },
	{ "from-license", 0, VALUE_TEXT, "ID", "before: an id, a license_name, class:NAME, or none", &options.from, NULL },
	{ "to-license", 0, VALUE_TEXT, "ID", "after: the same", &options.to, NULL },
	{ "direction", 0, VALUE_WORDS, NULL, "how openness moved", &options.directions, direction_words },
	{ "commercial", 0, VALUE_WORDS, NULL, "how commercial use moved (gained no to yes, lost yes to no; widened, narrowed: "
		"by way of conditional)", &options.commercials, commercial_words },
	{ "origin", 0, VALUE_WORDS, NULL, "seen by us, from commits, or from older dumps", &options.origins, origin_words },
	{ "min-downloads", 0, VALUE_NUMBER, "N", "at least so many downloads in 30 days", &options.downloads_min, NULL },
	{ "limit", 'n', VALUE_NUMBER, "N", "at most so many; 0: all (50 on a terminal)", &options.limit, NULL },
	{ "after", 0, VALUE_NUMBER, "SEQ", "entries after number SEQ, oldest first", &options.after, NULL },
	{ "oldest-first", 0, VALUE_FLAG, NULL, "by time, the oldest first", &options.oldest_first, NULL },
	{ "no-evidence", 0, VALUE_FLAG, NULL, "json, ndjson: the stored record only, without what was learnt about it later",
		&options.no_evidence, NULL },
	{ "follow", 0, VALUE_FLAG, NULL, "go on with what arrives from now on (or after --after, from --since)",
		&options.follow, NULL },
};

/* ---- from options to filter ---------------------------------------------------------------------------------------*/

static void say_no_event(struct slice glob)
{
	char hint[NEAREST_HINT_SIZE], wanted[NEAREST_TEXT_MAX + 1];
	struct nearest nearest;

	snprintf(wanted, sizeof(wanted), "%.*s", (int)(glob.size < NEAREST_TEXT_MAX ? glob.size : NEAREST_TEXT_MAX), glob.data);
	nearest_begin(&nearest, wanted);
	for (unsigned i = 0; i < EVENT_COUNT; i++)
		nearest_try(&nearest, event_name((enum event)i), strlen(event_name((enum event)i)));
	tool_say("no event is called '%s'%s (relicense schema changes lists them)", wanted,
		nearest_hint(&nearest, "", hint));
}

static bool make_events(struct filter *filter)
{
	if (options.all && !options.events.count)
		filter_add_events(filter, SLICE("*"));
	else if (!options.events.count)
		filter_default_events(filter);
	for (unsigned i = 0; i < options.events.count; i++) {
		struct slice glob = options.events.item[i];

		if (!filter_add_events(filter, glob)) {
			say_no_event(glob);
			return false;
		}
	}
	if (options.concerns)
		filter_concern_events(filter, options.all || options.events.count);
	return true;
}

static bool make_license(const char *text, struct license_filter *license)
{
	if (license_filter_read(text, license))
		return true;
	tool_say("there is no %s; classes are permissive, copyleft, use-restricted, source-available, non-commercial, "
		 "proprietary, unknown, undeclared",
		text);
	return false;
}

/* A REPO in any form is a name of --repo. */
static bool take_arguments(const struct arguments *arguments)
{
	static char names[TEXT_LIST_MAX][NAME_TEXT_MAX];

	for (unsigned i = 0; i < arguments->count; i++) {
		struct repo_address address = repo_address_read(slice_of(arguments->item[i]), "");
		size_t size;

		if (!address.name.size || address.name.size > ROW_NAME_MAX || options.repos.count == TEXT_LIST_MAX) {
			tool_say("'%s' is no repo: it takes owner/name, datasets/owner/name, spaces/owner/name or an _id, at most %d",
				arguments->item[i], TEXT_LIST_MAX);
			return false;
		}
		size = (size_t)snprintf(names[i], NAME_TEXT_MAX, "%s%.*s", repo_kinds[address.kind].prefix,
			(int)address.name.size, address.name.data);
		options.repos.item[options.repos.count++] = (struct slice){ names[i], size };
	}
	return true;
}

static bool make_filter(struct filter *filter)
{
	*filter = (struct filter){
		.since_ms = options.since_ms,
		.until_ms = options.until_ms,
		.repos = &options.repos,
		.owners = &options.owners,
		.kinds = options.kinds,
		.directions = options.directions,
		.commercials = options.commercials,
		.origins = options.origins,
		.concerns = options.concerns,
		.downloads_min = options.downloads_min,
	};
	return make_events(filter) && make_license(options.from, &filter->from) && make_license(options.to, &filter->to);
}

/* ---- a record as a row of the table -------------------------------------------------------------------------------*/

enum { AT, EVENT, REPO, FROM, ARROW, TO, DIRECTION, COMMERCIAL, CONCERN, DOWNLOADS, TABLE_COLUMNS };

static const struct column table_columns[TABLE_COLUMNS] = {
	[AT] = { "observed", false },       [EVENT] = { "event", false },
	[REPO] = { "repo", false },         [FROM] = { "from", false },
	[ARROW] = { "->", false },          [TO] = { "to", false },
	[DIRECTION] = { "direction", false }, [COMMERCIAL] = { "commercial", false },
	[CONCERN] = { "concern", false },   [DOWNLOADS] = { "downloads", true },
};

static struct cell moment_cell(struct record *record)
{
	struct slice origin = record_text(record, RECORD_ORIGIN);
	struct buf text = BUF_INIT(256);
	char moment[SHORT_MOMENT];
	int64_t at_ms = 0;
	struct cell cell;

	moment_read(record_text(record, RECORD_AT), &at_ms);
	buf_text(&text, short_moment(at_ms, moment));
	if (!slice_is(origin, "observed")) {
		buf_char(&text, ' ');
		buf_slice(&text, origin);
	}
	cell = cell_text(arena_copy(&record->arena, buf_as_slice(&text)));
	buf_release(&text);
	return cell;
}

static struct cell repo_cell(struct record *record)
{
	struct slice name = record_text(record, RECORD_REPO);
	struct buf text = BUF_INIT(CHANGE_BYTES_MAX);
	enum repo_kind kind;
	struct cell cell;

	if (!name.data)
		return cell_text(SLICE_NONE);
	buf_text(&text, repo_kind_read(record_text(record, RECORD_KIND), &kind) ? repo_kinds[kind].prefix : "");
	buf_slice(&text, name);
	cell = cell_text(arena_copy(&record->arena, buf_as_slice(&text)));
	buf_release(&text);
	return cell;
}

static struct slice joined_fields(struct record *record)
{
	enum { FIELDS_MAX = 64 };
	struct slice field[FIELDS_MAX], joined;
	unsigned count = record_list(record, RECORD_CHANGED_FIELDS, field, FIELDS_MAX);
	struct buf text = BUF_INIT(CHANGE_BYTES_MAX);

	for (unsigned i = 0; i < count; i++) {
		buf_text(&text, i ? ", " : "");
		buf_slice(&text, field[i]);
	}
	joined = count ? arena_copy(&record->arena, buf_as_slice(&text)) : SLICE_NONE;
	buf_release(&text);
	return joined;
}

/* "(gone: deleted_or_private)" */
static struct slice in_brackets(struct record *record, const char *word)
{
	struct slice reason = record_text(record, RECORD_REASON), made;
	struct buf text = BUF_INIT(CHANGE_BYTES_MAX);

	buf_printf(&text, "(%s%s", word, reason.size ? ": " : "");
	buf_slice(&text, reason);
	buf_char(&text, ')');
	made = arena_copy(&record->arena, buf_as_slice(&text));
	buf_release(&text);
	return made;
}

/* What stood before and after, in the terms of the event. */
static void sides_of(struct record *record, struct slice *from, struct slice *to)
{
	struct slice event = record_text(record, RECORD_EVENT);

	*from = record_license(record, BEFORE);
	*to = record_license(record, AFTER);
	if (slice_is(event, "repo.renamed")) {
		*from = record_text(record, BEFORE_REPO);
		*to = record_text(record, AFTER_REPO);
	} else if (slice_is(event, "access.disabled") || slice_is(event, "access.enabled")) {
		*from = slice_is(event, "access.enabled") ? SLICE("disabled") : SLICE("enabled");
		*to = slice_is(event, "access.enabled") ? SLICE("enabled") : SLICE("disabled");
	} else if (slice_starts_with(event, SLICE("access."))) {
		*from = record_text(record, BEFORE_GATED);
		*to = record_text(record, AFTER_GATED);
	} else if (slice_is(event, "lineage.changed") || slice_is(event, "metadata.changed")) {
		*from = SLICE_NONE;
		*to = joined_fields(record);
	} else if (slice_is(event, "repo.gone") || slice_is(event, "repo.replaced")) {
		*to = in_brackets(record, slice_is(event, "repo.gone") ? "gone" : "replaced");
	} else if (slice_is(event, "repo.restored")) {
		*from = SLICE("(gone)");
	} else if (!to->data) {
		*to = record_text(record, RECORD_REASON);
	}
}

static struct cell direction_cell(struct record *record)
{
	struct cell cell = record_cell(record, RECORD_DIRECTION);

	if (slice_is(cell.text, "loosened"))
		cell.tone = TONE_GOOD;
	else if (slice_is(cell.text, "tightened"))
		cell.tone = TONE_BAD;
	return cell;
}

static struct cell commercial_cell(struct record *record)
{
	static const enum tone tones[LICENSE_COMMERCIAL_CHANGE_COUNT + 1] = {
		[LICENSE_COMMERCIAL_GAINED] = TONE_GOOD,
		[LICENSE_COMMERCIAL_WIDENED] = TONE_GOOD,
		[LICENSE_COMMERCIAL_LOST] = TONE_BAD,
		[LICENSE_COMMERCIAL_NARROWED] = TONE_BAD,
	};
	struct cell cell = cell_text(commercial_text(record));

	cell.tone = tones[commercial_change_of(record)];
	return cell;
}

static void make_table_row(struct record *record, struct cell row[TABLE_COLUMNS])
{
	struct slice from, to;

	sides_of(record, &from, &to);
	row[AT] = moment_cell(record);
	row[EVENT] = record_cell(record, RECORD_EVENT);
	row[REPO] = repo_cell(record);
	row[FROM] = cell_text(from);
	row[ARROW] = cell_word("->");
	row[TO] = cell_text(to);
	row[DIRECTION] = direction_cell(record);
	row[COMMERCIAL] = commercial_cell(record);
	row[CONCERN] = cell_text(concern_text(record));
	row[DOWNLOADS] = record_cell(record, RECORD_DOWNLOADS);
}

/* ---- output -------------------------------------------------------------------------------------------------------*/

struct changes_output {
	struct listing listing;
	struct column columns[TABLE_COLUMNS];
	struct evidence_join join;
};

/* The event has a column of its own where others than the default ones are asked for, the concern where it was asked for. */
static bool has_column(unsigned column)
{
	if (column == EVENT)
		return options.all || options.events.count || options.concerns;
	return column != CONCERN || options.concerns;
}

static void begin_output(struct changes_output *output, struct print *print)
{
	unsigned count = 0;

	evidence_join_init(&output->join);
	for (unsigned i = 0; i < TABLE_COLUMNS; i++)
		if (has_column(i))
			output->columns[count++] = table_columns[i];
	if (print->format == PRINT_TABLE)
		listing_begin(&output->listing, print, output->columns, count, "changes", SLICE(""));
	else
		listing_begin(&output->listing, print, record_columns, RECORD_FIELD_COUNT, "changes", SLICE(""));
}

static void write_table_row(struct changes_output *output, struct record *record)
{
	struct cell whole[TABLE_COLUMNS], row[TABLE_COLUMNS];
	unsigned count = 0;

	make_table_row(record, whole);
	for (unsigned i = 0; i < TABLE_COLUMNS; i++)
		if (has_column(i))
			row[count++] = whole[i];
	listing_row(&output->listing, row);
}

static int write_object(struct changes_output *output, const struct log_walk *walk, struct record *record)
{
	struct slice line = record->line;
	int code = ERROR_NONE;

	if (!options.no_evidence)
		code = evidence_join_line(&output->join, walk->reader, walk->head_seq, record, &line);
	if (!code)
		listing_object(&output->listing, line);
	return code;
}

static int write_record(struct changes_output *output, const struct log_walk *walk, struct record *record)
{
	struct cell row[RECORD_FIELD_COUNT];

	switch (output->listing.print->format) {
	case PRINT_TABLE:
		write_table_row(output, record);
		break;
	case PRINT_CSV:
	case PRINT_TSV:
		for (unsigned i = 0; i < RECORD_FIELD_COUNT; i++)
			row[i] = record_cell(record, i);
		listing_row(&output->listing, row);
		break;
	default:
		return write_object(output, walk, record);
	}
	return ERROR_NONE;
}

/* Records behind the limit: how many were looked at, and how many of them match. */
struct more {
	uint64_t looked_at, match;
};

/* Nothing was found, of a license that no table has: perhaps it was misspelt. */
static void hint_license(const char *text)
{
	char hint[NEAREST_HINT_SIZE];
	struct nearest nearest;
	struct slice spelling;

	if (!text || strncmp(text, "class:", 6) == 0 || strcmp(text, "none") == 0 || license_row_key(slice_of(text)))
		return;
	nearest_begin(&nearest, text);
	for (size_t i = 0; (spelling = license_spelling(i)).size; i++)
		nearest_try(&nearest, spelling.data, spelling.size);
	tool_say("no table has a license '%s'%s", text, nearest_hint(&nearest, "", hint));
}

static void end_output(struct changes_output *output, struct tool *tool, const struct more *more)
{
	struct buf tail = BUF_INIT(65536);

	buf_printf(&tail, "\"more\":%llu,", (unsigned long long)more->match);
	tool_tail(tool, &tail);
	if (!output->listing.rows) {
		hint_license(options.from);
		hint_license(options.to);
	}
	if (tool->print.format == PRINT_TABLE && !output->listing.rows)
		print_tone(&tool->print, TONE_DIM, "no change that matches\n");
	listing_end(&output->listing, buf_as_slice(&tail));
	if (tool->print.format == PRINT_TABLE && more->match)
		print_format_line(&tool->print, "... and %s%llu more (--limit 0 shows all)\n",
			more->looked_at == MORE_MAX ? "at least " : "", (unsigned long long)more->match);
	tool_footer(tool, ALL_KINDS);
	buf_release(&tail);
	evidence_join_release(&output->join);
}

/* ---- the walk -----------------------------------------------------------------------------------------------------*/

static uint64_t limit_of(const struct tool *tool)
{
	if (options.limit != NOT_GIVEN)
		return options.limit ? options.limit : UINT64_MAX;
	return tool->print.terminal && tool->print.format == PRINT_TABLE && !options.follow ? TERMINAL_LIMIT : UINT64_MAX;
}

/* Writes what is wanted, up to `limit` rows; then goes on counting a while, where somebody is told how many there are. */
static int write_log(struct log_walk *walk, const struct filter *filter, struct changes_output *output, uint64_t limit,
	struct more *more)
{
	struct print *print = output->listing.print;
	bool counts = print->format == PRINT_TABLE || print->format == PRINT_JSON;
	struct record record;
	struct slice line;

	record_init(&record);
	while (!print_ended(print) && (output->listing.rows < limit || (counts && more->looked_at < MORE_MAX)) &&
		log_walk_next(walk, &line)) {
		if (!record_read(&record, line)) {
			walk->code = ERROR_CORRUPT;
			break;
		}
		more->looked_at += output->listing.rows >= limit;
		if (!filter_takes(filter, &record))
			continue;
		if (output->listing.rows >= limit)
			more->match++;
		else if ((walk->code = write_record(output, walk, &record)) != ERROR_NONE)
			break;
	}
	record_release(&record);
	return walk->code;
}

/* Options of which one would silently undo the other. */
static bool check_options(void)
{
	const char *problem = NULL;

	if (options.oldest_first && (options.after != NOT_GIVEN || options.follow))
		problem = "--oldest-first sorts by time, --after and --follow go by arrival: leave one out";
	else if (options.follow && options.until_ms != MOMENT_LAST)
		problem = "--follow goes on, --until ends: leave one out";
	else if (options.since_ms > options.until_ms)
		problem = "--since is later than --until: nothing lies between";
	if (problem)
		tool_say("%s", problem);
	return !problem;
}

static enum log_order order_of(void)
{
	if (options.after != NOT_GIVEN || options.follow)
		return LOG_BY_SEQ;
	return options.oldest_first ? LOG_OLDEST_FIRST : LOG_NEWEST_FIRST;
}

static uint64_t follow_start(const struct tool *tool)
{
	if (options.after != NOT_GIVEN)
		return options.after;
	return options.follow && !options.since_ms ? tool->as_of.head.seq : 0;
}

static bool output_is_read(struct print *print)
{
	struct pollfd out = { .fd = fileno(print->file) };

	print_flush(print);
	return !print_ended(print) && (poll(&out, 1, FOLLOW_INTERVAL_MS) <= 0 || !(out.revents & (POLLERR | POLLNVAL)));
}

/* Waits for records behind the walk; false when nobody reads any more. */
static bool wait_for_more(struct tool *tool, struct log_walk *walk)
{
	struct log_head head = { 0 };

	do {
		if (!output_is_read(&tool->print))
			return false;
		walk->code = reader_resume(tool->reader);
		if (!walk->code)
			walk->code = reader_head(tool->reader, &head);
		reader_pause(tool->reader);
	} while (!walk->code && head.seq <= walk->seq);
	if (!walk->code)
		log_walk_go_on(walk, head.seq);
	return !walk->code;
}

static enum exit_status run(struct tool *tool, const struct arguments *arguments)
{
	struct changes_output output;
	struct filter filter;
	struct log_walk walk = { .order = order_of(), .event = filter.event };
	enum exit_status status;
	struct more more = { 0 };
	uint64_t limit = limit_of(tool);
	int code;

	if (!check_options() || !take_arguments(arguments) || !make_filter(&filter))
		return EXIT_USAGE;
	status = tool_open(tool);
	if (status)
		return status;
	walk.reader = tool->reader;
	walk.head_seq = tool->as_of.head.seq;
	walk.since_ms = filter.since_ms;
	walk.until_ms = filter.until_ms;
	tool_reads_no_more(tool);
	if (reader_has_terms(tool->reader))
		log_plan(&filter, &walk);
	if (options.follow && !print_settle(&tool->print))
		return tool_fail_output(tool->options.print.path, strerror(errno));
	log_walk_begin(&walk, follow_start(tool));
	begin_output(&output, &tool->print);
	code = write_log(&walk, &filter, &output, limit, &more);
	while (!code && options.follow && output.listing.rows < limit) {
		listing_flush(&output.listing);
		if (!wait_for_more(tool, &walk))
			break;
		code = write_log(&walk, &filter, &output, limit, &more);
	}
	code = walk.code;
	end_output(&output, tool, &more);
	log_walk_release(&walk);
	return code ? tool_fail(tool, code, "reading the change log") : EXIT_OK;
}

const struct command command_changes = {
	.name = "changes",
	.line = "the change log: who changed a license, when, from what to what",
	.arguments = "[REPO...]",
	.arguments_max = TEXT_LIST_MAX,
	.details = "Newest first; with --after or --follow in the order of arrival. In json and\n"
		   "ndjson a change is the stored record itself (relicense schema changes), and after\n"
		   "its hash what was learnt about it later (evidence: null so far). In csv its sides\n"
		   "are columns before_... and after_...; a list stands in one cell, as JSON.\n"
		   "Options that name several things take commas and may be given again; all options\n"
		   "together narrow. --concern goes by what was taken away: tightened (more restrictive),\n"
		   "lost and narrowed (commercial use), withdrawn (no license any more), gone (deleted,\n"
		   "private, replaced or disabled), gated. --commercial and the table go by what both\n"
		   "sides grant; older records call steps by way of conditional gained or lost too.\n"
		   "\nexamples:\n"
		   "  relicense changes --since 7d --direction tightened\n"
		   "  relicense changes tiiuae/falcon-40b\n"
		   "  relicense changes --repo 'tiiuae/*' --until 2023-12\n"
		   "  relicense changes --concern --min-downloads 10000 --follow\n"
		   "  relicense changes --to-license class:non-commercial --since 30d -o lost.csv\n"
		   "  relicense changes --follow --format ndjson | jq -r .repo\n"
		   "  relicense changes --all --after 41 --limit 100\n",
	.options = { rows, ARRAY_COUNT(rows) },
	.run = run,
};
