/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/turn.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "daemon/crawl/block.h"
#include "daemon/crawl/writer.h"
#include "daemon/run/budget.h"
#include "daemon/run/log.h"
#include "daemon/run/metrics.h"
#include "daemon/transfer/backoff.h"
#include "storage/model/number.h"

enum {
	REQUEST = 100,               /* shares are percent of one */
	CREDIT_MAX = 8 * REQUEST,
	CAP_BURST = 8,               /* a capped lane may be ahead of time by one in so many of its share */
	LOOK_AGAIN_MS = 1000,
	HOLD_NEWS_MS = 1000, /* a wait that grows by less is no news */
};

static const struct lane_row {
	enum lane lane;
	size_t share; /* where in struct config */
	bool capped;
} lane_rows[] = {
#define X(lane, share, capped, metric) { lane, offsetof(struct config, share), capped },
	CRAWL_LANE_TABLE(X)
#undef X
};

static const struct {
	enum metric limit, remaining, used, others, granted;
} figures[BUCKET_COUNT] = {
	[BUCKET_API] = { METRIC_QUOTA_LIMIT, METRIC_QUOTA_REMAINING, METRIC_QUOTA_USED, METRIC_QUOTA_OTHERS,
		METRIC_QUOTA_GRANTED },
	[BUCKET_RESOLVERS] = { METRIC_RESOLVERS_LIMIT, METRIC_RESOLVERS_REMAINING, METRIC_RESOLVERS_USED,
		METRIC_RESOLVERS_OTHERS, METRIC_RESOLVERS_GRANTED },
};

/* --- queues --------------------------------------------------------------------------------------------------------*/

static struct turn_queue *queue_of(struct turn_bucket *bucket, const struct turn_place *place)
{
	return place->again ? &bucket->again : &bucket->lane[place->lane].kind[place->kind];
}

static void enqueue(struct turn_bucket *bucket, struct turn_place *place)
{
	struct turn_queue *queue = queue_of(bucket, place);

	place->queued = true;
	place->queued_ms = clock_mono_ms();
	place->before = queue->last;
	place->after = NULL;
	if (queue->last)
		queue->last->after = place;
	else
		queue->first = place;
	queue->last = place;
	bucket->waiting++;
}

void turn_leave(struct turn *turn, struct turn_place *place)
{
	struct turn_bucket *bucket = &turn->bucket[place->bucket];
	struct turn_queue *queue = queue_of(bucket, place);

	if (!place->queued)
		return;
	place->queued = false;
	if (place->before)
		place->before->after = place->after;
	else
		queue->first = place->after;
	if (place->after)
		place->after->before = place->before;
	else
		queue->last = place->before;
	bucket->waiting--;
}

/* The kinds of a lane in rotation. */
static struct turn_place *head_of(const struct turn_lane *lane)
{
	for (unsigned i = 0; i < REPO_KINDS; i++) {
		const struct turn_queue *queue = &lane->kind[(lane->next_kind + i) % REPO_KINDS];

		if (queue->first)
			return queue->first;
	}
	return NULL;
}

/* --- shares, in hundredths of a request ----------------------------------------------------------------------------*/

static int64_t share_of(const struct turn_bucket *bucket, const struct lane_row *row)
{
	const int64_t *share = (const void *)((const char *)bucket->turn->config + row->share);

	return *share;
}

/* A whole window's. */
static int64_t part_of(const struct turn_bucket *bucket, const struct lane_row *row)
{
	return share_of(bucket, row) * quota_budget(&bucket->quota);
}

/* What is kept for a lane: what it has not used, as far as it is about the time that is left. */
static int64_t reserve_of(const struct turn_bucket *bucket, const struct lane_row *row, int64_t now_ms)
{
	int64_t part = part_of(bucket, row);
	int64_t ahead = part * quota_left_ms(&bucket->quota, now_ms) / bucket->quota.window.length_ms;

	return max64(min64(part - REQUEST * bucket->lane[row->lane].spent, ahead), 0);
}

/* Whether a request of this lane leaves what is kept for the others. */
static bool may_borrow(const struct turn_bucket *bucket, const struct lane_row *row, int64_t now_ms)
{
	int64_t kept = 0;

	if (quota_budget(&bucket->quota) < 0)
		return true;
	for (size_t i = 0; i < ARRAY_COUNT(lane_rows); i++)
		if (&lane_rows[i] != row)
			kept += reserve_of(bucket, &lane_rows[i], now_ms);
	return quota_allowance(&bucket->quota, now_ms) - kept / REQUEST >= 1;
}

static bool has_credit(const struct turn_bucket *bucket, const struct lane_row *row)
{
	const struct turn_lane *lane = &bucket->lane[row->lane];

	return lane->credit >= REQUEST &&
		(quota_budget(&bucket->quota) < 0 || REQUEST * (lane->spent + 1) <= part_of(bucket, row));
}

/* At least one request a window, however small the share. */
static bool is_below_cap(const struct turn_bucket *bucket, const struct lane_row *row, int64_t now_ms)
{
	int64_t part = max64(part_of(bucket, row), REQUEST), length_ms = bucket->quota.window.length_ms, due;

	if (quota_budget(&bucket->quota) < 0)
		return true;
	due = part * (length_ms - quota_left_ms(&bucket->quota, now_ms)) / length_ms + max64(part / CAP_BURST, REQUEST);
	return REQUEST * (bucket->lane[row->lane].spent + 1) <= min64(due, part);
}

static bool lane_may_go(const struct turn_bucket *bucket, const struct lane_row *row, bool borrowing, int64_t now_ms)
{
	const struct turn_lane *lane = &bucket->lane[row->lane];

	if (!head_of(lane) || lane->rest.until_ms > now_ms)
		return false;
	if (row->capped)
		return is_below_cap(bucket, row, now_ms);
	return borrowing ? may_borrow(bucket, row, now_ms) : has_credit(bucket, row);
}

static void begin_window(struct turn_bucket *bucket)
{
	if (bucket->number == bucket->quota.number)
		return;
	bucket->number = bucket->quota.number;
	for (size_t i = 0; i < ARRAY_COUNT(lane_rows); i++)
		bucket->lane[lane_rows[i].lane].spent = 0;
}

static void charge(struct turn_bucket *bucket, const struct turn_place *place)
{
	for (size_t i = 0; i < ARRAY_COUNT(lane_rows); i++) {
		struct turn_lane *lane = &bucket->lane[lane_rows[i].lane];

		lane->credit = min64(lane->credit + share_of(bucket, &lane_rows[i]), CREDIT_MAX);
		if (lane_rows[i].lane == place->lane)
			lane->credit = max64(lane->credit - REQUEST, 0);
	}
	bucket->lane[place->lane].spent++;
	bucket->lane[place->lane].next_kind = ((unsigned)place->kind + 1) % REPO_KINDS;
}

/* --- blocks --------------------------------------------------------------------------------------------------------*/

static void run(struct turn_bucket *bucket);

static void show(const struct turn_bucket *bucket)
{
	const struct quota *quota = &bucket->quota;

	metrics_set(figures[bucket->bucket].limit, (uint64_t)quota->limit);
	if (quota->state != QUOTA_ANNOUNCED)
		return;
	metrics_set(figures[bucket->bucket].remaining, (uint64_t)quota->remaining);
	metrics_set(figures[bucket->bucket].used, (uint64_t)quota->used);
	metrics_set(figures[bucket->bucket].others, (uint64_t)quota->others);
	metrics_set(figures[bucket->bucket].granted, (uint64_t)quota->granted);
}

static void on_stored(void *owner)
{
	struct turn_bucket *bucket = owner;

	bucket->storing = false;
	quota_granted(&bucket->quota, &bucket->block, bucket->block_number);
	show(bucket);
	run(bucket);
}

static void store_block(struct turn_bucket *bucket, int64_t now_ms)
{
	struct writer *writer = bucket->turn->writer;
	struct delivery delivery = { .on_committed = on_stored, .owner = bucket };
	bool urgent = bucket->quota.granted <= bucket->quota.used;
	char text[BLOCK_TEXT];

	if (bucket->storing || !quota_wants_block(&bucket->quota, now_ms) ||
		!writer_has_room(writer, WRITER_SINGLE))
		return;
	bucket->storing = true;
	bucket->block = quota_next_block(&bucket->quota, now_ms, clock_wall_ms(), &bucket->block_number);
	block_write(&bucket->block, text);
	delivery.answer.bucket = bucket->bucket;
	delivery.answer.quota_block = arena_copy(&delivery.answer.page.arena, slice_of(text));
	writer_reserve(writer, WRITER_SINGLE);
	writer_put(writer, &delivery, WRITER_SINGLE);
	if (urgent)
		writer_flush(writer);
}

/* --- the next one --------------------------------------------------------------------------------------------------*/

static struct turn_place *next_in_line(const struct turn_bucket *bucket, int64_t now_ms)
{
	if (bucket->again.first)
		return bucket->again.first;
	for (unsigned borrowing = 0; borrowing <= 1; borrowing++)
		for (size_t i = 0; i < ARRAY_COUNT(lane_rows); i++)
			if (lane_may_go(bucket, &lane_rows[i], borrowing, now_ms))
				return head_of(&bucket->lane[lane_rows[i].lane]);
	return NULL;
}

/* Where memory is short, what waits to be written is written at once. */
static bool has_room(const struct turn *turn, const struct turn_place *place)
{
	if (place->again)
		return true;
	if (!writer_has_room(turn->writer, place->room))
		return false;
	if (!turn->budget || budget_fits(turn->budget, place->bytes))
		return true;
	writer_flush(turn->writer);
	return false;
}

/* The one that the Hub, quota, lanes and writer let go now; a timer asks again where only time is lacking. */
static struct turn_place *choose(struct turn_bucket *bucket)
{
	struct turn *turn = bucket->turn;
	int64_t now_ms = clock_mono_ms(), wait_ms;
	struct turn_place *place;

	if (!bucket->waiting)
		return NULL;
	store_block(bucket, now_ms);
	wait_ms = breaker_wait_ms(&turn->breaker, now_ms);
	if (!wait_ms)
		wait_ms = quota_wait_ms(&bucket->quota, now_ms);
	begin_window(bucket);
	place = wait_ms ? NULL : next_in_line(bucket, now_ms);
	if (!wait_ms && !place)
		wait_ms = LOOK_AGAIN_MS; /* what is there waits for its share */
	if (wait_ms > 0)
		clock_start(turn->clock, &bucket->timer, wait_ms);
	return place && has_room(turn, place) ? place : NULL; /* who makes room calls turn_run */
}

static void set_off(struct turn_bucket *bucket, struct turn_place *place)
{
	int64_t now_ms = clock_mono_ms();

	turn_leave(bucket->turn, place);
	if (!place->again)
		writer_reserve(bucket->turn->writer, place->room);
	if (!place->again && bucket->turn->budget)
		budget_take(bucket->turn->budget, place->bytes);
	place->ticket = quota_sent(&bucket->quota, now_ms);
	place->sent = true;
	place->probe = breaker_sent(&bucket->turn->breaker);
	metrics_add(METRIC_HUB_PROBES, place->probe);
	charge(bucket, place);
	metrics_add(METRIC_WAITED_MS, (uint64_t)(now_ms - place->queued_ms));
}

static void run(struct turn_bucket *bucket)
{
	struct turn_place *place;

	if (bucket->running)
		return;
	bucket->running = true;
	while ((place = choose(bucket))) {
		set_off(bucket, place);
		place->on_turn(place);
	}
	bucket->running = false;
}

void turn_run(struct turn *turn)
{
	for (size_t i = 0; i < BUCKET_COUNT; i++)
		run(&turn->bucket[i]);
}

static void on_timer(struct clock_timer *timer)
{
	run(timer->owner);
}

bool turn_take(struct turn *turn, struct turn_place *place)
{
	struct turn_bucket *bucket = &turn->bucket[place->bucket];
	struct turn_place *chosen;

	enqueue(bucket, place);
	if (bucket->running)
		return false; /* run() goes on with it */
	bucket->running = true; /* to store a block makes room, which wakes us: not past the one that asks here */
	chosen = choose(bucket);
	bucket->running = false;
	if (chosen == place) {
		set_off(bucket, place);
		return true;
	}
	if (chosen)
		clock_start(turn->clock, &bucket->timer, 0);
	return false;
}

/* --- answers -------------------------------------------------------------------------------------------------------*/

static void log_news(struct turn_bucket *bucket, const struct quota_news *news, int64_t limit_before)
{
	const struct quota *quota = &bucket->quota;
	const char *name = hub_bucket_name(bucket->bucket);

	if (quota->limit != limit_before)
		log_write(LOG_QUOTA, log_text("bucket", name), log_number("quota", quota->limit),
			log_number("window_s", quota->window.length_ms / 1000), log_number("remaining", news->remaining),
			log_number("reset_s", news->reset_s));
	if (quota->others && !bucket->shared)
		log_write(LOG_QUOTA_SHARED, log_text("bucket", name), log_number("others", quota->others),
			log_number("used", quota->used), log_number("remaining", quota->remaining));
	bucket->shared = quota->others || quota->others_before;
}

static void breaker_moved(struct turn *turn, enum breaker_news news, const char *why, int64_t now_ms)
{
	switch (news) {
	case BREAKER_OPENED:
		metrics_add(METRIC_HUB_OUTAGES, 1);
		metrics_set(METRIC_HUB_DOWN_SINCE, (uint64_t)clock_wall_ms() / 1000);
		log_write(LOG_HUB_DOWN, log_number("failures", turn->breaker.failures), log_text("why", why),
			log_number("next_ms", turn->breaker.probe_ms - now_ms));
		break;
	case BREAKER_CLOSED:
		log_write(LOG_HUB_UP, log_number("down_ms", now_ms - turn->breaker.opened_ms),
			log_number("probes", turn->breaker.probes + 1));
		metrics_set(METRIC_HUB_DOWN_SINCE, 0);
		if (turn->on_recovered)
			turn->on_recovered(turn->owner);
		break;
	case BREAKER_AS_IT_WAS:
		break;
	}
	metrics_set(METRIC_HUB_DOWN, turn->breaker.open);
}

void turn_saw(struct turn *turn, struct turn_place *place, enum breaker_saw saw, const char *why)
{
	bool probe = place->probe;
	int64_t now_ms = clock_mono_ms();
	enum breaker_news news;

	if (saw == BREAKER_SAW_GOOD)
		turn->answered_ms = now_ms;
	if (saw == BREAKER_SAW_FAILURE)
		snprintf(turn->why, sizeof(turn->why), "%s", why);
	turn->unanswered = saw == BREAKER_SAW_FAILURE ? turn->unanswered + 1 : 0;
	if (!turn->patient)
		return;
	place->probe = false;
	news = breaker_ended(&turn->breaker, probe, saw, backoff_random(), now_ms);
	if (!probe && news == BREAKER_AS_IT_WAS)
		return;
	breaker_moved(turn, news, why, now_ms);
	turn_run(turn); /* all buckets wait for the one probe */
}

bool turn_is_failing(const struct turn *turn)
{
	return turn->unanswered > 1;
}

bool turn_wants_head(const struct turn *turn, const struct turn_place *place)
{
	return turn->bucket[place->bucket].quota.state != QUOTA_SILENT;
}

void turn_ended(struct turn *turn, struct turn_place *place, const struct quota_news *news, bool trouble)
{
	struct turn_bucket *bucket = &turn->bucket[place->bucket];
	int64_t limit_before = bucket->quota.limit;

	if (!place->sent)
		return;
	place->sent = false;
	quota_ended(&bucket->quota, &place->ticket, news, trouble, clock_mono_ms());
	if (!trouble)
		quota_back_off_ends(&bucket->lane[place->lane].rest, place->ticket.sent_ms);
	begin_window(bucket);
	if (news)
		log_news(bucket, news, limit_before);
	show(bucket);
	run(bucket);
}

void turn_hold(struct turn *turn, const struct turn_place *place, unsigned status, int64_t retry_after_s)
{
	struct turn_bucket *bucket = &turn->bucket[place->bucket];
	int64_t now_ms = clock_mono_ms();
	int64_t wait_ms = (retry_after_s < RETRY_AFTER_MAX_S ? retry_after_s : RETRY_AFTER_MAX_S) * 1000;
	int64_t before_ms = quota_wait_ms(&bucket->quota, now_ms);

	quota_hold(&bucket->quota, now_ms + wait_ms);
	breaker_hold(&turn->breaker, now_ms + wait_ms);
	metrics_add(METRIC_RETRY_AFTER, 1);
	/* those that were under way together are asked to wait together */
	if (wait_ms > before_ms + HOLD_NEWS_MS)
		log_write(LOG_ASKED_TO_WAIT, log_text("bucket", hub_bucket_name(place->bucket)), log_number("status", status),
			log_number("asked_s", retry_after_s), log_number("wait_ms", wait_ms));
}

int64_t turn_refused(struct turn *turn, const struct turn_place *place, const struct quota_news *news)
{
	static const struct {
		const char *why;
		enum metric count;
	} reasons[] = {
		[REFUSED_OWN] = { "own", METRIC_429_OWN },
		[REFUSED_OTHERS] = { "others", METRIC_429_OTHERS },
		[REFUSED_ACTION] = { "action", METRIC_429_ACTION },
		[REFUSED_EDGE] = { "edge", METRIC_429_EDGE },
	};
	struct turn_bucket *bucket = &turn->bucket[place->bucket];
	int64_t now_ms = clock_mono_ms(), wait_ms, rest_ms = 0;
	enum quota_refusal why =
		quota_refused(&bucket->quota, &place->ticket, news, backoff_random(), now_ms, &wait_ms);

	if (why == REFUSED_ACTION)
		rest_ms = quota_back_off(&bucket->lane[place->lane].rest, place->ticket.sent_ms, news->retry_after_s,
			backoff_random(), now_ms);
	metrics_add(reasons[why].count, 1);
	log_write(LOG_QUOTA_REFUSED, log_text("bucket", hub_bucket_name(place->bucket)), log_text("why", reasons[why].why),
		log_number("remaining", news->remaining), log_number("wait_ms", max64(wait_ms, rest_ms)));
	return rest_ms;
}

/* --- life ----------------------------------------------------------------------------------------------------------*/

static void configure(struct turn_bucket *bucket)
{
	const struct config *config = bucket->turn->config;

	bucket->quota.share_percent = config->quota_share;
	bucket->quota.rate = config->rate_without_quota;
	bucket->quota.pace = config->quota_pace == PACE_BURST ? QUOTA_BURST : QUOTA_EVEN;
}

void turn_init(struct turn *turn, struct clock *clock, struct writer *writer, struct store *store, const struct config *config)
{
	*turn = (struct turn){ .clock = clock, .writer = writer, .config = config };
	for (unsigned i = 0; i < BUCKET_COUNT; i++) {
		struct turn_bucket *bucket = &turn->bucket[i];
		struct quota_block block;

		bucket->turn = turn;
		bucket->bucket = i;
		bucket->timer = (struct clock_timer){ .on_timer = on_timer, .owner = bucket };
		quota_init(&bucket->quota, config->quota_share, config->rate_without_quota, config->transfers_max);
		bucket->quota.blocks = store != NULL;
		configure(bucket);
		if (store && block_load(store, i, &block))
			quota_restore(&bucket->quota, &block, clock_mono_ms(), clock_wall_ms());
	}
}

void turn_stop(struct turn *turn)
{
	for (size_t i = 0; i < BUCKET_COUNT; i++)
		clock_stop(turn->clock, &turn->bucket[i].timer);
}

void turn_reload(struct turn *turn)
{
	for (size_t i = 0; i < BUCKET_COUNT; i++)
		configure(&turn->bucket[i]);
	turn_run(turn);
}
