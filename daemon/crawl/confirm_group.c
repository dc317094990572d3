/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/confirm_group.h"

#include <stdlib.h>

static int compare_row(const void *key, const void *row)
{
	return oid_compare(key, &((const struct missing_repo *)row)->oid);
}

void group_list(struct confirm_group *group, const struct page *page)
{
	for (size_t i = 0; i < page->count; i++) {
		struct missing_repo *row =
			bsearch(&page->observations[i].oid, group->row, group->count, sizeof(*group->row), compare_row);

		if (row)
			row->step = ROW_ENDED;
	}
}

static size_t count_open(const struct confirm_group *group)
{
	size_t open = 0;

	for (size_t i = 0; i < group->count; i++)
		open += group->row[i].step == ROW_OPEN;
	return open;
}

/* xorshift64: chance enough for a sample. */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Each row with the same chance (Knuth's algorithm S): a pattern among the rows must not be met by one in the sample. */
static void draw_sample(struct confirm_group *group, size_t open, uint64_t seed)
{
	size_t wanted = GROUP_SAMPLE;

	for (size_t i = 0; i < group->count && wanted; i++) {
		if (group->row[i].step != ROW_OPEN)
			continue;
		if (next_random(&seed) % open-- < wanted) {
			group->row[i].step = ROW_SAMPLE;
			wanted--;
		}
	}
	group->sample = GROUP_SAMPLE;
}

void group_begin(struct confirm_group *group, uint64_t random)
{
	size_t open = count_open(group);

	group->next = group->asked = group->sample = group->gone = group->present = 0;
	group->sampling = open > GROUP_SAMPLE;
	if (group->sampling)
		draw_sample(group, open, random | 1);
}

struct missing_repo *group_next(struct confirm_group *group)
{
	enum row_step wanted = group->sampling ? ROW_SAMPLE : ROW_OPEN;

	for (; group->next < group->count; group->next++) {
		struct missing_repo *row = &group->row[group->next];

		if (row->step != wanted)
			continue;
		row->step = ROW_ASKED;
		group->asked++;
		group->next++;
		return row;
	}
	return NULL;
}

static enum group_verdict judge_sample(const struct confirm_group *group)
{
	if (group->present == group->sample)
		return GROUP_LATER;
	return group->gone == group->sample && group->owner.size && group->listed ? GROUP_GONE : GROUP_GOES_ON;
}

enum group_verdict group_end(struct confirm_group *group, struct missing_repo *row, enum row_found found)
{
	row->step = ROW_ENDED;
	group->asked--;
	if (!group->sampling)
		return GROUP_GOES_ON;
	group->gone += found == FOUND_GONE;
	group->present += found == FOUND_PRESENT;
	for (; group->next < group->count && group->row[group->next].step != ROW_SAMPLE; group->next++)
		;
	if (group->asked || group->next < group->count)
		return GROUP_GOES_ON;
	group->sampling = false;
	group->next = 0;
	return judge_sample(group);
}

void group_return(struct confirm_group *group, struct missing_repo *row)
{
	size_t at = (size_t)(row - group->row);

	row->step = group->sampling ? ROW_SAMPLE : ROW_OPEN;
	group->asked--;
	if (at < group->next)
		group->next = at;
}

bool group_is_done(const struct confirm_group *group)
{
	return !group->asked && group->next == group->count;
}

size_t group_take_rest(struct confirm_group *group, struct repo_oid *oids)
{
	size_t count = 0;

	for (size_t i = 0; i < group->count; i++) {
		if (group->row[i].step != ROW_OPEN)
			continue;
		group->row[i].step = ROW_ENDED;
		oids[count++] = group->row[i].oid;
	}
	return count;
}
