/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One run of relicense: its options, its output, and the store when a command asks for it.
 */
#ifndef STORAGE_CLI_TOOL_H
#define STORAGE_CLI_TOOL_H

#include "storage/cli/as_of.h"
#include "storage/cli/option.h"
#include "storage/cli/print.h"

/* sysexits(3) where it has a number for it */
enum exit_status {
	EXIT_OK = 0,
	EXIT_DAMAGE = 1,      /* damage found, a rule broken */
	EXIT_UNKNOWN = 2,     /* the answer is not known */
	EXIT_USAGE = 64,
	EXIT_NO_STORE = 66,
	EXIT_SYSTEM = 71,     /* it gives no more processes, threads, open files or memory */
	EXIT_OUTPUT = 74,     /* the output could not be written */
	EXIT_HELD = 75,
	EXIT_PERMISSION = 77,
	EXIT_CONFIG = 78,
};

struct tool_options {
	struct print_options print;
	const char *store, *config;
	int64_t max_age_ms; /* 0: any */
	bool help, version;
};

struct tool {
	struct tool_options options;
	int64_t now_ms;
	struct print print;
	struct store *store;
	struct reader *reader;
	struct as_of as_of; /* as it was when the store was opened */
};

struct command {
	const char *name, *line; /* what it does, in one line */
	const char *arguments;   /* "REPO [V1 V2]" */
	unsigned arguments_min, arguments_max;
	const char *details;     /* examples and what else there is to know, whole lines */
	struct option_table options;
	bool names_any_file;     /* --output may have any ending: it chooses no format */
	bool writes_itself;      /* the output is no file of print.h: --output is the command's business */
	enum exit_status (*run)(struct tool *tool, const struct arguments *arguments);
};

/* Opens store and reader, reads as_of, refuses data older than --max-age. What went wrong is said. Again: goes on reading. */
enum exit_status tool_open(struct tool *tool);
void tool_close(struct tool *tool);
/*
 * Refuses a time in the future (--at): nobody has looked there. The newest look of the store counts as now where this
 * machine's clock is behind it, and all of today is no future, since a bare date means the end of its day. at_ms 0: none.
 */
enum exit_status tool_check_at(const struct tool *tool, int64_t at_ms);
/*
 * Lets the store go before the answer is written: whoever reads it may wait (a pager), and must not keep the writer from
 * using pages again. Nothing of the store is looked at after it, unless the reader is resumed. For any number of times.
 */
void tool_reads_no_more(struct tool *tool);

/* To standard error, as a line "relicense: ...". */
void tool_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Says what the code means and returns the exit status for it. `doing`: "reading the change log". */
/* Says the sentence and returns the exit status for its code. */
enum exit_status tool_problem(const struct store_problem *problem);
enum exit_status tool_fail(const struct tool *tool, int code, const char *doing);
/* EXIT_OUTPUT, and says why a file, or "the output", could not be written. */
enum exit_status tool_fail_output(const char *path, const char *why);

/* Where a format for people is chosen: an empty line and the as-of lines, for the kinds of the mask. */
void tool_footer(struct tool *tool, unsigned kinds);
/* The as-of members as text, ready for a JSON document. */
void tool_tail(const struct tool *tool, struct buf *out);
/* A single answer as a JSON object and its line end. */
void tool_print_object(struct tool *tool, const struct buf *object);

#endif
