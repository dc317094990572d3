/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/transfer/quota.h"

#include "daemon/transfer/backoff.h"
#include "storage/model/number.h"

enum {
	SECOND_US = 1000000,
	USUAL_WINDOW_MS = 300 * 1000,  /* where the policy is not told */
	REFUSED_BASE_MS = 2 * 1000,
	REFUSED_CAP_MS = 5 * 60 * 1000,
	LATE_US = 1000,                /* finer than the clock: a request that late counts as punctual */
	WHOLE = 1000,
	LATENCY_AVERAGED = 8,
	LATENCIES_LEFT = 3,            /* between the last request and the end of a window */
	ALONE_LATENCIES = 4, ALONE = 4,
	OTHERS_LOOK_MS = 500,          /* what is left for others shrinks with time */
	EDGE_OF_WINDOW_MS = 2 * 1000,
	BLOCKS = 24, BLOCK_LEAST = 4,  /* a window is granted in so many blocks */
};

void quota_init(struct quota *quota, int64_t share_percent, int64_t rate, int64_t concurrency)
{
	*quota = (struct quota){
		.share_percent = share_percent,
		.rate = rate,
		.last_us = INT64_MIN / 2,
		.told_ms = INT64_MIN / 2,
		.lost_ms = INT64_MIN / 2,
		.edge.since_ms = INT64_MIN / 2,
	};
	throttle_init(&quota->throttle, concurrency);
}

/* --- how many ------------------------------------------------------------------------------------------------------*/

static int64_t budget_of(const struct quota *quota)
{
	return max64(quota->limit * quota->share_percent / 100 * quota->part / WHOLE, 1);
}

int64_t quota_budget(const struct quota *quota)
{
	return quota->state == QUOTA_ANNOUNCED ? budget_of(quota) : -1;
}

static int64_t elapsed_ms(const struct quota *quota, int64_t now_ms)
{
	return max64(quota->window.length_ms - (quota->window.end_high_ms - now_ms), 1);
}

static bool has_company(const struct quota *quota)
{
	return quota->others || quota->others_before;
}

/*
 * What another client wants in so much time: at its rate in this window (which is not much of a rate while the window is
 * young) or in those before.
 */
static int64_t others_want(const struct quota *quota, int64_t span_ms, int64_t now_ms)
{
	int64_t length_ms = quota->window.length_ms;
	int64_t passed_ms = max64(elapsed_ms(quota, now_ms), length_ms / 16);

	return max64(quota->others * span_ms / passed_ms, quota->others_before * span_ms / length_ms);
}

/*
 * The Hub's figure less what may not be counted in it, and less what another client has used since and will use until the
 * window ends (with a little more, nobody is that regular). Where its next few requests could empty the window, ours go
 * one at a time: then at most one is refused.
 */
static int64_t left_at_hub(const struct quota *quota, int64_t now_ms)
{
	int64_t left = quota->remaining - quota->in_flight - quota->lost;
	int64_t since_ms = quota->told ? quota->told_sent_ms : now_ms, more;

	if (!has_company(quota))
		return left;
	if (quota->in_flight && left <= others_want(quota, ALONE_LATENCIES * quota->latency_ms, now_ms) + ALONE)
		return 0;
	more = others_want(quota, max64(quota->window.end_high_ms - since_ms, 0), now_ms);
	return left - more - more / 8 - 2;
}

static int64_t allowance(const struct quota *quota, int64_t now_ms)
{
	return min64(budget_of(quota) - quota->used, left_at_hub(quota, now_ms));
}

int64_t quota_allowance(const struct quota *quota, int64_t now_ms)
{
	return quota->state == QUOTA_ANNOUNCED ? allowance(quota, now_ms) : INT64_MAX;
}

static bool is_granted(const struct quota *quota)
{
	return !quota->blocks || quota->used < quota->granted;
}

/* --- when ----------------------------------------------------------------------------------------------------------*/

/* The last request is answered before the window can end: so it is used up whatever the bounds are worth. */
static int64_t pace_end_ms(const struct quota *quota)
{
	return quota->window.end_low_ms - min64(LATENCIES_LEFT * quota->latency_ms, quota->window.length_ms / 8);
}

int64_t quota_left_ms(const struct quota *quota, int64_t now_ms)
{
	int64_t end_ms = pace_end_ms(quota);

	return end_ms > now_ms ? end_ms - now_ms : 0;
}

/* Requests that had to wait for the bounds to be passed are sent within what is left of the window for certain or not. */
static int64_t spread_us(const struct quota *quota, int64_t now_ms)
{
	int64_t left_ms = quota_left_ms(quota, now_ms);

	return (left_ms ? left_ms : quota->window.end_high_ms - now_ms) * 1000;
}

static int64_t silent_delay_us(const struct quota *quota)
{
	return max64(quota->rate ? SECOND_US / quota->rate : 0, throttle_delay_us(&quota->throttle));
}

/* When the next request is due, in microseconds; -1: not in this window. */
static int64_t due_us(const struct quota *quota, int64_t now_ms)
{
	int64_t allowed;

	if (quota->state == QUOTA_SILENT)
		return quota->last_us + silent_delay_us(quota);
	allowed = allowance(quota, now_ms);
	if (allowed <= 0)
		return -1;
	return quota->pace == QUOTA_BURST && !has_company(quota) ? INT64_MIN / 2 : quota->last_us + spread_us(quota, now_ms) / allowed;
}

static void begin_window(struct quota *quota, int64_t used)
{
	quota->number++;
	quota->others_before = (quota->others_before + quota->others) / 2;
	quota->others = 0;
	quota->part = WHOLE;
	quota->used = used;
	quota->remaining = quota->limit;
	quota->told = false;
	quota->lost = 0;
	quota->granted = 0;
	quota->granting = false;
}

/* What is under way may count in the new window, also where it was sent in the old one. */
static void roll(struct quota *quota, int64_t now_ms)
{
	if (window_roll(&quota->window, now_ms))
		begin_window(quota, quota->in_flight);
}

/* How long until there may be more: an answer or a block comes by itself. */
static int64_t wait_for_more_ms(const struct quota *quota, int64_t now_ms)
{
	int64_t end_ms = max64(quota->window.end_high_ms - now_ms, 1);

	return has_company(quota) ? min64(end_ms, OTHERS_LOOK_MS) : end_ms;
}

int64_t quota_wait_ms(struct quota *quota, int64_t now_ms)
{
	int64_t due;

	if (quota->blocked_until_ms > now_ms)
		return quota->blocked_until_ms - now_ms;
	if (quota->state == QUOTA_UNKNOWN)
		return quota->in_flight ? QUOTA_WAIT_ANSWER : 0;
	if (quota->state == QUOTA_ANNOUNCED)
		roll(quota, now_ms);
	due = due_us(quota, now_ms);
	if (due == -1)
		return wait_for_more_ms(quota, now_ms);
	if (quota->state == QUOTA_ANNOUNCED && !is_granted(quota))
		return QUOTA_WAIT_ANSWER;
	return due <= now_ms * 1000 ? 0 : (due - now_ms * 1000 + 999) / 1000;
}

struct quota_ticket quota_sent(struct quota *quota, int64_t now_ms)
{
	int64_t now_us = now_ms * 1000;
	int64_t due = quota->state == QUOTA_UNKNOWN ? now_us : due_us(quota, now_ms);

	/* a punctual request keeps the beat, also one finer than the clock; a late one begins a new beat */
	quota->last_us = due > now_us - LATE_US && due <= now_us ? due : now_us;
	quota->in_flight++;
	quota->used++;
	return (struct quota_ticket){ now_ms, quota->number };
}

/* --- what an answer tells ------------------------------------------------------------------------------------------*/

/* The first we hear of a window that is under way: our part of what is left of it, or what the store knows of it. */
static void enter_window(struct quota *quota, const struct window *told, int64_t now_ms)
{
	int64_t middle_ms = (told->end_low_ms + told->end_high_ms) / 2, length_ms = told->length_ms;
	bool known = quota->restored_end_ms && quota->restored_end_ms >= told->end_low_ms - length_ms / 4;

	quota->state = QUOTA_ANNOUNCED;
	quota->window = *told;
	begin_window(quota, quota->in_flight + 1);
	if (known)
		quota->used += quota->restored;
	else
		quota->part = max64(min64(middle_ms - now_ms, length_ms) * WHOLE / length_ms, 1);
	quota->restored_end_ms = 0;
}

/* `remaining` has grown although this request was sent when the last figure was here: another window. */
static bool is_afresh(const struct quota *quota, const struct quota_ticket *ticket, const struct quota_news *news)
{
	return quota->told && ticket->sent_ms > quota->told_ms && news->remaining >= quota->remaining;
}

/* In windows of a few seconds `t` alone does not tell one from the next. */
static bool is_ambiguous(const struct window *window, const struct window *told)
{
	return told->end_high_ms - told->end_low_ms + window->end_high_ms - window->end_low_ms >= window->length_ms;
}

/* By how many windows the answer lies behind the one at hand. */
static int64_t place_of(struct quota *quota, const struct quota_ticket *ticket, const struct quota_news *news, bool same_limit,
	struct window *told)
{
	bool ambiguous = is_ambiguous(&quota->window, told);
	int64_t place = window_align(&quota->window, told);

	if (place || !ambiguous)
		return place;
	if (same_limit && is_afresh(quota, ticket, news))
		return 1;
	return ticket->number < quota->number ? -1 : 0;
}

static void note_remaining(struct quota *quota, const struct quota_ticket *ticket, const struct quota_news *news,
	bool same_limit, int64_t now_ms)
{
	/* of two that were under way together the lower one has seen more; else the one that was sent later */
	bool later = !same_limit || !quota->told || ticket->sent_ms > quota->told_ms;

	quota->remaining = later ? news->remaining : min64(quota->remaining, news->remaining);
	if (ticket->sent_ms > quota->lost_ms)
		quota->lost = 0;
	quota->told = true;
	quota->told_ms = now_ms;
	quota->told_sent_ms = ticket->sent_ms;
	quota->others = max64(quota->others, quota->limit - quota->remaining - quota->used);
}

/* The answer is the first of a later window. */
static void step_forward(struct quota *quota, int64_t windows, const struct window *told, int64_t now_ms)
{
	struct window turned = { quota->window.length_ms, quota->told_sent_ms + quota->window.length_ms,
		now_ms + quota->window.length_ms };

	window_advance(&quota->window, windows);
	if (window_meets(&quota->window, told))
		window_narrow(&quota->window, told);
	else
		quota->window = *told;
	if (quota->told && windows == 1 && window_meets(&quota->window, &turned))
		window_narrow(&quota->window, &turned);
	begin_window(quota, quota->in_flight + 1);
}

static void place_news(struct quota *quota, const struct quota_ticket *ticket, const struct quota_news *news, bool same_limit,
	const struct window *told, int64_t now_ms)
{
	struct window aligned = *told;
	int64_t place = place_of(quota, ticket, news, same_limit, &aligned);

	if (place > 0) {
		step_forward(quota, place, told, now_ms);
	} else if (!window_meets(&quota->window, &aligned)) {
		quota->window = *told; /* the grid has moved, or our clock stood still */
		begin_window(quota, quota->in_flight + 1);
	} else {
		window_narrow(&quota->window, &aligned);
		if (place < 0) {
			quota->used -= ticket->number < quota->number && quota->used > 0;
			return;
		}
	}
	note_remaining(quota, ticket, news, same_limit, now_ms);
}

static void take_news(struct quota *quota, const struct quota_ticket *ticket, const struct quota_news *news, int64_t now_ms)
{
	int64_t limit = news->quota > 0 ? news->quota : max64(quota->limit, news->remaining);
	int64_t length_ms = news->window_s > 0 ? news->window_s * 1000 : quota->window.length_ms;
	bool same_limit = limit == quota->limit;
	struct window told;

	if (!length_ms)
		length_ms = USUAL_WINDOW_MS;
	told = window_told(ticket->sent_ms, now_ms, news->reset_s, length_ms);
	quota->limit = limit;
	if (quota->state == QUOTA_ANNOUNCED && length_ms == quota->window.length_ms) {
		place_news(quota, ticket, news, same_limit, &told, now_ms);
	} else {
		enter_window(quota, &told, now_ms);
		note_remaining(quota, ticket, news, false, now_ms);
	}
}

static void note_lost(struct quota *quota, int64_t now_ms)
{
	quota->lost++;
	quota->lost_ms = now_ms;
}

void quota_ended(struct quota *quota, const struct quota_ticket *ticket, const struct quota_news *news, bool trouble,
	int64_t now_ms)
{
	quota->in_flight--;
	throttle_note(&quota->throttle, ticket->sent_ms * 1000, now_ms * 1000, trouble);
	if (!trouble) {
		quota->latency_ms += (now_ms - ticket->sent_ms - quota->latency_ms) / LATENCY_AVERAGED;
		quota_back_off_ends(&quota->edge, ticket->sent_ms);
	}
	if (news && news->remaining >= 0)
		take_news(quota, ticket, news, now_ms);
	else if (quota->state == QUOTA_ANNOUNCED)
		note_lost(quota, now_ms);
	else if (news && quota->state == QUOTA_UNKNOWN)
		quota->state = QUOTA_SILENT;
}

/* --- 429 -----------------------------------------------------------------------------------------------------------*/

int64_t quota_back_off(struct quota_back_off *back_off, int64_t sent_ms, int64_t retry_after_s, uint64_t random, int64_t now_ms)
{
	int64_t wait_ms;

	if (!back_off->count || sent_ms >= back_off->since_ms) {
		wait_ms = REFUSED_BASE_MS + backoff_ms(REFUSED_BASE_MS, REFUSED_CAP_MS, back_off->count++, random);
		back_off->since_ms = now_ms;
		back_off->until_ms = max64(back_off->until_ms, now_ms + wait_ms);
	}
	wait_ms = min64(retry_after_s, RETRY_AFTER_MAX_S) * 1000;
	back_off->until_ms = max64(back_off->until_ms, now_ms + wait_ms);
	return back_off->until_ms - now_ms;
}

void quota_hold(struct quota *quota, int64_t until_ms)
{
	quota->blocked_until_ms = max64(quota->blocked_until_ms, until_ms);
}

void quota_back_off_ends(struct quota_back_off *back_off, int64_t sent_ms)
{
	if (back_off->count && sent_ms >= back_off->since_ms)
		back_off->count = 0;
}

/* Our own doing, if nobody else was seen to use the window, or if it was misjudged where two windows meet. */
static enum quota_refusal blame(const struct quota *quota, int64_t now_ms)
{
	int64_t left_ms = quota->window.end_low_ms - now_ms;
	bool at_edge = elapsed_ms(quota, now_ms) < EDGE_OF_WINDOW_MS || left_ms < EDGE_OF_WINDOW_MS;

	return quota->others > 0 && !(at_edge && !quota->others_before) ? REFUSED_OTHERS : REFUSED_OWN;
}

enum quota_refusal quota_refused(struct quota *quota, const struct quota_ticket *ticket, const struct quota_news *news,
	uint64_t random, int64_t now_ms, int64_t *wait_ms)
{
	*wait_ms = 0;
	if (news->remaining > 0)
		return REFUSED_ACTION;
	if (news->remaining < 0) {
		*wait_ms = quota_back_off(&quota->edge, ticket->sent_ms, news->retry_after_s, random, now_ms);
		quota->blocked_until_ms = max64(quota->blocked_until_ms, now_ms + *wait_ms);
		return REFUSED_EDGE;
	}
	/* the 429 of a window that is over by now says nothing of this one */
	if (quota->remaining == 0)
		*wait_ms = max64(max64(news->reset_s + 1, min64(news->retry_after_s, RETRY_AFTER_MAX_S)) * 1000,
			quota->window.end_high_ms - now_ms);
	quota->blocked_until_ms = max64(quota->blocked_until_ms, now_ms + *wait_ms);
	return blame(quota, now_ms);
}

/* --- blocks --------------------------------------------------------------------------------------------------------*/

static int64_t block_size(const struct quota *quota)
{
	return max64(budget_of(quota) / BLOCKS, BLOCK_LEAST);
}

/* Asked for before the one at hand is used up, so that nothing waits for the disk. */
bool quota_wants_block(struct quota *quota, int64_t now_ms)
{
	if (!quota->blocks || quota->state != QUOTA_ANNOUNCED || quota->blocked_until_ms > now_ms)
		return false;
	roll(quota, now_ms);
	return !quota->granting && quota->granted < budget_of(quota) &&
		quota->granted - quota->used <= block_size(quota) / 2 && quota->remaining > 0;
}

struct quota_block quota_next_block(struct quota *quota, int64_t now_ms, int64_t wall_ms, uint64_t *number)
{
	struct quota_block block = {
		.end_wall_ms = wall_ms + quota->window.end_high_ms - now_ms,
		.window_ms = quota->window.length_ms,
		.limit = quota->limit,
		.granted = min64(max64(quota->granted, quota->used) + block_size(quota), budget_of(quota)),
	};

	quota->granting = true;
	*number = quota->number;
	return block;
}

void quota_granted(struct quota *quota, const struct quota_block *block, uint64_t number)
{
	if (number != quota->number)
		return;
	quota->granting = false;
	quota->granted = max64(quota->granted, block->granted);
}

void quota_restore(struct quota *quota, const struct quota_block *block, int64_t now_ms, int64_t wall_ms)
{
	int64_t left_ms = block->end_wall_ms - wall_ms;

	/* a window that is over, or a wall clock that was set */
	if (left_ms <= 0 || left_ms > block->window_ms + block->window_ms / 8)
		return;
	quota->restored = block->granted;
	quota->restored_end_ms = now_ms + left_ms;
	if (block->granted >= max64(block->limit * quota->share_percent / 100, 1))
		quota->blocked_until_ms = quota->restored_end_ms;
}
