/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/cli/version_at.h"

#include "storage/change_index.h"
#include "storage/cli/as_of.h"
#include "storage/cli/record.h"
#include "storage/model/moment.h"

enum { GAP_STEPS_MAX = 200000 };

const char *certainty_name(enum certainty certainty)
{
	static const char *const names[] = {
		[CERTAINTY_UNCHANGED] = "unchanged", [CERTAINTY_UNCERTAIN] = "uncertain", [CERTAINTY_GAP] = "gap",
		[CERTAINTY_GONE] = "gone",           [CERTAINTY_UNKNOWN] = "unknown",
		[CERTAINTY_RECONSTRUCTED] = "reconstructed",
	};

	return names[certainty];
}

static const char *const series_names[] = {
	[SERIES_OBSERVED] = "observed", [SERIES_IMPORTED] = "imported", [SERIES_RECONSTRUCTED] = "reconstructed",
};

const char *series_name(enum series series)
{
	return series_names[series];
}

enum series series_read(struct slice name)
{
	for (unsigned i = SERIES_OBSERVED; i < ARRAY_COUNT(series_names); i++)
		if (slice_is(name, series_names[i]))
			return (enum series)i;
	return SERIES_NONE;
}

bool answer_is_known(const struct version_at *answer)
{
	return answer->version || answer->series == SERIES_RECONSTRUCTED;
}

/* ---- was it there? ---------------------------------------------------------------------------------------------------*/

static int64_t moment_of_field(struct record *record, enum record_field field)
{
	int64_t at_ms = 0;

	moment_read(record_text(record, field), &at_ms);
	return at_ms;
}

static bool tells_presence(struct slice line)
{
	struct slice event = record_line_event(line);

	return slice_is(event, "repo.gone") || slice_is(event, "repo.replaced") || slice_is(event, "repo.restored");
}

/* False: the record lies behind the time, and nothing later matters. */
static bool note_presence(struct record *record, int64_t at_ms, struct arena *arena, struct presence *presence)
{
	int64_t record_ms = moment_of_field(record, RECORD_OBSERVED_AT);
	bool restored = slice_is(record_text(record, RECORD_EVENT), "repo.restored");

	if (record_ms > at_ms) {
		if (restored)
			return true;
		presence->next_gone_ms = record_ms;
		presence->next_gone_seen_ms = moment_of_field(record, RECORD_OBSERVED_AFTER);
		return false;
	}
	if (restored) {
		presence->restored_ms = record_ms;
		presence->gone_ms = 0;
	} else {
		presence->gone_ms = record_ms;
		presence->gone_seen_ms = moment_of_field(record, RECORD_OBSERVED_AFTER);
		presence->reason = arena_copy(arena, record_text(record, RECORD_REASON));
	}
	return true;
}

int presence_at(struct reader *reader, uint32_t number, int64_t at_ms, struct arena *arena, struct presence *presence)
{
	struct record record;
	uint64_t seq = 0;
	int code;

	*presence = (struct presence){ 0 };
	record_init(&record);
	while ((code = reader_repo_change_next(reader, number, &seq)) == ERROR_NONE) {
		struct slice line;

		code = reader_change(reader, seq, &line);
		if (code)
			break;
		if (!tells_presence(line))
			continue;
		if (!record_read(&record, line))
			code = ERROR_CORRUPT;
		if (code || !note_presence(&record, at_ms, arena, presence))
			break;
	}
	record_release(&record);
	return code == ERROR_NOT_FOUND ? ERROR_NONE : code;
}

/* ---- which version? --------------------------------------------------------------------------------------------------*/

/* From the newest version down to the first one that was there at the time. */
static int find_version(struct reader *reader, const struct repo_ref *ref, int64_t at_ms, struct version_at *answer)
{
	struct snapshot snapshot;

	answer->until_ms = reader_last_seen(reader, ref);
	for (uint32_t version = ref->row.versions; version > 0; version--) {
		int code = reader_snapshot_times(reader, ref->row.number, version, &snapshot);

		if (code)
			return code == ERROR_NOT_FOUND ? ERROR_CORRUPT : code;
		answer->first_look_ms = snapshot.observed_at_ms;
		if (snapshot.observed_at_ms <= at_ms) {
			answer->version = version;
			answer->from_ms = answer->version_ms = snapshot.observed_at_ms;
			break;
		}
		answer->next_ms = snapshot.observed_at_ms;
		answer->until_ms = snapshot.observed_after_ms;
	}
	return ERROR_NONE;
}

static void apply_presence(const struct presence *presence, struct version_at *answer)
{
	if (presence->restored_ms > answer->from_ms)
		answer->from_ms = presence->restored_ms;
	if (presence->next_gone_ms && (!answer->next_ms || presence->next_gone_ms < answer->next_ms)) {
		answer->next_ms = presence->next_gone_ms;
		answer->until_ms = presence->next_gone_seen_ms;
		answer->next_is_gone = true;
	}
	if (presence->gone_ms) {
		answer->certainty = CERTAINTY_GONE;
		answer->until_ms = presence->gone_seen_ms;
		answer->next_ms = presence->gone_ms;
		answer->next_is_gone = true;
		answer->reason = presence->reason;
	}
}

static bool mentions(struct slice text, const char *word)
{
	return memmem(text.data, text.size, word, strlen(word)) != NULL;
}

/* A gap names the kind that could not be seen, or the beginning of one row that could not be read. */
static bool gap_concerns(struct slice reason, const struct repo_ref *ref)
{
	char oid[OID_HEX + 1];

	oid_write(&ref->oid, oid);
	if (mentions(reason, "the clocks differ"))
		return false; /* somebody looked; only the time is in doubt */
	if (!reason.size || mentions(reason, "a row could not be read"))
		return reason.size && mentions(reason, oid);
	if (mentions(reason, repo_kinds[ref->kind].plural))
		return true;
	for (unsigned kind = 0; kind < REPO_KINDS; kind++)
		if (mentions(reason, repo_kinds[kind].plural))
			return false;
	return true;
}

/* By the index, where there is one. */
static int next_gap(struct reader *reader, enum term_order order, struct log_position *position)
{
	struct term term = term_event(EVENT_GAP);
	enum event event;

	if (reader_has_terms(reader))
		return reader_term_next(reader, &term, order, position, false, &event);
	return order == TERM_SEEN ? reader_change_next(reader, position, false) : ERROR_NOT_FOUND;
}

static int explain(struct reader *reader, const struct repo_ref *ref, enum term_order order, struct arena *arena,
	struct version_at *answer)
{
	struct log_position position = { answer->until_ms, UINT64_MAX };
	int64_t end_ms = answer->next_ms ? answer->next_ms : INT64_MAX;
	struct record record;
	int code = ERROR_NONE;

	record_init(&record);
	for (unsigned step = 0; step < GAP_STEPS_MAX && answer->certainty != CERTAINTY_GAP; step++) {
		struct slice line;

		code = next_gap(reader, order, &position);
		if (code || position.at_ms >= end_ms)
			break;
		code = reader_change(reader, position.seq, &line);
		if (code)
			break;
		if (!slice_is(record_line_event(line), "gap") || !record_read(&record, line))
			continue;
		if (!gap_concerns(record_text(&record, RECORD_REASON), ref))
			continue;
		answer->certainty = CERTAINTY_GAP;
		answer->reason = arena_copy(arena, record_text(&record, RECORD_REASON));
	}
	record_release(&record);
	return code == ERROR_NOT_FOUND ? ERROR_NONE : code;
}

int version_at_explain(struct reader *reader, const struct repo_ref *ref, struct arena *arena, struct version_at *answer)
{
	int code;

	if (answer->certainty != CERTAINTY_UNCERTAIN || !answer->version)
		return ERROR_NONE;
	code = explain(reader, ref, TERM_SEEN, arena, answer);
	if (!code && answer->certainty == CERTAINTY_UNCERTAIN)
		code = explain(reader, ref, TERM_DATED, arena, answer);
	return code;
}

int version_at(struct reader *reader, const struct repo_ref *ref, int64_t at_ms, struct arena *arena,
	struct version_at *answer)
{
	int64_t time_ms = at_ms ? at_ms : INT64_MAX;
	struct presence presence;
	int code;

	*answer = (struct version_at){ .certainty = CERTAINTY_UNCHANGED };
	code = find_version(reader, ref, time_ms, answer);
	if (!code)
		code = presence_at(reader, ref->row.number, time_ms, arena, &presence);
	if (code)
		return code;
	if (!answer->version) {
		answer->certainty = CERTAINTY_UNKNOWN;
		return ERROR_NONE;
	}
	apply_presence(&presence, answer);
	if (answer->certainty == CERTAINTY_UNCHANGED && at_ms > answer->until_ms)
		answer->certainty = CERTAINTY_UNCERTAIN;
	return ERROR_NONE;
}

/* ---- who says so? ----------------------------------------------------------------------------------------------------*/

/* The record that made a version, where there is one: what is there at the baseline has none. */
static int find_maker(struct reader *reader, uint32_t number, uint32_t version, struct json *json, struct arena *arena,
	struct change_read *maker)
{
	struct slice line;
	uint64_t seq = 0;
	int code;

	while ((code = reader_repo_change_next(reader, number, &seq)) == ERROR_NONE) {
		arena_reset(arena);
		code = reader_change(reader, seq, &line);
		if (code || change_read(json, line, arena, maker))
			return code ? code : ERROR_CORRUPT;
		/* a version stands on both sides of records that are about it later: another text, a base's switch */
		if (maker->after.version == version && maker->before.version != version && maker->event != EVENT_REPO_RESTORED)
			return ERROR_NONE;
	}
	return code;
}

int series_of_look(struct reader *reader, int64_t observed_at_ms, enum series *series)
{
	int64_t created_ms;
	int code = reader_created(reader, &created_ms);

	*series = !created_ms || observed_at_ms < created_ms ? SERIES_IMPORTED : SERIES_OBSERVED; /* our own looks began later */
	return code;
}

int series_of_version(struct reader *reader, const struct repo_ref *ref, uint32_t version, int64_t observed_at_ms,
	enum series *series)
{
	struct arena scratch = { 0 };
	struct change_read maker = { 0 };
	struct json json;
	int code = series_of_look(reader, observed_at_ms, series);

	json_init(&json, CHANGE_NODES_MAX);
	if (!code)
		code = find_maker(reader, ref->row.number, version, &json, &scratch, &maker);
	if (!code)
		*series = maker.origin == ORIGIN_IMPORTED ? SERIES_IMPORTED : SERIES_OBSERVED;
	json_release(&json);
	arena_release(&scratch);
	return code == ERROR_NOT_FOUND ? ERROR_NONE : code;
}

static int ask_commits(struct reader *reader, const struct repo_ref *ref, int64_t at_ms, struct arena *arena,
	struct version_at *answer)
{
	int code = past_at(reader, ref, at_ms, arena, &answer->past);

	if (!code && at_ms < answer->past.created_ms)
		answer->created_ms = answer->past.created_ms;
	if (code || answer->past.known == PAST_TELLS_NOTHING)
		return code;
	answer->series = SERIES_RECONSTRUCTED;
	answer->certainty = answer->past.known == PAST_TELLS ? CERTAINTY_RECONSTRUCTED : CERTAINTY_UNCERTAIN;
	answer->reason = past_at_reason(&answer->past);
	return ERROR_NONE;
}

int state_at(struct reader *reader, const struct repo_ref *ref, int64_t at_ms, struct arena *arena,
	struct version_at *answer)
{
	int code = version_at(reader, ref, at_ms, arena, answer);

	if (!code && answer->certainty == CERTAINTY_UNKNOWN)
		return ask_commits(reader, ref, at_ms, arena, answer);
	if (!code)
		code = series_of_version(reader, ref, answer->version, answer->version_ms, &answer->series);
	return code ? code : version_at_explain(reader, ref, arena, answer);
}

/* ---- in words -------------------------------------------------------------------------------------------------------*/

static void unchanged_text(const struct version_at *answer, struct buf *out)
{
	const char *imported = answer->series == SERIES_IMPORTED ? " (imported)" : "";
	char from[SHORT_MOMENT], until[SHORT_MOMENT];

	short_moment(answer->from_ms, from);
	short_moment(answer->until_ms, until);
	if (strcmp(from, until) == 0)
		buf_printf(out, "seen once, at %s%s", from, imported);
	else if (imported[0])
		buf_printf(out, "unchanged from %s%s to %s", from, imported, until);
	else
		buf_printf(out, "observed unchanged from %s to %s", from, until);
}

static void reason_text(const struct version_at *answer, struct buf *out)
{
	if (!answer->reason.size)
		return;
	buf_text(out, " (");
	buf_slice(out, answer->reason);
	buf_char(out, ')');
}

static void uncertain_text(const struct version_at *answer, struct buf *out)
{
	char seen[SHORT_MOMENT], next[SHORT_MOMENT];

	short_moment(answer->until_ms, seen);
	if (!answer->next_ms) {
		buf_printf(out, "Last seen at %s. What holds after that is not known", seen);
		reason_text(answer, out);
		return;
	}
	buf_printf(out, answer->next_is_gone ? "It was deleted or made private between %s and %s" : "It changed between %s and %s",
		seen, short_moment(answer->next_ms, next));
	if (answer->certainty == CERTAINTY_GAP) {
		buf_text(out, ", while nobody could look");
		reason_text(answer, out);
	}
	if (answer->next_is_gone)
		buf_printf(out, ". At the time you ask for it may have been gone; version %u, the last, is shown", answer->version);
	else
		buf_printf(out, ". At the time you ask for it was version %u or %u; version %u is shown", answer->version,
			answer->version + 1, answer->version);
}

static void gone_text(const struct version_at *answer, struct buf *out)
{
	bool deleted = !answer->reason.size || slice_is(answer->reason, "deleted_or_private");
	char seen[SHORT_MOMENT], next[SHORT_MOMENT];

	buf_printf(out, "GONE: %s between %s and %s", deleted ? "deleted or made private" : "replaced or deleted",
		short_moment(answer->until_ms, seen), short_moment(answer->next_ms, next));
	if (!deleted)
		reason_text(answer, out);
	buf_text(out, ". The last known state follows");
}

static void unknown_text(const struct version_at *answer, struct buf *out)
{
	char first[SHORT_MOMENT], created[SHORT_MOMENT];

	buf_printf(out, "Not known. This repo has been watched only since %s", short_moment(answer->first_look_ms, first));
	if (answer->created_ms)
		buf_printf(out, "; created %s, by the Hub", short_moment(answer->created_ms, created));
}

void version_at_text(const struct version_at *answer, struct buf *out)
{
	static void (*const texts[])(const struct version_at *answer, struct buf *out) = {
		[CERTAINTY_UNCHANGED] = unchanged_text, [CERTAINTY_UNCERTAIN] = uncertain_text, [CERTAINTY_GAP] = uncertain_text,
		[CERTAINTY_GONE] = gone_text,           [CERTAINTY_UNKNOWN] = unknown_text,
		[CERTAINTY_RECONSTRUCTED] = unknown_text,
	};

	if (answer->series == SERIES_RECONSTRUCTED)
		past_at_text(&answer->past, out);
	else
		texts[answer->certainty](answer, out);
}

void version_at_doubt(const struct version_at *answer, struct buf *out)
{
	char seen[SHORT_MOMENT];

	if (answer->certainty == CERTAINTY_GONE)
		buf_text(out, "gone; it was ");
	else if (answer->series == SERIES_RECONSTRUCTED)
		buf_text(out, answer->certainty == CERTAINTY_RECONSTRUCTED ? "by its commits: " : "uncertain, by its commits: ");
	else if (answer->certainty != CERTAINTY_UNCERTAIN && answer->certainty != CERTAINTY_GAP)
		return;
	else if (!answer->next_ms)
		buf_printf(out, "uncertain; on %s it was ", short_moment(answer->until_ms, seen));
	else if (answer->next_is_gone)
		buf_text(out, "uncertain, perhaps gone already; it was ");
	else
		buf_printf(out, "uncertain, version %u or %u; by version %u: ", answer->version, answer->version + 1, answer->version);
}
