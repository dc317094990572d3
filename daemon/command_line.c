/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/command_line.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "config/nearest.h"
#include "storage/model/field.h"
#include "storage/model/moment.h"

#ifndef RELICENSED_VERSION
#define RELICENSED_VERSION "unknown"
#endif

/* X(long option, letter, argument or "", key of the configuration or NULL, help) */
#define PROGRAM_OPTIONS(X) \
	X("config", 'c', "FILE", NULL, "read this file instead of " CONFIG_DEFAULT_FILE) \
	X("check-config", 'C', "", NULL, "say whether the configuration is good, and end") \
	X("print-config", 'P', "", NULL, "print every option with its default and meaning, and end") \
	X("once", '1', "", NULL, "one poll, sweep and confirmation of every kind, then end: 0 when complete") \
	X("backfill", 'b', "FILE|OWNER", NULL, "past switches of these repos out of their commits, then end: 0 when all were seen") \
	X("dry-run", 'n', "", NULL, "say how many requests and hours a crawl will be, and end; asks the Hub up to 36 times") \
	X("import", 'i', "ROWS", NULL, "read a dump of list rows (JSON lines or pages; gz, zst; - = standard input), and end") \
	X("observed-at", 'o', "TIME", NULL, "when the dump was taken; a bare date means the end of that day, UTC") \
	X("complete", 'a', "", NULL, "the dump has all repos of its kinds: what it lacks was not there") \
	X("kind", 'k', "KIND", NULL, "of rows without repoType: models (default), datasets or spaces") \
	X("fields", 'f', "LIST", NULL, "what the dump's rows were asked for, with commas between; else found out") \
	X("store", 's', "DIR", "store", "where the history is kept") \
	X("hub", 'u', "URL", "hub", "the Hub to look at") \
	X("token-file", 't', "FILE", "token_file", "a file with a read token of the Hub") \
	X("log-level", 'l', "LEVEL", "log_level", "error, warning, notice, info or debug") \
	X("sim-clock", 'S', "SOCKET", NULL, "for tests: time is what the simulated Hub at this socket says") \
	X("version", 'V', "", NULL, "print the version, and end") \
	X("help", 'h', "", NULL, "print this, and end")

/* The help from column 30 on, broken before column 80. Only h and V are letters that people type. */
static void print_option(int letter, const char *name, const char *help)
{
	enum { INDENT = 30, WIDTH = 79 };
	int column = letter == 'h' || letter == 'V' ? printf("  -%c, --%s", letter, name) : printf("      --%s", name);

	if (column >= INDENT)
		column = printf("\n") - 1;
	column += printf("%*s", INDENT - column, "");
	for (bool first = true; *help; first = false) {
		int word = (int)strcspn(help, " ");

		if (!first && column + 1 + word > WIDTH) {
			column = printf("\n%*s", INDENT, "") - 1;
			first = true;
		}
		column += printf("%s%.*s", first ? "" : " ", word, help);
		help += word + (help[word] == ' ');
	}
	putchar('\n');
}

static void print_help(void)
{
	puts("usage: relicensed [OPTION]...\n"
	     "Keeps a dated history of the metadata of every repository on a Hugging Face compatible Hub,\n"
	     "and a log of what changed: above all license switches. `relicense` reads both.\n");
#define X(name, letter, argument, key, help) \
	print_option(letter, name " " argument, help);
	PROGRAM_OPTIONS(X)
#undef X
	puts("\nExit status:\n"
	     "   0  done, and --once, --backfill, --import: everything was seen\n"
	     "   1  not everything could be seen\n"
	     "  64  usage\n"
	     "  65  the store or the dump is damaged\n"
	     "  66  no such file\n"
	     "  69  the Hub cannot be reached\n"
	     "  73  the store cannot be made\n"
	     "  74  the store or the output cannot be written\n"
	     "  75  another daemon holds the store\n"
	     "  76  the log ends ahead of every clock\n"
	     "  77  no permission\n"
	     "  78  configuration\n\n"
	     "examples:\n"
	     "  relicensed --dry-run\n"
	     "  relicensed --once --store ./store && relicense status --store ./store\n"
	     "  relicensed --import models.jsonl.zst --observed-at 2024-07-11 --store ./store\n"
	     "  relicensed --backfill tiiuae --store ./store");
}

/* --- values --------------------------------------------------------------------------------------------------------*/

static bool read_observed_at(const char *text, int64_t *unix_ms)
{
	enum { BARE_DATE = 10, DAY_MS = 24 * 60 * 60 * 1000 };

	if (!moment_read(slice_of(text), unix_ms))
		return false;
	if (strlen(text) == BARE_DATE)
		*unix_ms += DAY_MS - 1;
	return *unix_ms > 0;
}

static bool read_fields(const char *list, uint32_t *fields)
{
	for (const char *at = list;; at++) {
		size_t size = strcspn(at, ",");
		struct slice key = { at, size };
		enum field field = field_find(key);

		if (field == FIELD_NONE)
			return false;
		*fields |= field_bit(field);
		at += size;
		if (!*at)
			return true;
	}
}

static void add_override(struct command_line *line, int letter)
{
	static const struct {
		int letter;
		const char *option, *key;
	} known[] = {
#define X(name, letter, argument, key, help) { letter, "--" name, key },
		PROGRAM_OPTIONS(X)
#undef X
	};

	for (size_t i = 0; i < ARRAY_COUNT(known); i++)
		if (known[i].letter == letter && known[i].key && line->overrides < OVERRIDES_MAX)
			line->override[line->overrides++] = (struct override){ known[i].option, known[i].key, optarg };
}

/* --- the line ------------------------------------------------------------------------------------------------------*/

static int usage(const char *what)
{
	fprintf(stderr, "relicensed: %s\n", what);
	return EX_USAGE;
}

static bool take_value(struct command_line *line, int letter)
{
	switch (letter) {
	case 'c':
		line->config_file = optarg;
		return true;
	case 'b':
		line->backfill = optarg;
		return true;
	case 'S':
		line->sim_clock = optarg;
		return true;
	case 'i':
		line->import.path = optarg;
		return true;
	case 'o':
		return read_observed_at(optarg, &line->import.observed_ms);
	case 'a':
		line->import.complete = true;
		return true;
	case 'k':
		return repo_kind_read(slice_of(optarg), &line->import.kind);
	case 'f':
		return read_fields(optarg, &line->import.fields);
	default:
		add_override(line, letter);
		return true;
	}
}

static bool mode_of(int letter, enum mode *mode)
{
	static const struct {
		int letter;
		enum mode mode;
	} modes[] = {
		{ 'C', MODE_CHECK_CONFIG }, { 'P', MODE_PRINT_CONFIG }, { '1', MODE_ONCE }, { 'b', MODE_BACKFILL }, { 'n', MODE_DRY_RUN }, { 'i', MODE_IMPORT },
	};

	for (size_t i = 0; i < ARRAY_COUNT(modes); i++) {
		if (modes[i].letter != letter)
			continue;
		*mode = modes[i].mode;
		return true;
	}
	return false;
}

/* What belongs together. -1: it does. */
static int check(const struct command_line *line)
{
	if (line->mode == MODE_IMPORT && !line->import.observed_ms)
		return usage("--import needs --observed-at: when was the dump taken?");
	if (line->mode != MODE_IMPORT && (line->import.observed_ms || line->import.complete || line->import.fields))
		return usage("--observed-at, --complete and --fields belong to --import");
	return -1;
}

/* What getopt refused: an option that there is not, or one without its value. */
static int say_unknown(const char *word, const struct option *known)
{
	char hint[NEAREST_HINT_SIZE];
	struct nearest nearest;

	nearest_begin(&nearest, word + strspn(word, "-"));
	for (; known->name; known++)
		nearest_try(&nearest, known->name, strlen(known->name));
	fprintf(stderr, "relicensed: --help lists the options%s\n",
		nearest.distance ? nearest_hint(&nearest, "--", hint) : "");
	return EX_USAGE;
}

int command_line_read(struct command_line *line, int argc, char **argv)
{
	static const struct option known[] = {
#define X(name, letter, argument, key, help) { name, sizeof(argument) > 1 ? required_argument : no_argument, NULL, letter },
		PROGRAM_OPTIONS(X)
#undef X
		{ NULL, 0, NULL, 0 },
	};
	enum mode mode;
	int letter, place;

	while ((letter = getopt_long(argc, argv, "hV", known, &place)) != -1) {
		if (letter == '?')
			return say_unknown(argv[optind - 1], known);
		if (letter == 'V')
			puts("relicensed " RELICENSED_VERSION);
		else if (letter == 'h')
			print_help();
		if (letter == 'V' || letter == 'h')
			return EX_OK;
		if (!take_value(line, letter)) {
			fprintf(stderr, "relicensed: --%s does not take \"%s\"; --help says what it takes\n", known[place].name, optarg);
			return EX_USAGE;
		}
		if (!mode_of(letter, &mode))
			continue;
		if (line->mode != MODE_SERVE && line->mode != mode)
			return usage("it does one thing at a time: --once, --backfill, --import, --dry-run, --check-config or --print-config");
		line->mode = mode;
	}
	if (optind == argc)
		return check(line);
	fprintf(stderr, "relicensed: \"%s\" is not an option; --help lists them\n", argv[optind]);
	return EX_USAGE;
}

const char *command_line_config_file(const struct command_line *line)
{
	if (line->config_file)
		return line->config_file;
	return access(CONFIG_DEFAULT_FILE, F_OK) == 0 ? CONFIG_DEFAULT_FILE : NULL;
}

int command_line_config(const struct command_line *line, struct config *config, struct config_problem *problem)
{
	const char *file = command_line_config_file(line);

	config_init(config);
	if (file)
		config_load(config, file, problem);
	for (unsigned i = 0; i < line->overrides; i++)
		config_set(config, line->override[i].option, line->override[i].key, line->override[i].value, problem);
	return problem->count ? -1 : 0;
}
