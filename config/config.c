/* SPDX-License-Identifier: Apache-2.0 */
#include "config/config.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <ini.h>

#include "config/nearest.h"

struct option {
	const char *key;
	enum option_type type;
	const char *unit;
	int64_t min, max;
	const char *fallback;
	bool reloadable;
	const char *help;
	size_t offset;
};

enum option_index {
#define X(key, type, unit, min, max, fallback, reloadable, help) INDEX_##key,
	OPTION_TABLE(X)
#undef X
	OPTION_COUNT
};

static const struct option options[OPTION_COUNT] = {
#define X(key, type, unit, min, max, fallback, reloadable, help) \
	{ #key, type, unit, min, max, fallback, reloadable, help, offsetof(struct config, key) },
	OPTION_TABLE(X)
#undef X
};

/* A word and what it stands for: the suffix of a unit, or one of a few values. */
struct word {
	const char *text;
	int64_t value;
};

static const struct word duration_units[] = {
	{ "ms", 1 }, { "s", OPTION_SECOND }, { "m", OPTION_MINUTE }, { "h", OPTION_HOUR }, { "d", OPTION_DAY }, { NULL, 0 },
};
static const struct word size_units[] = {
	{ "", 1 }, { "B", 1 }, { "KiB", OPTION_KIB }, { "MiB", OPTION_MIB }, { "GiB", OPTION_GIB }, { "TiB", OPTION_TIB },
	{ NULL, 0 },
};
static const struct word share_units[] = { { "%", 1 }, { NULL, 0 } };
static const struct word number_units[] = { { "", 1 }, { NULL, 0 } };
static const struct word switch_words[] = { { "yes", 1 }, { "no", 0 }, { NULL, 0 } };
static const struct word kind_words[] = { { "models", 1 }, { "datasets", 2 }, { "spaces", 4 }, { NULL, 0 } };
static const struct word level_words[] = {
	{ "error", LEVEL_ERROR }, { "warning", LEVEL_WARNING }, { "notice", LEVEL_NOTICE }, { "info", LEVEL_INFO },
	{ "debug", LEVEL_DEBUG }, { NULL, 0 },
};
static const struct word pace_words[] = { { "even", PACE_EVEN }, { "burst", PACE_BURST }, { NULL, 0 } };

/* How a type is written, and what people are told about it. */
struct option_form {
	const struct word *words;
	const char *accepted;
};

static const struct option_form forms[] = {
	[OPTION_TEXT] = { NULL, "a text" },
	[OPTION_DURATION] = { duration_units, "a whole number with ms, s, m, h or d" },
	[OPTION_SIZE] = { size_units, "a whole number of bytes, or one with KiB, MiB, GiB or TiB" },
	[OPTION_SHARE] = { share_units, "a whole number with %" },
	[OPTION_NUMBER] = { number_units, "a whole number" },
	[OPTION_SWITCH] = { switch_words, "yes or no" },
	[OPTION_KINDS] = { kind_words, "any of models, datasets, spaces, with commas between" },
	[OPTION_LEVEL] = { level_words, "one of error, warning, notice, info, debug" },
	[OPTION_PACE] = { pace_words, "even or burst" },
};

/* --- problems ------------------------------------------------------------------------------------------------------*/

__attribute__((format(printf, 2, 3))) static void complain(struct config_problem *problem, const char *format, ...)
{
	size_t room = sizeof(problem->text) - problem->size;
	va_list arguments;
	int size;

	problem->count++;
	va_start(arguments, format);
	size = vsnprintf(problem->text + problem->size, room, format, arguments);
	va_end(arguments);
	if (size > 0)
		problem->size += (size_t)size < room ? (size_t)size : room - 1;
}

/* --- values to text and back ---------------------------------------------------------------------------------------*/

static const struct word *find_word(const struct word *words, const char *text, size_t size)
{
	for (; words->text; words++)
		if (strlen(words->text) == size && strncasecmp(words->text, text, size) == 0)
			return words;
	return NULL;
}

/* The largest unit in which the value is a whole number. */
static void write_quantity(const struct word *words, int64_t value, char *out, size_t size)
{
	const struct word *best = words;

	for (const struct word *word = words; value && word->text; word++)
		if (value % word->value == 0 && word->value > best->value)
			best = word;
	snprintf(out, size, "%" PRId64 "%s", value / best->value, best->text);
}

static bool read_quantity(const struct word *words, const char *text, int64_t *value)
{
	const struct word *unit;
	char *end;
	int64_t number;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	number = strtoll(text, &end, 10);
	while (*end == ' ')
		end++;
	unit = find_word(words, end, strlen(end));
	/* "0" needs no unit; everything else says what it counts */
	if (!unit && !*end && number == 0)
		unit = words;
	return unit && !errno && !__builtin_mul_overflow(number, unit->value, value);
}

static bool read_kinds(const char *text, int64_t *value)
{
	*value = 0;
	while (*text) {
		const struct word *word;
		size_t size = strcspn(text, ", \t");

		word = find_word(kind_words, text, size);
		if (!word)
			return false;
		*value |= word->value;
		text += size;
		text += strspn(text, ", \t");
	}
	return true;
}

static bool read_value(enum option_type type, const char *text, int64_t *value)
{
	const struct word *word;

	switch (type) {
	case OPTION_KINDS:
		return read_kinds(text, value);
	case OPTION_SWITCH:
	case OPTION_LEVEL:
	case OPTION_PACE:
		word = find_word(forms[type].words, text, strlen(text));
		*value = word ? word->value : 0;
		return word;
	case OPTION_TEXT:
		return false;
	default:
		return read_quantity(forms[type].words, text, value);
	}
}

/* "; a whole number with %, from 1% to 100%" */
static void describe_range(const struct option *option, char *out, size_t size)
{
	const struct word *words = forms[option->type].words;
	char min[32], max[32];

	switch (option->type) {
	case OPTION_TEXT:
		snprintf(out, size, "%s of %" PRId64 " to %" PRId64 " characters", forms[option->type].accepted, option->min,
			option->max);
		return;
	case OPTION_SWITCH:
	case OPTION_KINDS:
	case OPTION_LEVEL:
	case OPTION_PACE:
		snprintf(out, size, "%s", forms[option->type].accepted);
		return;
	default:
		write_quantity(words, option->min, min, sizeof(min));
		write_quantity(words, option->max, max, sizeof(max));
		snprintf(out, size, "%s, from %s to %s", forms[option->type].accepted, min, max);
	}
}

/* --- one option ----------------------------------------------------------------------------------------------------*/

static const struct option *find_option(const char *key)
{
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (strcmp(options[i].key, key) == 0)
			return &options[i];
	return NULL;
}

static void *option_field(const struct option *option, struct config *config)
{
	return (char *)config + option->offset;
}

static bool has_control_character(const char *text)
{
	for (; *text; text++)
		if (iscntrl((unsigned char)*text))
			return true;
	return false;
}

static bool set_text(const struct option *option, struct config *config, const char *value)
{
	size_t size = strlen(value);

	if ((int64_t)size < option->min || (int64_t)size > option->max || has_control_character(value))
		return false;
	memset(option_field(option, config), 0, CONFIG_TEXT_SIZE); /* so that configs compare bytewise */
	memcpy(option_field(option, config), value, size);
	return true;
}

static bool set_value(const struct option *option, struct config *config, const char *value)
{
	int64_t number;

	if (option->type == OPTION_TEXT)
		return set_text(option, config, value);
	if (!read_value(option->type, value, &number) || number < option->min || number > option->max)
		return false;
	*(int64_t *)option_field(option, config) = number;
	return true;
}

static void complain_unknown(struct config_problem *problem, const char *where, const char *key)
{
	char hint[NEAREST_HINT_SIZE];
	struct nearest nearest;

	nearest_begin(&nearest, key);
	for (size_t i = 0; i < OPTION_COUNT; i++)
		nearest_try(&nearest, options[i].key, strlen(options[i].key));
	complain(problem, "%s: %.60s: there is no such option%s; relicensed --print-config lists all\n", where, key,
		nearest_hint(&nearest, "", hint));
}

static int set_option(struct config *config, const char *where, const char *key, const char *value,
	struct config_problem *problem)
{
	const struct option *option = find_option(key);
	char accepted[200];

	if (!option) {
		complain_unknown(problem, where, key);
		return -1;
	}
	if (set_value(option, config, value))
		return 0;
	describe_range(option, accepted, sizeof(accepted));
	complain(problem, "%s: %s: \"%.80s\" is not accepted; it takes %s\n", where, key, value, accepted);
	return -1;
}

int config_set(struct config *config, const char *where, const char *key, const char *value,
	struct config_problem *problem)
{
	return set_option(config, where, key, value, problem);
}

void config_init(struct config *config)
{
	struct config_problem problem = { 0 };

	memset(config, 0, sizeof(*config));
	for (size_t i = 0; i < OPTION_COUNT; i++)
		set_option(config, "option_table.h", options[i].key, options[i].fallback, &problem);
	if (problem.count) {
		fputs(problem.text, stderr);
		abort(); /* the table itself is wrong */
	}
}

/* --- the file ------------------------------------------------------------------------------------------------------*/

/* inih is built without line numbers for handlers, so lines are counted where they are read. */
struct config_file {
	const char *name;
	FILE *stream;
	unsigned line;
	struct config *config;
	struct config_problem *problem;
	bool seen[OPTION_COUNT];
};

static char *read_line(char *line, int size, void *owner)
{
	struct config_file *file = owner;
	size_t length;
	int c;

	if (!fgets(line, size, file->stream))
		return NULL;
	file->line++;
	length = strlen(line);
	if (length + 1 < (size_t)size || line[length - 1] == '\n')
		return line;
	complain(file->problem, "%s:%u: the line is longer than %d characters\n", file->name, file->line, size - 1);
	while ((c = getc(file->stream)) != EOF && c != '\n')
		;
	line[0] = '\0';
	return line;
}

static int on_pair(void *owner, const char *section, const char *key, const char *value)
{
	struct config_file *file = owner;
	const struct option *option = find_option(key);
	char where[300];

	snprintf(where, sizeof(where), "%s:%u", file->name, file->line);
	if (*section) {
		complain(file->problem, "%s: [%.60s]: there are no sections, only lines `key = value`\n", where, section);
	} else if (option && file->seen[option - options]) {
		complain(file->problem, "%s: %s: this option was set before; one line each, on one line\n", where, key);
	} else {
		if (option)
			file->seen[option - options] = true;
		set_option(file->config, where, key, value, file->problem);
	}
	return 1;
}

/* One answer of the largest size must fit, decompressed and taken apart. */
static void check_memory(const struct config *config, const char *name, struct config_problem *problem)
{
	if (config->memory_max / CONFIG_MEMORY_PER_PAGE < config->page_bytes_max)
		complain(problem,
			"%s: memory_max must be at least %d times page_bytes_max: set memory_max = %" PRId64 "MiB or more\n",
			name, CONFIG_MEMORY_PER_PAGE,
			(config->page_bytes_max * CONFIG_MEMORY_PER_PAGE + OPTION_MIB - 1) / OPTION_MIB);
}

/* What is kept for one lane is kept from the others. */
static void check_shares(const struct config *config, const char *name, struct config_problem *problem)
{
	int64_t sum = config->poll_share + config->confirm_share + config->detail_share + config->sweep_share +
		config->backfill_share;

	if (sum > 100)
		complain(problem, "%s: poll_share, confirm_share, detail_share, sweep_share and backfill_share make %" PRId64
			"%% together; they may make 100%%\n", name, sum);
}

int config_load(struct config *config, const char *name, struct config_problem *problem)
{
	struct config_file file = { .name = name, .config = config, .problem = problem };
	unsigned before = problem->count;
	int bad_line;

	file.stream = fopen(name, "re");
	if (!file.stream) {
		complain(problem, "%s: %s\n", name, strerror(errno));
		return -1;
	}
	bad_line = ini_parse_stream(read_line, &file, on_pair, &file);
	if (bad_line > 0)
		complain(problem, "%s:%d: not understood; a line is `key = value` or a comment after #\n", name, bad_line);
	if (ferror(file.stream))
		complain(problem, "%s: cannot be read\n", name);
	fclose(file.stream);
	check_shares(config, name, problem);
	check_memory(config, name, problem);
	return problem->count == before ? 0 : -1;
}

static size_t field_size(const struct option *option)
{
	return option->type == OPTION_TEXT ? sizeof(config_text) : sizeof(int64_t);
}

void config_reload(struct config *config, const struct config *fresh,
	void (*on_option)(void *owner, const char *key, bool taken), void *owner)
{
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option *option = &options[i];
		void *to = option_field(option, config);
		const void *from = (const char *)fresh + option->offset;

		if (memcmp(to, from, field_size(option)) == 0)
			continue;
		if (option->reloadable)
			memcpy(to, from, field_size(option));
		if (on_option)
			on_option(owner, option->key, option->reloadable);
	}
}

/* --- the shipped file ----------------------------------------------------------------------------------------------*/

/* Help text in comment lines of at most `width` characters. */
static void print_wrapped(FILE *out, const char *text, size_t width)
{
	size_t column = 0;

	while (*text) {
		size_t word = strcspn(text, " ");

		if (!column || column + 1 + word > width) {
			fputs(column ? "\n#" : "#", out);
			column = 1;
		}
		fprintf(out, " %.*s", (int)word, text);
		column += 1 + word;
		text += word;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

void config_print(FILE *out)
{
	fputs("# SPDX-License-Identifier: Apache-2.0\n"
	      "# relicensed: every option with its default. Remove the # before a key to change it.\n"
	      "# Written by `relicensed --print-config`; check yours with `relicensed --check-config`.\n", out);
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option *option = &options[i];
		char accepted[200];

		describe_range(option, accepted, sizeof(accepted));
		fputc('\n', out);
		print_wrapped(out, option->help, 100);
		fprintf(out, "# (%s: %s; %s)\n", option->unit, accepted,
			option->reloadable ? "SIGHUP reloads it" : "needs a restart");
		fprintf(out, "#%s =%s%s\n", option->key, *option->fallback ? " " : "", option->fallback);
	}
}

const char *config_level_name(enum config_level level)
{
	return level_words[level].text;
}
