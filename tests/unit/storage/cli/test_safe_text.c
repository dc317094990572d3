/* SPDX-License-Identifier: Apache-2.0 */
/* Strings of strangers: nothing that could move a cursor or turn a line around is shown as itself. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "storage/cli/safe_text.h"

enum { ROOM = 1 << 16 };

static void assert_buf(const struct buf *buf, const char *wanted)
{
	if (!slice_is(buf_as_slice(buf), wanted))
		fail_msg("got '%s', wanted '%s'", buf->data ? buf->data : "", wanted);
}

static void test_what_is_shown(void **state)
{
	static const struct { struct slice in; const char *out; } cases[] = {
		{ SLICE("mit"), "mit" },
		{ SLICE(""), "" },
		{ SLICE("a\tb\nc"), "a\\x09b\\x0ac" },
		{ SLICE("\x1b[31mred\x1b[0m"), "\\x1b[31mred\\x1b[0m" },
		{ SLICE("a\0b"), "a\\x00b" },
		{ SLICE("\x7f"), "\\x7f" },
		{ SLICE("\xc2\x9b""31m"), "\\x9b31m" },            /* C1: CSI in one character */
		{ SLICE("\xe2\x80\xae""cod.exe"), "\\u202ecod.exe" }, /* right-to-left override */
		{ SLICE("\xe2\x81\xa6x\xe2\x81\xa9"), "\\u2066x\\u2069" },
		{ SLICE("pay\xe2\x80\x8bpal"), "pay\\u200bpal" },
		{ SLICE("\xef\xbb\xbfx"), "\\ufeffx" },
		{ SLICE("\xf3\xa0\x81\x81"), "\\U000e0041" },      /* a tag character */
		{ SLICE("h\xc3\xa4tte \xe6\xbc\xa2\xe5\xad\x97"), "h\xc3\xa4tte \xe6\xbc\xa2\xe5\xad\x97" },
		{ SLICE("\xff"), "\xef\xbf\xbd" },
		{ SLICE("\xc3"), "\xef\xbf\xbd" },
		{ SLICE("\xc3(" ), "\xef\xbf\xbd(" },
		{ SLICE("\xed\xa0\x80"), "\xef\xbf\xbd" },         /* a surrogate */
		{ SLICE("\xc0\xaf"), "\xef\xbf\xbd" },             /* overlong */
		{ SLICE("\xf4\x90\x80\x80"), "\xef\xbf\xbd" },     /* behind the last code point */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct buf out = BUF_INIT(ROOM);

		safe_text(cases[i].in, &out);
		assert_buf(&out, cases[i].out);
		buf_release(&out);
	}
}

/* Whatever the bytes: the output is UTF-8 without anything unsafe. */
static void test_any_bytes(void **state)
{
	unsigned seed = 1;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		char bytes[24];
		struct buf out = BUF_INIT(ROOM);

		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (char)(rand_r(&seed) & (round & 1 ? 0xFF : 0x9F));
		safe_text((struct slice){ bytes, sizeof(bytes) }, &out);
		for (size_t at = 0; at < out.size;) {
			size_t start = at;
			uint32_t code = utf8_next(buf_as_slice(&out), &at);
			struct buf again = BUF_INIT(16);

			assert_false(is_unsafe(code));
			utf8_add(code, &again);
			assert_int_equal(again.size, at - start);
			assert_memory_equal(again.data, out.data + start, again.size);
			buf_release(&again);
		}
		buf_release(&out);
	}
}

static void test_json_stays_the_same_value(void **state)
{
	struct buf out = BUF_INIT(ROOM);

	(void)state;
	safe_json(SLICE("{\"a\":\"\xe2\x80\xae\xc2\x9b\x7f\xf3\xa0\x81\x81\"}\n"), &out);
	assert_buf(&out, "{\"a\":\"\\u202e\\u009b\\u007f\\udb40\\udc41\"}\n");
	buf_release(&out);
}

static void test_cut(void **state)
{
	static const struct { const char *in; size_t columns; const char *out; } cases[] = {
		{ "abcdef", 6, "abcdef" },
		{ "abcdefg", 6, "abcde\xe2\x80\xa6" },
		{ "", 6, "" },
		{ "\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2", 6, "\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2" },
		{ "\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2x", 6, "\xe6\xbc\xa2\xe6\xbc\xa2\xe2\x80\xa6" },
		{ "abcd\x1b[0m", 6, "abcd\xe2\x80\xa6" }, /* never within an escape */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct buf out = BUF_INIT(ROOM);

		safe_text_cut(slice_of(cases[i].in), cases[i].columns, &out);
		assert_buf(&out, cases[i].out);
		assert_true(text_width(buf_as_slice(&out)) <= cases[i].columns);
		buf_release(&out);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_shown),
		cmocka_unit_test(test_any_bytes),
		cmocka_unit_test(test_json_stays_the_same_value),
		cmocka_unit_test(test_cut),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
