/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The places at which answers are decoded off the loop: as many at once as there are processors. A bench has its own
 * decoder and preparer, which keep their memory from page to page. Loop thread only; the work itself runs on
 * libuv's threads.
 */
#ifndef DAEMON_CRAWL_WORKBENCH_H
#define DAEMON_CRAWL_WORKBENCH_H

#include <uv.h>

#include "daemon/hub/decode.h"
#include "storage/page.h"

enum { BENCHES_MAX = 16 };

/* A body to decode and what became of it; embedded in a request. */
struct work {
	/* in */
	bool only_text;  /* decompress it, and that is all */
	size_t text_max; /* of that; 0: as for pages */
	void (*read_text)(void *owner, uint64_t tag, struct slice text); /* may be NULL: reads it, off the loop too */
	void *read_owner;
	uint64_t read_tag;
	struct slice encoding;
	struct buf *body;
	const struct projection *projection;
	void (*on_done)(struct work *work);
	void *owner;
	/* out */
	int error; /* of model/error.h */
	struct page page; /* to be released by whoever takes it */
	struct buf text;  /* only_text: the same */
	struct store_problem problem;
	uint64_t text_bytes, took_us;
	/* private */
	uv_work_t item;
	struct bench *bench;
	struct workbench *workbench;
	struct work *next;
};

struct bench {
	struct decoder decoder;
	struct preparer *preparer;
	struct bench *next_free;
};

struct workbench {
	uv_loop_t *loop;
	unsigned count;
	struct bench bench[BENCHES_MAX];
	struct bench *free;
	struct work *first, *last; /* waiting for a bench */
};

void workbench_init(struct workbench *workbench, uv_loop_t *loop, struct store *store, unsigned benches, size_t bytes_max,
	bool private_repos);
/* No work may be under way. */
void workbench_release(struct workbench *workbench);

/* on_done follows on the loop, never from within this call. `body` and `projection` must stay until then. */
void workbench_start(struct workbench *workbench, struct work *work);

#endif
