/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/model/arena.h"

#include <stdalign.h>
#include <stdlib.h>

#include "storage/model/memory.h"

/* A single repo's answer needs a few hundred bytes, a page of them megabytes: each block is twice the one before. */
enum { BLOCK_FIRST = 960, BLOCK_MAX = 128 * 1024 };

struct arena_block {
	struct arena_block *older;
	size_t used, room;
	alignas(max_align_t) char data[];
};

static size_t aligned(size_t size)
{
	return (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
}

static char *take(struct arena *arena, size_t size)
{
	struct arena_block *block = arena->block;
	size_t room = block ? 2 * block->room : BLOCK_FIRST;
	char *piece;

	if (!block || block->room - block->used < size) {
		room = room < BLOCK_MAX ? room : BLOCK_MAX;
		room = room > size ? room : size;
		block = memory_grow(NULL, sizeof(*block) + room, 1);
		*block = (struct arena_block){ .older = arena->block, .room = room };
		arena->block = block;
		arena->bytes += room;
	}
	piece = block->data + block->used;
	block->used += size;
	return piece;
}

void *arena_take(struct arena *arena, size_t size)
{
	return memset(take(arena, aligned(size)), 0, aligned(size));
}

struct slice arena_copy_padded(struct arena *arena, struct slice from, size_t padding)
{
	char *copy = take(arena, aligned(from.size + padding + !(from.size + padding)));

	if (from.size)
		memcpy(copy, from.data, from.size);
	memset(copy + from.size, 0, padding);
	return (struct slice){ copy, from.size };
}

struct slice arena_copy(struct arena *arena, struct slice from)
{
	return arena_copy_padded(arena, from, 0);
}

static void free_older(struct arena *arena, struct arena_block *block)
{
	while (block) {
		struct arena_block *older = block->older;
		arena->bytes -= block->room;
		free(block);
		block = older;
	}
}

void arena_reset(struct arena *arena)
{
	if (!arena->block)
		return;
	free_older(arena, arena->block->older);
	arena->block->older = NULL;
	arena->block->used = 0;
}

void arena_release(struct arena *arena)
{
	free_older(arena, arena->block);
	arena->block = NULL;
}
