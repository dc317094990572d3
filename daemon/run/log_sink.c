/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/run/log_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TRY_AGAIN_MS = 100, END_WITHIN_MS = 1000 };

enum sink_kind { SINK_FILE, SINK_REOPENED, SINK_SHARED, SINK_SOCKET };

static struct {
	enum sink_kind kind;
	int fd;
	struct buf kept; /* lines, the first of which may be there in part */
	uint64_t dropped;
	uv_timer_t timer;
	bool on_loop;
} sink = { .fd = STDERR_FILENO, .kept = BUF_INIT(LOG_KEPT_MAX) };

void log_sink_start(void)
{
	struct stat about;
	int fd;

	if (fstat(STDERR_FILENO, &about) != 0 || S_ISREG(about.st_mode))
		return;
	sink.kind = S_ISSOCK(about.st_mode) ? SINK_SOCKET : SINK_SHARED;
	fd = sink.kind == SINK_SHARED ? open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY) : -1;
	if (fd >= 0) {
		sink.kind = SINK_REOPENED;
		sink.fd = fd;
	}
}

bool log_sink_is_journal(const char *journal_stream)
{
	struct stat about;
	char own[64];

	if (!journal_stream || fstat(STDERR_FILENO, &about) != 0)
		return false;
	snprintf(own, sizeof(own), "%ju:%ju", (uintmax_t)about.st_dev, (uintmax_t)about.st_ino);
	return strcmp(own, journal_stream) == 0;
}

/* --- writing -------------------------------------------------------------------------------------------------------*/

static bool has_room(int timeout_ms)
{
	struct pollfd ready = { .fd = sink.fd, .events = POLLOUT };

	return poll(&ready, 1, timeout_ms) > 0;
}

/* As many bytes as are taken now, 0: none, -1: nobody will ever take one. */
static ssize_t write_some(struct slice text)
{
	ssize_t size = 0;

	if (sink.kind == SINK_SOCKET)
		size = send(sink.fd, text.data, text.size, MSG_DONTWAIT | MSG_NOSIGNAL);
	else if (sink.kind != SINK_SHARED)
		size = write(sink.fd, text.data, text.size);
	else if (has_room(0))
		size = write(sink.fd, text.data, text.size < PIPE_BUF ? text.size : PIPE_BUF); /* poll() promised so much */
	if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return 0;
	return size;
}

/* What could not be written stays in `text`. */
static void write_all(struct slice *text)
{
	while (text->size) {
		ssize_t size = write_some(*text);

		if (!size)
			return;
		size = size < 0 ? (ssize_t)text->size : size;
		text->data += size;
		text->size -= (size_t)size;
	}
}

static void try_again(void)
{
	struct slice left = buf_as_slice(&sink.kept);

	write_all(&left);
	if (left.size)
		memmove(sink.kept.data, left.data, left.size);
	sink.kept.size = left.size;
	if (!left.size)
		buf_release(&sink.kept);
}

/* --- lines ---------------------------------------------------------------------------------------------------------*/

static void on_timer(uv_timer_t *timer)
{
	try_again();
	if (!sink.kept.size)
		uv_timer_stop(timer);
}

static void try_later(void)
{
	if (sink.on_loop && !uv_is_active((uv_handle_t *)&sink.timer))
		uv_timer_start(&sink.timer, on_timer, TRY_AGAIN_MS, TRY_AGAIN_MS);
}

static void keep(struct slice line)
{
	if (line.size > LOG_KEPT_MAX - sink.kept.size)
		sink.dropped++;
	else
		buf_slice(&sink.kept, line);
	try_later();
}

void log_sink_put(struct slice line)
{
	if (sink.kept.size)
		try_again();
	if (!sink.kept.size)
		write_all(&line);
	if (line.size)
		keep(line);
}

uint64_t log_sink_dropped(void)
{
	uint64_t dropped = sink.kept.size < LOG_KEPT_MAX / 2 ? sink.dropped : 0;

	sink.dropped -= dropped;
	return dropped;
}

/* --- life ----------------------------------------------------------------------------------------------------------*/

void log_sink_run(uv_loop_t *loop)
{
	uv_timer_init(loop, &sink.timer);
	uv_unref((uv_handle_t *)&sink.timer);
	sink.on_loop = true;
	if (sink.kept.size)
		try_later();
}

void log_sink_leave(void)
{
	if (sink.on_loop)
		uv_close((uv_handle_t *)&sink.timer, NULL);
	sink.on_loop = false;
}

void log_sink_end(void)
{
	for (int waited_ms = 0; sink.kept.size && waited_ms < END_WITHIN_MS; waited_ms += TRY_AGAIN_MS) {
		try_again();
		if (sink.kept.size)
			has_room(TRY_AGAIN_MS);
	}
}
