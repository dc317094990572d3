/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hubsim/time_server.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "storage/model/number.h"
#include "tests/hubsim/sim.h"
#include "tests/hubsim/sim_clock.h"

enum { DOUBT_MS = 20, BACKLOG = 16 };

/* The one thing here that is not of simulated time: how long nothing happens. */
static int64_t system_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- life ----------------------------------------------------------------------------------------------------------*/

bool time_server_open(struct time_server *time, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	*time = (struct time_server){ .path = path, .listener = -1, .daemon = -1, .until_ms = INT64_MAX };
	if (!path)
		return true;
	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(address.sun_path, path, strlen(path));
	unlink(path);
	time->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	return time->listener >= 0 && bind(time->listener, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
		listen(time->listener, BACKLOG) == 0;
}

void time_server_close(struct time_server *time)
{
	if (!time->path)
		return;
	if (time->daemon >= 0)
		close(time->daemon);
	close(time->listener);
	unlink(time->path);
	time->daemon = time->listener = -1;
}

/* --- telling and hearing -------------------------------------------------------------------------------------------*/

static void forget_daemon(struct time_server *time)
{
	close(time->daemon);
	time->daemon = -1;
}

static void tell(struct time_server *time)
{
	struct clock_sim_now now = { ++time->number, sim_clock_now_ms() + time->skew_ms, sim_clock_steady_ms() };

	time->disturbed = false;
	if (time->daemon >= 0 && send(time->daemon, &now, sizeof(now), MSG_NOSIGNAL) != sizeof(now))
		forget_daemon(time);
}

int time_server_fd(const struct time_server *time)
{
	if (!time->path)
		return -1;
	return time->daemon >= 0 ? time->daemon : time->listener;
}

void time_server_hear(struct time_server *time)
{
	if (time->daemon < 0) {
		time->daemon = accept4(time->listener, NULL, NULL, SOCK_CLOEXEC);
		time->idle = (struct clock_sim_idle){ 0 };
		time->doubted = time->sure = false;
		tell(time);
	} else if (recv(time->daemon, &time->idle, sizeof(time->idle), MSG_DONTWAIT) != sizeof(time->idle)) {
		forget_daemon(time);
	}
}

/* --- when time may move --------------------------------------------------------------------------------------------*/

bool time_server_stands_still(const struct time_server *time)
{
	return time->path && (time->daemon < 0 || sim_clock_now_ms() >= time->until_ms);
}

static bool is_idle(const struct time_server *time)
{
	return time->daemon >= 0 && time->idle.seen == time->number;
}

static int64_t next_of_system(const struct sim *sim, const struct held *held)
{
	int64_t next = INT64_MAX;

	if (held->due_ms != INT64_MAX)
		next = held->due_ms - sim_clock_steady_ms();
	if (timeline_next_ms(&sim->timeline) != INT64_MAX)
		next = min64(next, timeline_next_ms(&sim->timeline) - sim_clock_now_ms());
	return next;
}

int time_server_timeout(const struct sim *sim, const struct held *held)
{
	const struct time_server *time = &sim->time;
	int64_t next = INT64_MAX;

	if (!time->path)
		next = next_of_system(sim, held);
	else if (is_idle(time) && sim_clock_now_ms() < time->until_ms)
		next = time->doubted ? time->doubted_ms + DOUBT_MS - system_ms() : 0;
	if (next < 0)
		next = 0;
	return next == INT64_MAX ? -1 : (int)min64(next, INT32_MAX);
}

/* Changes of the Hub between now and then happen at their own times; nobody need be told of those. */
static void move_to(struct sim *sim, int64_t then_ms)
{
	while (timeline_next_ms(&sim->timeline) <= then_ms) {
		sim_clock_set(timeline_next_ms(&sim->timeline));
		timeline_run(sim);
	}
	sim_clock_set(then_ms);
	sim->time.moves++;
}

/* What is due next on either side. Both clocks are one here: simulated time is steady. */
static void move(struct sim *sim, const struct held *held)
{
	struct time_server *time = &sim->time;
	int64_t then_ms = min64(held->due_ms, time->until_ms);

	if (time->idle.due_ms >= 0)
		then_ms = min64(then_ms, time->idle.due_ms);
	if (then_ms == INT64_MAX || then_ms <= sim_clock_now_ms())
		return;
	move_to(sim, then_ms);
	tell(time);
}

/* In flight there, held here: where they differ something is under way, or was left behind. */
static bool agrees(struct time_server *time, const struct held *held)
{
	bool same = time->idle.in_flight == held->calls;

	if (same) {
		time->doubted = time->sure = false;
	} else if (!time->doubted) {
		time->doubted = true;
		time->doubted_ms = system_ms();
	}
	return same;
}

void time_server_quiet(struct sim *sim, const struct held *held, bool quiet)
{
	struct time_server *time = &sim->time;

	time->held = held->calls;
	if (!quiet) {
		time->disturbed = true;
		time->doubted = time->sure = false;
		return;
	}
	if (!is_idle(time) || sim_clock_now_ms() >= time->until_ms)
		return;
	if (time->disturbed) {
		tell(time);
	} else if (agrees(time, held) || time->sure) {
		time->doubted = time->sure = false;
		move(sim, held);
	} else if (system_ms() - time->doubted_ms >= DOUBT_MS) {
		time->sure = true;
		tell(time);
	}
}

/* --- control -------------------------------------------------------------------------------------------------------*/

void time_server_run(struct time_server *time, int64_t ms)
{
	time->until_ms = ms < 0 ? INT64_MAX : sim_clock_now_ms() + ms;
}

void time_server_advance(struct sim *sim, int64_t ms)
{
	if (ms <= 0)
		return;
	move_to(sim, sim_clock_now_ms() + ms);
	tell(&sim->time);
}

void time_server_skew(struct time_server *time, int64_t ms)
{
	time->skew_ms = ms;
	tell(time);
}

void time_server_write(const struct time_server *time, struct buf *out)
{
	if (time->path)
		buf_printf(out, ",\"time\":{\"now_ms\":%" PRId64 ",\"stopped\":%s,\"daemon\":%s,\"moves\":%" PRIu64
			",\"held\":%" PRIu64 "}", sim_clock_now_ms(), sim_clock_now_ms() >= time->until_ms ? "true" : "false",
			time->daemon >= 0 ? "true" : "false", time->moves, time->held);
}
