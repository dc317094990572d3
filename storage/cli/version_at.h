/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which version of a repo was there at a time, and how sure that is.
 *
 *     version 1                version 2                    version 3
 *     |-- seen ... seen --|    |-- seen ... seen --|   ?    |-- seen ... last look --|   ?
 *     first look              T here: unchanged         T here: uncertain           T here: uncertain
 *
 * A repo is looked at now and then: between the last look at one version and the first at the next nobody knows. Before the
 * first look its commits may tell (past_at.h): that is a series of its own, and looks are never asked twice.
 */
#ifndef STORAGE_CLI_VERSION_AT_H
#define STORAGE_CLI_VERSION_AT_H

#include "storage/cli/past_at.h"

enum certainty {
	CERTAINTY_UNCHANGED, /* observed unchanged from A to B, or seen once */
	CERTAINTY_UNCERTAIN, /* version 3 last seen A, version 4 first seen B */
	CERTAINTY_GAP,       /* uncertain, and it is recorded why nobody looked */
	CERTAINTY_GONE,      /* confirmed gone; the last state is kept */
	CERTAINTY_UNKNOWN,   /* it was watched only later */
	CERTAINTY_RECONSTRUCTED, /* before the first look; by the repo's commits */
};

/* Who speaks: looks of our own, dumps that were imported, or commits. */
enum series { SERIES_NONE, SERIES_OBSERVED, SERIES_IMPORTED, SERIES_RECONSTRUCTED };

struct version_at {
	enum certainty certainty;
	uint32_t version;   /* 0: none */
	int64_t version_ms; /* when it was first seen */
	int64_t from_ms;    /* the same, or when it was back: A of unchanged */
	int64_t until_ms;   /* last seen: B of unchanged, A of uncertain */
	int64_t next_ms;    /* first seen otherwise; 0: not looked at since */
	bool next_is_gone;  /* then it was gone, not another version */
	int64_t first_look_ms, created_ms; /* created: by the Hub, where the time lies before it; else 0 */
	struct slice reason; /* of a gap or of being gone, or what of the commits was not looked at; in the arena */
	enum series series;
	struct past_at past; /* of SERIES_RECONSTRUCTED */
};

/* at_ms 0: as of the newest look at it. By the looks alone: of the time before them nothing is known. Store errors. */
int version_at(struct reader *reader, const struct repo_ref *ref, int64_t at_ms, struct arena *arena,
	struct version_at *answer);

/* By the looks, and before the first one by the commits. With the series. */
int state_at(struct reader *reader, const struct repo_ref *ref, int64_t at_ms, struct arena *arena,
	struct version_at *answer);
/* Who brought what was first seen then, where no record tells: before the first look of our own it was a dump. */
int series_of_look(struct reader *reader, int64_t observed_at_ms, enum series *series);
/* Whether a version, which was first seen then, was brought by a dump. Goes through the repo's records. */
int series_of_version(struct reader *reader, const struct repo_ref *ref, uint32_t version, int64_t observed_at_ms,
	enum series *series);

/* An uncertain answer becomes a gap where the log says why nobody looked. Walks the records between the two looks. */
int version_at_explain(struct reader *reader, const struct repo_ref *ref, struct arena *arena, struct version_at *answer);

const char *certainty_name(enum certainty certainty); /* "unchanged", "uncertain", "gap", "gone", "unknown", "reconstructed" */
const char *series_name(enum series series); /* "observed", "imported", "reconstructed"; NULL for none */
enum series series_read(struct slice name); /* SERIES_NONE for any other */
/* Whether there is a state to be told. */
bool answer_is_known(const struct version_at *answer);
/* Sentences, the last without a full stop. */
void version_at_text(const struct version_at *answer, struct buf *out);
/* What stands before the state where it is in doubt: "uncertain, version 3 or 4; by version 3: ". Nothing where it is sure. */
void version_at_doubt(const struct version_at *answer, struct buf *out);

/* What a repo's records say of its being there at all. */
struct presence {
	int64_t gone_ms, gone_seen_ms; /* the newest record of being gone up to then, and the last look before; 0: none */
	int64_t restored_ms;           /* the newest record of being back */
	int64_t next_gone_ms, next_gone_seen_ms; /* the first of being gone behind it */
	struct slice reason;
};

int presence_at(struct reader *reader, uint32_t number, int64_t at_ms, struct arena *arena, struct presence *presence);

#endif
