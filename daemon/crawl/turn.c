/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/turn.h"

#include "daemon/crawl/writer.h"

static void on_timer(struct clock_timer *timer)
{
	turn_run(timer->owner);
}

void turn_init(struct turn *turn, struct clock *clock, struct writer *writer, int64_t share_percent, int64_t rate)
{
	*turn = (struct turn){ .clock = clock, .writer = writer, .timer = { .on_timer = on_timer, .owner = turn } };
	quota_init(&turn->quota, share_percent, rate);
}

void turn_stop(struct turn *turn)
{
	clock_stop(turn->clock, &turn->timer);
}

static void enqueue(struct turn *turn, struct turn_place *place)
{
	struct turn_place *last = turn->last[place->priority];

	place->queued = true;
	place->before = last;
	place->after = NULL;
	if (last)
		last->after = place;
	else
		turn->first[place->priority] = place;
	turn->last[place->priority] = place;
}

void turn_leave(struct turn *turn, struct turn_place *place)
{
	if (!place->queued)
		return;
	place->queued = false;
	if (place->before)
		place->before->after = place->after;
	else
		turn->first[place->priority] = place->after;
	if (place->after)
		place->after->before = place->before;
	else
		turn->last[place->priority] = place->before;
}

static struct turn_place *head_of_queue(const struct turn *turn)
{
	for (unsigned priority = 0; priority <= PRIORITY_LAST; priority++)
		if (turn->first[priority])
			return turn->first[priority];
	return NULL;
}

/* Whether the quota and the writer let this one go; a timer asks again where only time is lacking. */
static bool may_go(struct turn *turn, const struct turn_place *place)
{
	int64_t now_ms = clock_mono_ms(), wait_ms;

	if (place->needs_room && !writer_has_room(turn->writer))
		return false; /* the writer calls turn_run */
	wait_ms = quota_wait_ms(&turn->quota, now_ms);
	if (wait_ms > 0)
		clock_start(turn->clock, &turn->timer, wait_ms);
	if (wait_ms)
		return false;
	if (place->needs_room)
		writer_reserve(turn->writer);
	quota_sent(&turn->quota, now_ms);
	return true;
}

void turn_run(struct turn *turn)
{
	struct turn_place *place;

	if (turn->running)
		return;
	turn->running = true;
	while ((place = head_of_queue(turn)) && may_go(turn, place)) {
		turn_leave(turn, place);
		place->on_turn(place);
	}
	turn->running = false;
}

bool turn_take(struct turn *turn, struct turn_place *place)
{
	if (!turn->running && !head_of_queue(turn) && may_go(turn, place))
		return true;
	enqueue(turn, place);
	/* it may stand before one that waits for room */
	if (!turn->running && head_of_queue(turn) == place && may_go(turn, place)) {
		turn_leave(turn, place);
		return true;
	}
	return false;
}

void turn_ended(struct turn *turn, const struct quota_news *news)
{
	quota_ended(&turn->quota, news, clock_mono_ms());
	turn_run(turn);
}
