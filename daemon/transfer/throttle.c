/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/transfer/throttle.h"

enum {
	AVERAGED = 8,            /* an answer counts one in so many */
	FORGOTTEN = 1024,
	SLOW = 4,                /* times the usual latency */
	SLOW_US = 250 * 1000,    /* and no less than that */
};

void throttle_init(struct throttle *throttle, int64_t target_max)
{
	*throttle = (struct throttle){ .target_max = target_max, .target = target_max };
}

static void note_latency(struct throttle *throttle, int64_t latency_us)
{
	if (!throttle->latency_us)
		throttle->latency_us = throttle->usual_us = latency_us;
	throttle->latency_us += (latency_us - throttle->latency_us) / AVERAGED;
	if (throttle->latency_us < throttle->usual_us)
		throttle->usual_us = throttle->latency_us;
	else
		throttle->usual_us += (throttle->latency_us - throttle->usual_us) / FORGOTTEN;
}

static void move_target(struct throttle *throttle, int64_t target, int64_t now_us)
{
	throttle->target = target;
	throttle->good = 0;
	throttle->moved_us = now_us;
}

static void note_trouble(struct throttle *throttle, int64_t sent_us, int64_t now_us)
{
	int64_t aimed_us;

	if (now_us - sent_us > throttle->latency_us)
		note_latency(throttle, now_us - sent_us);
	if (sent_us >= throttle->moved_us)
		move_target(throttle, throttle->target > 1 ? throttle->target / 2 : 1, now_us);
	aimed_us = throttle->latency_us / throttle->target;
	if (aimed_us > throttle->delay_us)
		throttle->delay_us = aimed_us;
}

static void note_good(struct throttle *throttle, int64_t sent_us, int64_t now_us)
{
	int64_t aimed_us, between_us;

	note_latency(throttle, now_us - sent_us);
	if (++throttle->good >= throttle->target && throttle->target < throttle->target_max)
		move_target(throttle, throttle->target + 1, throttle->moved_us);
	aimed_us = throttle->latency_us / throttle->target;
	between_us = (throttle->delay_us + aimed_us) / 2;
	throttle->delay_us = between_us > aimed_us ? between_us : aimed_us;
}

void throttle_note(struct throttle *throttle, int64_t sent_us, int64_t now_us, bool trouble)
{
	if (trouble)
		note_trouble(throttle, sent_us, now_us);
	else
		note_good(throttle, sent_us, now_us);
}

int64_t throttle_delay_us(const struct throttle *throttle)
{
	bool slow = throttle->latency_us > SLOW_US && throttle->latency_us > SLOW * throttle->usual_us;

	return slow || throttle->target < throttle->target_max ? throttle->delay_us : 0;
}
