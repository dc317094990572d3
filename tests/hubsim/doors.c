/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hubsim/doors.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/hubsim/sim_clock.h"

enum { TROUBLE_MS = 300 };

/* --- opening -------------------------------------------------------------------------------------------------------*/

static bool open_tls(struct doors *doors, const char *authority, doors_start *start, void *owner)
{
	if (!tls_init(&doors->tls)) {
		errno = ENOTSUP;
		return false;
	}
	doors->daemon[DOOR_TLS] = start(owner, doors->tls.key, doors->tls.certificate);
	doors->daemon[DOOR_EXPIRED] = start(owner, doors->tls.key, doors->tls.expired);
	return doors->daemon[DOOR_TLS] && doors->daemon[DOOR_EXPIRED] && tls_write_authority(&doors->tls, authority);
}

bool doors_open(struct doors *doors, unsigned port, const char *authority, doors_start *start, void *owner)
{
	*doors = (struct doors){ .trouble = FAULT_NONE };
	if (!listener_open(&doors->listener, port, authority != NULL))
		return false;
	doors->daemon[DOOR_PLAIN] = start(owner, NULL, NULL);
	return doors->daemon[DOOR_PLAIN] && (!authority || open_tls(doors, authority, start, owner));
}

void doors_release(struct doors *doors)
{
	for (enum door door = 0; door < DOOR_COUNT; door++)
		if (doors->daemon[door])
			MHD_stop_daemon(doors->daemon[door]);
	listener_release(&doors->listener);
	tls_release(&doors->tls);
}

/* --- trouble -------------------------------------------------------------------------------------------------------*/

void doors_trouble(struct doors *doors, enum fault fault)
{
	doors->trouble = fault;
	doors->trouble_until_ms = sim_clock_steady_ms() + TROUBLE_MS;
	if (fault == FAULT_REFUSE)
		listener_close(&doors->listener);
}

/* It is over once its time has come; *due_ms: until then. */
static void end_trouble(struct doors *doors, int64_t *due_ms)
{
	int64_t now_ms = sim_clock_steady_ms();

	if (doors->trouble == FAULT_NONE)
		return;
	if (doors->trouble_until_ms <= now_ms) {
		if (doors->listener.fd >= 0 || listener_reopen(&doors->listener)) {
			doors->trouble = FAULT_NONE;
			return;
		}
		doors->trouble_until_ms = now_ms + TROUBLE_MS;
	}
	if (doors->trouble_until_ms < *due_ms)
		*due_ms = doors->trouble_until_ms;
}

/* --- connections ---------------------------------------------------------------------------------------------------*/

/* What a server does that does not expect TLS. */
static void refuse_tls(int fd)
{
	static const char text[] = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
	char hello[4096];

	while (recv(fd, hello, sizeof(hello), 0) > 0)
		;
	send(fd, text, sizeof(text) - 1, MSG_NOSIGNAL);
	close(fd);
}

/* The first byte tells TLS from plain HTTP. */
static enum door door_for(const struct doors *doors, int fd)
{
	enum { TLS_HANDSHAKE = 0x16 };
	char first;

	if (!doors->daemon[DOOR_TLS] || (recv(fd, &first, 1, MSG_PEEK) == 1 && first != TLS_HANDSHAKE))
		return DOOR_PLAIN;
	return doors->trouble == FAULT_CERT_EXPIRED ? DOOR_EXPIRED : DOOR_TLS;
}

static void accept_all(struct doors *doors)
{
	struct sockaddr_in from;
	int fd;

	while ((fd = listener_accept(&doors->listener, &from)) >= 0) {
		enum door door = door_for(doors, fd);

		if (door != DOOR_PLAIN && doors->trouble == FAULT_PLAIN_FOR_TLS)
			refuse_tls(fd);
		else
			MHD_add_connection(doors->daemon[door], fd, (struct sockaddr *)&from, sizeof(from));
	}
}

/* --- the loop's turn -----------------------------------------------------------------------------------------------*/

bool doors_prepare(struct doors *doors, struct pollfd fds[DOORS_POLLED], int64_t *due_ms)
{
	MHD_UNSIGNED_LONG_LONG wanted;
	bool work = false;

	end_trouble(doors, due_ms);
	fds[DOOR_COUNT] = (struct pollfd){ .fd = doors->listener.fd, .events = POLLIN };
	for (enum door door = 0; door < DOOR_COUNT; door++) {
		struct MHD_Daemon *daemon = doors->daemon[door];

		fds[door] = (struct pollfd){ .fd = -1, .events = POLLIN };
		if (!daemon)
			continue;
		fds[door].fd = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
		if (MHD_get_timeout(daemon, &wanted) == MHD_YES && wanted == 0)
			work = true;
	}
	return work;
}

bool doors_knocked(const struct pollfd fds[DOORS_POLLED])
{
	for (unsigned i = 0; i < DOORS_POLLED; i++)
		if (fds[i].revents)
			return true;
	return false;
}

void doors_run(struct doors *doors, const struct pollfd fds[DOORS_POLLED])
{
	if (fds[DOOR_COUNT].revents)
		accept_all(doors);
	for (enum door door = 0; door < DOOR_COUNT; door++)
		if (doors->daemon[door])
			MHD_run(doors->daemon[door]);
}
