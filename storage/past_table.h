/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is to be learnt from commits, and what was.
 *
 *     evidence    seq u64       kind u8, oid [12], sha before [20], sha after [20], tries u8, asked u48, reason u8
 *     backfill    number u32    kind u8, oid [12], sha [20], when u48, outcome u8
 *
 * An evidence entry is written with its license record and goes with the evidence.commit record that answers it. A backfill
 * entry stays: it says up to which commit the history before the first look was searched, so that nothing is told twice.
 */
#ifndef STORAGE_PAST_TABLE_H
#define STORAGE_PAST_TABLE_H

#include "storage/reader.h"
#include "storage/txn.h"

void evidence_put(struct txn *txn, const struct evidence_due *due);
bool evidence_get(struct txn *txn, uint64_t seq, struct evidence_due *due);
bool evidence_from(struct txn *txn, MDB_cursor *cursor, uint64_t seq, struct evidence_due *due); /* at or behind seq */
void evidence_delete(struct txn *txn, uint64_t seq);
bool evidence_decode(struct slice key, struct slice value, struct evidence_due *due);

void past_put(struct txn *txn, uint32_t number, const struct past_row *row);
bool past_get(struct txn *txn, uint32_t number, struct past_row *row);
bool past_decode(struct slice value, struct past_row *row);

#endif
