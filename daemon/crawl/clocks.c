/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/clocks.h"

#include <stdio.h>

#include "daemon/run/clock.h"
#include "daemon/run/log.h"
#include "daemon/run/metrics.h"
#include "storage/change_index.h"
#include "storage/model/license.h"
#include "storage/model/moment.h"
#include "storage/model/number.h"
#include "storage/reader.h"

enum { SECOND_MS = 1000, CALM_MS = 60 * 60 * 1000, AGE_MAX_S = 24 * 60 * 60, GAP_TEXT_MAX = 256 };

/* --- the judgement -------------------------------------------------------------------------------------------------*/

static bool is_before_newest(const struct clock_readings *readings, int64_t ms)
{
	return ms < readings->newest_ms - CLOCKS_AGREE_MS;
}

struct answer_time clocks_judge(const struct clock_readings *readings)
{
	int64_t ours_ms = readings->ours_ms;
	int64_t hubs_ms = readings->hubs_ms ? readings->hubs_ms + readings->age_ms : ours_ms;
	int64_t earlier_ms = min64(ours_ms, hubs_ms), later_ms = max64(ours_ms, hubs_ms);
	bool agree = later_ms - earlier_ms <= CLOCKS_AGREE_MS;
	bool is_earlier = earlier_ms >= readings->release_ms && !is_before_newest(readings, earlier_ms);
	struct answer_time time = { .at_ms = agree ? ours_ms : is_earlier ? earlier_ms : later_ms };

	/* A Date that is too early makes a poll read more than it must; one that is too late would make it miss changes. */
	time.mark_ms = hubs_ms < time.at_ms && hubs_ms >= readings->release_ms ? hubs_ms : time.at_ms;
	if (is_before_newest(readings, later_ms))
		time.verdict = CLOCKS_BEHIND_LOG;
	else if (!agree)
		time.verdict = time.at_ms == ours_ms ? CLOCKS_OURS : CLOCKS_HUBS;
	time.at_ms = max64(time.at_ms, readings->newest_ms) - readings->age_ms;
	time.mark_ms -= readings->age_ms;
	time.mark_ms -= time.mark_ms % SECOND_MS; /* as Date and lastModified are */
	return time;
}

/* --- from answer to answer -----------------------------------------------------------------------------------------*/

static int64_t newest_in(struct reader *reader)
{
	struct log_head head = { 0 };
	int64_t newest_ms = 0;

	if (reader_head(reader, &head) == ERROR_NONE)
		newest_ms = head.at_ms;
	for (unsigned kind = 0; kind < REPO_KINDS; kind++)
		newest_ms = max64(newest_ms, reader_newest_look(reader, (enum repo_kind)kind));
	return newest_ms;
}

void clocks_init(struct clocks *clocks, struct store *store)
{
	struct store_problem problem;
	struct reader *reader;

	*clocks = (struct clocks){ 0 };
	buf_init(&clocks->gap, GAP_TEXT_MAX);
	/* Nobody can have the program before the day of its tables. */
	moment_read(slice_of(license_tables_version()), &clocks->release_ms);
	if (reader_open(store, &reader, &problem))
		return;
	clocks->newest_ms = newest_in(reader);
	reader_close(&reader);
}

void clocks_release(struct clocks *clocks)
{
	buf_release(&clocks->gap);
}

void clocks_committed(struct clocks *clocks, int64_t newest_ms)
{
	clocks->newest_ms = max64(clocks->newest_ms, newest_ms);
}

int64_t clocks_now_ms(const struct clocks *clocks)
{
	return max64(clock_wall_ms() + clocks->offset_ms, clocks->newest_ms);
}

static void begin_doubt(struct clocks *clocks, const struct clock_readings *readings, const struct answer_time *time)
{
	const char *counts = time->verdict == CLOCKS_OURS ? "ours" : "the Hub's";
	char ours[MOMENT_TEXT], hubs[MOMENT_TEXT];

	moment_write(readings->ours_ms, ours);
	moment_write(readings->hubs_ms, hubs);
	clocks->differ_since_ms = clock_mono_ms();
	clocks->distrusted = 0;
	log_write(LOG_CLOCKS_DIFFER, log_text("ours", ours), log_text("hubs", hubs), log_text("counts", counts));
	buf_reset(&clocks->gap);
	buf_printf(&clocks->gap, "the clocks differ: ours showed %s, the Hub's Date %s; %s counts from here on", ours, hubs,
		counts);
}

static void doubt(struct clocks *clocks, const struct clock_readings *readings, const struct answer_time *time)
{
	int64_t apart_ms = readings->ours_ms - readings->hubs_ms - readings->age_ms;

	if (!clocks->differ)
		begin_doubt(clocks, readings, time);
	clocks->differ = true;
	clocks->differed_ms = clock_mono_ms();
	clocks->distrusted++;
	metrics_set(METRIC_CLOCKS_DIFFER, 1);
	metrics_set(METRIC_CLOCKS_APART, (uint64_t)(apart_ms < 0 ? -apart_ms : apart_ms) / 1000);
	metrics_add(METRIC_ANSWERS_DISTRUSTED, 1);
}

/* One server of many may have a wrong clock: they agree again once no answer has differed for an hour. */
static void trust(struct clocks *clocks)
{
	if (!clocks->differ || clock_mono_ms() - clocks->differed_ms < CALM_MS)
		return;
	clocks->differ = false;
	metrics_set(METRIC_CLOCKS_DIFFER, 0);
	metrics_set(METRIC_CLOCKS_APART, 0);
	log_write(LOG_CLOCKS_AGREE, log_number("differed_ms", clocks->differed_ms - clocks->differ_since_ms),
		log_number("answers", (int64_t)clocks->distrusted));
}

struct answer_time clocks_answered(struct clocks *clocks, int64_t head_at_ms, const struct hub_head *head)
{
	struct clock_readings readings = {
		.ours_ms = head_at_ms,
		.hubs_ms = head->date_ms,
		.age_ms = head->age_s > 0 && head->age_s <= AGE_MAX_S ? head->age_s * 1000 : 0,
		.newest_ms = clocks->newest_ms,
		.release_ms = clocks->release_ms,
	};
	struct answer_time time = clocks_judge(&readings);

	if (time.verdict == CLOCKS_OURS || time.verdict == CLOCKS_HUBS)
		doubt(clocks, &readings, &time);
	else if (time.verdict == CLOCKS_AGREE && readings.hubs_ms)
		trust(clocks);
	clocks->offset_ms = time.at_ms + readings.age_ms - readings.ours_ms;
	return time;
}

/* --- a log that ends in the future ---------------------------------------------------------------------------------*/

struct ahead {
	struct change_terms terms;
	struct log_head head;
	uint64_t seq;                  /* the first record dated ahead of both clocks; 0: it is a look alone */
	int64_t at_ms, before_ms;      /* its time, and that of the record before it; 0: there is none */
};

static int64_t time_of_record(struct reader *reader, struct change_terms *terms, uint64_t seq)
{
	struct slice line;

	return seq && !reader_change(reader, seq, &line) && change_terms_read(terms, line) ? terms->observed_at_ms : 0;
}

/* The times of records never run backwards along seq. */
static void find_ahead(struct reader *reader, int64_t latest_ms, struct ahead *ahead)
{
	uint64_t low = 1, high;

	if (reader_head(reader, &ahead->head) || ahead->head.at_ms <= latest_ms + CLOCKS_AGREE_MS)
		return;
	for (high = ahead->head.seq; low < high;) {
		uint64_t middle = low + (high - low) / 2;

		if (time_of_record(reader, &ahead->terms, middle) > latest_ms + CLOCKS_AGREE_MS)
			high = middle;
		else
			low = middle + 1;
	}
	ahead->seq = low;
	ahead->at_ms = time_of_record(reader, &ahead->terms, low);
	ahead->before_ms = time_of_record(reader, &ahead->terms, low - 1);
}

static void say_ahead(const struct clocks *clocks, const struct store *store, const struct ahead *ahead, int64_t latest_ms,
	struct store_problem *problem)
{
	char now[MOMENT_TEXT], since[MOMENT_TEXT], before[MOMENT_TEXT], newest[MOMENT_TEXT], what[128];

	moment_write(latest_ms, now);
	moment_write(clocks->newest_ms, newest);
	moment_write(ahead->at_ms, since);
	moment_write(ahead->before_ms, before);
	if (ahead->seq)
		snprintf(what, sizeof(what), "since record %llu, of %s, the log", (unsigned long long)ahead->seq, since);
	else
		snprintf(what, sizeof(what), "the newest look, of %s,", newest);
	store_say(problem, ERROR_CLOCK, "%s is ahead of every clock here (%s): it was written while one was wrong, and what "
		"follows could not be dated. Set the clock, if it is slow; or wait until %s; or restore a backup from %s%s; "
		"or move %.160s away, and a new ledger begins", what, now, newest,
		ahead->before_ms ? "before the record after " : "before it", ahead->before_ms ? before : "", store_dir(store));
}

void clocks_refuse(const struct clocks *clocks, struct store *store, int64_t latest_ms, struct store_problem *problem)
{
	struct ahead ahead = { .seq = 0 };
	struct reader *reader;

	change_terms_init(&ahead.terms);
	if (reader_open(store, &reader, problem) == 0) {
		find_ahead(reader, latest_ms, &ahead);
		reader_close(&reader);
	}
	say_ahead(clocks, store, &ahead, latest_ms, problem);
	change_terms_release(&ahead.terms);
}
