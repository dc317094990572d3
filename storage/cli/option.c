/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/cli/option.h"

#include <stdio.h>
#include <stdlib.h>

#include "storage/cli/safe_text.h"
#include "storage/model/json.h"
#include "storage/model/moment.h"

enum { DISTANCE_TEXT_MAX = 40, HELP_INDENT = 30, DAY_MS = 86400000 };

/* ---- values ------------------------------------------------------------------------------------------------------ */

bool option_duration(struct slice text, int64_t *ms)
{
	static const struct {
		char letter;
		int64_t ms;
	} units[] = { { 's', 1000 }, { 'm', 60000 }, { 'h', 3600000 }, { 'd', DAY_MS }, { 'w', INT64_C(7) * DAY_MS } };
	uint64_t value;

	if (text.size < 2 || !json_integer((struct slice){ text.data, text.size - 1 }, &value) || value > 1000000)
		return false;
	for (size_t i = 0; i < ARRAY_COUNT(units); i++) {
		if (text.data[text.size - 1] == units[i].letter) {
			*ms = (int64_t)value * units[i].ms;
			return true;
		}
	}
	return false;
}

bool option_moment(struct slice text, bool end_of_day, int64_t now_ms, int64_t *unix_ms)
{
	enum { BARE_DATE = 10 };
	int64_t ago_ms;

	if (option_duration(text, &ago_ms)) {
		*unix_ms = now_ms > ago_ms ? now_ms - ago_ms : 0;
		return true;
	}
	if (slice_is(text, "now")) {
		*unix_ms = now_ms;
		return true;
	}
	if (!moment_read(text, unix_ms))
		return false;
	if (text.size == BARE_DATE && end_of_day)
		*unix_ms += DAY_MS - 1;
	return true;
}

static bool read_word(const struct option_row *row, const char *value)
{
	for (int i = 0; row->words[i]; i++) {
		if (strcmp(value, row->words[i]) == 0) {
			*(int *)row->target = i;
			return true;
		}
	}
	return false;
}

static bool add_text(struct text_list *list, const char *value)
{
	if (list->count == TEXT_LIST_MAX)
		return false;
	list->item[list->count++] = slice_of(value);
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
		return value[0] != '\0' && add_text(row->target, value);
	case VALUE_NUMBER:
		return json_integer(slice_of(value), row->target);
	case VALUE_WORD:
		return read_word(row, value);
	case VALUE_START:
	case VALUE_END:
		return option_moment(slice_of(value), row->type == VALUE_END, now_ms, row->target);
	case VALUE_DURATION:
		return option_duration(slice_of(value), row->target);
	}
	return false;
}

/* ---- what is accepted, for messages and help ----------------------------------------------------------------------- */

static void add_words(const struct option_row *row, const char *between, struct buf *out)
{
	for (int i = 0; row->words[i]; i++)
		buf_printf(out, "%s%s", i ? between : "", row->words[i]);
}

static void add_accepted(const struct option_row *row, struct buf *out)
{
	static const char *const accepted[] = {
		[VALUE_TEXT] = "a text that is not empty",
		[VALUE_TEXTS] = "a text that is not empty, at most 32 times",
		[VALUE_FLAG] = "no value",
		[VALUE_NUMBER] = "a whole number",
		[VALUE_START] = "a date (2023-05-31), a time (2023-05-31T12:00:00Z) or how long ago (7d)",
		[VALUE_END] = "a date (2023-05-31), a time (2023-05-31T12:00:00Z) or how long ago (7d)",
		[VALUE_DURATION] = "a duration such as 90s, 15m, 24h or 7d",
	};

	if (row->type == VALUE_WORD)
		add_words(row, ", ", out);
	else
		buf_text(out, accepted[row->type]);
}

static bool say_refused(struct option_parse *parse, const struct option_row *row, const char *value)
{
	struct buf accepted = BUF_INIT(1024), shown = BUF_INIT(1024);

	add_accepted(row, &accepted);
	safe_text_cut(slice_of(value), 60, &shown);
	snprintf(parse->problem, sizeof(parse->problem), "--%s does not take '%s'; it takes %s", row->name,
		shown.data ? shown.data : "", accepted.data);
	buf_release(&shown);
	buf_release(&accepted);
	return false;
}

unsigned edit_distance(const char *a, const char *b)
{
	size_t a_size = strlen(a), b_size = strlen(b);
	unsigned row[3][DISTANCE_TEXT_MAX + 1];

	if (a_size > DISTANCE_TEXT_MAX || b_size > DISTANCE_TEXT_MAX)
		return DISTANCE_TEXT_MAX;
	for (unsigned j = 0; j <= b_size; j++)
		row[0][j] = j;
	for (unsigned i = 1; i <= a_size; i++) {
		unsigned *now = row[i % 3], *before = row[(i + 2) % 3], *earlier = row[(i + 1) % 3];

		now[0] = i;
		for (unsigned j = 1; j <= b_size; j++) {
			unsigned best = before[j - 1] + (a[i - 1] != b[j - 1]);

			if (before[j] + 1 < best)
				best = before[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && earlier[j - 2] + 1 < best)
				best = earlier[j - 2] + 1;
			now[j] = best;
		}
	}
	return row[a_size % 3][b_size];
}

static bool say_unknown(struct option_parse *parse, const char *name)
{
	unsigned best = 3; /* farther away is not a misspelling */
	const char *near = NULL;
	struct buf shown = BUF_INIT(1024);

	for (size_t t = 0; t < parse->table_count; t++) {
		for (size_t i = 0; i < parse->tables[t].count; i++) {
			unsigned distance = edit_distance(name, parse->tables[t].row[i].name);

			if (distance < best) {
				best = distance;
				near = parse->tables[t].row[i].name;
			}
		}
	}
	safe_text_cut(slice_of(name), 60, &shown);
	snprintf(parse->problem, sizeof(parse->problem), "there is no option --%s%s%s%s", shown.data ? shown.data : "",
		near ? "; did you mean --" : "", near ? near : "", near ? "?" : "");
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
	char copy[DISTANCE_TEXT_MAX + 24];

	if (row)
		return take_option(parse, row, equals ? equals + 1 : NULL, argc, argv, at);
	snprintf(copy, sizeof(copy), "%.*s", (int)(name.size < 60 ? name.size : 60), name.data);
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
		if (row->type != VALUE_FLAG)
			return take_option(parse, row, letter[1] ? letter + 1 : NULL, argc, argv, at);
		*(bool *)row->target = true;
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

void option_help(const struct option_table *table, struct buf *out)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct option_row *row = &table->row[i];
		size_t start = out->size;

		if (row->letter)
			buf_printf(out, "  -%c, --%s", row->letter, row->name);
		else
			buf_printf(out, "      --%s", row->name);
		if (row->value)
			buf_printf(out, " %s", row->value);
		if (row->type == VALUE_WORD) {
			buf_char(out, ' ');
			add_words(row, "|", out);
		}
		if (out->size - start + 2 > HELP_INDENT) {
			buf_char(out, '\n');
			start = out->size;
		}
		buf_printf(out, "%*s%s\n", (int)(HELP_INDENT - (out->size - start)), "", row->help);
	}
}
