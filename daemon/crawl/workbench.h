/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The places at which answers are decoded off the loop: as many at once as there are processors and memory for. A bench
 * has its own decoder and preparer, which keep their memory from page to page; small answers are given to it by the
 * dozen. Loop thread only; the work itself runs on libuv's threads.
 *
 * Memory. Of the option memory_max, 7/12 are for the benches and 5/12 for answers (struct budget). An answer is first read
 * within narrow limits, which every bench can afford at once; the few that need more are read once more, one at a time,
 * within those of the configuration. For what comes of it, memory is set aside before it is decoded; where there is none
 * it waits. What a bench keeps is given back when it had nothing to do for a second.
 */
#ifndef DAEMON_CRAWL_WORKBENCH_H
#define DAEMON_CRAWL_WORKBENCH_H

#include <stdatomic.h>

#include "daemon/hub/decode.h"
#include "daemon/run/budget.h"
#include "daemon/run/clock.h"
#include "storage/page.h"

/* More than can be written: one thread writes what two or three decode. */
enum { BENCHES_MAX = 8 };

/* A body to decode and what became of it; embedded in a request. */
struct work {
	/* in */
	bool only_text;  /* decompress it, and that is all */
	size_t text_max; /* of that; 0: as for pages */
	int (*read_text)(struct work *work, struct slice text); /* may be NULL: reads it, off the loop too; its error is the work's */
	struct slice encoding;
	struct buf *body;
	const struct projection *projection;
	uint32_t rows_max; /* that were asked for */
	bool (*may_take)(struct work *work, size_t bytes); /* may it have so many bytes of the budget? Takes none */
	void (*on_done)(struct work *work);
	void *owner;
	/* out */
	int error; /* of model/error.h */
	struct page page; /* to be released by whoever takes it */
	struct buf text;  /* only_text: the same */
	struct store_problem problem;
	uint64_t text_bytes, took_us;
	/* private */
	struct work *next; /* that waits, or is done together with this one */
	bool large;        /* it does not fit into the narrow limits */
	bool outgrew;      /* they were tried, and it did not */
	size_t room;       /* bytes of the budget, for what comes of it */
};

struct bench {
	uv_work_t item;
	struct workbench *workbench;
	struct decoder decoder;
	struct preparer *preparer;
	struct work *first; /* what it has to do, in order */
	struct bench *next_free;
	bool used; /* since its memory was last looked at */
};

struct workbench {
	struct clock *clock;
	struct clock_timer turn_end, idle;
	struct budget *budget;
	const atomic_bool *stop;
	size_t bytes_max; /* of any answer's text */
	bool alone;       /* a large one is being read: nothing else begins */
	unsigned count, busy;
	struct bench bench[BENCHES_MAX];
	struct bench *free;
	struct work *first, **end; /* waiting for a bench; `end`: where the next one is put */
	size_t bytes;              /* of their bodies */
};

struct workbench_options {
	struct clock *clock;
	struct store *store; /* NULL: only texts are decoded */
	struct budget *budget;
	size_t memory_max;   /* of the configuration */
	size_t bytes_max;    /* of an answer, before and after decompression */
	bool private_repos;
	const atomic_bool *stop; /* set: what is being read ends at its next row, as ERROR_STOPPED */
};

/* How many can decode at once, by processors alone. */
unsigned workbench_processors(void);
/* The part of memory_max that is for answers. */
size_t workbench_answer_bytes(size_t memory_max);

void workbench_init(struct workbench *workbench, const struct workbench_options *options);
/* No work may be under way. */
void workbench_release(struct workbench *workbench);
/* The budget has room again. */
void workbench_run(struct workbench *workbench);

/* on_done follows on the loop, never from within this call. `body` and `projection` must stay until then. */
void workbench_start(struct workbench *workbench, struct work *work);

#endif
