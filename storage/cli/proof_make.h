/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Putting a proof together (storage/proof.h has its form): which records tell of a state, what is kept of how they came, and
 * the chains from them to a head.
 *
 * A chain goes on to the last record of the UTC day of its newest cited one, since that is what kept heads are likely to
 * follow, as far as it is near; to a head that is named it goes in any case, or the proof is refused.
 */
#ifndef STORAGE_CLI_PROOF_MAKE_H
#define STORAGE_CLI_PROOF_MAKE_H

#include "storage/cli/repo_view.h"
#include "storage/cli/version_at.h"
#include "storage/proof.h"

struct proof_order {
	struct tool *tool;
	struct repo_view *view;
	const struct version_at *answer;
	int64_t at_ms;
	uint64_t head_seq; /* to which the chains must go; 0: any */
};

/*
 * The whole file, sealed and without a line end. *cited is how many records tell of the state: of none nothing is proven.
 * ERROR_TOO_BIG: too many records lie between the oldest cited and the head that was named, *between of them where it is not 0.
 * ERROR_NOT_FOUND: a record that tells of the state is newer than that head.
 */
int proof_make(const struct proof_order *order, struct buf *file, unsigned *cited, uint64_t *between);

#endif
