/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a lane stands, as text in the store: it is committed with the answers before it, so that kill -9 at any moment
 * goes on exactly behind what is in the store.
 *
 *     {"next":"https://...","pages":12,"rows":12000,"projection":"models list rules=1 ...","started":1700000000000,"watermark":...}
 *
 * A sweep in several segments has instead of "next":
 *
 *     "segments":[["<its last oid>","https://..."],["<its last oid>",null], ...]    null: it is done
 *
 * `next` is the request that comes next; none: the lane had finished. The projection is the one that `next` asks with,
 * which may be that of an older program. Times are the Hub's, as far as it is believed (mark_ms of clocks.h), in unix
 * milliseconds; 0 = not known.
 *
 *     lane   started                              watermark
 *     sweep  of this sweep                        start of this store's very first sweep
 *     poll   of the poll under way                everything modified before it has been seen
 */
#ifndef DAEMON_CRAWL_CURSOR_H
#define DAEMON_CRAWL_CURSOR_H

#include "daemon/hub/url.h"
#include "storage/model/lane.h"
#include "storage/store.h"

struct cursor_segment {
	struct repo_oid until;
	struct buf next;
};

struct cursor {
	struct buf next;
	unsigned segment_count; /* 0: `next` is all there is */
	struct cursor_segment segment[SWEEP_SEGMENTS_MAX];
	struct projection projection; /* of next */
	uint64_t pages, rows;         /* so far */
	int64_t started_ms, watermark_ms;
};

enum { CURSOR_BYTES_MAX = (SWEEP_SEGMENTS_MAX + 4) * URL_MAX };

void cursor_init(struct cursor *cursor);
void cursor_release(struct cursor *cursor);
/* As after cursor_init, memory kept. */
void cursor_reset(struct cursor *cursor);

void cursor_write(const struct cursor *cursor, struct buf *out);
/* False: not a cursor; it is as after cursor_init then. Fields that are not known are ignored. */
bool cursor_read(struct slice text, struct cursor *cursor);

/* Something is left to ask for: the lane was cut off on its way. */
bool cursor_is_open(const struct cursor *cursor);

/* The committed one of a lane; false where there is none. Reads the store: at the start of a lane only. */
bool cursor_load(struct store *store, enum lane lane, enum repo_kind kind, struct cursor *cursor);

#endif
