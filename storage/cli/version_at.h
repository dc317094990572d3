/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which version of a repo was there at a time, and how sure that is.
 *
 *     version 1                version 2                    version 3
 *     |-- seen ... seen --|    |-- seen ... seen --|   ?    |-- seen ... last look --|   ?
 *     first look              T here: unchanged         T here: uncertain           T here: uncertain
 *
 * A repo is looked at now and then: between the last look at one version and the first at the next nobody knows.
 */
#ifndef STORAGE_CLI_VERSION_AT_H
#define STORAGE_CLI_VERSION_AT_H

#include "storage/reader.h"

enum certainty {
	CERTAINTY_UNCHANGED, /* observed unchanged from A to B */
	CERTAINTY_UNCERTAIN, /* version 3 last seen A, version 4 first seen B */
	CERTAINTY_GAP,       /* uncertain, and it is recorded why nobody looked */
	CERTAINTY_GONE,      /* confirmed gone; the last state is kept */
	CERTAINTY_UNKNOWN,   /* not known: first look C */
};

struct version_at {
	enum certainty certainty;
	uint32_t version;   /* 0: none */
	int64_t from_ms;    /* first seen: A of unchanged */
	int64_t until_ms;   /* last seen: B of unchanged, A of uncertain */
	int64_t next_ms;    /* first seen otherwise; 0: not looked at since */
	bool next_is_gone;  /* then it was gone, not another version */
	int64_t first_look_ms;
	struct slice reason; /* of a gap or of being gone; in the arena */
};

/* at_ms 0: as of the newest look at it. Store errors. */
int version_at(struct reader *reader, const struct repo_ref *ref, int64_t at_ms, struct arena *arena,
	struct version_at *answer);

/* An uncertain answer becomes a gap where the log says why nobody looked. Walks the records between the two looks. */
int version_at_explain(struct reader *reader, const struct repo_ref *ref, struct arena *arena, struct version_at *answer);

const char *certainty_name(enum certainty certainty); /* "unchanged", "uncertain", "gap", "gone", "unknown" */
/* One sentence, without a full stop. */
void version_at_text(const struct version_at *answer, struct buf *out);

/* What a repo's records say of its being there at all. */
struct presence {
	int64_t gone_ms, gone_seen_ms; /* the newest record of being gone up to then, and the last look before; 0: none */
	int64_t restored_ms;           /* the newest record of being back */
	int64_t next_gone_ms, next_gone_seen_ms; /* the first of being gone behind it */
	struct slice reason;
};

int presence_at(struct reader *reader, uint32_t number, int64_t at_ms, struct arena *arena, struct presence *presence);

#endif
