/* SPDX-License-Identifier: Apache-2.0 */
/* Changes that happen by themselves (--changes-a-day), at moments which the seed decides: the times between are exponential. */
#ifndef HUBSIM_TIMELINE_H
#define HUBSIM_TIMELINE_H

#include <stdint.h>

struct sim;

struct timeline {
	uint64_t random;
	double mean_ms;  /* from change to change; 0: none happen */
	double next_ms;  /* sim_clock_now_ms */
};

void timeline_start(struct timeline *timeline, uint64_t changes_a_day, uint64_t seed);
/* When the next change happens; INT64_MAX: never. */
int64_t timeline_next_ms(const struct timeline *timeline);
/* Makes what is due. */
void timeline_run(struct sim *sim);

#endif
