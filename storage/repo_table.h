/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables repo.model, repo.dataset, repo.space: key oid [12], value the fixed row of model/repo.h.
 *
 * A table per kind, not the kind in the key: each then grows at its own end while three sweeps run side by side, and
 * its pages are filled (MDB_APPEND) instead of split in half.
 */
#ifndef STORAGE_REPO_TABLE_H
#define STORAGE_REPO_TABLE_H

#include "storage/reader.h"
#include "storage/txn.h"

/* False where there is none; a damaged row fails the transaction (ERROR_CORRUPT). */
bool repo_get(struct txn *txn, enum repo_kind kind, const struct repo_oid *oid, struct repo_row *row);
void repo_put(struct txn *txn, enum repo_kind kind, const struct repo_oid *oid, const struct repo_row *row);

/* The first row at or behind `ref->oid`. */
bool repo_from(struct txn *txn, MDB_cursor *cursor, MDB_cursor_op op, struct repo_ref *ref);
MDB_cursor *repo_cursor(struct txn *txn, enum repo_kind kind);

#endif
