/* SPDX-License-Identifier: Apache-2.0 */
/*
 * THE table of how a transfer can end. Whatever the status, an answer that arrived whole is OUTCOME_OK.
 */
#ifndef DAEMON_TRANSFER_OUTCOME_TABLE_H
#define DAEMON_TRANSFER_OUTCOME_TABLE_H

#include <stdbool.h>

#include "daemon/run/metric_table.h"

/* X(constant, name, worth trying again, counter, meaning) */
#define OUTCOME_TABLE(X) \
	X(OUTCOME_OK, "ok", false, METRIC_TRANSFER_OK, "the whole answer is here") \
	X(OUTCOME_LOOKUP, "lookup", true, METRIC_TRANSFER_LOOKUP, "the host's name was not found") \
	X(OUTCOME_CONNECT, "connect", true, METRIC_TRANSFER_CONNECT, "no connection") \
	X(OUTCOME_TLS, "tls", false, METRIC_TRANSFER_TLS, "the server did not prove who it is") \
	X(OUTCOME_TIMEOUT, "timeout", true, METRIC_TRANSFER_TIMEOUT, "a time limit was reached") \
	X(OUTCOME_CUT, "cut", true, METRIC_TRANSFER_CUT, "the connection broke") \
	X(OUTCOME_TOO_BIG, "too-big", false, METRIC_TRANSFER_TOO_BIG, "head or body beyond its limit") \
	X(OUTCOME_NO_ROOM, "no-room", true, METRIC_TRANSFER_NO_ROOM, "larger than expected, and no memory is left for it now") \
	X(OUTCOME_PROTOCOL, "protocol", true, METRIC_TRANSFER_PROTOCOL, "not understood as HTTP") \
	X(OUTCOME_REFUSED, "refused", false, METRIC_TRANSFER_REFUSED, "not sent: it would leave the configured origin") \
	X(OUTCOME_CANCELLED, "cancelled", false, METRIC_TRANSFER_CANCELLED, "the daemon ends")

enum outcome {
#define X(constant, name, again, counter, meaning) constant,
	OUTCOME_TABLE(X)
#undef X
	OUTCOME_COUNT
};

struct outcome_info {
	const char *name;
	bool again;
	enum metric counter;
	const char *meaning;
};

extern const struct outcome_info outcomes[OUTCOME_COUNT]; /* engine.c */

#endif
