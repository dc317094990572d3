/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The check word that stands after a value: four bytes over the value and its key. txn.c writes it, checks it and takes it
 * off, so that no table has to think of it; a value whose word does not fit fails the transaction with ERROR_CORRUPT.
 *
 * Which tables have it stands in STORE_TABLES (store.h): all but those that have no values, or a check of their own. Stores
 * of schema 2 and older have none; a daemon seals them table by table, in key order (migrate.h). How far it is is a row of
 * meta, which every transaction reads until all is sealed.
 *
 *     meta "sealing"    name of a table, 0, a key: tables before it, and its values up to that key, are sealed
 */
#ifndef STORAGE_SEAL_H
#define STORAGE_SEAL_H

#include "storage/model/bytes.h"
#include "storage/store.h"

enum { VALUE_CHECK_BYTES = 4, SEAL_KEY_MAX = 511 /* LMDB's own bound */ };

struct seal_front {
	enum { SEALED_NOTHING, SEALED_TO, SEALED_ALL } state;
	enum store_table table; /* SEALED_TO: as the row of meta says */
	size_t size;
	char key[SEAL_KEY_MAX];
};

bool store_table_has_seal(enum store_table table);

/* From schema and the row of meta (data NULL: none). False: the row names no table. */
bool seal_front_read(uint64_t schema, struct slice row, struct seal_front *front);
/* The row for a front at (table, key). */
#define SEAL_ROW_MAX (64 + SEAL_KEY_MAX)
size_t seal_front_write(enum store_table table, struct slice key, char row[SEAL_ROW_MAX]);

/* Whether the value of that key carries the word (of a look, an older program may have written it: then `value` tells). */
bool seal_is_due(const struct seal_front *front, enum store_table table, struct slice key, const struct slice *value);

uint32_t value_check(struct slice value, struct slice key);
/* Whether what the last four bytes say of the others fits. */
bool value_is_sealed(struct slice value, struct slice key);

#endif
