/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers that a seed decides (splitmix64): what is made up is the same on every machine. */
#ifndef HUBSIM_RANDOM_H
#define HUBSIM_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

static inline uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += 0x9E3779B97F4A7C15u;

	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
	z = (z ^ z >> 27) * 0x94D049BB133111EBu;
	return z ^ z >> 31;
}

static inline uint64_t random_below(uint64_t *state, uint64_t count)
{
	return count ? random_next(state) % count : 0;
}

/* 0 <= x < 1 */
static inline double random_share(uint64_t *state)
{
	return (double)(random_next(state) >> 11) / 9007199254740992.0;
}

static inline bool random_chance(uint64_t *state, double share)
{
	return random_share(state) < share;
}

/* random_share() to the `power`: the larger, the nearer to 0 most of them are. */
static inline double random_skewed(uint64_t *state, unsigned power)
{
	double share = random_share(state), product = 1;

	while (power--)
		product *= share;
	return product;
}

#endif
