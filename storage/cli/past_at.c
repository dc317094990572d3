/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/cli/past_at.h"

#include "storage/cli/as_of.h"

enum { SHA_SHOWN = 7 };

/* The Hub dates all that is older 2022-03-02T23:29:04Z, and some seconds more. */
#define HUB_FLOOR_MS INT64_C(1646263744000)
enum { HUB_FLOOR_SPREAD_MS = 60 * 1000 };

int64_t repo_created_ms(const struct repo_row *row)
{
	return row->created_ms < HUB_FLOOR_MS + HUB_FLOOR_SPREAD_MS ? 0 : row->created_ms;
}

/* ---- the series -----------------------------------------------------------------------------------------------------*/

static void take_commit(const struct change_read *change, struct past_commit *commit)
{
	*commit = (struct past_commit){ .seq = change->seq, .at_ms = change->at_ms, .sha = change->commit_sha,
		.commit = change->commit, .url = change->url, .reason = change->reason,
		.clamped = change->at_ms != change->commit_date_ms };
}

/*
 * One record of the series, in the order of the commits. The state at a time is what the last commit brought that is dated
 * up to then; a commit before it that is dated later says that one of the clocks was wrong.
 */
static void note_commit(const struct change_read *change, int64_t at_ms, struct past_at *past)
{
	bool later = change->at_ms > at_ms;

	if (!later && past->end.seq)
		past->known = PAST_RUNS_BACKWARDS;
	if (!later) {
		take_commit(change, &past->begin);
		past->side = change->after;
		past->end.seq = 0;
	} else if (!past->end.seq) {
		take_commit(change, &past->end);
		if (!past->begin.seq)
			past->side = change->before;
	}
	if (past->known == PAST_TELLS_NOTHING)
		past->known = PAST_TELLS;
}

/* Before all of a line is read: strings have no bare quotes, so what looks like the member is the member. */
static bool may_be_of_series(struct slice line)
{
	static const char member[] = "\"origin\":\"reconstructed\"";
	enum { HEAD_BYTES = 200 }; /* v, ledger, seq and event stand before it */

	return memmem(line.data, line.size < HEAD_BYTES ? line.size : HEAD_BYTES, member, sizeof(member) - 1) != NULL;
}

static bool is_of_series(const struct change_read *change)
{
	return change->origin == ORIGIN_RECONSTRUCTED && event_is_license(change->event);
}

static int walk_series(struct reader *reader, uint32_t number, int64_t at_ms, struct json *json, struct arena *arena,
	struct past_at *past)
{
	struct change_read change;
	uint64_t seq = 0;
	struct slice line;
	int code;

	while ((code = reader_repo_change_next(reader, number, &seq)) == ERROR_NONE) {
		code = reader_change(reader, seq, &line);
		if (!code && !may_be_of_series(line))
			continue;
		if (code || change_read(json, line, arena, &change))
			return code ? code : ERROR_CORRUPT;
		if (is_of_series(&change))
			note_commit(&change, at_ms, past);
	}
	return code == ERROR_NOT_FOUND ? ERROR_NONE : code;
}

/* ---- its end, the first look ----------------------------------------------------------------------------------------*/

static int read_first(struct reader *reader, const struct repo_ref *ref, struct arena *arena, struct side_read *first)
{
	struct snapshot snapshot;
	int code = reader_snapshot(reader, ref->row.number, 1, arena, &snapshot);

	return code ? code : reader_state(reader, &snapshot, arena, &first->state);
}

/* No record: the search found no commit that changed what the first look found. */
static int take_search(struct reader *reader, const struct repo_ref *ref, const struct side_read *first,
	struct past_at *past)
{
	struct past_row row;
	int code = reader_past(reader, ref->row.number, &row);

	if (code || !past_outcome_is_good(row.outcome))
		return code == ERROR_NOT_FOUND ? ERROR_NONE : code;
	past->whole = row.outcome == PAST_WHOLE;
	if (past->known != PAST_TELLS_NOTHING)
		return ERROR_NONE;
	past->known = PAST_FOUND_NO_CHANGE;
	past->side = *first;
	memcpy(past->sha, row.head, SHA_BYTES);
	return ERROR_NONE;
}

/* The side as records have it: of no version, so without settings. */
static void write_side(struct arena *arena, struct past_at *past)
{
	struct buf text = BUF_INIT(CHANGE_BYTES_MAX);
	struct change_side side = { .state = &past->side.state };

	memcpy(side.sha, past->sha, SHA_BYTES);
	if (past->side.sha.size)
		sha_read(past->side.sha, side.sha);
	change_side_write(&side, &text);
	past->side.json = arena_copy(arena, buf_as_slice(&text));
	buf_release(&text);
}

int past_at(struct reader *reader, const struct repo_ref *ref, int64_t at_ms, struct arena *arena, struct past_at *past)
{
	struct side_read first = { .json = SLICE_NONE };
	struct json json;
	int code;

	*past = (struct past_at){ .first_look_ms = ref->row.first_seen_ms, .created_ms = repo_created_ms(&ref->row) };
	if (at_ms < past->created_ms)
		return ERROR_NONE; /* older commits were made elsewhere: they say nothing of the Hub */
	json_init(&json, CHANGE_NODES_MAX);
	code = walk_series(reader, ref->row.number, at_ms, &json, arena, past);
	json_release(&json);
	if (!code)
		code = read_first(reader, ref, arena, &first);
	if (!code)
		code = take_search(reader, ref, &first, past);
	if (code || past->known == PAST_TELLS_NOTHING)
		return code;
	past->first_look_differs = !past->end.seq && !side_same_license(&past->side, &first);
	write_side(arena, past);
	return ERROR_NONE;
}

/* ---- in words -------------------------------------------------------------------------------------------------------*/

struct slice past_at_reason(const struct past_at *past)
{
	struct slice begin = past->begin.reason, end = past->end.reason;

	return begin.size > end.size ? begin : end;
}

void past_commit_url(const struct past_commit *commit, struct buf *out)
{
	buf_slice(out, commit->url);
	buf_text(out, "/commit/");
	buf_slice(out, commit->sha);
}

static void write_commit(const struct past_commit *commit, struct buf *out)
{
	buf_printf(out, "%.*s", commit->sha.size < SHA_SHOWN ? (int)commit->sha.size : SHA_SHOWN,
		commit->sha.size ? commit->sha.data : "");
}

static void write_between(const struct past_at *past, struct buf *out)
{
	char moment[SHORT_MOMENT];

	buf_text(out, "commit ");
	write_commit(&past->begin, out);
	buf_printf(out, " of %s said so", short_moment(past->begin.at_ms, moment));
	if (!past->end.seq) {
		buf_printf(out, past->first_look_differs ? ", but the first look %s found otherwise" :
							   ", and the first look %s found it so",
			short_moment(past->first_look_ms, moment));
		return;
	}
	buf_text(out, ", the next that changed it, ");
	write_commit(&past->end, out);
	buf_printf(out, past->end.clamped ? ", was there at the first look %s" : ", is of %s",
		short_moment(past->end.at_ms, moment));
}

static void write_before(const struct past_at *past, struct buf *out)
{
	char moment[SHORT_MOMENT];

	buf_text(out, "commit ");
	write_commit(&past->end, out);
	buf_printf(out, past->end.clamped ? ", there at the first look %s, changed it" : " of %s changed it",
		short_moment(past->end.at_ms, moment));
	buf_text(out, past->whole ? ", and all before it said so" : ", and those before it that were looked at said so");
}

static void write_backwards(const struct past_at *past, struct buf *out)
{
	buf_text(out, "uncertain: the dates of the commits run backwards here");
	if (past->begin.seq) {
		buf_text(out, "; by their order commit ");
		write_commit(&past->begin, out);
		buf_text(out, " said so");
	}
}

void past_at_text(const struct past_at *past, struct buf *out)
{
	char moment[SHORT_MOMENT];

	if (past->known == PAST_FOUND_NO_CHANGE) {
		buf_printf(out, "uncertain: the first look %s found it so, and no commit before was found to change it",
			short_moment(past->first_look_ms, moment));
	} else if (past->known == PAST_RUNS_BACKWARDS) {
		write_backwards(past, out);
	} else {
		buf_text(out, "reconstructed: ");
		if (past->begin.seq)
			write_between(past, out);
		else
			write_before(past, out);
	}
	if (!past->begin.seq && past->created_ms)
		buf_printf(out, "; created %s, by the Hub", short_moment(past->created_ms, moment));
	if (past_at_reason(past).size) {
		buf_text(out, " (");
		buf_slice(out, past_at_reason(past));
		buf_char(out, ')');
	}
}
