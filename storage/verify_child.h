/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A walk over one table in a process of its own: LMDB may stumble over a damaged page, or go round in a circle of them.
 * What the child finds comes over a pipe; that it crashed, or said nothing for too long, is a finding too.
 *
 * A child must not use an environment that its parent has opened (lmdb.h): it opens the store itself, and leaves by _exit().
 * Inside storage/ only.
 */
#ifndef STORAGE_VERIFY_CHILD_H
#define STORAGE_VERIFY_CHILD_H

#include "storage/verify_walk.h"

/* --- in the child --------------------------------------------------------------------------------------------------*/

void verify_send_finding(int out, const struct finding *finding);
/* `key`: behind which it is now; a sign of life. */
void verify_send_progress(int out, uint64_t entries, struct slice key);
/* The store could not even be opened, for want of resources. */
void verify_send_unwalked(int out, const char *why);
void verify_send_facts(int out, const struct verify_facts *facts); /* the last thing: the walk came to its end */

/* --- in the parent -------------------------------------------------------------------------------------------------*/

struct verify_child {
	const char *table;
	void (*walk)(void *owner, int out); /* in the child; it ends when this returns */
	void *owner;
	int64_t limit_ms; /* without a sign of life */
};

enum walk_end {
	WALK_BROKEN_OFF, /* the finding that says so was given too */
	WALK_CAME_TO_ITS_END,
	WALK_UNWALKED, /* the system gave no process, or no files, for it: nothing is known, nothing is damaged */
};

/* Calls the functions of the options. `facts` are known where it came to its end. `findings` is counted up. */
enum walk_end verify_child_run(const struct verify_child *child, const struct verify_options *options, struct verify_facts *facts,
	uint64_t *findings);

#endif
