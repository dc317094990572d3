/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What backup and compact share: progress on a terminal, and what they say at their end.
 */
#ifndef STORAGE_CLI_CARE_H
#define STORAGE_CLI_CARE_H

#include "storage/cli/tool.h"
#include "storage/copy.h"

typedef void care_progress_function(void *owner, uint64_t done, uint64_t of);

/* NULL where standard error is no terminal. */
care_progress_function *care_progress(void);
void care_progress_end(void);

void care_print(struct tool *tool, const char *what, const char *where, const struct copy_result *result);

#endif
