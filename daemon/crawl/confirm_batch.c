/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/confirm_batch.h"

#include <stdlib.h>

#include "storage/model/memory.h"
#include "storage/model/state.h"

enum { CANARY_WALK_MAX = 200 };

struct loader {
	struct reader *reader;
	struct arena arena; /* one row's */
	struct confirm_batch *batch;
};

struct slice owner_of(struct slice name)
{
	const char *slash = name.size ? memchr(name.data, '/', name.size) : NULL;

	return slash ? (struct slice){ name.data, (size_t)(slash - name.data) } : SLICE_NONE;
}

/* --- rows and canaries --------------------------------------------------------------------------------------------- */

/* The name of the newest version; false where the row cannot be read: verify will say so, not we. */
static bool read_name(struct loader *loader, const struct repo_ref *ref, struct missing_repo *repo)
{
	struct state *state = arena_take(&loader->arena, sizeof(*state));
	bool good;

	good = reader_newest(loader->reader, ref, &loader->arena, state) == 0 && state->name.size &&
		state->name.size <= ROW_NAME_MAX;
	if (good)
		*repo = (struct missing_repo){ .oid = ref->oid, .name = arena_copy(&loader->batch->arena, state->name) };
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
		if (rest_is_over(row.tries, row.asked_ms, batch->now_ms, batch->pause_ms) &&
			reader_repo(loader->reader, batch->kind, &row.oid, &ref) == 0 && !(ref.row.flags & REPO_GONE) &&
			read_name(loader, &ref, &batch->row[batch->count]))
			batch->count++;
		batch->from = row.oid;
		batch->at_end = !oid_next(&batch->from);
	}
}

/* --- groups -------------------------------------------------------------------------------------------------------- */

static int compare_oid(const void *a, const void *b)
{
	return oid_compare(&((const struct missing_repo *)a)->oid, &((const struct missing_repo *)b)->oid);
}

static int compare_owner(const void *a, const void *b)
{
	int order = slice_compare(owner_of(((const struct missing_repo *)a)->name), owner_of(((const struct missing_repo *)b)->name));

	return order ? order : compare_oid(a, b);
}

static void add_group(struct confirm_batch *batch, struct missing_repo *row, size_t count, struct slice owner)
{
	if (count)
		batch->group[batch->group_count++] = (struct confirm_group){ .row = row, .count = count, .owner = owner };
}

/* Owners with many rows first, each a group; what is left is one more, in order of oid. */
static void form_groups(struct confirm_batch *batch)
{
	struct missing_repo *sorted = memory_grow(NULL, batch->count, sizeof(*sorted));
	size_t grouped = 0, left = batch->count, end;

	qsort(batch->row, batch->count, sizeof(*batch->row), compare_owner);
	for (size_t i = 0; i < batch->count; i = end) {
		struct slice owner = owner_of(batch->row[i].name);

		for (end = i + 1; end < batch->count && slice_equal(owner_of(batch->row[end].name), owner); end++)
			;
		if (owner.size && end - i >= CONFIRM_OWNER_ROWS) {
			memcpy(&sorted[grouped], &batch->row[i], (end - i) * sizeof(*sorted));
			add_group(batch, &sorted[grouped], end - i, owner);
			grouped += end - i;
		} else {
			left -= end - i;
			memcpy(&sorted[left], &batch->row[i], (end - i) * sizeof(*sorted));
		}
	}
	qsort(&sorted[grouped], batch->count - grouped, sizeof(*sorted), compare_oid);
	add_group(batch, &sorted[grouped], batch->count - grouped, SLICE_NONE);
	free(batch->row);
	batch->row = sorted;
}

void confirm_batch_release(struct confirm_batch *batch)
{
	free(batch->row);
	batch->row = NULL;
	batch->count = batch->group_count = 0;
	batch->canaries = 0;
	arena_release(&batch->arena);
}

int confirm_batch_load(struct confirm_batch *batch, struct store_problem *problem)
{
	struct loader loader = { .batch = batch };
	int error;

	confirm_batch_release(batch);
	batch->at_end = false;
	error = reader_open(batch->store, &loader.reader, problem);
	if (error)
		return error;
	batch->row = memory_grow(NULL, CONFIRM_ROWS, sizeof(*batch->row));
	load_rows(&loader);
	if (batch->count) {
		form_groups(batch);
		load_canaries(&loader);
	}
	arena_release(&loader.arena);
	reader_close(&loader.reader);
	return ERROR_NONE;
}
