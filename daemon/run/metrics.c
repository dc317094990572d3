/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/run/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "storage/model/new_file.h"
#include "daemon/run/log.h"

enum { METRICS_INTERVAL_MS = 10 * 1000, METRICS_TEXT_MAX = 64 * 1024 };

static uint64_t values[METRIC_COUNT];

static const struct {
	const char *name, *help;
	enum metric_type type;
} metrics[METRIC_COUNT] = {
#define X(constant, name, type, unit, help) [constant] = { name, help, type },
	METRIC_TABLE(X)
#undef X
};

void metrics_add(enum metric metric, uint64_t more)
{
	values[metric] += more;
}

void metrics_set(enum metric metric, uint64_t value)
{
	values[metric] = value;
}

uint64_t metrics_get(enum metric metric)
{
	return values[metric];
}

void metrics_print(struct buf *out)
{
	metrics_set(METRIC_UPDATED, (uint64_t)clock_wall_ms() / 1000);
	for (size_t i = 0; i < METRIC_COUNT; i++)
		buf_printf(out, "# HELP relicensed_%s %s\n# TYPE relicensed_%s %s\nrelicensed_%s %" PRIu64 "\n", metrics[i].name,
			metrics[i].help, metrics[i].name, metrics[i].type == METRIC_GAUGE ? "gauge" : "counter", metrics[i].name,
			values[i]);
}

/* --- the file ------------------------------------------------------------------------------------------------------*/

static void on_timer(struct clock_timer *timer);

/* In a work item, or at the end. A reader never sees half a file. */
static void write_file(struct metrics_file *file)
{
	struct new_file fresh = NEW_FILE_NONE;

	file->error = new_file_open_as(&fresh, file->path, file->fresh_path, 0644);
	if (!file->error)
		file->error = write_whole(fresh.file, file->text.data, file->text.size);
	if (!file->error)
		file->error = new_file_keep(&fresh, NEW_FILE_UNSYNCED);
	new_file_close(&fresh);
}

static void report(const struct metrics_file *file)
{
	if (file->error)
		log_write(LOG_METRICS_FAILED, log_text("file", file->path), log_text("why", strerror(file->error)));
}

static void on_work(uv_work_t *work)
{
	write_file(work->data);
}

static void on_written(uv_work_t *work, int status)
{
	struct metrics_file *file = work->data;

	(void)status;
	file->busy = false;
	report(file);
}

static void on_timer(struct clock_timer *timer)
{
	struct metrics_file *file = timer->owner;

	if (!file->busy) {
		buf_reset(&file->text);
		metrics_print(&file->text);
		file->busy = uv_queue_work(file->clock->loop, &file->work, on_work, on_written) == 0;
	}
	clock_start(file->clock, timer, METRICS_INTERVAL_MS);
}

void metrics_file_start(struct metrics_file *file, struct clock *clock, const char *dir)
{
	*file = (struct metrics_file){ .clock = clock, .timer = { .on_timer = on_timer, .owner = file } };
	file->work.data = file;
	buf_init(&file->text, METRICS_TEXT_MAX);
	snprintf(file->path, sizeof(file->path), "%s/metrics.prom", dir);
	snprintf(file->fresh_path, sizeof(file->fresh_path), "%s/metrics.prom.new", dir);
	metrics_set(METRIC_STARTED, (uint64_t)clock_wall_ms() / 1000);
	clock_start(clock, &file->timer, 0);
}

void metrics_file_finish(struct metrics_file *file)
{
	if (!file->clock || file->busy)
		return;
	clock_stop(file->clock, &file->timer);
	buf_reset(&file->text);
	metrics_print(&file->text);
	write_file(file);
	report(file);
	buf_release(&file->text);
}
