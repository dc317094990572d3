/* SPDX-License-Identifier: Apache-2.0 */
/* The judge: what a proof says against what its records say. */
#include "storage/model/moment.h"
#include "storage/proof_file.h"

struct judge {
	struct proof_file proof;
	struct proof_report *report;
	struct json json;
	struct change_read begin, end; /* read where has_... */
	bool has_begin, has_end;
};

static const char *moment_text(int64_t unix_ms, char out[MOMENT_TEXT])
{
	if (!unix_ms)
		return strcpy(out, "never");
	moment_write(unix_ms, out);
	return out;
}

/* "other/falcon-llm-license", for people */
static struct slice license_text(struct judge *judge, const struct state *state)
{
	const struct statement *statement = &state->statement;
	struct buf out = BUF_INIT(CHANGE_BYTES_MAX);
	struct slice text;

	for (unsigned i = 0; i < statement->id_count; i++) {
		buf_text(&out, i ? " + " : "");
		buf_slice(&out, statement->id[i]);
	}
	if (!statement->id_count)
		buf_text(&out, "no license");
	else if (statement->license_name.size)
		buf_char(&out, '/');
	if (statement->id_count)
		buf_slice(&out, statement->license_name);
	text = arena_copy(&judge->report->arena, buf_as_slice(&out));
	buf_release(&out);
	return text;
}

static const char *event_text(const struct change_read *change)
{
	return change->event < EVENT_COUNT ? event_name(change->event) : "of an unknown event";
}

/* An address without its query, which names every field; the file has all of it. */
static struct slice address_text(struct slice url)
{
	const char *query = url.size ? memchr(url.data, '?', url.size) : NULL;

	return query ? (struct slice){ url.data, (size_t)(query - url.data) } : url.data ? url : SLICE("");
}

#define BROKEN(judge, about, ...) proof_found((judge)->report, PROOF_BROKEN, (about), __VA_ARGS__)

/* ---- whose record it is ----------------------------------------------------------------------------------------------- */

static struct slice host_of(struct slice hub)
{
	const char *host = hub.size ? memmem(hub.data, hub.size, "://", 3) : NULL;

	return host ? (struct slice){ host + 3, hub.size - (size_t)(host + 3 - hub.data) } : hub;
}

static bool is_of_repo(struct judge *judge, const char *about, const struct change_read *change)
{
	const struct proof_file *proof = &judge->proof;
	bool same = change->has_repo && change->kind == proof->kind && oid_compare(&change->oid, &proof->oid) == 0 &&
		    slice_equal(change->hub, host_of(proof->hub));

	if (!same)
		BROKEN(judge, about, "record %llu is about another repo", (unsigned long long)change->seq);
	return same;
}

/* The record `seq`, where the file names one: of this repo and among the chained. */
static bool take_record(struct judge *judge, const char *about, uint64_t seq, struct change_read *change)
{
	if (!seq)
		return false;
	if (!proof_record(&judge->proof, seq, &judge->json, judge->report, change)) {
		BROKEN(judge, about, "record %llu, which is named, is in no chain that is good", (unsigned long long)seq);
		return false;
	}
	return is_of_repo(judge, about, change);
}

/* ---- the state -------------------------------------------------------------------------------------------------------- */

/* The state of the file, read as the side of a record. */
static bool read_state(struct judge *judge)
{
	struct buf line = BUF_INIT(CHANGE_BYTES_MAX);
	struct change_read read;
	bool good;

	buf_text(&line, "{\"after\":");
	buf_slice(&line, judge->proof.state);
	buf_char(&line, '}');
	good = judge->proof.state.size && !line.overflow &&
	       change_read(&judge->json, buf_as_slice(&line), &judge->report->arena, &read) == 0 && read.after.json.size;
	if (good)
		judge->report->state = read.after;
	else
		BROKEN(judge, "file", "it tells no state");
	buf_release(&line);
	return good;
}

/* The state stands in the record byte for byte, or, in that which ended it, says the same: its head may have moved. */
static bool is_state(const struct judge *judge, const struct side_read *side, bool exactly)
{
	const struct side_read *state = &judge->report->state;

	if (exactly)
		return slice_equal(side->json, state->json);
	return side->json.size && side->version == state->version && side_same_license(side, state) &&
	       slice_equal(side->state.name, state->state.name);
}

static void judge_begin(struct judge *judge)
{
	const struct change_read *begin = &judge->begin;
	struct slice license = license_text(judge, &begin->after.state);
	char at[MOMENT_TEXT];

	if (!judge->has_begin)
		return;
	if (!is_state(judge, &begin->after, true)) {
		BROKEN(judge, "begin", "record %llu does not say what the file says: it declares %.*s",
			(unsigned long long)begin->seq, (int)license.size, license.data);
		return;
	}
	proof_found(judge->report, proof_record_word(&judge->proof, begin->seq), "begin",
		"record %llu, %s, %s %s: it declares %.*s", (unsigned long long)begin->seq,
		event_text(begin),
		begin->origin == ORIGIN_RECONSTRUCTED ? "by a commit of" : "seen", moment_text(begin->at_ms, at),
		(int)license.size, license.data);
}

static void judge_end(struct judge *judge)
{
	const struct change_read *end = &judge->end;
	struct slice before = license_text(judge, &end->before.state), after = license_text(judge, &end->after.state);
	bool gone = !end->after.json.size;
	char at[MOMENT_TEXT];

	if (!judge->has_end)
		return;
	if (!is_state(judge, &end->before, !judge->has_begin)) {
		BROKEN(judge, "end", "record %llu does not end the state that the file tells", (unsigned long long)end->seq);
		return;
	}
	proof_found(judge->report, proof_record_word(&judge->proof, end->seq), "end", "record %llu, %s, %s %s: before it declared "
		"%.*s, then %s%.*s", (unsigned long long)end->seq, event_text(end),
		end->origin == ORIGIN_RECONSTRUCTED ? "by a commit of" : "seen", moment_text(end->at_ms, at), (int)before.size,
		before.data, gone ? "it was not there" : "", gone ? 0 : (int)after.size, after.data);
}

/* ---- the interval ------------------------------------------------------------------------------------------------------ */

/*
 * A moment of the file against the record's. A record is never dated before the one that was written before it, so it may be
 * dated a little later than the look that the store tells of: then that look is the store's word.
 */
static void judge_moment(struct judge *judge, const char *key, int64_t said_ms, int64_t record_ms, uint64_t seq, bool may_be_earlier)
{
	char said[MOMENT_TEXT], recorded[MOMENT_TEXT];

	if (said_ms == record_ms)
		return;
	moment_text(said_ms, said);
	moment_text(record_ms, recorded);
	if (may_be_earlier && said_ms && said_ms < record_ms)
		proof_found(judge->report, PROOF_ASSERTED, "time", "%s is %s; record %llu proves %s alone", key, said,
			(unsigned long long)seq, recorded);
	else
		BROKEN(judge, "time", "%s is %s, but record %llu says %s", key, said, (unsigned long long)seq, recorded);
}

static bool is_reconstructed(const struct judge *judge)
{
	return slice_is(judge->proof.series, origin_name(ORIGIN_RECONSTRUCTED));
}

static void judge_moments(struct judge *judge)
{
	const struct proof_file *proof = &judge->proof;
	const struct change_read *begin = &judge->begin, *end = &judge->end;

	if (is_reconstructed(judge)) {
		judge_moment(judge, "from", proof->from_ms, judge->has_begin ? begin->at_ms : 0, proof->begin, false);
		judge_moment(judge, "until", proof->until_ms, judge->has_end ? end->at_ms : 0, proof->end, false);
		return;
	}
	if (judge->has_begin)
		judge_moment(judge, "first_seen", proof->first_seen_ms, begin->observed_at_ms, proof->begin, true);
	if (judge->has_end)
		judge_moment(judge, "last_seen", proof->last_seen_ms, end->observed_after_ms, proof->end, false);
	judge_moment(judge, "next_seen", proof->next_seen_ms, judge->has_end ? end->observed_at_ms : 0, proof->end, true);
}

static bool is_certainty(const struct judge *judge, const char *name)
{
	return slice_is(judge->proof.certainty, name);
}

static bool ended_by_absence(const struct judge *judge)
{
	return judge->has_end && (judge->end.event == EVENT_REPO_GONE || judge->end.event == EVENT_REPO_REPLACED);
}

/* Does the time lie where the certainty says? */
static bool time_fits(const struct judge *judge)
{
	const struct proof_file *proof = &judge->proof;
	int64_t at_ms = proof->at_ms, until_ms = is_reconstructed(judge) ? proof->until_ms : proof->next_seen_ms;
	bool begun = proof->first_seen_ms && proof->first_seen_ms <= at_ms, before_end = !until_ms || at_ms < until_ms;

	if (is_certainty(judge, "unchanged"))
		return !is_reconstructed(judge) && begun && at_ms <= proof->last_seen_ms && before_end;
	if (is_certainty(judge, "reconstructed"))
		return is_reconstructed(judge) && proof->from_ms <= at_ms && before_end && (proof->begin || proof->end);
	if (is_certainty(judge, "uncertain") && is_reconstructed(judge))
		return true; /* dates that run against each other bind nothing */
	if (is_certainty(judge, "uncertain") || is_certainty(judge, "gap"))
		return !is_reconstructed(judge) && begun && proof->last_seen_ms < at_ms && before_end;
	return is_certainty(judge, "gone") && begun && ended_by_absence(judge) && proof->next_seen_ms <= at_ms;
}

static bool series_fits(const struct judge *judge)
{
	const struct change_read *one = judge->has_begin ? &judge->begin : &judge->end;
	bool reconstructed = is_reconstructed(judge), known = false;

	for (unsigned i = 0; i < ORIGIN_COUNT; i++)
		known = known || slice_is(judge->proof.series, origin_name((enum origin)i));
	if (!known)
		return false;
	if (judge->has_begin && !reconstructed)
		return one->origin < ORIGIN_COUNT && slice_is(judge->proof.series, origin_name(one->origin));
	if (judge->has_begin || judge->has_end)
		return (one->origin == ORIGIN_RECONSTRUCTED) == reconstructed &&
		       (!judge->has_begin || !judge->has_end || judge->end.origin == one->origin);
	return true;
}

static enum proof_word word_of_interval(const struct judge *judge)
{
	const struct proof_file *proof = &judge->proof;
	bool both = judge->has_begin && judge->has_end;

	if (!both || proof_record_word(proof, proof->begin) != PROOF_PROVEN || proof_record_word(proof, proof->end) != PROOF_PROVEN)
		return PROOF_ASSERTED;
	if (!is_reconstructed(judge) && (proof->first_seen_ms != judge->begin.observed_at_ms ||
						proof->next_seen_ms != judge->end.observed_at_ms))
		return PROOF_ASSERTED;
	return is_certainty(judge, "gap") ? PROOF_ASSERTED : PROOF_PROVEN;
}

static void say_open_ends(struct judge *judge)
{
	const struct proof_file *proof = &judge->proof;
	const struct proof_chain *chain = judge->has_begin ? proof_chain_of(proof, proof->begin) : NULL;
	char text[MOMENT_TEXT];

	if (is_reconstructed(judge)) {
		proof_found(judge->report, PROOF_ASSERTED, "time", "that it was so at the time rests on the clocks of committers, and "
			"on the search of the commits: look at them on the Hub");
		return;
	}
	if (!judge->has_begin)
		proof_found(judge->report, PROOF_ASSERTED, "time", "first seen %s: no record tells, as of all that was there from "
			"the start", moment_text(proof->first_seen_ms, text));
	if (judge->has_end)
		return;
	proof_found(judge->report, PROOF_ASSERTED, "time", "not provable: that it was still so at %s. "
		"Looks without a change are not in the chain", moment_text(proof->last_seen_ms, text));
	if (chain)
		proof_found(judge->report, proof_record_word(proof, chain->last), "time", "no record up to %llu, of %s, says otherwise",
			(unsigned long long)chain->last, moment_text(chain->last_ms, text));
}

/* What the file repeats of its state, and what has no place beside its series. */
static void judge_names(struct judge *judge)
{
	const struct proof_file *proof = &judge->proof;
	bool looks = proof->first_seen_ms || proof->last_seen_ms || proof->next_seen_ms, dates = proof->from_ms || proof->until_ms;
	struct buf url = BUF_INIT(CHANGE_BYTES_MAX);

	buf_slice(&url, proof->hub);
	buf_printf(&url, "/%s", repo_kinds[proof->kind].prefix);
	buf_slice(&url, proof->repo);
	if (!slice_equal(buf_as_slice(&url), proof->url))
		BROKEN(judge, "file", "its url is not that of its repo");
	if (proof->version != judge->report->state.version)
		BROKEN(judge, "file", "its version is not that of its state");
	if (!slice_equal(proof->repo, judge->report->state.state.name))
		BROKEN(judge, "file", "its name is not that of its state");
	if (is_reconstructed(judge) ? looks : dates)
		BROKEN(judge, "file", "it has times that do not belong to its series");
	buf_release(&url);
}

static void judge_time(struct judge *judge)
{
	const struct proof_file *proof = &judge->proof;
	char at[MOMENT_TEXT];
	bool fits = time_fits(judge) && series_fits(judge);

	judge->report->time = fits ? word_of_interval(judge) : PROOF_BROKEN;
	judge_moments(judge);
	if (judge->has_begin && judge->has_end && judge->begin.seq >= judge->end.seq)
		BROKEN(judge, "time", "the record that ended the state is not behind the one that brought it");
	if (!fits)
		BROKEN(judge, "time", "%s does not lie where it is said to: %.*s, %.*s", moment_text(proof->at_ms, at),
			(int)proof->certainty.size, proof->certainty.data, (int)proof->series.size,
			proof->series.size ? proof->series.data : "of no series");
	else
		proof_found(judge->report, judge->report->time, "time", "at %s: %.*s",
			moment_text(proof->at_ms, at), (int)proof->certainty.size, proof->certainty.data);
	say_open_ends(judge);
}

/* ---- rows as received, metadata ---------------------------------------------------------------------------------------- */

bool received_row_read(struct json *json, enum repo_kind kind, struct slice bytes, struct arena *arena, struct row *row,
	struct state *state)
{
	struct slice padded = arena_copy_padded(arena, bytes, JSON_PADDING);
	uint32_t fields = fields_asked(kind);
	struct canon_maker maker;
	struct canon canon;
	bool good;

	canon_maker_init(&maker);
	good = json_parse(json, padded.data, padded.size, 1) == 0 && row_read(json, 0, fields, 0, row) == 0 &&
	       canon_from_row(&maker, row, fields, arena, &canon) == 0;
	if (good)
		state_read(json, &canon, arena, state);
	canon_maker_release(&maker);
	return good;
}

static void judge_row(struct judge *judge, const struct proof_receipt *receipt, const struct change_read *change)
{
	struct slice url = address_text(receipt->url), license;
	struct side_read side = { .json = SLICE_NONE };
	unsigned long long seq = receipt->seq;
	struct row row;

	if (!received_row_read(&judge->json, judge->proof.kind, receipt->row, &judge->report->arena, &row, &side.state)) {
		BROKEN(judge, "row", "what is said to have been received for record %llu is no row", seq);
		return;
	}
	license = license_text(judge, &side.state);
	if (oid_compare(&row.oid, &judge->proof.oid) != 0)
		BROKEN(judge, "row", "the row received for record %llu is another repo's", seq);
	else if (side_same_license(&side, &change->after))
		proof_found(judge->report, PROOF_ASSERTED, "row", "the row as received (%.*s, Date %.*s, X-Request-Id %.*s) says %.*s, "
			"as record %llu does; this part is not protected against later editing", (int)url.size, url.data,
			(int)receipt->date.size, receipt->date.size ? receipt->date.data : "", (int)receipt->request_id.size,
			receipt->request_id.size ? receipt->request_id.data : "", (int)license.size, license.data, seq);
	else if (!row.span[FIELD_CARD_DATA].data)
		proof_found(judge->report, PROOF_ASSERTED, "row", "the row received for record %llu does not tell the card", seq);
	else
		BROKEN(judge, "row", "the row received for record %llu says %.*s, which that does not", seq, (int)license.size,
			license.data);
}

static void judge_receipts(struct judge *judge)
{
	const struct proof_file *proof = &judge->proof;
	struct change_read change;

	for (unsigned i = 0; i < proof->receipt_count; i++) {
		const struct proof_receipt *receipt = &proof->receipt[i];
		struct slice url = address_text(receipt->url);

		if (!receipt->seq || !take_record(judge, "row", receipt->seq, &change)) {
			BROKEN(judge, "row", "a row is said to be of record %llu, which is not here", (unsigned long long)receipt->seq);
			continue;
		}
		if (receipt->row.size)
			judge_row(judge, receipt, &change);
		else
			proof_found(judge->report, PROOF_ASSERTED, "row", "record %llu came of %.*s, which is no row",
				(unsigned long long)receipt->seq, (int)url.size, url.data);
	}
}

static void judge_metadata(struct judge *judge)
{
	struct side_read side = { .json = SLICE_NONE };
	struct canon_maker maker;
	struct canon canon;
	bool good;

	if (!judge->proof.metadata.size)
		return;
	canon_maker_init(&maker);
	good = canon_read(&maker, judge->proof.metadata, &judge->report->arena, &canon) == 0;
	if (good)
		state_read(&judge->json, &canon, &judge->report->arena, &side.state);
	canon_maker_release(&maker);
	if (!good || !side_same_license(&side, &judge->report->state) ||
		!slice_equal(side.state.name, judge->report->state.state.name))
		BROKEN(judge, "metadata", "the metadata do not say what the state says");
	else
		proof_found(judge->report, PROOF_ASSERTED, "metadata", "the stored metadata say the same; what else stands in them is "
			"covered by no record");
}

static void judge_others(struct judge *judge)
{
	struct change_read change;

	for (unsigned i = 0; i < judge->proof.also_count; i++) {
		if (!take_record(judge, "also", judge->proof.also[i], &change))
			continue;
		proof_found(judge->report, proof_record_word(&judge->proof, change.seq), "also", "record %llu, %s",
			(unsigned long long)change.seq, event_text(&change));
	}
}

/* ---- all of it --------------------------------------------------------------------------------------------------------- */

static void conclude(struct judge *judge)
{
	const struct proof_file *proof = &judge->proof;
	bool begin = judge->has_begin && proof_record_word(proof, proof->begin) == PROOF_PROVEN;
	bool end = judge->has_end && proof_record_word(proof, proof->end) == PROOF_PROVEN;

	if (judge->report->verdict != PROOF_IS_BROKEN)
		judge->report->verdict = begin || end ? PROOF_HOLDS : PROOF_OF_NOTHING;
	if (judge->report->verdict == PROOF_OF_NOTHING)
		proof_found(judge->report, PROOF_ASSERTED, "state", "no record%s tells of this state: that it was so is the store's "
			"word", judge->has_begin || judge->has_end ? " that the kept head covers" : "");
}

static void judge_all(struct judge *judge, struct slice head)
{
	const struct proof_file *proof = &judge->proof;

	judge->report->repo = proof->repo;
	judge->report->oid = proof->oid_hex;
	judge->report->certainty = proof->certainty;
	judge->report->series = proof->series;
	if (!read_state(judge))
		return;
	judge->report->license = license_text(judge, &judge->report->state.state);
	proof_chains_check(&judge->proof, &judge->json, judge->report);
	if (head.size)
		proof_head_check(&judge->proof, head, judge->report);
	judge->has_begin = take_record(judge, "begin", proof->begin, &judge->begin);
	judge->has_end = take_record(judge, "end", proof->end, &judge->end);
	judge_begin(judge);
	judge_end(judge);
	judge_names(judge);
	judge_time(judge);
	judge_receipts(judge);
	judge_metadata(judge);
	judge_others(judge);
	conclude(judge);
}

void proof_check(struct slice file, struct slice head, struct proof_report *report)
{
	struct judge judge = { .report = report };
	char at[MOMENT_TEXT];

	memset(report, 0, sizeof(*report));
	json_init(&judge.json, CANON_NODES_MAX);
	if (proof_file_read(file, &judge.proof, report)) {
		report->at = arena_copy(&report->arena, slice_of(moment_text(judge.proof.at_ms, at)));
		judge_all(&judge, head);
	}
	json_release(&judge.json);
}
