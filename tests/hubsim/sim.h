/* SPDX-License-Identifier: Apache-2.0 */
/* The whole simulated Hub, and one exchange with a client. Everything runs on one thread. */
#ifndef HUBSIM_SIM_H
#define HUBSIM_SIM_H

#include <stdio.h>

#include "tests/hubsim/answer.h"
#include "tests/hubsim/fault.h"
#include "tests/hubsim/hub.h"
#include "tests/hubsim/options.h"
#include "tests/hubsim/quota.h"
#include "tests/hubsim/request.h"
#include "tests/hubsim/stats.h"
#include "tests/hubsim/time_server.h"
#include "tests/hubsim/timeline.h"

struct sim {
	struct options options;
	struct hub hub;
	struct quota quota;
	struct stats stats;
	struct faults faults;
	struct slice public_url; /* without a slash at its end */
	uint64_t request_number;
	uint64_t random;         /* state of what is made up while running */
	FILE *log;
	struct timeline timeline;
	struct time_server time;
};

/* Who asks. Tokens are those of --token; any other one is bad. */
struct account {
	bool bad;
	const char *token; /* the option's text, TOKEN or TOKEN=owners; NULL: anonymous */
	size_t token_size;
};

struct exchange {
	struct sim *sim;
	struct request request;
	struct answer answer;
	struct account account;
	enum endpoint endpoint;
	int64_t now_ms; /* when the answer is made */
	struct quota_state quota;
	enum fault fault;      /* that befalls it, or FAULT_NONE */
	bool fault_happened;
	int64_t date_shift_ms; /* of the Date header */
};

#endif
