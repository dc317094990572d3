/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/cli/proof_make.h"

#include <stdlib.h>

#include "storage/model/memory.h"
#include "storage/model/moment.h"

enum {
	CITED_MAX = PROOF_RECEIPTS_MAX,
	OTHERS_MAX = 12,               /* records that tell more of the state: evidence, other texts */
	NEAR_RECORDS = 1000,           /* two records that lie so close share a chain */
	DAY_RECORDS_MAX = 5000,        /* so far a chain goes on behind its newest cited record */
	DAY_BYTES_MAX = 8 << 20,
	DAY_MS = 24 * 60 * 60 * 1000,
};

static const char about[] =
	"What a repo of the Hub declared at a time, by the ledger of relicensed. `relicense proof --check FILE` checks it without the "
	"store. By hand: each chain holds the lines of the change log from record `first` to `last` (base64, then zstd); the hash of a "
	"line is the SHA-256 of the hash before it, in hex, and the line up to but without ,\"prev\". Whoever kept a line of "
	"`relicense head` sees by its hash that these records were in the log then.";

struct making {
	const struct proof_order *order;
	struct reader *reader;
	struct arena *arena;
	struct json json;
	unsigned count, others;
	uint64_t cited[CITED_MAX];     /* ascending */
	struct change_read begin, end; /* seq 0: there is none */
	struct slice state;
	struct version_view version;   /* of a version */
};

/* ---- which records ---------------------------------------------------------------------------------------------------- */

static void cite(struct making *making, uint64_t seq)
{
	if (making->count < CITED_MAX)
		making->cited[making->count++] = seq;
}

static bool is_cited(const struct making *making, uint64_t seq)
{
	for (unsigned i = 0; i < making->count; i++)
		if (making->cited[i] == seq)
			return true;
	return false;
}

/* Of several records of one look that of the license is named. */
static void take(struct change_read *place, const struct change_read *change)
{
	bool better = event_is_license(change->event) && !event_is_license(place->event);

	if (!place->seq || better)
		*place = *change;
}

static bool is_begin(const struct version_at *answer, const struct change_read *change)
{
	if (change->event == EVENT_REPO_RESTORED)
		return answer->from_ms > answer->version_ms && change->observed_at_ms == answer->from_ms;
	return change->after.version == answer->version && change->before.version != answer->version;
}

static bool is_end(const struct version_at *answer, const struct change_read *change)
{
	if (!answer->next_ms)
		return false;
	if (answer->next_is_gone)
		return (change->event == EVENT_REPO_GONE || change->event == EVENT_REPO_REPLACED) &&
		       change->observed_at_ms == answer->next_ms;
	return change->before.version == answer->version && change->after.version == answer->version + 1;
}

/* Evidence of what is cited, and other texts under the same metadata. What is later than the head that was named is not it. */
static bool tells_more(const struct making *making, const struct change_read *change)
{
	uint64_t head_seq = making->order->head_seq;
	bool more = (change->of && is_cited(making, change->of)) ||
		    (event_is_license(change->event) && change->after.version == making->order->answer->version);

	return more && making->others < OTHERS_MAX && (!head_seq || change->seq <= head_seq);
}

static void note_look(struct making *making, const struct change_read *change)
{
	const struct version_at *answer = making->order->answer;

	if (change->origin == ORIGIN_RECONSTRUCTED)
		return;
	if (is_begin(answer, change)) {
		if (change->event == EVENT_REPO_RESTORED)
			making->begin = (struct change_read){ 0 }; /* what made the version is cited, but did not bring it back */
		take(&making->begin, change);
		cite(making, change->seq);
	} else if (is_end(answer, change)) {
		take(&making->end, change);
		cite(making, change->seq);
	} else if (tells_more(making, change)) {
		making->others++;
		cite(making, change->seq);
	}
}

static void note_commit(struct making *making, const struct change_read *change)
{
	const struct past_at *past = &making->order->answer->past;

	if (change->seq == past->begin.seq)
		making->begin = *change;
	else if (change->seq == past->end.seq)
		making->end = *change;
	else
		return;
	cite(making, change->seq);
}

static int find_records(struct making *making)
{
	bool reconstructed = making->order->answer->series == SERIES_RECONSTRUCTED;
	uint32_t number = making->order->view->found.ref.row.number;
	struct change_read change;
	struct slice line;
	uint64_t seq = 0;
	int code;

	while ((code = reader_repo_change_next(making->reader, number, &seq)) == ERROR_NONE) {
		code = reader_change(making->reader, seq, &line);
		if (code || change_read(&making->json, line, making->arena, &change))
			return code ? code : ERROR_CORRUPT;
		if (reconstructed)
			note_commit(making, &change);
		else
			note_look(making, &change);
	}
	return code == ERROR_NOT_FOUND ? ERROR_NONE : code;
}

/* The state as the record has it, word for word; where none has, as the store has it. */
static int take_state(struct making *making)
{
	const struct version_at *answer = making->order->answer;
	int code = ERROR_NONE;

	if (answer->version)
		code = version_view_read(making->order->tool, making->order->view, answer->version, &making->version);
	if (making->begin.seq)
		making->state = making->begin.after.json;
	else if (making->end.seq)
		making->state = making->end.before.json;
	else
		making->state = answer->version ? buf_as_slice(&making->version.side) : answer->past.side.json;
	return code;
}

/* ---- the answer ------------------------------------------------------------------------------------------------------- */

static struct slice name_of(const struct making *making)
{
	if (making->begin.seq)
		return making->begin.after.state.name;
	if (making->end.seq)
		return making->end.before.state.name;
	return making->order->answer->version ? making->version.state.name : making->order->answer->past.side.state.name;
}

/* Records are dated a little later than the look where another was written before: then theirs counts, where it may. */
static int64_t first_seen(const struct making *making)
{
	int64_t recorded_ms = making->begin.observed_at_ms, seen_ms = making->order->answer->from_ms;

	return recorded_ms && recorded_ms <= making->order->at_ms ? recorded_ms : seen_ms;
}

static void interval_members(const struct making *making, struct object *object)
{
	const struct version_at *answer = making->order->answer;
	bool looks = answer->version != 0;
	int64_t last_ms = making->end.seq ? making->end.observed_after_ms : answer->until_ms;

	object_moment(object, "first_seen", looks ? first_seen(making) : 0);
	object_moment(object, "last_seen", looks ? last_ms : 0);
	object_moment(object, "next_seen", looks ? making->end.observed_at_ms : 0);
	object_moment(object, "from", looks ? 0 : making->begin.at_ms);
	object_moment(object, "until", looks ? 0 : making->end.at_ms);
}

static void seq_member(const char *key, uint64_t seq, struct object *object)
{
	object_counter(object, key, (struct change_counter){ seq != 0, seq });
}

static void also_member(const struct making *making, struct object *object)
{
	bool any = false;

	object_key(object, "also");
	buf_char(object->out, '[');
	for (unsigned i = 0; i < making->count; i++) {
		if (making->cited[i] == making->begin.seq || making->cited[i] == making->end.seq)
			continue;
		buf_printf(object->out, any ? ",%llu" : "%llu", (unsigned long long)making->cited[i]);
		any = true;
	}
	buf_char(object->out, ']');
}

static void answer_members(const struct making *making, struct object *object)
{
	const struct proof_order *order = making->order;

	object_number(object, "proof", PROOF_FORM);
	object_word(object, "about", about);
	object_word(object, "ledger", store_ledger(order->tool->store));
	object_word(object, "hub", store_hub(order->tool->store));
	repo_members(order->tool, order->view, name_of(making), object);
	object_moment(object, "at", order->at_ms);
	object_word(object, "certainty", certainty_name(order->answer->certainty));
	object_word(object, "series", making->begin.seq ? origin_name(making->begin.origin) : series_name(order->answer->series));
	seq_member("version", order->answer->version, object);
	interval_members(making, object);
	object_raw(object, "state", making->state);
	seq_member("begin", making->begin.seq, object);
	seq_member("end", making->end.seq, object);
	also_member(making, object);
}

/* ---- how it came ------------------------------------------------------------------------------------------------------ */

static void snapshot_member(struct making *making, struct object *object)
{
	const struct snapshot *snapshot = &making->version.snapshot;
	struct projection projection;
	struct buf text = BUF_INIT(4096);
	struct object member;

	if (!making->order->answer->version) {
		object_raw(object, "snapshot", SLICE_NONE);
		return;
	}
	if (reader_projection(making->reader, snapshot->projection, &projection) == ERROR_NONE)
		projection_write(&projection, &text);
	object_key(object, "snapshot");
	member = object_begin(object->out);
	object_number(&member, "version", snapshot->version);
	object_moment(&member, "observed_after", snapshot->observed_after_ms);
	object_moment(&member, "observed_at", snapshot->observed_at_ms);
	object_text(&member, "projection", buf_as_slice(&text));
	object_raw(&member, "metadata", snapshot->retained_until_ms ? SLICE_NONE : snapshot->canonical);
	object_end(&member);
	buf_release(&text);
}

/* Which page covered the newest state last; a look that found it the same left nothing else. */
static void look_member(struct making *making, struct object *object)
{
	const struct repo_ref *ref = &making->order->view->found.ref;
	char last[OID_HEX + 1];
	struct look_page page = { 0 };
	struct object member;

	if (making->order->answer->version == ref->row.versions && !making->end.seq)
		reader_last_page(making->reader, ref, &page);
	if (!page.at_ms) {
		object_raw(object, "look", SLICE_NONE);
		return;
	}
	oid_write(&page.last, last);
	object_key(object, "look");
	member = object_begin(object->out);
	object_moment(&member, "at", page.at_ms);
	object_number(&member, "sweep", page.sweep);
	object_word(&member, "page_until_oid", last);
	object_end(&member);
}

static int receipt_entry(struct making *making, uint64_t seq, bool first, struct buf *out)
{
	struct receipt receipt;
	struct object member;
	int code = reader_receipt(making->reader, seq, making->arena, &receipt);

	if (code)
		return code;
	buf_text(out, first ? "" : ",");
	member = object_begin(out);
	object_number(&member, "seq", seq);
	object_text(&member, "url", receipt.url);
	object_text(&member, "date", receipt.date);
	object_text(&member, "request_id", receipt.request_id);
	object_raw(&member, "row", receipt.row);
	object_end(&member);
	return ERROR_NONE;
}

static int receipts_member(struct making *making, struct object *object)
{
	bool first = true;
	int code = ERROR_NONE;

	object_key(object, "receipts");
	buf_char(object->out, '[');
	for (unsigned i = 0; i < making->count && !code; i++) {
		code = receipt_entry(making, making->cited[i], first, object->out);
		first = first && code == ERROR_NOT_FOUND;
		code = code == ERROR_NOT_FOUND ? ERROR_NONE : code;
	}
	buf_char(object->out, ']');
	return code;
}

/* ---- the chains ------------------------------------------------------------------------------------------------------- */

struct chain {
	uint64_t first, last, cited; /* cited: the newest record of it that is */
	struct buf lines;
	struct log_head head;
};

static int add_line(struct making *making, struct chain *chain, uint64_t seq)
{
	char prev[HASH_HEX + 1], computed[HASH_HEX + 1];
	struct change_read change;
	struct arena scratch = { 0 };
	struct slice line;
	int code = reader_change(making->reader, seq, &line);

	if (!code && (change_read(&making->json, line, &scratch, &change) || !change_check(line, prev, chain->head.hash, computed)))
		code = ERROR_CORRUPT;
	if (!code) {
		buf_slice(&chain->lines, line);
		buf_char(&chain->lines, '\n');
		chain->head.seq = chain->last = seq;
		chain->head.at_ms = change.observed_at_ms;
		if (chain->lines.overflow)
			code = ERROR_TOO_BIG;
	}
	arena_release(&scratch);
	return code;
}

/* How far a chain must go that holds the record: to the next one, if that is near, or to the head that was named. */
static uint64_t last_near(const struct making *making, unsigned at)
{
	uint64_t seq = making->cited[at];

	if (making->order->head_seq)
		return making->order->head_seq;
	return at + 1 < making->count && making->cited[at + 1] - seq <= NEAR_RECORDS ? making->cited[at + 1] : seq;
}

/* Whether the record behind the chain belongs to it: to reach what must be in it, or the day is not over yet. */
static bool goes_on(struct making *making, const struct chain *chain, uint64_t until, int64_t day_end_ms)
{
	struct change_read next;
	struct arena scratch = { 0 };
	struct slice line;
	bool on = chain->last < until;

	if (!on && !making->order->head_seq && chain->last - chain->cited < DAY_RECORDS_MAX && chain->lines.size < DAY_BYTES_MAX &&
		reader_change(making->reader, chain->last + 1, &line) == ERROR_NONE) {
		on = change_read(&making->json, line, &scratch, &next) == ERROR_NONE && next.observed_at_ms < day_end_ms;
		arena_release(&scratch);
	}
	return on;
}

/* From a cited record on; *at comes to the first one that is left for another chain. */
static int fill_chain(struct making *making, unsigned *at, struct chain *chain)
{
	uint64_t until = last_near(making, *at);
	int64_t day_end_ms = INT64_MAX;
	int code = ERROR_NONE;

	chain->first = making->cited[*at];
	chain->last = chain->first - 1;
	while (!code && goes_on(making, chain, until, day_end_ms)) {
		code = add_line(making, chain, chain->last + 1);
		if (*at == making->count || chain->last != making->cited[*at])
			continue;
		chain->cited = chain->last;
		until = last_near(making, (*at)++);
		day_end_ms = chain->head.at_ms - chain->head.at_ms % DAY_MS + DAY_MS;
	}
	return code;
}

static void write_chain(struct making *making, const struct chain *chain, struct buf *out)
{
	struct object object = object_begin(out);
	char moment[MOMENT_TEXT];

	moment_write(chain->head.at_ms, moment);
	object_number(&object, "first", chain->first);
	object_number(&object, "last", chain->last);
	object_key(&object, "head");
	buf_printf(out, "\"%s %llu %s %s\"", store_ledger(making->order->tool->store), (unsigned long long)chain->last,
		chain->head.hash, moment);
	object_number(&object, "bytes", chain->lines.size);
	object_key(&object, "zstd");
	buf_char(out, '"');
	proof_pack_lines(buf_as_slice(&chain->lines), out);
	buf_char(out, '"');
	object_end(&object);
}

static int chain_member(struct making *making, struct object *object)
{
	size_t left = PROOF_LINES_BYTES_MAX;
	unsigned at = 0;
	int code = ERROR_NONE;

	object_key(object, "chain");
	buf_char(object->out, '[');
	for (unsigned chains = 0; at < making->count && chains < PROOF_CHAINS_MAX && !code; chains++) {
		struct chain chain = { .lines = BUF_INIT(left) };

		code = fill_chain(making, &at, &chain);
		buf_text(object->out, chains ? "," : "");
		write_chain(making, &chain, object->out);
		left -= chain.lines.size;
		buf_release(&chain.lines);
	}
	buf_char(object->out, ']');
	return code;
}

/* ---- all of it -------------------------------------------------------------------------------------------------------- */

static int write_file(struct making *making, struct buf *file)
{
	const struct as_of *as_of = &making->order->tool->as_of;
	struct object object = object_begin(file);
	int code;

	answer_members(making, &object);
	snapshot_member(making, &object);
	look_member(making, &object);
	code = receipts_member(making, &object);
	if (!code)
		code = chain_member(making, &object);
	object_moment(&object, "as_of", as_of->at_ms);
	object_word(&object, "tables", license_tables_version());
	proof_seal(file);
	return file->overflow ? ERROR_TOO_BIG : code;
}

/* What lies between the oldest cited record and the head that was named must fit, and none may be newer than that. */
static int measure(const struct making *making, uint64_t *between)
{
	uint64_t head_seq = making->order->head_seq;

	*between = 0;
	if (!head_seq || !making->count)
		return ERROR_NONE;
	if (making->cited[making->count - 1] > head_seq)
		return ERROR_NOT_FOUND;
	*between = head_seq - making->cited[0] + 1;
	return *between <= PROOF_RECORDS_MAX ? ERROR_NONE : ERROR_TOO_BIG;
}

int proof_make(const struct proof_order *order, struct buf *file, unsigned *cited, uint64_t *between)
{
	struct making making = { .order = order, .reader = order->tool->reader, .arena = &order->view->arena,
		.version = { .side = { 0 } } };
	int code;

	json_init(&making.json, CHANGE_NODES_MAX);
	code = find_records(&making);
	if (!code)
		code = take_state(&making);
	*cited = making.count;
	if (!code)
		code = measure(&making, between);
	if (!code)
		code = write_file(&making, file);
	version_view_release(&making.version);
	json_release(&making.json);
	return code;
}
