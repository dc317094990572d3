/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/commit.h"

#include "storage/repo_table.h"

enum { RECEIPT_ROW_MAX = 4 << 20 };

static struct change_counter counter_of(uint32_t value)
{
	return (struct change_counter){ .known = value != COUNTER_UNKNOWN, .value = value };
}

static struct slice name_of(const struct record *record)
{
	const struct change_side *side = record->after ? record->after : record->before;

	return side ? side->state->name : SLICE_NONE;
}

/* Stands for a row that is too large to be kept: its repo, how many bytes were received, and their hash. In the arena. */
static struct slice cut_row(struct commit *commit, const struct record *record)
{
	struct buf out = BUF_INIT(CHANGE_BYTES_MAX);
	char hash[HASH_HEX + 1], oid[OID_HEX + 1];
	struct slice cut;

	sha256_hex(record->row, SLICE_NONE, hash);
	oid_write(record->oid, oid);
	buf_printf(&out, "{\"_id\":\"%s\",\"id\":", oid);
	json_encode(name_of(record), &out);
	buf_printf(&out, ",\"cut\":{\"bytes\":%zu,\"sha256\":\"%s\"}}", record->row.size, hash);
	cut = arena_copy(&commit->arena, buf_as_slice(&out));
	buf_release(&out);
	return cut;
}

static void keep_receipt(struct commit *commit, uint64_t seq, const struct record *record)
{
	const struct answer *answer = commit->answer;
	bool fits = record->row.size <= RECEIPT_ROW_MAX;
	struct receipt receipt = { answer->url, answer->date, answer->request_id, fits ? record->row : cut_row(commit, record) };

	receipt_put(&commit->txn, commit->frames, seq, &receipt, &commit->text, &commit->value);
}

/* What a dump tells is imported; that our tables are new is not of it. */
static enum origin origin_of(const struct commit *commit, const struct record *record)
{
	bool imported = commit->answer->lane == LANE_IMPORT && record->event != EVENT_TABLES_CHANGED;

	return imported ? ORIGIN_IMPORTED : ORIGIN_OBSERVED;
}

void commit_record(struct commit *commit, const struct record *record)
{
	const struct answer *answer = commit->answer;
	struct change change = {
		.event = record->event,
		.origin = origin_of(commit, record),
		.has_repo = record->oid != NULL,
		.kind = answer->kind,
		.name = name_of(record),
		.at_ms = answer->answered_ms,
		.observed_after_ms = record->observed_after_ms,
		.observed_at_ms = answer->answered_ms,
		.last_modified_ms = record->last_modified_ms,
		.before = record->before,
		.after = record->after,
		.field_count = record->field_count,
		.fields = record->fields,
		.downloads = counter_of(record->downloads),
		.likes = counter_of(record->likes),
		.of = record->of,
		.reason = record->reason,
	};

	if (record->oid)
		change.oid = *record->oid;
	change_log_append(&commit->txn, &commit->head, &change, record->number, &commit->origin, &commit->line, &commit->terms);
	commit->counts->records++;
	if (!event_is_license(record->event))
		return;
	keep_receipt(commit, change.seq, record);
	if (answer->look)
		return; /* the texts are what it tells of, and no commit of a card is behind it */
	commit_evidence_due(commit, record);
	commit_want_evidence(commit, record->oid, change.seq);
}

void commit_gap(struct commit *commit, struct slice reason)
{
	commit_record(commit, &(struct record){
				      .event = EVENT_GAP,
				      .downloads = COUNTER_UNKNOWN,
				      .likes = COUNTER_UNKNOWN,
				      .reason = reason,
			      });
}

/* --- new license tables ------------------------------------------------------------------------------------------- */

struct class_counts {
	uint64_t before[LICENSE_CLASS_COUNT], after[LICENSE_CLASS_COUNT];
};

/* Every statement judged again: its class moves in the table, and is noted for the count. */
static uint8_t *rejudge_statements(struct commit *commit, uint32_t count, uint8_t *before)
{
	uint8_t *after = arena_take(&commit->arena, count + 1);
	struct arena texts = { 0 };

	for (uint32_t number = 1; number <= count && !commit->txn.error; number++) {
		struct slice text;
		enum license_class class;
		struct statement statement;
		struct license_meaning meaning;
		struct key key = { .size = 0 };
		if (!statement_get(&commit->txn, number, &text, &class))
			continue;
		before[number] = after[number] = (uint8_t)class;
		arena_reset(&texts);
		if (statement_read(&commit->json, text, &texts, &statement))
			continue;
		license_mean(&statement, &meaning);
		after[number] = (uint8_t)meaning.class;
		if (meaning.class == class)
			continue;
		buf_reset(&commit->value);
		buf_char(&commit->value, (char)meaning.class);
		buf_slice(&commit->value, text);
		key_add(&key, number, 4);
		txn_put(&commit->txn, TABLE_STATEMENT, key_slice(&key), buf_as_slice(&commit->value));
	}
	arena_release(&texts);
	return after;
}

static void count_rows(struct commit *commit, uint32_t statements, const uint8_t *before, const uint8_t *after,
	struct class_counts *counts)
{
	for (unsigned kind = 0; kind < REPO_KINDS; kind++) {
		struct repo_ref ref = { .kind = (enum repo_kind)kind };
		MDB_cursor *cursor = repo_cursor(&commit->txn, ref.kind);
		for (MDB_cursor_op op = MDB_FIRST; repo_from(&commit->txn, cursor, op, &ref); op = MDB_NEXT) {
			if (ref.row.statement > statements || ref.row.flags & REPO_GONE)
				continue;
			counts->before[before[ref.row.statement]]++;
			counts->after[after[ref.row.statement]]++;
		}
		if (cursor)
			mdb_cursor_close(cursor);
	}
}

static void write_counts(const char *when, const uint64_t *counts, struct buf *out)
{
	buf_printf(out, "; %s:", when);
	for (unsigned i = 0; i < LICENSE_CLASS_COUNT; i++)
		buf_printf(out, " %s %llu", license_class_name((enum license_class)i), (unsigned long long)counts[i]);
}

/* One record for new tables, and nothing per repo: classes are computed when read. */
void commit_tables_changed(struct commit *commit)
{
	uint32_t statements = (uint32_t)meta_number(&commit->txn, "statements");
	struct slice known = meta_text(&commit->txn, "tables");
	struct class_counts counts = { 0 };
	uint8_t *before, *after;

	if (slice_is(known, license_tables_version()))
		return;
	if (known.size && statements) {
		buf_reset(&commit->content);
		buf_printf(&commit->content, "license tables %.*s to %s", (int)known.size, known.data,
			license_tables_version());
		arena_reset(&commit->arena);
		before = arena_take(&commit->arena, statements + 1);
		after = rejudge_statements(commit, statements, before);
		count_rows(commit, statements, before, after, &counts);
		write_counts("before", counts.before, &commit->content);
		write_counts("after", counts.after, &commit->content);
		commit_record(commit, &(struct record){
					      .event = EVENT_TABLES_CHANGED,
					      .downloads = COUNTER_UNKNOWN,
					      .likes = COUNTER_UNKNOWN,
					      .reason = buf_as_slice(&commit->content),
				      });
	}
	meta_set_text(&commit->txn, "tables", slice_of(license_tables_version()));
}
