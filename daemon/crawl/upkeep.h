/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the store needs now and then, a little of it behind each commit that went well: dictionaries that are trained on
 * what it has (storage/dictionary_train.h), and once a day, where the operator wants it, old metadata that is dropped
 * (storage/retention.h).
 */
#ifndef DAEMON_CRAWL_UPKEEP_H
#define DAEMON_CRAWL_UPKEEP_H

#include "storage/dictionary_train.h"
#include "storage/retention.h"

/* Zero to begin with. */
struct upkeep {
	struct dictionary_training training[DICTIONARY_USES];
	struct retention pass;   /* that is under way, or was the last; the store keeps its place */
	int64_t pass_began_ms;   /* 0: its place has not been read from the store yet */
	uint64_t dropped, told;  /* versions, in all */
	uint64_t damaged;        /* repos that were passed over, not yet logged */
	struct store_problem problem; /* code 0: none */
	int64_t again_ms;        /* not before then: something went wrong */
};

/*
 * On the committer's thread. retention_ms: how long to keep; 0: for ever. What goes wrong is told, and
 * tried again in an hour.
 */
void upkeep_run(struct upkeep *upkeep, struct store *store, int64_t retention_ms, int64_t now_ms);
/* On the loop, or where nothing else logs: what came of it. */
void upkeep_tell(struct upkeep *upkeep);

#endif
