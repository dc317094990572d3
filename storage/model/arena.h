/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that is taken in small pieces and given back at once: one arena a page of the Hub.
 *
 * Pieces never move, so slices into an arena stay good until arena_reset (which keeps one block for the next page) or
 * arena_release. One thread at a time.
 */
#ifndef STORAGE_MODEL_ARENA_H
#define STORAGE_MODEL_ARENA_H

#include "storage/model/bytes.h"

struct arena_block;

struct arena {
	struct arena_block *block; /* newest first */
	size_t bytes;              /* held from the system */
};

void *arena_take(struct arena *arena, size_t size); /* zeroed, aligned for any type */
struct slice arena_copy(struct arena *arena, struct slice from);
struct slice arena_copy_padded(struct arena *arena, struct slice from, size_t padding); /* zeroes behind it */
void arena_reset(struct arena *arena);
void arena_release(struct arena *arena);

#endif
