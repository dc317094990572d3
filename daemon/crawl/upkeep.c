/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/upkeep.h"

#include "daemon/run/log.h"
#include "daemon/run/metrics.h"
#include "storage/model/error.h"

enum { PASS_EVERY_MS = 24 * 3600 * 1000, AGAIN_MS = 3600 * 1000 };

static int retain(struct upkeep *upkeep, struct store *store, int64_t retention_ms, int64_t now_ms)
{
	struct retention *pass = &upkeep->pass, before;
	int error = upkeep->pass_began_ms ? ERROR_NONE : retention_load(store, pass, &upkeep->problem);

	if (error)
		return error;
	/* one that has not come to its end goes on, however long ago it began: else its tail would never be reached */
	if (pass->ended && now_ms - pass->began_ms >= PASS_EVERY_MS)
		*pass = (struct retention){ .ended = false };
	if (pass->ended)
		return ERROR_NONE;
	before = *pass;
	error = retention_step(store, now_ms - retention_ms, now_ms, pass, &upkeep->problem);
	upkeep->pass_began_ms = pass->began_ms;
	upkeep->dropped += pass->dropped - before.dropped;
	upkeep->damaged += pass->damaged - before.damaged;
	return error;
}

void upkeep_run(struct upkeep *upkeep, struct store *store, int64_t retention_ms, int64_t now_ms)
{
	int error;

	memset(upkeep->training, 0, sizeof(upkeep->training));
	upkeep->problem.code = ERROR_NONE;
	if (now_ms < upkeep->again_ms)
		return;
	error = dictionary_train(store, upkeep->training, &upkeep->problem);
	if (!error && retention_ms)
		error = retain(upkeep, store, retention_ms, now_ms);
	upkeep->again_ms = error ? now_ms + AGAIN_MS : 0;
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
	if (upkeep->problem.code)
		log_write(LOG_UPKEEP_FAILED, log_text("why", upkeep->problem.text), log_number("retry_ms", AGAIN_MS));
	upkeep->problem.code = ERROR_NONE;
	tell_training(&upkeep->training[DICTIONARY_CONTENT], "metadata");
	tell_training(&upkeep->training[DICTIONARY_TEXT], "texts");
	if (upkeep->damaged)
		log_write(LOG_RETENTION_DAMAGE, log_number("repos", (int64_t)upkeep->damaged));
	upkeep->damaged = 0;
	if (upkeep->dropped == upkeep->told)
		return;
	metrics_add(METRIC_VERSIONS_DROPPED, upkeep->dropped - upkeep->told);
	log_write(LOG_RETENTION, log_number("versions", (int64_t)(upkeep->dropped - upkeep->told)));
	upkeep->told = upkeep->dropped;
}
