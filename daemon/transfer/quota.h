/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many requests the Hub grants in one of its buckets, and when the next may go.
 *
 * Pure: time comes in, waiting times go out. All times are clock_mono_ms() unless they say wall.
 *
 *     UNKNOWN    after a start: one request goes alone, its header is the truth
 *     ANNOUNCED  the Hub told remaining, reset, quota and window
 *     SILENT     it answers without: the configured rate, and throttle.h
 *
 * ANNOUNCED. window.h knows where the Hub's windows lie; ours ends when the Hub's has certainly ended, so that nothing
 * goes before its turn. Of a window may go the least of
 *
 *     our share   quota * share less what we used of it
 *     the Hub's   what it says is left, less what is under way (that may be counted in its figure, or not), less what
 *                 another client is going to use until the end: as much as the Hub's figure says beyond our own use,
 *                 at the rate of this window or of those before
 *     the block   what was granted in the store before it is used: after kill -9 all of that counts as used
 *
 * spread over the window so that the last answer is there before it can end (QUOTA_EVEN), or at once as long as no other
 * client is seen (QUOTA_BURST). An answer that was overtaken, or belongs to the window before, narrows the bounds and changes no figure. A window that
 * had begun before we came, and of which the store knows nothing, counts in proportion.
 *
 * A 429 with nothing remaining waits until the window ends. One without headers comes from an edge of the network: all
 * of the bucket backs off. One with something remaining is about one action: whoever did that backs off.
 */
#ifndef DAEMON_TRANSFER_QUOTA_H
#define DAEMON_TRANSFER_QUOTA_H

#include "daemon/transfer/throttle.h"
#include "daemon/transfer/window.h"

enum quota_state { QUOTA_UNKNOWN, QUOTA_ANNOUNCED, QUOTA_SILENT };
enum quota_pace { QUOTA_EVEN, QUOTA_BURST };
enum quota_refusal { REFUSED_OWN, REFUSED_OTHERS, REFUSED_ACTION, REFUSED_EDGE };

/* However long a server asks us to wait: a wrong or hostile figure must not stop the crawl for good. */
enum { RETRY_AFTER_MAX_S = 3600 };

enum { QUOTA_WAIT_ANSWER = -1 }; /* nothing may go before an answer or a granted block has come */

/* What one answer told; -1: nothing. */
struct quota_news {
	int64_t remaining, reset_s, quota, window_s, retry_after_s;
};

/* Of one request, from quota_sent to quota_ended. */
struct quota_ticket {
	int64_t sent_ms;
	uint64_t number; /* of the window in which it went */
};

/* What the store keeps of a window. */
struct quota_block {
	int64_t end_wall_ms, window_ms, limit;
	int64_t granted; /* so many requests of this window, ours, count as used */
};

/* 429s in a row for the same reason. */
struct quota_back_off {
	unsigned count;
	int64_t since_ms, until_ms;
};

struct quota {
	/* set by the owner, may change at any time */
	int64_t share_percent;
	int64_t rate; /* requests a second where nothing is announced; 0: no limit */
	enum quota_pace pace;
	bool blocks;  /* only what was granted may go */

	/* read only for others */
	enum quota_state state;
	int64_t limit;       /* announced */
	struct window window;
	uint64_t number;     /* of the window: grows with each */
	int64_t part;        /* of the window is ours, in thousandths */
	int64_t used;        /* by us in this window, with what is under way; of blocks before a start, all */
	int64_t remaining;   /* the Hub's newest figure */
	int64_t others, others_before; /* used by others in this window, at least; in those before, averaged */
	int64_t granted;     /* of this window */
	int64_t in_flight;

	/* private */
	bool told, granting;
	int64_t told_ms, told_sent_ms; /* `remaining`: when it came, and was asked for */
	int64_t lost, lost_ms;         /* ended without news: may be counted */
	int64_t latency_ms;            /* averaged */
	int64_t last_us;               /* when the last request went, or was due */
	int64_t blocked_until_ms;
	struct quota_back_off edge;
	struct throttle throttle;
	int64_t restored, restored_end_ms;
};

void quota_init(struct quota *quota, int64_t share_percent, int64_t rate, int64_t concurrency);

/* 0: a request may go now. Else how long to ask again after, or QUOTA_WAIT_ANSWER. */
int64_t quota_wait_ms(struct quota *quota, int64_t now_ms);
struct quota_ticket quota_sent(struct quota *quota, int64_t now_ms);
/* One for each quota_sent: an answer came (news: what it told, may be nothing), or none did (news NULL). */
void quota_ended(struct quota *quota, const struct quota_ticket *ticket, const struct quota_news *news, bool trouble,
	int64_t now_ms);
/* The answer was a 429 (after quota_ended); says why, and how long the bucket waits. REFUSED_ACTION: not at all. */
enum quota_refusal quota_refused(struct quota *quota, const struct quota_ticket *ticket, const struct quota_news *news,
	uint64_t random, int64_t now_ms, int64_t *wait_ms);

/* The bucket was asked to wait (Retry-After): nothing goes before `until_ms`. */
void quota_hold(struct quota *quota, int64_t until_ms);

/* Exponential back-off with jitter; what was under way together counts once. Returns how long to wait. */
int64_t quota_back_off(struct quota_back_off *back_off, int64_t sent_ms, int64_t retry_after_s, uint64_t random, int64_t now_ms);
void quota_back_off_ends(struct quota_back_off *back_off, int64_t sent_ms); /* a good answer */

/* For shares within ours: requests of a whole window (-1: none announced), of the rest, and the time of the rest. */
int64_t quota_budget(const struct quota *quota);
int64_t quota_allowance(const struct quota *quota, int64_t now_ms);
int64_t quota_left_ms(const struct quota *quota, int64_t now_ms);

/*
 * Blocks. Where one is wanted, it is to be stored and then told to quota_granted(). quota_restore() comes before the first
 * request, with what was stored last.
 */
bool quota_wants_block(struct quota *quota, int64_t now_ms);
struct quota_block quota_next_block(struct quota *quota, int64_t now_ms, int64_t wall_ms, uint64_t *number);
void quota_granted(struct quota *quota, const struct quota_block *block, uint64_t number);
void quota_restore(struct quota *quota, const struct quota_block *block, int64_t now_ms, int64_t wall_ms);

#endif
