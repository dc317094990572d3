/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts in a commit: which repos are to be looked at, and what a look says.
 *
 * The first sight of a text is no event. Another text under the same statement is one: license.terms where the text is
 * what the statement stands on, else evidence.text. After a license record one evidence.text tells the texts before and
 * after it, also where they are equal: `told` remembers for which record that was done.
 */
#include <stdio.h>

#include "storage/commit.h"
#include "storage/detail_table.h"
#include "storage/model/moment.h"
#include "storage/repo_table.h"
#include "storage/text_table.h"

/* --- what is to be looked at -------------------------------------------------------------------------------------- */

static bool wants_texts(const struct commit *commit)
{
	enum lane lane = commit->answer->lane;

	return commit->texts_wanted && lane != LANE_IMPORT && lane != LANE_BACKFILL;
}

static void put_todo(struct commit *commit, const struct detail_todo *todo)
{
	detail_put(&commit->txn, todo);
	commit->counts->texts_wanted++;
}

void commit_want_evidence(struct commit *commit, const struct repo_oid *oid, uint64_t seq)
{
	if (!wants_texts(commit))
		return;
	put_todo(commit, &(struct detail_todo){
				 .kind = commit->answer->kind,
				 .rank = DETAIL_RECORD,
				 .oid = *oid,
				 .since_ms = commit->answer->answered_ms,
				 .of = seq,
			 });
}

/* No statement, or one that stands on the text. */
static bool leaves_terms_open(struct commit *commit, uint32_t number)
{
	struct arena texts = { 0 };
	struct license_meaning meaning;
	struct statement statement;
	enum license_class class;
	struct slice text;
	bool open = false;

	if (statement_get(&commit->txn, number, &text, &class) &&
		!statement_read(&commit->json, text, &texts, &statement)) {
		license_mean(&statement, &meaning);
		open = meaning.class == LICENSE_UNDECLARED || text_decides(&statement, &meaning);
	}
	arena_release(&texts);
	return open;
}

static bool is_used(const struct commit *commit, const struct observation *observation)
{
	return commit->texts_downloads_min == 0 || (observation->downloads != COUNTER_UNKNOWN &&
							   observation->downloads >= commit->texts_downloads_min);
}

void commit_want_texts(struct commit *commit, const struct repo_oid *oid, const struct repo_row *row,
	const struct observation *observation)
{
	struct detail_todo todo = { .kind = commit->answer->kind, .rank = DETAIL_STATE, .oid = *oid };
	struct text_entry entry;
	bool looked;

	if (!wants_texts(commit))
		return;
	looked = text_repo_get(&commit->txn, todo.kind, oid, &entry);
	if (looked ? memcmp(entry.sha, row->sha, SHA_BYTES) == 0 :
		     !is_used(commit, observation) || !leaves_terms_open(commit, row->statement))
		return;
	if (detail_get(&commit->txn, todo.kind, oid, &todo))
		return;
	todo.since_ms = commit->answer->answered_ms;
	put_todo(commit, &todo);
}

void commit_side_text(struct commit *commit, const struct repo_oid *oid, struct change_side *side)
{
	struct text_entry entry;
	const struct text_seen *seen = &entry.seen[TEXT_LICENSE];

	if (text_repo_get(&commit->txn, commit->answer->kind, oid, &entry) && seen->known == TEXT_FOUND &&
		memcmp(seen->sha, side->sha, SHA_BYTES) == 0)
		text_hash_write(seen->hash, side->text);
}

/* --- a look ------------------------------------------------------------------------------------------------------- */

/* Before and after of one text, each with what the repo declared when it was seen. */
struct text_change {
	const struct text_look *look;
	const struct text_seen *seen;
	struct text_seen now;
	const struct repo_row *row;
	struct state before, after;
	uint64_t of;
};

static bool has_text(const struct text_seen *seen)
{
	return seen->known == TEXT_FOUND;
}

static bool is_other_text(const struct text_seen *a, const struct text_seen *b)
{
	return a->known != b->known || (has_text(a) && memcmp(a->hash, b->hash, TEXT_HASH_BYTES) != 0);
}

static void write_seen(const struct text_seen *seen, struct buf *out)
{
	char hex[2 * TEXT_HASH_BYTES + 1];

	if (!has_text(seen)) {
		buf_text(out, seen->known == TEXT_NONE ? "none" : "not known");
		return;
	}
	text_hash_write(seen->hash, hex);
	buf_printf(out, "%.*s sha256 %s, %u bytes", (int)seen->name.size, seen->name.data, hex, seen->bytes);
}

static void side_of(const struct text_change *change, const struct text_seen *seen, const struct state *state,
	struct change_side *side)
{
	*side = (struct change_side){ .state = state, .version = seen->version };
	memcpy(side->sha, seen->sha, SHA_BYTES);
	if (change->look->kind == TEXT_LICENSE && has_text(seen))
		text_hash_write(seen->hash, side->text);
}

/* Under a statement that did not move meanwhile, and with no license record that the text belongs to. */
static enum event event_of(const struct text_change *change)
{
	const struct state *before = &change->before, *after = &change->after;

	if (!change->of && change->seen->known && change->look->kind == TEXT_LICENSE &&
		verdict_on_statements(before, after) == EVENT_COUNT && text_decides(&after->statement, &after->meaning))
		return EVENT_LICENSE_TERMS;
	return EVENT_EVIDENCE_TEXT;
}

/* The Hub's date of the commit, where the text moved with it and it lies between the two looks. */
static int64_t credible_date(const struct text_change *change)
{
	if (!change->seen->known || memcmp(change->row->sha, change->now.sha, SHA_BYTES) != 0 ||
		memcmp(change->seen->sha, change->now.sha, SHA_BYTES) == 0)
		return 0;
	return moment_between(change->row->last_modified_ms, change->seen->seen_ms, change->now.seen_ms);
}

static uint32_t counted(struct change_counter counter)
{
	return counter.known ? (uint32_t)counter.value : COUNTER_UNKNOWN;
}

static void record_text(struct commit *commit, const struct text_change *change)
{
	static const struct slice fields[TEXT_KINDS] = { { "LICENSE", 7 }, { "README.md", 9 } };
	struct change_counter downloads = { 0 }, likes = { 0 };
	enum event event = event_of(change);
	struct change_side before, after;
	uint64_t newest = 0;

	side_of(change, change->seen, &change->before, &before);
	side_of(change, &change->now, &change->after, &after);
	counter_get(&commit->txn, change->row->number, &downloads, &likes);
	if (event == EVENT_EVIDENCE_TEXT)
		newest = change->of ? change->of : change_newest_license(&commit->txn, change->row->number);
	buf_reset(&commit->content);
	write_seen(change->seen, &commit->content);
	buf_text(&commit->content, " -> ");
	write_seen(&change->now, &commit->content);
	commit_record(commit, &(struct record){
				      .event = event,
				      .oid = &change->look->oid,
				      .number = change->row->number,
				      .observed_after_ms = change->seen->known ? change->seen->seen_ms : 0,
				      .last_modified_ms = credible_date(change),
				      .before = change->seen->known ? &before : NULL,
				      .after = &after,
				      .field_count = 1,
				      .fields = &fields[change->look->kind],
				      .downloads = counted(downloads),
				      .likes = counted(likes),
				      .of = newest,
				      .reason = buf_as_slice(&commit->content),
			      });
}

/* What the look saw, in the form in which it is kept. */
static void see(struct commit *commit, struct text_change *change)
{
	const struct text_look *look = change->look;
	struct text_seen *now = &change->now;

	*now = *change->seen;
	now->looked_ms = now->seen_ms = commit->answer->answered_ms;
	now->version = look->version;
	memcpy(now->sha, look->sha, SHA_BYTES);
	if (look->outcome == TEXT_SAME) {
		now->outcome = now->known;
		return;
	}
	now->outcome = now->known = look->outcome;
	now->name = look->name;
	now->etag = look->etag;
	now->bytes = (uint32_t)look->text.size;
	memset(now->hash, 0, sizeof(now->hash));
	if (look->outcome == TEXT_FOUND)
		text_put(&commit->txn, commit->frames, look->text, &commit->value, now->hash);
}

static void judge_text(struct commit *commit, struct text_change *change, struct text_seen *kept)
{
	bool changed;

	see(commit, change);
	changed = change->seen->known && is_other_text(change->seen, &change->now);
	if (changed || (change->of && (has_text(change->seen) || has_text(&change->now)))) {
		if (!commit_read_version(commit, change->row->number, change->now.version, &change->after) ||
			(change->seen->known &&
				!commit_read_version(commit, change->row->number, change->seen->version, &change->before)))
			return;
		record_text(commit, change);
	}
	if (change->of)
		change->now.told = change->of;
	*kept = change->now;
}

/* What is gated, elsewhere or no text is a fact about the look; what was known before stays known. */
static void note_unseen(struct commit *commit, const struct text_look *look, struct text_entry *entry)
{
	for (unsigned kind = 0; kind < TEXT_KINDS; kind++) {
		if (kind != look->kind && !(look->outcome == TEXT_GATED && look->last))
			continue;
		entry->seen[kind].outcome = look->outcome;
		entry->seen[kind].looked_ms = commit->answer->answered_ms;
	}
}

static void take_look(struct commit *commit, const struct text_look *look, const struct repo_row *row, uint64_t of)
{
	struct text_entry entry;
	struct text_change change = { .look = look, .row = row };

	arena_reset(&commit->arena);
	text_repo_get(&commit->txn, commit->answer->kind, &look->oid, &entry);
	for (unsigned kind = 0; kind < TEXT_KINDS; kind++) {
		entry.seen[kind].name = arena_copy(&commit->arena, entry.seen[kind].name);
		entry.seen[kind].etag = arena_copy(&commit->arena, entry.seen[kind].etag);
	}
	if (look->outcome == TEXT_FOUND || look->outcome == TEXT_NONE || look->outcome == TEXT_SAME) {
		const struct text_seen seen = entry.seen[look->kind];

		change.seen = &seen;
		change.of = of > seen.told ? of : 0;
		judge_text(commit, &change, &entry.seen[look->kind]);
	} else {
		note_unseen(commit, look, &entry);
	}
	if (look->last)
		memcpy(entry.sha, look->sha, SHA_BYTES);
	text_repo_put(&commit->txn, commit->answer->kind, &look->oid, &entry);
}

/* What is asked in vain again and again is let go until its head moves. */
static void ask_again(struct commit *commit, struct detail_todo *todo, enum rest_reason reason)
{
	todo->asked_ms = commit->answer->answered_ms;
	todo->reason = reason;
	if (++todo->tries < DETAIL_TRIES_MAX)
		detail_put(&commit->txn, todo);
	else
		detail_delete(&commit->txn, todo->kind, &todo->oid);
}

/* The head has moved, or another record asks, since the look began: then it is wanted once more. */
static bool is_settled(const struct text_look *look, const struct repo_row *row, const struct detail_todo *todo)
{
	return todo->of == look->of && memcmp(row->sha, look->sha, SHA_BYTES) == 0;
}

void commit_text_look(struct commit *commit, const struct text_look *look)
{
	enum repo_kind kind = commit->answer->kind;
	struct detail_todo todo;
	struct repo_row row;

	if (!detail_get(&commit->txn, kind, &look->oid, &todo) || !repo_get(&commit->txn, kind, &look->oid, &row))
		return;
	if (look->outcome == TEXT_UNDECIDED) {
		ask_again(commit, &todo, look->rest);
		return;
	}
	if (look->outcome != TEXT_LOST)
		take_look(commit, look, &row, look->of);
	if (look->last && is_settled(look, &row, &todo))
		detail_delete(&commit->txn, kind, &look->oid);
}
