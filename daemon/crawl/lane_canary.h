/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stops a lane that asks for files and commits of single repos. One repo's odd answer is a fact about that repo, which
 * rests; only where the canary fails too, an address that was answered well a moment ago, do the Hub's answers prove nothing.
 * Before any address was answered well, CANARY_ODD_MAX odd answers in a row stop the lane. Loop thread.
 */
#ifndef DAEMON_CRAWL_LANE_CANARY_H
#define DAEMON_CRAWL_LANE_CANARY_H

#include "daemon/crawl/lane.h"

enum { CANARY_ODD_MAX = 8 };

/*
 * An address was answered as it should be, by a text. `file` (size 0: none) is the one that it names: a redirect to another is
 * not followed, since that might count as a download. Both are copied.
 */
void canary_note(struct lane_run *run, struct slice url, struct slice file);
/*
 * An answer was odd. Asks the canary, unless it is being asked; the lane should begin nothing new while run->canary.asked is
 * set. If it answers as before, run->canary.on_good follows; else the run ends as LANE_PARKED.
 */
void canary_ask(struct lane_run *run);

#endif
