/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/commit.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "storage/detail_table.h"
#include "storage/model/memory.h"
#include "storage/model/moment.h"
#include "storage/projection_table.h"
#include "storage/repo_table.h"
#include "storage/snapshot_table.h"

/* --- small things a row brings ------------------------------------------------------------------------------------ */

static void add_name(struct commit *commit, const struct name_entry *entry)
{
	if (commit->name_count == commit->name_room) {
		commit->name_room = commit->name_room ? commit->name_room * 2 : 1024;
		commit->names = memory_grow(commit->names, commit->name_room, sizeof(*commit->names));
	}
	commit->names[commit->name_count++] = *entry;
}

static void add_counters(struct commit *commit, uint32_t number, const struct observation *observation)
{
	if (observation->downloads == COUNTER_UNKNOWN && observation->likes == COUNTER_UNKNOWN)
		return;
	if (commit->counter_count == commit->counter_room) {
		commit->counter_room = commit->counter_room ? commit->counter_room * 2 : 1024;
		commit->counters = memory_grow(commit->counters, commit->counter_room, sizeof(*commit->counters));
	}
	commit->counters[commit->counter_count++] =
		(struct counter_update){ number, observation->downloads, observation->likes };
}

/* The Hub's date says when only where the head moved, and it lies between the two looks. */
static int64_t credible_date(const struct observation *observation, const struct repo_row *row, int64_t after_ms,
	int64_t at_ms)
{
	if (memcmp(observation->sha, row->sha, SHA_BYTES) == 0)
		return 0;
	return moment_between(observation->modified_ms, after_ms, at_ms);
}

/* --- a repo seen for the first time ------------------------------------------------------------------------------- */

/*
 * The event of a first sight. Until a kind's baseline is there, what lies older than the store is its start, not news.
 * After it: created where it is younger than the last look at its place, else it was there, unseen or private. Where no
 * look covers the place, nothing tells that it was not there before.
 */
static enum event first_sight_event(struct commit *commit, const struct observation *observation, int64_t look_ms)
{
	bool baseline = commit->sweep[commit->answer->kind].completed_ms == 0;

	if (baseline)
		return observation->created_ms > commit->created_ms ? EVENT_REPO_CREATED : EVENT_COUNT;
	/* createdAt counts whole seconds: had it been there before, the look of the same second would have had it. */
	return look_ms && observation->created_ms / 1000 >= look_ms / 1000 ? EVENT_REPO_CREATED : EVENT_REPO_APPEARED;
}

static void record_first_sight(struct commit *commit, const struct observation *observation, const struct repo_row *row,
	enum event event, int64_t look_ms)
{
	struct slice canonical, derived;
	struct canon canon;
	struct state state;
	struct change_side after = { .state = &state, .version = 1 };

	arena_reset(&commit->arena);
	if (commit_unpack_draft(commit, observation->draft, &canonical, &derived)) {
		txn_fail(&commit->txn, ERROR_COMPRESSION);
		return;
	}
	if (!commit_read_state(commit, canonical, &canon, &state))
		return;
	memcpy(after.sha, observation->sha, SHA_BYTES);
	commit_record(commit, &(struct record){
				      .event = event,
				      .oid = &observation->oid,
				      .number = row->number,
				      .observed_after_ms = look_ms,
				      .after = &after,
				      .downloads = observation->downloads,
				      .likes = observation->likes,
			      });
}

static void put_first_version(struct commit *commit, const struct draft *draft, const struct repo_row *row)
{
	struct snapshot_value value = {
		.encoding = draft->encoding,
		.projection = commit->projection,
		.observed_at_ms = row->first_seen_ms,
		.frame = draft->frame,
	};

	memcpy(value.sha, row->sha, SHA_BYTES);
	snapshot_put(&commit->txn, row->number, 1, &value, &commit->value);
}

bool commit_refused_row(struct commit *commit, const struct observation *observation)
{
	char oid[OID_HEX + 1];

	if (!commit->txn.error) /* the row at which it failed stays known */
		commit->observation = observation;
	if (!observation->refused)
		return false;
	oid_write(&observation->oid, oid);
	buf_reset(&commit->content);
	buf_printf(&commit->content, "%s %s: the row of %s could not be stored (%s)", lane_name(commit->answer->lane),
		repo_kinds[commit->answer->kind].plural, oid, error_text(observation->refused));
	commit_gap_once(commit, buf_as_slice(&commit->content));
	return true;
}

static void add_new_row(struct commit *commit, const struct observation *observation)
{
	const struct answer *answer = commit->answer;
	const struct draft *draft = observation->draft;
	bool baseline = commit->sweep[answer->kind].completed_ms == 0;
	struct repo_row row = {
		.number = commit->next_number++,
		.versions = 1,
		.stable_hash = observation->stable_hash,
		.canonical_hash = draft->canonical_hash,
		.projection = commit->projection,
		.flags = baseline ? REPO_BASELINE : 0,
		.statement = statement_intern(&commit->txn, commit->statements, &commit->json, draft->statement),
		.first_seen_ms = answer->answered_ms,
		.last_changed_ms = answer->answered_ms,
		.last_written_ms = answer->answered_ms,
		.last_modified_ms = observation->modified_ms,
		.created_ms = observation->created_ms,
	};
	int64_t look_ms = baseline ? 0 : look_over(&commit->txn, answer->kind, &commit->sweep[answer->kind],
						 &observation->oid, 0).at_ms;
	enum event event = first_sight_event(commit, observation, look_ms);

	memcpy(row.sha, observation->sha, SHA_BYTES);
	repo_put(&commit->txn, answer->kind, &observation->oid, &row);
	put_first_version(commit, draft, &row);
	add_name(commit, &(struct name_entry){ .hash = name_hash(answer->kind, draft->name),
				 .number = row.number,
				 .oid = observation->oid });
	add_counters(commit, row.number, observation);
	commit->counts->rows_new++;
	commit_want_texts(commit, &observation->oid, &row, observation);
	if (event != EVENT_COUNT)
		record_first_sight(commit, observation, &row, event, look_ms);
}

void commit_new_row(struct commit *commit, const struct observation *observation)
{
	if (!commit_refused_row(commit, observation))
		add_new_row(commit, observation);
}

/* --- a repo that was seen before ---------------------------------------------------------------------------------- */

/* Answers overtake each other by less than this; what is older was told by a clock that has been set back since. */
enum { OVERTAKEN_MS = 15 * 60 * 1000 };

/* Whether the answer is older than what is known: then it tells nothing new. */
static bool is_stale(const struct answer *answer, int64_t known_ms)
{
	return answer->answered_ms < known_ms &&
	       (answer->lane == LANE_IMPORT || known_ms - answer->answered_ms < OVERTAKEN_MS);
}

/* The content to store, in commit->content; its hash. */
static uint64_t make_content(struct commit *commit, const struct comparison *comparison, struct slice *content)
{
	uint64_t hash;

	buf_reset(&commit->content);
	canon_write(&comparison->after, &commit->content);
	hash = XXH3_64bits_withSeed(commit->content.data, commit->content.size, store_seed(commit->store));
	buf_char(&commit->content, '\n');
	buf_slice(&commit->content, comparison->after_derived);
	if (commit->content.overflow)
		txn_fail(&commit->txn, ERROR_TOO_BIG);
	*content = buf_as_slice(&commit->content);
	return hash;
}

static void put_version(struct commit *commit, uint32_t number, uint32_t version, struct slice older, struct slice content,
	struct snapshot_value *value)
{
	int error;

	buf_reset(&commit->text);
	if (snapshot_is_full(version))
		error = frame_pack(commit->frames, DICTIONARY_CONTENT, content, &commit->text, &value->encoding);
	else
		error = frame_pack_delta(commit->frames, older, content, &commit->text, &value->encoding);
	if (error) {
		txn_fail(&commit->txn, error);
		return;
	}
	value->frame = buf_as_slice(&commit->text);
	snapshot_put(&commit->txn, number, version, value, &commit->value);
}

static void intern_statement(struct commit *commit, const struct state *state, struct repo_row *row)
{
	buf_reset(&commit->text);
	statement_write(&state->statement, &commit->text);
	row->statement = statement_intern(&commit->txn, commit->statements, &commit->json, buf_as_slice(&commit->text));
}

/* Head, dates and hash of the row follow every look that writes it. */
static void take_head(struct commit *commit, const struct observation *observation, struct repo_row *row)
{
	row->stable_hash = observation->stable_hash;
	row->last_written_ms = commit->answer->answered_ms;
	row->last_modified_ms = observation->modified_ms;
	memcpy(row->sha, observation->sha, SHA_BYTES);
}

/* Today's fields or rules say the same in other bytes: the newest snapshot is rewritten in place, without a record. */
static void rebase(struct commit *commit, const struct observation *observation, struct before *before,
	struct comparison *comparison)
{
	struct repo_row *row = &before->row;
	struct snapshot_value value;
	struct slice content, older = SLICE_NONE;
	uint64_t hash = make_content(commit, comparison, &content);
	int error = ERROR_NONE;

	take_head(commit, observation, row);
	if (hash != row->canonical_hash) {
		if (!snapshot_is_full(row->versions))
			error = snapshot_content(&commit->txn, commit->frames, row->number, row->versions - 1,
				&commit->arena, &older);
		if (error || !snapshot_get(&commit->txn, row->number, row->versions, &value)) {
			txn_fail(&commit->txn, error ? error : ERROR_CORRUPT);
			return;
		}
		value.projection = commit->projection;
		put_version(commit, row->number, row->versions, older, content, &value);
	}
	row->canonical_hash = hash;
	row->projection = commit->projection;
	state_read(&commit->json, &comparison->after, &commit->arena, &comparison->after_state);
	intern_statement(commit, &comparison->after_state, row);
	repo_put(&commit->txn, commit->answer->kind, &before->oid, row);
	commit->counts->rows_rebased++;
}

/* A repo's entry for a name, to be changed in place: gathered in this batch, or stored, or new. */
static struct name_entry *name_entry(struct commit *commit, uint64_t hash, const struct before *before, int64_t from_ms)
{
	struct name_entry entry;

	for (size_t i = commit->name_count; i-- > 0;)
		if (commit->names[i].hash == hash && commit->names[i].number == before->row.number)
			return &commit->names[i];
	if (!name_get(&commit->txn, hash, before->row.number, &entry))
		entry = (struct name_entry){ .hash = hash, .number = before->row.number, .oid = before->oid, .from_ms = from_ms };
	add_name(commit, &entry);
	return &commit->names[commit->name_count - 1];
}

/* Back to a name that it bore before, it bears it from then on; its versions tell what it was called in between. */
static void move_name(struct commit *commit, const struct before *before, const struct comparison *comparison)
{
	enum repo_kind kind = commit->answer->kind;
	uint64_t old_hash = name_hash(kind, comparison->before_state.name);
	uint64_t new_hash = name_hash(kind, comparison->after_state.name);
	int64_t now_ms = commit->answer->answered_ms;

	if (old_hash == new_hash)
		return;
	name_entry(commit, old_hash, before, 0)->until_ms = now_ms;
	name_entry(commit, new_hash, before, now_ms)->until_ms = 0;
}

/* Only fields that both sides know count for the verdict: what is new to us is no change on the Hub. */
static struct canon known_before(const struct canon *after, const struct canon *before)
{
	struct canon masked = *after;

	for (unsigned i = 0; i < FIELD_COUNT; i++)
		if (!before->field[i].data)
			masked.field[i] = SLICE_NONE;
	return masked;
}

static void record_verdict(struct commit *commit, const struct observation *observation, const struct before *before,
	const struct comparison *comparison)
{
	struct change_side old = { .state = &comparison->before_state, .version = before->row.versions };
	struct change_side new = { .state = &comparison->after_state, .version = before->row.versions + 1 };
	int64_t date = credible_date(observation, &before->row, comparison->seen_ms, commit->answer->answered_ms);
	bool as_received = observation->draft && observation->draft->raw.size;
	struct slice row = as_received ? observation->draft->raw : comparison->after_text;
	struct canon masked = known_before(&comparison->after, &comparison->before);
	struct state judged;
	struct verdict verdict;

	memcpy(old.sha, before->row.sha, SHA_BYTES);
	memcpy(new.sha, observation->sha, SHA_BYTES);
	commit_side_text(commit, &before->oid, &old);
	commit_side_text(commit, &before->oid, &new);
	state_read(&commit->json, &masked, &commit->arena, &judged);
	verdict_judge(&commit->json, &comparison->before_state, &judged, &commit->arena, &verdict);
	for (unsigned i = 0; i < verdict.count; i++)
		commit_record(commit, &(struct record){
					      .event = verdict.event[i].event,
					      .oid = &before->oid,
					      .number = before->row.number,
					      .observed_after_ms = comparison->seen_ms,
					      .last_modified_ms = date,
					      .before = &old,
					      .after = &new,
					      .field_count = verdict.event[i].field_count,
					      .fields = verdict.event[i].fields,
					      .downloads = observation->downloads,
					      .likes = observation->likes,
					      .row = row,
				      });
}

/* The version before was seen when it was made, also where what differs now was not asked for then. */
static int64_t version_after_ms(const struct comparison *comparison, const struct repo_row *row)
{
	return comparison->seen_ms > row->last_changed_ms ? comparison->seen_ms : row->last_changed_ms;
}

/* A version is never older than the one before, also where our clock was set back in between. */
static int64_t version_ms(const struct commit *commit, const struct repo_row *row)
{
	int64_t answered_ms = commit->answer->answered_ms;

	return answered_ms > row->last_changed_ms ? answered_ms : row->last_changed_ms;
}

static void new_version(struct commit *commit, const struct observation *observation, struct before *before,
	struct comparison *comparison)
{
	struct repo_row *row = &before->row;
	struct slice content, older;
	struct snapshot_value value = { .projection = commit->projection,
		.observed_after_ms = version_after_ms(comparison, row),
		.observed_at_ms = version_ms(commit, row) };

	state_read(&commit->json, &comparison->before, &commit->arena, &comparison->before_state);
	state_read(&commit->json, &comparison->after, &commit->arena, &comparison->after_state);
	record_verdict(commit, observation, before, comparison);
	move_name(commit, before, comparison);

	row->canonical_hash = make_content(commit, comparison, &content);
	buf_reset(&commit->line);
	buf_slice(&commit->line, comparison->before_text);
	buf_char(&commit->line, '\n');
	buf_slice(&commit->line, comparison->before_derived);
	older = buf_as_slice(&commit->line);
	memcpy(value.sha, observation->sha, SHA_BYTES);
	put_version(commit, row->number, row->versions + 1, older, content, &value);
	row->versions++;
	row->projection = commit->projection;
	row->last_changed_ms = value.observed_at_ms;
	intern_statement(commit, &comparison->after_state, row);
	take_head(commit, observation, row);
	repo_put(&commit->txn, commit->answer->kind, &before->oid, row);
	commit->counts->versions++;
}

/* A repo that was gone is back: told before whatever changed meanwhile. */
static void restore(struct commit *commit, const struct observation *observation, struct before *before)
{
	struct state state;
	struct change_side side = { .state = &state, .version = before->row.versions };

	arena_reset(&commit->arena);
	if (!commit_read_version(commit, before->row.number, before->row.versions, &state))
		return;
	memcpy(side.sha, before->row.sha, SHA_BYTES);
	commit_record(commit, &(struct record){
				      .event = EVENT_REPO_RESTORED,
				      .oid = &before->oid,
				      .number = before->row.number,
				      .observed_after_ms = before->row.last_written_ms,
				      .after = &side,
				      .downloads = observation->downloads,
				      .likes = observation->likes,
			      });
	before->row.flags &= (uint16_t)~REPO_GONE;
	before->was_gone = true;
	commit->gone[commit->answer->kind]--;
}

static void found_same(struct commit *commit, const struct observation *observation, struct before *before, bool write)
{
	struct repo_row *row = &before->row;
	bool moved = memcmp(row->sha, observation->sha, SHA_BYTES) != 0 ||
		     row->last_modified_ms != observation->modified_ms;

	if (!moved && !write) {
		commit->counts->rows_same++;
		return;
	}
	take_head(commit, observation, row);
	repo_put(&commit->txn, commit->answer->kind, &before->oid, row);
	if (moved)
		commit->counts->rows_touched++;
	else
		commit->counts->rows_same++;
}

/* The head as it is known: not asked for is unknown and keeps its last value. */
static struct observation with_head(struct commit *commit, const struct observation *observation, const struct repo_row *row)
{
	uint32_t fields = commit->answer->page.projection.fields;
	struct observation seen = *observation;

	if (!(fields & field_bit(FIELD_SHA)))
		memcpy(seen.sha, row->sha, SHA_BYTES);
	if (!(fields & field_bit(FIELD_LAST_MODIFIED)))
		seen.modified_ms = row->last_modified_ms;
	return seen;
}

/* By a look that wrote the row, or, where it brings another state, by one that found the row as it was. */
static bool is_overtaken(struct commit *commit, const struct before *before, const struct observation *observation)
{
	return is_stale(commit->answer, before->row.last_written_ms) ||
	       (observation->stable_hash != before->row.stable_hash &&
		       is_stale(commit->answer, commit_last_seen(commit, before)));
}

/* Of a part of a dump no look table tells that it saw the row as it was: the row itself must. */
static bool is_only_look(const struct answer *answer, const struct repo_row *row)
{
	return answer->lane == LANE_IMPORT && !answer->in_sweep && row->last_written_ms < answer->answered_ms;
}

/*
 * A dump that was asked for less than the row tells, and has nothing else: it did not see the row as it stands. The Hub
 * itself is asked for the same again, so that its rows are brought to the fields that it has.
 */
static bool is_partial_look(struct commit *commit, const struct before *before)
{
	return commit->answer->lane == LANE_IMPORT && !before->missing && !before->was_gone &&
	       projection_stable(&commit->txn, before->row.projection) &
		       ~projection_stable(&commit->txn, commit->projection);
}

void commit_known_row(struct commit *commit, const struct observation *observation, struct before *before)
{
	struct observation seen = with_head(commit, observation, &before->row);
	struct comparison comparison;
	bool write = before->missing || is_only_look(commit->answer, &before->row);
	bool moved = memcmp(seen.sha, before->row.sha, SHA_BYTES) != 0;

	if (commit_refused_row(commit, observation))
		return;
	if (is_overtaken(commit, before, &seen)) {
		commit->counts->redone++;
		return;
	}
	add_counters(commit, before->row.number, &seen);
	if (before->row.flags & REPO_GONE) {
		restore(commit, &seen, before);
		write = moved = true; /* its texts were not asked for any more */
	}
	if (seen.stable_hash == before->row.stable_hash) {
		found_same(commit, &seen, before, write);
		if (moved)
			commit_want_texts(commit, &before->oid, &before->row, &seen);
		return;
	}
	commit->counts->redone += !seen.draft; /* the row has moved since it was prepared */
	if (!commit_compare(commit, &seen, before, &comparison))
		return;
	if (canon_same(&comparison.before, &comparison.after) && is_partial_look(commit, before))
		commit->counts->rows_same++;
	else if (canon_same(&comparison.before, &comparison.after))
		rebase(commit, &seen, before, &comparison);
	else
		new_version(commit, &seen, before, &comparison);
	if (moved)
		commit_want_texts(commit, &before->oid, &before->row, &seen);
}

/* --- a repo that is not there any more ---------------------------------------------------------------------------- */

void commit_gone_row(struct commit *commit, const struct repo_oid *oid, enum event event, struct slice reason)
{
	enum repo_kind kind = commit->answer->kind;
	struct before before = { .oid = *oid };
	struct state state;
	struct change_side side = { .state = &state };

	if (!repo_get(&commit->txn, kind, oid, &before.row) || before.row.flags & REPO_GONE)
		return;
	before.missing = missing_get(&commit->txn, kind, oid, &before.missing_since);
	arena_reset(&commit->arena);
	if (!commit_read_version(commit, before.row.number, before.row.versions, &state))
		return;
	side.version = before.row.versions;
	memcpy(side.sha, before.row.sha, SHA_BYTES);
	commit_record(commit, &(struct record){
				      .event = event,
				      .oid = oid,
				      .number = before.row.number,
				      .observed_after_ms = commit_last_seen(commit, &before),
				      .before = &side,
				      .downloads = COUNTER_UNKNOWN,
				      .likes = COUNTER_UNKNOWN,
				      .reason = reason,
			      });
	detail_delete(&commit->txn, kind, oid);
	before.row.flags |= REPO_GONE;
	before.row.last_written_ms = commit->answer->answered_ms;
	repo_put(&commit->txn, kind, oid, &before.row);
	commit->gone[kind]++;
	commit->completeness[kind].last.gone++;
}
