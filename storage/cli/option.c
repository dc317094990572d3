/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/cli/option.h"

#include <stdio.h>
#include <strings.h>

#include "config/nearest.h"
#include "storage/cli/safe_text.h"
#include "storage/model/json.h"
#include "storage/model/when.h"

enum { HELP_INDENT = 26, HELP_WIDTH = 79, NAME_SHOWN_MAX = 60 };

/* ---- values ------------------------------------------------------------------------------------------------------ */

/* The place of a word in the row's list, with or without an s behind it; -1: it is none of them. */
static int word_place(const struct option_row *row, struct slice word)
{
	struct slice singular = word;

	if (word.size > 1 && (word.data[word.size - 1] | 0x20) == 's')
		singular.size--;
	for (int i = 0; row->words[i]; i++) {
		size_t size = strlen(row->words[i]);

		if ((size == word.size || size == singular.size) && strncasecmp(row->words[i], word.data, size) == 0)
			return i;
	}
	return -1;
}

static bool read_word(const struct option_row *row, const char *value)
{
	int place = word_place(row, slice_of(value));

	if (place >= 0)
		*(int *)row->target = place;
	return place >= 0;
}

/* Calls `take` for what stands between commas; none may be empty. */
static bool each_part(const struct option_row *row, const char *value,
	bool (*take)(const struct option_row *row, struct slice part))
{
	for (const char *at = value;; at++) {
		struct slice part = { at, strcspn(at, ",") };

		if (!part.size || !take(row, part))
			return false;
		at += part.size;
		if (!*at)
			return true;
	}
}

static bool add_word(const struct option_row *row, struct slice part)
{
	int place = word_place(row, part);

	if (place >= 0)
		*(unsigned *)row->target |= 1U << place;
	return place >= 0;
}

static void add_all_words(const struct option_row *row)
{
	for (unsigned i = 0; row->words[i]; i++)
		*(unsigned *)row->target |= 1U << i;
}

static bool add_part(const struct option_row *row, struct slice part)
{
	struct text_list *list = row->target;

	if (list->count == TEXT_LIST_MAX)
		return false;
	list->item[list->count++] = part;
	return true;
}

static bool read_value(const struct option_row *row, const char *value, int64_t now_ms)
{
	switch (row->type) {
	case VALUE_FLAG:
		*(bool *)row->target = true;
		return true;
	case VALUE_TEXT:
		*(const char **)row->target = value;
		return value[0] != '\0';
	case VALUE_TEXTS:
		return value[0] != '\0' && add_part(row, slice_of(value));
	case VALUE_LIST:
		return each_part(row, value, add_part);
	case VALUE_NUMBER:
		return json_integer(slice_of(value), row->target);
	case VALUE_WORD:
		return read_word(row, value);
	case VALUE_WORDS:
	case VALUE_WORDS_OR_ALL:
		return each_part(row, value, add_word);
	case VALUE_START:
	case VALUE_END:
		return when_read(slice_of(value), row->type == VALUE_END ? WHEN_END : WHEN_START, now_ms, row->target);
	case VALUE_DURATION:
		return when_duration(slice_of(value), row->target);
	}
	return false;
}

/* ---- what is accepted, for messages and help ----------------------------------------------------------------------- */

static void add_words(const struct option_row *row, struct buf *out)
{
	for (int i = 0; row->words[i]; i++)
		buf_printf(out, "%s%s", i ? ", " : "", row->words[i]);
}

static bool is_moment(const struct option_row *row)
{
	return row->type == VALUE_START || row->type == VALUE_END;
}

/* "--format does not take 'xml'; it takes table, json, ..." */
static void add_refusal(const struct option_row *row, const char *shown, struct buf *out)
{
	static const char *const accepted[] = {
		[VALUE_TEXT] = "a text that is not empty",
		[VALUE_TEXTS] = "a text that is not empty, at most 32 times",
		[VALUE_LIST] = "texts that are not empty with commas between, at most 32",
		[VALUE_FLAG] = "no value",
		[VALUE_NUMBER] = "a whole number",
		[VALUE_DURATION] = "a duration such as 90s, 15m, 24h or 7d",
	};

	if (is_moment(row)) {
		buf_printf(out, "--%s: '%s' is not a date I understand; try 2026-11-29 or 1d", row->name, shown);
		return;
	}
	buf_printf(out, "--%s does not take '%s'; it takes ", row->name, shown);
	if (row->words)
		add_words(row, out);
	else if (accepted[row->type])
		buf_text(out, accepted[row->type]);
}

static void add_near_word(const struct option_row *row, const char *value, struct buf *out)
{
	char hint[NEAREST_HINT_SIZE];
	struct nearest nearest;

	nearest_begin(&nearest, value);
	for (int i = 0; row->words && row->words[i]; i++)
		nearest_try(&nearest, row->words[i], strlen(row->words[i]));
	buf_text(out, nearest_hint(&nearest, "", hint));
}

static bool say_refused(struct option_parse *parse, const struct option_row *row, const char *value)
{
	struct buf refusal = BUF_INIT(4096), shown = BUF_INIT(1024);

	safe_text_cut(slice_of(value), NAME_SHOWN_MAX, &shown);
	add_refusal(row, shown.data ? shown.data : "", &refusal);
	add_near_word(row, value, &refusal);
	snprintf(parse->problem, sizeof(parse->problem), "%s", refusal.data ? refusal.data : "");
	buf_release(&shown);
	buf_release(&refusal);
	return false;
}

static bool say_unknown(struct option_parse *parse, const char *name)
{
	struct buf shown = BUF_INIT(1024);
	char hint[NEAREST_HINT_SIZE];
	struct nearest nearest;

	nearest_begin(&nearest, name);
	for (size_t t = 0; t < parse->table_count; t++)
		for (size_t i = 0; i < parse->tables[t].count; i++)
			nearest_try(&nearest, parse->tables[t].row[i].name, strlen(parse->tables[t].row[i].name));
	safe_text_cut(slice_of(name), NAME_SHOWN_MAX, &shown);
	snprintf(parse->problem, sizeof(parse->problem), "there is no option --%s%s", shown.data ? shown.data : "",
		nearest_hint(&nearest, "--", hint));
	buf_release(&shown);
	return false;
}

/* ---- the line ------------------------------------------------------------------------------------------------------ */

static const struct option_row *find_row(const struct option_parse *parse, struct slice name, char letter)
{
	for (size_t t = 0; t < parse->table_count; t++) {
		for (size_t i = 0; i < parse->tables[t].count; i++) {
			const struct option_row *row = &parse->tables[t].row[i];

			if (letter ? row->letter == letter : slice_is(name, row->name))
				return row;
		}
	}
	return NULL;
}

/* `value` is what stands in the same word; NULL: it is the next word. */
static bool take_option(struct option_parse *parse, const struct option_row *row, const char *value, int argc,
	char *const argv[], int *at)
{
	if (row->type == VALUE_FLAG && value) {
		snprintf(parse->problem, sizeof(parse->problem), "--%s takes no value", row->name);
		return false;
	}
	if (row->type == VALUE_WORDS_OR_ALL && !value) {
		add_all_words(row);
		return true;
	}
	if (row->type != VALUE_FLAG && !value) {
		if (*at + 1 >= argc) {
			snprintf(parse->problem, sizeof(parse->problem), "--%s needs a value", row->name);
			return false;
		}
		value = argv[++*at];
	}
	return read_value(row, value, parse->now_ms) || say_refused(parse, row, value);
}

static bool take_long(struct option_parse *parse, int argc, char *const argv[], int *at)
{
	const char *word = argv[*at] + 2, *equals = strchr(word, '=');
	struct slice name = { word, equals ? (size_t)(equals - word) : strlen(word) };
	const struct option_row *row = find_row(parse, name, 0);
	char copy[NAME_SHOWN_MAX + 4];

	if (row)
		return take_option(parse, row, equals ? equals + 1 : NULL, argc, argv, at);
	snprintf(copy, sizeof(copy), "%.*s", (int)(name.size < NAME_SHOWN_MAX ? name.size : NAME_SHOWN_MAX), name.data);
	return say_unknown(parse, copy);
}

/* -x, -xVALUE, -x VALUE, or several flags in one word. */
static bool take_short(struct option_parse *parse, int argc, char *const argv[], int *at)
{
	for (const char *letter = argv[*at] + 1; *letter; letter++) {
		const struct option_row *row = find_row(parse, SLICE_NONE, *letter);

		if (!row) {
			snprintf(parse->problem, sizeof(parse->problem), "there is no option -%c",
				*letter > ' ' && *letter < 0x7F ? *letter : '?');
			return false;
		}
		if (row->type != VALUE_FLAG && row->type != VALUE_WORDS_OR_ALL)
			return take_option(parse, row, letter[1] ? letter + 1 : NULL, argc, argv, at);
		take_option(parse, row, NULL, argc, argv, at);
	}
	return true;
}

static bool take_argument(struct option_parse *parse, const char *argument)
{
	if (parse->arguments.count == ARGUMENTS_MAX) {
		snprintf(parse->problem, sizeof(parse->problem), "more than %d arguments", ARGUMENTS_MAX);
		return false;
	}
	parse->arguments.item[parse->arguments.count++] = argument;
	return true;
}

bool option_parse(struct option_parse *parse, int argc, char *const argv[])
{
	bool options_ended = false;
	int at = parse->rest;

	for (; at < argc; at++) {
		const char *word = argv[at];
		bool taken;

		if (options_ended || word[0] != '-' || word[1] == '\0') {
			if (parse->stop_at_argument)
				break;
			taken = take_argument(parse, word);
		} else if (strcmp(word, "--") == 0) {
			options_ended = taken = true;
		} else if (word[1] == '-') {
			taken = take_long(parse, argc, argv, &at);
		} else {
			taken = take_short(parse, argc, argv, &at);
		}
		if (!taken)
			return false;
	}
	parse->rest = at;
	return true;
}

/* Words of `text` from *column on, broken before the edge; lines after the first begin at HELP_INDENT. */
static void add_wrapped(const char *text, size_t *column, struct buf *out)
{
	while (*text) {
		size_t word = strcspn(text, " ");
		bool first = *column == HELP_INDENT;

		if (!first && *column + 1 + word > HELP_WIDTH) {
			buf_printf(out, "\n%*s", HELP_INDENT, "");
			*column = HELP_INDENT;
			first = true;
		}
		buf_text(out, first ? "" : " ");
		buf_slice(out, (struct slice){ text, word });
		*column += word + !first;
		text += word;
		text += strspn(text, " ");
	}
}

/* "  -k, --kind LIST", and blanks up to where the help begins. */
static void add_name(const struct option_row *row, struct buf *out)
{
	static const char *const called[] = { [VALUE_WORD] = " WORD", [VALUE_WORDS] = " LIST", [VALUE_WORDS_OR_ALL] = "[=LIST]" };
	size_t start = out->size;

	if (row->letter)
		buf_printf(out, "  -%c, --%s", row->letter, row->name);
	else
		buf_printf(out, "      --%s", row->name);
	if (row->value)
		buf_printf(out, " %s", row->value);
	else if (row->words)
		buf_text(out, called[row->type]);
	if (out->size - start + 2 > HELP_INDENT) {
		buf_char(out, '\n');
		start = out->size;
	}
	buf_printf(out, "%*s", (int)(HELP_INDENT - (out->size - start)), "");
}

static void add_meaning(const struct option_row *row, struct buf *out)
{
	struct buf text = BUF_INIT(4096);
	size_t column = HELP_INDENT;

	buf_text(&text, row->help);
	if (row->words) {
		buf_text(&text, ": ");
		add_words(row, &text);
	}
	add_wrapped(text.data, &column, out);
	buf_char(out, '\n');
	buf_release(&text);
}

void option_help(const struct option_table *table, struct buf *out)
{
	for (size_t i = 0; i < table->count; i++) {
		add_name(&table->row[i], out);
		add_meaning(&table->row[i], out);
	}
}
