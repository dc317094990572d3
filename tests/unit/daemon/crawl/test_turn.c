/* SPDX-License-Identifier: Apache-2.0 */
/* The planner on simulated time: who goes next, for what share, in which bucket; blocks in a real store. */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/storage/fixture.h"

#include "daemon/crawl/turn.h"
#include "daemon/crawl/writer.h"

enum { WINDOW_MS = 300 * 1000, STEP_MS = 100, FLIGHT_MS = 100, PLACES = 64, WALL_MS = 1764000000 };

struct wish {
	struct turn_place place;
	int64_t due_ms; /* of its answer; 0: not under way */
	bool used;
};

struct rig {
	struct fixture *store;
	uv_loop_t loop;
	struct clock clock;
	struct config config;
	struct writer *writer;
	struct turn turn;
	int64_t now_ms, limit;
	int64_t window[BUCKET_COUNT], spent[BUCKET_COUNT]; /* the Hub's */
	unsigned wanted[LANE_COUNT]; /* so many of a lane are always queued or under way, of kinds in turn */
	unsigned sent[LANE_COUNT], sent_kind[REPO_KINDS], refused;
	unsigned last_lane;
	const struct wish *asking; /* within turn_take */
	int64_t polled_ms[REPO_KINDS];
	struct wish wish[PLACES];
};

static struct rig *rig;

static void on_room(void *owner)
{
	(void)owner;
	turn_run(&rig->turn);
}

static void on_fatal(void *owner, const struct store_problem *problem)
{
	(void)owner;
	fail_msg("%s", problem->text);
}

static void set_time(int64_t now_ms)
{
	rig->now_ms = now_ms;
	clock_set(&rig->clock, WALL_MS * INT64_C(1000) + now_ms, now_ms);
	uv_run(&rig->loop, UV_RUN_NOWAIT);
}

static void begin_turn(bool blocks)
{
	struct writer_options options = { .clock = &rig->clock, .store = rig->store->store, .config = &rig->config,
		.on_room = on_room, .on_fatal = on_fatal };

	rig->writer = writer_new(&options);
	turn_init(&rig->turn, &rig->clock, rig->writer, rig->store->store, &rig->config);
	for (unsigned i = 0; i < BUCKET_COUNT; i++)
		rig->turn.bucket[i].quota.blocks = blocks;
}

static void rig_new(int64_t limit, const char *pace)
{
	struct config_problem problem = { 0 };

	rig = calloc(1, sizeof(*rig));
	rig->store = fixture_new();
	rig->limit = limit;
	config_init(&rig->config);
	config_set(&rig->config, "test", "quota_share", "100%", &problem);
	config_set(&rig->config, "test", "quota_pace", pace, &problem);
	config_set(&rig->config, "test", "rate_without_quota", "0", &problem);
	assert_int_equal(problem.count, 0);
	uv_loop_init(&rig->loop);
	clock_init(&rig->clock, &rig->loop);
	set_time(WINDOW_MS);
	begin_turn(false);
}

static void end_turn(void)
{
	turn_stop(&rig->turn);
	for (unsigned i = 0; i < PLACES; i++)
		turn_leave(&rig->turn, &rig->wish[i].place);
	while (uv_run(&rig->loop, UV_RUN_NOWAIT) && rig->loop.active_reqs.count)
		;
	writer_free(&rig->writer);
}

static void rig_free(void)
{
	end_turn();
	clock_close(&rig->clock);
	uv_run(&rig->loop, UV_RUN_DEFAULT);
	uv_loop_close(&rig->loop);
	fixture_free(rig->store);
	free(rig);
}

/* --- wishes --------------------------------------------------------------------------------------------------------*/

static void go(struct wish *wish)
{
	wish->due_ms = rig->now_ms + FLIGHT_MS;
	rig->sent[wish->place.lane]++;
	rig->sent_kind[wish->place.kind]++;
	rig->last_lane = wish->place.lane;
	if (wish->place.lane == LANE_POLL)
		rig->polled_ms[wish->place.kind] = rig->now_ms;
}

static void on_turn(struct turn_place *place)
{
	assert_ptr_not_equal(rig->asking, place->owner); /* turn_take says so itself */
	go(place->owner);
}

static struct wish *want(enum lane lane, enum repo_kind kind, enum hub_bucket bucket)
{
	for (unsigned i = 0; i < PLACES; i++) {
		struct wish *wish = &rig->wish[i];

		if (wish->used)
			continue;
		*wish = (struct wish){ .used = true, .place = { .on_turn = on_turn, .owner = wish, .bucket = bucket, .lane = lane,
			.kind = kind, .room = WRITER_SINGLE } };
		rig->asking = wish;
		if (turn_take(&rig->turn, &wish->place))
			go(wish);
		rig->asking = NULL;
		return wish;
	}
	fail_msg("too many wishes");
	return NULL;
}

static struct quota_news count_at_hub(enum hub_bucket bucket)
{
	int64_t window = rig->now_ms / WINDOW_MS;

	if (window != rig->window[bucket])
		rig->spent[bucket] = 0;
	rig->window[bucket] = window;
	rig->refused += rig->limit && rig->spent[bucket] >= rig->limit;
	rig->spent[bucket]++;
	if (!rig->limit)
		return (struct quota_news){ -1, -1, -1, -1, -1 };
	return (struct quota_news){ rig->limit - rig->spent[bucket], (WINDOW_MS - rig->now_ms % WINDOW_MS) / 1000, rig->limit, 300, -1 };
}

static void answer(struct wish *wish)
{
	struct quota_news news = count_at_hub(wish->place.bucket);
	bool again = wish->place.again;

	wish->due_ms = 0;
	turn_ended(&rig->turn, &wish->place, &news, false);
	wish->used = false;
	if (!again)
		writer_unreserve(rig->writer, wish->place.room);
}

static unsigned open_of(enum lane lane)
{
	unsigned count = 0;

	for (unsigned i = 0; i < PLACES; i++)
		count += rig->wish[i].used && rig->wish[i].place.lane == lane;
	return count;
}

static void pass(int64_t span_ms)
{
	for (int64_t end_ms = rig->now_ms + span_ms; rig->now_ms < end_ms;) {
		set_time(rig->now_ms + STEP_MS);
		for (unsigned i = 0; i < PLACES; i++)
			if (rig->wish[i].due_ms && rig->wish[i].due_ms <= rig->now_ms)
				answer(&rig->wish[i]);
		for (unsigned lane = 0; lane < LANE_COUNT; lane++)
			while (open_of(lane) < rig->wanted[lane])
				want(lane, (enum repo_kind)(rand() % REPO_KINDS), BUCKET_API);
	}
}

static void forget(void)
{
	memset(rig->sent, 0, sizeof(rig->sent));
	memset(rig->sent_kind, 0, sizeof(rig->sent_kind));
}

/* --- shares --------------------------------------------------------------------------------------------------------*/

/* All want more than there is: each gets its share, polls no more than that, and the rest goes to whom the table prefers. */
static void test_everybody_wants(void **state)
{
	static const char *const paces[] = { "even", "burst" };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		rig_new(1000, paces[i]);
		rig->wanted[LANE_POLL] = rig->wanted[LANE_CONFIRM] = rig->wanted[LANE_DETAIL] = rig->wanted[LANE_SWEEP] =
			rig->wanted[LANE_BACKFILL] = 8;
		pass(WINDOW_MS);
		forget();
		pass(4 * WINDOW_MS);
		assert_in_range(rig->sent[LANE_POLL], 590, 604);
		/* 10 %, and the 25 % that belong to nobody: in a burst to whoever is there */
		assert_in_range(rig->sent[LANE_CONFIRM], i ? 390 : 1300, 1420);
		assert_in_range(rig->sent[LANE_DETAIL], 590, i ? 1600 : 640);
		assert_in_range(rig->sent[LANE_SWEEP], 1180, i ? 2200 : 1240);
		assert_in_range(rig->sent[LANE_BACKFILL], 190, i ? 1200 : 210);
		assert_in_range(rig->sent[LANE_POLL] + rig->sent[LANE_CONFIRM] + rig->sent[LANE_DETAIL] + rig->sent[LANE_SWEEP] +
			rig->sent[LANE_BACKFILL], 3980, 4010);
		assert_int_equal(rig->refused, 0);
		rig_free();
	}
}

/* One lane alone uses all. */
static void test_borrowing(void **state)
{
	static const char *const paces[] = { "even", "burst" };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		rig_new(500, paces[i]);
		rig->wanted[LANE_BACKFILL] = 16;
		pass(WINDOW_MS);
		forget();
		pass(4 * WINDOW_MS);
		assert_in_range(rig->sent[LANE_BACKFILL], 1990, 2000 + 4);
		assert_int_equal(rig->refused, 0);
		rig_free();
	}
}

/* A lane whose share was borrowed is not delayed when it comes back: the next request is its. */
static void test_coming_back(void **state)
{
	static const char *const paces[] = { "even", "burst" };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		rig_new(500, paces[i]);
		rig->wanted[LANE_SWEEP] = 16;
		pass(WINDOW_MS + WINDOW_MS / 2);
		forget();
		want(LANE_POLL, REPO_MODEL, BUCKET_API);
		pass(700);
		assert_int_equal(rig->sent[LANE_POLL], 1);
		rig->wanted[LANE_DETAIL] = 4;
		pass(2000);
		assert_true(rig->sent[LANE_DETAIL] >= 1);
		rig_free();
	}
}

/* In a burst what is kept for the others stays untouched, and is let go as time passes. */
static void test_burst_leaves_shares(void **state)
{
	(void)state;
	rig_new(1000, "burst");
	rig->wanted[LANE_SWEEP] = 16;
	pass(WINDOW_MS + 1500);
	forget();
	pass(30 * 1000);
	assert_in_range(rig->sent[LANE_SWEEP], 300, 620); /* 45 % are others' */
	rig->wanted[LANE_DETAIL] = 16;
	pass(30 * 1000);
	assert_true(rig->sent[LANE_DETAIL] >= 100);
	rig_free();
}

static bool has_poll(enum repo_kind kind)
{
	for (unsigned i = 0; i < PLACES; i++)
		if (rig->wish[i].used && rig->wish[i].place.lane == LANE_POLL && rig->wish[i].place.kind == kind)
			return true;
	return false;
}

/* Two percent of half the anonymous quota: five requests a window, and each kind is polled within five minutes. */
static void test_small_poll_share(void **state)
{
	struct config_problem problem = { 0 };

	(void)state;
	rig_new(500, "even");
	config_set(&rig->config, "test", "poll_share", "2%", &problem);
	config_set(&rig->config, "test", "quota_share", "50%", &problem);
	turn_reload(&rig->turn);
	rig->wanted[LANE_SWEEP] = 16;
	pass(WINDOW_MS);
	forget();
	for (unsigned second = 0; second < 2 * 3600; second++) {
		for (unsigned kind = 0; kind < REPO_KINDS; kind++)
			if (!has_poll((enum repo_kind)kind))
				want(LANE_POLL, (enum repo_kind)kind, BUCKET_API);
		pass(1000);
		for (unsigned kind = 0; kind < REPO_KINDS; kind++)
			if (second > 600 && rig->now_ms - rig->polled_ms[kind] > 250 * 1000)
				fail_msg("kind %u: not polled for %lld ms", kind, (long long)(rig->now_ms - rig->polled_ms[kind]));
	}
	assert_in_range(rig->sent[LANE_POLL], 24 * 5 - 2, 24 * 5 + 1);
	rig_free();
}

static void test_kinds_take_turns(void **state)
{
	(void)state;
	rig_new(500, "even");
	for (unsigned i = 0; i < 20; i++)
		want(LANE_SWEEP, REPO_MODEL, BUCKET_API);
	for (unsigned i = 0; i < 5; i++)
		want(LANE_SWEEP, REPO_SPACE, BUCKET_API);
	pass(8 * 700);
	assert_in_range(rig->sent_kind[REPO_SPACE], 3, 5);
	rig_free();
}

static void test_again_goes_first(void **state)
{
	struct wish *again;

	(void)state;
	rig_new(500, "even");
	rig->wanted[LANE_POLL] = rig->wanted[LANE_CONFIRM] = 4;
	pass(WINDOW_MS);
	again = &rig->wish[PLACES - 1];
	*again = (struct wish){ .used = true, .place = { .on_turn = on_turn, .owner = again, .again = true,
		.lane = LANE_BACKFILL } };
	assert_false(turn_take(&rig->turn, &again->place));
	pass(700);
	assert_int_equal(rig->last_lane, LANE_BACKFILL);
	rig_free();
}

/* A share that is turned up counts at once, and nobody loses its place. */
static void test_reload(void **state)
{
	struct config_problem problem = { 0 };
	unsigned queued;

	(void)state;
	rig_new(1000, "even");
	config_set(&rig->config, "test", "poll_share", "1%", &problem);
	rig->wanted[LANE_POLL] = 8;
	pass(WINDOW_MS + WINDOW_MS / 2);
	queued = rig->turn.bucket[BUCKET_API].waiting;
	forget();
	config_set(&rig->config, "test", "poll_share", "40%", &problem);
	turn_reload(&rig->turn);
	assert_true(queued >= 7);
	pass(10 * 1000);
	assert_true(rig->sent[LANE_POLL] > 20);
	rig_free();
}

/* --- buckets, refusals, silence ------------------------------------------------------------------------------------*/

static void test_two_buckets(void **state)
{
	(void)state;
	rig_new(500, "burst");
	rig->spent[BUCKET_API] = 499;
	rig->window[BUCKET_API] = rig->window[BUCKET_RESOLVERS] = rig->now_ms / WINDOW_MS;
	want(LANE_DETAIL, REPO_MODEL, BUCKET_API);
	want(LANE_DETAIL, REPO_MODEL, BUCKET_RESOLVERS);
	pass(500);
	assert_int_equal(rig->sent[LANE_DETAIL], 2);
	want(LANE_DETAIL, REPO_MODEL, BUCKET_API);
	want(LANE_DETAIL, REPO_MODEL, BUCKET_RESOLVERS);
	pass(500);
	assert_int_equal(rig->sent[LANE_DETAIL], 3); /* one bucket is empty, the other is not */
	assert_int_equal(rig->turn.bucket[BUCKET_API].waiting, 1);
	rig_free();
}

/* A 429 with quota left is about one action: that lane rests, the others go on. */
static void test_a_lane_rests(void **state)
{
	struct quota_news action = { 498, 200, 500, 300, -1 };
	struct wish *refused;
	int64_t rest_ms;

	(void)state;
	rig_new(500, "burst");
	want(LANE_SWEEP, REPO_MODEL, BUCKET_API);
	pass(500);
	refused = want(LANE_CONFIRM, REPO_MODEL, BUCKET_API);
	turn_ended(&rig->turn, &refused->place, &action, true);
	rest_ms = turn_refused(&rig->turn, &refused->place, &action);
	refused->used = false;
	refused->due_ms = 0;
	assert_in_range(rest_ms, 2000, 4000);
	forget();
	want(LANE_CONFIRM, REPO_MODEL, BUCKET_API);
	want(LANE_SWEEP, REPO_MODEL, BUCKET_API);
	pass(1000);
	assert_int_equal(rig->sent[LANE_CONFIRM], 0);
	assert_int_equal(rig->sent[LANE_SWEEP], 1);
	pass(4500);
	assert_int_equal(rig->sent[LANE_CONFIRM], 1);
	rig_free();
}

/* Without a quota nobody is held back. */
static void test_silence(void **state)
{
	(void)state;
	rig_new(0, "even");
	want(LANE_SWEEP, REPO_MODEL, BUCKET_API);
	pass(200);
	for (unsigned i = 0; i < 40; i++)
		want(LANE_POLL, REPO_MODEL, BUCKET_API);
	assert_int_equal(rig->sent[LANE_POLL], 40);
	rig_free();
}

/* --- blocks --------------------------------------------------------------------------------------------------------*/

static void settle(void)
{
	do
		uv_run(&rig->loop, UV_RUN_NOWAIT);
	while (rig->loop.active_reqs.count);
	uv_run(&rig->loop, UV_RUN_NOWAIT);
}

/* Nothing goes before its block is in the store; and what was granted counts as used after kill -9. */
static void test_blocks(void **state)
{
	struct quota *quota;
	unsigned sent;

	(void)state;
	rig_new(500, "burst");
	end_turn();
	begin_turn(true);
	quota = &rig->turn.bucket[BUCKET_API].quota;
	want(LANE_SWEEP, REPO_MODEL, BUCKET_API);
	pass(200);
	assert_int_equal(quota->state, QUOTA_ANNOUNCED);
	forget();
	for (unsigned i = 0; i < 30; i++)
		want(LANE_SWEEP, REPO_MODEL, BUCKET_API);
	assert_int_equal(rig->sent[LANE_SWEEP], 0);
	settle();
	sent = rig->sent[LANE_SWEEP];
	assert_in_range(sent, 15, 22);
	assert_true(quota->used <= quota->granted);
	end_turn(); /* as good as kill -9: the store has only what was granted */
	memset(rig->wish, 0, sizeof(rig->wish));
	begin_turn(true);
	quota = &rig->turn.bucket[BUCKET_API].quota;
	want(LANE_SWEEP, REPO_MODEL, BUCKET_API);
	pass(200);
	assert_int_equal(quota->state, QUOTA_ANNOUNCED);
	assert_true(quota->used >= sent + 2);
	rig_free();
}

/* A block that is stored while somebody asks makes room in the writer, which wakes the planner: not past that one. */
static void test_block_while_asking(void **state)
{
	(void)state;
	rig_new(500, "burst");
	end_turn();
	begin_turn(true);
	want(LANE_SWEEP, REPO_MODEL, BUCKET_API);
	for (unsigned i = 0; i < 200; i++) {
		pass(STEP_MS);
		settle();
		want(LANE_SWEEP, REPO_MODEL, BUCKET_API);
	}
	assert_in_range(rig->sent[LANE_SWEEP], 199, 201);
	rig_free();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everybody_wants), cmocka_unit_test(test_borrowing), cmocka_unit_test(test_coming_back),
		cmocka_unit_test(test_burst_leaves_shares), cmocka_unit_test(test_small_poll_share),
		cmocka_unit_test(test_kinds_take_turns), cmocka_unit_test(test_again_goes_first), cmocka_unit_test(test_reload),
		cmocka_unit_test(test_two_buckets), cmocka_unit_test(test_a_lane_rests), cmocka_unit_test(test_silence),
		cmocka_unit_test(test_blocks), cmocka_unit_test(test_block_while_asking),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
