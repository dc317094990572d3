/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dictionaries that the store trains on what it has (storage/dictionary_train.h), behind a commit that went well.
 */
#ifndef DAEMON_CRAWL_TRAINING_H
#define DAEMON_CRAWL_TRAINING_H

#include "storage/dictionary_train.h"

struct training {
	struct dictionary_training of[DICTIONARY_USES];
};

/* On the committer's thread. A store that cannot take one now says so at the next commit. */
void training_run(struct training *training, struct store *store);
/* On the loop, or where nothing else logs: what came of it. */
void training_tell(const struct training *training);

#endif
