/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/run/notify.h"

#include <systemd/sd-daemon.h>

static void on_timer(struct clock_timer *timer)
{
	struct notify *notify = timer->owner;

	sd_notify(0, "WATCHDOG=1");
	clock_start(notify->clock, timer, notify->interval_ms);
}

void notify_start(struct notify *notify, struct clock *clock)
{
	uint64_t limit_us = 0;

	*notify = (struct notify){ .clock = clock, .timer = { .on_timer = on_timer, .owner = notify } };
	if (sd_watchdog_enabled(0, &limit_us) <= 0)
		return;
	notify->interval_ms = (int64_t)(limit_us / 2000);
	clock_start(clock, &notify->timer, 0);
}

void notify_stop(struct notify *notify)
{
	if (notify->clock)
		clock_stop(notify->clock, &notify->timer);
}

void notify_starting(const char *status, int64_t within_ms)
{
	sd_notifyf(0, "STATUS=%s\nEXTEND_TIMEOUT_USEC=%lld", status, (long long)within_ms * 1000);
}

void notify_ready(void)
{
	sd_notify(0, "READY=1");
}

void notify_stopping(void)
{
	sd_notify(0, "STOPPING=1");
}

void notify_status(const char *status)
{
	sd_notifyf(0, "STATUS=%s", status);
}
