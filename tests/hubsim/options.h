/* SPDX-License-Identifier: Apache-2.0 */
/* The command line. Strings point into argv. */
#ifndef HUBSIM_OPTIONS_H
#define HUBSIM_OPTIONS_H

#include "tests/hubsim/kind.h"
#include "tests/hubsim/quota.h"

enum { OPTION_LIST_MAX = 64 };

struct options {
	const char *rows[OPTION_LIST_MAX];
	unsigned rows_count;
	const char *token[OPTION_LIST_MAX]; /* TOKEN or TOKEN=owner,owner */
	unsigned token_count;
	uint64_t generate;
	unsigned share[KIND_COUNT]; /* of what is generated */
	uint64_t seed;
	struct quota_limits quota, token_quota;
	unsigned latency_ms, latency_more_ms; /* at least, and at most so much on top */
	unsigned port;
	const char *public_url; /* NULL: where it listens */
	const char *log;
	const char *sim_clock;   /* NULL: time is the system's */
	uint64_t changes_a_day;
	const char *tls;       /* the file for the authority's certificate; NULL: plain HTTP */
	const char *faults;    /* as for faults_parse; NULL: none */
	uint64_t fault_seed;   /* as `seed` unless given */
	bool fault_seed_given;
	const char *elsewhere; /* another origin */
	bool no_card;
};

/* Fills options; prints what is wrong, or the help. -1: go on; else the exit status. */
int options_parse(struct options *options, int argc, char **argv);

#endif
