/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The circuit breaker in front of the Hub: where nothing answers, nothing is sent but a probe now and then.
 *
 *     closed   requests go; BREAKER_FAILURES failures in a row open it
 *     open     one request at a time goes, the probe. Each that fails makes the wait for the next one longer, up to a
 *              minute, with jitter; the first answer that is any good, also a late one, closes it
 *
 * Pure: time and chance come in, waiting times go out. All times are clock_mono_ms().
 */
#ifndef DAEMON_TRANSFER_BREAKER_H
#define DAEMON_TRANSFER_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

enum { BREAKER_FAILURES = 10, BREAKER_FIRST_MS = 1000, BREAKER_LONGEST_MS = 60 * 1000 };

enum { BREAKER_WAIT_ANSWER = -1 }; /* the probe is under way */

struct breaker {
	unsigned failures; /* in a row */
	bool open, probing;
	unsigned probes;   /* that failed since it opened */
	int64_t opened_ms, probe_ms;
	int64_t held_until_ms; /* no probe goes before: the Hub asked for that */
};

/* What became of a request. */
enum breaker_saw {
	BREAKER_SAW_GOOD,    /* an answer that shows the Hub at work, whatever it says */
	BREAKER_SAW_FAILURE, /* no answer, or one that says that it cannot */
	BREAKER_SAW_NOTHING,
};

enum breaker_news { BREAKER_AS_IT_WAS, BREAKER_OPENED, BREAKER_CLOSED };

/* 0: a request may go now. Else how long to ask again after, or BREAKER_WAIT_ANSWER. */
int64_t breaker_wait_ms(const struct breaker *breaker, int64_t now_ms);
/* A request goes. True: it is the probe, which its breaker_ended() is to be told. */
bool breaker_sent(struct breaker *breaker);
/* The Hub asked to wait (Retry-After). */
void breaker_hold(struct breaker *breaker, int64_t until_ms);
enum breaker_news breaker_ended(struct breaker *breaker, bool probe, enum breaker_saw saw, uint64_t random, int64_t now_ms);

#endif
