/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/transfer/quota.h"

#include "daemon/transfer/backoff.h"

enum {
	SECOND_US = 1000000,
	USUAL_WINDOW_MS = 300 * 1000, /* where the policy is not told */
	REFUSED_BASE_MS = 2 * 1000,
	REFUSED_CAP_MS = 5 * 60 * 1000,
	RESET_ROUGH_MS = 1000,        /* `t` is told in whole seconds */
	LATE_US = 1000,               /* finer than the clock: a request that late counts as punctual */
};

static int64_t min64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t max64(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

void quota_init(struct quota *quota, int64_t share_percent, int64_t rate)
{
	*quota = (struct quota){ .share_percent = share_percent, .rate = rate, .last_us = INT64_MIN / 2 };
}

/* Our part of a whole window, at least one request. */
static int64_t whole_budget(const struct quota *quota)
{
	return max64(quota->limit * quota->share_percent / 100, 1);
}

static void begin_window(struct quota *quota, int64_t end_ms)
{
	quota->window_end_ms = end_ms;
	quota->used = quota->in_flight;
	quota->remaining = quota->limit;
	quota->budget = whole_budget(quota);
}

/* Windows follow each other without a break, whether or not an answer told so. */
static void roll_window(struct quota *quota, int64_t now_ms)
{
	int64_t late_ms = now_ms - quota->window_end_ms;

	if (late_ms >= 0)
		begin_window(quota, quota->window_end_ms + (late_ms / quota->window_ms + 1) * quota->window_ms);
}

/* How many requests may still go in this window. One in fifty of the quota is left untouched: others count too. */
static int64_t allowance(const struct quota *quota)
{
	return min64(quota->budget - quota->used, quota->remaining - quota->limit / 50);
}

/* When the next request is due, in microseconds; -1: not in this window. */
static int64_t due_us(const struct quota *quota, int64_t now_ms)
{
	int64_t allowed, left_us;

	if (quota->state == QUOTA_SILENT)
		return quota->rate ? quota->last_us + SECOND_US / quota->rate : INT64_MIN / 2;
	allowed = allowance(quota);
	left_us = (quota->window_end_ms - now_ms) * 1000;
	return allowed > 0 ? quota->last_us + left_us / allowed : -1;
}

int64_t quota_wait_ms(struct quota *quota, int64_t now_ms)
{
	int64_t due;

	if (quota->blocked_until_ms > now_ms)
		return quota->blocked_until_ms - now_ms;
	if (quota->state == QUOTA_UNKNOWN)
		return quota->in_flight ? QUOTA_WAIT_ANSWER : 0;
	if (quota->state == QUOTA_ANNOUNCED)
		roll_window(quota, now_ms);
	due = due_us(quota, now_ms);
	if (due == -1)
		return max64(quota->window_end_ms - now_ms, 1);
	return due <= now_ms * 1000 ? 0 : (due - now_ms * 1000 + 999) / 1000;
}

void quota_sent(struct quota *quota, int64_t now_ms)
{
	int64_t now_us = now_ms * 1000;
	int64_t due = quota->state == QUOTA_UNKNOWN ? now_us : due_us(quota, now_ms);

	/* a punctual request keeps the beat, also one finer than the clock; a late one begins a new beat */
	quota->last_us = due > now_us - LATE_US && due <= now_us ? due : now_us;
	quota->in_flight++;
	quota->used++;
	quota->remaining--;
}

/* The first we hear of a window that is under way: our part of what is left of it. */
static void enter_window(struct quota *quota, int64_t end_ms, int64_t now_ms)
{
	quota->state = QUOTA_ANNOUNCED;
	begin_window(quota, end_ms);
	quota->budget = max64(whole_budget(quota) * min64(end_ms - now_ms, quota->window_ms) / quota->window_ms, 1);
}

static void take_news(struct quota *quota, const struct quota_news *news, int64_t now_ms)
{
	/* `t` is in whole seconds, rounded we do not know how: a second more is the end for certain */
	int64_t end_ms = now_ms + (news->reset_s >= 0 ? news->reset_s + 1 : 1) * 1000;
	int64_t limit = news->quota > 0 ? news->quota : max64(quota->limit, news->remaining);

	if (limit != quota->limit && quota->state == QUOTA_ANNOUNCED)
		quota->budget = max64(limit * quota->share_percent / 100, 1);
	quota->limit = limit;
	quota->window_ms = news->window_s > 0 ? news->window_s * 1000 : quota->window_ms ? quota->window_ms : USUAL_WINDOW_MS;
	if (quota->state != QUOTA_ANNOUNCED)
		enter_window(quota, end_ms, now_ms);
	else if (end_ms - quota->window_end_ms > quota->window_ms / 2 + RESET_ROUGH_MS)
		begin_window(quota, end_ms);
	else
		quota->window_end_ms = min64(quota->window_end_ms, end_ms);
	/* what is under way may or may not be counted in the Hub's figure */
	quota->remaining = news->remaining - quota->in_flight;
}

void quota_ended(struct quota *quota, const struct quota_news *news, int64_t now_ms)
{
	quota->in_flight--;
	if (!news)
		return;
	if (news->remaining >= 0)
		take_news(quota, news, now_ms);
	else if (quota->state == QUOTA_UNKNOWN)
		quota->state = QUOTA_SILENT;
}

int64_t quota_refused(struct quota *quota, const struct quota_news *news, uint64_t random, int64_t now_ms)
{
	int64_t wait_ms;

	if (news->remaining == 0 && news->reset_s >= 0) {
		wait_ms = (news->reset_s + 1) * 1000;
	} else {
		wait_ms = REFUSED_BASE_MS + backoff_ms(REFUSED_BASE_MS, REFUSED_CAP_MS, quota->refusals++, random);
		if (news->retry_after_s > 0)
			wait_ms = max64(wait_ms, min64(news->retry_after_s * 1000, 24 * 3600 * 1000));
	}
	quota->blocked_until_ms = max64(quota->blocked_until_ms, now_ms + wait_ms);
	return quota->blocked_until_ms - now_ms;
}
