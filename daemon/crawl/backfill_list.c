/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/backfill_list.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/crawl/documented_table.h"
#include "storage/model/memory.h"
#include "storage/reader.h"

enum { PAUSE_ROWS = 4096 };

static const int64_t again_ms = INT64_C(30) * 24 * 3600 * 1000;

/* The daemon does not wait for millions of rows when it is to end. */
static bool is_stopped(const struct backfill_list *list)
{
	return atomic_load(list->stop);
}

/* --- one repo ------------------------------------------------------------------------------------------------------*/

static bool is_listed(const struct backfill_list *list, const struct repo_oid *oid, size_t among)
{
	for (size_t i = 0; i < among; i++)
		if (oid_compare(&list->item[i].oid, oid) == 0)
			return true;
	return false;
}

/* Whether there is nothing to search for, now. */
static bool was_searched(struct reader *reader, struct backfill_list *list, const struct repo_ref *ref)
{
	struct past_row past;

	if (reader_past(reader, ref->row.number, &past))
		return false;
	if (past_outcome_is_good(past.outcome))
		return true;
	return !list->wished && list->now_ms - past.at_ms < again_ms;
}

static int read_item(struct reader *reader, const struct repo_ref *ref, struct arena *arena, struct backfill_item *item)
{
	struct arena scratch = { 0 };
	struct snapshot snapshot;
	struct state state = { .name = SLICE_NONE };
	int error = reader_snapshot(reader, ref->row.number, 1, &scratch, &snapshot);

	item->oid = ref->oid;
	if (!error)
		memcpy(item->head, snapshot.sha, SHA_BYTES);
	if (!error)
		error = reader_newest(reader, ref, &scratch, &state);
	if (!error)
		item->name = arena_copy(arena, state.name);
	arena_release(&scratch);
	return error;
}

static void add_repo(struct reader *reader, struct backfill_list *list, const struct repo_ref *ref)
{
	struct backfill_item item = { .asked = list->oid_count > 0 };

	if (was_searched(reader, list, ref)) {
		list->before++;
		return;
	}
	if (read_item(reader, ref, &list->arena, &item))
		return; /* damage is for verify to tell */
	if (!sha_is_known(item.head)) {
		list->headless++;
		return;
	}
	if (list->count == list->room) {
		list->room = list->room ? list->room * 2 : 256;
		list->item = memory_grow(list->item, list->room, sizeof(*list->item));
	}
	list->item[list->count++] = item;
}

/* --- by name -------------------------------------------------------------------------------------------------------*/

static void add_unknown(struct backfill_list *list, struct slice name)
{
	if (list->unknown_count == list->unknown_room) {
		list->unknown_room = list->unknown_room ? list->unknown_room * 2 : 256;
		list->unknown = memory_grow(list->unknown, list->unknown_room, sizeof(*list->unknown));
	}
	list->unknown[list->unknown_count++] = arena_copy(&list->arena, name);
}

/* By wish also a repo that is gone: the Hub says what is true of it. */
static void add_name(struct reader *reader, struct backfill_list *list, struct slice name)
{
	struct bearer bearer;
	bool found = reader_bearer(reader, list->kind, name, &bearer) == ERROR_NONE;

	if (found && !list->wished && is_listed(list, &bearer.ref.oid, list->count))
		return; /* documented, and on the watch list too */
	if (found && (list->wished || !(bearer.ref.row.flags & REPO_GONE)))
		add_repo(reader, list, &bearer.ref);
	else if (!found && list->wished)
		add_unknown(list, name);
}

static void add_documented(struct reader *reader, struct backfill_list *list)
{
	static const struct {
		enum repo_kind kind;
		const char *name;
	} documented[] = {
#define X(kind, name) { kind, name },
		DOCUMENTED_TABLE(X)
#undef X
	};

	for (size_t i = 0; i < ARRAY_COUNT(documented); i++)
		if (documented[i].kind == list->kind)
			add_name(reader, list, slice_of(documented[i].name));
}

/* --- the most downloaded -------------------------------------------------------------------------------------------*/

struct ranked {
	uint64_t weight; /* downloads; likes of what has none */
	struct repo_oid oid;
};

static int compare(const void *a, const void *b)
{
	const struct ranked *left = a, *right = b;

	if (left->weight != right->weight)
		return left->weight < right->weight ? 1 : -1;
	return oid_compare(&left->oid, &right->oid);
}

static uint64_t weight_of(struct reader *reader, uint32_t number)
{
	struct change_counter downloads = { 0 }, likes = { 0 };

	if (reader_counters(reader, number, &downloads, &likes))
		return 0;
	return downloads.known ? downloads.value : likes.known ? likes.value : 0;
}

/* Twice as many as are wanted, sorted and halved whenever they are there: memory does not grow with the Hub. */
static size_t rank_rows(struct reader *reader, const struct backfill_list *list, struct ranked *ranked)
{
	struct repo_oid at = { { 0 } };
	struct repo_ref ref;
	size_t count = 0, room = 2 * (size_t)list->top;
	uint64_t rows = 0;
	bool more = true;

	while (more && reader_repo_from(reader, list->kind, &at, &ref) == ERROR_NONE) {
		if (!(ref.row.flags & REPO_GONE))
			ranked[count++] = (struct ranked){ weight_of(reader, ref.row.number), ref.oid };
		if (count == room) {
			qsort(ranked, count, sizeof(*ranked), compare);
			count = list->top;
		}
		at = ref.oid;
		more = oid_next(&at);
		if (++rows % PAUSE_ROWS == 0) { /* pins no pages for the length of the walk */
			reader_pause(reader);
			more = reader_resume(reader) == ERROR_NONE && more && !is_stopped(list);
		}
	}
	qsort(ranked, count, sizeof(*ranked), compare);
	return count < list->top ? count : list->top;
}

static void add_top(struct reader *reader, struct backfill_list *list)
{
	struct ranked *ranked = memory_new(2 * (size_t)list->top * sizeof(*ranked));
	size_t named = list->count, count = rank_rows(reader, list, ranked);
	struct repo_ref ref;

	for (size_t i = 0; i < count && !is_stopped(list); i++)
		if (!is_listed(list, &ranked[i].oid, named) &&
			reader_repo(reader, list->kind, &ranked[i].oid, &ref) == ERROR_NONE)
			add_repo(reader, list, &ref);
	free(ranked);
}

/* --- all of it -----------------------------------------------------------------------------------------------------*/

int backfill_list_load(struct backfill_list *list, struct store_problem *problem)
{
	struct reader *reader;
	int error = reader_open(list->store, &reader, problem);

	if (error)
		return error;
	if (!list->wished)
		add_documented(reader, list);
	for (size_t i = 0; list->names && i < list->names->count && !is_stopped(list); i++)
		add_name(reader, list, watch_name(list->names, i));
	if (!list->wished && list->top)
		add_top(reader, list);
	reader_close(&reader);
	return ERROR_NONE;
}

int backfill_list_load_oids(struct backfill_list *list, struct store_problem *problem)
{
	struct reader *reader;
	struct repo_ref ref;
	int error = reader_open(list->store, &reader, problem);

	if (error)
		return error;
	for (size_t i = 0; i < list->oid_count && !is_stopped(list); i++)
		if (reader_repo(reader, list->kind, &list->oids[i], &ref) == ERROR_NONE)
			add_repo(reader, list, &ref);
	reader_close(&reader);
	return ERROR_NONE;
}

void backfill_list_release(struct backfill_list *list)
{
	arena_release(&list->arena);
	free(list->item);
	free(list->unknown);
	*list = (struct backfill_list){ 0 };
}
