/* SPDX-License-Identifier: Apache-2.0 */
/* From a request to its answer: time, quota, authorization, the endpoint; and the faults that come before it. */
#include <stdio.h>

#include "tests/hubsim/endpoint.h"
#include "tests/hubsim/sim_clock.h"

/* 429 with the Hub's words. */
static void answer_refused(struct exchange *exchange, enum bucket bucket, const struct quota_state *state)
{
	char period[32];

	if (!exchange->account.token) {
		answer_error(&exchange->answer, 429, NULL, "We had to rate limit your IP (%s). To continue using our service, create a "
			"HF account or login to your existing account, and make sure you pass a HF_TOKEN if you're using the API.",
			exchange->request.client);
		return;
	}
	if (state->limit.window_s % 60 == 0)
		snprintf(period, sizeof(period), "%u minutes", state->limit.window_s / 60);
	else
		snprintf(period, sizeof(period), "%u seconds", state->limit.window_s);
	answer_error(&exchange->answer, 429, NULL, "We had to rate limit you, you hit the quota of %u %s requests per %s period.",
		state->limit.requests, bucket_names[bucket], period);
}

/* False: over the quota, answered. */
static bool take_quota(struct exchange *exchange)
{
	struct sim *sim = exchange->sim;
	enum bucket bucket = route_bucket(&exchange->request);
	const char *client = exchange->account.token ? exchange->account.token : exchange->request.client;
	struct quota_state state;

	fault_quota(exchange, client, bucket);
	state = exchange->quota = quota_take(&sim->quota, client, bucket,
		exchange->account.token ? &sim->options.token_quota : &sim->options.quota, exchange->now_ms);
	if (!state.limit.requests)
		return true;
	exchange->answer.plain = bucket == BUCKET_RESOLVERS;
	if (state.refused)
		answer_refused(exchange, bucket, &state);
	answer_header(&exchange->answer, "RateLimit", "\"%s\";r=%u;t=%u", bucket_names[bucket], state.remaining, state.reset_s);
	answer_header(&exchange->answer, "RateLimit-Policy", "\"fixed window\";\"%s\";q=%u;w=%u", bucket_names[bucket],
		state.limit.requests, state.limit.window_s);
	exchange->answer.plain = false;
	return !state.refused;
}

void exchange_answer(struct exchange *exchange)
{
	exchange->now_ms = sim_clock_now_ms();
	exchange->endpoint = ENDPOINT_other;
	answer_init(&exchange->answer);
	exchange->fault = fault_draw(exchange);
	if (!take_quota(exchange)) {
		if (!exchange->fault_happened)
			exchange->fault = FAULT_NONE; /* refused already */
		return;
	}
	if (fault_instead(exchange))
		return;
	if (exchange->account.bad && route_bucket(&exchange->request) != BUCKET_NONE)
		answer_error(&exchange->answer, 401, NULL, "Invalid credentials in Authorization header");
	else
		route_answer(exchange);
	fault_head(exchange);
}
