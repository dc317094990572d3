/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pace towards a server that announces no quota, from how it answers.
 *
 * As in Scrapy's AutoThrottle: so many requests under way are aimed at, hence the delay between two is latency / target,
 * averaged with the delay before. Unlike there an error never makes it faster, however fast errors come: it halves the
 * target (once for all that were under way) and leaves the delay no shorter; good answers win the target back, one
 * for each round. A server that answers well and no slower than it used to is not held back at all.
 *
 * Pure; times are microseconds of clock_mono_ms().
 */
#ifndef DAEMON_TRANSFER_THROTTLE_H
#define DAEMON_TRANSFER_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

struct throttle {
	int64_t target_max, target; /* requests under way */
	int64_t good;               /* answers since the target moved */
	int64_t moved_us;
	int64_t latency_us, usual_us; /* averaged; the lowest that it was, slowly forgotten */
	int64_t delay_us;
};

void throttle_init(struct throttle *throttle, int64_t target_max);
/* An answer, or none: trouble. */
void throttle_note(struct throttle *throttle, int64_t sent_us, int64_t now_us, bool trouble);
/* Between two requests. */
int64_t throttle_delay_us(const struct throttle *throttle);

#endif
