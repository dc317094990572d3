/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The addresses of one host, looked up by libuv's threads: never on the loop, and renewed now and then while the old
 * ones stay in use. Loop thread only.
 */
#ifndef DAEMON_TRANSFER_LOOKUP_H
#define DAEMON_TRANSFER_LOOKUP_H

#include "daemon/run/clock.h"
#include "storage/model/buf.h"

struct lookup {
	uv_getaddrinfo_t query;
	struct clock *clock;
	struct clock_timer limit;
	const char *host, *port; /* borrowed */
	int64_t limit_ms;
	int64_t found_at_ms;
	unsigned edition;        /* grows with each new set of addresses; 0: none yet */
	bool running, numeric;
	struct buf addresses;    /* "1.2.3.4,[::1]" */
	char why[128];           /* of the last failure */
	void (*on_ended)(struct lookup *lookup, bool found);
	void *owner;
};

/* `on_ended` runs for each look-up that was begun, on the loop, never from within lookup_ready(). */
void lookup_init(struct lookup *lookup, struct clock *clock, const char *host, const char *port, int64_t limit_ms,
	void (*on_ended)(struct lookup *lookup, bool found), void *owner);
/* Stops waiting. The memory must stay until `running` is false. */
void lookup_stop(struct lookup *lookup);
void lookup_release(struct lookup *lookup);

/* Whether there are addresses now (or none are needed: the host is one); begins a look-up where that is due. */
bool lookup_ready(struct lookup *lookup);

#endif
