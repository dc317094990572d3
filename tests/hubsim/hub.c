/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hubsim/hub.h"

#include <stdlib.h>

#include "storage/model/memory.h"
#include "tests/hubsim/truth.h"

enum { NODES_MAX = 1 << 20, TEXT_BYTES = 64 << 20 };

struct old_name {
	struct repo *repo;
	size_t size;
	char name[];
};

void hub_init(struct hub *hub)
{
	memset(hub, 0, sizeof(*hub));
	json_init(&hub->json, NODES_MAX);
	json_init(&hub->inner, NODES_MAX);
	draft_init(&hub->draft);
	buf_init(&hub->name, TEXT_BYTES);
	buf_init(&hub->scratch, TEXT_BYTES);
}

static void repo_free(struct repo *repo)
{
	for (uint32_t i = 0; i < repo->past_count; i++)
		free(repo->past[i]);
	free(repo->past);
	free(repo->row);
	free(repo);
}

static void free_items(struct hash_index *index, void (*free_item)(void *))
{
	/* Every item is met once: a hash index holds it under one hash only. */
	hash_index_each(index, free_item);
	hash_index_release(index);
}

static void on_repo_free(void *item)
{
	repo_free(item);
}

void hub_release(struct hub *hub)
{
	for (int kind = 0; kind < KIND_COUNT; kind++)
		for (int sort = 0; sort < SORT_COUNT; sort++)
			order_release(&hub->order[kind][sort]);
	free_items(&hub->old_name, free);
	free_items(&hub->by_oid, on_repo_free);
	hash_index_release(&hub->by_name);
	hash_index_release(&hub->gone);
	free(hub->repo);
	json_release(&hub->json);
	json_release(&hub->inner);
	draft_release(&hub->draft);
	buf_release(&hub->name);
	buf_release(&hub->scratch);
}

static unsigned char lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

/* FNV-1a over the kind and the name in lower case, stirred because the index takes the low bits. */
static uint64_t name_hash(enum kind kind, struct slice name)
{
	uint64_t hash = 0xCBF29CE484222325u ^ (uint64_t)kind;

	for (size_t i = 0; i < name.size; i++)
		hash = (hash ^ lower(name.data[i])) * 0x100000001B3u;
	return hash ^ hash >> 29;
}

static bool same_name(struct slice a, struct slice b)
{
	if (a.size != b.size)
		return false;
	for (size_t i = 0; i < a.size; i++)
		if (lower(a.data[i]) != lower(b.data[i]))
			return false;
	return true;
}

static uint64_t oid_hash(enum kind kind, const uint8_t oid[OID_BYTES])
{
	uint64_t hash = (get_be(oid, 4) << 32 | get_be(oid + 8, 4)) ^ get_be(oid + 4, 4) << 16;

	hash = (hash + (uint64_t)kind) * 0x9E3779B97F4A7C15u;
	return hash ^ hash >> 32;
}

struct repo *hub_by_oid(const struct hub *hub, enum kind kind, const uint8_t oid[OID_BYTES])
{
	struct repo *repo;
	size_t at = 0;

	while ((repo = hash_index_next(&hub->by_oid, oid_hash(kind, oid), &at)))
		if (repo->kind == kind && memcmp(repo->oid, oid, OID_BYTES) == 0)
			return repo;
	return NULL;
}

static struct repo *find_name(const struct hash_index *index, enum kind kind, struct slice name)
{
	struct repo *repo, *other_case = NULL;
	size_t at = 0;

	while ((repo = hash_index_next(index, name_hash(kind, name), &at))) {
		if (repo->kind != kind)
			continue;
		if (slice_equal(repo->row->name, name))
			return repo;
		if (same_name(repo->row->name, name))
			other_case = repo;
	}
	return other_case;
}

struct repo *hub_by_name(const struct hub *hub, enum kind kind, struct slice name)
{
	return find_name(&hub->by_name, kind, name);
}

struct repo *hub_gone(const struct hub *hub, enum kind kind, struct slice name)
{
	return find_name(&hub->gone, kind, name);
}

static struct old_name *find_old_name(const struct hub *hub, enum kind kind, struct slice name)
{
	struct old_name *old;
	size_t at = 0;

	while ((old = hash_index_next(&hub->old_name, name_hash(kind, name), &at)))
		if (old->repo->kind == kind && same_name((struct slice){ old->name, old->size }, name))
			return old;
	return NULL;
}

struct repo *hub_by_old_name(const struct hub *hub, enum kind kind, struct slice name)
{
	const struct old_name *old = find_old_name(hub, kind, name);

	return old && !old->repo->deleted ? old->repo : NULL;
}

struct repo *hub_add(struct hub *hub, enum kind kind, const uint8_t oid[OID_BYTES])
{
	struct repo *repo = memory_new(sizeof(*repo));

	repo->kind = (uint8_t)kind;
	memcpy(repo->oid, oid, OID_BYTES);
	hash_index_put(&hub->by_oid, oid_hash(kind, oid), repo);
	return repo;
}

void hub_place(struct hub *hub, struct repo *repo)
{
	if (hub->repos == hub->room) {
		hub->room = hub->room ? hub->room * 2 : 1024;
		hub->repo = memory_grow(hub->repo, hub->room, sizeof(struct repo *));
	}
	repo->position = (uint32_t)hub->repos;
	hub->repo[hub->repos++] = repo;
	hash_index_put(&hub->by_name, name_hash(repo->kind, repo->row->name), repo);
	for (int sort = 0; sort < SORT_COUNT; sort++)
		if (hub->order[repo->kind][sort].built)
			order_insert(&hub->order[repo->kind][sort], repo);
}

void hub_unplace(struct hub *hub, struct repo *repo)
{
	struct repo *last = hub->repo[--hub->repos];

	hub->repo[repo->position] = last;
	last->position = repo->position;
	hash_index_remove(&hub->by_name, name_hash(repo->kind, repo->row->name), repo);
	for (int sort = 0; sort < SORT_COUNT; sort++)
		if (hub->order[repo->kind][sort].built)
			order_remove(&hub->order[repo->kind][sort], repo);
}

void hub_add_old_name(struct hub *hub, struct repo *repo, struct slice name)
{
	struct old_name *old = find_old_name(hub, repo->kind, name);

	if (!old) {
		old = memory_new(sizeof(*old) + name.size);
		old->size = name.size;
		memcpy(old->name, name.data, name.size);
		old->repo = repo;
		hash_index_put(&hub->old_name, name_hash(repo->kind, name), old);
	}
	old->repo = repo;
}

void hub_delete(struct hub *hub, struct repo *repo)
{
	hub_unplace(hub, repo);
	repo->deleted = true;
	hash_index_put(&hub->gone, name_hash(repo->kind, repo->row->name), repo);
}

void hub_restore(struct hub *hub, struct repo *repo)
{
	hash_index_remove(&hub->gone, name_hash(repo->kind, repo->row->name), repo);
	repo->deleted = false;
}

const struct order *hub_order(struct hub *hub, enum kind kind, enum sort sort)
{
	struct order *order = &hub->order[kind][sort];
	struct repo **repo;
	size_t count = 0;

	if (order->built)
		return order;
	repo = memory_grow(NULL, hub->repos + 1, sizeof(struct repo *));
	for (size_t i = 0; i < hub->repos; i++)
		if (hub->repo[i]->kind == kind)
			repo[count++] = hub->repo[i];
	order_build(order, sort, repo, count);
	free(repo);
	return order;
}

void hub_served(struct repo *repo, int64_t now_ms)
{
	if (repo->served_ms)
		return;
	repo->served_ms = now_ms;
	if (repo->state)
		truth_state_served(repo->state, now_ms);
}
