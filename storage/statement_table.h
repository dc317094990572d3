/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables statement and statement.hash: each different statement once.
 *
 *     statement       number u32            class u8 (enum license_class when it was interned), text
 *     statement.hash  hash of text u64, number u32    nothing
 *
 * Rows name their statement by number, so that a report reads the rows alone. Many statements are unique (links), so
 * what is kept in memory of them is bounded.
 */
#ifndef STORAGE_STATEMENT_TABLE_H
#define STORAGE_STATEMENT_TABLE_H

#include "storage/model/license.h"
#include "storage/txn.h"

struct statement_cache; /* hashes to numbers, a bounded number of them */

struct statement_cache *statement_cache_new(void);
void statement_cache_free(struct statement_cache **cache);
void statement_cache_forget(struct statement_cache *cache); /* after an aborted transaction */

/* The number of a text, a new one if it is not there yet. */
uint32_t statement_intern(struct txn *txn, struct statement_cache *cache, struct json *json, struct slice text);
bool statement_get(struct txn *txn, uint32_t number, struct slice *text, enum license_class *class);

#endif
