/* SPDX-License-Identifier: Apache-2.0 */
/* One page of a listing before it is written. */
#ifndef HUBSIM_PAGE_H
#define HUBSIM_PAGE_H

#include "tests/hubsim/repo.h"

enum { PAGE_ROWS_MAX = 1000, PAGE_SPARE_ROWS = 2 };

enum page_link { LINK_NONE, LINK_NEXT, LINK_ELSEWHERE, LINK_ITSELF, LINK_FIRST };

struct page {
	struct repo *repo[PAGE_ROWS_MAX + PAGE_SPARE_ROWS]; /* faults can add to a full page */
	unsigned count;
	struct repo *last; /* LINK_NEXT leads behind it */
	enum page_link link;
};

#endif
