/* SPDX-License-Identifier: Apache-2.0 */
/* relicense report: the license mix. */
#include "storage/cli/commands.h"
#include "storage/cli/filter.h"
#include "storage/cli/mix.h"
#include "storage/model/moment.h"

static const char *const period_words[] = { "month", "quarter", "year", NULL };
static const char *const weight_words[] = { "repos", "downloads", "likes", NULL };

static struct {
	int by; /* place in period_words, -1: none */
	unsigned kinds; /* a bit each; 0: all */
	int64_t at_ms;
	int weight; /* enum mix_weight */
	const char *owner;
	bool is_long;
} options = { .by = -1 };

static const struct option_row rows[] = {
	{ "by", 0, VALUE_WORD, NULL, "a row for each period in which repos were created", &options.by, period_words },
	{ "kind", 'k', VALUE_WORDS, NULL, "these kinds of repo", &options.kinds, kind_words },
	{ "owner", 0, VALUE_TEXT, "NAME", "one owner's repos, by their newest names", &options.owner, NULL },
	{ "weight", 'w', VALUE_WORD, NULL, "a repo counts once, or as often as it was downloaded in 30 days, or liked",
		&options.weight, weight_words },
	{ "long", 'l', VALUE_FLAG, NULL, "csv, tsv, ndjson, json: a row for each class, without those of zero", &options.is_long,
		NULL },
	{ "at", 0, VALUE_END, "TIME", "as it was then; a bare date means the end of that day, UTC", &options.at_ms, NULL },
};

/* ---- rows -----------------------------------------------------------------------------------------------------------*/

enum { KIND, PERIOD, CLASS, TOTAL = CLASS + LICENSE_CLASS_COUNT, PERIOD_START, COLUMNS };

static const struct column columns[COLUMNS] = {
	[KIND] = { "kind", false },
	[PERIOD] = { "period", false },
#define X(constant, name) [CLASS + constant] = { name, true },
	LICENSE_CLASS_TABLE(X)
#undef X
	[TOTAL] = { "total", true },
	[PERIOD_START] = { "period_start", false },
};

static bool wants_kind(unsigned kind)
{
	return !options.kinds || (options.kinds & 1U << kind);
}

static struct cell text_cell(struct arena *arena, enum cell_type type, const char *text)
{
	return (struct cell){ type, arena_copy(arena, slice_of(text)), TONE_PLAIN };
}

static struct cell count_cell(struct arena *arena, uint64_t count)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)count);
	return text_cell(arena, CELL_JSON, text);
}

static const char *share_text(uint64_t part, uint64_t whole, char text[16])
{
	if (whole)
		snprintf(text, 16, "%.1f%%", 100.0 * (double)part / (double)whole);
	else
		snprintf(text, 16, "-");
	return text;
}

static void make_row(struct arena *arena, enum repo_kind kind, const struct mix *mix, size_t at,
	const struct mix_counts *counts, struct cell row[COLUMNS])
{
	char name[MIX_TEXT], start[MIX_TEXT];

	mix_name(mix, at, name, start);
	row[KIND] = cell_word(repo_kinds[kind].name);
	row[PERIOD] = text_cell(arena, CELL_TEXT, name);
	for (unsigned class = 0; class < LICENSE_CLASS_COUNT; class++)
		row[CLASS + class] = count_cell(arena, counts->class[class]);
	row[TOTAL] = count_cell(arena, counts->total);
	row[PERIOD_START] = start[0] ? text_cell(arena, CELL_TEXT, start) : cell_text(SLICE_NONE);
}

/* kind, period, class, count, period_start: what pivots and charts want. */
enum { LONG_CLASS = PERIOD + 1, LONG_COUNT, LONG_START, LONG_COLUMNS };

static const struct column long_columns[LONG_COLUMNS] = {
	[KIND] = { "kind", false },
	[PERIOD] = { "period", false },
	[LONG_CLASS] = { "class", false },
	[LONG_COUNT] = { "count", true },
	[LONG_START] = { "period_start", false },
};

static void write_long(struct listing *listing, const struct mix_counts *counts, const struct cell row[COLUMNS])
{
	struct cell part[LONG_COLUMNS] = { [KIND] = row[KIND], [PERIOD] = row[PERIOD], [LONG_START] = row[PERIOD_START] };

	for (unsigned class = 0; class < LICENSE_CLASS_COUNT; class++) {
		if (!counts->class[class])
			continue;
		part[LONG_CLASS] = cell_word(license_class_name(class));
		part[LONG_COUNT] = row[CLASS + class];
		listing_row(listing, part);
	}
}

/* Without --by a kind without repos is a row of zeros; with it, periods without repos are left out. */
static void write_rows(struct listing *listing, const struct mix mixes[REPO_KINDS])
{
	static const struct mix_counts none;
	struct arena arena = { 0 };
	struct cell row[COLUMNS];

	for (unsigned kind = 0; kind < REPO_KINDS; kind++) {
		const struct mix *mix = &mixes[kind];

		if (!wants_kind(kind))
			continue;
		for (size_t i = 0; i < mix->count || (i == 0 && mix->question.period == MIX_ALL); i++) {
			size_t at = mix->question.period == MIX_ALL ? 0 : (i + 1) % mix->count; /* without a date: last */
			const struct mix_counts *counts = at < mix->count ? &mix->counts[at] : &none;

			if (!counts->total && mix->question.period != MIX_ALL)
				continue;
			arena_reset(&arena);
			make_row(&arena, (enum repo_kind)kind, mix, at, counts, row);
			if (options.is_long)
				write_long(listing, counts, row);
			else
				listing_row(listing, row);
		}
	}
	arena_release(&arena);
}

/* What the notes tell of all kinds together. */
struct sums {
	uint64_t uncertain, not_yet_seen, unweighed;
	int64_t counters_from_ms, counters_until_ms;
};

static struct sums sum_up(const struct mix mixes[REPO_KINDS])
{
	struct sums sums = { 0 };

	for (unsigned kind = 0; kind < REPO_KINDS; kind++) {
		const struct mix *mix = &mixes[kind];

		sums.uncertain += mix->uncertain;
		sums.not_yet_seen += mix->not_yet_seen;
		sums.unweighed += mix->unweighed;
		if (mix->counters_from_ms && (!sums.counters_from_ms || mix->counters_from_ms < sums.counters_from_ms))
			sums.counters_from_ms = mix->counters_from_ms;
		if (mix->counters_until_ms > sums.counters_until_ms)
			sums.counters_until_ms = mix->counters_until_ms;
	}
	return sums;
}

static void head_members(const struct mix mixes[REPO_KINDS], struct buf *out)
{
	struct object object = { .out = out };
	struct sums sums = sum_up(mixes);

	object_moment(&object, "at", options.at_ms);
	object_word(&object, "by", options.by < 0 ? NULL : period_words[options.by]);
	object_word(&object, "owner", options.owner);
	object_word(&object, "weight", weight_words[options.weight]);
	object_number(&object, "unweighed", sums.unweighed);
	object_moment(&object, "counters_from", sums.counters_from_ms);
	object_moment(&object, "counters_until", sums.counters_until_ms);
	object_number(&object, "uncertain", sums.uncertain);
	object_number(&object, "not_yet_seen", sums.not_yet_seen);
	buf_char(out, ',');
}

static void write_data(struct tool *tool, const struct mix mixes[REPO_KINDS])
{
	struct buf head = BUF_INIT(65536), tail = BUF_INIT(65536);
	struct listing listing;

	head_members(mixes, &head);
	tool_tail(tool, &tail);
	listing_begin(&listing, &tool->print, options.is_long ? long_columns : columns, options.is_long ? LONG_COLUMNS : COLUMNS,
		"mix", buf_as_slice(&head));
	write_rows(&listing, mixes);
	listing_end(&listing, buf_as_slice(&tail));
	buf_release(&head);
	buf_release(&tail);
}

/* ---- for people: classes down, kinds across ------------------------------------------------------------------------*/

enum { KIND_COLUMNS = 3 };

static void add_kind_columns(enum repo_kind kind, struct column *out)
{
	out[0] = (struct column){ repo_kinds[kind].plural, true };
	out[1] = (struct column){ "share", true };
	out[2] = (struct column){ "of declared", true };
}

/* `class` LICENSE_CLASS_COUNT: the totals. */
static void add_kind_cells(struct arena *arena, const struct mix *mix, unsigned class, struct cell *out)
{
	static const struct mix_counts none;
	const struct mix_counts *counts = mix->count ? &mix->counts[0] : &none;
	uint64_t declared = counts->total - counts->class[LICENSE_UNDECLARED];
	uint64_t count = class < LICENSE_CLASS_COUNT ? counts->class[class] : counts->total;
	char share[16];

	out[0] = count_cell(arena, count);
	out[1] = text_cell(arena, CELL_TEXT, share_text(count, counts->total, share));
	out[2] = class < LICENSE_UNDECLARED ? text_cell(arena, CELL_TEXT, share_text(count, declared, share)) :
					      cell_text(SLICE(""));
}

static void print_classes(struct tool *tool, const struct mix mixes[REPO_KINDS])
{
	struct column table[1 + REPO_KINDS * KIND_COLUMNS] = { { "class", false } };
	struct cell row[1 + REPO_KINDS * KIND_COLUMNS];
	struct arena arena = { 0 };
	struct listing listing;
	unsigned count = 1;

	for (unsigned kind = 0; kind < REPO_KINDS; kind++) {
		if (wants_kind(kind)) {
			add_kind_columns((enum repo_kind)kind, table + count);
			count += KIND_COLUMNS;
		}
	}
	listing_begin(&listing, &tool->print, table, count, "mix", SLICE(""));
	for (unsigned class = 0; class <= LICENSE_CLASS_COUNT; class++) {
		unsigned at = 1;

		row[0] = cell_word(class < LICENSE_CLASS_COUNT ? license_class_name(class) : "total");
		for (unsigned kind = 0; kind < REPO_KINDS; kind++) {
			if (wants_kind(kind)) {
				add_kind_cells(&arena, &mixes[kind], class, row + at);
				at += KIND_COLUMNS;
			}
		}
		listing_row(&listing, row);
	}
	listing_end(&listing, SLICE(""));
	arena_release(&arena);
}

/* ---- for people: periods down, classes across ----------------------------------------------------------------------*/

static bool class_occurs(const struct mix mixes[REPO_KINDS], unsigned class)
{
	for (unsigned kind = 0; kind < REPO_KINDS; kind++)
		for (size_t at = 0; wants_kind(kind) && at < mixes[kind].count; at++)
			if (mixes[kind].counts[at].class[class])
				return true;
	return false;
}

static struct cell share_cell(struct arena *arena, uint64_t part, uint64_t whole)
{
	char share[16], text[64];

	snprintf(text, sizeof(text), "%llu %6s", (unsigned long long)part, share_text(part, whole, share));
	return text_cell(arena, CELL_TEXT, text);
}

static unsigned make_period_row(struct arena *arena, enum repo_kind kind, const struct mix *mix, size_t at,
	const bool occurs[LICENSE_CLASS_COUNT], struct cell *row)
{
	const struct mix_counts *counts = &mix->counts[at];
	char name[MIX_TEXT], start[MIX_TEXT];
	unsigned count = 2;

	mix_name(mix, at, name, start);
	row[0] = cell_word(repo_kinds[kind].name);
	row[1] = text_cell(arena, CELL_TEXT, name);
	for (unsigned class = 0; class < LICENSE_CLASS_COUNT; class++)
		if (occurs[class])
			row[count++] = share_cell(arena, counts->class[class], counts->total);
	row[count++] = count_cell(arena, counts->total);
	return count;
}

static void print_periods(struct tool *tool, const struct mix mixes[REPO_KINDS])
{
	struct column table[COLUMNS] = { columns[KIND], columns[PERIOD] };
	bool occurs[LICENSE_CLASS_COUNT];
	struct cell row[COLUMNS];
	struct arena arena = { 0 };
	struct listing listing;
	unsigned count = 2;

	for (unsigned class = 0; class < LICENSE_CLASS_COUNT; class++) {
		occurs[class] = class_occurs(mixes, class);
		if (occurs[class])
			table[count++] = columns[CLASS + class];
	}
	table[count++] = columns[TOTAL];
	listing_begin(&listing, &tool->print, table, count, "mix", SLICE(""));
	for (unsigned kind = 0; kind < REPO_KINDS; kind++) {
		for (size_t i = 0; wants_kind(kind) && i < mixes[kind].count; i++) {
			size_t at = (i + 1) % mixes[kind].count;

			if (!mixes[kind].counts[at].total)
				continue;
			make_period_row(&arena, (enum repo_kind)kind, &mixes[kind], at, occurs, row);
			listing_row(&listing, row);
		}
	}
	listing_end(&listing, SLICE(""));
	arena_release(&arena);
}

static void print_weight(struct print *print, const struct sums *sums)
{
	char from[MOMENT_TEXT] = "-", until[MOMENT_TEXT] = "-", count[COUNTED];

	if (options.weight == MIX_REPOS)
		return;
	if (sums->counters_from_ms) {
		moment_write(sums->counters_from_ms, from);
		moment_write(sums->counters_until_ms, until);
	}
	print_format_line(print, "\ncounted: %s, as stored on days from %.10s to %.10s; of %s none are known\n",
		options.weight == MIX_LIKES ? "likes" : "downloads in 30 days", from, until, counted(sums->unweighed, "repo", count));
}

static void print_notes(struct tool *tool, const struct mix mixes[REPO_KINDS])
{
	struct print *print = &tool->print;
	struct sums sums = sum_up(mixes);
	char moment[SHORT_MOMENT], count[COUNTED];

	print_weight(print, &sums);
	if (!options.at_ms)
		return;
	print_format_line(print, "\nat %s", short_moment(options.at_ms, moment));
	if (options.at_ms > tool->as_of.at_ms)
		print_format_line(print, ", which is after the newest look");
	print_format_line(print, "\n");
	if (sums.uncertain)
		print_format_line(print, "Uncertain: %s changed between the looks before and after it; what they were before is counted\n",
			counted(sums.uncertain, "repo", count));
	if (sums.not_yet_seen)
		print_format_line(print, "Incomplete: %s existed then but had not been seen; the shares above are of the rest\n",
			counted(sums.not_yet_seen, "repo", count));
}

/* ---- the command ----------------------------------------------------------------------------------------------------*/

static unsigned wanted_kinds(void)
{
	return options.kinds ? options.kinds : ALL_KINDS;
}

/* The first look at any of the kinds; 0: there was none. */
static int64_t first_look(const struct tool *tool)
{
	int64_t first_ms = 0;

	for (unsigned kind = 0; kind < REPO_KINDS; kind++) {
		int64_t look_ms = tool->as_of.kind[kind].sweep.first_look_ms;

		if (wants_kind(kind) && look_ms && (!first_ms || look_ms < first_ms))
			first_ms = look_ms;
	}
	return first_ms;
}

static enum exit_status check_known(const struct tool *tool)
{
	int64_t first_ms = first_look(tool);
	char moment[SHORT_MOMENT];

	if (!tool->as_of.at_ms) {
		tool_say("not known: nothing was looked at yet");
		return EXIT_UNKNOWN;
	}
	if (options.at_ms && first_ms && options.at_ms < first_ms) {
		tool_say("Not known. Repos have been watched only since %s", short_moment(first_ms, moment));
		return EXIT_UNKNOWN;
	}
	return EXIT_OK;
}

static enum exit_status run(struct tool *tool, const struct arguments *arguments)
{
	struct mix_question question = { options.by < 0 ? MIX_ALL : (enum mix_period)(options.by + MIX_MONTH),
		(enum mix_weight)options.weight, options.at_ms, options.owner };
	struct mix mixes[REPO_KINDS] = { 0 };
	enum exit_status status = tool_open(tool);
	int code = ERROR_NONE;

	(void)arguments;
	if (!status)
		status = tool_check_at(tool, options.at_ms);
	if (!status)
		status = check_known(tool);
	for (unsigned kind = 0; !status && !code && kind < REPO_KINDS; kind++)
		if (wants_kind(kind))
			code = mix_read(tool->reader, (enum repo_kind)kind, &question, &mixes[kind]);
	tool_reads_no_more(tool);
	if (code)
		status = tool_fail(tool, code, "reading the rows");
	if (!status && tool->print.format != PRINT_TABLE)
		write_data(tool, mixes);
	if (!status && tool->print.format == PRINT_TABLE) {
		if (question.period == MIX_ALL)
			print_classes(tool, mixes);
		else
			print_periods(tool, mixes);
		print_notes(tool, mixes);
		tool_footer(tool, wanted_kinds());
	}
	for (unsigned kind = 0; kind < REPO_KINDS; kind++)
		mix_release(&mixes[kind]);
	return status;
}

const struct command command_report = {
	.name = "report",
	.line = "the license mix: repos by class, now, at a time, or by when they were created",
	.arguments = "",
	.details = "Repos that are gone are left out. Without --by the period is \"all\" and period_start is empty; repos without\n"
		   "a creation date have the period \"unknown\". The Hub dates everything from before March 2022 2022-03-02.\n"
		   "\nexamples:\n"
		   "  relicense report\n"
		   "  relicense report --by quarter --kind model --format csv\n"
		   "  relicense report --weight downloads --long --format csv\n"
		   "  relicense report --at 2026-06-30 -o mix.json\n",
	.options = { rows, ARRAY_COUNT(rows) },
	.run = run,
};
