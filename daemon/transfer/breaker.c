/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/transfer/breaker.h"

#include "daemon/transfer/backoff.h"

int64_t breaker_wait_ms(const struct breaker *breaker, int64_t now_ms)
{
	if (!breaker->open)
		return 0;
	if (breaker->probing)
		return BREAKER_WAIT_ANSWER;
	if (breaker->held_until_ms > now_ms && breaker->held_until_ms > breaker->probe_ms)
		return breaker->held_until_ms - now_ms;
	return breaker->probe_ms > now_ms ? breaker->probe_ms - now_ms : 0;
}

void breaker_hold(struct breaker *breaker, int64_t until_ms)
{
	if (until_ms > breaker->held_until_ms)
		breaker->held_until_ms = until_ms;
}

bool breaker_sent(struct breaker *breaker)
{
	if (breaker->open)
		breaker->probing = true;
	return breaker->open;
}

/* Half of the wait is jitter, so that it is never over at once. */
static void plan_probe(struct breaker *breaker, uint64_t random, int64_t now_ms)
{
	int64_t half_ms = backoff_limit_ms(BREAKER_FIRST_MS, BREAKER_LONGEST_MS, breaker->probes) / 2;

	breaker->probe_ms = now_ms + half_ms + (int64_t)(random % (uint64_t)(half_ms + 1));
}

static enum breaker_news failed(struct breaker *breaker, bool probe, uint64_t random, int64_t now_ms)
{
	if (breaker->open && !probe)
		return BREAKER_AS_IT_WAS; /* it was sent before */
	breaker->failures++;
	if (breaker->open) {
		breaker->probes++;
		plan_probe(breaker, random, now_ms);
		return BREAKER_AS_IT_WAS;
	}
	if (breaker->failures < BREAKER_FAILURES)
		return BREAKER_AS_IT_WAS;
	breaker->open = true;
	breaker->probing = false;
	breaker->probes = 0;
	breaker->opened_ms = now_ms;
	plan_probe(breaker, random, now_ms);
	return BREAKER_OPENED;
}

enum breaker_news breaker_ended(struct breaker *breaker, bool probe, enum breaker_saw saw, uint64_t random, int64_t now_ms)
{
	bool was_open = breaker->open;

	if (probe)
		breaker->probing = false;
	switch (saw) {
	case BREAKER_SAW_FAILURE:
		return failed(breaker, probe, random, now_ms);
	case BREAKER_SAW_GOOD:
		breaker->failures = 0;
		breaker->open = breaker->probing = false;
		return was_open ? BREAKER_CLOSED : BREAKER_AS_IT_WAS;
	default:
		return BREAKER_AS_IT_WAS;
	}
}
