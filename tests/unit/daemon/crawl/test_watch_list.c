/* SPDX-License-Identifier: Apache-2.0 */
/* The watch list: what a line may hold, and where a fault is said to be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/crawl/watch_list.h"

static char path[] = "/tmp/relicensed-watch-XXXXXX";

static void write_file(const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int make_file(void **state)
{
	int file = mkstemp(path);

	(void)state;
	return file < 0 || close(file);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

static void test_lines(void **state)
{
	struct watch_list list = { .names = { { .count = 0 } } };
	char why[512];

	(void)state;
	write_file("# watched\n\norg/one\n  org/two  # for its terms\r\ndatasets/org/data\nspaces/org/app\ngpt2\norg/last.v1_0-x\n"
		   "https://huggingface.co/org/page/tree/main\ndataset:org/more/\n");
	assert_true(watch_list_read(&list, path, why));
	assert_int_equal(list.names[REPO_MODEL].count, 5);
	assert_true(slice_is(watch_name(&list.names[REPO_MODEL], 0), "org/one"));
	assert_true(slice_is(watch_name(&list.names[REPO_MODEL], 1), "org/two"));
	assert_true(slice_is(watch_name(&list.names[REPO_MODEL], 3), "org/last.v1_0-x"));
	assert_int_equal(list.names[REPO_DATASET].count, 2);
	assert_true(slice_is(watch_name(&list.names[REPO_MODEL], 4), "org/page"));
	assert_true(slice_is(watch_name(&list.names[REPO_DATASET], 0), "org/data"));
	assert_true(slice_is(watch_name(&list.names[REPO_DATASET], 1), "org/more"));
	assert_true(slice_is(watch_name(&list.names[REPO_SPACE], 0), "org/app"));
	watch_list_release(&list);
}

static void test_faults(void **state)
{
	static const char *const lines[] = { "a/b/c", "/a", "/", "a b", "https://hub.test/a/b", "a/../b", "datasets/", "a/b?x",
		"datasets/spaces/a/b" };

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(lines); i++) {
		struct watch_list list = { .names = { { .count = 0 } } };
		char text[200], why[512];

		snprintf(text, sizeof(text), "org/one\n%s\norg/two\n", lines[i]);
		write_file(text);
		if (watch_list_read(&list, path, why) || !strstr(why, ":2: "))
			fail_msg("%s: %s", lines[i], why);
		watch_list_release(&list);
	}
}

static void test_a_line_without_end(void **state)
{
	struct watch_list list = { .names = { { .count = 0 } } };
	char text[3000], why[512];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	write_file(text);
	assert_false(watch_list_read(&list, path, why));
	watch_list_release(&list);
	assert_false(watch_list_read(&list, "/no/such/file", why));
	watch_list_release(&list);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_a_line_without_end),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
