/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/history_plan.h"

#include <assert.h>
#include <string.h>

void history_plan_init(struct history_plan *plan, uint32_t commits, uint32_t requests)
{
	assert(commits > 0 && commits <= HISTORY_COMMITS_MAX);
	*plan = (struct history_plan){ .commits = commits, .requests = requests };
}

/* --- looks ---------------------------------------------------------------------------------------------------------*/

static bool is_good(const struct history_plan *plan, unsigned look)
{
	return plan->look[look].value != HISTORY_UNREADABLE;
}

/* The next good look at or behind this one; plan->looks: none. */
static unsigned good_from(const struct history_plan *plan, unsigned look)
{
	while (look < plan->looks && !is_good(plan, look))
		look++;
	return look;
}

bool history_plan_switch(const struct history_plan *plan, unsigned *look, struct history_switch *found)
{
	for (;;) {
		unsigned newer = good_from(plan, *look), older = good_from(plan, newer + 1);

		if (newer >= plan->looks || older >= plan->looks)
			return false;
		*look = older;
		if (plan->look[newer].value == plan->look[older].value)
			continue;
		*found = (struct history_switch){ plan->look[newer].at, plan->look[older].at, plan->look[older].value,
			plan->look[newer].value };
		return true;
	}
}

static unsigned switches(const struct history_plan *plan)
{
	struct history_switch found;
	unsigned look = 0, count = 0;

	while (history_plan_switch(plan, &look, &found))
		count++;
	return count;
}

/* floor(2 * log2(commits)) is the place of the highest bit of its square. */
static uint32_t twice_log2(uint32_t commits)
{
	uint64_t square = (uint64_t)commits * commits;

	return 63 - (uint32_t)__builtin_clzll(square);
}

uint32_t history_plan_budget(const struct history_plan *plan)
{
	unsigned found = switches(plan);

	return 3 + twice_log2(plan->commits) * (found ? found : 1);
}

/* --- the next one --------------------------------------------------------------------------------------------------*/

/* Where the next look halves best: the widest run of unseen commits, one that is known to hide a switch before all others. */
struct choice {
	bool hides_switch;
	uint32_t width, middle;
};

static void consider(struct choice *best, uint32_t newer, uint32_t older, bool hides_switch)
{
	uint32_t width = older - newer - 1;
	bool better = hides_switch != best->hides_switch ? hides_switch : width > best->width;

	if (width && better)
		*best = (struct choice){ hides_switch, width, newer + (older - newer) / 2 };
}

static bool hides_switch(const struct history_plan *plan, unsigned look)
{
	unsigned newer = look, older = good_from(plan, look + 1);

	while (newer > 0 && !is_good(plan, newer))
		newer--;
	return is_good(plan, newer) && older < plan->looks && plan->look[newer].value != plan->look[older].value;
}

bool history_plan_next(const struct history_plan *plan, uint32_t *at)
{
	struct choice best = { 0 };

	if (plan->looks == HISTORY_LOOKS_MAX || (plan->looks && plan->requests >= history_plan_budget(plan)))
		return false;
	if (plan->looks < 2) {
		*at = plan->looks ? plan->commits - 1 : 0;
		return plan->looks < plan->commits;
	}
	for (unsigned i = 0; i + 1 < plan->looks; i++)
		consider(&best, plan->look[i].at, plan->look[i + 1].at, hides_switch(plan, i));
	*at = best.middle;
	return best.width > 0;
}

void history_plan_learn(struct history_plan *plan, uint32_t at, int value, uint32_t requests)
{
	unsigned place = plan->looks;

	assert(plan->looks < HISTORY_LOOKS_MAX && at < plan->commits);
	while (place > 0 && plan->look[place - 1].at > at)
		place--;
	memmove(plan->look + place + 1, plan->look + place, (plan->looks - place) * sizeof(*plan->look));
	plan->look[place] = (struct history_look){ at, value };
	plan->looks++;
	plan->requests += requests;
}

/* --- what was not looked at ----------------------------------------------------------------------------------------*/

static bool is_seen(const struct history_plan *plan, uint32_t at)
{
	for (unsigned i = 0; i < plan->looks && plan->look[i].at <= at; i++)
		if (plan->look[i].at == at)
			return is_good(plan, i);
	return false;
}

bool history_plan_unlooked(const struct history_plan *plan, uint32_t *from, struct history_stretch *stretch)
{
	uint32_t at = *from;

	while (at < plan->commits && is_seen(plan, at))
		at++;
	stretch->first = at;
	while (at < plan->commits && !is_seen(plan, at))
		at++;
	*from = at;
	stretch->last = at - 1;
	return stretch->first < at;
}
