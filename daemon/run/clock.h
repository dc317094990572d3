/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only source of time and timers, so that tests can own time (clock_sim.h).
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
	bool owned; /* time is somebody else's: no timer fires by itself before clock_set() has reached it */
};

int64_t clock_wall_ms(void); /* unix time: for records. May jump */
int64_t clock_mono_ms(void); /* never set: for waiting and measuring. A machine that sleeps goes on counting */

void clock_init(struct clock *clock, uv_loop_t *loop);
/* Closes the driver; the loop must run once more. Timers still running are forgotten. */
void clock_close(struct clock *clock);

void clock_start(struct clock *clock, struct clock_timer *timer, int64_t delay_ms);
void clock_stop(struct clock *clock, struct clock_timer *timer);

/* When the earliest timer is due; -1: none runs. */
int64_t clock_next_ms(const struct clock *clock);
/* From now on time is what the last clock_set() said, in the whole process. */
void clock_set(struct clock *clock, int64_t wall_ms, int64_t mono_ms);

static inline bool clock_is_running(const struct clock_timer *timer)
{
	return timer->place != 0;
}

#endif
