/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where log lines go: standard error, without ever waiting for whoever reads it. Lines that it does not take now are
 * kept, up to LOG_KEPT_MAX bytes, and tried again every tenth of a second; what is beyond that is dropped and counted.
 *
 * Standard error may be shared with other processes, so it is not made non-blocking: a pipe or terminal is opened anew,
 * a socket is sent to with MSG_DONTWAIT, a file takes every line. Where a pipe cannot be opened anew (another user's),
 * a piece is written only if poll() says that there is room for it. Loop thread only.
 */
#ifndef DAEMON_RUN_LOG_SINK_H
#define DAEMON_RUN_LOG_SINK_H

#include <uv.h>

#include "storage/model/buf.h"

enum { LOG_KEPT_MAX = 256 * 1024 };

/* What standard error is, from now on. */
void log_sink_start(void);
/* Whether it is the journal that JOURNAL_STREAM ("device:inode") names: who inherits that may have another stream. */
bool log_sink_is_journal(const char *journal_stream);

/* Takes a line, with its line feed. */
void log_sink_put(struct slice line);
/* How many were dropped since the last call, once lines are taken again; 0: none. */
uint64_t log_sink_dropped(void);

/* Lines that are kept are tried again on this loop, until log_sink_leave(), after which the loop must run once more. */
void log_sink_run(uv_loop_t *loop);
void log_sink_leave(void);
/* Waits for the reader, a second at most, with what is left. */
void log_sink_end(void);

#endif
