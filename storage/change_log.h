/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The change log: tables change, change.time, change.repo and receipt; what else is indexed tells change_index.h.
 *
 *     change       seq u64                              the sealed line
 *     change.time  at u48, seq u64                      nothing
 *     change.repo  number u32, seq u64                  nothing
 *     receipt      seq u64      encoding u16, frame of: url, line feed, Date, line feed, X-Request-Id, line feed, row
 *                               (of more than 4 MiB only _id, id and "cut":{"bytes","sha256"})
 *
 * Records are numbered from 1 without holes and only ever appended. observed_at never runs backwards along seq.
 */
#ifndef STORAGE_CHANGE_LOG_H
#define STORAGE_CHANGE_LOG_H

#include "storage/change_index.h"
#include "storage/frame.h"
#include "storage/reader.h"
#include "storage/txn.h"

/*
 * Gives the change its seq and clamps its observed_at (and `at`, where that is the same), writes and seals the line and
 * moves the head, which the caller read at the start of the transaction and writes at its end (meta_set_head).
 */
void change_log_append(struct txn *txn, struct log_head *head, struct change *change, uint32_t number,
	const struct change_origin *origin, struct buf *line, struct change_terms *terms);
void receipt_put(struct txn *txn, struct frame_maker *frames, uint64_t seq, const struct receipt *receipt,
	struct buf *text, struct buf *value);

/* Its content in `text`, which the receipt borrows from. ERROR_NOT_FOUND, ERROR_CORRUPT, ERROR_COMPRESSION. */
int receipt_get(struct txn *txn, struct frame_maker *frames, uint64_t seq, struct buf *text, struct receipt *receipt);

bool change_get(struct txn *txn, uint64_t seq, struct slice *line);
bool change_time_next(struct txn *txn, MDB_cursor *cursor, struct log_position *position, bool backwards);
/* The newest license.* record of a repo, which its own line names; 0: none. */
uint64_t change_newest_license(struct txn *txn, uint32_t number);
bool change_repo_next(struct txn *txn, MDB_cursor *cursor, uint32_t number, uint64_t *seq);

#endif
