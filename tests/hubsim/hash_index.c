/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hubsim/hash_index.h"

#include <stdlib.h>

#include "storage/model/memory.h"

struct hash_slot {
	uint64_t hash;
	void *item; /* NULL: free */
};

enum { SMALLEST_ROOM = 256 };

static char removed; /* its address marks a removed slot, which a walk steps over */

void hash_index_release(struct hash_index *index)
{
	free(index->slot);
	*index = (struct hash_index){ 0 };
}

static void place(struct hash_index *index, uint64_t hash, void *item)
{
	size_t mask = index->room - 1, at = hash & mask;

	while (index->slot[at].item)
		at = (at + 1) & mask;
	index->slot[at] = (struct hash_slot){ hash, item };
	index->used++;
}

static void rebuild(struct hash_index *index, size_t room)
{
	struct hash_index old = *index;

	index->slot = memory_new(room * sizeof(*index->slot));
	index->room = room;
	index->used = 0;
	for (size_t i = 0; i < old.room; i++)
		if (old.slot[i].item && old.slot[i].item != &removed)
			place(index, old.slot[i].hash, old.slot[i].item);
	free(old.slot);
}

void hash_index_put(struct hash_index *index, uint64_t hash, void *item)
{
	if (index->used * 4 >= index->room * 3) {
		size_t room = index->room ? index->room : SMALLEST_ROOM;
		while (index->living * 2 >= room)
			room *= 2;
		rebuild(index, room);
	}
	place(index, hash, item);
	index->living++;
}

void hash_index_remove(struct hash_index *index, uint64_t hash, const void *item)
{
	size_t mask = index->room - 1;

	if (!index->room)
		return;
	for (size_t at = hash & mask; index->slot[at].item; at = (at + 1) & mask) {
		if (index->slot[at].item == item && index->slot[at].hash == hash) {
			index->slot[at].item = &removed;
			index->living--;
			return;
		}
	}
}

void *hash_index_next(const struct hash_index *index, uint64_t hash, size_t *at)
{
	size_t mask = index->room - 1;

	if (!index->room)
		return NULL;
	for (; index->slot[(hash + *at) & mask].item; ++*at) {
		const struct hash_slot *slot = &index->slot[(hash + *at) & mask];
		if (slot->hash == hash && slot->item != &removed) {
			++*at;
			return slot->item;
		}
	}
	return NULL;
}

void hash_index_each(const struct hash_index *index, void (*on_item)(void *item))
{
	for (size_t i = 0; i < index->room; i++)
		if (index->slot[i].item && index->slot[i].item != &removed)
			on_item(index->slot[i].item);
}
