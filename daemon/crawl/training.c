/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/training.h"

#include "daemon/run/log.h"
#include "daemon/run/metrics.h"

static const char *const names[DICTIONARY_USES] = { [DICTIONARY_CONTENT] = "metadata", [DICTIONARY_TEXT] = "texts" };

void training_run(struct training *training, struct store *store)
{
	struct store_problem problem = { 0 };

	*training = (struct training){ 0 };
	(void)dictionary_train(store, training->of, &problem);
}

void training_tell(const struct training *training)
{
	for (unsigned use = 0; use < DICTIONARY_USES; use++) {
		const struct dictionary_training *one = &training->of[use];

		if (!one->tried)
			continue;
		metrics_add(METRIC_DICTIONARIES, one->id != 0);
		log_write(LOG_DICTIONARY, log_text("of", names[use]), log_number("id", one->id), log_number("samples", one->samples),
			log_number("before", (int64_t)one->bytes_before), log_number("after", (int64_t)one->bytes_after));
	}
}
