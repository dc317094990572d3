/* SPDX-License-Identifier: Apache-2.0 */
/* relicense status: the store, what was looked at, and what the daemon is doing. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/cli/commands.h"
#include "storage/copy.h"
#include "storage/daemon_lock.h"
#include "storage/txn.h"

enum { PATH_BYTES = 4096, METRICS_BYTES_MAX = 1 << 20, METRICS_MAX = 512 };

enum { AHEAD_MS = 5 * 60 * 1000 }; /* clocks so far apart disagree, as for the daemon */

static const char *const daemon_words[] = {
	[LOCK_HELD] = "running", [LOCK_FREE] = "not running", [LOCK_NOT_KNOWN] = "not known",
};

struct metric_line {
	struct slice name, value;
};

struct standing {
	enum lock_state daemon;
	char holder[LOCK_HOLDER_BYTES];
	struct store_readers readers;
	int64_t file_bytes, disk_bytes, metrics_ms; /* 0: there is no such file */
	struct rests rests;
	uint64_t table_entries[TABLE_COUNT], table_bytes[TABLE_COUNT];
	struct buf metrics_text;
	struct metric_line metric[METRICS_MAX];
	size_t metric_count;
	struct completeness completeness[REPO_KINDS];
};

static const char *const table_names[TABLE_COUNT] = {
#define X(constant, name, seal) [constant] = name,
	STORE_TABLES(X)
#undef X
};

/* ---- finding out ----------------------------------------------------------------------------------------------------*/

static const char *path_in(const struct tool *tool, const char *name, char path[PATH_BYTES])
{
	snprintf(path, PATH_BYTES, "%s/%s", store_dir(tool->store), name);
	return path;
}

static void read_sizes(const struct tool *tool, struct standing *standing)
{
	char path[PATH_BYTES];
	struct stat about;

	if (stat(path_in(tool, "data.mdb", path), &about) == 0) {
		standing->file_bytes = about.st_size;
		standing->disk_bytes = (int64_t)about.st_blocks * 512;
	}
}

static int read_tables(const struct tool *tool, struct standing *standing)
{
	struct txn txn;
	int code = txn_begin(tool->store, false, &txn);

	for (unsigned i = 0; i < TABLE_COUNT && !code; i++) {
		MDB_dbi table = store_table(tool->store, (enum store_table)i);
		MDB_stat stat_of = { 0 };

		if (table != STORE_NO_TABLE)
			code = mdb_stat(txn.lmdb, table, &stat_of);
		if (code)
			break;
		standing->table_entries[i] = stat_of.ms_entries;
		standing->table_bytes[i] = (uint64_t)stat_of.ms_psize *
					   (stat_of.ms_branch_pages + stat_of.ms_leaf_pages + stat_of.ms_overflow_pages);
	}
	txn_abort(&txn);
	return code ? ERROR_LMDB : ERROR_NONE;
}

/* Lines "relicensed_requests_total 12" of the text exposition; comments are passed over. */
static void take_metrics(struct standing *standing)
{
	static const struct slice prefix = { "relicensed_", 11 };
	struct slice rest = buf_as_slice(&standing->metrics_text);

	while (rest.size && standing->metric_count < METRICS_MAX) {
		const char *end = memchr(rest.data, '\n', rest.size);
		size_t size = end ? (size_t)(end - rest.data) : rest.size;
		const char *space = memchr(rest.data, ' ', size);
		struct slice line = { rest.data, size };

		rest.data += size + (end != NULL);
		rest.size -= size + (end != NULL);
		if (!space || !slice_starts_with(line, prefix))
			continue;
		standing->metric[standing->metric_count++] = (struct metric_line){
			{ line.data + prefix.size, (size_t)(space - line.data) - prefix.size },
			{ space + 1, line.size - (size_t)(space + 1 - line.data) },
		};
	}
}

static void read_metrics(const struct tool *tool, struct standing *standing)
{
	char path[PATH_BYTES], *room;
	FILE *file = fopen(path_in(tool, "metrics.prom", path), "re");
	struct stat about;

	buf_init(&standing->metrics_text, METRICS_BYTES_MAX);
	if (!file)
		return;
	if (fstat(fileno(file), &about) == 0)
		standing->metrics_ms = (int64_t)about.st_mtim.tv_sec * 1000 + about.st_mtim.tv_nsec / 1000000;
	room = buf_reserve(&standing->metrics_text, METRICS_BYTES_MAX - 1);
	if (room)
		standing->metrics_text.size = fread(room, 1, METRICS_BYTES_MAX - 1, file);
	fclose(file);
	take_metrics(standing);
}

/* What rests, for people and programs: what was wanted of the repos, and how many rest for which reason. */
struct rest_line {
	const char *name, *label;
	const uint64_t *counts;
};

enum { REST_LINES = 3 };

static void list_rests(const struct standing *standing, struct rest_line lines[REST_LINES])
{
	lines[0] = (struct rest_line){ "missing", "repos that a listing lacked", standing->rests.missing };
	lines[1] = (struct rest_line){ "texts", "texts", standing->rests.texts };
	lines[2] = (struct rest_line){ "commits", "commits of records", standing->rests.commits };
}

static int read_completeness(const struct tool *tool, struct standing *standing)
{
	int code = ERROR_NONE;

	for (unsigned kind = 0; kind < REPO_KINDS && !code; kind++)
		code = reader_completeness(tool->reader, (enum repo_kind)kind, &standing->completeness[kind]);
	return code;
}

/* ---- for programs ---------------------------------------------------------------------------------------------------*/

static void rest_members(const struct standing *standing, struct object *object)
{
	struct rest_line lines[REST_LINES];
	struct object rests, reasons;

	list_rests(standing, lines);
	object_key(object, "resting");
	rests = object_begin(object->out);
	for (unsigned i = 0; i < REST_LINES; i++) {
		object_key(&rests, lines[i].name);
		reasons = object_begin(object->out);
		for (unsigned reason = 0; reason < REST_REASONS; reason++)
			if (lines[i].counts[reason])
				object_number(&reasons, rest_name((enum rest_reason)reason), lines[i].counts[reason]);
		object_end(&reasons);
	}
	object_end(&rests);
}

static void table_members(const struct standing *standing, struct object *object)
{
	object_key(object, "tables_in_store");
	for (unsigned i = 0; i < TABLE_COUNT; i++) {
		struct object table;

		buf_char(object->out, i ? ',' : '[');
		table = object_begin(object->out);
		object_word(&table, "name", table_names[i]);
		object_number(&table, "entries", standing->table_entries[i]);
		object_number(&table, "bytes", standing->table_bytes[i]);
		object_end(&table);
	}
	buf_char(object->out, ']');
}

static void metric_members(const struct standing *standing, struct object *object)
{
	struct object metrics;

	object_moment(object, "metrics_written", standing->metrics_ms);
	object_key(object, "metrics");
	metrics = object_begin(object->out);
	for (size_t i = 0; i < standing->metric_count; i++) {
		const struct metric_line *line = &standing->metric[i];
		char name[128];

		snprintf(name, sizeof(name), "%.*s", (int)(line->name.size < 100 ? line->name.size : 100), line->name.data);
		if (name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0' && json_scalar_is_valid(line->value))
			object_raw(&metrics, name, line->value);
	}
	object_end(&metrics);
}

static void cursor_members(struct tool *tool, struct object *object)
{
	struct object lanes;
	char name[64];

	object_key(object, "cursors");
	lanes = object_begin(object->out);
	for (unsigned lane = 0; lane < LANE_COUNT; lane++) {
		for (unsigned kind = 0; kind < REPO_KINDS; kind++) {
			struct slice text;

			if (reader_cursor(tool->reader, (enum lane)lane, (enum repo_kind)kind, &text))
				continue;
			snprintf(name, sizeof(name), "%s.%s", lane_name((enum lane)lane), repo_kinds[kind].name);
			object_text(&lanes, name, text);
		}
	}
	object_end(&lanes);
}

static void counts_member(const struct sweep_counts *counts, struct object *object)
{
	struct object member;

	object_key(object, "sweep");
	member = object_begin(object->out);
	object_number(&member, "listed", counts->listed);
	object_number(&member, "known", counts->known);
	object_number(&member, "new", counts->fresh);
	object_number(&member, "missing", counts->missing);
	object_number(&member, "damaged", counts->damaged);
	object_number(&member, "gone_since", counts->gone);
	object_end(&member);
}

static void estimate_member(const struct recapture *met, struct object *object)
{
	struct recapture_estimate estimate;
	struct object member;

	object_number(object, "polls_met", met->second);
	object_number(object, "polls_met_swept", met->both);
	object_key(object, "estimate");
	if (!recapture_estimate(met, &estimate)) {
		buf_text(object->out, "null");
		return;
	}
	member = object_begin(object->out);
	object_number(&member, "rows", estimate.total);
	object_number(&member, "missed", estimate.missed);
	object_number(&member, "standard_error", estimate.error);
	object_end(&member);
}

static void completeness_members(const struct standing *standing, struct object *object)
{
	object_key(object, "completeness");
	for (unsigned kind = 0; kind < REPO_KINDS; kind++) {
		struct object entry;

		buf_char(object->out, kind ? ',' : '[');
		entry = object_begin(object->out);
		object_word(&entry, "kind", repo_kinds[kind].name);
		counts_member(&standing->completeness[kind].last, &entry);
		estimate_member(completeness_met(&standing->completeness[kind]), &entry);
		object_end(&entry);
	}
	buf_char(object->out, ']');
}

static void write_object(struct tool *tool, const struct standing *standing)
{
	const struct log_head *head = &tool->as_of.head;
	struct buf text = BUF_INIT(16 << 20);
	struct object object = object_begin(&text);

	object_word(&object, "store", store_dir(tool->store));
	object_word(&object, "hub", store_hub(tool->store));
	object_word(&object, "ledger", store_ledger(tool->store));
	object_word(&object, "daemon", daemon_words[standing->daemon]);
	object_word(&object, "held_by", standing->holder[0] ? standing->holder : NULL);
	object_number(&object, "readers", standing->readers.count);
	object_number(&object, "oldest_reader_commits", standing->readers.oldest_commits);
	object_number(&object, "oldest_reader_process", (uint64_t)standing->readers.oldest_process);
	object_number(&object, "seq", head->seq);
	object_word(&object, "hash", head->hash);
	object_moment(&object, "head_at", head->at_ms);
	object_number(&object, "file_bytes", (uint64_t)standing->file_bytes);
	object_number(&object, "disk_bytes", (uint64_t)standing->disk_bytes);
	object_number(&object, "missing", reader_missing_count(tool->reader));
	completeness_members(standing, &object);
	rest_members(standing, &object);
	cursor_members(tool, &object);
	table_members(standing, &object);
	metric_members(standing, &object);
	as_of_members(&tool->as_of, &object);
	object_end(&object);
	tool_print_object(tool, &text);
	buf_release(&text);
}

/* ---- for people -----------------------------------------------------------------------------------------------------*/

static const char *size_text(int64_t bytes, char text[32])
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
	double value = (double)bytes;
	unsigned unit = 0;

	for (; value >= 1024 && unit + 1 < ARRAY_COUNT(units); unit++)
		value /= 1024;
	snprintf(text, 32, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
	return text;
}

static struct slice metric_of(const struct standing *standing, const char *name)
{
	for (size_t i = 0; i < standing->metric_count; i++)
		if (slice_is(standing->metric[i].name, name))
			return standing->metric[i].value;
	return SLICE("-");
}

struct figures_line {
	const char *label;
	struct {
		const char *before, *name;
	} part[4];
	const char *of; /* the line says nothing where this figure is 0; NULL: none */
};

/* An older daemon may not have counted it; of a bucket that was never asked nothing is known. */
static bool is_told(const struct standing *standing, const struct figures_line *line)
{
	return !slice_is(metric_of(standing, line->part[0].name), "-") &&
	       !(line->of && slice_is(metric_of(standing, line->of), "0"));
}

static void print_outage(struct print *print, const struct standing *standing)
{
	uint64_t since_s = 0;
	char moment[SHORT_MOMENT];

	if (json_integer(metric_of(standing, "hub_down_since_seconds"), &since_s) && since_s)
		print_format_line(print, "  hub       does not answer since %s\n", short_moment((int64_t)since_s * 1000, moment));
}

/* What an operator wants to know first; --format json has all figures. */
static void print_metrics(struct tool *tool, const struct standing *standing)
{
	static const struct figures_line lines[] = {
		{ "requests", { { "", "requests_total" }, { " sent, ", "retries_total" }, { " retried, ", "given_up_total" },
				      { " given up, open ", "requests_in_flight" } }, NULL },
		{ "no answer", { { "", "transfer_connect_failed_total" }, { " not connected, ", "transfer_timeout_total" },
				       { " timed out, ", "transfer_cut_total" }, { " cut off, names not found ", "transfer_lookup_failed_total" } },
			"retries_total" },
		{ "quota", { { "", "quota_remaining" }, { " left of ", "quota_limit" }, { "; used by us ", "quota_used" },
				   { ", by others ", "quota_others" } }, "quota_limit" },
		{ "of files", { { "", "quota_resolvers_remaining" }, { " left of ", "quota_resolvers_limit" },
				      { "; used by us ", "quota_resolvers_used" }, { ", by others ", "quota_resolvers_others" } },
			"quota_resolvers_limit" },
		{ "429s", { { "our traffic ", "refused_own_total" }, { ", other clients ", "refused_others_total" },
				  { ", single endpoint ", "refused_action_total" }, { ", CDN ", "refused_edge_total" } }, NULL },
		{ "clock", { { "", "clocks_apart_seconds" }, { " seconds from the Hub's; answers in doubt ", "clocks_differ_answers_total" } },
			"clocks_differ" },
		{ "rows", { { "read ", "rows_total" }, { ", new ", "rows_new_total" }, { ", damaged ", "rows_damaged_total" } }, NULL },
		{ "passes", { { "polls ", "polls_total" }, { ", sweeps ", "sweeps_total" },
				    { ", incomplete ", "sweeps_incomplete_total" }, { ", paused tasks ", "lanes_parked_total" } }, NULL },
		{ "commits", { { "", "commits_total" }, { ", failed ", "commit_failures_total" }, { "; records ", "records_total" } }, NULL },
	};
	struct print *print = &tool->print;
	char moment[SHORT_MOMENT];

	if (!standing->metric_count)
		return;
	print_format_line(print, "\n%s (figures of %s)\n",
		standing->daemon == LOCK_HELD ? "since the daemon started" : "the daemon's last run",
		short_moment(standing->metrics_ms, moment));
	print_outage(print, standing);
	for (size_t i = 0; i < ARRAY_COUNT(lines); i++) {
		if (!is_told(standing, &lines[i]))
			continue;
		print_format_line(print, "  %-10s", lines[i].label);
		for (size_t j = 0; j < ARRAY_COUNT(lines[i].part) && lines[i].part[j].name; j++) {
			print_format_line(print, "%s", lines[i].part[j].before);
			print_safe(print, metric_of(standing, lines[i].part[j].name));
		}
		print_format_line(print, "\n");
	}
}

/* Two passes in different orders tell how much both of them missed; model/recapture.h says under which assumptions. */
static void print_estimate(struct print *print, const struct recapture *met)
{
	struct recapture_estimate estimate;

	if (!met->second)
		return;
	print_format_line(print, "            polls met %llu rows that a sweep had passed, %llu of them not in it",
		(unsigned long long)met->second, (unsigned long long)(met->second - met->both));
	if (recapture_estimate(met, &estimate) && estimate.missed <= 2 * estimate.error)
		print_format_line(print, ";\n            no sign that both missed any (estimate %llu, standard error %llu)\n",
			(unsigned long long)estimate.missed, (unsigned long long)estimate.error);
	else if (recapture_estimate(met, &estimate))
		print_format_line(print, ";\n            estimated missed by both: %llu (standard error %llu) of %llu, if what changes is listed like the rest\n",
			(unsigned long long)estimate.missed, (unsigned long long)estimate.error, (unsigned long long)estimate.total);
	else
		print_format_line(print, ": too few for an estimate\n");
}

static void print_completeness(struct print *print, const struct standing *standing)
{
	bool headed = false;

	for (unsigned kind = 0; kind < REPO_KINDS; kind++) {
		const struct sweep_counts *counts = &standing->completeness[kind].last;

		if (!counts->listed && !counts->known)
			continue;
		if (!headed)
			print_format_line(print, "\nthe newest sweeps that ended, in rows\n");
		headed = true;
		print_format_line(print, "  %-10slisted %llu: known before %llu, new %llu, missing %llu, damaged %llu; gone since %llu\n",
			repo_kinds[kind].plural, (unsigned long long)counts->listed, (unsigned long long)counts->known,
			(unsigned long long)counts->fresh, (unsigned long long)counts->missing,
			(unsigned long long)counts->damaged, (unsigned long long)counts->gone);
		print_estimate(print, completeness_met(&standing->completeness[kind]));
	}
}

/* Only what there is: on most days nothing rests. */
static void print_rests(struct print *print, const struct standing *standing)
{
	struct rest_line lines[REST_LINES];

	list_rests(standing, lines);
	for (unsigned i = 0; i < REST_LINES; i++)
		for (unsigned reason = 0; reason < REST_REASONS; reason++)
			if (lines[i].counts[reason])
				print_format_line(print, "resting   %s: %llu (%s)\n", lines[i].label,
					(unsigned long long)lines[i].counts[reason], rest_meaning((enum rest_reason)reason));
}

static void print_standing(struct tool *tool, const struct standing *standing)
{
	const struct log_head *head = &tool->as_of.head;
	struct print *print = &tool->print;
	char size[32], moment[SHORT_MOMENT];

	print_format_line(print, "store     ");
	print_safe(print, slice_of(store_dir(tool->store)));
	print_format_line(print, " (%s)\nhub       ", size_text(standing->disk_bytes, size));
	print_safe(print, slice_of(store_hub(tool->store)));
	print_format_line(print, "\nledger    %s\ndaemon    ", store_ledger(tool->store));
	print_tone(print, standing->daemon == LOCK_HELD ? TONE_GOOD : TONE_WARN, daemon_words[standing->daemon]);
	if (standing->holder[0])
		print_format_line(print, " (%s)", standing->holder);
	if (standing->readers.count)
		print_format_line(print, "\nreaders   %u, the oldest %llu commits behind (process %ld)", standing->readers.count,
			(unsigned long long)standing->readers.oldest_commits, standing->readers.oldest_process);
	print_format_line(print, "\nlog       %llu records, the newest of %s\n", (unsigned long long)head->seq,
		short_moment(head->at_ms, moment));
	if (head->at_ms > tool->now_ms + AHEAD_MS)
		print_tone(print, TONE_WARN, "          the newest record lies ahead of this machine's clock: one of the two is wrong\n");
	print_format_line(print, "versions  %llu, with %llu different statements\n",
		(unsigned long long)standing->table_entries[TABLE_SNAPSHOT],
		(unsigned long long)standing->table_entries[TABLE_STATEMENT]);
	print_completeness(print, standing);
	print_rests(print, standing);
	print_metrics(tool, standing);
	tool_footer(tool, ALL_KINDS);
}

/* ---- the command ----------------------------------------------------------------------------------------------------*/

static enum exit_status run(struct tool *tool, const struct arguments *arguments)
{
	static struct standing standing;
	enum exit_status status = tool_open(tool);
	int code;

	(void)arguments;
	if (status)
		return status;
	if (tool->print.format == PRINT_CSV || tool->print.format == PRINT_TSV) {
		tool_say("--format %s: status is no list, it comes as table, json or ndjson", print_format_words[tool->print.format]);
		return EXIT_USAGE;
	}
	standing.daemon = daemon_lock_ask(store_dir(tool->store), standing.holder);
	store_readers(tool->store, &standing.readers);
	read_sizes(tool, &standing);
	read_metrics(tool, &standing);
	code = read_completeness(tool, &standing);
	if (!code)
		code = reader_rests(tool->reader, &standing.rests);
	if (!code)
		code = read_tables(tool, &standing);
	if (tool->print.format == PRINT_TABLE)
		tool_reads_no_more(tool);
	if (code)
		status = tool_fail(tool, code, "reading the sizes");
	else if (tool->print.format == PRINT_TABLE)
		print_standing(tool, &standing);
	else
		write_object(tool, &standing);
	buf_release(&standing.metrics_text);
	return status;
}

const struct command command_status = {
	.name = "status",
	.line = "the store, what was looked at, and what the daemon is doing",
	.arguments = "",
	.details = "With --max-age it is a health check: status 2 when the newest look is older.\n"
		   "\nexamples:\n"
		   "  relicense status\n"
		   "  relicense status --max-age 1h >/dev/null || mail -s 'relicensed is behind' ops@example.org\n"
		   "  relicense status --format json | jq .metrics.quota_remaining\n",
	.run = run,
};
