/* SPDX-License-Identifier: Apache-2.0 */
/* relicense export: changes, repos or snapshots for other tools, whole or what has come since. */
#include "storage/cli/export.h"

#include <errno.h>
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
	{ "format", 'f', VALUE_WORD, NULL, "by the ending of the file (.csv, .sqlite, .db), else ndjson", &options.format,
		export_format_words },
	{ "since", 0, VALUE_NUMBER, "SEQ", "what records behind SEQ tell of: these, their repos, the versions they brought",
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

static enum exit_status fail_file(const char *path)
{
	tool_say("%s could not be written: %s", path, strerror(errno));
	return EXIT_OUTPUT;
}

static bool write_file(const char *path, const struct buf *text)
{
	FILE *file = fopen(path, "we");
	bool written = file && fwrite(text->data, 1, text->size, file) == text->size && fflush(file) == 0 &&
		       fsync(fileno(file)) == 0;

	return (file && fclose(file) == 0) && written;
}

static enum exit_status write_manifest(const struct export_order *order, const struct export_result *result)
{
	char path[PATH_BYTES], partial[PATH_BYTES + 16];
	struct buf text = BUF_INIT(1 << 20);
	bool written;

	snprintf(path, sizeof(path), "%s.manifest.json", order->path);
	snprintf(partial, sizeof(partial), "%s.partial", path);
	write_members(order, result, &text);
	written = write_file(partial, &text) && rename(partial, path) == 0;
	buf_release(&text);
	return written ? EXIT_OK : fail_file(path);
}

/* ---- the command ----------------------------------------------------------------------------------------------------*/

static bool ends_with(const char *path, const char *ending)
{
	size_t size = strlen(path), wanted = strlen(ending);

	return size > wanted && strcmp(path + size - wanted, ending) == 0;
}

static enum export_format format_of(const char *path)
{
	if (options.format >= 0)
		return (enum export_format)options.format;
	if (path && ends_with(path, ".csv"))
		return EXPORT_CSV;
	return path && (ends_with(path, ".sqlite") || ends_with(path, ".db")) ? EXPORT_SQLITE : EXPORT_NDJSON;
}

static enum exit_status check(const struct export_order *order)
{
	if (order->format == EXPORT_SQLITE && !order->path) {
		tool_say("--format sqlite needs a file: -o FILE");
		return EXIT_USAGE;
	}
	if (!order->tool->as_of.at_ms) {
		tool_say("not known: nothing was looked at yet");
		return EXIT_UNKNOWN;
	}
	return EXIT_OK;
}

static enum exit_status export_file(struct export_order *order)
{
	struct export_result result = { 0 };
	char partial[PATH_BYTES];
	enum exit_status status;

	if (order->format == EXPORT_SQLITE) {
		status = export_sqlite(order, &result);
		return status ? status : write_manifest(order, &result);
	}
	if (!order->path)
		return export_text(order, &result);
	snprintf(partial, sizeof(partial), "%s.partial", order->path);
	order->partial = partial;
	status = export_text(order, &result);
	order->partial = NULL;
	if (!status && rename(partial, order->path))
		status = fail_file(order->path);
	if (status)
		unlink(partial);
	return status ? status : write_manifest(order, &result);
}

static enum exit_status run(struct tool *tool, const struct arguments *arguments)
{
	const char *path = tool->options.print.path;
	struct export_order order = { .tool = tool, .what = (enum export_what)options.what, .format = format_of(path),
		.since = options.since, .at_ms = options.at_ms, .path = path };
	enum exit_status status = tool_open(tool);

	(void)arguments;
	if (!status)
		status = check(&order);
	return status ? status : export_file(&order);
}

const struct command command_export = {
	.name = "export",
	.line = "changes, repos or snapshots for other tools: ndjson, csv, SQLite; whole, or what has come since",
	.arguments = "",
	.details = "A file bears its name only once it is complete. FILE.manifest.json says what is in it: ledger, head, license\n"
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
	.run = run,
};
