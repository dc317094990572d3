/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/commit.h"

#include "storage/model/number.h"
#include "storage/projection_table.h"
#include "storage/snapshot_table.h"

/* --- reading states ----------------------------------------------------------------------------------------------- */

int commit_unpack_draft(struct commit *commit, const struct draft *draft, struct slice *canonical, struct slice *derived)
{
	int error;

	if (draft->canonical.size) {
		*canonical = draft->canonical;
		*derived = draft->derived;
		return ERROR_NONE;
	}
	buf_reset(&commit->content);
	error = frame_unpack(commit->frames, draft->encoding, draft->frame, SLICE_NONE, &commit->content);
	content_split(arena_copy(&commit->arena, buf_as_slice(&commit->content)), canonical, derived);
	return error;
}

bool commit_read_state(struct commit *commit, struct slice canonical, struct canon *canon, struct state *state)
{
	int error = canon_read(&commit->canon, canonical, &commit->arena, canon);

	if (error)
		txn_fail(&commit->txn, error);
	else if (state)
		state_read(&commit->json, canon, &commit->arena, state);
	return !error;
}

bool commit_read_version(struct commit *commit, uint32_t number, uint32_t version, struct state *state)
{
	struct slice content, canonical, derived;
	struct canon canon;

	if (snapshot_content(&commit->txn, commit->frames, number, version, &commit->arena, &content)) {
		txn_fail(&commit->txn, ERROR_CORRUPT);
		return false;
	}
	content_split(content, &canonical, &derived);
	return commit_read_state(commit, canonical, &canon, state);
}

/* --- what differs, and when the old state was last seen --------------------------------------------------------------*/

/* The newest look over a row that asked for these fields; a row that is missing was in none since. */
static int64_t look_ms(struct commit *commit, const struct before *before, uint32_t fields)
{
	enum repo_kind kind = commit->answer->kind;

	if (before->missing)
		return before->missing_since.seen_ms;
	return look_over(&commit->txn, kind, &commit->sweep[kind], &before->oid, fields).at_ms;
}

int64_t commit_last_seen(struct commit *commit, const struct before *before)
{
	uint32_t fields = projection_stable(&commit->txn, before->row.projection);

	return max64(look_ms(commit, before, fields), before->row.last_written_ms);
}

/* What this look brought; of a row that was prepared as unchanged, the version that it was equal to. */
static int after_texts(struct commit *commit, const struct observation *observation, uint32_t number,
	struct comparison *comparison)
{
	struct slice content;
	int error;

	if (observation->draft)
		return commit_unpack_draft(commit, observation->draft, &comparison->after_text, &comparison->after_derived);
	error = snapshot_content(&commit->txn, commit->frames, number, observation->version, &commit->arena, &content);
	content_split(content, &comparison->after_text, &comparison->after_derived);
	return error;
}

static int read_texts(struct commit *commit, const struct observation *observation, const struct repo_row *row,
	struct comparison *comparison)
{
	struct slice content;
	int error = snapshot_content(&commit->txn, commit->frames, row->number, row->versions, &commit->arena, &content);

	content_split(content, &comparison->before_text, &comparison->before_derived);
	return error ? error : after_texts(commit, observation, row->number, comparison);
}

/* Read by other rules, the old tags are read again by today's; what still differs may be the rules' doing. */
static int bridge_rules(struct commit *commit, struct comparison *comparison)
{
	int error = canon_reread(&commit->canon, comparison->before_text, comparison->before_derived, &commit->arena,
		&comparison->before);

	if (!error && comparison->before.field[FIELD_TAGS].data)
		comparison->before.field[FIELD_TAGS] = comparison->after.field[FIELD_TAGS];
	return error;
}

/* The fields that differ among those that were known. */
static uint32_t differences(const struct comparison *comparison)
{
	uint32_t fields = 0;

	for (unsigned i = 0; i < FIELD_COUNT; i++)
		if (comparison->before.field[i].data &&
			!slice_equal(comparison->before.field[i], comparison->after.field[i]))
			fields |= field_bit((enum field)i);
	return fields;
}

/* When the newest version that was asked for these fields was made: later ones (of a dump without cards) do not tell. */
static int64_t old_version_seen(struct commit *commit, const struct repo_row *row, uint32_t fields)
{
	struct snapshot_value value;

	for (uint32_t version = row->versions; version > 0; version--)
		if (snapshot_get(&commit->txn, row->number, version, &value) &&
			!(fields & ~projection_stable(&commit->txn, value.projection)))
			return value.observed_at_ms;
	return row->first_seen_ms;
}

/*
 * The last look that saw the old state: one that asked for what differs. A gone row's own writes and the looks over its
 * place did not.
 */
static int64_t old_state_seen(struct commit *commit, const struct before *before, const struct comparison *comparison,
	uint32_t asked)
{
	uint32_t fields = differences(comparison);
	bool told = !(fields & ~asked); /* by the row's last write */
	int64_t seen_ms = told ? before->row.last_changed_ms : old_version_seen(commit, &before->row, fields);

	if (told && !before->was_gone)
		seen_ms = before->row.last_written_ms;
	if (!before->was_gone && (told || !before->missing))
		seen_ms = max64(seen_ms, look_ms(commit, before, fields));
	return seen_ms < commit->answer->answered_ms ? seen_ms : commit->answer->answered_ms;
}

bool commit_compare(struct commit *commit, const struct observation *observation, const struct before *before,
	struct comparison *comparison)
{
	const struct projection *today = &commit->answer->page.projection;
	struct projection then = *today;
	int error;

	arena_reset(&commit->arena);
	error = read_texts(commit, observation, &before->row, comparison);
	if (error)
		txn_fail(&commit->txn, error);
	if (before->row.projection != commit->projection)
		projection_get(&commit->txn, before->row.projection, &then);
	if (commit->txn.error || !commit_read_state(commit, comparison->before_text, &comparison->before, NULL) ||
		!commit_read_state(commit, comparison->after_text, &comparison->after, NULL))
		return false;
	canon_fill(&comparison->after, &comparison->before);
	/* license tags follow the card: a look without the known card tells nothing of it by its tags alone */
	if (!(today->fields & field_bit(FIELD_CARD_DATA)) && comparison->before.field[FIELD_CARD_DATA].data)
		comparison->after.field[FIELD_TAGS] = comparison->before.field[FIELD_TAGS];
	if (then.rules != today->rules)
		txn_fail(&commit->txn, bridge_rules(commit, comparison));
	comparison->seen_ms = old_state_seen(commit, before, comparison, then.fields);
	return !commit->txn.error;
}
