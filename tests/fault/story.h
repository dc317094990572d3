/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A little history of a Hub in STORY_STEPS batches with fixed times: two sweeps, switches, renames, deletions, damage, a
 * broken-off sweep. Each batch brings its number as the poll lane's cursor, so that who comes back knows what is in.
 */
#ifndef TESTS_FAULT_STORY_H
#define TESTS_FAULT_STORY_H

#include <sys/types.h>

#include "tests/unit/storage/fixture.h"

enum { STORY_STEPS = 24 };

/* The first step that is not in the store. */
unsigned story_next(struct fixture *f);
/* Prepares and commits one step. The committer's error, or 0. `again`: tries the very same batch so many times more. */
int story_step(struct fixture *f, unsigned step, unsigned again);
/* What a store knows that has met nothing bad; the fixture must be fresh. */
const char *story_undisturbed(struct fixture *f);

/*
 * A process that has the store open as a reader and reads it again and again until detach_reader(); the fixture must be shut,
 * and its store be there.
 */
pid_t attach_reader(struct fixture *f);
void detach_reader(pid_t reader);

#endif
