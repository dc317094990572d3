/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A dry run: a few requests of each kind, from which forecast.h tells what a crawl of this Hub will take. Nothing is
 * stored; a store that is there is read for what it knows.
 *
 *     FIRST    the oldest repos: no next page, and all of them are counted
 *     NEWEST   the youngest: how many a day are new
 *     FLOOR    where thousands share the Hub's first second, that day is left out
 *     INSIDE   wherever density.h wants to know more
 *     CHANGED  what was modified last: how many a day
 *
 * The Hub does not document that a listing can be entered at an oid: where it refuses, or answers as if nothing had been
 * asked, the published figures of 2026-10 count. Phases: dry_run_new, dry_run_start, on_ended once, then dry_run_forecast
 * or dry_run_why, and dry_run_free. Loop thread only.
 */
#ifndef DAEMON_CRAWL_DRY_RUN_H
#define DAEMON_CRAWL_DRY_RUN_H

#include "daemon/crawl/context.h"
#include "daemon/crawl/forecast.h"

struct dry_run_options {
	struct clock *clock;
	const struct config *config;
	const struct hub_origin *origin;
	struct engine *engine;
	bool has_token;
	void (*on_ended)(void *owner);
	void *owner;
};

struct dry_run;

struct dry_run *dry_run_new(const struct dry_run_options *options);
void dry_run_free(struct dry_run **dry_run);
void dry_run_start(struct dry_run *dry_run);

/* NULL: it failed, and dry_run_why() tells. */
const struct forecast *dry_run_forecast(const struct dry_run *dry_run);
const char *dry_run_why(const struct dry_run *dry_run);

#endif
