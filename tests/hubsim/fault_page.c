/* SPDX-License-Identifier: Apache-2.0 */
/* Faults of a listing's pages: a function each, true where it had an effect. */
#include "tests/hubsim/access.h"
#include "tests/hubsim/page.h"
#include "tests/hubsim/random.h"

static uint64_t *dice(struct exchange *exchange)
{
	return &exchange->sim->faults.random;
}

static bool coin(struct exchange *exchange)
{
	return random_chance(dice(exchange), 0.5);
}

static void insert(struct page *page, unsigned at, struct repo *repo)
{
	memmove(page->repo + at + 1, page->repo + at, (page->count - at) * sizeof(*page->repo));
	page->repo[at] = repo;
	page->count++;
}

static void take_out(struct page *page, unsigned at)
{
	page->count--;
	memmove(page->repo + at, page->repo + at + 1, (page->count - at) * sizeof(*page->repo));
}

static bool link_elsewhere(struct exchange *exchange, enum kind kind, struct page *page)
{
	(void)exchange, (void)kind;
	page->link = LINK_ELSEWHERE;
	return true;
}

static bool link_missing(struct exchange *exchange, enum kind kind, struct page *page)
{
	bool had = page->link != LINK_NONE;

	(void)exchange, (void)kind;
	page->link = LINK_NONE;
	return had;
}

static bool cursor_repeats(struct exchange *exchange, enum kind kind, struct page *page)
{
	(void)kind;
	page->link = coin(exchange) ? LINK_ITSELF : LINK_FIRST;
	return true;
}

static bool rows_twice(struct exchange *exchange, enum kind kind, struct page *page)
{
	unsigned at;

	(void)kind;
	if (!page->count)
		return false;
	if (page->link == LINK_NEXT && page->count > 1 && coin(exchange)) {
		page->last = page->repo[page->count - 2];
		return true;
	}
	at = (unsigned)random_below(dice(exchange), page->count);
	insert(page, at + (unsigned)random_below(dice(exchange), page->count - at), page->repo[at]);
	return true;
}

static bool rows_vanish(struct exchange *exchange, enum kind kind, struct page *page)
{
	(void)kind;
	if (!page->count)
		return false;
	take_out(page, (unsigned)random_below(dice(exchange), page->count));
	return true;
}

static bool row_moves(struct exchange *exchange, enum kind kind, struct page *page)
{
	struct faults *faults = &exchange->sim->faults;
	unsigned at;

	if (!page->count || page->link != LINK_NEXT)
		return false;
	at = (unsigned)random_below(dice(exchange), page->count);
	faults->moved[kind].held = true;
	memcpy(faults->moved[kind].oid, page->repo[at]->oid, OID_BYTES);
	if (coin(exchange))
		take_out(page, at);
	return true;
}

static bool (*const acts[FAULT_COUNT])(struct exchange *exchange, enum kind kind, struct page *page) = {
	[FAULT_LINK_HOST] = link_elsewhere,
	[FAULT_LINK_MISSING] = link_missing,
	[FAULT_CURSOR_REPEATS] = cursor_repeats,
	[FAULT_ROWS_TWICE] = rows_twice,
	[FAULT_ROWS_VANISH] = rows_vanish,
	[FAULT_ROW_MOVES] = row_moves,
};

/* What row-moves took from the page before. */
static void show_moved(struct exchange *exchange, enum kind kind, struct page *page)
{
	struct faults *faults = &exchange->sim->faults;
	struct repo *repo;

	if (!faults->moved[kind].held || !request_parameter(&exchange->request, "cursor").size)
		return;
	faults->moved[kind].held = false;
	repo = hub_by_oid(&exchange->sim->hub, kind, faults->moved[kind].oid);
	if (repo && !repo->deleted && access_sees(&exchange->account, repo))
		insert(page, (unsigned)random_below(dice(exchange), page->count + 1), repo);
}

void fault_page(struct exchange *exchange, enum kind kind, struct page *page)
{
	enum fault fault = fault_of(exchange, FAULT_IN_PAGE);

	show_moved(exchange, kind, page);
	if (fault != FAULT_NONE && acts[fault](exchange, kind, page))
		fault_happened(exchange);
}
