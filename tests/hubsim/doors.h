/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where connections come in: one port, and behind it a libmicrohttpd daemon for plain HTTP and with --tls two more, one
 * with a good certificate and one with an expired one. The first byte tells TLS from plain HTTP.
 *
 * A fault of the connection is trouble for a while: those that come in meanwhile are refused, or get the wrong door.
 */
#ifndef HUBSIM_DOORS_H
#define HUBSIM_DOORS_H

#include <microhttpd.h>
#include <poll.h>

#include "tests/hubsim/fault.h"
#include "tests/hubsim/listener.h"
#include "tests/hubsim/tls.h"

enum door { DOOR_PLAIN, DOOR_TLS, DOOR_EXPIRED, DOOR_COUNT };
enum { DOORS_POLLED = DOOR_COUNT + 1 };

struct doors {
	struct MHD_Daemon *daemon[DOOR_COUNT]; /* the last two NULL without --tls */
	struct listener listener;
	struct tls tls;
	enum fault trouble; /* of the connections to come */
	int64_t trouble_until_ms;
};

/* A daemon without a listening socket; certificate NULL: for plain HTTP. */
typedef struct MHD_Daemon *doors_start(void *owner, const char *key, const char *certificate);

/* `authority`: the file for the authority's certificate; NULL: no TLS. False with errno set. */
bool doors_open(struct doors *doors, unsigned port, const char *authority, doors_start *start, void *owner);
void doors_release(struct doors *doors);

/* A fault of the stage `connection` begins. */
void doors_trouble(struct doors *doors, enum fault fault);

/*
 * One turn of the loop: what to poll for, then what has come. True: there is work already. *due_ms comes down to the
 * moment (sim_clock_steady_ms) at which there will be.
 */
bool doors_prepare(struct doors *doors, struct pollfd fds[DOORS_POLLED], int64_t *due_ms);
bool doors_knocked(const struct pollfd fds[DOORS_POLLED]);
void doors_run(struct doors *doors, const struct pollfd fds[DOORS_POLLED]);

#endif
