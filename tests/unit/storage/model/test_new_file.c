/* SPDX-License-Identifier: Apache-2.0 */
/* A file that takes its name once it is whole. */
#include "storage/model/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[PATH_MAX / 2], path[PATH_MAX], other[PATH_MAX];

static int make_folder(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/new-file-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/out", dir);
	snprintf(other, sizeof(other), "%s/other", dir);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(path);
	unlink(other);
	return rmdir(dir); /* fails where anything is left over */
}

static void write_text(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static const char *text_of(const char *name)
{
	static char text[64];
	int file = open(name, O_RDONLY);
	ssize_t size = file < 0 ? -1 : read(file, text, sizeof(text) - 1);

	if (file >= 0)
		close(file);
	text[size < 0 ? 0 : size] = '\0';
	return size < 0 ? NULL : text;
}

static void begin(struct new_file *file)
{
	assert_int_equal(new_file_open(file, path, 0666), 0);
	assert_int_equal(write(file->file, "new", 3), 3);
}

static void test_takes_its_name_when_kept(void **state)
{
	struct new_file file;

	(void)state;
	write_text(path, "old");
	begin(&file);
	assert_string_equal(text_of(path), "old");
	assert_int_equal(new_file_keep(&file, NEW_FILE_REPLACES), 0);
	assert_string_equal(text_of(path), "new");
	assert_int_equal(new_file_keep(&file, NEW_FILE_REPLACES), 0);
	new_file_close(&file);
	new_file_close(&file);
	assert_string_equal(text_of(path), "new");
}

static void test_what_is_not_kept_is_gone(void **state)
{
	struct new_file file;

	(void)state;
	write_text(path, "old");
	begin(&file);
	new_file_close(&file);
	assert_string_equal(text_of(path), "old");
	begin(&file);
	new_file_remove_all();
	assert_int_equal(access(file.partial, F_OK), -1);
	assert_int_equal(new_file_keep(&file, NEW_FILE_REPLACES), ENOENT);
	new_file_close(&file);
	assert_string_equal(text_of(path), "old");
}

static void test_a_name_that_must_be_free(void **state)
{
	struct new_file file;

	(void)state;
	begin(&file);
	write_text(path, "first");
	assert_int_equal(new_file_keep(&file, NEW_FILE_IS_FIRST), EEXIST);
	new_file_close(&file);
	assert_string_equal(text_of(path), "first");
	unlink(path);
	begin(&file);
	assert_int_equal(new_file_keep(&file, NEW_FILE_IS_FIRST), 0);
	new_file_close(&file);
	assert_string_equal(text_of(path), "new");
}

static void test_links_and_modes_of_others(void **state)
{
	struct new_file file;
	struct stat about;
	mode_t before = umask(027);

	(void)state;
	write_text(other, "victim");
	assert_int_equal(symlink(other, path), 0);
	begin(&file);
	assert_int_equal(new_file_keep(&file, NEW_FILE_REPLACES), 0);
	new_file_close(&file);
	assert_int_equal(lstat(path, &about), 0);
	assert_true(S_ISREG(about.st_mode) && (about.st_mode & 0777) == 0640);
	assert_string_equal(text_of(other), "victim");

	unlink(path);
	assert_int_equal(symlink(other, path), 0); /* planted under the name that is known */
	assert_int_equal(new_file_open_as(&file, other, path, 0600), 0);
	assert_int_equal(write(file.file, "known", 5), 5);
	assert_string_equal(text_of(other), "victim");
	assert_int_equal(new_file_keep(&file, NEW_FILE_UNSYNCED), 0);
	new_file_close(&file);
	assert_string_equal(text_of(other), "known");
	umask(before);
}

static void test_what_cannot_be_named(void **state)
{
	struct new_file file;
	char name[NAME_MAX + 1];

	(void)state;
	assert_int_equal(new_file_open(&file, dir, 0666), EISDIR);
	assert_int_equal(new_file_open(&file, "/nonexistent/out", 0666), ENOENT);
	new_file_close(&file);
	memset(name, 'x', NAME_MAX);
	name[NAME_MAX] = '\0';
	snprintf(path, sizeof(path), "%s/%s", dir, name); /* the longest that there can be: it is cut in what is begun */
	begin(&file);
	assert_int_equal(new_file_keep(&file, NEW_FILE_REPLACES), 0);
	new_file_close(&file);
	assert_string_equal(text_of(path), "new");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
		TEST(test_takes_its_name_when_kept),
		TEST(test_what_is_not_kept_is_gone),
		TEST(test_a_name_that_must_be_free),
		TEST(test_links_and_modes_of_others),
		TEST(test_what_cannot_be_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
