/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The texts of a repo, its license file and its card, and what a look at one of them came to.
 *
 * A card counts from behind its front matter: what stands in there is metadata, and the snapshots' business. Pure.
 */
#ifndef STORAGE_MODEL_TEXT_H
#define STORAGE_MODEL_TEXT_H

#include "storage/model/license.h"
#include "storage/model/repo.h"
#include "storage/model/rest.h"

enum { TEXT_HASH_BYTES = 32, TEXT_NAME_MAX = 100, TEXT_ETAG_MAX = 100 };

enum text_kind { TEXT_LICENSE, TEXT_CARD, TEXT_KINDS };

/* X(constant, name, meaning); the first ones are stored by number: append before TEXT_SAME only */
#define TEXT_OUTCOME_TABLE(X) \
	X(TEXT_UNSEEN, "unseen", "not looked at yet") \
	X(TEXT_FOUND, "found", "its text is here") \
	X(TEXT_NONE, "none", "there is no such file, or nothing in it") \
	X(TEXT_GATED, "gated", "not looked at: the Hub gives the repo's files only to those it knows") \
	X(TEXT_ELSEWHERE, "elsewhere", "not looked at: stored on another host") \
	X(TEXT_UNFIT, "unfit", "not looked at: too large, or not a text") \
	X(TEXT_SAME, "same", "as it was at the last look") \
	X(TEXT_LOST, "lost", "the commit is not there any more") \
	X(TEXT_UNDECIDED, "undecided", "an answer that decides nothing")

enum text_outcome {
#define X(constant, name, meaning) constant,
	TEXT_OUTCOME_TABLE(X)
#undef X
	TEXT_OUTCOME_COUNT
};

/* What is known of one text of one repo. */
struct text_seen {
	enum text_outcome outcome; /* of the last look */
	int64_t looked_ms;         /* when that was */
	enum text_outcome known;   /* TEXT_UNSEEN, or as it was last seen: TEXT_FOUND, TEXT_NONE */
	int64_t seen_ms;           /* when it was last seen so */
	uint32_t version;          /* of the repo then */
	uint8_t sha[SHA_BYTES];    /* the commit; zero: main, of a repo whose head is not known */
	uint8_t hash[TEXT_HASH_BYTES]; /* SHA-256, of TEXT_FOUND */
	uint32_t bytes;
	uint64_t told;             /* the newest license record whose evidence was written */
	struct slice name, etag;   /* of the file; size 0: none */
};

struct text_entry {
	uint8_t sha[SHA_BYTES]; /* the head at which it was looked last */
	struct text_seen seen[TEXT_KINDS];
};

/* One look, as the lane hands it over. */
struct text_look {
	struct repo_oid oid;
	enum text_kind kind;
	enum text_outcome outcome;
	uint8_t sha[SHA_BYTES]; /* the commit that was asked for */
	uint32_t version;       /* of the repo when it was asked */
	uint64_t of;            /* the license record that asked for it; 0: none */
	struct slice name, etag;
	struct slice text;      /* of TEXT_FOUND, not empty; a card from behind its front matter */
	bool last;              /* nothing more of this repo comes now */
	enum rest_reason rest;  /* of TEXT_UNDECIDED: why */
};

/* The front matter's end: behind the line `---` that closes the one on the first line; the whole text where there is none. */
struct slice text_card_body(struct slice card);
/* Without the white space at both ends. */
struct slice text_trimmed(struct slice text);

/* Whether the license text decides what the statement means: an id `other`, or one that no table has. */
bool text_decides(const struct statement *statement, const struct license_meaning *meaning);

const char *text_outcome_name(enum text_outcome outcome);
const char *text_outcome_meaning(enum text_outcome outcome);

#endif
