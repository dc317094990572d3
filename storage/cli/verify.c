/* SPDX-License-Identifier: Apache-2.0 */
/* relicense verify: is the store whole? */
#include "storage/verify.h"

#include <unistd.h>

#include "storage/cli/commands.h"

static struct {
	uint64_t from;
	const char *head;
} options;

static const struct option_row rows[] = {
	{ "from", 0, VALUE_NUMBER, "SEQ", "the chain from this record on; those before are taken as they are", &options.from,
		NULL },
	{ "head", 0, VALUE_TEXT, "LINE", "a line of relicense head that was kept: is the log still the same up to there?",
		&options.head, NULL },
};

struct verifying {
	struct tool *tool;
	struct buf findings; /* JSON objects, parted by commas; for the json formats */
	bool progress;       /* standard error is a terminal */
	bool said_unwalked;
};

enum { FINDINGS_BYTES_MAX = 64 << 20 };

static bool as_json(const struct verifying *verifying)
{
	int format = verifying->tool->options.print.format;

	return format == PRINT_JSON || format == PRINT_NDJSON;
}

/* ---- what is found --------------------------------------------------------------------------------------------------*/

static void on_finding(void *owner, const struct finding *finding)
{
	struct verifying *verifying = owner;
	struct print *print = &verifying->tool->print;
	struct object object;

	if (as_json(verifying)) {
		if (verifying->findings.size)
			buf_char(&verifying->findings, ',');
		object = object_begin(&verifying->findings);
		object_word(&object, "table", finding->table);
		object_word(&object, "key", finding->key);
		object_word(&object, "what", finding->what);
		object_end(&object);
		return;
	}
	print_tone(print, TONE_BAD, "damage");
	print_format_line(print, "  %s  ", finding->table);
	print_safe(print, slice_of(finding->key));
	print_format_line(print, ": ");
	print_safe(print, slice_of(finding->what));
	print_format_line(print, "\n");
}

static void on_unwalked(void *owner, const char *table, const char *why)
{
	struct verifying *verifying = owner;

	if (!verifying->said_unwalked)
		tool_say("the table %s could not be walked, nor may others: %s", table, why);
	verifying->said_unwalked = true;
}

static void on_progress(void *owner, const char *table, uint64_t entries)
{
	struct verifying *verifying = owner;

	if (verifying->progress)
		fprintf(stderr, "\r\033[K%s: %llu", table, (unsigned long long)entries);
}

/* ---- the answer -----------------------------------------------------------------------------------------------------*/

static void count_members(const struct verify_summary *summary, struct object *object)
{
	object_number(object, "records", summary->records);
	object_number(object, "repos", summary->repos);
	object_number(object, "versions", summary->versions);
	object_number(object, "names", summary->names);
	object_number(object, "statements", summary->statements);
	object_number(object, "receipts", summary->receipts);
	object_bool(object, "counts_compared", summary->counts_compared);
	object_number(object, "tables_not_walked", summary->unwalked);
}

static void write_object(struct verifying *verifying, const struct verify_summary *summary)
{
	struct tool *tool = verifying->tool;
	struct buf text = BUF_INIT(FINDINGS_BYTES_MAX + 65536);
	struct object object = object_begin(&text);

	object_bool(&object, "whole", summary->findings == 0 && !summary->unwalked);
	object_key(&object, "findings");
	buf_char(&text, '[');
	buf_slice(&text, buf_as_slice(&verifying->findings));
	buf_char(&text, ']');
	object_number(&object, "finding_count", summary->findings);
	count_members(summary, &object);
	object_word(&object, "ledger", store_ledger(tool->store));
	object_number(&object, "seq", summary->head.seq);
	object_word(&object, "hash", summary->head.hash);
	as_of_members(&tool->as_of, &object);
	object_end(&object);
	tool_print_object(tool, &text);
	buf_release(&text);
}

static void write_text(struct verifying *verifying, const struct verify_summary *summary)
{
	struct print *print = &verifying->tool->print;

	print_format_line(print, "walked %llu records, %llu repos with %llu versions, %llu names, %llu statements, "
				 "%llu receipts\n",
		(unsigned long long)summary->records, (unsigned long long)summary->repos,
		(unsigned long long)summary->versions, (unsigned long long)summary->names,
		(unsigned long long)summary->statements, (unsigned long long)summary->receipts);
	if (!summary->counts_compared)
		print_format_line(print, "the crawl wrote meanwhile: numbers of entries were not compared\n");
	print_format_line(print, "head: %s %llu %s\n", store_ledger(verifying->tool->store),
		(unsigned long long)summary->head.seq, summary->head.hash);
	if (summary->findings)
		print_format_line(print, "damaged: %llu finding%s\n", (unsigned long long)summary->findings,
			summary->findings == 1 ? "" : "s");
	else if (summary->unwalked)
		print_tone(print, TONE_WARN, "not known to be whole: tables could not be walked\n");
	else
		print_tone(print, TONE_GOOD, options.head ? "whole, and the log holds the head that was kept\n" : "whole\n");
}

/* ---- the command ----------------------------------------------------------------------------------------------------*/

static bool head_is_a_line(const char *line)
{
	char ledger[STORE_UUID_TEXT], hash[HASH_HEX + 1];
	unsigned long long seq;

	return sscanf(line, "%36s %llu %64s", ledger, &seq, hash) == 3 && strlen(hash) == HASH_HEX;
}

static enum exit_status run(struct tool *tool, const struct arguments *arguments)
{
	struct verifying verifying = { .tool = tool, .findings = BUF_INIT(FINDINGS_BYTES_MAX),
		.progress = isatty(STDERR_FILENO) };
	struct verify_options verify = { .from_seq = options.from, .head_line = options.head, .on_finding = on_finding,
		.on_unwalked = on_unwalked, .on_progress = on_progress, .owner = &verifying };
	struct verify_summary summary;
	enum exit_status status;

	(void)arguments;
	if (options.head && !head_is_a_line(options.head)) {
		tool_say("--head takes a line as relicense head prints it: LEDGER SEQ HASH TIME");
		return EXIT_USAGE;
	}
	status = tool_open(tool);
	if (status)
		return status;
	if (options.from > 1 && options.from > tool->as_of.head.seq) {
		tool_say("there is no record %llu: the log ends at %llu", (unsigned long long)options.from,
			(unsigned long long)tool->as_of.head.seq);
		return EXIT_USAGE;
	}
	reader_pause(tool->reader);
	verify_run(tool->store, &verify, &summary);
	if (verifying.progress)
		fputs("\r\033[K", stderr);
	if (as_json(&verifying))
		write_object(&verifying, &summary);
	else
		write_text(&verifying, &summary);
	print_answered(&tool->print);
	buf_release(&verifying.findings);
	return summary.findings ? EXIT_DAMAGE : summary.unwalked ? EXIT_SYSTEM : EXIT_OK;
}

const struct command command_verify = {
	.name = "verify",
	.line = "is the store whole? chain, frames, rows, indexes; status 1 where damage is found",
	.arguments = "",
	.details = "It walks all tables, beside a running crawl if need be, each in a process of its own: pages that make it crash or\n"
		   "never end are a finding, and the other tables are walked all the same.\n"
		   "Text, unless json or ndjson is asked for.\n"
		   "Any edit of a record shows, unless all later ones were rewritten: against that keep heads elsewhere.\n"
		   "\nexamples:\n"
		   "  relicense verify\n"
		   "  relicense verify --from 100000\n"
		   "  relicense verify --head \"$(tail -1 heads.txt)\"\n",
	.options = { rows, ARRAY_COUNT(rows) },
	.run = run,
};
