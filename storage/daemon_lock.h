/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon.lock: the flock by which the one writer of a store holds it, and `compact` while it rewrites the file.
 *
 * The lock is the kernel's and ends with its process, however that ends. The text in the file says who took it last
 * ("relicensed, process 1234") and counts only while the lock is held.
 */
#ifndef STORAGE_DAEMON_LOCK_H
#define STORAGE_DAEMON_LOCK_H

#include "storage/store.h"

enum { LOCK_HOLDER_BYTES = 64 };

enum lock_state { LOCK_FREE, LOCK_HELD, LOCK_NOT_KNOWN };

/* *file is the lock, until daemon_lock_release(). ERROR_HELD names the holder; ERROR_PERMISSION ... */
int daemon_lock_take(const char *dir, const char *who, int *file, struct store_problem *problem);
void daemon_lock_release(int *file); /* -1: nothing */

/* Whether it is held; then `holder` says by whom ("relicensed, process 1234"), where that can be read. */
enum lock_state daemon_lock_ask(const char *dir, char holder[LOCK_HOLDER_BYTES]);
/* False: nobody ever wrote in this folder; what lies there is a backup. */
bool daemon_lock_exists(const char *dir);

#endif
