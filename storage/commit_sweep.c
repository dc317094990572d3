/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/commit.h"

#include <stdlib.h>

#include "storage/model/memory.h"
#include "storage/repo_table.h"

/*
 * Of a small Hub a single deletion is more than 2 %: so few are always worth asking for, one request each. A listing that
 * came to its end and lacks more (an owner with a hundred thousand repos has left) does not count as complete, but what
 * it lacks is asked for too; below half of what is known it is believed in nothing.
 */
enum { COMPLETE_PERCENT = 98, COMPLETE_BUT_FOR = 10, BELIEVED_PERCENT = 50 };

/* --- what a page lacks ---------------------------------------------------------------------------------------------- */

static void missed_row(struct commit *commit, const struct repo_ref *ref)
{
	enum repo_kind kind = commit->answer->kind;
	struct before before = { .oid = ref->oid, .row = ref->row };
	struct missing_value value = { .since_ms = commit->answer->answered_ms };

	if (ref->row.flags & REPO_GONE)
		return;
	commit->completeness[kind].now.missing++;
	if (missing_get(&commit->txn, kind, &ref->oid, &value))
		return;
	value.seen_ms = commit_last_seen(commit, &before);
	missing_put(&commit->txn, kind, &ref->oid, &value);
	commit->missing_rows++;
	commit->counts->missing++;
}

/* The known rows behind `after` up to `until` were not brought. */
static void missed_stretch(struct commit *commit, const struct repo_oid *after, const struct repo_oid *until)
{
	struct repo_ref ref = { .kind = commit->answer->kind, .oid = *after };
	MDB_cursor *cursor = repo_cursor(&commit->txn, ref.kind);
	bool left = oid_next(&ref.oid) && repo_from(&commit->txn, cursor, MDB_SET_RANGE, &ref);

	for (; left && oid_compare(&ref.oid, until) <= 0; left = repo_from(&commit->txn, cursor, MDB_NEXT, &ref))
		missed_row(commit, &ref);
	if (cursor)
		mdb_cursor_close(cursor);
}

/* --- a page of a sweep: merged with the rows of its stretch --------------------------------------------------------- */

static void put_fresh(struct commit *commit, const struct observation *const *fresh, size_t count,
	const struct observation *rows, const struct repo_oid *after)
{
	uint64_t known = commit->counts->rows_new;

	for (size_t i = 0; i < count; i++) {
		const struct repo_oid *before = fresh[i] == rows ? after : &fresh[i][-1].oid;
		if (oid_compare(&fresh[i]->oid, before) == 0 || !fresh[i]->draft)
			commit_single_row(commit, fresh[i]);
		else
			commit_new_row(commit, fresh[i]);
	}
	commit->completeness[commit->answer->kind].now.fresh += commit->counts->rows_new - known;
}

/*
 * One pass over two sorted lists. New rows are put behind the pass, so that the cursor walks over old rows alone; they
 * are in order too, and a first sweep appends. What the page or the one before had already goes by itself.
 */
static void merge_rows(struct commit *commit, const struct observation *rows, size_t count, const struct repo_oid *after)
{
	struct sweep_state *sweep = &commit->sweep[commit->answer->kind];
	struct repo_ref ref = { .kind = commit->answer->kind, .oid = *after };
	MDB_cursor *cursor = repo_cursor(&commit->txn, ref.kind);
	bool left = oid_next(&ref.oid) && repo_from(&commit->txn, cursor, MDB_SET_RANGE, &ref);
	const struct observation **fresh = memory_grow(NULL, count + 1, sizeof(*fresh));
	size_t fresh_count = 0;

	for (size_t i = 0; i < count; i++) {
		const struct observation *observation = &rows[i];
		while (left && oid_compare(&ref.oid, &observation->oid) < 0) {
			missed_row(commit, &ref);
			left = repo_from(&commit->txn, cursor, MDB_NEXT, &ref);
		}
		if (left && oid_compare(&ref.oid, &observation->oid) == 0) {
			struct before before = { .oid = ref.oid, .row = ref.row };
			sweep->seen += !(ref.row.flags & REPO_GONE);
			commit_met_row(commit, observation, &before);
			left = repo_from(&commit->txn, cursor, MDB_NEXT, &ref);
		} else {
			fresh[fresh_count++] = observation;
		}
	}
	if (cursor)
		mdb_cursor_close(cursor);
	put_fresh(commit, fresh, fresh_count, rows, after);
	free(fresh);
}

/* --- segments ------------------------------------------------------------------------------------------------------- */

static bool oid_before(struct repo_oid *oid)
{
	for (unsigned i = OID_BYTES; i-- > 0;)
		if (oid->byte[i]--)
			return true;
	return false;
}

/* The answer looked at all up to there, behind the look before. */
static void put_look(struct commit *commit, const struct repo_oid *until)
{
	const struct answer *answer = commit->answer;
	struct look look = { .at_ms = answer->answered_ms, .projection = commit->projection };

	look_put(&commit->txn, answer->kind, commit->sweep[answer->kind].number, until, &look);
}

/* What this sweep did not look at is as the sweeps before it saw it. */
static void keep_older_look(struct commit *commit, enum repo_kind kind, const struct repo_oid *until)
{
	const struct sweep_state *sweep = &commit->sweep[kind];
	struct look older = look_over(&commit->txn, kind, sweep, until, 0);

	look_put(&commit->txn, kind, sweep->number, until, &older);
}

/* The page goes on behind rows that could not be seen: nothing is known of what lies between. */
static void skip_to_page(struct commit *commit, struct sweep_segment *segment, const struct page *page, size_t count)
{
	struct repo_oid until = segment->until;

	if (count) {
		until = page->observations[0].oid;
		if (!oid_before(&until) || oid_compare(&until, &segment->after) <= 0)
			return;
	}
	keep_older_look(commit, commit->answer->kind, &until);
	segment->after = until;
}

/* What lies behind the segment's end belongs to the next one, which walks it by itself. */
static size_t rows_within(const struct page *page, const struct repo_oid *until)
{
	size_t count = page->count;

	while (page->ascending && count && oid_compare(&page->observations[count - 1].oid, until) > 0)
		count--;
	return count;
}

static bool is_in_order(const struct sweep_segment *segment, const struct page *page)
{
	return !page->count || (page->ascending && oid_compare(&page->observations[0].oid, &segment->after) >= 0);
}

/*
 * How many rows a page begins with that pages before it have brought already, as where links led back for a while: they
 * change nothing about the order. 0 also where one of them is new here: then the listing is in another order.
 */
static size_t rows_repeated(struct commit *commit, const struct sweep_segment *segment, const struct page *page)
{
	struct repo_ref ref = { .kind = commit->answer->kind };
	struct missing_value missing;
	size_t count = 0;

	for (; page->ascending && count < page->count; count++) {
		ref.oid = page->observations[count].oid;
		if (oid_compare(&ref.oid, &segment->after) > 0)
			break;
		if (!repo_get(&commit->txn, ref.kind, &ref.oid, &ref.row) || missing_get(&commit->txn, ref.kind, &ref.oid, &missing))
			return 0;
	}
	return count;
}

static void take_rows(struct commit *commit, struct sweep_segment *segment, const struct page *page, size_t repeated)
{
	const struct answer *answer = commit->answer;
	size_t count = rows_within(page, &segment->until);

	for (size_t i = 0; i < repeated; i++)
		commit_single_row(commit, &page->observations[i]);
	if (repeated && repeated >= count)
		return;

	commit->completeness[answer->kind].now.listed += count - repeated;
	if (answer->sweep_skipped)
		skip_to_page(commit, segment, page, count);
	if (!count)
		return;
	merge_rows(commit, page->observations + repeated, count - repeated, &segment->after);
	segment->after = page->observations[count - 1].oid;
	put_look(commit, &segment->after);
}

/*
 * The last segment's end is that of the sweep: what lies behind it is judged then. Another one's is looked over only where
 * the listing went on; if it just ended, the Hub broke off, and nothing is known of the rest.
 */
static void end_segment(struct commit *commit, struct sweep_segment *segment)
{
	const struct answer *answer = commit->answer;
	const struct sweep_state *sweep = &commit->sweep[answer->kind];

	segment->done = true;
	if (!sweep->ordered || oid_compare(&segment->until, &oid_last) == 0 || oid_compare(&segment->after, &segment->until) >= 0)
		return;
	if (answer->sweep_beyond) {
		missed_stretch(commit, &segment->after, &segment->until);
		put_look(commit, &segment->until);
	} else {
		keep_older_look(commit, answer->kind, &segment->until);
	}
	segment->after = segment->until;
}

/* --- begin and end -------------------------------------------------------------------------------------------------- */

static uint64_t rows_known(struct commit *commit, enum repo_kind kind)
{
	return txn_entries(&commit->txn, (enum store_table)(TABLE_REPO_MODEL + kind)) - commit->gone[kind];
}

/* A segment's end is no look before it is reached: without a mark, the next segment's pages would seem to cover it. */
static void begin_segments(struct commit *commit, const struct answer *answer)
{
	struct sweep_segments *segments = &commit->segments[answer->kind];
	uint32_t number = commit->sweep[answer->kind].number;

	*segments = (struct sweep_segments){ .count = answer->bound_count + 1 };
	for (unsigned i = 0; i < segments->count; i++) {
		segments->segment[i].after = i ? answer->bound[i - 1] : (struct repo_oid){ { 0 } };
		segments->segment[i].until = i < answer->bound_count ? answer->bound[i] : oid_last;
		if (i < answer->bound_count)
			look_put(&commit->txn, answer->kind, number, &answer->bound[i], &(struct look){ 0 });
	}
}

static void begin_sweep(struct commit *commit, const struct answer *answer)
{
	struct sweep_state *sweep = &commit->sweep[answer->kind];
	struct completeness *completeness = &commit->completeness[answer->kind];

	sweep->number++;
	sweep->running = true;
	sweep->ordered = true;
	sweep->seen = 0;
	sweep->known = rows_known(commit, answer->kind);
	sweep->started_ms = answer->answered_ms;
	if (!sweep->first_look_ms)
		sweep->first_look_ms = answer->answered_ms;
	if (sweep->covering)
		look_delete_sweeps(&commit->txn, answer->kind, 0, sweep->covering - 1);
	begin_segments(commit, answer);
	completeness->now = (struct sweep_counts){ .known = sweep->known };
	completeness->met_now = (struct recapture){ 0 };
}

/* A sweep that ended early, or whose rows cannot be compared, proves nothing about what it did not bring. */
static void derive_nothing(struct commit *commit, enum repo_kind kind)
{
	const struct sweep_state *sweep = &commit->sweep[kind];

	look_delete_sweeps(&commit->txn, kind, sweep->number, sweep->number);
	missing_forget(&commit->txn, kind, sweep->started_ms);
	commit->completeness[kind].now.missing = 0;
}

/*
 * Whether enough rows of a listing could be read: before the first one ended, nothing else says how much of it was seen.
 * A dump is complete where its operator says so: the import has named the lines that it could not read.
 */
static bool is_readable(const struct answer *answer, const struct sweep_counts *counts)
{
	return answer->lane == LANE_IMPORT ||
	       counts->damaged * 100 <= (counts->listed + counts->damaged) * (100 - COMPLETE_PERCENT);
}

static bool is_enough(uint64_t rows, uint64_t known)
{
	return rows * 100 >= known * COMPLETE_PERCENT || rows + COMPLETE_BUT_FOR >= known;
}

/* Whether the listing went to where the newest known rows are: no more of them lie behind its end than may be missing. */
static bool came_to_the_end(struct commit *commit, enum repo_kind kind, const struct repo_oid *after)
{
	struct repo_ref ref = { .kind = kind, .oid = *after };
	MDB_cursor *cursor = repo_cursor(&commit->txn, kind);
	bool left = oid_next(&ref.oid) && repo_from(&commit->txn, cursor, MDB_SET_RANGE, &ref);
	uint64_t known = commit->sweep[kind].known, behind = 0;

	for (; left && is_enough(known - behind, known); left = repo_from(&commit->txn, cursor, MDB_NEXT, &ref))
		behind += behind < known && !(ref.row.flags & REPO_GONE);
	if (cursor)
		mdb_cursor_close(cursor);
	return is_enough(known - behind, known);
}

/* Out of order it is compared as a set: its end has no place, and the marks must be of all of it. */
static bool is_believed(struct commit *commit, enum repo_kind kind, const struct repo_oid *after)
{
	const struct sweep_state *sweep = &commit->sweep[kind];
	bool half = sweep->seen * 100 >= sweep->known * BELIEVED_PERCENT;

	if (!sweep->ordered)
		return half && commit->marks[kind].sweep == sweep->number;
	return is_enough(sweep->seen, sweep->known) || (half && came_to_the_end(commit, kind, after));
}

/*
 * Whether the looks of the sweeps before this one are not needed any more. A dump may have asked for less than they did:
 * what it left out is as they saw it. A sweep that asks for less has brought each row to its fields.
 */
static bool covers(struct commit *commit, const struct answer *answer)
{
	const struct sweep_state *sweep = &commit->sweep[answer->kind];

	if (answer->lane != LANE_IMPORT || !sweep->covering)
		return true;
	return !(look_fields(&commit->txn, answer->kind, sweep->covering) &
		 ~look_fields(&commit->txn, answer->kind, sweep->number));
}

/* The known rows that neither the sweep nor another look since its start has brought. */
static void missed_of_set(struct commit *commit, enum repo_kind kind)
{
	struct repo_ref ref = { .kind = kind };
	MDB_cursor *cursor = repo_cursor(&commit->txn, kind);
	bool left = repo_from(&commit->txn, cursor, MDB_SET_RANGE, &ref);

	for (; left; left = repo_from(&commit->txn, cursor, MDB_NEXT, &ref))
		if (!marks_has(&commit->marks[kind], ref.row.number) && ref.row.last_written_ms < commit->sweep[kind].started_ms)
			missed_row(commit, &ref);
	if (cursor)
		mdb_cursor_close(cursor);
}

/* When a set passed which place is not known: all of it was looked at after the sweep began, and that is what the look says. */
static void end_as_set(struct commit *commit, const struct answer *answer)
{
	struct sweep_state *sweep = &commit->sweep[answer->kind];
	struct look look = { .at_ms = sweep->started_ms, .projection = commit->projection };

	missed_of_set(commit, answer->kind);
	look_put(&commit->txn, answer->kind, sweep->number, &oid_last, &look);
	if (covers(commit, answer))
		sweep->covering = sweep->number;
}

/* Behind the last page of the last segment: before the tail is called missing, it must be clear that the listing is whole. */
static void end_in_order(struct commit *commit, const struct answer *answer, struct sweep_segment *last)
{
	struct sweep_state *sweep = &commit->sweep[answer->kind];

	if (oid_compare(&last->after, &oid_last) < 0) { /* else the tail was passed over */
		missed_stretch(commit, &last->after, &oid_last);
		put_look(commit, &oid_last);
		last->after = oid_last;
	}
	if (covers(commit, answer))
		sweep->covering = sweep->number;
}

/* Rows that could not be read have gap records of their own. */
static void record_incomplete(struct commit *commit, const struct answer *answer)
{
	const struct sweep_state *sweep = &commit->sweep[answer->kind];
	const char *kind = repo_kinds[answer->kind].plural;

	buf_reset(&commit->content);
	if (!is_enough(sweep->seen, sweep->known))
		buf_printf(&commit->content, "sweep %u of %s brought only %llu of %llu known rows: it counts as incomplete",
			sweep->number, kind, (unsigned long long)sweep->seen, (unsigned long long)sweep->known);
	else if (answer->sweep_short)
		buf_printf(&commit->content, "sweep %u of %s ended before the newest repos: it counts as incomplete",
			sweep->number, kind);
	if (commit->content.size)
		commit_gap(commit, buf_as_slice(&commit->content));
}

static void close_counts(struct commit *commit, enum repo_kind kind)
{
	struct completeness *completeness = &commit->completeness[kind];

	completeness->last = completeness->now;
	if (!commit->sweep[kind].complete)
		return;
	completeness->met_before = completeness->met_last;
	completeness->met_last = completeness->met_now;
	completeness->met_last.first = completeness->last.listed;
	completeness->met_now = (struct recapture){ 0 };
}

static void end_sweep(struct commit *commit, const struct answer *answer)
{
	struct sweep_state *sweep = &commit->sweep[answer->kind];
	struct sweep_segments *segments = &commit->segments[answer->kind];
	struct sweep_segment *last = &segments->segment[segments->count - 1];

	sweep->running = false;
	sweep->ended_ms = answer->answered_ms;
	sweep->complete = is_enough(sweep->seen, sweep->known) && !answer->sweep_short &&
			  is_readable(answer, &commit->completeness[answer->kind].now);
	if (sweep->complete)
		sweep->completed_ms = answer->answered_ms;
	if (answer->sweep_short || !is_believed(commit, answer->kind, &last->after))
		derive_nothing(commit, answer->kind);
	else if (sweep->ordered)
		end_in_order(commit, answer, last);
	else
		end_as_set(commit, answer);
	marks_release(&commit->marks[answer->kind]);
	if (!sweep->complete)
		record_incomplete(commit, answer);
	close_counts(commit, answer->kind);
}

/* --- a listing that is not in the order of oids ---------------------------------------------------------------------- */

/* What the pages in order have brought: all known rows up to there but those that they lacked. */
static void mark_brought(struct commit *commit, enum repo_kind kind, const struct repo_oid *until)
{
	struct repo_ref ref = { .kind = kind };
	MDB_cursor *cursor = repo_cursor(&commit->txn, kind);
	bool left = repo_from(&commit->txn, cursor, MDB_SET_RANGE, &ref);
	struct missing_value missing;

	for (; left && oid_compare(&ref.oid, until) <= 0; left = repo_from(&commit->txn, cursor, MDB_NEXT, &ref))
		if (!commit->missing_rows || !missing_get(&commit->txn, kind, &ref.oid, &missing))
			marks_set(&commit->marks[kind], ref.row.number);
	if (cursor)
		mdb_cursor_close(cursor);
}

/* Places tell nothing any more: what a page lacked may still come. Of several segments no set is made. */
static void leave_order(struct commit *commit, enum repo_kind kind)
{
	const struct sweep_segments *segments = &commit->segments[kind];

	commit->sweep[kind].ordered = false;
	if (segments->count == 1) {
		marks_begin(&commit->marks[kind], commit->sweep[kind].number);
		mark_brought(commit, kind, &segments->segment[0].after);
	}
	derive_nothing(commit, kind);
}

/* Without marks a row that comes twice is counted twice; then nothing is derived from the count either. */
static void take_as_set(struct commit *commit, const struct page *page)
{
	enum repo_kind kind = commit->answer->kind;
	struct sweep_counts *now = &commit->completeness[kind].now;
	struct sweep_marks *marks = &commit->marks[kind];
	uint64_t known = commit->counts->rows_new;
	struct repo_row row;

	for (size_t i = 0; i < page->count; i++) {
		if (repo_get(&commit->txn, kind, &page->observations[i].oid, &row) && !(row.flags & REPO_GONE))
			commit->sweep[kind].seen += !marks->sweep || marks_set(marks, row.number);
		commit_single_row(commit, &page->observations[i]);
	}
	now->listed += page->count;
	now->fresh += commit->counts->rows_new - known;
}

static bool all_done(const struct sweep_segments *segments)
{
	for (unsigned i = 0; i < segments->count; i++)
		if (!segments->segment[i].done)
			return false;
	return true;
}

void commit_sweep_page(struct commit *commit, const struct answer *answer)
{
	struct sweep_state *sweep = &commit->sweep[answer->kind];
	struct sweep_segments *segments = &commit->segments[answer->kind];
	const struct page *page = &answer->page;
	struct sweep_segment *segment;
	size_t repeated = 0;

	if (answer->sweep_first)
		begin_sweep(commit, answer);
	segment = &segments->segment[answer->segment < segments->count ? answer->segment : 0];
	if (sweep->ordered && !is_in_order(segment, page)) {
		repeated = rows_repeated(commit, segment, page);
		if (!repeated)
			leave_order(commit, answer->kind);
	}
	if (sweep->ordered)
		take_rows(commit, segment, page, repeated);
	else
		take_as_set(commit, page);
	commit->completeness[answer->kind].now.damaged += page->damaged;
	if (answer->sweep_last)
		end_segment(commit, segment);
	sweep->after = segments->segment[0].after;
	if (answer->sweep_last && all_done(segments))
		end_sweep(commit, answer);
}

/* --- what polls tell of it ------------------------------------------------------------------------------------------ */

static bool has_moved(const struct observation *observation, const struct repo_row *row)
{
	return memcmp(observation->sha, row->sha, SHA_BYTES) != 0 || observation->modified_ms != row->last_modified_ms;
}

/*
 * Whether a row that is new to us appeared after the look at its place, whatever its createdAt says: its oid was made later,
 * or its name was borne by another repo, which was deleted and made anew.
 */
static bool has_appeared(struct commit *commit, const struct observation *observation, int64_t look_ms)
{
	struct slice name = observation->draft ? observation->draft->name : SLICE_NONE;
	struct name_entry bearer = { .hash = name_hash(commit->answer->kind, name) };
	MDB_cursor *cursor = txn_cursor(&commit->txn, TABLE_NAME);
	bool was_borne = name_next(&commit->txn, cursor, &bearer);

	if (cursor)
		mdb_cursor_close(cursor);
	return was_borne || get_u32(observation->oid.byte) >= look_ms / 1000;
}

/*
 * Counted are rows that were there when a sweep passed their place, each once: a poll that brings a change writes the row,
 * so whatever was written since that look has been counted, or was met otherwise.
 */
void commit_recapture(struct commit *commit, const struct observation *observation, const struct repo_row *known)
{
	enum repo_kind kind = commit->answer->kind;
	const struct sweep_state *sweep = &commit->sweep[kind];
	struct completeness *completeness = &commit->completeness[kind];
	int64_t look_ms = look_over(&commit->txn, kind, sweep, &observation->oid, 0).at_ms;
	struct recapture *met = sweep->running && look_ms >= sweep->started_ms ? &completeness->met_now : &completeness->met_last;
	struct missing_value missing;
	bool listed = known && !missing_get(&commit->txn, kind, &observation->oid, &missing);

	if (!look_ms || observation->created_ms / 1000 >= look_ms / 1000 || commit->answer->answered_ms < look_ms)
		return;
	if (known && (known->flags & REPO_GONE || known->last_written_ms > look_ms || (listed && !has_moved(observation, known))))
		return;
	if (!known && has_appeared(commit, observation, look_ms))
		return;
	met->second++;
	met->both += listed;
}
