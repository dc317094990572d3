/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Made-up rows that look like the Hub's: shares of licenses, numbers of tags, sizes, names, base models, cards and
 * dates after a profile of 935,000 real rows (2024-07), deterministic for a seed.
 */
#ifndef HUBSIM_GENERATE_H
#define HUBSIM_GENERATE_H

#include "tests/hubsim/hub.h"

/* `count` rows in all, of the kinds in proportion to `share`. */
void generate_rows(struct hub *hub, uint64_t count, const unsigned share[KIND_COUNT], uint64_t seed);

/* The members of one made-up row, `{...}`; the number decides everything, the name included. */
void generate_row(enum kind kind, uint64_t number, uint64_t seed, struct buf *out);

#endif
