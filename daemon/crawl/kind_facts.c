/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/kind_crawl.h"

#include <stdio.h>

#include "daemon/run/log.h"
#include "daemon/run/metrics.h"

bool kind_facts_read(const struct kind_crawl *kind, struct kind_facts *facts)
{
	struct repo_oid first = { { 0 } };
	struct store_problem problem;
	struct missing_row row;
	struct reader *reader;
	struct slice cursor;
	bool good;

	*facts = (struct kind_facts){ 0 };
	if (reader_open(kind->crawl->options.store, &reader, &problem))
		return false;
	good = reader_sweep(reader, kind->state.kind, &facts->state) == 0 &&
		reader_completeness(reader, kind->state.kind, &facts->completeness) == 0;
	facts->has_swept = reader_cursor(reader, LANE_SWEEP, kind->state.kind, &cursor) == 0;
	facts->has_missing =
		reader_missing_from(reader, kind->state.kind, &first, &row) == 0 && row.kind == kind->state.kind;
	reader_close(&reader);
	return good;
}

/* --- how complete it is known --------------------------------------------------------------------------------------*/

enum { METRICS_A_KIND = METRIC_SWEEP_LISTED_DATASET - METRIC_SWEEP_LISTED_MODEL };

void kind_facts_show(const struct kind_crawl *kind, const struct kind_facts *facts)
{
	enum metric at = METRIC_SWEEP_LISTED_MODEL + (enum metric)kind->state.kind * METRICS_A_KIND;
	const struct recapture *met = completeness_met(&facts->completeness);
	struct recapture_estimate estimate;

	recapture_estimate(met, &estimate);
#define X(count, meaning) metrics_set(at++, facts->completeness.last.count);
	SWEEP_COUNTS(X)
#undef X
	metrics_set(at++, met->second);
	metrics_set(at++, met->both);
	metrics_set(at, estimate.missed);
}

void kind_facts_log_sweep(const struct kind_crawl *kind, const struct kind_facts *facts)
{
	const struct sweep_counts *counts = &facts->completeness.last;

	log_write(LOG_SWEEP_DONE, log_text("kind", repo_kinds[kind->state.kind].name),
		log_number("listed", (int64_t)counts->listed), log_number("known", (int64_t)counts->known),
		log_number("new", (int64_t)counts->fresh), log_number("missing", (int64_t)counts->missing),
		log_number("damaged", (int64_t)counts->damaged));
}

const char *kind_facts_flaw(const struct kind_crawl *kind, const struct kind_facts *facts, char text[FLAW_TEXT])
{
	const struct sweep_counts *counts = &facts->completeness.last;

	if (counts->damaged)
		snprintf(text, FLAW_TEXT, "%llu rows of the listing could not be read%s", (unsigned long long)counts->damaged,
			kind->sweep.names_no_rows ? ": this server sends no usable _id" : "");
	else if (kind->sweep.end.is_short)
		snprintf(text, FLAW_TEXT, "the listing ended before the newest repos");
	else if (!facts->state.complete)
		snprintf(text, FLAW_TEXT, "the sweep brought too few of the known rows");
	else if (!facts->state.ordered)
		snprintf(text, FLAW_TEXT, "the listing is not in the order that was asked for: it may lack what moved meanwhile");
	else
		return NULL;
	return text;
}
