/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a card declares as a repo's origin: the names in base_model, datasets and models. Pure.
 *
 * Cards spell one name in many ways, and tools that save a card turn one into the other: a string, a list, a list of
 * objects with a `name`, null or nothing at all (huggingface_hub issues 1936 and 2642). What counts is the set of names,
 * without regard to case, as the Hub finds repos.
 */
#ifndef STORAGE_MODEL_LINEAGE_H
#define STORAGE_MODEL_LINEAGE_H

#include "storage/model/arena.h"
#include "storage/model/json.h"

/* The names in the value at a node, decoded, in the card's order: at most `room` of them. Returns how many. */
size_t lineage_names(const struct json *json, uint32_t at, struct arena *arena, struct slice *names, size_t room);

/* Whether two values (JSON texts; size 0: absent) declare the same set of names. `json` is used for both. */
bool lineage_same(struct json *json, struct slice before, struct slice after, struct arena *arena);

#endif
