/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/upkeep.h"

#include "daemon/run/log.h"
#include "daemon/run/metrics.h"

enum { PASS_EVERY_MS = 24 * 3600 * 1000 };

static void retain(struct upkeep *upkeep, struct store *store, int64_t retention_ms, int64_t now_ms)
{
	struct retention *pass = &upkeep->pass;
	uint64_t before = pass->dropped;
	struct store_problem problem = { 0 };

	if (now_ms - upkeep->pass_began_ms >= PASS_EVERY_MS) {
		*pass = (struct retention){ .ended = false };
		upkeep->pass_began_ms = now_ms;
		before = 0;
	}
	if (pass->ended)
		return;
	(void)retention_step(store, now_ms - retention_ms, now_ms, pass, &problem);
	upkeep->dropped += pass->dropped - before;
}

void upkeep_run(struct upkeep *upkeep, struct store *store, int64_t retention_ms, int64_t now_ms)
{
	struct store_problem problem = { 0 };

	(void)dictionary_train(store, upkeep->training, &problem);
	if (retention_ms)
		retain(upkeep, store, retention_ms, now_ms);
}

static void tell_training(const struct dictionary_training *one, const char *of)
{
	if (!one->tried)
		return;
	metrics_add(METRIC_DICTIONARIES, one->id != 0);
	log_write(LOG_DICTIONARY, log_text("of", of), log_number("id", one->id), log_number("samples", one->samples),
		log_number("before", (int64_t)one->bytes_before), log_number("after", (int64_t)one->bytes_after));
}

void upkeep_tell(struct upkeep *upkeep)
{
	tell_training(&upkeep->training[DICTIONARY_CONTENT], "metadata");
	tell_training(&upkeep->training[DICTIONARY_TEXT], "texts");
	if (upkeep->dropped == upkeep->told)
		return;
	metrics_add(METRIC_VERSIONS_DROPPED, upkeep->dropped - upkeep->told);
	log_write(LOG_RETENTION, log_number("versions", (int64_t)(upkeep->dropped - upkeep->told)));
	upkeep->told = upkeep->dropped;
}
