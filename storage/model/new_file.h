/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file that bears its name only once it is whole: what stood under the name before stays until then.
 *
 * It is written beside its name as NAME.RANDOM.partial, made with O_EXCL and O_NOFOLLOW: nobody can plant a link or a file
 * of his own there, and owner and mode are ours (umask). It takes the name by rename(2); a link under the name is replaced,
 * not followed. What exists and is no regular file (a device, a pipe), and all under /dev and /proc (/dev/stdout,
 * /dev/fd/3), is written in place.
 *
 * Leftovers: new_file_close() removes one; where new_file_remove_on_signals() was called, SIGINT, SIGTERM, SIGHUP and
 * SIGQUIT do. One of a process that was killed is removed when the same name is written next (its flock is free).
 */
#ifndef STORAGE_MODEL_NEW_FILE_H
#define STORAGE_MODEL_NEW_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

enum new_file_way {
	NEW_FILE_REPLACES, /* what bears the name */
	NEW_FILE_IS_FIRST, /* nothing may bear it: EEXIST */
	NEW_FILE_UNSYNCED, /* replaces, and may be lost or empty after a power failure: what is written anew all the time */
};

struct new_file {
	int file; /* to write into; -1: none */
	bool in_place;
	char path[PATH_MAX], partial[PATH_MAX];
};

#define NEW_FILE_NONE { .file = -1 }

/* Whether that name would be written in place. */
bool new_file_is_in_place(const char *path);
/* The ending of the name, with its dot; NULL: it has none, nor has what is written in place, whatever it is called. */
const char *new_file_ending(const char *path);
/* 0 or an errno. `mode` is subject to the umask. */
int new_file_open(struct new_file *file, const char *path, mode_t mode);
/* The same under a name that is known: in a folder where nobody else writes, so that a leftover is always replaced. */
int new_file_open_as(struct new_file *file, const char *path, const char *partial, mode_t mode);
/* Gives it its name, synced with its folder; it stays open. 0 or an errno, then it is dropped. Again: no effect. */
int new_file_keep(struct new_file *file, enum new_file_way way);
void new_file_close(struct new_file *file); /* what was not kept is removed */

void new_file_remove_on_signals(void); /* of a program that has no handlers of its own for them */
void new_file_remove_all(void);        /* async-signal-safe: for whoever ends by _exit() */

/* All of it, however often the system takes only a part. 0 or an errno. */
int write_whole(int file, const void *data, size_t size);
/* A stream with a descriptor of its own: the file can be synced and named once the stream is closed. NULL, with errno. */
FILE *stream_over(int file);
/* So that a new name outlives a power failure. 0 or an errno. */
int sync_folder_of(const char *path);

#endif
