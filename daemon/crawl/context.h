/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all lanes and requests share. The daemon's one crawl owns it; loop thread only.
 */
#ifndef DAEMON_CRAWL_CONTEXT_H
#define DAEMON_CRAWL_CONTEXT_H

#include <stdatomic.h>

#include "config/config.h"
#include "daemon/crawl/body_size.h"
#include "daemon/crawl/clocks.h"
#include "daemon/crawl/judge.h"
#include "daemon/crawl/turn.h"
#include "daemon/crawl/workbench.h"
#include "daemon/hub/url.h"
#include "daemon/run/budget.h"
#include "daemon/transfer/engine.h"

struct context {
	struct clock *clock;
	const struct config *config; /* reloadable options change in place */
	const struct hub_origin *origin;
	struct store *store;
	struct engine *engine;
	struct writer *writer;
	struct clocks clocks;
	struct turn turn;
	struct workbench workbench;
	struct budget budget;         /* memory for answers */
	struct body_sizes body_sizes; /* that answers have */
	struct request *requests; /* all that live */
	struct request *spare_requests; /* memory of those that ended */
	unsigned spares;
	bool has_token;
	/* Once: nothing may be written any more, the log lies ahead of both clocks. The crawl ends, but not before this returns. */
	void (*on_log_ahead)(void *owner, int64_t latest_ms);
	void (*on_quiet)(void *owner); /* while stopping: a lane has less under way */
	void *owner;
	atomic_bool stopping; /* nothing new is sent, what is decoded is handed over; long work items look at it too */
};

static inline struct judge_trust context_trust(const struct context *context)
{
	return (struct judge_trust){ .has_token = context->has_token, .trust_404 = context->config->trust_404 };
}

/* A kind of repo, and which of its fields this Hub refuses. */
struct kind_state {
	struct context *context;
	enum repo_kind kind;
	uint32_t refused[ENDPOINT_COUNT];
};

static inline struct projection kind_projection(const struct kind_state *kind, enum endpoint endpoint)
{
	return (struct projection){
		.kind = kind->kind,
		.endpoint = endpoint,
		.fields = fields_asked(kind->kind) & ~kind->refused[endpoint],
		.rules = CANON_RULES,
	};
}

#endif
