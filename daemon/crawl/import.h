/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lane import: a dump of list rows, read as looks of its day. No network, no loop; the store must be held.
 *
 * First the whole dump is read and nothing is written (dump.h, spool.h); what it is not good for is refused then. After
 * that its rows go in by pages of their order, a batch a transaction: one batch is committed by a thread while the next is
 * prepared. Memory: the spool's 24 bytes a row, twice while sorting, and two batches of at most IMPORT_BATCH_BYTES.
 *
 * A kind's looks never go back in time: a dump must not be older than the newest look of its kinds. The same time again is
 * another part of the same day, or the rest of an import that was cut off: what is in the store already is found as it is.
 * A complete dump is a sweep: what it lacks is missing, to be confirmed by the daemon; of any other nothing is derived from
 * absence, and no baseline ends.
 *
 * A field that no row of a kind has was not asked for, so it is unknown; one that some rows have was asked for of all.
 */
#ifndef DAEMON_CRAWL_IMPORT_H
#define DAEMON_CRAWL_IMPORT_H

#include <signal.h>

#include "config/config.h"
#include "storage/committer.h"

enum { IMPORT_BATCH_BYTES = 64 << 20 };

struct import_options {
	struct store *store;
	const struct config *config;
	const char *path;          /* "-": standard input */
	int64_t observed_ms;       /* when the dump was taken; not in the future */
	bool complete;             /* it has all repos of its kinds */
	enum repo_kind kind;       /* of rows that do not tell theirs (repoType) */
	uint32_t fields;           /* that it was asked for; 0: find out */
	const volatile sig_atomic_t *stop; /* set from outside: end between two batches */
};

enum import_end {
	IMPORT_DONE,
	IMPORT_STOPPED,   /* by `stop`: what is in the store is good, the rest can follow */
	IMPORT_TOO_FEW,   /* all is in the store, but as the dump was not complete nothing is derived from absence */
	IMPORT_NO_INPUT,  /* the dump cannot be opened */
	IMPORT_REFUSED,   /* nothing was written */
	IMPORT_FAILED,    /* the store: its code in `error`; 0: the disk */
};

struct import_kind {
	uint64_t rows; /* in the store now */
	uint64_t repeated, damaged, unidentified;
	uint32_t fields;
	struct commit_counts counts;
};

struct import_result {
	enum import_end end;
	int error;
	char why[640]; /* for people; IMPORT_DONE: empty */
	struct import_kind kind[REPO_KINDS];
};

void import_run(const struct import_options *options, struct import_result *result);

#endif
