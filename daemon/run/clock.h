/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only source of time and timers, so that tests can own time.
 *
 * A timer is plain memory of its owner: clock_start() and clock_stop() any number of times, and after clock_stop() the
 * memory is free to go. (libuv's own timers need a close callback; here one of them drives a heap of ours.) A timer
 * fires once, on the loop, and may be started again from its callback. Loop thread only, except the two readings.
 */
#ifndef DAEMON_RUN_CLOCK_H
#define DAEMON_RUN_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct clock_timer {
	void (*on_timer)(struct clock_timer *timer);
	void *owner;
	int64_t due_ms;
	size_t place; /* in the heap, from 1; 0: not running */
};

struct clock {
	uv_loop_t *loop;
	uv_timer_t driver;
	struct clock_timer **heap; /* the earliest on top */
	size_t count, room;
};

int64_t clock_wall_ms(void); /* unix time: for records */
int64_t clock_mono_ms(void); /* never jumps: for waiting and measuring */

void clock_init(struct clock *clock, uv_loop_t *loop);
/* Closes the driver; the loop must run once more. Timers still running are forgotten. */
void clock_close(struct clock *clock);

void clock_start(struct clock *clock, struct clock_timer *timer, int64_t delay_ms);
void clock_stop(struct clock *clock, struct clock_timer *timer);

static inline bool clock_is_running(const struct clock_timer *timer)
{
	return timer->place != 0;
}

#endif
