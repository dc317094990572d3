/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the service manager is told (sd_notify(3)): ready, reloading, status, stopping, and that the loop still turns.
 * Without a service manager every call does nothing. Loop thread only.
 */
#ifndef DAEMON_RUN_NOTIFY_H
#define DAEMON_RUN_NOTIFY_H

#include "daemon/run/clock.h"

struct notify {
	struct clock *clock;
	struct clock_timer timer;
	int64_t interval_ms; /* half of WatchdogSec; 0: no watchdog */
};

/* Begins to feed the watchdog where there is one. */
void notify_start(struct notify *notify, struct clock *clock);
void notify_stop(struct notify *notify);

/* More time to get ready: a start that goes on is not to be ended (EXTEND_TIMEOUT_USEC). */
void notify_starting(const char *status, int64_t within_ms);
void notify_ready(void);
void notify_stopping(void);
void notify_status(const char *status);

#endif
