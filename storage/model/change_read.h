/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A record of the change log read back: what its line says, for whoever judges by it (states at a time, proofs).
 *
 * The line is a stranger's: nothing of it is believed but that it is JSON of the right types; what is absent, null or of
 * another type is left zero. Texts are decoded into the arena, `json` spans borrow from the padded copy there.
 */
#ifndef STORAGE_MODEL_CHANGE_READ_H
#define STORAGE_MODEL_CHANGE_READ_H

#include "storage/model/change.h"

enum { CHANGE_NODES_MAX = 1 << 15 };

struct side_read {
	struct slice json;     /* the object as it stands in the line; size 0: null */
	uint32_t version;      /* 0: reconstructed, or there is no such side */
	struct slice sha, text; /* in hex; size 0: null */
	struct state state;    /* name, statement and bases; the meaning by today's tables */
};

struct change_read {
	uint64_t seq, of;
	enum event event;   /* EVENT_COUNT: one that this program does not know */
	enum origin origin; /* ORIGIN_COUNT: the same */
	bool has_repo;
	enum repo_kind kind;
	struct repo_oid oid;
	int64_t at_ms, observed_after_ms, observed_at_ms; /* 0: null */
	struct slice ledger, hub, url, reason;
	struct side_read before, after;
	struct slice commit;     /* the object; size 0: null */
	struct slice commit_sha; /* in hex */
	int64_t commit_date_ms;
};

/* ERROR_JSON, ERROR_TOO_BIG: it is no record. `json` takes CHANGE_NODES_MAX nodes. */
int change_read(struct json *json, struct slice line, struct arena *arena, struct change_read *change);

/* Whether two sides declare the same license, by the rule of verdicts: spelling does not count. */
bool side_same_license(const struct side_read *a, const struct side_read *b);

#endif
