/* SPDX-License-Identifier: Apache-2.0 */
/* Dumps in every form that they come in, and rows that are damaged: which row begins on which line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>
#include <zstd.h>

#include "daemon/crawl/dump.h"

enum { FILE_BYTES = 1 << 20 };

static char path[] = "/tmp/relicensed-dump-XXXXXX";

static void write_file(const void *bytes, size_t size)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

/* "1:{"a":1} 3:{}", and at the end "!why" where it failed. */
static const char *rows_of(size_t row_max)
{
	static char text[FILE_BYTES];
	struct buf out = BUF_INIT(sizeof(text) - 1);
	struct dump_row row;
	struct dump dump;
	enum dump_result got;

	assert_true(dump_open(&dump, path));
	dump.row_max = row_max;
	while ((got = dump_next(&dump, &row)) == DUMP_ROW) {
		buf_printf(&out, "%s%llu:", out.size ? " " : "", (unsigned long long)row.line);
		if (row.too_big)
			buf_text(&out, "too big");
		else
			buf_slice(&out, row.text);
	}
	if (got == DUMP_FAILED)
		buf_printf(&out, "!%s", dump.why);
	dump_close(&dump);
	snprintf(text, sizeof(text), "%s", out.data ? out.data : "");
	buf_release(&out);
	return text;
}

static void test_forms(void **state)
{
	static const struct {
		const char *dump, *rows;
	} cases[] = {
		{ "", "" },
		{ " \n\n", "" },
		{ "{\"a\":1}", "1:{\"a\":1}" },
		{ "{\"a\":1}\n{\"b\":[{}]}\n", "1:{\"a\":1} 2:{\"b\":[{}]}" },
		{ "\n\n{}\n\n{}\n", "3:{} 5:{}" },
		{ "\xEF\xBB\xBF{}\n", "1:{}" },
		{ "[]", "" },
		{ "[{\"a\":1},{\"b\":2}]", "1:{\"a\":1} 1:{\"b\":2}" },
		{ "[\n {\"a\":\n1} ,\n {\"b\":2}\n]\n", "2:{\"a\":\n1} 4:{\"b\":2}" },
		{ "[{\"a\":\"]},[\\\"\"}]", "1:{\"a\":\"]},[\\\"\"}" },
		{ "[{}]\n[{},{}]\n{}\n", "1:{} 2:{} 2:{} 3:{}" }, /* pages, one behind the other */
		{ "[{\"a\":1}][{\"b\":2}]", "1:{\"a\":1} 1:{\"b\":2}" },
		{ "[1,\"x\",null]", "1:1 1:\"x\" 1:null" },
		/* damaged: a row ends with its line at the latest where it is in quotes */
		{ "{\"a\":\n{\"b\":2}\n", "1:{\"a\": 2:{\"b\":2}" },
		{ "garbage\n{}\n", "1:garbage 2:{}" },
		{ "[{\"a\":\"x},\n{\"b\":2}]", "1:{\"a\":\"x}, 2:{\"b\":2}" },
		{ "[{\"a\":1},{\"b\":", "1:{\"a\":1} 1:{\"b\":" },
		{ "{\"a\":1", "1:{\"a\":1" },
		{ ",{}\n]\n", "1:,{} 2:]" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		print_message("%s\n", cases[i].dump);
		write_file(cases[i].dump, strlen(cases[i].dump));
		assert_string_equal(rows_of(DUMP_ROW_MAX), cases[i].rows);
	}
}

static void test_too_big(void **state)
{
	static const char lines[] = "{\"a\":\"0123456789\"}\n{\"b\":1}\n", page[] = "[{\"a\":\"0123456789\"},{}\n,{\"b\":1}]";
	struct buf dump = BUF_INIT(16 << 20);

	(void)state;
	write_file(lines, strlen(lines));
	assert_string_equal(rows_of(10), "1:too big 2:{\"b\":1}");
	write_file(page, strlen(page));
	assert_string_equal(rows_of(10), "1:too big 1:{} 2:{\"b\":1}");
	buf_printf(&dump, "[{\"a\":\"%0*u\"},{}\n,{\"b\":1}]", 5 << 20, 7u); /* its end is not looked for beyond the line's */
	write_file(dump.data, dump.size);
	assert_string_equal(rows_of(1 << 20), "1:too big 2:{\"b\":1}");
	buf_release(&dump);
}

/* Rows lie over the borders of what is read at once. */
static void test_long(void **state)
{
	enum { ROWS = 40000 };
	struct buf dump = BUF_INIT(16 << 20);
	struct dump_row row;
	struct dump reader;

	(void)state;
	for (unsigned i = 0; i < ROWS; i++)
		buf_printf(&dump, "%s{\"n\":%u,\"x\":\"%0*u\"}", i ? "," : "[", i, (int)(i % 100 + 1), 7u);
	buf_char(&dump, ']');
	write_file(dump.data, dump.size);
	assert_true(dump_open(&reader, path));
	for (unsigned i = 0; i < ROWS; i++) {
		char wanted[200];
		assert_int_equal(dump_next(&reader, &row), DUMP_ROW);
		snprintf(wanted, sizeof(wanted), "{\"n\":%u,\"x\":\"%0*u\"}", i, (int)(i % 100 + 1), 7u);
		assert_true(slice_is(row.text, wanted));
	}
	assert_int_equal(dump_next(&reader, &row), DUMP_END);
	assert_true(reader.window.room < 8 << 20);
	dump_close(&reader);
	buf_release(&dump);
}

static size_t zstd_of(const char *text, char *to, size_t room)
{
	size_t size = ZSTD_compress(to, room, text, strlen(text), 3);

	assert_false(ZSTD_isError(size));
	return size;
}

static size_t gzip_of(const char *text, char *to, size_t room)
{
	z_stream stream = { .next_in = (unsigned char *)(uintptr_t)text, .avail_in = (uInt)strlen(text),
		.next_out = (unsigned char *)to, .avail_out = (uInt)room };

	assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	deflateEnd(&stream);
	return room - stream.avail_out;
}

static void test_packed(void **state)
{
	static const struct {
		size_t (*pack)(const char *text, char *to, size_t room);
		const char *cut, *damaged;
	} cases[] = {
		{ gzip_of, "!it ends in the midst of a compressed stream", "!the gzip stream is damaged" },
		{ zstd_of, "!it ends in the midst of a compressed stream", "!the zstd stream is damaged" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		static char packed[FILE_BYTES];
		size_t first = cases[i].pack("{\"a\":1}\n", packed, sizeof(packed)), both;
		both = first + cases[i].pack("{\"b\":2}\n", packed + first, sizeof(packed) - first);
		write_file(packed, both);
		assert_string_equal(rows_of(DUMP_ROW_MAX), "1:{\"a\":1} 2:{\"b\":2}"); /* two streams, one behind the other */
		write_file(packed, first - 3);
		assert_non_null(strstr(rows_of(DUMP_ROW_MAX), cases[i].cut));
		memset(packed + 5, 0xFF, first - 5);
		write_file(packed, first);
		assert_string_equal(rows_of(DUMP_ROW_MAX), cases[i].damaged);
	}
}

static void test_no_file(void **state)
{
	struct dump dump;

	(void)state;
	assert_false(dump_open(&dump, "/nowhere/at/all"));
	assert_string_equal(dump.why, "No such file or directory");
	dump_close(&dump);
	assert_true(dump_open(&dump, "/"));
	assert_int_equal(dump_next(&dump, &(struct dump_row){ 0 }), DUMP_FAILED);
	assert_string_equal(dump.why, "Is a directory");
	dump_close(&dump);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_too_big),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_packed),
		cmocka_unit_test(test_no_file),
	};
	int failed;

	close(mkstemp(path));
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return failed;
}
