/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/confirm_batch.h"

#include "storage/model/state.h"
#include "storage/reader.h"

enum { CANARY_WALK_MAX = 200 };

struct loader {
	struct reader *reader;
	struct arena arena;
	struct confirm_batch *batch;
};

/* The name of the newest version; false where the row cannot be read: verify will say so, not we. */
static bool read_name(struct loader *loader, const struct repo_ref *ref, struct named_repo *repo)
{
	struct snapshot snapshot;
	struct state *state = arena_take(&loader->arena, sizeof(*state));
	bool good;

	good = reader_snapshot(loader->reader, ref->row.number, ref->row.versions, &loader->arena, &snapshot) == 0 &&
		reader_state(loader->reader, &snapshot, &loader->arena, state) == 0 && state->name.size &&
		state->name.size <= ROW_NAME_MAX;
	if (good) {
		*repo = (struct named_repo){ .oid = ref->oid, .name_bytes = (unsigned)state->name.size };
		memcpy(repo->name, state->name.data, state->name.size);
	}
	arena_reset(&loader->arena);
	return good;
}

static bool is_missing(struct loader *loader, const struct repo_oid *oid)
{
	struct missing_row row;

	return reader_missing_from(loader->reader, loader->batch->kind, oid, &row) == 0 && row.kind == loader->batch->kind &&
		oid_compare(&row.oid, oid) == 0;
}

static bool has_canary(const struct confirm_batch *batch, const struct repo_oid *oid)
{
	for (unsigned i = 0; i < batch->canaries; i++)
		if (oid_compare(&batch->canary[i].oid, oid) == 0)
			return true;
	return false;
}

/* The first row at or behind `oid` that should be there. */
static void add_canary(struct loader *loader, struct repo_oid oid)
{
	struct confirm_batch *batch = loader->batch;
	struct repo_ref ref;

	for (unsigned walked = 0; walked < CANARY_WALK_MAX; walked++) {
		if (reader_repo_from(loader->reader, batch->kind, &oid, &ref))
			return;
		if (!(ref.row.flags & REPO_GONE) && !is_missing(loader, &ref.oid) && !has_canary(batch, &ref.oid) &&
			read_name(loader, &ref, &batch->canary[batch->canaries])) {
			batch->canaries++;
			return;
		}
		oid = ref.oid;
		if (!oid_next(&oid))
			return;
	}
}

/* What was listed last, the oldest there is, and one between: they will not all have gone at once. */
static void load_canaries(struct loader *loader)
{
	struct confirm_batch *batch = loader->batch;
	struct repo_oid oldest = { { 0 } }, middle = { { 0 } };
	struct repo_ref ref;
	uint32_t start, end;

	if (reader_repo_from(loader->reader, batch->kind, &oldest, &ref))
		return;
	start = get_u32(ref.oid.byte);
	end = oid_compare(&batch->listed, &oldest) ? get_u32(batch->listed.byte) : start;
	put_u32(middle.byte, start + (end > start ? (end - start) / 2 : 0));
	if (oid_compare(&batch->listed, &oldest))
		add_canary(loader, batch->listed);
	add_canary(loader, middle);
	add_canary(loader, oldest);
}

static void load_rows(struct loader *loader)
{
	struct confirm_batch *batch = loader->batch;
	struct missing_row row;
	struct repo_ref ref;

	while (batch->count < CONFIRM_ROWS && !batch->at_end) {
		if (reader_missing_from(loader->reader, batch->kind, &batch->from, &row) || row.kind != batch->kind) {
			batch->at_end = true;
			return;
		}
		if (reader_repo(loader->reader, batch->kind, &row.oid, &ref) == 0 && !(ref.row.flags & REPO_GONE) &&
			read_name(loader, &ref, &batch->row[batch->count]))
			batch->count++;
		batch->from = row.oid;
		batch->at_end = !oid_next(&batch->from);
	}
}

void confirm_batch_load(struct confirm_batch *batch)
{
	struct loader loader = { .batch = batch };

	batch->count = batch->canaries = 0;
	batch->at_end = false;
	batch->error = reader_open(batch->store, &loader.reader, &batch->problem);
	if (batch->error)
		return;
	load_rows(&loader);
	if (batch->count)
		load_canaries(&loader);
	arena_release(&loader.arena);
	reader_close(&loader.reader);
}
