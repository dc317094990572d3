/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/forecast.h"

#include <math.h>
#include <stdio.h>

#include "storage/model/moment.h"

#define DAY_MS 86400000.0
#define DAY_S 86400.0
#define HOUR_S 3600.0

/*
 * Of the 29,364 models of 2022-02 with an owner, 2,241 bore that name no more 870 days later, and 359 of the others had another
 * license tag.
 * A commit search takes 2 * log2(commits) + 3 requests, with 32 commits; the evidence of a switch is found in fewer.
 */
#define VANISH_A_DAY (2241.0 / 29364 / 870)
#define SWITCH_A_DAY (359.0 / 27123 / 870)
enum { BACKFILL_REQUESTS = 13, EVIDENCE_REQUESTS = 5 };

/* --- requests of each lane -----------------------------------------------------------------------------------------*/

static double over_kinds(const struct forecast *forecast, double (*of)(const struct forecast *forecast, const struct forecast_kind *kind))
{
	double sum = 0;

	for (enum repo_kind kind = 0; kind < REPO_KINDS; kind++)
		if (forecast->kind[kind].wanted)
			sum += of(forecast, &forecast->kind[kind]);
	return sum;
}

static double pages_of(const struct forecast *forecast, const struct forecast_kind *kind)
{
	return fmax(1, ceil(kind->rows / (double)forecast->config->page_rows));
}

static double first_evening(const struct forecast *forecast)
{
	const struct forecast_kind *models = &forecast->kind[REPO_MODEL];

	return models->wanted ? fmin((double)forecast->config->first_pages, pages_of(forecast, models)) : 0;
}

static double one_sweep(const struct forecast *forecast)
{
	return over_kinds(forecast, pages_of);
}

static double sweeps_a_day(const struct forecast *forecast)
{
	return one_sweep(forecast) * DAY_MS / (double)forecast->config->sweep_interval;
}

/* A poll reads from now down to poll_overlap behind the last one, in pages as large as the last poll needed. */
static double polls_of(const struct forecast *forecast, const struct forecast_kind *kind)
{
	const struct config *config = forecast->config;
	double rows = kind->changed_a_day * (double)(config->poll_interval + config->poll_overlap) / DAY_MS;

	return (floor(rows / (double)config->page_rows) + 1) * DAY_MS / (double)config->poll_interval;
}

static double polls_a_day(const struct forecast *forecast)
{
	return over_kinds(forecast, polls_of);
}

static double vanished_of(const struct forecast *forecast, const struct forecast_kind *kind)
{
	(void)forecast;
	return kind->rows * VANISH_A_DAY;
}

static double confirms_a_day(const struct forecast *forecast)
{
	return ceil(over_kinds(forecast, vanished_of)) + (double)forecast->missing;
}

static double switches_of(const struct forecast *forecast, const struct forecast_kind *kind)
{
	(void)forecast;
	return kind->rows * SWITCH_A_DAY;
}

static double details_a_day(const struct forecast *forecast)
{
	return ceil(over_kinds(forecast, switches_of)) * EVIDENCE_REQUESTS;
}

static double backfill_of(const struct forecast *forecast, const struct forecast_kind *kind)
{
	const struct config *config = forecast->config;

	return config->backfill ? fmin(kind->rows, (double)config->backfill_top) * BACKFILL_REQUESTS : 0;
}

static double backfill(const struct forecast *forecast)
{
	return over_kinds(forecast, backfill_of);
}

/* X(name, requests, is it once or each day, what is counted) */
#define LANES(X) \
	X("first evening", first_evening, true, "first_pages of the most downloaded models") \
	X("first sweep", one_sweep, true, "every repo, page_rows at a time") \
	X("backfill", backfill, true, "the commits of the most downloaded of each kind (backfill_top, 13 each)") \
	X("sweep", sweeps_a_day, false, "the same again each sweep_interval") \
	X("polls", polls_a_day, false, "what was modified last, each poll_interval") \
	X("confirm", confirms_a_day, false, "a repo that a sweep lacks (0.009 % a day, as from 2022 to 2024)") \
	X("detail", details_a_day, false, "the commit behind a switch (0.0015 % of the repos a day, as then)")

static const struct lane {
	const char *name;
	double (*requests)(const struct forecast *forecast);
	bool once;
	const char *counts;
} lanes[] = {
#define X(name, requests, once, counts) { name, requests, once, counts },
	LANES(X)
#undef X
};

/* --- quotas --------------------------------------------------------------------------------------------------------*/

/* Requests of the bucket "api" in 5 minutes, by the Hub's documentation of 2026-08. */
static const struct tier {
	const char *name;
	int64_t quota;
} tiers[] = {
	{ "anonymous", 500 },
	{ "free token", 1000 },
	{ "PRO", 2500 },
	{ "Team, Academia", 3000 },
	{ "Enterprise", 6000 },
	{ "Enterprise Plus", 10000 },
	{ "Plus, higher limits", 100000 },
};

enum { TIER_WINDOW_S = 300 };

static double rate_at(const struct forecast *forecast, int64_t quota, int64_t window_s)
{
	return (double)quota / (double)window_s * (double)forecast->config->quota_share / 100;
}

/* Requests a second here and now. 0: as fast as the Hub answers. */
static double rate_here(const struct forecast *forecast)
{
	if (forecast->quota)
		return rate_at(forecast, forecast->quota, forecast->window_s ? forecast->window_s : TIER_WINDOW_S);
	return (double)forecast->config->rate_without_quota;
}

/* --- the table -----------------------------------------------------------------------------------------------------*/

/* With commas, and blanks before it where it is narrow. */
static void write_count(double count, int width, struct buf *out)
{
	char digits[32], text[48];
	int size = snprintf(digits, sizeof(digits), "%.0f", count);
	size_t used = 0;

	for (int i = 0; i < size; i++) {
		if (i && (size - i) % 3 == 0)
			text[used++] = ',';
		text[used++] = digits[i];
	}
	text[used] = '\0';
	buf_printf(out, "%*s", width, text);
}

static void write_kinds(const struct forecast *forecast, struct buf *out)
{
	static const char *const sources[] = {
#define X(constant, text) [constant] = text,
		FORECAST_SOURCES(X)
#undef X
	};

	buf_printf(out, "%-10s%12s%10s%12s%15s\n", "", "repos", "+-", "new a day", "changed a day");
	for (enum repo_kind kind = 0; kind < REPO_KINDS; kind++) {
		const struct forecast_kind *told = &forecast->kind[kind];

		if (!told->wanted)
			continue;
		buf_printf(out, "%-10s", repo_kinds[kind].plural);
		write_count(told->rows, 12, out);
		if (told->source == COUNT_UNREADABLE)
			buf_printf(out, "%10s", "unknown");
		else if (told->source == COUNT_EXACT || !told->rows)
			buf_printf(out, "%10s", "exact");
		else
			buf_printf(out, "%9.0f%%", 100 * told->error / told->rows);
		write_count(told->made_a_day, 12, out);
		write_count(told->changed_a_day, 15, out);
		buf_printf(out, "  %s\n", sources[told->source]);
	}
}

static void write_quota(const struct forecast *forecast, struct buf *out)
{
	double rate = rate_here(forecast);

	if (!forecast->quota && !(rate > 0)) {
		buf_text(out, "\nquota: none is announced, and rate_without_quota is 0: as fast as the Hub answers\n");
		return;
	}
	if (forecast->quota)
		buf_printf(out, "\nquota: %lld requests in %lld s, quota_share %lld%%: ", (long long)forecast->quota,
			(long long)forecast->window_s, (long long)forecast->config->quota_share);
	else
		buf_printf(out, "\nquota: none is announced, rate_without_quota %.0f/s: ", rate);
	write_count(rate * DAY_S, 0, out);
	buf_text(out, " requests a day are ours\n");
}

static void write_finish(int64_t at_ms, struct buf *out)
{
	char text[MOMENT_TEXT];

	moment_write(at_ms, text);
	buf_printf(out, "  %.10s %.5sZ", text, text + 11);
}

/* Lanes that are done once follow each other here; those of each day take a share of it. */
static void write_lanes(const struct forecast *forecast, struct buf *out)
{
	double rate = rate_here(forecast), before_s = 0;

	buf_printf(out, "\n%-14s%12s%9s  %-18s%s\n", "lane", "requests", "hours", "done (UTC)", "for");
	for (size_t i = 0; i < ARRAY_COUNT(lanes); i++) {
		double requests = lanes[i].requests(forecast), took_s = rate > 0 ? requests / rate : 0;

		buf_printf(out, "%-14s", lanes[i].name);
		write_count(requests, 12, out);
		buf_printf(out, "%9.1f", took_s / HOUR_S);
		before_s += took_s;
		if (lanes[i].once)
			write_finish(forecast->now_ms + (int64_t)(before_s * 1000), out);
		else if (took_s > DAY_S)
			buf_printf(out, "  %-17s", "more than a day");
		else
			buf_printf(out, "  %4.1f%% of each day", 100 * took_s / DAY_S);
		buf_printf(out, "  %s\n", lanes[i].counts);
	}
}

static void write_tiers(const struct forecast *forecast, struct buf *out)
{
	buf_printf(out, "\nhours at each tier (requests in 5 minutes, the documentation of 2026-08; quota_share %lld%%)\n%-20s%8s",
		(long long)forecast->config->quota_share, "", "quota");
	for (size_t i = 0; i < ARRAY_COUNT(lanes); i++)
		buf_printf(out, "%15s", lanes[i].name);
	buf_char(out, '\n');
	for (size_t tier = 0; tier < ARRAY_COUNT(tiers); tier++) {
		double rate = rate_at(forecast, tiers[tier].quota, TIER_WINDOW_S);

		buf_printf(out, "%-20s%8lld", tiers[tier].name, (long long)tiers[tier].quota);
		for (size_t i = 0; i < ARRAY_COUNT(lanes); i++)
			buf_printf(out, "%15.2f", lanes[i].requests(forecast) / rate / HOUR_S);
		buf_char(out, '\n');
	}
}

void forecast_print(const struct forecast *forecast, struct buf *out)
{
	buf_printf(out, "%s, asked %u times; nothing was stored\n\n", forecast->hub, forecast->asked);
	if (forecast->leads_away[0])
		buf_printf(out, "NO CRAWL GETS BEYOND THE FIRST PAGE: %s.\n"
			"Let the server name itself in Link, or set `hub` to where its links lead. What follows is an estimate all the same.\n\n",
			forecast->leads_away);
	write_kinds(forecast, out);
	write_quota(forecast, out);
	write_lanes(forecast, out);
	write_tiers(forecast, out);
	buf_text(out, "\nEach lane by itself, as if it had all of our share; those of each day go on while the others run.\n");
}
