/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/committer.h"

#include <stdio.h>
#include <stdlib.h>

#include "storage/commit.h"
#include "storage/model/memory.h"
#include "storage/model/moment.h"
#include "storage/projection_table.h"
#include "storage/repo_table.h"

/* Of a small Hub a single deletion is more than 2 %: so few are always worth asking for, one request each. */
enum { COMPLETE_PERCENT = 98, COMPLETE_BUT_FOR = 10 };

enum { LINE_MAX_BYTES = FRAME_CONTENT_MAX + CHANGE_BYTES_MAX, PIECE_MAX_BYTES = 2 * FRAME_CONTENT_MAX };

static const struct repo_oid oid_last = { { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF } };

struct committer {
	struct commit commit;
};

struct committer *committer_new(struct store *store)
{
	struct committer *committer = memory_new(sizeof(*committer));
	struct commit *commit = &committer->commit;

	commit->store = store;
	commit->frames = frame_maker_new();
	commit->statements = statement_cache_new();
	canon_maker_init(&commit->canon);
	json_init(&commit->json, CANON_NODES_MAX);
	buf_init(&commit->line, LINE_MAX_BYTES);
	buf_init(&commit->text, PIECE_MAX_BYTES);
	buf_init(&commit->value, PIECE_MAX_BYTES);
	buf_init(&commit->content, FRAME_CONTENT_MAX);
	commit->origin = (struct change_origin){ store_ledger(store), store_hub(store) };
	return committer;
}

void committer_free(struct committer **committer)
{
	struct commit *commit = *committer ? &(*committer)->commit : NULL;

	if (!commit)
		return;
	frame_maker_free(&commit->frames);
	statement_cache_free(&commit->statements);
	canon_maker_release(&commit->canon);
	json_release(&commit->json);
	arena_release(&commit->arena);
	buf_release(&commit->line);
	buf_release(&commit->text);
	buf_release(&commit->value);
	buf_release(&commit->content);
	free(commit->names);
	free(commit->counters);
	free(*committer);
	*committer = NULL;
}

void committer_want_texts(struct committer *committer, bool wanted, uint32_t downloads_min)
{
	committer->commit.texts_wanted = wanted;
	committer->commit.texts_downloads_min = downloads_min;
}

/* --- begin and end ------------------------------------------------------------------------------------------------ */

static uint64_t entries_of(struct commit *commit, enum store_table table)
{
	MDB_stat stat = { 0 };

	txn_fail(&commit->txn, mdb_stat(commit->txn.lmdb, store_table(commit->store, table), &stat));
	return stat.ms_entries;
}

/* What is no answer (a block of quota) is not the store's first look. */
static const struct answer *first_answer(struct answer *const *answers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!answers[i]->quota_block.size)
			return answers[i];
	return NULL;
}

/*
 * The store begins with the first answer that it got itself: a dump is older, whatever it has is a beginning and no news.
 * The dictionary is there before any row is.
 */
static void begin_store(struct commit *commit, const struct answer *first)
{
	struct key id = { .size = 0 };

	key_add(&id, DICTIONARY_BUILTIN, 4);
	txn_put(&commit->txn, TABLE_DICTIONARY, key_slice(&id), dictionary_builtin());
	commit->created_ms = first->lane == LANE_IMPORT ? MOMENT_LAST : first->answered_ms;
	if (first->lane != LANE_IMPORT)
		meta_set_number(&commit->txn, "created", (uint64_t)first->answered_ms);
}

static void begin(struct commit *commit, const struct answer *first)
{
	commit->name_count = commit->counter_count = 0;
	commit->now_ms = first ? first->answered_ms : 0;
	meta_head(&commit->txn, &commit->head);
	commit->next_number = (uint32_t)meta_number(&commit->txn, "numbers") + 1;
	commit->missing_rows = entries_of(commit, TABLE_MISSING);
	commit->created_ms = (int64_t)meta_number(&commit->txn, "created");
	for (unsigned kind = 0; kind < REPO_KINDS; kind++) {
		meta_sweep(&commit->txn, (enum repo_kind)kind, &commit->sweep[kind]);
		commit->gone[kind] = meta_gone(&commit->txn, (enum repo_kind)kind);
		commit->newest_look_ms[kind] = meta_newest_look(&commit->txn, (enum repo_kind)kind);
	}
	if (!commit->created_ms && first)
		begin_store(commit, first);
}

static void end(struct commit *commit)
{
	name_put_all(&commit->txn, commit->names, commit->name_count);
	counter_put_all(&commit->txn, commit->counters, commit->counter_count, commit->now_ms);
	if (commit->counts->rows_new)
		meta_set_number(&commit->txn, "numbers", commit->next_number - 1);
	if (commit->counts->records)
		meta_set_head(&commit->txn, &commit->head);
	for (unsigned kind = 0; kind < REPO_KINDS; kind++) {
		meta_set_sweep(&commit->txn, (enum repo_kind)kind, &commit->sweep[kind]);
		meta_set_gone(&commit->txn, (enum repo_kind)kind, commit->gone[kind]);
		meta_set_newest_look(&commit->txn, (enum repo_kind)kind, commit->newest_look_ms[kind]);
	}
	commit->counts->head_seq = commit->head.seq;
}

/* --- one row ------------------------------------------------------------------------------------------------------ */

static void known_row(struct commit *commit, const struct observation *observation, struct before *before)
{
	enum repo_kind kind = commit->answer->kind;

	before->missing = commit->missing_rows && missing_get(&commit->txn, kind, &before->oid, &before->missing_since);
	/* An answer from before the sweep that missed it does not prove that it is there. */
	if (before->missing && commit->answer->answered_ms >= before->missing_since.since_ms) {
		missing_delete(&commit->txn, kind, &before->oid);
		commit->missing_rows--;
		commit->counts->listing_gaps++;
	}
	commit_known_row(commit, observation, before);
}

/* A row by itself: of a poll, a confirmation, or a listing that is not in order. */
static void single_row(struct commit *commit, const struct observation *observation)
{
	struct before before = { .oid = observation->oid };

	if (repo_get(&commit->txn, commit->answer->kind, &observation->oid, &before.row))
		known_row(commit, observation, &before);
	else if (observation->draft)
		commit_new_row(commit, observation);
}

/* --- a page of a sweep: merged with the rows of its stretch ------------------------------------------------------- */

static void missed_row(struct commit *commit, const struct repo_ref *ref)
{
	enum repo_kind kind = commit->answer->kind;
	struct before before = { .oid = ref->oid, .row = ref->row };
	struct missing_value value = { .since_ms = commit->answer->answered_ms };

	if (ref->row.flags & REPO_GONE || missing_get(&commit->txn, kind, &ref->oid, &value))
		return;
	value.seen_ms = commit_last_seen(commit, &before);
	missing_put(&commit->txn, kind, &ref->oid, &value);
	commit->missing_rows++;
	commit->counts->missing++;
}

/*
 * One pass over two sorted lists. New rows are put behind the pass, so that the cursor walks over old rows alone; they
 * are in order too, and a first sweep appends. What the page or the one before had already goes by itself.
 */
static void merge_page(struct commit *commit, const struct page *page, bool to_the_end)
{
	struct sweep_state *sweep = &commit->sweep[commit->answer->kind];
	struct repo_ref ref = { .kind = commit->answer->kind, .oid = sweep->after };
	MDB_cursor *cursor = repo_cursor(&commit->txn, ref.kind);
	bool left = oid_next(&ref.oid) && repo_from(&commit->txn, cursor, MDB_SET_RANGE, &ref);
	const struct observation **fresh = memory_grow(NULL, page->count + 1, sizeof(*fresh));
	size_t fresh_count = 0;

	for (size_t i = 0; i < page->count; i++) {
		const struct observation *observation = &page->observations[i];
		while (left && oid_compare(&ref.oid, &observation->oid) < 0) {
			missed_row(commit, &ref);
			left = repo_from(&commit->txn, cursor, MDB_NEXT, &ref);
		}
		if (left && oid_compare(&ref.oid, &observation->oid) == 0) {
			struct before before = { .oid = ref.oid, .row = ref.row };
			sweep->seen += !(ref.row.flags & REPO_GONE);
			known_row(commit, observation, &before);
			left = repo_from(&commit->txn, cursor, MDB_NEXT, &ref);
		} else {
			fresh[fresh_count++] = observation;
		}
	}
	for (; left && to_the_end; left = repo_from(&commit->txn, cursor, MDB_NEXT, &ref))
		missed_row(commit, &ref);
	if (cursor)
		mdb_cursor_close(cursor);
	for (size_t i = 0; i < fresh_count; i++) {
		const struct repo_oid *before = fresh[i] == page->observations ? &sweep->after : &fresh[i][-1].oid;
		if (oid_compare(&fresh[i]->oid, before) == 0 || !fresh[i]->draft)
			single_row(commit, fresh[i]);
		else
			commit_new_row(commit, fresh[i]);
	}
	free(fresh);
}

static uint64_t rows_known(struct commit *commit, enum repo_kind kind)
{
	uint64_t rows = entries_of(commit, (enum store_table)(TABLE_REPO_MODEL + kind));

	return rows - commit->gone[kind];
}

static bool is_enough(const struct sweep_state *sweep, uint64_t seen)
{
	return seen * 100 >= sweep->known * COMPLETE_PERCENT || seen + COMPLETE_BUT_FOR >= sweep->known;
}

/* A sweep that ended early or out of order proves nothing about what it did not bring. */
static void derive_nothing(struct commit *commit, enum repo_kind kind)
{
	const struct sweep_state *sweep = &commit->sweep[kind];

	look_delete_sweeps(&commit->txn, kind, sweep->number, sweep->number);
	missing_forget(&commit->txn, kind, sweep->started_ms);
}

static void begin_sweep(struct commit *commit, const struct answer *answer)
{
	struct sweep_state *sweep = &commit->sweep[answer->kind];

	sweep->number++;
	sweep->running = true;
	sweep->ordered = true;
	sweep->seen = 0;
	sweep->known = rows_known(commit, answer->kind);
	sweep->after = (struct repo_oid){ { 0 } };
	sweep->started_ms = answer->answered_ms;
	if (!sweep->first_look_ms)
		sweep->first_look_ms = answer->answered_ms;
	if (sweep->covering)
		look_delete_sweeps(&commit->txn, answer->kind, 0, sweep->covering - 1);
}

static void end_sweep(struct commit *commit, const struct answer *answer)
{
	struct sweep_state *sweep = &commit->sweep[answer->kind];

	sweep->running = false;
	sweep->ended_ms = answer->answered_ms;
	sweep->complete = is_enough(sweep, sweep->seen);
	if (sweep->complete) {
		sweep->completed_ms = answer->answered_ms;
		if (sweep->ordered)
			sweep->covering = sweep->number;
		return;
	}
	derive_nothing(commit, answer->kind);
	buf_reset(&commit->content);
	buf_printf(&commit->content, "sweep %u of %s brought only %llu of %llu known rows: it counts as incomplete",
		sweep->number, repo_kinds[answer->kind].plural, (unsigned long long)sweep->seen,
		(unsigned long long)sweep->known);
	commit_gap(commit, buf_as_slice(&commit->content));
}

static void sweep_page(struct commit *commit, const struct answer *answer)
{
	struct sweep_state *sweep = &commit->sweep[answer->kind];
	const struct page *page = &answer->page;
	struct repo_oid last;

	if (answer->sweep_first)
		begin_sweep(commit, answer);
	if (sweep->ordered && page->count &&
		(!page->ascending || oid_compare(&page->observations[0].oid, &sweep->after) < 0)) {
		sweep->ordered = false;
		derive_nothing(commit, answer->kind);
	}
	if (!sweep->ordered) {
		sweep->seen += page->count;
		for (size_t i = 0; i < page->count; i++)
			single_row(commit, &page->observations[i]);
	} else if (page->count || answer->sweep_last) {
		/* Before the tail is called missing, it must be clear that the listing did not end early. */
		bool to_the_end = answer->sweep_last && is_enough(sweep, sweep->seen + page->count);
		merge_page(commit, page, to_the_end);
		last = answer->sweep_last ? oid_last : page->observations[page->count - 1].oid;
		look_put(&commit->txn, answer->kind, sweep->number, &last, answer->answered_ms);
		sweep->after = last;
	}
	if (answer->sweep_last)
		end_sweep(commit, answer);
}

/* --- confirmations and gaps --------------------------------------------------------------------------------------- */

static void settle_replaced(struct commit *commit, const struct answer *answer)
{
	char other[OID_HEX + 1];

	buf_reset(&commit->content);
	if (answer->page.count) {
		oid_write(&answer->page.observations[0].oid, other);
		buf_printf(&commit->content, "its name leads to %s now", other);
	}
	commit_gone_row(commit, &answer->confirm_oid, EVENT_REPO_REPLACED, buf_as_slice(&commit->content));
}

/*
 * A row that has been seen again since the question was asked is not missing any more: then nothing is settled. What is
 * there, but came without a row that could be read or is wanted, stays missing; the lane sees how often it asked.
 */
static void settle(struct commit *commit, const struct answer *answer)
{
	struct missing_value value;

	if (answer->confirm == CONFIRM_NONE || !missing_get(&commit->txn, answer->kind, &answer->confirm_oid, &value))
		return;
	if (answer->confirm == CONFIRM_PRESENT) {
		value.tries++;
		missing_put(&commit->txn, answer->kind, &answer->confirm_oid, &value);
		return;
	}
	if (answer->confirm == CONFIRM_GONE)
		commit_gone_row(commit, &answer->confirm_oid, EVENT_REPO_GONE, SLICE("deleted_or_private"));
	else
		settle_replaced(commit, answer);
	missing_delete(&commit->txn, answer->kind, &answer->confirm_oid);
	commit->missing_rows--;
}

static void record_damage(struct commit *commit, const struct answer *answer)
{
	const struct page *page = &answer->page;
	struct buf reason = BUF_INIT(CHANGE_BYTES_MAX), head = BUF_INIT(CHANGE_BYTES_MAX);

	for (size_t i = 0; i < page->damaged && i < PAGE_DAMAGE_MAX; i++) {
		if (!damage_is_new(&commit->txn, page->damage[i].hash, answer->answered_ms))
			continue;
		buf_reset(&reason);
		buf_reset(&head);
		utf8_repair(page->damage[i].head, &head);
		buf_printf(&reason, "%s %s: a row could not be read (%s): ", lane_name(answer->lane),
			repo_kinds[answer->kind].plural, error_text(page->damage[i].error));
		buf_slice(&reason, buf_as_slice(&head));
		commit_gap(commit, buf_as_slice(&reason));
	}
	buf_release(&reason);
	buf_release(&head);
}

/* --- the batch ---------------------------------------------------------------------------------------------------- */

static void commit_answer(struct commit *commit, const struct answer *answer)
{
	const struct page *page = &answer->page;

	if (answer->quota_block.size) {
		quota_block_put(&commit->txn, answer->bucket, answer->quota_block);
		return;
	}
	commit->answer = answer;
	commit->now_ms = answer->answered_ms;
	if (!answer->look && answer->answered_ms > commit->newest_look_ms[answer->kind])
		commit->newest_look_ms[answer->kind] = answer->answered_ms;
	commit_tables_changed(commit);
	if (page->count)
		commit->projection = projection_intern(&commit->txn, &page->projection);
	if (answer->in_sweep)
		sweep_page(commit, answer);
	else
		for (size_t i = 0; i < page->count; i++)
			single_row(commit, &page->observations[i]);
	settle(commit, answer);
	if (answer->look)
		commit_text_look(commit, answer->look);
	if (page->damaged)
		record_damage(commit, answer);
	if (answer->past)
		commit_past(commit, answer->past);
	if (answer->evidence)
		commit_evidence(commit, answer->evidence);
	if (answer->gap.size)
		commit_gap(commit, answer->gap);
	if (answer->cursor.size)
		cursor_put(&commit->txn, answer->lane, answer->kind, answer->cursor);
	commit->counts->damaged += page->damaged;
	commit->counts->private_rows += page->private_rows;
}

int committer_run(struct committer *committer, struct answer *const *answers, size_t count,
	struct commit_counts *counts, struct store_problem *problem)
{
	struct commit *commit = &committer->commit;
	int code;

	*counts = (struct commit_counts){ 0 };
	if (!count)
		return ERROR_NONE;
	commit->counts = counts;
	code = txn_begin(commit->store, true, &commit->txn);
	if (!code) {
		begin(commit, first_answer(answers, count));
		for (size_t i = 0; i < count && !commit->txn.error; i++)
			commit_answer(commit, answers[i]);
		end(commit);
		code = txn_commit(&commit->txn);
	}
	if (!code)
		return ERROR_NONE;
	statement_cache_forget(commit->statements);
	return store_fail(commit->store, code, "committing", problem);
}
