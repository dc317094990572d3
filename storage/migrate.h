/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stores of older programs brought to today's schema, by the daemon when it opens one.
 *
 *     schema   came with
 *     1        the first
 *     2        change.term: the entries of all records
 *
 * A step is taken in bounded transactions, each of which notes how far it is (meta "migrated"), and the last of which
 * moves the schema: whoever is killed goes on there, and until then the store is one of the older schema, for readers and
 * for the older daemon alike.
 */
#ifndef STORAGE_MIGRATE_H
#define STORAGE_MIGRATE_H

#include "storage/store.h"

/* From `schema` to STORE_SCHEMA. 0, or what stopped it. */
int migrate(struct store *store, uint64_t schema, const struct store_options *options, struct store_problem *problem);

#endif
