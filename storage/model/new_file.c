/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/model/new_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "storage/model/memory.h"

enum { RANDOM_HEX = 16, BASE_SHOWN = 200, LEFT_FOR_S = 60 };

static const char ending[] = ".partial";

/* --- what a signal has to remove -----------------------------------------------------------------------------------*/

enum { SLOTS = 8 };

enum slot_state { SLOT_FREE, SLOT_TAKEN, SLOT_SET };

static struct slot {
	atomic_int state;
	char path[PATH_MAX];
} slots[SLOTS];

/* More than these at a time there never are; one more would only be left over. */
static void note_partial(const char *path)
{
	for (unsigned i = 0; i < SLOTS; i++) {
		int none = SLOT_FREE;

		if (!atomic_compare_exchange_strong(&slots[i].state, &none, SLOT_TAKEN))
			continue;
		snprintf(slots[i].path, sizeof(slots[i].path), "%s", path);
		atomic_store(&slots[i].state, SLOT_SET);
		return;
	}
}

static void forget_partial(const char *path)
{
	for (unsigned i = 0; i < SLOTS; i++)
		if (atomic_load(&slots[i].state) == SLOT_SET && strcmp(slots[i].path, path) == 0)
			atomic_store(&slots[i].state, SLOT_FREE);
}

void new_file_remove_all(void)
{
	for (unsigned i = 0; i < SLOTS; i++)
		if (atomic_load(&slots[i].state) == SLOT_SET)
			unlink(slots[i].path);
}

static void on_signal(int number)
{
	new_file_remove_all();
	signal(number, SIG_DFL);
	raise(number);
}

void new_file_remove_on_signals(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESETHAND | SA_NODEFER }, was;

		if (sigaction(numbers[i], NULL, &was) == 0 && was.sa_handler == SIG_IGN) /* as nohup wants it */
			continue;
		sigaction(numbers[i], &action, NULL);
	}
}

/* --- names ---------------------------------------------------------------------------------------------------------*/

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void folder_of(const char *path, char folder[PATH_MAX])
{
	size_t size = (size_t)(base_of(path) - path);

	if (!size)
		snprintf(folder, PATH_MAX, ".");
	else
		snprintf(folder, PATH_MAX, "%.*s", (int)(size == 1 ? 1 : size - 1), path);
}

static bool make_partial(struct new_file *file)
{
	const char *base = base_of(file->path);
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		memory_failed("random numbers");
	return snprintf(file->partial, sizeof(file->partial), "%.*s%.*s.%0*llx%s", (int)(base - file->path), file->path, BASE_SHOWN,
		       base, RANDOM_HEX, (unsigned long long)number, ending) < (int)sizeof(file->partial);
}

static bool is_partial_of(const char *base, const char *name)
{
	size_t shown = strlen(base) < BASE_SHOWN ? strlen(base) : BASE_SHOWN, size = strlen(name);

	return size == shown + 1 + RANDOM_HEX + sizeof(ending) - 1 && strncmp(name, base, shown) == 0 && name[shown] == '.' &&
	       strspn(name + shown + 1, "0123456789abcdef") == RANDOM_HEX &&
	       strcmp(name + shown + 1 + RANDOM_HEX, ending) == 0;
}

/* --- leftovers of processes that were killed -------------------------------------------------------------------------*/

/* Ours, not touched for a minute, and no process has it locked. */
static bool is_left_over(int folder, const char *name)
{
	int file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat about;
	bool left = file >= 0 && fstat(file, &about) == 0 && S_ISREG(about.st_mode) && about.st_uid == geteuid() &&
		    about.st_mtime < time(NULL) - LEFT_FOR_S && flock(file, LOCK_EX | LOCK_NB) == 0;

	if (file >= 0)
		close(file);
	return left;
}

static void remove_leftovers(const char *path)
{
	char name[PATH_MAX];
	struct dirent *entry;
	DIR *folder;

	folder_of(path, name);
	folder = opendir(name);
	if (!folder)
		return;
	while ((entry = readdir(folder)) != NULL)
		if (is_partial_of(base_of(path), entry->d_name) && is_left_over(dirfd(folder), entry->d_name))
			unlinkat(dirfd(folder), entry->d_name, 0);
	closedir(folder);
}

/* --- the file ------------------------------------------------------------------------------------------------------*/

bool new_file_is_in_place(const char *path)
{
	struct stat about;

	return strncmp(path, "/dev/", 5) == 0 || strncmp(path, "/proc/", 6) == 0 ||
	       (lstat(path, &about) == 0 && !S_ISREG(about.st_mode) && !S_ISLNK(about.st_mode) && !S_ISDIR(about.st_mode));
}

const char *new_file_ending(const char *path)
{
	const char *name = base_of(path), *dot = strrchr(name, '.');

	return dot && dot != name && !new_file_is_in_place(path) ? dot : NULL;
}

static int open_in_place(struct new_file *file)
{
	file->in_place = true;
	file->file = open(file->path, O_WRONLY | O_APPEND | O_CLOEXEC);
	return file->file < 0 ? errno : 0;
}

static int open_partial(struct new_file *file, mode_t mode)
{
	int error;

	note_partial(file->partial); /* first: a signal may come as soon as it is there */
	file->file = open(file->partial, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (file->file < 0) {
		error = errno;
		forget_partial(file->partial);
		file->partial[0] = '\0'; /* whatever bears it is not ours */
		return error;
	}
	(void)!flock(file->file, LOCK_EX | LOCK_NB); /* a file system without locks keeps leftovers */
	return 0;
}

static int begin(struct new_file *file, const char *path)
{
	struct stat about;

	*file = (struct new_file){ .file = -1 };
	if (snprintf(file->path, sizeof(file->path), "%s", path) >= (int)sizeof(file->path))
		return ENAMETOOLONG;
	if (!*base_of(path))
		return EISDIR;
	return stat(path, &about) == 0 && S_ISDIR(about.st_mode) ? EISDIR : 0;
}

int new_file_open(struct new_file *file, const char *path, mode_t mode)
{
	int error = begin(file, path);

	if (error)
		return error;
	if (new_file_is_in_place(path))
		return open_in_place(file);
	remove_leftovers(path);
	return make_partial(file) ? open_partial(file, mode) : ENAMETOOLONG;
}

int new_file_open_as(struct new_file *file, const char *path, const char *partial, mode_t mode)
{
	int error = begin(file, path);

	if (error)
		return error;
	if (snprintf(file->partial, sizeof(file->partial), "%s", partial) >= (int)sizeof(file->partial))
		return ENAMETOOLONG;
	if (unlink(partial) && errno != ENOENT)
		return errno;
	return open_partial(file, mode);
}

int write_whole(int file, const void *data, size_t size)
{
	const char *at = data;

	while (size) {
		ssize_t written = write(file, at, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return written ? errno : EIO;
		at += written;
		size -= (size_t)written;
	}
	return 0;
}

FILE *stream_over(int file)
{
	int own = fcntl(file, F_DUPFD_CLOEXEC, 0), error;
	FILE *stream = own >= 0 ? fdopen(own, "w") : NULL;

	if (stream || own < 0)
		return stream;
	error = errno;
	close(own);
	errno = error;
	return NULL;
}

int sync_folder_of(const char *path)
{
	char name[PATH_MAX];
	int folder, error = 0;

	folder_of(path, name);
	folder = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return errno;
	if (fsync(folder) && errno != EINVAL) /* a file system that has no such thing */
		error = errno;
	close(folder);
	return error;
}

/* Where the name must be free, link() says whether it is; rename() would not. */
static int take_name(struct new_file *file, enum new_file_way way)
{
	int failed = way == NEW_FILE_IS_FIRST ? link(file->partial, file->path) : rename(file->partial, file->path);
	int error = failed ? errno : 0;

	if (failed || way == NEW_FILE_IS_FIRST)
		unlink(file->partial);
	forget_partial(file->partial);
	file->partial[0] = '\0';
	return error;
}

int new_file_keep(struct new_file *file, enum new_file_way way)
{
	bool synced = way != NEW_FILE_UNSYNCED;
	int error = 0;

	if (file->in_place || !file->partial[0])
		return 0;
	if (synced && fsync(file->file))
		error = errno;
	if (error) {
		new_file_close(file);
		return error;
	}
	error = take_name(file, way);
	return error || !synced ? error : sync_folder_of(file->path);
}

void new_file_close(struct new_file *file)
{
	if (file->file >= 0)
		close(file->file);
	if (file->partial[0]) {
		unlink(file->partial);
		forget_partial(file->partial);
	}
	file->file = -1;
	file->partial[0] = '\0';
}
