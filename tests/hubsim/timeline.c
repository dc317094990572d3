/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hubsim/timeline.h"

#include <math.h>

#include "tests/hubsim/random.h"
#include "tests/hubsim/sim.h"
#include "tests/hubsim/sim_clock.h"
#include "tests/hubsim/tick.h"

#define DAY_MS 86400000.0

static void plan_next(struct timeline *timeline)
{
	timeline->next_ms -= log(1 - random_share(&timeline->random)) * timeline->mean_ms;
}

void timeline_start(struct timeline *timeline, uint64_t changes_a_day, uint64_t seed)
{
	*timeline = (struct timeline){ .random = ~seed };
	if (!changes_a_day)
		return;
	timeline->mean_ms = DAY_MS / (double)changes_a_day;
	timeline->next_ms = (double)sim_clock_now_ms();
	plan_next(timeline);
}

int64_t timeline_next_ms(const struct timeline *timeline)
{
	return timeline->mean_ms > 0 ? (int64_t)timeline->next_ms + 1 : INT64_MAX;
}

void timeline_run(struct sim *sim)
{
	while (timeline_next_ms(&sim->timeline) <= sim_clock_now_ms()) {
		tick_changes(sim, &sim->timeline.random, 1);
		plan_next(&sim->timeline);
	}
}
