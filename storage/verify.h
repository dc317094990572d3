/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is the store whole? Walks every table against its check words and against the others.
 *
 *     change       the chain of hashes from the first record (or from --from) to the head, seq without holes, the time
 *                  and repo indexes, times that never run backwards
 *     repo         check word, number, statement, projection, every version decompressed, the canonical hash of the
 *                  newest, the name that leads back to it
 *     name, statement, receipt, missing    what each points to exists
 *     text, text.repo, detail              every text has its hash, every hash its text, every repo its row
 *     counts       entries of tables that must have equally many
 *
 * Each table is walked in a process of its own (verify_child.h): one that crashes over damaged pages, or does not come to
 * its end, is a finding, and the other tables are walked all the same.
 *
 * Nothing is held for long: the store is let go after every few hundred entries, so a crawl can go on beside it. Counts
 * are compared only where nothing was committed meanwhile. Memory does not grow with the store.
 */
#ifndef STORAGE_VERIFY_H
#define STORAGE_VERIFY_H

#include "storage/reader.h"

enum { VERIFY_TEXT = 512 };

struct finding {
	const char *table;
	char key[VERIFY_TEXT];  /* for people: "seq 41", "model 646e8a3c..., version 3" */
	char what[VERIFY_TEXT]; /* may hold bytes of the store: escape where it is shown */
};

struct verify_options {
	uint64_t from_seq; /* records before it are taken as they are; 0 or 1: all are checked */
	/* A head that was kept elsewhere; NULL: none. Text as `relicense head` prints it. */
	const char *head_line;
	void (*on_finding)(void *owner, const struct finding *finding);
	/* A table that could not be walked, since the system gives no more processes or files. May be NULL. */
	void (*on_unwalked)(void *owner, const char *table, const char *why);
	/* From time to time: how many entries were walked in which table. May be NULL. */
	void (*on_progress)(void *owner, const char *table, uint64_t entries);
	void *owner;
	int64_t limit_ms; /* for each few hundred entries of a table; 0: a minute */
};

struct verify_summary {
	uint64_t records, repos, versions, names, statements, receipts, missing, texts;
	uint64_t findings;
	unsigned unwalked; /* tables of which nothing is known: no damage, and the store is not known to be whole */
	bool counts_compared; /* nothing was committed while we walked */
	struct log_head head; /* up to which the chain was walked */
};

void verify_run(struct store *store, const struct verify_options *options, struct verify_summary *summary);

#endif
