/* SPDX-License-Identifier: Apache-2.0 */
/* The command line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "config/nearest.h"
#include "storage/cli/option.h"
#include "storage/model/moment.h"

enum { DAY_MS = 86400000 };

static const char *const words[] = { "table", "json", NULL }, *const kinds[] = { "model", "dataset", "space", NULL };

struct values {
	bool flag, other;
	const char *text;
	struct text_list texts;
	uint64_t number;
	int word;
	unsigned kinds, sorts;
	struct text_list list;
	int64_t start, end, duration;
} values;

static const struct option_row rows[] = {
	{ "all", 'a', VALUE_FLAG, NULL, "a flag", &values.flag, NULL },
	{ "bare", 'b', VALUE_FLAG, NULL, "a flag", &values.other, NULL },
	{ "output", 'o', VALUE_TEXT, "FILE", "a text", &values.text, NULL },
	{ "event", 'e', VALUE_TEXTS, "GLOB", "texts", &values.texts, NULL },
	{ "limit", 'n', VALUE_NUMBER, "N", "a number", &values.number, NULL },
	{ "format", 'f', VALUE_WORD, NULL, "a word", &values.word, words },
	{ "since", 0, VALUE_START, "TIME", "a start", &values.start, NULL },
	{ "until", 0, VALUE_END, "TIME", "an end", &values.end, NULL },
	{ "kind", 'k', VALUE_WORDS, NULL, "kinds", &values.kinds, kinds },
	{ "sort", 's', VALUE_WORDS_OR_ALL, NULL, "sorts", &values.sorts, kinds },
	{ "list", 'l', VALUE_LIST, "TEXTS", "a list", &values.list, NULL },
	{ "max-age", 0, VALUE_DURATION, "AGE", "a duration", &values.duration, NULL },
};

static const struct option_table table = { rows, ARRAY_COUNT(rows) };

static bool parse_words(struct option_parse *parse, unsigned count, const char *const *line)
{
	char *argv[32];

	assert_true(count < ARRAY_COUNT(argv));
	for (unsigned i = 0; i < count; i++)
		argv[i] = (char *)(uintptr_t)line[i];
	values = (struct values){ .word = -1 };
	*parse = (struct option_parse){ .tables = &table, .table_count = 1, .now_ms = INT64_C(100) * DAY_MS };
	return option_parse(parse, (int)count, argv);
}

#define PARSE(parse, ...) \
	parse_words((parse), sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *), (const char *const[]){ __VA_ARGS__ })

static void test_forms(void **state)
{
	struct option_parse parse;

	(void)state;
	assert_true(PARSE(&parse, "--all", "--output", "x", "repo", "--limit=7", "-e", "a*", "-eb*", "--format", "json"));
	assert_true(values.flag && !values.other);
	assert_string_equal(values.text, "x");
	assert_int_equal(values.number, 7);
	assert_int_equal(values.texts.count, 2);
	assert_true(slice_is(values.texts.item[1], "b*"));
	assert_int_equal(values.word, 1);
	assert_int_equal(parse.arguments.count, 1);
	assert_string_equal(parse.arguments.item[0], "repo");
	assert_true(PARSE(&parse, "-ab"));
	assert_true(values.flag && values.other);
	assert_true(PARSE(&parse, "-abox.csv"));
	assert_string_equal(values.text, "x.csv");
	assert_true(PARSE(&parse, "--", "--all", "-x"));
	assert_false(values.flag);
	assert_int_equal(parse.arguments.count, 2);
	assert_true(PARSE(&parse, "-")); /* alone it is an argument */
	assert_int_equal(parse.arguments.count, 1);
}

static void test_refused(void **state)
{
	static const struct { const char *line[3]; const char *says; } cases[] = {
		{ { "--al" }, "there is no option --al; did you mean --all?" },
		{ { "--formta", "json" }, "there is no option --formta; did you mean --format?" },
		{ { "--nonsense" }, "there is no option --nonsense" },
		{ { "-x" }, "there is no option -x" },
		{ { "-\x1b" }, "there is no option -?" },
		{ { "--all=yes" }, "--all takes no value" },
		{ { "--limit" }, "--limit needs a value" },
		{ { "--limit", "-1" }, "--limit does not take '-1'; it takes a whole number" },
		{ { "--limit", "12x" }, "--limit does not take '12x'; it takes a whole number" },
		{ { "--format", "xml" }, "--format does not take 'xml'; it takes table, json" },
		{ { "--output", "" }, "--output does not take ''; it takes a text that is not empty" },
		{ { "--max-age", "24" }, "--max-age does not take '24'; it takes a duration such as 90s, 15m, 24h or 7d" },
		{ { "--format", "\x1b[2J" }, "--format does not take '\\x1b[2J'; it takes table, json" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct option_parse parse;
		unsigned count = cases[i].line[1] ? 2 : 1;

		assert_false(parse_words(&parse, count, cases[i].line));
		assert_string_equal(parse.problem, cases[i].says);
	}
}

static void test_too_many_texts(void **state)
{
	const char *line[2 * TEXT_LIST_MAX + 2];
	char *argv[2 * TEXT_LIST_MAX + 2];
	struct option_parse parse = { .tables = &table, .table_count = 1 };

	(void)state;
	values = (struct values){ 0 };
	for (unsigned i = 0; i < ARRAY_COUNT(line); i++)
		argv[i] = (char *)(uintptr_t)(i % 2 ? "x" : "-e");
	assert_false(option_parse(&parse, ARRAY_COUNT(line), argv));
	assert_int_equal(values.texts.count, TEXT_LIST_MAX);
}

static void test_times(void **state)
{
	struct option_parse parse;

	(void)state;
	assert_true(PARSE(&parse, "--since", "2023-05-31", "--until", "2023-05-31", "--max-age", "36h"));
	assert_true(values.start == moment_of(2023, 5, 31));
	assert_true(values.end == moment_of(2023, 6, 1) - 1);
	assert_true(values.duration == INT64_C(36) * 3600000);
	assert_true(PARSE(&parse, "--since", "2023-05-31T12:00:00Z", "--until", "2023-05-31T12:00:00Z"));
	assert_true(values.start == values.end && values.start == moment_of(2023, 5, 31) + DAY_MS / 2);
	assert_true(PARSE(&parse, "--since", "7d", "--until", "now"));
	assert_true(values.start == INT64_C(93) * DAY_MS && values.end == INT64_C(100) * DAY_MS);
	assert_false(PARSE(&parse, "--since", "2023-02-30"));
	assert_false(PARSE(&parse, "--since", "the day before"));
	assert_string_equal(parse.problem, "--since: 'the day before' is not a date I understand; try 2026-11-29 or 1d");
}

/* Commas, repetition, plurals, any letter case. */
static void test_lists(void **state)
{
	struct option_parse parse;

	(void)state;
	assert_true(PARSE(&parse, "-k", "models,Space"));
	assert_int_equal(values.kinds, 5);
	assert_true(PARSE(&parse, "--kind", "space", "--kind=dataset"));
	assert_int_equal(values.kinds, 6);
	assert_true(PARSE(&parse, "--sort", "model"));
	assert_int_equal(values.sorts, 7);
	assert_int_equal(parse.arguments.count, 1);
	assert_true(PARSE(&parse, "--sort=model,dataset", "-as"));
	assert_true(values.sorts == 7 && values.flag);
	assert_true(PARSE(&parse, "--sort=model,datasets"));
	assert_int_equal(values.sorts, 3);
	assert_true(PARSE(&parse, "-l", "a,b", "--list", "c"));
	assert_int_equal(values.list.count, 3);
	assert_true(slice_is(values.list.item[1], "b") && slice_is(values.list.item[2], "c"));
	assert_true(PARSE(&parse, "-e", "a,b")); /* a text may hold commas */
	assert_true(slice_is(values.texts.item[0], "a,b"));
	assert_false(PARSE(&parse, "--list", "a,,b"));
	assert_false(PARSE(&parse, "--list", ""));
	assert_false(PARSE(&parse, "--kind", "model,"));
	assert_false(PARSE(&parse, "--kind", "model,spice"));
	assert_string_equal(parse.problem, "--kind does not take 'model,spice'; it takes model, dataset, space");
	assert_false(PARSE(&parse, "--kind", "modle"));
	assert_string_equal(parse.problem, "--kind does not take 'modle'; it takes model, dataset, space; did you mean 'model'?");
	assert_false(PARSE(&parse, "--kind", "modelss"));
}

static void test_help_fits(void **state)
{
	static const struct option_row wide[] = {
		{ "long-name-of-an-option", 'x', VALUE_TEXT, "SOMETHING", "words that go on and on until the line is full, and then "
			"some more of them, so that a third line is needed too", &values.text, NULL },
		{ "kind", 'k', VALUE_WORDS, NULL, "these kinds", &values.kinds, kinds },
	};
	struct buf help = BUF_INIT(4096);

	(void)state;
	option_help(&(struct option_table){ wide, ARRAY_COUNT(wide) }, &help);
	assert_string_equal(help.data,
		"  -x, --long-name-of-an-option SOMETHING\n"
		"                          words that go on and on until the line is full, and\n"
		"                          then some more of them, so that a third line is\n"
		"                          needed too\n"
		"  -k, --kind LIST         these kinds: model, dataset, space\n");
	buf_release(&help);
}

static void test_nearest(void **state)
{
	struct nearest nearest;
	char hint[NEAREST_HINT_SIZE];

	(void)state;
	nearest_begin(&nearest, "Apach-2.0");
	nearest_try(&nearest, "afl-3.0", 7);
	nearest_try(&nearest, "apache-2.0", 10);
	nearest_try(&nearest, "apache-1.0", 10);
	assert_string_equal(nearest_hint(&nearest, "", hint), "; did you mean 'apache-2.0'?");
	nearest_begin(&nearest, "zebra");
	nearest_try(&nearest, "apache-2.0", 10);
	assert_string_equal(nearest_hint(&nearest, "", hint), "");
}

static void test_stops_at_the_command(void **state)
{
	char *argv[] = { (char *)(uintptr_t) "--all", (char *)(uintptr_t) "changes", (char *)(uintptr_t) "--bare" };
	struct option_parse parse = { .tables = &table, .table_count = 1, .stop_at_argument = true };

	(void)state;
	values = (struct values){ 0 };
	assert_true(option_parse(&parse, 3, argv));
	assert_int_equal(parse.rest, 1);
	assert_true(values.flag && !values.other);
}

static void test_distance(void **state)
{
	(void)state;
	assert_int_equal(edit_distance("changes", "changes"), 0);
	assert_int_equal(edit_distance("chnges", "changes"), 1);
	assert_int_equal(edit_distance("cahnges", "changes"), 1);
	assert_int_equal(edit_distance("", "abc"), 3);
	assert_int_equal(edit_distance("abc", ""), 3);
	assert_int_equal(edit_distance("kitten", "sitting"), 3);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_help_fits),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_too_many_texts),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_stops_at_the_command),
		cmocka_unit_test(test_distance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
