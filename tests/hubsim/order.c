/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hubsim/order.h"

#include <stdlib.h>

#include "storage/model/memory.h"

enum { BLOCK_REPOS = 1024, BLOCK_FILL = 768 };

struct order_block {
	size_t count;
	struct repo *repo[BLOCK_REPOS];
};

int64_t order_key(enum sort sort, const struct repo *repo)
{
	switch (sort) {
	case SORT_MODIFIED: return repo->modified_ms;
	case SORT_DOWNLOADS: return repo->downloads;
	case SORT_LIKES: return repo->likes;
	case SORT_TRENDING: return repo->trending;
	default: return 0;
	}
}

void order_set_key(enum sort sort, struct repo *probe, int64_t key)
{
	if (sort == SORT_MODIFIED)
		probe->modified_ms = key;
	else if (sort == SORT_DOWNLOADS)
		probe->downloads = key;
	else if (sort == SORT_LIKES)
		probe->likes = key;
	else if (sort == SORT_TRENDING)
		probe->trending = key;
}

/* Keys descending, ties by ascending _id; the orders by _id have no key. */
static int compare(enum sort sort, const struct repo *a, const struct repo *b)
{
	int64_t key_a = order_key(sort, a), key_b = order_key(sort, b);
	int oids = memcmp(a->oid, b->oid, OID_BYTES);

	if (key_a != key_b)
		return key_a > key_b ? -1 : 1;
	return sort == SORT_NEWEST ? -oids : oids;
}

static int compare_for_sort(const void *a, const void *b, void *sort)
{
	return compare(*(const enum sort *)sort, *(struct repo *const *)a, *(struct repo *const *)b);
}

static void add_block(struct order *order, size_t at, struct order_block *block)
{
	if (order->blocks == order->room) {
		order->room = order->room ? order->room * 2 : 16;
		order->block = memory_grow(order->block, order->room, sizeof(struct order_block *));
	}
	memmove(order->block + at + 1, order->block + at, (order->blocks - at) * sizeof(struct order_block *));
	order->block[at] = block;
	order->blocks++;
}

void order_build(struct order *order, enum sort sort, struct repo *const *repo, size_t count)
{
	struct repo **sorted = memory_grow(NULL, count + 1, sizeof(struct repo *));

	order->sort = sort;
	order->built = true;
	if (count)
		memcpy(sorted, repo, count * sizeof(struct repo *));
	qsort_r(sorted, count, sizeof(struct repo *), compare_for_sort, &order->sort);
	for (size_t at = 0; at < count; at += BLOCK_FILL) {
		struct order_block *block = memory_new(sizeof(*block));
		block->count = count - at < BLOCK_FILL ? count - at : BLOCK_FILL;
		memcpy(block->repo, sorted + at, block->count * sizeof(struct repo *));
		add_block(order, order->blocks, block);
	}
	free(sorted);
}

void order_release(struct order *order)
{
	for (size_t i = 0; i < order->blocks; i++)
		free(order->block[i]);
	free(order->block);
	*order = (struct order){ 0 };
}

/* The first place whose repo is not before `repo` (or, with `behind`, is after it). */
static struct order_place seek(const struct order *order, const struct repo *repo, bool behind)
{
	size_t low = 0, high = order->blocks;
	struct order_place place;

	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct order_block *block = order->block[middle];
		if (compare(order->sort, block->repo[block->count - 1], repo) < behind)
			low = middle + 1;
		else
			high = middle;
	}
	place.block = low;
	place.index = 0;
	if (low == order->blocks)
		return place;
	high = order->block[low]->count;
	for (low = 0; low < high;) {
		size_t middle = (low + high) / 2;
		if (compare(order->sort, order->block[place.block]->repo[middle], repo) < behind)
			low = middle + 1;
		else
			high = middle;
	}
	place.index = low;
	return place;
}

static void split(struct order *order, size_t at)
{
	struct order_block *full = order->block[at], *tail = memory_new(sizeof(*tail));

	tail->count = full->count / 2;
	full->count -= tail->count;
	memcpy(tail->repo, full->repo + full->count, tail->count * sizeof(struct repo *));
	add_block(order, at + 1, tail);
}

void order_insert(struct order *order, struct repo *repo)
{
	struct order_place place = seek(order, repo, false);
	struct order_block *block;

	if (order->blocks == 0)
		add_block(order, 0, memory_new(sizeof(struct order_block)));
	else if (place.block == order->blocks)
		place = (struct order_place){ order->blocks - 1, order->block[order->blocks - 1]->count };
	if (order->block[place.block]->count == BLOCK_REPOS) {
		split(order, place.block);
		if (place.index > order->block[place.block]->count) {
			place.index -= order->block[place.block]->count;
			place.block++;
		}
	}
	block = order->block[place.block];
	memmove(block->repo + place.index + 1, block->repo + place.index,
		(block->count - place.index) * sizeof(struct repo *));
	block->repo[place.index] = repo;
	block->count++;
}

void order_remove(struct order *order, const struct repo *repo)
{
	struct order_place place = seek(order, repo, false);
	struct order_block *block;

	if (place.block == order->blocks || order->block[place.block]->repo[place.index] != repo)
		return;
	block = order->block[place.block];
	block->count--;
	memmove(block->repo + place.index, block->repo + place.index + 1,
		(block->count - place.index) * sizeof(struct repo *));
	if (block->count)
		return;
	free(block);
	order->blocks--;
	memmove(order->block + place.block, order->block + place.block + 1,
		(order->blocks - place.block) * sizeof(struct order_block *));
}

struct order_place order_first(void)
{
	return (struct order_place){ 0, 0 };
}

struct order_place order_behind(const struct order *order, const struct repo *probe)
{
	return seek(order, probe, true);
}

struct repo *order_next(const struct order *order, struct order_place *place)
{
	struct repo *repo;

	if (place->block >= order->blocks)
		return NULL;
	repo = order->block[place->block]->repo[place->index];
	if (++place->index == order->block[place->block]->count)
		*place = (struct order_place){ place->block + 1, 0 };
	return repo;
}
