/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open addressing from a 64-bit hash to borrowed pointers. Several items may share a hash: the caller compares.
 *
 *     size_t at = 0;
 *     while ((item = hash_index_next(&index, hash, &at)))
 *             if (is_it(item)) ...
 *
 * Nothing may be put or removed during such a walk, except as its last act.
 */
#ifndef HUBSIM_HASH_INDEX_H
#define HUBSIM_HASH_INDEX_H

#include <stddef.h>
#include <stdint.h>

struct hash_index {
	struct hash_slot *slot;
	size_t room; /* a power of two, or 0 */
	size_t used; /* living and removed */
	size_t living;
};

void hash_index_release(struct hash_index *index);
void hash_index_put(struct hash_index *index, uint64_t hash, void *item);
void hash_index_remove(struct hash_index *index, uint64_t hash, const void *item);
void *hash_index_next(const struct hash_index *index, uint64_t hash, size_t *at);
/* Every item once, in no order; to free them. */
void hash_index_each(const struct hash_index *index, void (*on_item)(void *item));

#endif
