/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/run/log.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

#include "daemon/run/clock.h"
#include "daemon/run/log_sink.h"
#include "daemon/run/metrics.h"
#include "storage/model/moment.h"

enum { LOG_LINE_MAX = 8192 };

struct log_event_info {
	const char *name;
	enum config_level level;
	const char *fields;
};

static const struct log_event_info events[LOG_EVENT_COUNT] = {
#define X(constant, name, level, fields, meaning) [constant] = { name, level, fields },
	LOG_EVENT_TABLE(X)
#undef X
};

static const int syslog_levels[LEVEL_COUNT] = { 3, 4, 5, 6, 7 };

static struct {
	enum config_level level;
	bool journal;
} log_state = { .level = LEVEL_INFO };

void log_start(enum config_level level)
{
	log_state.level = level;
	log_sink_start();
	log_state.journal = log_sink_is_journal(getenv("JOURNAL_STREAM"));
}

void log_run(uv_loop_t *loop)
{
	log_sink_run(loop);
}

void log_leave(void)
{
	log_sink_leave();
}

void log_set_level(enum config_level level)
{
	log_state.level = level;
}

bool log_wants(enum log_event event)
{
	return events[event].level <= log_state.level;
}

static bool is_plain(struct slice text)
{
	for (size_t i = 0; i < text.size; i++)
		if (text.data[i] <= ' ' || text.data[i] > '~' || strchr("\"\\=", text.data[i]))
			return false;
	return text.size > 0;
}

/* In quotes where it is not one plain word; what a terminal could act on becomes \xNN. */
static void add_value(struct slice text, struct buf *out)
{
	if (is_plain(text) && text.size <= LOG_VALUE_MAX) {
		buf_slice(out, text);
		return;
	}
	buf_char(out, '"');
	for (size_t i = 0; i < text.size && i < LOG_VALUE_MAX; i++) {
		unsigned char c = (unsigned char)text.data[i];

		if (c == '"' || c == '\\')
			buf_char(out, '\\');
		if (c < ' ' || c > '~')
			buf_printf(out, "\\x%02x", c);
		else
			buf_char(out, (char)c);
	}
	buf_text(out, text.size > LOG_VALUE_MAX ? "...\"" : "\"");
}

/* A field that the table does not name is a mistake in the program. */
static bool is_declared(const char *fields, const char *name)
{
	size_t size = strlen(name);

	for (const char *at = strstr(fields, name); at; at = strstr(at + 1, name))
		if ((at == fields || at[-1] == ' ') && (at[size] == ' ' || !at[size]))
			return true;
	return false;
}

void log_format(enum log_event event, const struct log_field *fields, struct buf *out)
{
	buf_printf(out, "event=%s", events[event].name);
	for (; fields->name; fields++) {
		assert(is_declared(events[event].fields, fields->name));
		buf_printf(out, " %s=", fields->name);
		if (fields->is_number)
			buf_printf(out, "%lld", (long long)fields->number);
		else
			add_value(fields->text, out);
	}
}

static void put_line(enum log_event event, const struct log_field *fields)
{
	struct buf line = BUF_INIT(LOG_LINE_MAX);
	char now[MOMENT_TEXT];

	if (log_state.journal) {
		buf_printf(&line, "<%d>", syslog_levels[events[event].level]);
	} else {
		moment_write(clock_wall_ms(), now);
		buf_printf(&line, "%s %-7s ", now, config_level_name(events[event].level));
	}
	log_format(event, fields, &line);
	buf_char(&line, '\n');
	log_sink_put(buf_as_slice(&line));
	buf_release(&line);
}

/* Where nobody reads, lines are lost: said as soon as somebody reads again. */
static void report_dropped(void)
{
	uint64_t lines = log_sink_dropped();

	if (!lines)
		return;
	metrics_add(METRIC_LOG_DROPPED, lines);
	put_line(LOG_DROPPED, (const struct log_field[]){ log_number("lines", (int64_t)lines), { .name = NULL } });
}

void log_write_fields(enum log_event event, const struct log_field *fields)
{
	if (!log_wants(event))
		return;
	report_dropped();
	put_line(event, fields);
}

void log_end(void)
{
	log_sink_end();
	report_dropped();
}
