/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stores of older programs brought to today's schema, by the daemon when it opens one.
 *
 *     schema   came with
 *     1        the first
 *     2        change.term: the entries of all records
 *     3        a check word after every value: seal.h
 *
 * A step is taken in bounded transactions, each of which notes how far it is (meta "migrated", "sealing"): whoever is killed
 * goes on there. Step 2 moves the schema with its last transaction: until then the store is one of the older schema, for
 * readers and for the older daemon alike. Step 3 moves it with its first, since an older program would take the check word
 * for a part of the value; readers of today's program read both sides of the front.
 */
#ifndef STORAGE_MIGRATE_H
#define STORAGE_MIGRATE_H

#include "storage/store.h"

/* From `schema` to STORE_SCHEMA. 0, or what stopped it. */
int migrate(struct store *store, uint64_t schema, const struct store_options *options, struct store_problem *problem);

#endif
