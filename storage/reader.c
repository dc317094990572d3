/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/reader.h"

#include <stdlib.h>

#include "storage/change_log.h"
#include "storage/counter_table.h"
#include "storage/detail_table.h"
#include "storage/ledger.h"
#include "storage/look_table.h"
#include "storage/meta.h"
#include "storage/model/memory.h"
#include "storage/name_table.h"
#include "storage/past_table.h"
#include "storage/projection_table.h"
#include "storage/repo_table.h"
#include "storage/snapshot_table.h"
#include "storage/statement_table.h"
#include "storage/text_table.h"

struct reader {
	struct store *store;
	struct txn txn;
	bool paused;
	MDB_cursor *cursor[TABLE_COUNT]; /* opened when first needed, renewed when resumed */
	struct frame_maker *frames;
	struct snapshot_last last;
	struct canon_maker canon;
	struct json json;
};

int reader_open(struct store *store, struct reader **reader, struct store_problem *problem)
{
	struct reader *made = memory_new(sizeof(*made));
	int code = txn_begin(store, false, &made->txn);

	*reader = NULL;
	if (code) {
		free(made);
		return store_fail(store, code, "reading", problem);
	}
	made->store = store;
	buf_init(&made->last.content, FRAME_CONTENT_MAX);
	made->frames = frame_maker_new(store_dictionaries(store));
	canon_maker_init(&made->canon);
	json_init(&made->json, CANON_NODES_MAX);
	*reader = made;
	return ERROR_NONE;
}

void reader_close(struct reader **reader)
{
	struct reader *r = *reader;

	if (!r)
		return;
	for (unsigned i = 0; i < TABLE_COUNT; i++)
		if (r->cursor[i])
			mdb_cursor_close(r->cursor[i]);
	txn_abort(&r->txn);
	frame_maker_free(&r->frames);
	buf_release(&r->last.content);
	canon_maker_release(&r->canon);
	json_release(&r->json);
	free(r);
	*reader = NULL;
}

void reader_pause(struct reader *reader)
{
	if (!reader->paused)
		txn_pause(&reader->txn);
	reader->paused = true;
}

int reader_resume(struct reader *reader)
{
	if (!reader->paused)
		return ERROR_NONE;
	txn_resume(&reader->txn);
	for (unsigned i = 0; i < TABLE_COUNT && !reader->txn.error; i++)
		if (reader->cursor[i])
			reader->txn.error = mdb_cursor_renew(reader->txn.lmdb, reader->cursor[i]);
	reader->paused = reader->txn.error != 0;
	return reader->txn.error ? ERROR_LMDB : ERROR_NONE;
}

static MDB_cursor *cursor_of(struct reader *reader, enum store_table table)
{
	if (!reader->cursor[table])
		reader->cursor[table] = txn_cursor(&reader->txn, table);
	return reader->cursor[table];
}

/* What a look-up that may find nothing comes to. A reader goes on behind damage: verify is for finding all of it. */
static int outcome(struct reader *reader, bool found)
{
	int error = reader->txn.error;

	reader->txn.error = 0;
	if (error)
		return error > ERROR_FIRST && error < ERROR_END ? error : ERROR_CORRUPT;
	return found ? ERROR_NONE : ERROR_NOT_FOUND;
}

int reader_created(struct reader *reader, int64_t *created_ms)
{
	*created_ms = (int64_t)meta_number(&reader->txn, "created");
	return outcome(reader, true);
}

/* --- repos ---------------------------------------------------------------------------------------------------------*/

bool oid_next(struct repo_oid *oid)
{
	for (unsigned i = OID_BYTES; i-- > 0;)
		if (++oid->byte[i])
			return true;
	return false;
}

int reader_repo(struct reader *reader, enum repo_kind kind, const struct repo_oid *oid, struct repo_ref *ref)
{
	ref->kind = kind;
	ref->oid = *oid;
	return outcome(reader, repo_get(&reader->txn, kind, oid, &ref->row));
}

int reader_repo_from(struct reader *reader, enum repo_kind kind, const struct repo_oid *oid, struct repo_ref *ref)
{
	MDB_cursor *cursor = cursor_of(reader, (enum store_table)(TABLE_REPO_MODEL + kind));
	MDB_cursor_op op = MDB_SET_RANGE;
	MDB_val key, value;
	struct repo_oid at;

	/* A walk asks for the key right behind the cursor: one step instead of a search. */
	if (cursor && mdb_cursor_get(cursor, &key, &value, MDB_GET_CURRENT) == 0 && key.mv_size == OID_BYTES) {
		memcpy(at.byte, key.mv_data, OID_BYTES);
		if (oid_next(&at) && oid_compare(&at, oid) == 0)
			op = MDB_NEXT;
	}
	ref->kind = kind;
	ref->oid = *oid;
	return outcome(reader, repo_from(&reader->txn, cursor, op, ref));
}

int reader_counts(struct reader *reader, enum repo_kind kind, uint64_t *rows, uint64_t *gone)
{
	*rows = txn_entries(&reader->txn, (enum store_table)(TABLE_REPO_MODEL + kind));
	*gone = meta_gone(&reader->txn, kind);
	return outcome(reader, true);
}

static bool has_name(struct reader *reader, const struct repo_ref *ref, uint32_t version, struct slice name,
	struct arena *arena)
{
	struct snapshot snapshot;
	struct state state;
	bool has = reader_snapshot(reader, ref->row.number, version, arena, &snapshot) == ERROR_NONE &&
		   reader_state(reader, &snapshot, arena, &state) == ERROR_NONE && state.name.size == name.size &&
		   strncasecmp(state.name.data, name.data, name.size) == 0;

	arena_reset(arena);
	return has;
}

/* Hashes can collide: whoever bore the name has it in one of its versions, mostly in the newest. */
static bool bore_name(struct reader *reader, const struct repo_ref *ref, struct slice name, struct arena *arena)
{
	bool bore = has_name(reader, ref, ref->row.versions, name, arena);

	for (uint32_t version = 1; version < ref->row.versions && !bore; version++)
		bore = has_name(reader, ref, version, name, arena);
	return bore;
}

bool bearer_is_newer(const struct bearer *a, const struct bearer *b)
{
	int64_t a_until = a->until_ms ? a->until_ms : INT64_MAX, b_until = b->until_ms ? b->until_ms : INT64_MAX;
	bool a_gone = a->ref.row.flags & REPO_GONE, b_gone = b->ref.row.flags & REPO_GONE;

	if (a_until != b_until)
		return a_until > b_until;
	if (a_gone != b_gone)
		return b_gone;
	if (a->ref.row.first_seen_ms != b->ref.row.first_seen_ms)
		return a->ref.row.first_seen_ms > b->ref.row.first_seen_ms;
	return oid_compare(&a->ref.oid, &b->ref.oid) > 0; /* seen on one page: who was created later */
}

int reader_bearer_next(struct reader *reader, enum repo_kind kind, struct slice name, uint32_t *after,
	struct bearer *bearer)
{
	struct name_entry entry = { .hash = name_hash(kind, name), .number = *after };
	struct arena arena = { 0 };
	bool found = false;

	while (!found && name_next(&reader->txn, cursor_of(reader, TABLE_NAME), &entry))
		found = reader_repo(reader, kind, &entry.oid, &bearer->ref) == ERROR_NONE &&
			bearer->ref.row.number == entry.number && bore_name(reader, &bearer->ref, name, &arena);
	arena_release(&arena);
	*after = entry.number;
	bearer->from_ms = entry.from_ms;
	bearer->until_ms = entry.until_ms;
	return outcome(reader, found);
}

int reader_bearer(struct reader *reader, enum repo_kind kind, struct slice name, struct bearer *bearer)
{
	struct bearer next;
	uint32_t after = 0;
	bool any = false;
	int code;

	while ((code = reader_bearer_next(reader, kind, name, &after, &next)) == ERROR_NONE) {
		if (!any || bearer_is_newer(&next, bearer))
			*bearer = next;
		any = true;
	}
	return any && code == ERROR_NOT_FOUND ? ERROR_NONE : code;
}

/* --- versions ------------------------------------------------------------------------------------------------------*/

int reader_snapshot_times(struct reader *reader, uint32_t number, uint32_t version, struct snapshot *snapshot)
{
	struct snapshot_value value;
	int error = outcome(reader, snapshot_get(&reader->txn, number, version, &value));

	if (error)
		return error;
	*snapshot = (struct snapshot){
		.number = number,
		.version = version,
		.observed_after_ms = value.observed_after_ms,
		.observed_at_ms = value.observed_at_ms,
		.projection = value.projection,
		.retained_until_ms = snapshot_retained_until_ms(&value),
	};
	memcpy(snapshot->sha, value.sha, SHA_BYTES);
	return ERROR_NONE;
}

int reader_snapshot(struct reader *reader, uint32_t number, uint32_t version, struct arena *arena,
	struct snapshot *snapshot)
{
	int error = reader_snapshot_times(reader, number, version, snapshot);

	if (!error)
		error = snapshot_content_next(&reader->txn, reader->frames, number, version, &reader->last);
	if (error) {
		reader->txn.error = 0;
		return error;
	}
	content_split(arena_copy(arena, buf_as_slice(&reader->last.content)), &snapshot->canonical, &snapshot->derived);
	return ERROR_NONE;
}

int reader_state(struct reader *reader, const struct snapshot *snapshot, struct arena *arena, struct state *state)
{
	struct canon canon;
	int error = canon_read(&reader->canon, snapshot->canonical, arena, &canon);

	if (!error)
		state_read(&reader->json, &canon, arena, state);
	return error;
}

int reader_newest(struct reader *reader, const struct repo_ref *ref, struct arena *arena, struct state *state)
{
	struct snapshot snapshot;
	int error = reader_snapshot(reader, ref->row.number, ref->row.versions, arena, &snapshot);

	return error ? error : reader_state(reader, &snapshot, arena, state);
}

int reader_statement(struct reader *reader, uint32_t number, struct arena *arena, struct statement *statement)
{
	struct slice text;
	enum license_class class;
	int error = outcome(reader, statement_get(&reader->txn, number, &text, &class));

	return error ? error : statement_read(&reader->json, text, arena, statement);
}

int reader_projection(struct reader *reader, uint16_t number, struct projection *projection)
{
	return outcome(reader, projection_get(&reader->txn, number, projection));
}

int64_t reader_last_seen(struct reader *reader, const struct repo_ref *ref)
{
	struct sweep_state sweep;
	struct missing_value missing;
	int64_t look_ms;

	if (ref->row.flags & REPO_GONE)
		return ref->row.last_written_ms;
	meta_sweep(&reader->txn, ref->kind, &sweep);
	if (missing_get(&reader->txn, ref->kind, &ref->oid, &missing))
		look_ms = missing.seen_ms;
	else
		look_ms = look_over(&reader->txn, ref->kind, &sweep, &ref->oid,
			projection_stable(&reader->txn, ref->row.projection)).at_ms;
	reader->txn.error = 0;
	return look_ms > ref->row.last_written_ms ? look_ms : ref->row.last_written_ms;
}

void reader_last_page(struct reader *reader, const struct repo_ref *ref, struct look_page *page)
{
	struct missing_value missing;
	struct sweep_state sweep;
	struct look look = { 0 };

	meta_sweep(&reader->txn, ref->kind, &sweep);
	if (!(ref->row.flags & REPO_GONE) && !missing_get(&reader->txn, ref->kind, &ref->oid, &missing))
		look = look_over(&reader->txn, ref->kind, &sweep, &ref->oid, projection_stable(&reader->txn, ref->row.projection));
	reader->txn.error = 0;
	*page = (struct look_page){ 0 };
	if (look.at_ms > ref->row.last_written_ms)
		*page = (struct look_page){ look.at_ms, look.sweep, look.last };
}

int reader_counters(struct reader *reader, uint32_t number, struct change_counter *downloads,
	struct change_counter *likes)
{
	return outcome(reader, counter_get(&reader->txn, number, downloads, likes));
}

int reader_counter_block(struct reader *reader, uint32_t number, int64_t at_ms, struct counter_block *block,
	int64_t *day_ms)
{
	MDB_cursor *cursor = cursor_of(reader, TABLE_COUNTER);

	return outcome(reader, counter_block_at(&reader->txn, cursor, number / COUNTER_BLOCK, at_ms, block, day_ms));
}

/* --- the change log ------------------------------------------------------------------------------------------------*/

int reader_ledger_before(struct reader *reader, unsigned n, struct ledger_end *end)
{
	return outcome(reader, ledger_before(&reader->txn, n, end));
}

int reader_head(struct reader *reader, struct log_head *head)
{
	meta_head(&reader->txn, head);
	return outcome(reader, true);
}

int reader_change(struct reader *reader, uint64_t seq, struct slice *line)
{
	return outcome(reader, change_get(&reader->txn, seq, line));
}

int reader_receipt(struct reader *reader, uint64_t seq, struct arena *arena, struct receipt *receipt)
{
	struct buf text = BUF_INIT(FRAME_CONTENT_MAX);
	int code = receipt_get(&reader->txn, reader->frames, seq, &text, receipt);

	if (!code)
		*receipt = (struct receipt){ arena_copy(arena, receipt->url), arena_copy(arena, receipt->date),
			arena_copy(arena, receipt->request_id), arena_copy(arena, receipt->row) };
	buf_release(&text);
	if (code == ERROR_NOT_FOUND)
		return outcome(reader, false);
	return code;
}

int reader_change_next(struct reader *reader, struct log_position *position, bool backwards)
{
	MDB_cursor *cursor = cursor_of(reader, TABLE_CHANGE_TIME);

	return outcome(reader, change_time_next(&reader->txn, cursor, position, backwards));
}

bool reader_has_terms(const struct reader *reader)
{
	return store_schema(reader->store) >= STORE_SCHEMA_TERMS;
}

int reader_term_next(struct reader *reader, const struct term *term, unsigned order, struct log_position *position,
	bool backwards, enum event *event)
{
	MDB_cursor *cursor = cursor_of(reader, TABLE_CHANGE_TERM);

	return outcome(reader, term_next(&reader->txn, cursor, term, (enum term_order)order, position, backwards, event));
}

int reader_repo_change_next(struct reader *reader, uint32_t number, uint64_t *seq)
{
	MDB_cursor *cursor = cursor_of(reader, TABLE_CHANGE_REPO);

	return outcome(reader, change_repo_next(&reader->txn, cursor, number, seq));
}

/* --- what commits tell ---------------------------------------------------------------------------------------------*/

int reader_evidence_due(struct reader *reader, uint64_t seq, struct evidence_due *due)
{
	return outcome(reader, evidence_from(&reader->txn, cursor_of(reader, TABLE_EVIDENCE), seq, due));
}

int reader_past(struct reader *reader, uint32_t number, struct past_row *row)
{
	return outcome(reader, past_get(&reader->txn, number, row));
}

/* --- what was looked at --------------------------------------------------------------------------------------------*/

int reader_sweep(struct reader *reader, enum repo_kind kind, struct sweep_state *state)
{
	meta_sweep(&reader->txn, kind, state);
	return outcome(reader, true);
}

int reader_completeness(struct reader *reader, enum repo_kind kind, struct completeness *completeness)
{
	meta_completeness(&reader->txn, kind, completeness);
	return outcome(reader, true);
}

const struct recapture *completeness_met(const struct completeness *completeness)
{
	bool few = completeness->met_last.second < RECAPTURE_ROWS_MIN;

	return few && completeness->met_before.second >= RECAPTURE_ROWS_MIN ? &completeness->met_before : &completeness->met_last;
}

int reader_bounds(struct reader *reader, enum repo_kind kind, unsigned parts, struct repo_oid *bounds)
{
	struct sweep_state sweep;

	meta_sweep(&reader->txn, kind, &sweep);
	return outcome(reader, sweep.covering && look_bounds(&reader->txn, kind, sweep.covering, parts, bounds));
}

int64_t reader_newest_look(struct reader *reader, enum repo_kind kind)
{
	int64_t at_ms = meta_newest_look(&reader->txn, kind);

	return outcome(reader, true) ? 0 : at_ms;
}

int reader_cursor(struct reader *reader, enum lane lane, enum repo_kind kind, struct slice *text)
{
	return outcome(reader, cursor_get(&reader->txn, lane, kind, text));
}

int reader_quota_block(struct reader *reader, unsigned bucket, struct slice *text)
{
	return outcome(reader, quota_block_get(&reader->txn, bucket, text));
}

int reader_missing_from(struct reader *reader, enum repo_kind kind, const struct repo_oid *oid, struct missing_row *row)
{
	MDB_cursor *cursor = cursor_of(reader, TABLE_MISSING);
	struct key from = { .size = 0 };
	struct slice key, value;
	bool found;

	key_add(&from, kind, 1);
	key_add_oid(&from, oid);
	key = key_slice(&from);
	found = txn_seek(&reader->txn, cursor, MDB_SET_RANGE, &key, &value);
	return outcome(reader, found && missing_decode(key, value, row));
}

uint64_t reader_missing_count(struct reader *reader)
{
	return txn_entries(&reader->txn, TABLE_MISSING);
}

/* --- texts ---------------------------------------------------------------------------------------------------------*/

int reader_texts(struct reader *reader, enum repo_kind kind, const struct repo_oid *oid, struct arena *arena,
	struct text_entry *entry)
{
	bool found = text_repo_get(&reader->txn, kind, oid, entry);

	for (unsigned i = 0; i < TEXT_KINDS; i++) {
		entry->seen[i].name = arena_copy(arena, entry->seen[i].name);
		entry->seen[i].etag = arena_copy(arena, entry->seen[i].etag);
	}
	return outcome(reader, found);
}

int reader_text(struct reader *reader, const uint8_t hash[TEXT_HASH_BYTES], struct buf *text)
{
	return outcome(reader, text_get(&reader->txn, reader->frames, hash, text));
}

int reader_detail_from(struct reader *reader, struct detail_todo *todo)
{
	return outcome(reader, detail_from(&reader->txn, cursor_of(reader, TABLE_DETAIL), todo));
}

uint64_t reader_detail_count(struct reader *reader)
{
	return txn_entries(&reader->txn, TABLE_DETAIL);
}

/* --- what rests ----------------------------------------------------------------------------------------------------*/

static void count_rest(uint64_t counts[REST_REASONS], uint32_t tries, enum rest_reason reason)
{
	counts[reason] += tries > 0;
}

int reader_rests(struct reader *reader, struct rests *rests)
{
	static const enum store_table tables[] = { TABLE_MISSING, TABLE_DETAIL, TABLE_EVIDENCE };
	struct missing_row row;
	struct detail_todo todo;
	struct evidence_due due;

	*rests = (struct rests){ 0 };
	for (size_t i = 0; i < ARRAY_COUNT(tables); i++) {
		MDB_cursor *cursor = txn_cursor(&reader->txn, tables[i]);
		struct slice key = SLICE_NONE, value;

		for (MDB_cursor_op op = MDB_FIRST; txn_seek(&reader->txn, cursor, op, &key, &value); op = MDB_NEXT) {
			if (tables[i] == TABLE_MISSING && missing_decode(key, value, &row))
				count_rest(rests->missing, row.tries, row.reason);
			else if (tables[i] == TABLE_DETAIL && detail_decode(key, value, &todo))
				count_rest(rests->texts, todo.tries, todo.reason);
			else if (tables[i] == TABLE_EVIDENCE && evidence_decode(key, value, &due))
				count_rest(rests->commits, due.tries, due.reason);
		}
		if (cursor)
			mdb_cursor_close(cursor);
	}
	return outcome(reader, true);
}
