/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/detail_batch.h"

#include <stdio.h>

struct loader {
	struct reader *reader;
	struct arena arena; /* one repo's */
	struct detail_batch *batch;
};

static void read_last(struct loader *loader, struct detail_repo *repo)
{
	struct text_entry entry;

	if (reader_texts(loader->reader, loader->batch->from.kind, &repo->oid, &loader->arena, &entry))
		return;
	for (unsigned kind = 0; kind < TEXT_KINDS; kind++) {
		const struct text_seen *seen = &entry.seen[kind];

		if (seen->known != TEXT_FOUND || !seen->etag.size)
			continue;
		snprintf(repo->last[kind].name, sizeof(repo->last[kind].name), "%.*s", (int)seen->name.size, seen->name.data);
		snprintf(repo->last[kind].etag, sizeof(repo->last[kind].etag), "%.*s", (int)seen->etag.size, seen->etag.data);
	}
}

/* False where the row cannot be read, or is gone: verify, or the lane confirm, will say so. */
static bool read_repo(struct loader *loader, const struct detail_todo *todo, struct detail_repo *repo)
{
	struct state *state = arena_take(&loader->arena, sizeof(*state));
	struct repo_ref ref;

	if (reader_repo(loader->reader, todo->kind, &todo->oid, &ref) || ref.row.flags & REPO_GONE ||
		reader_newest(loader->reader, &ref, &loader->arena, state) || !state->name.size ||
		state->name.size > ROW_NAME_MAX)
		return false;
	*repo = (struct detail_repo){ .oid = todo->oid,
		.of = todo->of,
		.version = ref.row.versions,
		.tries = todo->tries,
		.name_bytes = (unsigned)state->name.size };
	memcpy(repo->sha, ref.row.sha, SHA_BYTES);
	memcpy(repo->name, state->name.data, state->name.size);
	license_names(loader->batch->origin, todo->kind, state->name, state->statement.license_link, &repo->files);
	read_last(loader, repo);
	return true;
}

/* False at the end of the kind's stretch. */
static bool move_on(struct detail_todo *from)
{
	if (oid_next(&from->oid))
		return true;
	from->rank++;
	return from->rank < DETAIL_RANKS;
}

static void load_repos(struct loader *loader)
{
	struct detail_batch *batch = loader->batch;

	while (batch->count < DETAIL_REPOS && !batch->at_end) {
		struct detail_todo todo = batch->from;

		if (reader_detail_from(loader->reader, &todo)) {
			batch->at_end = true;
			return;
		}
		if (!rest_is_over(todo.tries, todo.asked_ms, batch->now_ms, batch->pause_ms))
			batch->resting++;
		else if (read_repo(loader, &todo, &batch->repo[batch->count]))
			batch->count++;
		arena_reset(&loader->arena);
		batch->from = todo;
		batch->at_end = !move_on(&batch->from);
	}
}

int detail_batch_load(struct detail_batch *batch, struct store_problem *problem)
{
	struct loader loader = { .batch = batch };
	int error = reader_open(batch->store, &loader.reader, problem);

	batch->count = 0;
	batch->at_end = false;
	if (error)
		return error;
	load_repos(&loader);
	arena_release(&loader.arena);
	reader_close(&loader.reader);
	return ERROR_NONE;
}
