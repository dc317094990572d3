/* SPDX-License-Identifier: Apache-2.0 */
/* A disk that is really full, of bytes or of files, or read-only: a small tmpfs (needs root; says so where it skips). */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "tests/fault/story.h"

static char mounted[64];

/* In a mount namespace of its own: nobody else sees it, and it goes with the process. */
static bool mount_small_disk(void)
{
	strcpy(mounted, "/tmp/relicensed-full-XXXXXX");
	unsetenv("TMPDIR");
	if (!mkdtemp(mounted))
		return false;
	return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("tmpfs", mounted, "tmpfs", 0, "size=2m,nr_inodes=200") == 0 && setenv("TMPDIR", mounted, 1) == 0;
}

/* Fills what is left but for so many bytes. */
static void fill_disk(const char *path, size_t left)
{
	static const char zeros[4096];
	struct statvfs about;
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	while (statvfs(mounted, &about) == 0 && about.f_bavail * about.f_bsize > left)
		if (fwrite(zeros, 1, sizeof(zeros), file) != sizeof(zeros) || fflush(file) != 0)
			break;
	fclose(file);
}

static void need_small_disk(void)
{
	if (mount_small_disk())
		return;
	print_message("SKIPPED: a small disk can be mounted by root alone (%s)\n", strerror(errno));
	skip();
}

static void test_disk_full(void **state)
{
	struct fixture *f;
	char ballast[100], *undisturbed;
	unsigned failures = 0;

	(void)state;
	need_small_disk();
	f = fixture_new();
	undisturbed = strdup(story_undisturbed(f));
	fixture_free(f);
	snprintf(ballast, sizeof(ballast), "%s/ballast", mounted);
	f = fixture_new();
	for (unsigned step = 0; step < STORY_STEPS; step++) {
		int code;
		if (step % 3 == 2)
			fill_disk(ballast, step % 2 ? 0 : 8192);
		code = story_step(f, step, 1);
		if (code) {
			failures++;
			assert_int_equal(code, ERROR_FULL);
			assert_int_equal(error_action(code), ERROR_RETRY);
			assert_non_null(strstr(f->problem.text, "no space"));
			fixture_verify(f); /* what is there can be read, on the full disk */
			assert_int_equal(story_next(f), step);
			unlink(ballast);
			assert_int_equal(story_step(f, step, 0), 0); /* room again: the same process goes on */
		}
		unlink(ballast);
	}
	print_message("%u commits met a full disk\n", failures);
	assert_true(failures >= 3);
	assert_string_equal(fixture_dump(f), undisturbed);
	fixture_free(f);
	free(undisturbed);
	umount(mounted);
	rmdir(mounted);
}

/* Until no file can be made. Their number. */
static unsigned take_all_files(void)
{
	char path[100];
	unsigned count = 0;
	int file = 0;

	while (file >= 0) {
		snprintf(path, sizeof(path), "%s/file-%u", mounted, count++);
		file = open(path, O_CREAT | O_WRONLY, 0600);
		if (file >= 0)
			close(file);
	}
	return count - 1;
}

static void give_files_back(unsigned count)
{
	char path[100];

	while (count--) {
		snprintf(path, sizeof(path), "%s/file-%u", mounted, count);
		unlink(path);
	}
}

/* A store that is there needs no further file; one that is to be made says why it is not. */
static void test_no_file_left(void **state)
{
	struct fixture *f;
	unsigned files;
	char other[100];
	struct store_options options = { .dir = other, .writable = true, .map_bytes = 1 << 20 };
	struct store *store;

	(void)state;
	need_small_disk();
	f = fixture_new();
	snprintf(other, sizeof(other), "%s/other", mounted);
	assert_int_equal(mkdir(other, 0700), 0);
	files = take_all_files();
	for (unsigned step = 0; step < STORY_STEPS; step++)
		assert_int_equal(story_step(f, step, 0), 0);
	fixture_verify(f);
	assert_int_equal(store_open(&options, &store, &f->problem), ERROR_FULL);
	assert_non_null(strstr(f->problem.text, "no space"));
	give_files_back(files);
	assert_int_equal(store_open(&options, &store, &f->problem), 0);
	store_close(&store);
	fixture_free(f);
	umount(mounted);
	rmdir(mounted);
}

static void test_read_only(void **state)
{
	struct fixture *f;
	struct reader *reader;
	struct store *store;

	(void)state;
	need_small_disk();
	f = fixture_new();
	assert_int_equal(story_step(f, 0, 0), 0);
	fixture_shut(f);
	assert_int_equal(mount(NULL, mounted, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	assert_int_equal(store_open(&(struct store_options){ .dir = f->dir, .writable = true }, &store, &f->problem), ERROR_READ_ONLY);
	assert_non_null(strstr(f->problem.text, "mounted read-only"));
	assert_int_equal(store_open(&(struct store_options){ .dir = f->dir }, &store, &f->problem), 0);
	assert_int_equal(reader_open(store, &reader, &f->problem), 0);
	reader_close(&reader);
	store_close(&store);
	assert_int_equal(mount(NULL, mounted, NULL, MS_REMOUNT, NULL), 0);
	fixture_open(f);
	assert_int_equal(story_step(f, 1, 0), 0);
	fixture_verify(f);
	fixture_free(f);
	umount(mounted);
	rmdir(mounted);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_disk_full),
		cmocka_unit_test(test_no_file_left),
		cmocka_unit_test(test_read_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
