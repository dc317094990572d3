/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/run/budget.h"

#include <assert.h>

#include "daemon/run/metrics.h"

bool budget_fits(struct budget *budget, size_t bytes)
{
	bool fits = !budget->used || (budget->used <= budget->max && bytes <= budget->max - budget->used);

	budget->wanted |= !fits;
	return fits;
}

void budget_take(struct budget *budget, size_t bytes)
{
	budget->used += bytes;
	metrics_set(METRIC_ANSWER_BYTES, budget->used);
}

void budget_give(struct budget *budget, size_t bytes)
{
	assert(budget->used >= bytes);
	budget->used -= bytes;
	metrics_set(METRIC_ANSWER_BYTES, budget->used);
	if (!bytes || !budget->wanted)
		return;
	budget->wanted = false;
	if (budget->on_room)
		budget->on_room(budget->owner);
}
