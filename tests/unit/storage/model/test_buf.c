/* SPDX-License-Identifier: Apache-2.0 */
/* Growing bytes that know their maximum. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "storage/model/buf.h"

static void test_grows(void **state)
{
	struct buf buf = BUF_INIT(100000);

	(void)state;
	assert_null(buf.data);
	for (unsigned i = 0; i < 10000; i++)
		buf_char(&buf, (char)('a' + i % 26));
	assert_int_equal(buf.size, 10000);
	assert_int_equal(buf.data[9999], 'a' + 9999 % 26);
	assert_int_equal(buf.data[10000], '\0');
	buf_reset(&buf);
	assert_int_equal(buf.size, 0);
	assert_string_equal(buf.data, "");
	buf_release(&buf);
	buf_release(&buf);
	assert_null(buf.data);
	buf_text(&buf, "again");
	assert_string_equal(buf.data, "again");
	buf_release(&buf);
}

/* What would not fit is dropped whole, and so is all that follows: one check at the end is enough. */
static void test_maximum(void **state)
{
	struct buf buf = BUF_INIT(10);

	(void)state;
	buf_text(&buf, "12345678");
	buf_text(&buf, "90");
	assert_false(buf.overflow);
	assert_string_equal(buf.data, "1234567890");
	buf_text(&buf, "");
	assert_false(buf.overflow);
	buf_char(&buf, 'x');
	assert_true(buf.overflow);
	buf_text(&buf, "");
	assert_null(buf_reserve(&buf, 0));
	assert_int_equal(buf.size, 10);
	buf_reset(&buf);
	assert_false(buf.overflow);
	buf_printf(&buf, "%s", "12345678901");
	assert_true(buf.overflow);
	assert_int_equal(buf.size, 0);
	buf_release(&buf);
}

static void test_printf(void **state)
{
	struct buf buf = BUF_INIT(10000);
	char wide[1000];

	(void)state;
	memset(wide, 'w', sizeof(wide) - 1);
	wide[sizeof(wide) - 1] = '\0';
	buf_printf(&buf, "%d-%s-", 7, wide);
	buf_printf(&buf, "%s", "");
	buf_printf(&buf, "%255s", "x"); /* just fits into the small buffer */
	buf_printf(&buf, "%256s", "y"); /* just does not */
	assert_int_equal(buf.size, 2 + 999 + 1 + 255 + 256);
	assert_int_equal(buf.data[buf.size - 1], 'y');
	assert_int_equal(buf.data[2 + 999 + 1 + 254], 'x');
	buf_release(&buf);
}

static void test_reserve(void **state)
{
	struct buf buf = BUF_INIT(1 << 20);
	char *room;

	(void)state;
	buf_text(&buf, "ab");
	room = buf_reserve(&buf, 70000);
	assert_ptr_equal(room, buf.data + 2);
	memset(room, 'c', 70000);
	assert_int_equal(buf.size, 2); /* the caller adds what it wrote */
	buf.size += 70000;
	buf_char(&buf, 'd');
	assert_int_equal(buf.data[70001], 'c');
	assert_int_equal(buf.data[70002], 'd');
	assert_null(buf_reserve(&buf, SIZE_MAX));
	assert_true(buf.overflow);
	buf_release(&buf);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grows),
		cmocka_unit_test(test_maximum),
		cmocka_unit_test(test_printf),
		cmocka_unit_test(test_reserve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
