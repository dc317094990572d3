/* SPDX-License-Identifier: Apache-2.0 */
/* One line an event; nothing that a terminal could act on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "daemon/run/log.h"

static void expect(const struct log_field *fields, const char *wanted)
{
	struct buf line = BUF_INIT(8192);

	log_format(LOG_LINK_REFUSED, fields, &line);
	assert_string_equal(line.data, wanted);
	buf_release(&line);
}

#define FIELDS(...) (const struct log_field[]){ __VA_ARGS__, { .name = NULL } }

static void test_values(void **state)
{
	(void)state;
	expect(FIELDS(log_text("lane", "poll"), log_text("kind", "model")), "event=link-refused lane=poll kind=model");
	expect(FIELDS(log_text("why", "two words")), "event=link-refused why=\"two words\"");
	expect(FIELDS(log_text("why", "")), "event=link-refused why=\"\"");
	expect(FIELDS(log_text("why", NULL)), "event=link-refused why=\"\"");
	expect(FIELDS(log_text("why", "a\"b\\c")), "event=link-refused why=\"a\\\"b\\\\c\"");
	expect(FIELDS(log_text("why", "\x1b[31m\n\x7f\xc3\xa4")), "event=link-refused why=\"\\x1b[31m\\x0a\\x7f\\xc3\\xa4\"");
	expect(FIELDS(log_slice("link", (struct slice){ "a\0b", 3 })), "event=link-refused link=\"a\\x00b\"");
	expect(FIELDS(log_text("why", "x=y")), "event=link-refused why=\"x=y\"");
	expect(FIELDS(log_number("why", -5)), "event=link-refused why=-5");
}

static void test_long_value(void **state)
{
	static char text[100000];
	struct buf line = BUF_INIT(8192);

	(void)state;
	memset(text, '\x01', sizeof(text));
	log_format(LOG_LINK_REFUSED, FIELDS(log_slice("link", (struct slice){ text, sizeof(text) })), &line);
	assert_false(line.overflow);
	assert_true(line.size < 5 * LOG_VALUE_MAX);
	assert_memory_equal(line.data + line.size - 4, "...\"", 4);
	buf_release(&line);
}

static void test_levels(void **state)
{
	(void)state;
	log_start(LEVEL_WARNING);
	assert_true(log_wants(LOG_COMMIT_FAILED));
	assert_true(log_wants(LOG_PAGE_DAMAGED));
	assert_false(log_wants(LOG_STARTED));
	log_set_level(LEVEL_DEBUG);
	assert_true(log_wants(LOG_STEP));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values), cmocka_unit_test(test_long_value), cmocka_unit_test(test_levels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
