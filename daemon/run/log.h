/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log: one line an event on standard error, `event=NAME key=value ...`.
 *
 * Where standard error is the journal (JOURNAL_STREAM) each line begins with its syslog level as "<N>", else with the time.
 * Values are escaped: control characters, quotes, backslashes and bytes that are not ASCII never reach a terminal raw, and a
 * value is cut at LOG_VALUE_MAX. The daemon never waits for whoever reads it (log_sink.h). The token is never given to this
 * module. Loop thread only.
 *
 *     log_write(LOG_LANE_PARKED, log_text("lane", "poll"), log_number("retry_ms", 5000));
 */
#ifndef DAEMON_RUN_LOG_H
#define DAEMON_RUN_LOG_H

#include <uv.h>

#include "config/config.h"
#include "daemon/run/event_table.h"
#include "storage/model/buf.h"

enum { LOG_VALUE_MAX = 512 };

struct log_field {
	const char *name; /* one of the event's fields in the table; NULL ends a list */
	struct slice text;
	int64_t number;
	bool is_number;
};

static inline struct log_field log_slice(const char *name, struct slice text)
{
	return (struct log_field){ .name = name, .text = text };
}

static inline struct log_field log_text(const char *name, const char *text)
{
	return log_slice(name, slice_of(text ? text : ""));
}

static inline struct log_field log_number(const char *name, int64_t number)
{
	return (struct log_field){ .name = name, .number = number, .is_number = true };
}

static inline struct log_field log_yes(const char *name, bool yes)
{
	return log_text(name, yes ? "yes" : "no");
}

#define log_write(event, ...) \
	log_write_fields((event), (const struct log_field[]){ __VA_ARGS__, { .name = NULL } })

void log_start(enum config_level level);
/* Lines that nobody reads now are tried again on this loop, until log_leave(); the loop must run once more after that. */
void log_run(uv_loop_t *loop);
void log_leave(void);
/* The last lines: waits a second at most for whoever reads them. */
void log_end(void);
void log_set_level(enum config_level level);
bool log_wants(enum log_event event);
void log_write_fields(enum log_event event, const struct log_field *fields);

/* The line without its beginning, as log_write_fields prints it. */
void log_format(enum log_event event, const struct log_field *fields, struct buf *out);

#endif
