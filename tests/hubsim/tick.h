/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Made-up changes of all kinds for a Hub that is being crawled: commits without card change, licenses declared,
 * switched, respelled and withdrawn, custom terms changed, renames, deletions, replacements, new repos, gates,
 * visibility, disabling, counters, base models. Their mixture leans to what happens often; the seed decides.
 */
#ifndef HUBSIM_TICK_H
#define HUBSIM_TICK_H

#include "tests/hubsim/sim.h"

/* Makes `changes` of them, which `random` decides; fewer only on a Hub without repos. Returns how many. */
uint64_t tick_changes(struct sim *sim, uint64_t *random, uint64_t changes);

#endif
