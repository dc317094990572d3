/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/run/clock.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "storage/model/memory.h"

/* libuv's timers sleep with the machine, ours do not: so soon after it woke what is due is noticed. */
enum { DRIVER_MAX_MS = 10 * 1000 };

/* Read by work items too. */
static struct {
	atomic_bool on;
	_Atomic int64_t wall_ms, mono_ms;
} told;

static int64_t read_ms(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_wall_ms(void)
{
	return told.on ? told.wall_ms : read_ms(CLOCK_REALTIME);
}

int64_t clock_mono_ms(void)
{
	return told.on ? told.mono_ms : read_ms(CLOCK_BOOTTIME);
}

/* --- the heap ------------------------------------------------------------------------------------------------------*/

static void heap_put(struct clock *clock, size_t place, struct clock_timer *timer)
{
	clock->heap[place - 1] = timer;
	timer->place = place;
}

static struct clock_timer *heap_at(const struct clock *clock, size_t place)
{
	return clock->heap[place - 1];
}

static void heap_rise(struct clock *clock, struct clock_timer *timer)
{
	size_t place = timer->place;

	while (place > 1 && heap_at(clock, place / 2)->due_ms > timer->due_ms) {
		heap_put(clock, place, heap_at(clock, place / 2));
		place /= 2;
	}
	heap_put(clock, place, timer);
}

static void heap_sink(struct clock *clock, struct clock_timer *timer)
{
	size_t place = timer->place;

	for (;;) {
		size_t child = place * 2;

		if (child + 1 <= clock->count && heap_at(clock, child + 1)->due_ms < heap_at(clock, child)->due_ms)
			child++;
		if (child > clock->count || heap_at(clock, child)->due_ms >= timer->due_ms)
			break;
		heap_put(clock, place, heap_at(clock, child));
		place = child;
	}
	heap_put(clock, place, timer);
}

static void heap_add(struct clock *clock, struct clock_timer *timer)
{
	if (clock->count == clock->room) {
		clock->room = clock->room ? clock->room * 2 : 16;
		clock->heap = memory_grow(clock->heap, clock->room, sizeof(clock->heap[0]));
	}
	clock->count++;
	heap_put(clock, clock->count, timer);
	heap_rise(clock, timer);
}

static void heap_remove(struct clock *clock, struct clock_timer *timer)
{
	struct clock_timer *last = heap_at(clock, clock->count);
	size_t place = timer->place;

	clock->count--;
	timer->place = 0;
	if (last == timer)
		return;
	heap_put(clock, place, last);
	heap_sink(clock, last);
	heap_rise(clock, last);
}

/* --- the driver ----------------------------------------------------------------------------------------------------*/

static void on_driver(uv_timer_t *driver);

static void drive(struct clock *clock)
{
	int64_t delay_ms = clock->count ? heap_at(clock, 1)->due_ms - clock_mono_ms() : 0;

	if (!clock->count || (clock->owned && delay_ms > 0)) {
		uv_timer_stop(&clock->driver);
		return;
	}
	if (delay_ms > DRIVER_MAX_MS)
		delay_ms = DRIVER_MAX_MS;
	uv_update_time(clock->loop); /* libuv counts from the start of the loop turn, which may be long ago */
	uv_timer_start(&clock->driver, on_driver, delay_ms > 0 ? (uint64_t)delay_ms : 0, 0);
}

static void on_driver(uv_timer_t *driver)
{
	struct clock *clock = driver->data;
	int64_t now_ms = clock_mono_ms();

	while (clock->count && heap_at(clock, 1)->due_ms <= now_ms) {
		struct clock_timer *timer = heap_at(clock, 1);

		heap_remove(clock, timer);
		timer->on_timer(timer);
	}
	drive(clock);
}

void clock_init(struct clock *clock, uv_loop_t *loop)
{
	*clock = (struct clock){ .loop = loop };
	uv_timer_init(loop, &clock->driver);
	clock->driver.data = clock;
}

static void on_closed(uv_handle_t *driver)
{
	struct clock *clock = driver->data;

	free(clock->heap);
	clock->heap = NULL;
}

void clock_close(struct clock *clock)
{
	while (clock->count)
		heap_remove(clock, heap_at(clock, 1));
	uv_close((uv_handle_t *)&clock->driver, on_closed);
}

void clock_start(struct clock *clock, struct clock_timer *timer, int64_t delay_ms)
{
	assert(timer->on_timer);
	clock_stop(clock, timer);
	timer->due_ms = clock_mono_ms() + (delay_ms > 0 ? delay_ms : 0);
	heap_add(clock, timer);
	if (timer->place == 1)
		drive(clock);
}

void clock_stop(struct clock *clock, struct clock_timer *timer)
{
	if (timer->place)
		heap_remove(clock, timer);
}

int64_t clock_next_ms(const struct clock *clock)
{
	return clock->count ? heap_at(clock, 1)->due_ms : -1;
}

void clock_set(struct clock *clock, int64_t wall_ms, int64_t mono_ms)
{
	told.wall_ms = wall_ms;
	told.mono_ms = mono_ms;
	told.on = true;
	clock->owned = true;
	drive(clock);
}
