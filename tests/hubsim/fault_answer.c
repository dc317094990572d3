/* SPDX-License-Identifier: Apache-2.0 */
/* Faults that answer instead of the Hub, or write another head above its body: a function each. */
#include "tests/hubsim/endpoint.h"
#include "tests/hubsim/random.h"

enum { SKEW_MINUTES = 10, GARBAGE_BYTES = 2000 };

static uint64_t *dice(struct exchange *exchange)
{
	return &exchange->sim->faults.random;
}

/* --- forms ---------------------------------------------------------------------------------------------------------*/

/* What a content network answers by itself: nothing of the Hub's own headers. */
static void answer_edge(struct exchange *exchange, unsigned status, const char *title)
{
	struct answer *answer = &exchange->answer;

	answer_release(answer);
	answer_init(answer);
	answer->edge = true;
	answer->status = status;
	answer->content_type = "text/html";
	answer_header(answer, "Server", "CloudFront");
	answer_header(answer, "X-Cache", "Error from cloudfront");
	answer_header(answer, "Via", "1.1 0123456789abcdef.cloudfront.net (CloudFront)");
	answer_header(answer, "X-Amz-Cf-Pop", "FRA60-P1");
	buf_printf(&answer->body, "<!DOCTYPE html>\n<html><head><title>ERROR: %s</title></head>\n<body><h1>%u</h1><p>%s</p></body>"
		"</html>\n", title, status, title);
}

static void answer_text(struct exchange *exchange, unsigned status, const char *text)
{
	answer_error(&exchange->answer, status, NULL, "%s", text);
}

/* The headers that tell the quota, with another `remaining`. */
static void tell_quota(struct exchange *exchange, unsigned remaining)
{
	const struct quota_state *quota = &exchange->quota;
	enum bucket bucket = route_bucket(&exchange->request);
	struct answer *answer = &exchange->answer;

	answer_release(answer);
	answer_init(answer);
	answer_header(answer, "RateLimit", "\"%s\";r=%u;t=%u", bucket_names[bucket], remaining,
		quota->limit.requests ? quota->reset_s : 1);
	if (quota->limit.requests)
		answer_header(answer, "RateLimit-Policy", "\"fixed window\";\"%s\";q=%u;w=%u", bucket_names[bucket],
			quota->limit.requests, quota->limit.window_s);
}

/* --- instead of the Hub's answer -----------------------------------------------------------------------------------*/

static void act_429_empty(struct exchange *exchange)
{
	tell_quota(exchange, 0);
	answer_text(exchange, 429, "We had to rate limit you. Please retry later.");
}

static void act_429_action(struct exchange *exchange)
{
	tell_quota(exchange, exchange->quota.remaining ? exchange->quota.remaining : 1);
	answer_text(exchange, 429, "You have reached the limit of this action. Please retry later.");
}

static void act_429_bare(struct exchange *exchange)
{
	answer_edge(exchange, 429, "Too many requests");
}

static void act_500(struct exchange *exchange)
{
	answer_text(exchange, 500, "Internal Error - We're working hard to fix this as soon as possible!");
}

static void act_502(struct exchange *exchange)
{
	answer_edge(exchange, 502, "The origin closed the connection");
}

static void act_503(struct exchange *exchange)
{
	answer_text(exchange, 503, "Service Unavailable");
}

static void act_504(struct exchange *exchange)
{
	answer_edge(exchange, 504, "The origin did not answer in time");
}

static void act_token_revoked(struct exchange *exchange)
{
	answer_text(exchange, 401, "Invalid credentials in Authorization header");
}

static void act_html(struct exchange *exchange)
{
	static const unsigned statuses[] = { 200, 403, 503 };

	answer_edge(exchange, statuses[random_below(dice(exchange), ARRAY_COUNT(statuses))], "The request could not be satisfied");
}

static void act_garbage(struct exchange *exchange)
{
	struct answer *answer = &exchange->answer;

	answer->content_type = "application/json; charset=utf-8";
	buf_text(&answer->body, "[{\"_id\":");
	for (int i = 0; i < GARBAGE_BYTES; i++)
		buf_char(&answer->body, (char)random_below(dice(exchange), 256));
}

/* A page that begins well; how it goes on is in sending_fault.c. */
static void act_json_to_come(struct exchange *exchange)
{
	exchange->answer.content_type = "application/json; charset=utf-8";
	buf_text(&exchange->answer.body, "[");
}

static void act_redirect_loop(struct exchange *exchange)
{
	answer_redirect(&exchange->answer, exchange->request.target);
}

static void act_redirect_host(struct exchange *exchange)
{
	struct buf location = BUF_INIT(1 << 16);

	buf_text(&location, exchange->sim->options.elsewhere);
	buf_slice(&location, exchange->request.target);
	answer_redirect(&exchange->answer, buf_as_slice(&location));
	buf_release(&location);
}

static void (*const acts[FAULT_COUNT])(struct exchange *exchange) = {
	[FAULT_429_EMPTY] = act_429_empty,
	[FAULT_429_ACTION] = act_429_action,
	[FAULT_429_BARE] = act_429_bare,
	[FAULT_500] = act_500,
	[FAULT_502] = act_502,
	[FAULT_503] = act_503,
	[FAULT_504] = act_504,
	[FAULT_TOKEN_REVOKED] = act_token_revoked,
	[FAULT_HTML] = act_html,
	[FAULT_GARBAGE] = act_garbage,
	[FAULT_ENDLESS] = act_json_to_come,
	[FAULT_BOMB] = act_json_to_come,
	[FAULT_REDIRECT_LOOP] = act_redirect_loop,
	[FAULT_REDIRECT_HOST] = act_redirect_host,
};

bool fault_instead(struct exchange *exchange)
{
	enum fault fault = fault_of(exchange, FAULT_IN_INSTEAD);

	if (fault == FAULT_NONE)
		return false;
	exchange->answer.plain = route_bucket(&exchange->request) == BUCKET_RESOLVERS;
	acts[fault](exchange);
	fault_happened(exchange);
	return true;
}

/* --- the quota -----------------------------------------------------------------------------------------------------*/

void fault_quota(struct exchange *exchange, const char *client, unsigned bucket)
{
	struct sim *sim = exchange->sim;
	const struct quota_limits *limits = exchange->account.token ? &sim->options.token_quota : &sim->options.quota;
	enum fault fault = fault_of(exchange, FAULT_IN_QUOTA);

	if (fault == FAULT_NONE)
		return;
	if (fault == FAULT_QUOTA_HALVED)
		quota_halve(&sim->quota, client, bucket, limits, exchange->now_ms);
	else
		quota_take(&sim->quota, client, bucket, limits, exchange->now_ms);
	fault_happened(exchange);
}

/* --- the head above the Hub's body ---------------------------------------------------------------------------------*/

void fault_head(struct exchange *exchange)
{
	enum fault fault = fault_of(exchange, FAULT_IN_HEAD);
	int64_t minutes;

	if (fault == FAULT_NONE)
		return;
	if (fault == FAULT_WRONG_TYPE) {
		exchange->answer.content_type = "text/html; charset=utf-8";
	} else {
		minutes = 1 + (int64_t)random_below(dice(exchange), SKEW_MINUTES);
		exchange->date_shift_ms = (random_chance(dice(exchange), 0.5) ? minutes : -minutes) * 60 * 1000;
	}
	fault_happened(exchange);
}
