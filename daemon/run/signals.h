/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals before the loop handles them. The default action of SIGHUP would end a daemon that is only asked to read its
 * configuration, and that of SIGTERM would leave no time to end a step well.
 *
 * Phases: signals_hold() first of all, signals_note() or signals_default(), then the loop's own handlers and
 * signals_handed_over(). Main thread, before there are others.
 */
#ifndef DAEMON_RUN_SIGNALS_H
#define DAEMON_RUN_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

/* What came until the loop took over; 0: nothing. */
struct signals_noted {
	volatile sig_atomic_t end;    /* SIGTERM or SIGINT */
	volatile sig_atomic_t hangup; /* SIGHUP */
};

/* SIGTERM, SIGINT and SIGHUP wait; SIGPIPE, SIGXFSZ, SIGUSR1 and SIGUSR2 are ignored from here on. */
void signals_hold(void);
/* They have their default actions. */
void signals_default(void);
/*
 * They are noted. Who works for long looks at `end`; where nobody does for two seconds after it was set, the process
 * ends: what a transaction has not written is not in the store.
 */
const struct signals_noted *signals_note(void);
/* The loop's handlers are installed: returns what was noted before. */
const struct signals_noted *signals_handed_over(void);

#endif
