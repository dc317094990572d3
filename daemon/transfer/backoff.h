/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long to wait before trying again: exponential with full jitter, so that many who failed together do not come
 * back together. Pure: the caller brings the random number.
 */
#ifndef DAEMON_TRANSFER_BACKOFF_H
#define DAEMON_TRANSFER_BACKOFF_H

#include <stdint.h>

/* min(cap, base * 2^tries): the longest wait. */
int64_t backoff_limit_ms(int64_t base_ms, int64_t cap_ms, unsigned tries);

/* Evenly from 0 to min(cap, base * 2^tries); tries counts the failures before this one. */
int64_t backoff_ms(int64_t base_ms, int64_t cap_ms, unsigned tries, uint64_t random);

uint64_t backoff_random(void);

#endif
