/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the lanes have in common: one run of a lane over one kind, from lane_begin to on_ended.
 *
 * A run ends when somebody called lane_end() and nothing of it is open any more: no request under way, no answer that is
 * not in the store. So whoever starts the lane again finds the store's cursor where the last run left it. Loop thread.
 */
#ifndef DAEMON_CRAWL_LANE_H
#define DAEMON_CRAWL_LANE_H

#include "daemon/crawl/request.h"

enum { GAP_BYTES_MAX = 256, LANE_HOPS_MAX = 5, CANARY_URL_MAX = 1024, CANARY_FILE_MAX = 128 };

enum lane_end {
	LANE_COMPLETE,
	LANE_AGAIN,  /* start again at once, from the cursor */
	LANE_PARKED, /* it cannot go on now; why says what is wrong */
};

/* See lane_canary.h; kept from run to run. */
struct lane_run;
struct lane_canary {
	char url[CANARY_URL_MAX];
	size_t url_bytes; /* 0: none is known */
	char file[CANARY_FILE_MAX + 1]; /* that it names; empty: it is no file's */
	bool asked;       /* its answer is awaited */
	unsigned hops;
	unsigned odd;     /* answers in a row that decided nothing */
	void (*on_good)(struct lane_run *run); /* set by lanes that have one */
};

struct lane_run {
	/* set once by lane_init */
	struct context *context;
	struct kind_state *kind;
	enum lane lane;
	void (*on_ended)(struct lane_run *run);
	void *owner;
	bool often; /* its runs are told at the level debug */
	void (*on_stored)(struct lane_run *run); /* may be NULL: one of its answers is in the store */
	/* kept from run to run */
	unsigned rows_limit; /* 0: none; a page was too heavy, so fewer rows are asked for until they grow again */
	bool without_card;   /* even one row was too heavy */
	bool doubted;        /* the page at the cursor was full and without a link; it is asked once more */
	struct lane_canary canary;
	bool round_told;     /* a gap record says that the links go round; until a run completes */
	/* of this run */
	bool active;  /* begun and not ended */
	bool ending;  /* lane_end was called: what still arrives is dropped */
	unsigned asked, handed; /* requests and work items under way; answers that are not in the store yet */
	enum lane_end end;
	uint64_t pages, rows;
	uint64_t links, mark; /* followed; the hash of one of them */
	char why[320];
};

void lane_init(struct lane_run *run, struct context *context, struct kind_state *kind, enum lane lane,
	void (*on_ended)(struct lane_run *run), void *owner);
void lane_begin(struct lane_run *run, bool resumed, int64_t watermark_ms);
/* The first end that is told counts. */
void lane_end(struct lane_run *run, enum lane_end end, const char *why);

/* What a lane reads from the store off the loop; embedded in it, one at a time. */
struct lane_load {
	int (*read)(struct lane_run *run, struct store_problem *problem); /* in a work item; the error is told to people */
	void (*on_read)(struct lane_run *run);
	/* private */
	struct lane_run *run;
	uv_work_t work;
	int error;
	struct store_problem problem;
};

/* on_read follows on the loop; where the store could not be read, or the daemon ends meanwhile, the run parks instead. */
void lane_load(struct lane_run *run, struct lane_load *load);

/* Asks for a page; run->asked counts it until lane_answered(). */
void lane_ask(struct lane_run *run, const struct projection *projection, struct slice url, const struct request_calls *calls,
	uint64_t tag);
/* The same for something else than rows of repos. */
void lane_ask_file(struct lane_run *run, enum request_form form, struct slice url, struct slice if_none_match,
	size_t body_max, const struct request_calls *calls, uint64_t tag);
void lane_answered(struct lane_run *run);
/* The same for a page of a listing, with `rows` a page, or as many as rows_limit allows. */
void lane_ask_listing(struct lane_run *run, const struct projection *projection, struct slice url, int64_t rows,
	const struct request_calls *calls, uint64_t tag);
/* So many a page it is now. */
unsigned lane_rows_asked(const struct lane_run *run, int64_t rows);
/* A page of a listing arrived: after one that was cut down, the next may be twice as large. */
void lane_page_fits(struct lane_run *run, int64_t rows);
/* No page is cut down any more. */
void lane_whole_pages(struct lane_run *run);
/* Whether a page that was given up had one row only, without its card: fewer cannot be asked for. */
bool lane_is_down_to_one(const struct lane_run *run, const struct request *request, int64_t rows);
/* A page of a listing was given up: half the rows, down to one, then that without its card; else the lane parks. */
void lane_listing_failed(struct lane_run *run, const struct request *request, int64_t rows);
/* request_hand_over, and the count of what is handed over. */
void lane_hand_over(struct lane_run *run, struct request *request, struct answer *answer);

/* A 400 that names a property of ours: it is dropped for this kind and the run ends as LANE_AGAIN. False: it is none. */
bool lane_dropped_field(struct lane_run *run, struct request *request);
/*
 * An answer that is not a page. What lane_dropped_field() does not settle parks the lane.
 */
void lane_refused(struct lane_run *run, struct request *request);

/*
 * Where a redirect leads, if it may be followed: within the Hub, and `hops` were followed before it. What the redirect
 * drops of the query is kept. NULL, or why not, which has been counted and logged.
 */
const char *lane_redirect(struct lane_run *run, const struct request *request, unsigned hops, struct buf *url);

/* The next page of a listing, as its head tells. */
enum lane_link { LINK_NONE, LINK_NEXT, LINK_REFUSED };
enum lane_link lane_next_link(struct lane_run *run, const struct request *request, struct buf *url);
/*
 * True, once: a page without a next link has as many rows as were asked for, which the true end of a listing rarely has,
 * and one that was cut off always. The run has ended then as LANE_AGAIN; what it says the second time holds.
 */
bool lane_doubts_end(struct lane_run *run, const struct request *request, int64_t rows);

/*
 * For each page that was taken, with its next link: true where the walk was there before. A circle costs at most three
 * times the links that it and the way to it have, and no memory (Brent's way: each is compared with the 1st, 2nd, 4th,
 * 8th ... one of the run). `gap` then gets the reason for a gap record, unless one was made already.
 */
bool lane_goes_round(struct lane_run *run, struct slice next, struct buf *gap);
/* Parks it for that, once the page is handed over. */
void lane_end_round(struct lane_run *run);

#endif
