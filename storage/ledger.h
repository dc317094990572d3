/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose log it is. A ledger id names one log that only ever grows at one end; a store that was restored from a backup goes
 * on under an id of its own, because the store that the backup was taken of may go on too.
 *
 *     meta "ledger"         uuid
 *     meta "backup"         u64 1: a copy that nobody has written in; put there by copy.c
 *     meta "ledger.before"  for each earlier id, oldest first: uuid [36], seq u64 of its last record here, its hash [64]
 *
 * Records keep the id under which they were written, and the chain of hashes goes on over a restore.
 */
#ifndef STORAGE_LEDGER_H
#define STORAGE_LEDGER_H

#include "storage/reader.h"
#include "storage/txn.h"

/* Random version 4 UUID (RFC 9562, 5.4). */
void ledger_make_id(char text[STORE_UUID_TEXT]);

/* A writer has opened what may be a backup: then it gets an id of its own. True where it did. */
bool ledger_take_over(struct txn *txn);

/* The n-th id that this log had before, from 0, oldest first; false behind the last. */
bool ledger_before(struct txn *txn, unsigned n, struct ledger_end *end);
/* The id that a record bears; all behind the newest restore bear the store's own. */
void ledger_of(struct txn *txn, uint64_t seq, char ledger[STORE_UUID_TEXT]);
/* Up to which seq this log is that of another id: UINT64_MAX for the store's own. False: it never had that id. */
bool ledger_reaches(struct txn *txn, const char *ledger, uint64_t *seq);

#endif
