/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/committer.h"

#include <stdio.h>
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "storage/commit.h"
#include "storage/model/memory.h"
#include "storage/model/moment.h"
#include "storage/model/number.h"
#include "storage/projection_table.h"
#include "storage/repo_table.h"

enum { LINE_MAX_BYTES = FRAME_CONTENT_MAX + CHANGE_BYTES_MAX, PIECE_MAX_BYTES = 2 * FRAME_CONTENT_MAX };

struct committer {
	struct commit commit;
};

struct committer *committer_new(struct store *store)
{
	struct committer *committer = memory_new(sizeof(*committer));
	struct commit *commit = &committer->commit;

	commit->store = store;
	commit->frames = frame_maker_new(store_dictionaries(store));
	commit->statements = statement_cache_new();
	canon_maker_init(&commit->canon);
	json_init(&commit->json, CANON_NODES_MAX);
	change_terms_init(&commit->terms);
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
	change_terms_release(&commit->terms);
	arena_release(&commit->arena);
	buf_release(&commit->line);
	buf_release(&commit->text);
	buf_release(&commit->value);
	buf_release(&commit->content);
	for (unsigned kind = 0; kind < REPO_KINDS; kind++)
		marks_release(&commit->marks[kind]);
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

/* Texts and commits tell nothing of how the rows of a kind stand. */
static bool is_look(const struct answer *answer)
{
	return !answer->look && !answer->past && !answer->evidence;
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
	commit->kinds_met = 0;
	commit->now_ms = first ? first->answered_ms : 0;
	meta_head(&commit->txn, &commit->head);
	commit->next_number = (uint32_t)meta_number(&commit->txn, "numbers") + 1;
	commit->missing_rows = txn_entries(&commit->txn, TABLE_MISSING);
	commit->created_ms = (int64_t)meta_number(&commit->txn, "created");
	for (unsigned kind = 0; kind < REPO_KINDS; kind++) {
		meta_sweep(&commit->txn, (enum repo_kind)kind, &commit->sweep[kind]);
		meta_segments(&commit->txn, (enum repo_kind)kind, &commit->segments[kind]);
		meta_completeness(&commit->txn, (enum repo_kind)kind, &commit->completeness[kind]);
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
		if (!(commit->kinds_met & 1u << kind))
			continue;
		meta_set_sweep(&commit->txn, (enum repo_kind)kind, &commit->sweep[kind]);
		meta_set_segments(&commit->txn, (enum repo_kind)kind, &commit->segments[kind]);
		meta_set_completeness(&commit->txn, (enum repo_kind)kind, &commit->completeness[kind]);
		meta_set_gone(&commit->txn, (enum repo_kind)kind, commit->gone[kind]);
		meta_set_newest_look(&commit->txn, (enum repo_kind)kind, commit->newest_look_ms[kind]);
	}
	commit->counts->head_seq = commit->head.seq;
	commit->counts->newest_ms = commit->head.at_ms;
	for (unsigned kind = 0; kind < REPO_KINDS; kind++)
		commit->counts->newest_ms = max64(commit->counts->newest_ms, commit->newest_look_ms[kind]);
}

/* --- one row ------------------------------------------------------------------------------------------------------ */

void commit_met_row(struct commit *commit, const struct observation *observation, struct before *before)
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

void commit_single_row(struct commit *commit, const struct observation *observation)
{
	struct before before = { .oid = observation->oid };
	bool known = repo_get(&commit->txn, commit->answer->kind, &observation->oid, &before.row);

	if (commit->answer->lane == LANE_POLL)
		commit_recapture(commit, observation, known ? &before.row : NULL);
	if (known)
		commit_met_row(commit, observation, &before);
	else if (observation->draft)
		commit_new_row(commit, observation);
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
 * there, but came without a row that could be read or is wanted, stays missing, and so does what nothing was found out
 * about: both rest, the longer the more often they were asked for.
 */
static void settle(struct commit *commit, const struct repo_oid *oid, enum confirm_outcome outcome, struct slice reason)
{
	const struct answer *answer = commit->answer;
	struct missing_value value;

	if (outcome == CONFIRM_NONE || !missing_get(&commit->txn, answer->kind, oid, &value))
		return;
	if (outcome == CONFIRM_PRESENT || outcome == CONFIRM_LATER) {
		value.tries++;
		value.asked_ms = answer->answered_ms;
		value.reason = answer->rest;
		missing_put(&commit->txn, answer->kind, oid, &value);
		return;
	}
	if (outcome == CONFIRM_GONE)
		commit_gone_row(commit, oid, EVENT_REPO_GONE, reason);
	else
		settle_replaced(commit, answer);
	missing_delete(&commit->txn, answer->kind, oid);
	commit->missing_rows--;
}

static void settle_all(struct commit *commit, const struct answer *answer)
{
	settle(commit, &answer->confirm_oid, answer->confirm, SLICE("deleted_or_private"));
	for (size_t i = 0; i < answer->other_count; i++)
		settle(commit, &answer->others[i], answer->others_are, answer->reason);
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

void commit_gap_once(struct commit *commit, struct slice gap)
{
	uint64_t hash = XXH3_64bits_withSeed(gap.data, gap.size, store_seed(commit->store));

	if (damage_is_new(&commit->txn, hash, commit->now_ms))
		commit_gap(commit, gap);
}

/* What an answer brings besides rows of a listing. */
static void commit_besides(struct commit *commit, const struct answer *answer)
{
	settle_all(commit, answer);
	if (answer->look)
		commit_text_look(commit, answer->look);
	if (answer->page.damaged)
		record_damage(commit, answer);
	if (answer->past)
		commit_past(commit, answer->past);
	if (answer->evidence)
		commit_evidence(commit, answer->evidence);
}

static void record_refused(struct commit *commit, const struct answer *answer)
{
	buf_reset(&commit->content);
	buf_printf(&commit->content, "%s %s: an answer could not be stored (%s): ", lane_name(answer->lane),
		repo_kinds[answer->kind].plural, error_text(answer->refused));
	buf_slice(&commit->content, answer->url);
	commit_gap_once(commit, buf_as_slice(&commit->content));
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
	commit->observation = NULL;
	commit->now_ms = answer->answered_ms;
	commit->kinds_met |= 1u << answer->kind;
	if (is_look(answer) && answer->answered_ms > commit->newest_look_ms[answer->kind])
		commit->newest_look_ms[answer->kind] = answer->answered_ms;
	commit_tables_changed(commit);
	commit->projection = page->projection.fields ? projection_intern(&commit->txn, &page->projection) : 0;
	if (answer->in_sweep)
		commit_sweep_page(commit, answer);
	else
		for (size_t i = 0; i < page->count; i++)
			commit_single_row(commit, &page->observations[i]);
	if (commit->txn.error)
		return;
	commit->observation = NULL;
	if (answer->refused)
		record_refused(commit, answer);
	else
		commit_besides(commit, answer);
	if (answer->distrust.size)
		commit_gap_once(commit, answer->distrust);
	if (answer->gap.size)
		commit_gap_once(commit, answer->gap);
	if (answer->cursor.size)
		cursor_put(&commit->txn, answer->lane, answer->kind, answer->cursor);
	commit->counts->damaged += page->damaged;
	commit->counts->private_rows += page->private_rows;
}

static int run_once(struct commit *commit, struct answer *const *answers, size_t count, struct commit_counts *counts)
{
	int code = txn_begin(commit->store, true, &commit->txn);

	*counts = (struct commit_counts){ 0 };
	commit->counts = counts;
	commit->answer = NULL;
	commit->observation = NULL;
	if (code)
		return code;
	begin(commit, first_answer(answers, count));
	for (size_t i = 0; i < count && !commit->txn.error; i++)
		commit_answer(commit, answers[i]);
	end(commit);
	code = txn_commit(&commit->txn);
	if (code)
		statement_cache_forget(commit->statements);
	return code;
}

/* What a row of an unusual size took is not kept for those that follow. */
static void rest_after_outlier(struct commit *commit)
{
	enum { KEPT_BYTES = 8 << 20 };
	const struct canon_maker *canon = &commit->canon;
	size_t bytes = json_bytes(&commit->json) + json_bytes(&canon->json) + canon->out.room + canon->text.room + canon->rest.room +
		commit->line.room + commit->text.room + commit->value.room + commit->content.room + commit->arena.bytes;

	if (bytes <= KEPT_BYTES)
		return;
	json_rest(&commit->json);
	canon_maker_rest(&commit->canon);
	arena_release(&commit->arena);
	buf_release(&commit->line);
	buf_release(&commit->text);
	buf_release(&commit->value);
	buf_release(&commit->content);
}

/* True: `code` is a fault of what the Hub sent, and of which part of the batch is known: that is left out the next time. */
static bool refuse_part(struct commit *commit, struct answer *const *answers, size_t count, int code)
{
	const struct observation *row = commit->observation;

	if (!commit->answer)
		return false; /* it did not fail within an answer */
	if (code == MDB_BAD_VALSIZE)
		code = ERROR_TOO_BIG;
	if (code != ERROR_TOO_BIG && code != ERROR_COMPRESSION && code != ERROR_JSON && code != ERROR_TOO_DEEP)
		return false;
	for (size_t i = 0; i < count; i++) {
		struct page *page = &answers[i]->page;

		if (answers[i] != commit->answer)
			continue;
		if (row && !row->refused)
			page->observations[row - page->observations].refused = code;
		else if (!row && !answers[i]->refused)
			answers[i]->refused = code;
		else
			return false;
		return true;
	}
	return false;
}

/*
 * Nothing of a batch that filled the map was written: once that has grown, it is committed again. So is a batch with a part
 * that can never be stored, without that part: repeated as it is, it would stop the daemon at every start.
 */
int committer_run(struct committer *committer, struct answer *const *answers, size_t count,
	struct commit_counts *counts, struct store_problem *problem)
{
	struct commit *commit = &committer->commit;
	int code;

	*counts = (struct commit_counts){ 0 };
	if (!count)
		return ERROR_NONE;
	while ((code = run_once(commit, answers, count, counts)) != ERROR_NONE) {
		if (refuse_part(commit, answers, count, code))
			continue;
		if (code != MDB_MAP_FULL)
			break;
		code = store_grow(commit->store, problem);
		if (code)
			return code;
	}
	rest_after_outlier(commit);
	return code ? store_fail(commit->store, code, "committing", problem) : ERROR_NONE;
}
