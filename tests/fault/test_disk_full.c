/* SPDX-License-Identifier: Apache-2.0 */
/* A disk that is really full: a small tmpfs (needs root; says so where it skips). */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "tests/fault/story.h"

static char mounted[] = "/tmp/relicensed-full-XXXXXX";

/* In a mount namespace of its own: nobody else sees it, and it goes with the process. */
static bool mount_small_disk(void)
{
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

static void test_disk_full(void **state)
{
	struct fixture *f;
	char ballast[100], *undisturbed;
	unsigned failures = 0;

	(void)state;
	if (!mount_small_disk()) {
		print_message("SKIPPED: a small disk can be mounted by root alone (%s)\n", strerror(errno));
		skip();
	}
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

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_disk_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
