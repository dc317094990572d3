/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line, read by tables: one row an option. Parser, help and the hint for a misspelt option come from it.
 *
 * `--name value`, `--name=value`, `-n value`, `-nvalue`, and `--` before arguments that begin with a dash. A row writes
 * to its target, which outlives the parsing; texts are borrowed from argv.
 */
#ifndef STORAGE_CLI_OPTION_H
#define STORAGE_CLI_OPTION_H

#include "storage/model/buf.h"

enum { TEXT_LIST_MAX = 32, ARGUMENTS_MAX = 64 };

struct text_list {
	unsigned count;
	struct slice item[TEXT_LIST_MAX];
};

enum value_type {
	VALUE_FLAG,     /* bool */
	VALUE_TEXT,     /* const char * */
	VALUE_TEXTS,    /* struct text_list: may be given several times */
	VALUE_NUMBER,   /* uint64_t */
	VALUE_WORD,     /* int: place in `words` */
	VALUE_WORDS,    /* unsigned: a bit for each place in `words`; commas between, may be given several times */
	VALUE_WORDS_OR_ALL, /* the same by --name=LIST; --name alone: all of them */
	VALUE_LIST,     /* struct text_list: commas between, may be given several times */
	VALUE_START,    /* int64_t: a moment (model/when.h); of a day, month or year its start */
	VALUE_END,      /* int64_t: a moment; of a day, month or year its end */
	VALUE_DURATION, /* int64_t ms: 90s, 15m, 24h, 7d */
};

struct option_row {
	const char *name;
	char letter;       /* 0: none */
	enum value_type type;
	const char *value; /* how the help calls it; NULL for flags and words */
	const char *help;
	void *target;
	const char *const *words; /* what is accepted, NULL-terminated; also with an s behind it ("models") */
};

struct arguments {
	unsigned count;
	const char *item[ARGUMENTS_MAX];
};

struct option_table {
	const struct option_row *row;
	size_t count;
};

struct option_parse {
	const struct option_table *tables; /* searched in order */
	size_t table_count;
	int64_t now_ms;       /* what "7d ago" counts from */
	bool stop_at_argument; /* leave everything from the first argument on in *rest */
	struct arguments arguments;
	int rest;             /* index in argv */
	char problem[512];    /* a whole sentence */
};

bool option_parse(struct option_parse *parse, int argc, char *const argv[]);

/* The rows of a table as lines of a help text, at most 79 columns wide. */
void option_help(const struct option_table *table, struct buf *out);

#endif
