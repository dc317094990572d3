/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Simulated time (--sim-clock): this end of daemon/run/clock_sim.h, which says when time may move.
 *
 * Time moves while a daemon is connected; without one it stands still, but for /sim/advance. One daemon at a time; the
 * next one is heard when the one before has gone. A daemon that has fewer or more requests in flight than are held here
 * (curl keeps some back, a connection hangs) is waited for; where nothing at all happens for a while, time moves anyway.
 */
#ifndef HUBSIM_TIME_SERVER_H
#define HUBSIM_TIME_SERVER_H

#include "daemon/run/clock_sim.h"
#include "storage/model/buf.h"

#define SIM_START_MS INT64_C(1796083200000) /* 2026-12-01; made-up repos are older */

struct sim;

/* Requests that are not answered before some moment (sim_clock_steady_ms; INT64_MAX: there are none). */
struct held {
	uint64_t calls;
	int64_t due_ms;
};

struct time_server {
	const char *path;     /* NULL: time is the system's */
	int listener, daemon; /* -1: none */
	uint64_t number;      /* of the last message told */
	struct clock_sim_idle idle;
	bool disturbed;       /* something may have been sent to the daemon since that message */
	bool doubted, sure;   /* the figures differ; and did so before, all the time */
	int64_t doubted_ms;   /* since when, the system's time */
	int64_t until_ms;     /* time goes on up to there */
	int64_t skew_ms;      /* of the daemon's wall clock */
	uint64_t moves, held; /* figures for people and tests */
};

/* `path` NULL: time is the system's. False with errno set: it cannot listen there. */
bool time_server_open(struct time_server *time, const char *path);
void time_server_close(struct time_server *time);

static inline bool time_server_is_on(const struct time_server *time)
{
	return time->path != NULL;
}

/* Whether the daemon knows what time it is: an answer that came first would be dated before it was made. */
static inline bool time_server_is_settled(const struct time_server *time)
{
	return time->daemon < 0 || time->idle.seen == time->number;
}

/* Simulated time that does not move before somebody asks for it, or a daemon comes. */
bool time_server_stands_still(const struct time_server *time);

/* --- for the server's loop ------------------------------------------------------------------------------------------*/

/* What to wait for besides, -1: nothing; and then time_server_hear(). */
int time_server_fd(const struct time_server *time);
void time_server_hear(struct time_server *time);
/* How long to poll where no work is left: until the next moment of the system's time, or as long as time may not move. */
int time_server_timeout(const struct sim *sim, const struct held *held);
/* After each poll; `quiet`: it found nothing to do. Moves time if it may. */
void time_server_quiet(struct sim *sim, const struct held *held, bool quiet);

/* --- control -------------------------------------------------------------------------------------------------------*/

/* Time goes on for so long from now, and stops there; negative: it does not stop. */
void time_server_run(struct time_server *time, int64_t ms);
/* It is later at once: whatever was due in between happens late, but for the changes of the Hub. */
void time_server_advance(struct sim *sim, int64_t ms);
void time_server_skew(struct time_server *time, int64_t ms);
/* Members of a JSON object, each after a comma; nothing where time is the system's. */
void time_server_write(const struct time_server *time, struct buf *out);

#endif
