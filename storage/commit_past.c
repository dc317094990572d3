/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/commit.h"
#include "storage/past_table.h"
#include "storage/repo_table.h"

/* --- the commit behind a record ------------------------------------------------------------------------------------*/

void commit_evidence_due(struct commit *commit, const struct record *record)
{
	struct evidence_due due = { .seq = commit->head.seq, .kind = commit->answer->kind };

	/* Where the head stayed, no commit did it; an old dump may be of a history that is gone. */
	if (!record->before || !record->after || commit->answer->lane == LANE_IMPORT ||
		memcmp(record->before->sha, record->after->sha, SHA_BYTES) == 0 ||
		!sha_is_known(record->before->sha) || !sha_is_known(record->after->sha))
		return;
	due.oid = *record->oid;
	memcpy(due.before, record->before->sha, SHA_BYTES);
	memcpy(due.after, record->after->sha, SHA_BYTES);
	evidence_put(&commit->txn, &due);
}

static void append(struct commit *commit, struct change *change, uint32_t number)
{
	change_log_append(&commit->txn, &commit->head, change, number, &commit->origin, &commit->line, &commit->terms);
	commit->counts->records++;
}

/* Told once: the entry goes with the record. */
void commit_evidence(struct commit *commit, const struct evidence *evidence)
{
	struct evidence_due due;
	struct repo_row row;
	struct change change = {
		.event = EVENT_EVIDENCE_COMMIT,
		.origin = ORIGIN_OBSERVED,
		.has_repo = true,
		.name = evidence->name,
		.at_ms = commit->answer->answered_ms,
		.observed_at_ms = commit->answer->answered_ms,
		.of = evidence->of,
		.reason = evidence->reason,
		.commit = evidence->commit,
	};

	if (!evidence_get(&commit->txn, evidence->of, &due) || !repo_get(&commit->txn, due.kind, &due.oid, &row))
		return;
	if (evidence->later && ++due.tries < EVIDENCE_TRIES_MAX) {
		due.asked_ms = commit->answer->answered_ms;
		due.reason = evidence->rest;
		evidence_put(&commit->txn, &due);
		return;
	}
	change.kind = due.kind;
	change.oid = due.oid;
	append(commit, &change, row.number);
	evidence_delete(&commit->txn, evidence->of);
}

/* --- switches from before the first look ---------------------------------------------------------------------------*/

/* A committer's clock may be ahead of ours: what led to the head of the first look was there by then. */
static int64_t date_of(const struct past_switch *found, const struct repo_row *repo)
{
	bool before = found->commit.date_ms && found->commit.date_ms < repo->first_seen_ms;

	return before ? found->commit.date_ms : repo->first_seen_ms;
}

static void record_switch(struct commit *commit, const struct past *past, const struct past_switch *found,
	const struct repo_row *repo)
{
	struct change_side before = { .state = found->before }, after = { .state = found->after };
	struct change change = {
		.origin = ORIGIN_RECONSTRUCTED,
		.has_repo = true,
		.kind = commit->answer->kind,
		.oid = past->oid,
		.name = found->after->name,
		.at_ms = date_of(found, repo),
		.observed_at_ms = commit->answer->answered_ms,
		.before = &before,
		.after = &after,
		.reason = found->reason,
		.commit = &found->commit,
	};
	struct verdict verdict;

	memcpy(before.sha, found->before_sha, SHA_BYTES);
	memcpy(after.sha, found->commit.sha, SHA_BYTES);
	arena_reset(&commit->arena);
	verdict_judge(&commit->json, found->before, found->after, &commit->arena, &verdict);
	for (unsigned i = 0; i < verdict.count; i++) {
		if (!event_is_license(verdict.event[i].event))
			continue;
		change.event = verdict.event[i].event;
		change.field_count = verdict.event[i].field_count;
		change.fields = verdict.event[i].fields;
		append(commit, &change, repo->number);
	}
}

void commit_past(struct commit *commit, const struct past *past)
{
	struct past_row known, row = { .kind = commit->answer->kind,
		.oid = past->oid,
		.at_ms = commit->answer->answered_ms,
		.outcome = past->outcome };
	struct repo_row repo;

	if (!repo_get(&commit->txn, row.kind, &past->oid, &repo))
		return;
	if (past_get(&commit->txn, repo.number, &known) && past_outcome_is_good(known.outcome))
		return; /* it has been told */
	for (unsigned i = 0; i < past->count; i++)
		record_switch(commit, past, &past->found[i], &repo);
	memcpy(row.head, past->head, SHA_BYTES);
	past_put(&commit->txn, repo.number, &row);
}
