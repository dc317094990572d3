/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of a file as they were before it was compressed: gzip and zstd are known by their first bytes, anything else
 * is taken as it is. "-" is standard input. Streams: however large the file, memory is that of a decompressor.
 *
 * One thread; waits for the disk.
 */
#ifndef DAEMON_CRAWL_DUMP_SOURCE_H
#define DAEMON_CRAWL_DUMP_SOURCE_H

#include <stddef.h>
#include <sys/types.h>

struct dump_source;

/* NULL: it cannot be opened, errno says why. */
struct dump_source *dump_source_new(const char *path);
void dump_source_free(struct dump_source **source);

/* Up to `room` bytes; 0 at the end; -1: see dump_source_why(). */
ssize_t dump_source_read(struct dump_source *source, char *to, size_t room);
const char *dump_source_why(const struct dump_source *source);

#endif
