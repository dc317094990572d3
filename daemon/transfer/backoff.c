/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/transfer/backoff.h"

#include <sys/random.h>

int64_t backoff_limit_ms(int64_t base_ms, int64_t cap_ms, unsigned tries)
{
	int64_t limit_ms = base_ms;

	while (tries-- && limit_ms < cap_ms)
		limit_ms = limit_ms > cap_ms / 2 ? cap_ms : limit_ms * 2;
	return limit_ms < cap_ms ? limit_ms : cap_ms;
}

int64_t backoff_ms(int64_t base_ms, int64_t cap_ms, unsigned tries, uint64_t random)
{
	int64_t limit_ms = backoff_limit_ms(base_ms, cap_ms, tries);

	return limit_ms > 0 ? (int64_t)(random % ((uint64_t)limit_ms + 1)) : 0;
}

uint64_t backoff_random(void)
{
	uint64_t random = 0;

	/* Short of entropy at boot: no jitter this once is better than waiting on the loop. */
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
		random = UINT64_MAX / 3;
	return random;
}
