/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request from its first line to its last byte, between server.c (which owns it), sending.c and sending_fault.c.
 *
 * A call waits by call_wait(): its connection is suspended and goes on when the time of sim_clock has come, so that a
 * simulated clock can jump there.
 */
#ifndef HUBSIM_CALL_H
#define HUBSIM_CALL_H

#include <libdeflate.h>
#include <microhttpd.h>

#include "tests/hubsim/sim.h"

enum { SILENCE_MS = 600 * 1000 }; /* of a stall: longer than any client waits */

struct server;

struct call {
	struct server *server;
	struct exchange exchange;
	char *target;
	struct MHD_Connection *connection;
	struct buf upload;
	int64_t started_ms, due_ms;
	bool begun, delayed;
	bool silent; /* stalled before its head */
	size_t sent_bytes;
	struct call *next_waiting;
};

/* server.c */
void call_wait(struct call *call, int64_t wait_ms);
struct libdeflate_compressor *call_compressor(struct call *call);
/* The connection ends with a reset; MHD is still to be told to close it. */
void call_reset(struct call *call);
bool call_is_tls(const struct call *call);
/* Writes past MHD. */
void call_write_raw(struct call *call, const char *text);

/* sending.c: the answer that the exchange holds, with whatever fault befalls it on its way. */
enum MHD_Result call_send(struct call *call);

/* What sending.c has made of an answer: the bytes of its body, in gzip or not. */
struct sending {
	struct call *call;
	char *data; /* owned */
	size_t size;
	bool gzip;
};

/*
 * sending_fault.c: the response with a body that meets the exchange's fault (the data is taken), or NULL where there is
 * none, or no body to meet it.
 */
struct MHD_Response *sending_fault(struct sending *sending);

/* The data in gzip, or false if it would be larger than `room`. */
bool sending_pack(struct sending *sending, size_t room);

#endif
