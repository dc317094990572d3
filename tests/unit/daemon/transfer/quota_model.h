/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Hub with one bucket on a clock of its own, and a client that sends whenever the governor lets it: request by request,
 * each counted when it reaches the Hub and answered some time later, so that answers overtake each other.
 */
#ifndef QUOTA_MODEL_H
#define QUOTA_MODEL_H

#include <stddef.h>

#include "daemon/transfer/quota.h"

enum rounding { ROUND_DOWN, ROUND_NEAREST, ROUND_UP };

struct model_options {
	int64_t limit, window_ms, phase_ms;
	enum rounding rounding;
	int64_t latency_ms, jitter_ms;  /* there and back together: from latency to latency + jitter */
	int64_t others_percent;         /* of the limit, used by another client at random moments */
	int64_t kill_ms;                /* kill -9 about so often; 0: never */
	int64_t commit_ms;              /* of a block; 0: no blocks */
	int64_t wall_ms;                /* wall clock minus the other one */
	int64_t lost_in;                /* one request in so many gets no answer; 0: none */
	bool silent;
};

struct model_figures {
	int64_t sent, used, refused;   /* by us: asked, granted, answered 429 */
	int64_t refused_most;          /* in one window */
	int64_t windows;               /* whole ones */
	int64_t used_whole;            /* in these */
	int64_t commits, kills;
};

struct model {
	struct model_options options;
	struct model_figures figures;
	struct quota quota;
	int64_t now_ms, next_kill_ms, next_other_ms;
	int64_t window, window_used, window_ours, window_refused, first_whole;
	uint64_t random, life;
	struct model_event *event; /* a heap */
	size_t events, room;
	struct quota_block stored; /* what a start finds */
	bool committing;
	int64_t committed_ms;
	struct quota_block block;
	uint64_t block_number;
};

void model_init(struct model *model, const struct model_options *options, int64_t share_percent, enum quota_pace pace);
void model_release(struct model *model);
void model_run(struct model *model, int64_t until_ms);
/* What is used of what the share allows in whole windows, in hundredths of a percent. */
int64_t model_use(const struct model *model);

#endif
