/* SPDX-License-Identifier: Apache-2.0 */
/* relicense export: changes, repos or snapshots for other tools, whole or what has come since. */
#include "storage/cli/export.h"

#include <errno.h>
#include <strings.h>
#include <unistd.h>

#include "storage/cli/commands.h"
#include "storage/model/moment.h"

enum { PATH_BYTES = 4096 };

const char *const export_what_words[] = { "changes", "repos", "snapshots", NULL };
const char *const export_format_words[] = { "ndjson", "csv", "sqlite", NULL };

static struct {
	int what, format;
	uint64_t since;
	int64_t at_ms;
} options = { .format = -1 };

static const struct option_row rows[] = {
	{ "what", 'w', VALUE_WORD, NULL, "what the rows are", &options.what, export_what_words },
	{ "format", 'f', VALUE_WORD, NULL, "by the ending of the file (.csv, .ndjson, .jsonl, .sqlite, .sqlite3, .db), else ndjson", &options.format,
		export_format_words },
	{ "since", 0, VALUE_NUMBER, "SEQ", "what entries after number SEQ speak of: these, their repos, the versions they brought",
		&options.since, NULL },
	{ "at", 0, VALUE_END, "TIME", "as it was then; a bare date means the end of that day, UTC", &options.at_ms, NULL },
};

/* ---- the manifest ---------------------------------------------------------------------------------------------------*/

static void write_members(const struct export_order *order, const struct export_result *result, struct buf *out)
{
	const struct tool *tool = order->tool;
	struct object object = object_begin(out);

	object_number(&object, "manifest", 1);
	object_word(&object, "what", export_what_words[order->what]);
	object_word(&object, "format", export_format_words[order->format]);
	object_word(&object, "file", strrchr(order->path, '/') ? strrchr(order->path, '/') + 1 : order->path);
	object_number(&object, "bytes", result->bytes);
	object_word(&object, "sha256", result->sha256[0] ? result->sha256 : NULL);
	object_number(&object, "rows", result->rows);
	object_number(&object, "since", order->since);
	object_moment(&object, "at", order->at_ms);
	object_counter(&object, "first_seq", (struct change_counter){ result->first_seq != 0, result->first_seq });
	object_counter(&object, "last_seq", (struct change_counter){ result->last_seq != 0, result->last_seq });
	object_word(&object, "hub", store_hub(tool->store));
	object_word(&object, "ledger", store_ledger(tool->store));
	object_number(&object, "seq", tool->as_of.head.seq);
	object_word(&object, "hash", tool->as_of.head.hash);
	as_of_members(&tool->as_of, &object);
	object_end(&object);
	buf_char(out, '\n');
}

static enum exit_status write_manifest(const struct export_order *order, const struct export_result *result)
{
	struct new_file file = NEW_FILE_NONE;
	struct buf text = BUF_INIT(1 << 20);
	char path[PATH_BYTES];
	int error;

	snprintf(path, sizeof(path), "%s.manifest.json", order->path);
	write_members(order, result, &text);
	error = new_file_open(&file, path, 0666);
	if (!error)
		error = write_whole(file.file, text.data, text.size);
	if (!error)
		error = new_file_keep(&file, NEW_FILE_REPLACES);
	new_file_close(&file);
	buf_release(&text);
	return error ? tool_fail_output(path, strerror(error)) : EXIT_OK;
}

/* ---- the command ----------------------------------------------------------------------------------------------------*/

static const struct {
	const char *ending;
	enum export_format format;
} endings[] = { { ".csv", EXPORT_CSV }, { ".ndjson", EXPORT_NDJSON }, { ".jsonl", EXPORT_NDJSON }, { ".json", EXPORT_NDJSON },
	{ ".sqlite", EXPORT_SQLITE }, { ".sqlite3", EXPORT_SQLITE }, { ".db", EXPORT_SQLITE } };

/* --format and the ending of the file must agree; -1 and a sentence where they do not, or neither says. */
static int format_of(const char *path)
{
	const char *ending = path ? new_file_ending(path) : NULL;

	if (!ending)
		return options.format >= 0 ? options.format : EXPORT_NDJSON;
	for (size_t i = 0; i < ARRAY_COUNT(endings); i++) {
		if (strcasecmp(ending, endings[i].ending) != 0)
			continue;
		if (options.format < 0 || options.format == (int)endings[i].format)
			return (int)endings[i].format;
		tool_say("%s: its ending says %s, --format says %s: change one of them", path,
			export_format_words[endings[i].format], export_format_words[options.format]);
		return -1;
	}
	if (options.format < 0)
		tool_say("%s: its ending names no format that I write; known are .csv, .ndjson, .jsonl, .json (a line each), "
			 ".sqlite, .sqlite3 and .db, or say which with --format", path);
	return options.format;
}

static enum exit_status check(const struct export_order *order)
{
	if (order->format == EXPORT_SQLITE && !order->path) {
		tool_say("--format sqlite needs a file: -o FILE");
		return EXIT_USAGE;
	}
	if (order->since > order->tool->as_of.head.seq) {
		tool_say("--since %llu: the log ends at %llu", (unsigned long long)order->since,
			(unsigned long long)order->tool->as_of.head.seq);
		return EXIT_USAGE;
	}
	if (!order->tool->as_of.at_ms) {
		tool_say("not known: nothing was looked at yet");
		return EXIT_UNKNOWN;
	}
	return EXIT_OK;
}

/* What lies on the disk is read again before it gets its name: the manifest vouches for it. */
static enum exit_status check_written(const struct new_file *file, const struct export_result *result)
{
	char sha256[HASH_HEX + 1];
	uint64_t bytes;

	if (file->in_place || (export_text_digest(file->file, &bytes, sha256) && bytes == result->bytes &&
				      strcmp(sha256, result->sha256) == 0))
		return EXIT_OK;
	tool_say("%s was not written as it should: read again, its bytes are others (does its disk fail?)", file->path);
	return EXIT_OUTPUT;
}

static enum exit_status export_text_file(const struct export_order *order, struct export_result *result)
{
	struct new_file file;
	enum exit_status status;
	int error = new_file_open(&file, order->path, 0666);

	if (error)
		return tool_fail_output(order->path, strerror(error));
	status = export_text(order, file.file, result);
	if (!status)
		status = check_written(&file, result);
	if (!status) {
		error = new_file_keep(&file, NEW_FILE_REPLACES);
		status = error ? tool_fail_output(order->path, strerror(error)) : EXIT_OK;
	}
	new_file_close(&file);
	return status;
}

static enum exit_status export_file(const struct export_order *order)
{
	struct export_result result = { 0 };
	enum exit_status status;

	if (!order->path)
		return export_text(order, STDOUT_FILENO, &result);
	status = order->format == EXPORT_SQLITE ? export_sqlite(order, &result) : export_text_file(order, &result);
	/* a device or a pipe has no manifest beside it */
	return status || new_file_is_in_place(order->path) ? status : write_manifest(order, &result);
}

static enum exit_status run(struct tool *tool, const struct arguments *arguments)
{
	const char *path = tool->options.print.path;
	int format = format_of(path);
	struct export_order order = { .tool = tool, .what = (enum export_what)options.what, .format = (enum export_format)format,
		.since = options.since, .at_ms = options.at_ms, .path = path };
	enum exit_status status = format < 0 ? EXIT_USAGE : tool_open(tool);

	(void)arguments;
	if (!status)
		status = tool_check_at(tool, options.at_ms);
	if (!status)
		status = check(&order);
	return status ? status : export_file(&order);
}

const struct command command_export = {
	.name = "export",
	.line = "changes, repos or snapshots for other tools: ndjson, csv, SQLite; whole, or what has come since",
	.arguments = "",
	.details = "The file appears only when it is complete. FILE.manifest.json says what is in it: ledger, head, license\n"
		   "tables, number of rows, first and last seq, SHA-256. The next export continues with --since SEQ, the manifest's\n"
		   "\"seq\" (in SQLite: select seq from export); rows of SQLite replace those with the same key.\n"
		   "repos has one row a repo, those that are gone too (gone); snapshots one a version, with its metadata\n"
		   "(null where the option retention has dropped it).\n"
		   "\nexamples:\n"
		   "  relicense export --what changes -o changes.csv\n"
		   "  relicense export --what repos --at 2026-06-30 -o repos.ndjson\n"
		   "  relicense export --what repos -o ledger.sqlite && sqlite3 -box ledger.sqlite 'select * from mix'\n"
		   "  relicense export --what changes --since \"$(jq .seq changes.csv.manifest.json)\" -o news.csv\n",
	.options = { rows, ARRAY_COUNT(rows) },
	.writes_itself = true,
	.names_any_file = true,
	.run = run,
};
