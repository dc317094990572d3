/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Table detail: repos whose texts are to be looked at. Written with what caused it, deleted with what was found.
 *
 *     key    kind u8, rank u8, oid [12]
 *     value  since u48, of u64, tries u32, asked u48, reason u8 (the last two are missing where an older program wrote it)
 *
 * A repo stands here once. Those that a license record asks for (rank 0, `of` is the newest such record) go before those
 * whose statement leaves the terms open (rank 1).
 */
#ifndef STORAGE_DETAIL_TABLE_H
#define STORAGE_DETAIL_TABLE_H

#include "storage/reader.h"
#include "storage/txn.h"

void detail_put(struct txn *txn, const struct detail_todo *todo);
/* At either rank. */
bool detail_get(struct txn *txn, enum repo_kind kind, const struct repo_oid *oid, struct detail_todo *todo);
void detail_delete(struct txn *txn, enum repo_kind kind, const struct repo_oid *oid);
bool detail_decode(struct slice key, struct slice value, struct detail_todo *todo);
/* The first at or behind (kind, rank, oid), which go in with `todo`. False behind the last of a kind. */
bool detail_from(struct txn *txn, MDB_cursor *cursor, struct detail_todo *todo);

#endif
