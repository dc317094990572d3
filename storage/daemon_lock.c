/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/daemon_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

static const char *path_of(const char *dir, char path[PATH_BYTES])
{
	snprintf(path, PATH_BYTES, "%s/daemon.lock", dir);
	return path;
}

/* The first line, as far as it is plain text. */
static void read_holder(int file, char holder[LOCK_HOLDER_BYTES])
{
	ssize_t size = pread(file, holder, LOCK_HOLDER_BYTES - 1, 0);
	ssize_t plain = 0;

	while (plain < size && holder[plain] >= ' ' && holder[plain] <= '~')
		plain++;
	holder[plain] = '\0';
	if (!plain)
		snprintf(holder, LOCK_HOLDER_BYTES, "another process");
}

/* A disk without room for these few bytes is no reason not to start: then it is not known who holds the lock. */
static void write_holder(int file, const char *who)
{
	char text[LOCK_HOLDER_BYTES];
	int size = snprintf(text, sizeof(text), "%s, process %ld\n", who, (long)getpid());

	if (ftruncate(file, 0) || pwrite(file, text, (size_t)size, 0) != size)
		(void)!ftruncate(file, 0);
}

int daemon_lock_take(const char *dir, const char *who, int *file, struct store_problem *problem)
{
	char path[PATH_BYTES], holder[LOCK_HOLDER_BYTES];
	int made = open(path_of(dir, path), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);

	*file = -1;
	if (made < 0)
		return store_fail_file(dir, errno, path, problem);
	if (flock(made, LOCK_EX | LOCK_NB) != 0) {
		read_holder(made, holder);
		close(made);
		return store_say(problem, ERROR_HELD, "the store %s is held by %s (end it, or choose another --store)", dir,
			holder);
	}
	write_holder(made, who);
	*file = made;
	return ERROR_NONE;
}

void daemon_lock_release(int *file)
{
	if (*file < 0)
		return;
	(void)!ftruncate(*file, 0);
	close(*file);
	*file = -1;
}

/* The holder's lock is exclusive; ours is shared, and gone at once. */
enum lock_state daemon_lock_ask(const char *dir, char holder[LOCK_HOLDER_BYTES])
{
	char path[PATH_BYTES];
	int file = open(path_of(dir, path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	enum lock_state state = LOCK_NOT_KNOWN;

	holder[0] = '\0';
	if (file < 0)
		return errno == ENOENT ? LOCK_FREE : LOCK_NOT_KNOWN;
	if (flock(file, LOCK_SH | LOCK_NB) == 0)
		state = LOCK_FREE;
	else if (errno == EWOULDBLOCK)
		state = LOCK_HELD;
	if (state == LOCK_HELD)
		read_holder(file, holder);
	close(file);
	return state;
}

bool daemon_lock_exists(const char *dir)
{
	char path[PATH_BYTES];

	return access(path_of(dir, path), F_OK) == 0 || errno != ENOENT;
}
