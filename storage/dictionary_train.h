/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A new dictionary from what the store has by now.
 *
 * The one that is built in knows the shipped rows alone; one that knows the store's own contents makes their frames a
 * quarter smaller (benchmarks/README.md). So there is a new one whenever a store has twice as many repos, or texts, as
 * when it was last looked for, if it is worth it: of an even sample one part in four is held out, and the new dictionary
 * must pack that 3 % smaller than the one in use.
 */
#ifndef STORAGE_DICTIONARY_TRAIN_H
#define STORAGE_DICTIONARY_TRAIN_H

#include "storage/dictionary.h"

struct dictionary_training {
	bool tried;      /* it was due; what follows is of this try */
	unsigned id;     /* of the new dictionary; 0: it is not worth it */
	uint32_t samples; /* that were held out */
	uint64_t bytes_before, bytes_after; /* of their frames */
};

/*
 * For the one writer of the store, while it has no transaction open: in the process of the daemon, off the loop. Where it
 * is due it takes some tenths of a second and 100 MiB at most. ERROR_FULL and the like: the store is as it was.
 */
int dictionary_train(struct store *store, struct dictionary_training training[DICTIONARY_USES], struct store_problem *problem);

#endif
