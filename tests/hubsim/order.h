/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The repos of one kind in one order: a list of sorted blocks, so that a change moves at most one block's pointers
 * and a walk is sequential. Built from all repos when first asked for, kept up to date from then on.
 */
#ifndef HUBSIM_ORDER_H
#define HUBSIM_ORDER_H

#include "tests/hubsim/repo.h"

enum sort { SORT_OLDEST, SORT_NEWEST, SORT_MODIFIED, SORT_DOWNLOADS, SORT_LIKES, SORT_TRENDING, SORT_COUNT };

struct order {
	struct order_block **block;
	size_t blocks, room;
	enum sort sort;
	bool built;
};

struct order_place {
	size_t block, index;
};

/* The sort key of a repo as the Hub's cursor writes it; not for the two orders by _id. */
int64_t order_key(enum sort sort, const struct repo *repo);
void order_set_key(enum sort sort, struct repo *probe, int64_t key);

void order_build(struct order *order, enum sort sort, struct repo *const *repo, size_t count);
void order_release(struct order *order);
void order_insert(struct order *order, struct repo *repo);
void order_remove(struct order *order, const struct repo *repo);

/* The first place, or the first behind what `probe` (oid and key set) would have. */
struct order_place order_first(void);
struct order_place order_behind(const struct order *order, const struct repo *probe);
/* The repo at `place`, which moves on; NULL at the end. */
struct repo *order_next(const struct order *order, struct order_place *place);

#endif
