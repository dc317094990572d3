/* SPDX-License-Identifier: Apache-2.0 */
/* relicense proof: a file that shows others what a repo declared at a time; and checking such a file. */
#include <errno.h>
#include <stdio.h>

#include "storage/cli/commands.h"
#include "storage/cli/proof_make.h"

static struct {
	int64_t at_ms; /* 0: now */
	const char *check, *head;
} options;

static const struct option_row rows[] = {
	{ "at", 0, VALUE_END, "TIME", "what it declared then; a bare date means the end of that day, UTC", &options.at_ms, NULL },
	{ "check", 0, VALUE_TEXT, "FILE", "check a proof: it needs no store", &options.check, NULL },
	{ "head", 0, VALUE_TEXT, "LINE", "a line of relicense head that was kept: the proof goes up to it, or is checked against it",
		&options.head, NULL },
};

/* ---- making ----------------------------------------------------------------------------------------------------------- */

/* The seq of a kept head, which must be of this log as it stands. */
static enum exit_status read_head(struct tool *tool, uint64_t *seq)
{
	char ledger[STORE_UUID_TEXT], kept[HASH_HEX + 1], prev[HASH_HEX + 1], claimed[HASH_HEX + 1], computed[HASH_HEX + 1];
	unsigned long long number;
	struct slice line;

	*seq = 0;
	if (!options.head)
		return EXIT_OK;
	if (sscanf(options.head, "%36s %llu %64s", ledger, &number, kept) != 3 || !number) {
		tool_say("--head takes a line of relicense head: LEDGER SEQ HASH TIME");
		return EXIT_USAGE;
	}
	if (strcmp(ledger, store_ledger(tool->store)) != 0 || reader_change(tool->reader, number, &line) != ERROR_NONE ||
		!change_check(line, prev, claimed, computed) || strcmp(kept, claimed) != 0) {
		tool_say("that head is not one of this log: another ledger's, or the log was rewritten (relicense verify --head)");
		return EXIT_DAMAGE;
	}
	*seq = number;
	return EXIT_OK;
}

static enum exit_status say_unknown(const struct version_at *answer)
{
	struct buf text = BUF_INIT(65536);

	version_at_text(answer, &text);
	tool_say("nothing to prove: %s", text.data);
	buf_release(&text);
	return EXIT_UNKNOWN;
}

static enum exit_status say_failed(const struct tool *tool, int code, uint64_t between)
{
	if (code == ERROR_NOT_FOUND) {
		tool_say("the state is told by a record that is newer than that head: keep a later one");
		return EXIT_UNKNOWN;
	}
	if (code != ERROR_TOO_BIG)
		return tool_fail(tool, code, "making the proof");
	if (between)
		tool_say("%llu records lie between the oldest that tells of it and that head; a proof carries %d at most: name a head "
			 "nearer to it, or none", (unsigned long long)between, PROOF_RECORDS_MAX);
	else
		tool_say("the proof would be larger than %d MiB: name a head nearer to its records, or none", PROOF_BYTES_MAX >> 20);
	return EXIT_UNKNOWN;
}

/* Without --at: the time at which it was looked at last. */
static int64_t time_of(const struct version_at *answer)
{
	if (options.at_ms)
		return options.at_ms;
	return answer->certainty == CERTAINTY_GONE ? answer->next_ms : answer->until_ms;
}

/* By the check that a stranger will make. False: what it finds broken is said. */
static bool holds(const struct buf *file)
{
	struct proof_report report;
	bool good;

	proof_check(buf_as_slice(file), SLICE_NONE, &report);
	good = report.verdict != PROOF_IS_BROKEN;
	for (unsigned i = 0; i < report.count && !good; i++)
		if (report.finding[i].word == PROOF_BROKEN)
			tool_say("the proof would not hold: %s: %.*s", report.finding[i].about, (int)report.finding[i].text.size,
				report.finding[i].text.data);
	proof_report_release(&report);
	return good;
}

static enum exit_status write_proof(struct tool *tool, struct repo_view *view, const struct version_at *answer, uint64_t head_seq)
{
	struct proof_order order = { .tool = tool, .view = view, .answer = answer, .at_ms = time_of(answer), .head_seq = head_seq };
	struct buf file = BUF_INIT(PROOF_BYTES_MAX);
	enum exit_status status = EXIT_OK;
	uint64_t between = 0;
	unsigned cited;
	int code = proof_make(&order, &file, &cited, &between);

	if (code) {
		status = say_failed(tool, code, between);
	} else if (!holds(&file)) {
		tool_say("what the store holds of this repo does not agree; `relicense verify` may name the damage");
		status = EXIT_DAMAGE;
	} else {
		tool_print_object(tool, &file);
		if (!cited) {
			tool_say("no record tells of this state, so nothing of it is proven: the file holds the store's word alone");
			print_answered(&tool->print);
			status = EXIT_UNKNOWN;
		}
	}
	buf_release(&file);
	return status;
}

static enum exit_status make(struct tool *tool, const char *repo)
{
	struct repo_view view;
	struct version_at answer;
	enum exit_status status = repo_view_open(tool, repo, options.at_ms, &view);
	uint64_t head_seq = 0;
	int code = ERROR_NONE;

	if (status == EXIT_OK)
		status = read_head(tool, &head_seq);
	if (status == EXIT_OK) {
		code = state_at(tool->reader, &view.found.ref, options.at_ms, &view.arena, &answer);
		if (code)
			status = tool_fail(tool, code, "reading the repo");
		else if (!answer_is_known(&answer))
			status = say_unknown(&answer);
		else
			status = write_proof(tool, &view, &answer, head_seq);
	}
	repo_view_release(&view);
	return status;
}

/* ---- checking --------------------------------------------------------------------------------------------------------- */

static enum exit_status read_file(const char *path, struct buf *file)
{
	FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	char bytes[65536];
	bool failed = !in;
	size_t size;

	while (!failed && !file->overflow && (size = fread(bytes, 1, sizeof(bytes), in)) > 0)
		buf_add(file, bytes, size);
	failed = failed || ferror(in);
	if (failed)
		tool_say("%s cannot be read: %s", path, strerror(errno));
	else if (file->overflow)
		tool_say("%s is larger than a proof may be, %d MiB", path, PROOF_BYTES_MAX >> 20);
	if (in && in != stdin)
		fclose(in);
	return failed ? EXIT_USAGE : file->overflow ? EXIT_DAMAGE : EXIT_OK;
}

#define REST "Not proven: that the Hub showed it at that moment; for that you rely on whoever runs the log"

static const char *summary(const struct proof_report *report)
{
	switch (report->verdict) {
	case PROOF_HOLDS:
		return report->time == PROOF_PROVEN ? "Proven: this entry and the one that ended it are in the log, unaltered. " REST :
						      "Proven: this entry is in the log, unaltered. " REST;
	case PROOF_IS_BROKEN:
		return "Broken: this file proves nothing";
	default:
		return "Nothing is proven: all of it is the word of whoever runs the log";
	}
}

#undef REST

/* "The log says: on DATE this repo declared apache-2.0 (seen by this ledger)" */
static void print_claim(struct print *print, const struct proof_report *report)
{
	print_format_line(print, "\nThe log says: on ");
	print_safe(print, report->at);
	print_format_line(print, " this repo declared ");
	print_safe(print, report->license);
	print_format_line(print, slice_is(report->series, "observed") ? " (seen by this ledger" :
		slice_is(report->series, "imported") ? " (by a dump that it imported" :
		slice_is(report->series, "reconstructed") ? " (by the repo's commits" : " (by whom is not said");
	if (!slice_is(report->certainty, "unchanged") && !slice_is(report->certainty, "reconstructed")) {
		print_format_line(print, "; ");
		print_safe(print, report->certainty);
	}
	print_format_line(print, ")");
}

static void print_report(struct tool *tool, const char *path, const struct proof_report *report)
{
	static const enum tone tones[] = { [PROOF_PROVEN] = TONE_GOOD, [PROOF_ASSERTED] = TONE_WARN, [PROOF_BROKEN] = TONE_BAD };
	struct print *print = &tool->print;

	print_safe(print, report->repo.size ? report->repo : slice_of(path));
	if (report->at.size) {
		print_format_line(print, "  (%.*s)  at ", (int)report->oid.size, report->oid.data);
		print_safe(print, report->at);
		print_claim(print, report);
	}
	print_bytes(print, SLICE("\n\n"));
	for (unsigned i = 0; i < report->count; i++) {
		const struct proof_finding *finding = &report->finding[i];

		print_tone(print, tones[finding->word], proof_word_name(finding->word));
		print_format_line(print, "%*s%-10s", finding->word == PROOF_ASSERTED ? 2 : 4, "", finding->about);
		print_safe(print, finding->text);
		print_bytes(print, SLICE("\n"));
	}
	print_format_line(print, "\n%s\n", summary(report));
}

static void heads_member(const struct proof_report *report, struct object *object)
{
	object_key(object, "heads");
	buf_char(object->out, '[');
	for (unsigned i = 0; i < report->head_count; i++) {
		buf_text(object->out, i ? "," : "");
		json_encode(report->head[i], object->out);
	}
	buf_char(object->out, ']');
}

static void findings_member(const struct proof_report *report, struct object *object)
{
	object_key(object, "findings");
	buf_char(object->out, '[');
	for (unsigned i = 0; i < report->count; i++) {
		struct object finding;

		buf_text(object->out, i ? "," : "");
		finding = object_begin(object->out);
		object_word(&finding, "word", proof_word_name(report->finding[i].word));
		object_word(&finding, "about", report->finding[i].about);
		object_text(&finding, "text", report->finding[i].text);
		object_end(&finding);
	}
	buf_char(object->out, ']');
}

static void write_report(struct tool *tool, const struct proof_report *report)
{
	struct buf text = BUF_INIT(PROOF_BYTES_MAX);
	struct object object = object_begin(&text);

	object_word(&object, "verdict", proof_verdict_name(report->verdict));
	object_word(&object, "time", proof_word_name(report->time));
	object_text(&object, "repo", report->repo);
	object_text(&object, "oid", report->oid);
	object_text(&object, "at", report->at);
	object_text(&object, "certainty", report->certainty);
	object_text(&object, "series", report->series);
	object_raw(&object, "state", report->state.json);
	heads_member(report, &object);
	findings_member(report, &object);
	object_end(&object);
	tool_print_object(tool, &text);
	buf_release(&text);
}

static enum exit_status check(struct tool *tool, const char *path)
{
	struct buf file = BUF_INIT(PROOF_BYTES_MAX + 2);
	enum exit_status status = read_file(path, &file);
	struct proof_report report;

	if (status == EXIT_OK) {
		proof_check(buf_as_slice(&file), slice_of(options.head), &report);
		if (tool->print.format == PRINT_JSON || tool->print.format == PRINT_NDJSON)
			write_report(tool, &report);
		else
			print_report(tool, path, &report);
		print_answered(&tool->print);
		status = report.verdict == PROOF_IS_BROKEN ? EXIT_DAMAGE : report.verdict == PROOF_HOLDS ? EXIT_OK : EXIT_UNKNOWN;
		proof_report_release(&report);
	}
	buf_release(&file);
	return status;
}

/* ---- the command ------------------------------------------------------------------------------------------------------ */

static enum exit_status run(struct tool *tool, const struct arguments *arguments)
{
	if ((options.check != NULL) == (arguments->count == 1)) {
		tool_say("usage: relicense proof REPO [--at TIME], or relicense proof --check FILE (relicense help proof)");
		return EXIT_USAGE;
	}
	return options.check ? check(tool, options.check) : make(tool, arguments->item[0]);
}

const struct command command_proof = {
	.name = "proof",
	.line = "a file that proves to others what a repo declared at a time; --check FILE",
	.arguments = "[REPO]",
	.arguments_max = 1,
	.details = "The file is one JSON object (relicense schema proof), whatever the format: the answer, the row as received with\n"
		   "its request and headers, the records that brought and ended the state, and the chain from them to a head, which\n"
		   "is that of the newest record's day. --check recomputes all of it without a store, and says what is proven and\n"
		   "what is the ledger's word alone. A proof is worth what the head is worth: compare it with one kept elsewhere.\n"
		   "Status of --check: 0 proven; 1 broken; 2 nothing in it is proven.\n"
		   "\nexamples:\n"
		   "  relicense proof tiiuae/falcon-40b --at 2023-05-30 -o falcon.json\n"
		   "  relicense proof --check falcon.json\n"
		   "  relicense proof --check falcon.json --head \"$(tail -n 1 heads.txt)\"\n",
	.options = { rows, ARRAY_COUNT(rows) },
	.names_any_file = true,
	.run = run,
};
