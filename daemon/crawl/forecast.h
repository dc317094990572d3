/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the lanes will ask of the Hub, and how long that takes at its quotas. Pure: figures in, a table out.
 */
#ifndef DAEMON_CRAWL_FORECAST_H
#define DAEMON_CRAWL_FORECAST_H

#include "config/config.h"
#include "storage/model/buf.h"
#include "storage/model/repo.h"

/* X(constant, how it is told); the weakest last */
#define FORECAST_SOURCES(X) \
	X(COUNT_EXACT, "all on one page") \
	X(COUNT_STORED, "known to the store") \
	X(COUNT_SAMPLED, "estimated from pages") \
	X(COUNT_PUBLISHED, "as published, grown since") \
	X(COUNT_UNREADABLE, "only so many of its first page can be read: the others have no usable _id")

enum forecast_source {
#define X(constant, text) constant,
	FORECAST_SOURCES(X)
#undef X
};

struct forecast_kind {
	bool wanted;
	double rows, error; /* error: how far off rows may be */
	enum forecast_source source;
	double made_a_day, changed_a_day;
};

struct forecast {
	const char *hub;
	int64_t now_ms;
	unsigned asked;              /* requests that this took */
	int64_t quota, window_s;     /* announced; quota 0: nothing was */
	const struct config *config;
	uint64_t missing;            /* rows that wait for confirmation already */
	char leads_away[200];        /* why no crawl gets to a second page, where the Hub's links cannot be followed; else "" */
	struct forecast_kind kind[REPO_KINDS];
};

void forecast_print(const struct forecast *forecast, struct buf *out);

#endif
