/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP by libmicrohttpd, driven by our own loop on one thread: answers are made one at a time, so a test sees the Hub
 * change only between them. Latency, waiting and the log are here; doors.h has the connections, exchange.c what comes
 * before an answer, sending.c how it goes out.
 */
#ifndef HUBSIM_SERVER_H
#define HUBSIM_SERVER_H

#include "tests/hubsim/sim.h"

struct server;

/* Listens on 127.0.0.1; NULL with errno set if it cannot. */
struct server *server_new(struct sim *sim, unsigned port);
unsigned server_port(const struct server *server);
/* Serves until `stop_fd` becomes readable. False if polling failed. */
bool server_run(struct server *server, int stop_fd);
void server_free(struct server *server);

#endif
