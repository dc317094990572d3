/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The listening socket and its accept loop, ours instead of libmicrohttpd's: so that connections can be refused, and
 * given to another daemon than the one that would serve them.
 *
 * The port stays ours while nobody listens: a second socket, bound and never listening, holds it.
 */
#ifndef HUBSIM_LISTENER_H
#define HUBSIM_LISTENER_H

#include <netinet/in.h>
#include <stdbool.h>

struct listener {
	struct sockaddr_in address;
	int holder, fd; /* fd -1: closed */
	bool deferred;
};

/* On 127.0.0.1, port 0: any. `deferred`: a connection comes only with its first bytes. False with errno set. */
bool listener_open(struct listener *listener, unsigned port, bool deferred);
void listener_release(struct listener *listener);
unsigned listener_port(const struct listener *listener);

/* Connections are refused until it is opened again. */
void listener_close(struct listener *listener);
bool listener_reopen(struct listener *listener);
/* The next connection, nonblocking, or -1. */
int listener_accept(struct listener *listener, struct sockaddr_in *from);

#endif
