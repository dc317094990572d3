/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lane poll by itself: where it begins, what it asks for, where it ends and what becomes of its watermark. The other half
 * of a lane (requests, writer) is played by this file, which says what a page holds and notes what the lane does. Time is
 * virtual; the store is a real one.
 */
#include "daemon/crawl/poll.h"

#include "tests/unit/storage/fixture.h"

#define NOW DAY(300)
#define MINUTE INT64_C(60000)
#define SECOND INT64_C(1000)

enum { PAGE_ROWS = 100, POLL_ROWS = 40, ROWS_MAX = 200 };

static struct world {
	struct fixture *f;
	struct config config;
	struct hub_origin origin;
	struct context context;
	struct kind_state kind;
	struct poll poll;
	/* what the lane did */
	char asked[URL_MAX];
	int64_t rows;
	const struct request_calls *calls;
	unsigned asks, begun, answered, refused, failed, fits, rounds, handed;
	bool resumed;
	int end; /* enum lane_end, -1: it goes on */
	char why[320], gap[GAP_BYTES_MAX];
	struct cursor cursor; /* as handed over */
	/* what it is told */
	bool goes_round, down_to_one;
	unsigned rows_limit;
} world;

/* --- the other half of a lane --------------------------------------------------------------------------------------*/

void lane_init(struct lane_run *run, struct context *context, struct kind_state *kind, enum lane lane,
	void (*on_ended)(struct lane_run *run), void *owner)
{
	*run = (struct lane_run){ .context = context, .kind = kind, .lane = lane, .on_ended = on_ended, .owner = owner };
}

void lane_begin(struct lane_run *run, bool resumed, int64_t watermark_ms)
{
	(void)run;
	assert_int_equal(watermark_ms, world.poll.cursor.watermark_ms);
	world.begun++;
	world.resumed = resumed;
}

void lane_end(struct lane_run *run, enum lane_end end, const char *why)
{
	run->ending = true;
	world.end = (int)end;
	snprintf(world.why, sizeof(world.why), "%s", why ? why : "");
}

void lane_ask_listing(struct lane_run *run, const struct projection *projection, struct slice url, int64_t rows,
	const struct request_calls *calls, uint64_t tag)
{
	(void)run;
	(void)tag;
	assert_int_equal(projection->fields, world.poll.cursor.projection.fields);
	snprintf(world.asked, sizeof(world.asked), "%.*s", (int)url.size, url.data);
	world.rows = rows;
	world.calls = calls;
	world.asks++;
}

unsigned lane_rows_asked(const struct lane_run *run, int64_t rows)
{
	(void)run;
	return world.rows_limit ? world.rows_limit : (unsigned)rows;
}

void lane_page_fits(struct lane_run *run, int64_t rows)
{
	(void)run;
	(void)rows;
	world.fits++;
}

void lane_answered(struct lane_run *run)
{
	(void)run;
	world.answered++;
}

void lane_refused(struct lane_run *run, struct request *request)
{
	(void)request;
	world.refused++;
	lane_end(run, LANE_PARKED, "refused");
}

bool lane_is_down_to_one(const struct lane_run *run, const struct request *request, int64_t rows)
{
	(void)run;
	(void)request;
	(void)rows;
	return world.down_to_one;
}

void lane_listing_failed(struct lane_run *run, const struct request *request, int64_t rows)
{
	(void)request;
	(void)rows;
	world.failed++;
	lane_end(run, LANE_PARKED, "failed");
}

enum lane_link lane_next_link(struct lane_run *run, const struct request *request, struct buf *url)
{
	(void)run;
	buf_reset(url);
	if (slice_is(request->head.next, "bad"))
		return LINK_REFUSED;
	buf_slice(url, request->head.next);
	return request->head.next.size ? LINK_NEXT : LINK_NONE;
}

bool lane_goes_round(struct lane_run *run, struct slice next, struct buf *gap)
{
	(void)run;
	assert_true(next.size > 0);
	if (world.goes_round)
		buf_text(gap, "round");
	return world.goes_round;
}

void lane_end_round(struct lane_run *run)
{
	world.rounds++;
	lane_end(run, LANE_PARKED, "round");
}

/* As the writer does it: what is handed over is in the store afterwards. */
void lane_hand_over(struct lane_run *run, struct request *request, struct answer *answer)
{
	struct answer stored = { .lane = run->lane, .kind = run->kind->kind, .answered_ms = NOW, .cursor = answer->cursor };

	(void)request;
	world.handed++;
	snprintf(world.gap, sizeof(world.gap), "%.*s", (int)answer->gap.size, answer->gap.size ? answer->gap.data : "");
	assert_true(cursor_read(answer->cursor, &world.cursor));
	fixture_commit(world.f, &stored, 1);
}

/* --- the stage -----------------------------------------------------------------------------------------------------*/

static uv_loop_t loop;
static struct clock virtual_clock;

static void set_time(int64_t wall_ms)
{
	clock_set(&virtual_clock, wall_ms, wall_ms);
}

static void store_cursor(enum lane lane, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void store_cursor(enum lane lane, const char *format, ...)
{
	struct answer answer = { .lane = lane, .kind = REPO_MODEL, .answered_ms = NOW };
	char text[URL_MAX];
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	answer.cursor = slice_of(text);
	fixture_commit(world.f, &answer, 1);
}

static void begin(void)
{
	world = (struct world){ .end = -1 };
	world.f = fixture_new();
	world.config = (struct config){ .poll_rows = POLL_ROWS, .page_rows = PAGE_ROWS, .poll_interval = MINUTE, .poll_overlap = 10 * MINUTE };
	assert_true(hub_origin_read(SLICE("https://hub.example"), &world.origin));
	world.context = (struct context){ .config = &world.config, .origin = &world.origin, .store = world.f->store };
	world.kind = (struct kind_state){ .context = &world.context, .kind = REPO_MODEL };
	cursor_init(&world.cursor);
	poll_init(&world.poll, &world.context, &world.kind, NULL, NULL);
	set_time(NOW);
}

static void end(void)
{
	poll_release(&world.poll);
	cursor_release(&world.cursor);
	fixture_free(world.f);
}

/* A poll with this watermark, begun. */
static void start(int64_t watermark_ms)
{
	store_cursor(LANE_POLL, "{\"watermark\":%lld}", (long long)watermark_ms);
	assert_true(poll_start(&world.poll));
	world.end = -1;
	world.poll.run.ending = false;
}

static void again(void)
{
	world.end = -1;
	world.poll.run.ending = false;
	world.gap[0] = '\0';
	assert_true(poll_start(&world.poll));
}

struct shown {
	const char *next;
	size_t rows;      /* each a minute older than the one before */
	int64_t newest_ms; /* 0: no row has a date */
	int64_t mark_ms;
	size_t moved, drafts;
};

static void show_page(const struct shown *shown)
{
	static struct observation rows[ROWS_MAX];
	struct request request = { .context = &world.context, .owner = &world.poll, .time = { .mark_ms = shown->mark_ms } };
	struct page *page = &request.page;

	request.head.next = slice_of(shown->next ? shown->next : "");
	page->observations = rows;
	page->count = page->rows = shown->rows;
	page->moved = shown->moved;
	page->drafts = shown->drafts;
	for (size_t i = 0; i < shown->rows; i++)
		rows[i] = (struct observation){ .modified_ms = shown->newest_ms ? shown->newest_ms - (int64_t)i * MINUTE : 0 };
	if (shown->newest_ms && shown->rows)
		page->oldest_modified_ms = rows[shown->rows - 1].modified_ms;
	assert_true(world.calls->on_page(&request));
}

#define PAGE(...) show_page(&(struct shown){ __VA_ARGS__ })

static void fail_page(const char *head_next)
{
	struct request request = { .context = &world.context, .owner = &world.poll };

	snprintf(request.why, sizeof(request.why), "too heavy");
	if (head_next) {
		request.head.next = slice_of(head_next);
		world.calls->on_head(&request);
	}
	world.calls->on_failed(&request);
}

static int64_t stored_watermark(void)
{
	struct cursor cursor;
	int64_t watermark_ms;

	cursor_init(&cursor);
	watermark_ms = cursor_load(world.f->store, LANE_POLL, REPO_MODEL, &cursor) ? cursor.watermark_ms : 0;
	cursor_release(&cursor);
	return watermark_ms;
}

/* --- where it begins -----------------------------------------------------------------------------------------------*/

static void test_watermarks(void **state)
{
	(void)state;
	begin();
	assert_false(poll_start(&world.poll));
	store_cursor(LANE_SWEEP, "{\"watermark\":%lld}", (long long)(NOW - HOUR(5)));
	assert_true(poll_start(&world.poll));
	assert_int_equal(world.poll.cursor.watermark_ms, NOW - HOUR(5));
	assert_false(world.resumed);
	start(NOW - HOUR(2));
	assert_int_equal(world.poll.cursor.watermark_ms, NOW - HOUR(2));
	/* set by a clock that was wrong: that of the sweep counts */
	start(NOW + CLOCKS_AGREE_MS);
	assert_int_equal(world.poll.cursor.watermark_ms, NOW + CLOCKS_AGREE_MS);
	start(NOW + CLOCKS_AGREE_MS + 1);
	assert_int_equal(world.poll.cursor.watermark_ms, NOW - HOUR(5));
	store_cursor(LANE_SWEEP, "{\"watermark\":%lld}", (long long)(NOW + HOUR(5)));
	start(NOW + HOUR(1));
	assert_int_equal(world.poll.cursor.watermark_ms, 1); /* everything */
	end();
}

static void test_rows_asked_for(void **state)
{
	(void)state;
	begin();
	start(NOW - 10 * MINUTE + 1);
	assert_int_equal(world.rows, POLL_ROWS);
	start(NOW - 10 * MINUTE);
	assert_int_equal(world.rows, PAGE_ROWS); /* it has slept */
	world.poll.needed = 20;
	start(NOW - MINUTE);
	assert_int_equal(world.rows, 20 + 20 / 4 + 10);
	world.poll.needed = 90;
	start(NOW - MINUTE);
	assert_int_equal(world.rows, PAGE_ROWS);
	assert_non_null(strstr(world.asked, "https://hub.example/api/models?"));
	assert_non_null(strstr(world.asked, "sort=lastModified"));
	assert_non_null(strstr(world.asked, "limit=100"));
	end();
}

static void test_resumes(void **state)
{
	struct projection today, other;
	struct buf text = BUF_INIT(1024);
	const struct {
		const char *next;
		bool started, same_fields, resumed;
	} cases[] = {
		{ "https://hub.example/api/models?cursor=x", true, true, true },
		{ "https://hub.example/api/models?cursor=x", false, true, false },
		{ "https://hub.example/api/models?cursor=x", true, false, false },
		{ "https://other.example/api/models?cursor=x", true, true, false },
	};

	(void)state;
	begin();
	today = other = kind_projection(&world.kind, ENDPOINT_LIST);
	other.fields &= ~field_bit(FIELD_CARD_DATA);
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		buf_reset(&text);
		projection_write(cases[i].same_fields ? &today : &other, &text);
		store_cursor(LANE_POLL, "{\"next\":\"%s\",\"pages\":3,\"rows\":30,\"projection\":\"%.*s\",\"started\":%lld,\"watermark\":%lld}",
			cases[i].next, (int)text.size, text.data, cases[i].started ? (long long)(NOW - MINUTE) : 0LL,
			(long long)(NOW - HOUR(1)));
		assert_true(poll_start(&world.poll));
		assert_int_equal(world.resumed, cases[i].resumed);
		assert_int_equal(strcmp(world.asked, cases[i].next) == 0, cases[i].resumed);
		assert_int_equal(world.poll.cursor.pages, cases[i].resumed ? 3 : 0);
		assert_int_equal(world.poll.cursor.rows, cases[i].resumed ? 30 : 0);
		assert_int_equal(world.poll.cursor.started_ms, cases[i].resumed ? NOW - MINUTE : 0);
	}
	buf_release(&text);
	end();
}

/* --- where it ends -------------------------------------------------------------------------------------------------*/

static void test_ends_below_the_watermark(void **state)
{
	int64_t until_ms = NOW - 15 * MINUTE;

	(void)state;
	begin();
	start(NOW - 5 * MINUTE);
	PAGE(.next = "https://hub.example/2", .rows = 10, .newest_ms = until_ms + 9 * MINUTE, .mark_ms = NOW - SECOND);
	assert_int_equal(world.end, -1); /* the last row is at the bound, not below it */
	assert_string_equal(world.asked, "https://hub.example/2");
	assert_int_equal(stored_watermark(), NOW - 5 * MINUTE);
	PAGE(.next = "https://hub.example/3", .rows = 5, .newest_ms = until_ms + MINUTE, .mark_ms = NOW + SECOND);
	assert_int_equal(world.end, LANE_COMPLETE);
	assert_int_equal(stored_watermark(), NOW - SECOND); /* when it began */
	assert_int_equal(world.cursor.next.size, 0);
	assert_int_equal(world.cursor.pages, 2);
	assert_int_equal(world.cursor.rows, 15);
	assert_int_equal(world.asks, 2);
	assert_int_equal(world.handed, 2);
	assert_int_equal(world.fits, 2);
	assert_int_equal(world.answered, 2);
	/* three of the five were needed: 13 rows, and a reserve */
	assert_int_equal(world.poll.needed, 13);
	again();
	assert_int_equal(world.rows, 13 + 13 / 4 + 10);
	PAGE(.rows = 8, .newest_ms = NOW - HOUR(1), .mark_ms = NOW);
	assert_int_equal(world.poll.needed, 1); /* its very first row was below */
	end();
}

static void test_a_watermark_never_goes_back(void **state)
{
	(void)state;
	begin();
	start(NOW - 5 * MINUTE);
	PAGE(.rows = 3, .newest_ms = NOW, .mark_ms = NOW - HOUR(20));
	assert_int_equal(world.end, LANE_COMPLETE);
	assert_int_equal(stored_watermark(), NOW - 5 * MINUTE);
	end();
}

static void test_cut_short(void **state)
{
	(void)state;
	begin();
	start(NOW - 5 * MINUTE);
	PAGE(.rows = POLL_ROWS, .newest_ms = NOW + 40 * MINUTE, .mark_ms = NOW);
	assert_int_equal(world.end, LANE_COMPLETE);
	assert_int_equal(stored_watermark(), NOW - 5 * MINUTE); /* full, no link, above it */
	again();
	PAGE(.rows = POLL_ROWS - 1, .newest_ms = NOW + 40 * MINUTE, .mark_ms = NOW);
	assert_int_equal(stored_watermark(), NOW); /* the true end of the listing */
	start(NOW - 5 * MINUTE);
	PAGE(.rows = (size_t)world.rows, .newest_ms = NOW - 15 * MINUTE + (world.rows - 2) * MINUTE, .mark_ms = NOW);
	assert_int_equal(stored_watermark(), NOW); /* full, but it reaches the watermark */
	world.rows_limit = 5;
	start(NOW - 5 * MINUTE);
	PAGE(.rows = 5, .newest_ms = NOW, .mark_ms = NOW);
	assert_int_equal(stored_watermark(), NOW - 5 * MINUTE); /* full, of a page that was cut down */
	end();
}

static void test_links(void **state)
{
	(void)state;
	begin();
	start(NOW - 5 * MINUTE);
	PAGE(.next = "bad", .rows = 3, .newest_ms = NOW, .mark_ms = NOW);
	assert_int_equal(world.end, LANE_PARKED);
	assert_int_equal(world.handed, 0);
	assert_int_equal(world.answered, 1);
	start(NOW - 5 * MINUTE);
	world.goes_round = true;
	PAGE(.next = "https://hub.example/2", .rows = 3, .newest_ms = NOW, .mark_ms = NOW);
	assert_int_equal(world.rounds, 1);
	assert_string_equal(world.gap, "round");
	assert_int_equal(world.cursor.next.size, 0); /* the next one begins anew */
	assert_int_equal(stored_watermark(), NOW - 5 * MINUTE);
	world.goes_round = false;
	start(NOW - 5 * MINUTE);
	world.context.stopping = true;
	PAGE(.next = "https://hub.example/2", .rows = 3, .newest_ms = NOW, .mark_ms = NOW);
	assert_int_equal(world.end, LANE_PARKED);
	assert_string_equal(world.cursor.next.data, "https://hub.example/2");
	assert_int_equal(world.cursor.started_ms, NOW);
	end();
}

static void test_without_dates(void **state)
{
	(void)state;
	begin();
	start(NOW - 5 * MINUTE);
	PAGE(.next = "https://hub.example/2", .rows = 10, .mark_ms = NOW, .moved = 1);
	PAGE(.next = "https://hub.example/3", .rows = 10, .mark_ms = NOW, .drafts = 1);
	PAGE(.next = "https://hub.example/4", .rows = 0, .mark_ms = NOW);
	assert_int_equal(world.end, -1);
	assert_string_equal(world.asked, "https://hub.example/4");
	assert_string_equal(world.gap, "");
	PAGE(.next = "https://hub.example/5", .rows = 10, .mark_ms = NOW);
	assert_int_equal(world.end, LANE_COMPLETE);
	assert_non_null(strstr(world.gap, "poll models: no lastModified can be read"));
	assert_int_equal(world.cursor.next.size, 0);
	assert_int_equal(stored_watermark(), NOW - 5 * MINUTE);
	again();
	PAGE(.next = "https://hub.example/2", .rows = 10, .mark_ms = NOW);
	assert_int_equal(world.end, LANE_COMPLETE);
	assert_string_equal(world.gap, ""); /* recorded once */
	assert_int_equal(world.poll.needed, 0);
	end();
}

/* --- no page -------------------------------------------------------------------------------------------------------*/

static void test_failures(void **state)
{
	struct request refused = { .context = &world.context, .owner = &world.poll };

	(void)state;
	begin();
	start(NOW - 5 * MINUTE);
	world.calls->on_answer(&refused);
	assert_int_equal(world.refused, 1);
	assert_int_equal(world.answered, 1);
	start(NOW - 5 * MINUTE);
	fail_page("https://hub.example/2");
	assert_int_equal(world.failed, 1); /* fewer rows first */
	assert_int_equal(world.answered, 2);
	assert_int_equal(world.handed, 0);
	/* the first page cannot be read even alone, and nothing tells what follows: it may be the whole Hub that fails */
	world.down_to_one = true;
	start(NOW - 5 * MINUTE);
	fail_page(NULL);
	assert_int_equal(world.failed, 2);
	assert_int_equal(world.handed, 0);
	/* behind a page that came it is a gap, and polled anew */
	start(NOW - 5 * MINUTE);
	PAGE(.next = "https://hub.example/2", .rows = 3, .newest_ms = NOW, .mark_ms = NOW);
	fail_page(NULL);
	assert_int_equal(world.failed, 3);
	assert_int_equal(world.handed, 2);
	assert_non_null(strstr(world.gap, "a row could not be seen"));
	assert_int_equal(world.cursor.next.size, 0);
	end();
}

static void test_passes_over_a_row(void **state)
{
	(void)state;
	begin();
	world.down_to_one = true;
	start(NOW - 5 * MINUTE);
	fail_page("https://hub.example/behind");
	assert_int_equal(world.end, LANE_AGAIN);
	assert_int_equal(world.failed, 0);
	again();
	assert_string_equal(world.asked, "https://hub.example/behind");
	PAGE(.rows = 3, .newest_ms = NOW, .mark_ms = NOW);
	assert_non_null(strstr(world.gap, "a row could not be seen, alone and without its card: too heavy"));
	assert_false(world.poll.skip.on);
	/* the page behind it fails too: no second try */
	start(NOW - 5 * MINUTE);
	fail_page("https://hub.example/behind");
	again();
	fail_page("https://hub.example/further");
	assert_int_equal(world.failed, 1);
	assert_false(world.poll.skip.on);
	/* one that ends meanwhile says nothing more */
	start(NOW - 5 * MINUTE);
	world.poll.run.ending = true;
	fail_page("https://hub.example/behind");
	assert_int_equal(world.failed, 2);
	assert_false(world.poll.skip.on);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_watermarks), cmocka_unit_test(test_rows_asked_for), cmocka_unit_test(test_resumes),
		cmocka_unit_test(test_ends_below_the_watermark), cmocka_unit_test(test_a_watermark_never_goes_back),
		cmocka_unit_test(test_cut_short), cmocka_unit_test(test_links), cmocka_unit_test(test_without_dates),
		cmocka_unit_test(test_failures), cmocka_unit_test(test_passes_over_a_row),
	};

	uv_loop_init(&loop);
	clock_init(&virtual_clock, &loop);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
