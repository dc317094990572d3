/* SPDX-License-Identifier: Apache-2.0 */
/* The table of a dry run: requests, hours and dates are what can be worked out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "daemon/crawl/forecast.h"
#include "storage/model/moment.h"

static struct config config;

static struct forecast forecast(void)
{
	config_init(&config);
	return (struct forecast){
		.hub = "https://hub.example",
		.now_ms = moment_of(2026, 11, 25),
		.asked = 33,
		.quota = 500,
		.window_s = 300,
		.config = &config,
		.kind = {
			[REPO_MODEL] = { true, 3000000, 300000, COUNT_SAMPLED, 3000, 60000 },
			[REPO_DATASET] = { true, 999, 0, COUNT_EXACT, 1, 5 },
		},
	};
}

static void expect(const struct forecast *forecast, const char *line)
{
	struct buf text = BUF_INIT(64 * 1024);

	forecast_print(forecast, &text);
	if (!strstr(text.data, line))
		fail_msg("no line like\n%s\n in\n%s", line, text.data);
	buf_release(&text);
}

static void test_lines(void **state)
{
	struct forecast told = forecast();

	(void)state;
	expect(&told, "https://hub.example, asked 33 times; nothing was stored\n");
	expect(&told, "models       3,000,000       10%       3,000         60,000  estimated from pages\n");
	expect(&told, "datasets           999     exact           1              5  all on one page\n");
	expect(&told, "quota: 500 requests in 300 s, quota_share 50%: 72,000 requests a day are ours\n");
	/* 250 in 5 minutes: 3,000 an hour */
	expect(&told, "first evening           20      0.0  2026-11-25 00:00Z");
	expect(&told, "first sweep          3,001      1.0  2026-11-25 01:00Z"); /* 3,000 pages and 1 */
	expect(&told, "backfill            25,987      8.7  2026-11-25 09:40Z"); /* behind the two before it; (1,000 + 999) * 13 */
	expect(&told, "sweep                3,001      1.0   4.2% of each day");
	/* models: 437 rows between two polls, 5 pages of 100; datasets: 1; 2,880 times a day */
	expect(&told, "polls                5,760      1.9   8.0% of each day");
	expect(&told, "anonymous                500           0.01           1.00");
	expect(&told, "free token              1000           0.00           0.50");
}

static void test_options_count(void **state)
{
	struct forecast told = forecast();

	(void)state;
	config.sweep_interval *= 2;
	config.page_rows = 100;
	config.poll_interval = 60000;
	config.quota_share = 100;
	config.backfill_top = 10;
	told.missing = 1000;
	told.kind[REPO_MODEL].wanted = false;
	expect(&told, "first sweep             10      0.0");
	expect(&told, "sweep                    5      0.0");
	expect(&told, "backfill               130      0.0");
	config.backfill = 0;
	expect(&told, "backfill                 0      0.0");
	expect(&told, "polls                1,440      0.2");
	expect(&told, "confirm              1,001      0.2");
	expect(&told, "first evening            0");
}

static void test_without_quota(void **state)
{
	struct forecast told = forecast();

	(void)state;
	told.quota = 0;
	expect(&told, "quota: none is announced, rate_without_quota 2/s: 172,800 requests a day are ours\n");
	expect(&told, "first sweep          3,001      0.4");
	config.rate_without_quota = 0;
	expect(&told, "as fast as the Hub answers\n");
	expect(&told, "first sweep          3,001      0.0");
	expect(&told, "anonymous                500           0.01           1.00");
}

static void test_more_than_a_day(void **state)
{
	struct forecast told = forecast();

	(void)state;
	told.kind[REPO_MODEL].changed_a_day = 6000000;
	expect(&told, "polls ");
	expect(&told, "more than a day");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_options_count),
		cmocka_unit_test(test_without_quota),
		cmocka_unit_test(test_more_than_a_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
