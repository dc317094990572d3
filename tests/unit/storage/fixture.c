/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/storage/fixture.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "storage/meta.h"
#include "storage/model/memory.h"

enum { TEXT_MAX = 64 << 20 };

static const char no_rows[] = "";

/* --- texts -------------------------------------------------------------------------------------------------------- */

static const char *keep(struct fixture *f, struct slice text)
{
	char *copy = arena_take(&f->texts, text.size + 1);

	if (text.size)
		memcpy(copy, text.data, text.size);
	return copy;
}

const char *fixture_text(struct fixture *f, const char *format, ...)
{
	va_list arguments;
	char *text;
	const char *kept;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		memory_failed("a text");
	va_end(arguments);
	kept = keep(f, slice_of(text));
	free(text);
	return kept;
}

char *fixture_oid(struct fixture *f, unsigned n)
{
	return (char *)(uintptr_t)fixture_text(f, "65920080%016x", n);
}

struct repo_oid fixture_oid_bytes(unsigned n)
{
	struct repo_oid oid = { { 0x65, 0x92, 0x00, 0x80 } };

	put_u32(oid.byte + 8, n);
	return oid;
}

static void add_member(struct buf *out, const char *key, const char *value, const char *usual)
{
	if (!value || *value)
		buf_printf(out, ",\"%s\":%s", key, value ? value : usual);
}

static void add_string(struct buf *out, const char *key, const char *value, const char *usual)
{
	if (value && !*value)
		return;
	buf_printf(out, ",\"%s\":", key);
	json_encode(slice_of(value ? value : usual), out);
}

const char *fixture_row(struct fixture *f, const struct fixture_row *row)
{
	struct buf out = BUF_INIT(TEXT_MAX);
	unsigned n = row->n ? row->n : 1;
	const char *id = row->id ? row->id : fixture_text(f, "org/repo-%u", n);
	const char *slash = strchr(id, '/');
	const char *kept;

	buf_printf(&out, "{\"_id\":\"%s\"", fixture_oid(f, n));
	add_string(&out, "id", row->id, id);
	add_string(&out, "author", row->author, slash ? fixture_text(f, "%.*s", (int)(slash - id), id) : "nobody");
	add_member(&out, "cardData", row->card, "{}");
	add_member(&out, "disabled", row->disabled, "false");
	add_member(&out, "gated", row->gated, "false");
	add_string(&out, "lastModified", row->modified, "2024-06-01T00:00:00.000Z");
	add_member(&out, "private", row->is_private, "false");
	buf_printf(&out, ",\"likes\":%u,\"downloads\":%u,\"sha\":\"%040x\"", row->likes, row->downloads,
		row->sha ? row->sha : 1);
	add_member(&out, "tags", row->tags, "[]");
	add_string(&out, "createdAt", row->created, "2024-01-01T00:00:00.000Z");
	buf_text(&out, row->more ? row->more : "");
	buf_char(&out, '}');
	kept = keep(f, buf_as_slice(&out));
	buf_release(&out);
	return kept;
}

/* --- the store ---------------------------------------------------------------------------------------------------- */

void fixture_open(struct fixture *f)
{
	struct store_options options = { .dir = f->dir, .writable = true, .map_bytes = (size_t)1 << 30,
		.hub = "https://hub.example" };

	if (store_open(&options, &f->store, &f->problem))
		fail_msg("%s", f->problem.text);
	f->preparer = preparer_new(f->store, f->private_repos);
	f->committer = committer_new(f->store);
}

void fixture_shut(struct fixture *f)
{
	preparer_free(&f->preparer);
	committer_free(&f->committer);
	store_close(&f->store);
}

void fixture_reopen(struct fixture *f)
{
	fixture_shut(f);
	fixture_open(f);
}

struct fixture *fixture_new(void)
{
	struct fixture *f = memory_new(sizeof(*f));
	const char *base = getenv("TMPDIR");

	snprintf(f->dir, sizeof(f->dir), "%s/relicensed-test-XXXXXX", base && strlen(base) < 32 ? base : "/tmp");
	if (!mkdtemp(f->dir))
		fail_msg("no folder %s for the test", f->dir);
	f->projection = (struct projection){ .kind = REPO_MODEL, .rules = CANON_RULES };
	f->projection.fields = fields_asked(REPO_MODEL);
	json_init(&f->json, 1 << 20);
	fixture_open(f);
	return f;
}

static int remove_one(const char *path, const struct stat *about, int type, struct FTW *walk)
{
	(void)about, (void)type, (void)walk;
	return remove(path);
}

void fixture_free(struct fixture *f)
{
	fixture_shut(f);
	nftw(f->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	arena_release(&f->texts);
	json_release(&f->json);
	free(f);
}

/* --- answers ------------------------------------------------------------------------------------------------------ */

int fixture_prepare_body(struct fixture *f, struct answer *answer, enum lane lane, int64_t at_ms, struct slice body)
{
	char *padded = memory_new(body.size + JSON_PADDING); /* of its own, so that a sanitizer sees its end */
	int code;

	*answer = (struct answer){ .lane = lane, .kind = f->projection.kind, .answered_ms = at_ms,
		.in_sweep = lane == LANE_SWEEP,
		.url = SLICE("https://hub.example/api/models?limit=1000"), .date = SLICE("Wed, 01 Jan 2025 00:00:00 GMT"),
		.request_id = SLICE("Root=1-test") };
	memcpy(padded, body.data, body.size);
	f->problem = (struct store_problem){ 0 };
	code = preparer_page(f->preparer, padded, body.size, &f->projection, &page_limits_none, &answer->page, &f->problem);
	free(padded);
	return code;
}

void fixture_prepare(struct fixture *f, struct answer *answer, enum lane lane, int64_t at_ms, const char *rows)
{
	const char *body = fixture_text(f, "[%s]", rows ? rows : no_rows);

	if (fixture_prepare_body(f, answer, lane, at_ms, slice_of(body)))
		fail_msg("page: %s %s", error_name(f->problem.code), f->problem.text);
}

int fixture_try_commit(struct fixture *f, struct answer *answers, size_t count)
{
	struct answer **pointers = memory_new((count + 1) * sizeof(*pointers));
	int code;

	for (size_t i = 0; i < count; i++)
		pointers[i] = &answers[i];
	f->problem = (struct store_problem){ 0 };
	code = committer_run(f->committer, pointers, count, &f->counts, &f->problem);
	for (size_t i = 0; i < count; i++)
		page_release(&answers[i].page);
	free(pointers);
	return code;
}

void fixture_commit(struct fixture *f, struct answer *answers, size_t count)
{
	if (fixture_try_commit(f, answers, count))
		fail_msg("commit: %s", f->problem.text);
}

void fixture_page(struct fixture *f, int64_t at_ms, bool first, bool last, const char *rows)
{
	struct answer answer;

	fixture_prepare(f, &answer, LANE_SWEEP, at_ms, rows);
	answer.sweep_first = first;
	answer.sweep_last = last;
	fixture_commit(f, &answer, 1);
}

void fixture_sweep(struct fixture *f, int64_t at_ms, const char *rows)
{
	fixture_page(f, at_ms, true, true, rows);
}

void fixture_poll(struct fixture *f, int64_t at_ms, const char *rows)
{
	struct answer answer;

	fixture_prepare(f, &answer, LANE_POLL, at_ms, rows);
	fixture_commit(f, &answer, 1);
}

void fixture_import(struct fixture *f, int64_t at_ms, bool complete, const char *rows)
{
	struct answer answer;

	fixture_prepare(f, &answer, LANE_IMPORT, at_ms, rows);
	answer.in_sweep = answer.sweep_first = answer.sweep_last = complete;
	fixture_commit(f, &answer, 1);
}

void fixture_confirm(struct fixture *f, int64_t at_ms, enum confirm_outcome outcome, unsigned n, const char *rows)
{
	struct answer answer;

	fixture_prepare(f, &answer, LANE_CONFIRM, at_ms, rows);
	answer.confirm = outcome;
	answer.confirm_oid = fixture_oid_bytes(n);
	fixture_commit(f, &answer, 1);
}

/* --- reading back ------------------------------------------------------------------------------------------------- */

static struct reader *open_reader(struct fixture *f)
{
	struct reader *reader;

	if (reader_open(f->store, &reader, &f->problem))
		fail_msg("%s", f->problem.text);
	return reader;
}

uint64_t fixture_head(struct fixture *f)
{
	struct reader *reader = open_reader(f);
	struct log_head head;

	assert_int_equal(reader_head(reader, &head), 0);
	reader_close(&reader);
	return head.seq;
}

const char *fixture_record(struct fixture *f, uint64_t seq)
{
	struct reader *reader = open_reader(f);
	struct slice line;
	const char *kept;

	if (reader_change(reader, seq, &line))
		fail_msg("there is no record %llu", (unsigned long long)seq);
	kept = keep(f, line);
	reader_close(&reader);
	return kept;
}

const char *fixture_get(struct fixture *f, const char *json, const char *path)
{
	size_t size = strlen(json);
	char *padded = arena_take(&f->texts, size + JSON_PADDING), key[64];
	uint32_t at = 0;

	memcpy(padded, json, size);
	if (json_parse(&f->json, padded, size, 8))
		fail_msg("no JSON: %s", json);
	while (*path) {
		size_t part = strcspn(path, ".");
		snprintf(key, sizeof(key), "%.*s", (int)part, path);
		at = json_member(&f->json, at, key);
		if (!at)
			return "";
		path += part + (path[part] == '.');
	}
	return keep(f, json_span(&f->json.node[at]));
}

const char *fixture_field(struct fixture *f, uint64_t seq, const char *path)
{
	return fixture_get(f, fixture_record(f, seq), path);
}

/* ["a","b"] as a,b */
static void add_bare(struct buf *out, const char *json)
{
	for (; *json; json++)
		if (!strchr("\"[]", *json))
			buf_char(out, *json);
}

const char *fixture_events(struct fixture *f, uint64_t after)
{
	struct buf out = BUF_INIT(TEXT_MAX);
	uint64_t head = fixture_head(f);
	const char *kept;

	buf_text(&out, "");
	for (uint64_t seq = after + 1; seq <= head; seq++) {
		const char *line = fixture_record(f, seq), *fields = fixture_get(f, line, "fields");
		if (seq > after + 1)
			buf_char(&out, ' ');
		add_bare(&out, fixture_get(f, line, "event"));
		if (strcmp(fields, "[]") == 0)
			continue;
		buf_char(&out, '[');
		add_bare(&out, fields);
		buf_char(&out, ']');
	}
	kept = keep(f, buf_as_slice(&out));
	buf_release(&out);
	return kept;
}

struct repo_ref fixture_repo(struct fixture *f, unsigned n)
{
	struct repo_oid oid = fixture_oid_bytes(n);
	struct reader *reader = open_reader(f);
	struct repo_ref ref;

	if (reader_repo(reader, f->projection.kind, &oid, &ref))
		fail_msg("repo %u is not in the store", n);
	reader_close(&reader);
	return ref;
}

struct snapshot fixture_snapshot(struct fixture *f, unsigned n, uint32_t version)
{
	struct repo_ref ref = fixture_repo(f, n);
	struct reader *reader = open_reader(f);
	struct snapshot snapshot;
	int code = reader_snapshot(reader, ref.row.number, version, &f->texts, &snapshot);

	if (code)
		fail_msg("repo %u, version %u: %s", n, version, error_text(code));
	reader_close(&reader);
	return snapshot;
}

const char *fixture_canonical(struct fixture *f, unsigned n, uint32_t version)
{
	return keep(f, fixture_snapshot(f, n, version).canonical);
}

void fixture_flip(struct txn *txn, enum store_table table, struct slice key, size_t at)
{
	struct buf copy = BUF_INIT(1 << 20);
	struct slice value;

	assert_true(txn_get(txn, table, key, &value));
	buf_slice(&copy, value);
	copy.data[at < value.size ? at : value.size - 1] ^= 1;
	txn_put(txn, table, key, buf_as_slice(&copy));
	buf_release(&copy);
}

void fixture_flip_stored(struct txn *txn, enum store_table table, struct slice key, size_t at)
{
	MDB_val lmdb_key = { key.size, (void *)(uintptr_t)key.data }, value;
	struct buf copy = BUF_INIT(1 << 20);

	assert_int_equal(mdb_get(txn->lmdb, store_table(txn->store, table), &lmdb_key, &value), 0);
	buf_add(&copy, value.mv_data, value.mv_size);
	copy.data[at < copy.size ? at : copy.size - 1] ^= 1;
	value = (MDB_val){ copy.size, copy.data };
	assert_int_equal(mdb_put(txn->lmdb, store_table(txn->store, table), &lmdb_key, &value, 0), 0);
	buf_release(&copy);
}

static void unseal_table(struct txn *txn, enum store_table table)
{
	MDB_cursor *cursor = txn_cursor(txn, table);
	struct buf copy = BUF_INIT(1 << 20);
	MDB_val key, value;

	while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
		buf_reset(&copy);
		buf_add(&copy, key.mv_data, key.mv_size);
		buf_add(&copy, value.mv_data, value.mv_size - VALUE_CHECK_BYTES);
		value = (MDB_val){ copy.size - key.mv_size, copy.data + key.mv_size };
		key.mv_data = copy.data;
		assert_int_equal(mdb_cursor_put(cursor, &key, &value, MDB_CURRENT), 0);
	}
	mdb_cursor_close(cursor);
	buf_release(&copy);
}

void fixture_unseal(struct txn *txn)
{
	for (unsigned i = 0; i < TABLE_COUNT; i++)
		if (store_table_has_seal((enum store_table)i))
			unseal_table(txn, (enum store_table)i);
	meta_set_number(txn, "schema", STORE_SCHEMA_SEALED - 1);
}

uint64_t fixture_missing(struct fixture *f)
{
	struct reader *reader = open_reader(f);
	uint64_t count = reader_missing_count(reader);

	reader_close(&reader);
	return count;
}

/* --- everything --------------------------------------------------------------------------------------------------- */

static void verify_chain(struct fixture *f, struct reader *reader)
{
	char prev[HASH_HEX + 1] = CHANGE_GENESIS, at[64] = "";
	char claimed_prev[HASH_HEX + 1], claimed[HASH_HEX + 1], computed[HASH_HEX + 1];
	struct log_head head;
	struct slice line;

	assert_int_equal(reader_head(reader, &head), 0);
	for (uint64_t seq = 1; seq <= head.seq; seq++) {
		const char *observed_at, *observed_after;
		if (reader_change(reader, seq, &line))
			fail_msg("record %llu of %llu is not there", (unsigned long long)seq, (unsigned long long)head.seq);
		assert_true(change_check(line, claimed_prev, claimed, computed));
		assert_string_equal(claimed_prev, prev);
		assert_string_equal(claimed, computed);
		memcpy(prev, computed, sizeof(prev));
		observed_at = fixture_get(f, keep(f, line), "observed_at");
		observed_after = fixture_get(f, keep(f, line), "observed_after");
		if (strcmp(at, observed_at) > 0)
			fail_msg("record %llu: observed_at goes back from %s to %s", (unsigned long long)seq, at, observed_at);
		if (observed_after[0] == '"' && strcmp(observed_after, observed_at) > 0)
			fail_msg("record %llu: seen before %s, but after %s", (unsigned long long)seq, observed_at,
				observed_after);
		snprintf(at, sizeof(at), "%s", observed_at);
	}
	assert_string_equal(prev, head.hash);
	assert_int_equal(reader_change(reader, head.seq + 1, &line), ERROR_NOT_FOUND);
}

static void verify_versions(struct reader *reader, const struct repo_ref *ref, struct arena *arena, struct buf *out)
{
	struct snapshot snapshot;
	struct state state;
	struct statement statement;

	for (uint32_t version = 1; version <= ref->row.versions; version++) {
		int code = reader_snapshot(reader, ref->row.number, version, arena, &snapshot);
		if (!code)
			code = reader_state(reader, &snapshot, arena, &state);
		if (code)
			fail_msg("number %u, version %u: %s", ref->row.number, version, error_text(code));
		buf_printf(out, "%u ", version);
		buf_slice(out, snapshot.canonical);
		buf_char(out, '\n');
	}
	assert_int_equal(reader_snapshot(reader, ref->row.number, ref->row.versions + 1, arena, &snapshot),
		ERROR_NOT_FOUND);
	assert_int_equal(reader_statement(reader, ref->row.statement, arena, &statement), 0);
}

static void verify_rows(struct reader *reader, enum repo_kind kind, struct buf *out)
{
	struct repo_ref ref = { .kind = kind };
	struct arena arena = { 0 };
	uint64_t rows, gone, counted = 0, counted_gone = 0;
	char hex[OID_HEX + 1];
	int code;

	while ((code = reader_repo_from(reader, kind, &ref.oid, &ref)) == 0) {
		oid_write(&ref.oid, hex);
		buf_printf(out, "%s %s versions %u flags %u\n", repo_kinds[kind].name, hex, ref.row.versions, ref.row.flags);
		verify_versions(reader, &ref, &arena, out);
		arena_reset(&arena);
		counted++;
		counted_gone += (ref.row.flags & REPO_GONE) != 0;
		if (!oid_next(&ref.oid))
			break;
	}
	assert_int_equal(code, ERROR_NOT_FOUND);
	assert_int_equal(reader_counts(reader, kind, &rows, &gone), 0);
	assert_int_equal(rows, counted);
	assert_int_equal(gone, counted_gone);
	arena_release(&arena);
}

const char *fixture_dump(struct fixture *f)
{
	struct reader *reader = open_reader(f);
	struct buf out = BUF_INIT(TEXT_MAX);
	struct slice line;
	const char *kept;

	buf_text(&out, "");
	verify_chain(f, reader);
	for (unsigned kind = 0; kind < REPO_KINDS; kind++)
		verify_rows(reader, (enum repo_kind)kind, &out);
	for (uint64_t seq = 1; reader_change(reader, seq, &line) == 0; seq++) {
		const char *text = keep(f, line);
		buf_printf(&out, "%s %s %s -> %s %s\n", fixture_get(f, text, "event"), fixture_get(f, text, "oid"),
			fixture_get(f, text, "before.version"), fixture_get(f, text, "after.version"),
			fixture_get(f, text, "fields"));
	}
	reader_close(&reader);
	kept = keep(f, buf_as_slice(&out));
	buf_release(&out);
	return kept;
}

void fixture_verify(struct fixture *f)
{
	fixture_dump(f);
}
