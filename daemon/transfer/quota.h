/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many requests the Hub grants in one of its buckets, and when the next may go.
 *
 * Pure: time comes in, waiting times go out. All times are clock_mono_ms(). The Hub's numbers are obeyed: our share of
 * the quota is spread evenly over the fixed window; a window that had begun before we came counts in proportion.
 *
 *     UNKNOWN    after a start: one request goes alone, its header is the truth
 *     ANNOUNCED  the Hub told remaining, reset, quota and window
 *     SILENT     it answers without: the configured rate
 *
 * A 429 with nothing remaining waits until the window ends; any other 429 backs off exponentially.
 */
#ifndef DAEMON_TRANSFER_QUOTA_H
#define DAEMON_TRANSFER_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

enum quota_state { QUOTA_UNKNOWN, QUOTA_ANNOUNCED, QUOTA_SILENT };

enum { QUOTA_WAIT_ANSWER = -1 }; /* nothing may go before an answer has come */

/* What one answer told; -1: nothing. */
struct quota_news {
	int64_t remaining, reset_s, quota, window_s, retry_after_s;
};

struct quota {
	/* set by the owner, may change at any time */
	int64_t share_percent;
	int64_t rate; /* requests a second where nothing is announced; 0: no limit */

	/* read only for others */
	enum quota_state state;
	int64_t limit, window_ms;    /* announced */
	int64_t window_end_ms;
	int64_t budget;              /* what we may use of this window */
	int64_t used;                /* what we did use */
	int64_t remaining;           /* the Hub's figure less what is under way */
	int64_t in_flight;
	int64_t last_us;             /* when the last request went, or was due */
	int64_t blocked_until_ms;
	unsigned refusals;           /* 429s in a row that did not come from an empty window */
};

void quota_init(struct quota *quota, int64_t share_percent, int64_t rate);

/* 0: a request may go now. Else how long to ask again after, or QUOTA_WAIT_ANSWER. */
int64_t quota_wait_ms(struct quota *quota, int64_t now_ms);
void quota_sent(struct quota *quota, int64_t now_ms);
/* One for each quota_sent: an answer came (news: what it told, may be nothing), or none did (news NULL). */
void quota_ended(struct quota *quota, const struct quota_news *news, int64_t now_ms);
/* The answer was a 429 (after quota_ended). Returns how long everything waits. */
int64_t quota_refused(struct quota *quota, const struct quota_news *news, uint64_t random, int64_t now_ms);

#endif
