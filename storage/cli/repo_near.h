/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "Did you mean" for a repo that is not known: a known one whose name is one letter away (added, left out, another, two
 * swapped). Names are found by their hash alone, so that all such names are tried: some 40 for each letter and kind, each
 * one look-up, however many repos there are.
 */
#ifndef STORAGE_CLI_REPO_NEAR_H
#define STORAGE_CLI_REPO_NEAR_H

#include "storage/cli/repo_query.h"
#include "storage/model/row.h"

enum { REPO_NEAR_SIZE = ROW_NAME_MAX + 16 };

/* "datasets/owner/name" in `near`; false: none is near. */
bool repo_near(struct reader *reader, const struct repo_query *query, char near[REPO_NEAR_SIZE]);

#endif
