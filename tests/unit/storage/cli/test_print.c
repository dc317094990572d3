/* SPDX-License-Identifier: Apache-2.0 */
/* The formats. */
#include <errno.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "storage/cli/print.h"

/* ---- fields ------------------------------------------------------------------------------------------------------*/

static void check_field(void (*write)(const struct cell *, bool, struct buf *), enum cell_type type, struct slice text,
	bool spreadsheet, const char *wanted)
{
	struct cell cell = { type, text, TONE_PLAIN };
	struct buf out = BUF_INIT(4096);

	write(&cell, spreadsheet, &out);
	if (!slice_is(buf_as_slice(&out), wanted))
		fail_msg("got '%s', wanted '%s'", out.data ? out.data : "", wanted);
	buf_release(&out);
}

static void test_csv_fields(void **state)
{
	(void)state;
	check_field(csv_field, CELL_NULL, SLICE(""), false, "");
	check_field(csv_field, CELL_TEXT, SLICE(""), false, "\"\""); /* an empty text is not null */
	check_field(csv_field, CELL_TEXT, SLICE("mit"), false, "mit");
	check_field(csv_field, CELL_TEXT, SLICE("a,b"), false, "\"a,b\"");
	check_field(csv_field, CELL_TEXT, SLICE("say \"hi\""), false, "\"say \"\"hi\"\"\"");
	check_field(csv_field, CELL_TEXT, SLICE("a\nb\r\n"), false, "\"a\nb\r\n\"");
	check_field(csv_field, CELL_TEXT, SLICE(" x"), false, "\" x\"");
	check_field(csv_field, CELL_TEXT, SLICE("h\xc3\xa4"), false, "h\xc3\xa4");
	check_field(csv_field, CELL_JSON, SLICE("[\"mit\",\"x\"]"), false, "\"[\"\"mit\"\",\"\"x\"\"]\"");
	check_field(csv_field, CELL_JSON, SLICE("-12"), true, "-12");
	check_field(csv_field, CELL_TEXT, SLICE("a\x1b[1m\x01\0"), false, "a\\u001b[1m\\u0001\\u0000");
	check_field(csv_field, CELL_TEXT, SLICE("\xc2\x9b"), false, "\\u009b");
	check_field(csv_field, CELL_TEXT, SLICE("\xff"), false, "\xef\xbf\xbd");
}

static void test_spreadsheets_run_nothing(void **state)
{
	static const char *const formulas[] = { "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1" };

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(formulas); i++) {
		struct cell cell = { CELL_TEXT, slice_of(formulas[i]), TONE_PLAIN };
		struct buf plain = BUF_INIT(256), guarded = BUF_INIT(256);

		csv_field(&cell, false, &plain);
		csv_field(&cell, true, &guarded);
		assert_true(memchr(plain.data, '\'', plain.size) == NULL); /* exact by default */
		assert_true(guarded.data[0] == '\'' || (guarded.data[0] == '"' && guarded.data[1] == '\''));
		buf_release(&plain);
		buf_release(&guarded);
	}
	check_field(csv_field, CELL_TEXT, SLICE("mit"), true, "mit");
}

static void test_tsv_fields(void **state)
{
	(void)state;
	check_field(tsv_field, CELL_NULL, SLICE(""), false, "");
	check_field(tsv_field, CELL_TEXT, SLICE("a\tb\nc\rd\\e"), false, "a\\tb\\nc\\rd\\\\e");
	check_field(tsv_field, CELL_TEXT, SLICE("a,\"b\""), false, "a,\"b\"");
	check_field(tsv_field, CELL_TEXT, SLICE("\x1b"), false, "\\u001b");
}

/* ---- whole listings ----------------------------------------------------------------------------------------------*/

static const struct column columns[] = { { "repo", false }, { "count", true }, { "note", false } };

static void write_rows(struct print *print)
{
	struct listing listing;
	struct cell first[] = { cell_word("a/b"), { CELL_JSON, SLICE("7"), TONE_PLAIN }, cell_text(SLICE_NONE) };
	struct cell second[] = { cell_word("a/\xe6\xbc\xa2"), { CELL_JSON, SLICE("1200"), TONE_BAD },
		cell_word("x\x1b[2J, \"y\"") };

	listing_begin(&listing, print, columns, ARRAY_COUNT(columns), "rows", SLICE("\"by\":null,"));
	listing_row(&listing, first);
	listing_row(&listing, second);
	listing_end(&listing, SLICE("\"as_of\":null"));
}

/* What a format writes into a file. */
static char *written(enum print_format format, int color, void (*write)(struct print *))
{
	static char text[65536];
	char path[] = "/tmp/relicensed-print-XXXXXX";
	int file = mkstemp(path);
	struct print_options options = { .format = format, .color = color, .path = path };
	struct print print;
	ssize_t size;

	assert_true(file >= 0);
	assert_true(print_open(&options, &print));
	write(&print);
	assert_true(print_close(&print, true));
	close(file);
	file = open(path, O_RDONLY); /* the name leads to the new file */
	size = read(file, text, sizeof(text) - 1);
	assert_true(size >= 0);
	text[size] = '\0';
	close(file);
	unlink(path);
	return text;
}

static void test_listings(void **state)
{
	(void)state;
	assert_string_equal(written(PRINT_TABLE, PRINT_COLOR_NEVER, write_rows),
		"repo  count  note\n"
		"a/b       7  -\n"
		"a/\xe6\xbc\xa2   1200  x\\x1b[2J, \"y\"\n");
	assert_string_equal(written(PRINT_CSV, PRINT_COLOR_NEVER, write_rows),
		"repo,count,note\r\na/b,7,\r\na/\xe6\xbc\xa2,1200,\"x\\u001b[2J, \"\"y\"\"\"\r\n");
	assert_string_equal(written(PRINT_TSV, PRINT_COLOR_NEVER, write_rows),
		"repo\tcount\tnote\na/b\t7\t\na/\xe6\xbc\xa2\t1200\tx\\u001b[2J, \"y\"\n");
	assert_string_equal(written(PRINT_NDJSON, PRINT_COLOR_NEVER, write_rows),
		"{\"repo\":\"a/b\",\"count\":7,\"note\":null}\n"
		"{\"repo\":\"a/\xe6\xbc\xa2\",\"count\":1200,\"note\":\"x\\u001b[2J, \\\"y\\\"\"}\n");
	assert_string_equal(written(PRINT_JSON, PRINT_COLOR_NEVER, write_rows),
		"{\"by\":null,\"rows\":[\n{\"repo\":\"a/b\",\"count\":7,\"note\":null},\n"
		"{\"repo\":\"a/\xe6\xbc\xa2\",\"count\":1200,\"note\":\"x\\u001b[2J, \\\"y\\\"\"}\n],\"as_of\":null}\n");
}

static void test_color(void **state)
{
	(void)state;
	assert_non_null(strstr(written(PRINT_TABLE, PRINT_COLOR_ALWAYS, write_rows), "\033[31m1200\033[0m"));
	assert_null(strchr(written(PRINT_TABLE, PRINT_COLOR_AUTO, write_rows), '\033'));
	assert_null(strchr(written(PRINT_CSV, PRINT_COLOR_ALWAYS, write_rows), '\033'));
}

static void write_nothing(struct print *print)
{
	struct listing listing;

	listing_begin(&listing, print, columns, ARRAY_COUNT(columns), "rows", SLICE(""));
	listing_end(&listing, SLICE(""));
}

static void test_empty(void **state)
{
	(void)state;
	assert_string_equal(written(PRINT_TABLE, PRINT_COLOR_NEVER, write_nothing), "");
	assert_string_equal(written(PRINT_CSV, PRINT_COLOR_NEVER, write_nothing), "repo,count,note\r\n");
	assert_string_equal(written(PRINT_JSON, PRINT_COLOR_NEVER, write_nothing), "{\"rows\":[]}\n");
	assert_string_equal(written(PRINT_NDJSON, PRINT_COLOR_NEVER, write_nothing), "");
}

static void write_many(struct print *print)
{
	struct listing listing;

	listing_begin(&listing, print, columns, ARRAY_COUNT(columns), "rows", SLICE(""));
	for (unsigned i = 0; i < 1200; i++) {
		struct cell row[] = { cell_word("a"), cell_word("b"), cell_word("c") };

		listing_row(&listing, row);
	}
	listing_end(&listing, SLICE(""));
}

/* More rows than wait for their widths: the header stands once, no row is lost. */
static void test_many_rows(void **state)
{
	const char *text = written(PRINT_TABLE, PRINT_COLOR_NEVER, write_many);
	unsigned lines = 0;

	(void)state;
	for (const char *at = text; (at = strchr(at, '\n')); at++)
		lines++;
	assert_int_equal(lines, 1201);
	assert_null(strstr(text + 1, "repo"));
}

static void test_format_by_ending(void **state)
{
	static const struct { const char *ending; enum print_format format; } cases[] = {
		{ "/x.csv", PRINT_CSV }, { "/x.tsv", PRINT_TSV }, { "/x.json", PRINT_JSON }, { "/x.jsonl", PRINT_NDJSON },
		{ "/x.txt", PRINT_TABLE }, { "/x", PRINT_NDJSON }, { "/.csv.gz", PRINT_NDJSON },
	};
	char dir[] = "/tmp/relicensed-print-XXXXXX", path[64];

	(void)state;
	assert_non_null(mkdtemp(dir));
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct print_options options = { .format = PRINT_AUTO, .path = path };
		struct print print;

		snprintf(path, sizeof(path), "%s%s", dir, cases[i].ending);
		assert_true(print_open(&options, &print));
		assert_int_equal(print.format, cases[i].format);
		assert_true(print_close(&print, true));
		unlink(path);
	}
	rmdir(dir);
}

static void test_failures(void **state)
{
	struct print_options full = { .format = PRINT_CSV, .path = "/dev/full" };
	struct print_options nowhere = { .format = PRINT_CSV, .path = "/nonexistent/x.csv" };
	struct print print;

	(void)state;
	assert_true(print_open(&full, &print));
	write_many(&print);
	assert_false(print_close(&print, true));
	assert_int_equal(errno, ENOSPC);
	assert_false(print_open(&nowhere, &print));
	assert_int_equal(errno, ENOENT);
}

static void test_counted(void **state)
{
	char text[COUNTED];

	(void)state;
	assert_string_equal(counted(0, "record", text), "0 records");
	assert_string_equal(counted(1, "record", text), "1 record");
	assert_string_equal(counted(999, "repo", text), "999 repos");
	assert_string_equal(counted(228663, "repo", text), "228,663 repos");
	assert_string_equal(count_text(UINT64_MAX, text), "18,446,744,073,709,551,615");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_csv_fields),
		cmocka_unit_test(test_spreadsheets_run_nothing),
		cmocka_unit_test(test_tsv_fields),
		cmocka_unit_test(test_listings),
		cmocka_unit_test(test_color),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_many_rows),
		cmocka_unit_test(test_format_by_ending),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_counted),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
