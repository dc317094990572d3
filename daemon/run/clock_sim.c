/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/run/clock_sim.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "storage/model/memory.h"

struct clock_sim {
	struct clock *clock;
	int socket;
	uv_poll_t told;
	uv_prepare_t before_sleep;
	unsigned open_handles;
	unsigned (*in_flight)(void *owner);
	void *owner;
	struct clock_sim_idle said;
	uint64_t seen;
};

/* --- what the Hub tells --------------------------------------------------------------------------------------------*/

static bool hear(struct clock_sim *sim)
{
	struct clock_sim_now now;
	ssize_t size;

	do
		size = recv(sim->socket, &now, sizeof(now), 0);
	while (size < 0 && errno == EINTR);
	if (size != sizeof(now))
		return false;
	sim->seen = now.number;
	clock_set(sim->clock, now.wall_ms, now.mono_ms);
	return true;
}

static void on_told(uv_poll_t *told, int status, int events)
{
	(void)events;
	if (status < 0 || !hear(told->data))
		uv_poll_stop(told);
}

/* --- what it is told -----------------------------------------------------------------------------------------------*/

/* libuv's own count of work under way: what is queued anywhere cannot be forgotten here. */
static bool is_working(const struct clock_sim *sim)
{
	const uv_loop_t *loop = sim->clock->loop;

	return loop->active_reqs.count > 0 || loop->stop_flag || uv_is_active((const uv_handle_t *)&sim->clock->driver);
}

static bool has_events(const struct clock_sim *sim)
{
	struct pollfd loop = { .fd = uv_backend_fd(sim->clock->loop), .events = POLLIN };

	return poll(&loop, 1, 0) > 0;
}

static bool equal(const struct clock_sim_idle *a, const struct clock_sim_idle *b)
{
	return a->seen == b->seen && a->in_flight == b->in_flight && a->due_ms == b->due_ms;
}

static void on_before_sleep(uv_prepare_t *before_sleep)
{
	struct clock_sim *sim = before_sleep->data;
	struct clock_sim_idle idle = { sim->seen, sim->in_flight(sim->owner), clock_next_ms(sim->clock) };

	if (is_working(sim) || equal(&idle, &sim->said) || has_events(sim))
		return;
	if (send(sim->socket, &idle, sizeof(idle), MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof(idle))
		sim->said = idle;
}

/* --- life ----------------------------------------------------------------------------------------------------------*/

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

struct clock_sim *clock_sim_open(struct clock *clock, const char *path, unsigned (*in_flight)(void *owner), void *owner)
{
	struct clock_sim *sim;
	int fd = connect_to(path);

	if (fd < 0)
		return NULL;
	sim = memory_new(sizeof(*sim));
	*sim = (struct clock_sim){ .clock = clock, .socket = fd, .in_flight = in_flight, .owner = owner };
	if (!hear(sim)) {
		close(fd);
		free(sim);
		errno = ECONNRESET;
		return NULL;
	}
	sim->open_handles = 2;
	uv_poll_init(clock->loop, &sim->told, fd);
	uv_prepare_init(clock->loop, &sim->before_sleep);
	sim->told.data = sim->before_sleep.data = sim;
	uv_poll_start(&sim->told, UV_READABLE, on_told);
	uv_prepare_start(&sim->before_sleep, on_before_sleep);
	return sim;
}

static void on_closed(uv_handle_t *handle)
{
	struct clock_sim *sim = handle->data;

	if (--sim->open_handles)
		return;
	close(sim->socket);
	free(sim);
}

void clock_sim_close(struct clock_sim **taken)
{
	struct clock_sim *sim = *taken;

	*taken = NULL;
	if (!sim)
		return;
	uv_close((uv_handle_t *)&sim->told, on_closed);
	uv_close((uv_handle_t *)&sim->before_sleep, on_closed);
}
