/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Simulated time, for tests: the simulated Hub owns it and tells it on a socket (SOCK_SEQPACKET, one struct a message).
 *
 *     Hub -> daemon   clock_sim_now   time is this now
 *     daemon -> Hub   clock_sim_idle  I have seen message `seen` and looked at every socket since, and would sleep
 *
 * The daemon speaks right before its loop would block, with no work item under way. The Hub moves time only if it holds
 * back as many requests as the daemon has in flight and has sent nothing since the message that was seen: then nothing
 * can happen without time. It moves to the next moment at which something is due on either side. Where the Hub is gone,
 * time stands still. Loop thread only.
 */
#ifndef DAEMON_RUN_CLOCK_SIM_H
#define DAEMON_RUN_CLOCK_SIM_H

#include "daemon/run/clock.h"

struct clock_sim_now {
	uint64_t number; /* of this message, from 1 */
	int64_t wall_ms, mono_ms;
};

struct clock_sim_idle {
	uint64_t seen;
	uint64_t in_flight;
	int64_t due_ms; /* mono; -1: no timer runs */
};

struct clock_sim;

/* Waits for the first message. NULL with errno set: nobody tells time there. */
struct clock_sim *clock_sim_open(struct clock *clock, const char *path, unsigned (*in_flight)(void *owner), void *owner);
/* Before clock_close; the loop must run once more. */
void clock_sim_close(struct clock_sim **sim);

#endif
