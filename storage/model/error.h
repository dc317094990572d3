/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one list of what can go wrong in storage/: a name, a text for people, and what the caller should do.
 *
 * Functions return 0 or a negative code from here. The library never logs: the caller that decides says it once, with
 * error_text(). Shortage of memory is not in the list: the process ends (see memory.h), the store is transactional.
 */
#ifndef STORAGE_MODEL_ERROR_H
#define STORAGE_MODEL_ERROR_H

enum error_action { ERROR_RETRY, ERROR_STOP, ERROR_DATA };

/* X(name, action, text) */
#define ERROR_TABLE(X) \
	X(ERROR_JSON, ERROR_DATA, "not valid JSON") \
	X(ERROR_UTF8, ERROR_DATA, "not valid UTF-8") \
	X(ERROR_TOO_DEEP, ERROR_DATA, "nested too deeply") \
	X(ERROR_TOO_BIG, ERROR_DATA, "larger than its limit") \
	X(ERROR_ROW, ERROR_DATA, "a row without a usable id or _id") \
	X(ERROR_COMPRESSION, ERROR_DATA, "a compressed frame is damaged") \
	X(ERROR_CORRUPT, ERROR_STOP, "the store is damaged: run `relicense verify`") \
	X(ERROR_NOT_FOUND, ERROR_DATA, "not in the store") \
	X(ERROR_NO_STORE, ERROR_STOP, "there is no store here") \
	X(ERROR_SCHEMA_NEWER, ERROR_STOP, "the store was written by a newer relicensed") \
	X(ERROR_HELD, ERROR_STOP, "another process holds the store") \
	X(ERROR_PERMISSION, ERROR_STOP, "no permission to open the store") \
	X(ERROR_FULL, ERROR_RETRY, "no space is left for the store: free some on its disk") \
	X(ERROR_READ_ONLY, ERROR_RETRY, "the store's disk is mounted read-only: see why (dmesg), and mount it writable again") \
	X(ERROR_MAP_FULL, ERROR_RETRY, "the store has filled its map") \
	X(ERROR_MAP_LOST, ERROR_STOP, "the store's map is gone: the system gave no address space for a larger one; start again") \
	X(ERROR_IO, ERROR_RETRY, "the store could not be read or written") \
	X(ERROR_OUTPUT, ERROR_STOP, "the file could not be written") \
	X(ERROR_STOPPED, ERROR_STOP, "it was asked to end") \
	X(ERROR_CLOCK, ERROR_STOP, "the log ends ahead of every clock") \
	X(ERROR_LMDB, ERROR_STOP, "the database refused") \
	X(ERROR_OTHER_HUB, ERROR_STOP, "the store belongs to another Hub") \
	X(ERROR_RESOURCES, ERROR_STOP, "the system gives no more processes, threads or open files: raise the limit") \
	X(ERROR_TOO_MANY, ERROR_DATA, "more rows than were asked for")

enum error_code {
	ERROR_NONE = 0,
	ERROR_FIRST = -1000, /* below errno and LMDB's own codes */
#define X(name, action, text) name,
	ERROR_TABLE(X)
#undef X
	ERROR_END
};

const char *error_text(int code);
const char *error_name(int code);
enum error_action error_action(int code);

#endif
