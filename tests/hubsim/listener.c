/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hubsim/listener.h"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 1024, DEFERRED_S = 10 };

static int bound_socket(const struct sockaddr_in *address)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) == 0)
		return fd;
	close(fd);
	return -1;
}

bool listener_open(struct listener *listener, unsigned port, bool deferred)
{
	socklen_t size = sizeof(listener->address);

	*listener = (struct listener){
		.address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = { htonl(INADDR_LOOPBACK) } },
		.fd = -1,
		.deferred = deferred,
	};
	listener->holder = bound_socket(&listener->address);
	return listener->holder >= 0 && getsockname(listener->holder, (struct sockaddr *)&listener->address, &size) == 0 &&
		listener_reopen(listener);
}

void listener_release(struct listener *listener)
{
	listener_close(listener);
	if (listener->holder >= 0)
		close(listener->holder);
	listener->holder = -1;
}

unsigned listener_port(const struct listener *listener)
{
	return ntohs(listener->address.sin_port);
}

void listener_close(struct listener *listener)
{
	if (listener->fd >= 0)
		close(listener->fd);
	listener->fd = -1;
}

bool listener_reopen(struct listener *listener)
{
	int seconds = DEFERRED_S, fd = bound_socket(&listener->address);

	if (fd < 0)
		return false;
	if (listener->deferred)
		setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof(seconds));
	if (listen(fd, BACKLOG)) {
		close(fd);
		return false;
	}
	listener->fd = fd;
	return true;
}

int listener_accept(struct listener *listener, struct sockaddr_in *from)
{
	socklen_t size = sizeof(*from);

	return listener->fd < 0 ? -1 : accept4(listener->fd, (struct sockaddr *)from, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
}
