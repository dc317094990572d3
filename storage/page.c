/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/page.h"

#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "storage/frame.h"
#include "storage/model/memory.h"
#include "storage/model/statement.h"
#include "storage/txn.h"

/*
 * simdjson keeps four bytes for each structural character of a text. Of a long text so many are refused that no page of
 * 1,000 rows has: 4,000 for each.
 */
enum { DENSE_FROM_BYTES = 4 << 20, SEPARATORS_MAX = 2 << 20 };

enum { DEPTH_OF_FIELDS = 2, PAGE_NODES_MAX = 1 << 22, DAMAGE_HEAD_BYTES = 200, NEWS_SHARE = 4, FRAME_MAX = 2 * FRAME_CONTENT_MAX };

const struct page_limits page_limits_none = {
	.rows_max = UINT32_MAX, .nodes_max = PAGE_NODES_MAX, .bytes_max = SIZE_MAX / 2, .row_bytes_max = SIZE_MAX,
};

struct preparer {
	struct store *store;
	bool private_repos;
	struct json json;           /* the page */
	struct json card;           /* a value inside it */
	struct canon_maker canon;
	struct frame_maker *frames;
	struct arena scratch;       /* one row's */
	struct buf content, frame, text, repaired;
	bool opened;                /* the page at hand was parsed to its depth */
	bool news[REPO_KINDS];      /* the last page of the kind brought much that is new, so the next one may too */
	struct txn txn;             /* reads; open while a page is prepared, paused in between */
	MDB_cursor *rows[REPO_KINDS];
};

/* What a row is checked against while its page is prepared. */
struct work {
	struct preparer *preparer;
	const struct page_limits *limits;
	struct page *page;
	MDB_cursor *cursor;
};

struct preparer *preparer_new(struct store *store, bool private_repos)
{
	struct preparer *preparer = memory_new(sizeof(*preparer));

	preparer->store = store;
	preparer->private_repos = private_repos;
	json_init(&preparer->json, PAGE_NODES_MAX);
	json_init(&preparer->card, CANON_ROW_NODES_MAX);
	canon_maker_init(&preparer->canon);
	json_limit(&preparer->canon.json, CANON_ROW_NODES_MAX, UINT32_MAX);
	preparer->frames = frame_maker_new(store ? store_dictionaries(store) : NULL);
	buf_init(&preparer->content, FRAME_CONTENT_MAX);
	buf_init(&preparer->frame, FRAME_MAX);
	buf_init(&preparer->text, FRAME_CONTENT_MAX);
	buf_init(&preparer->repaired, SIZE_MAX / 2);
	return preparer;
}

void preparer_free(struct preparer **preparer)
{
	struct preparer *p = *preparer;

	if (!p)
		return;
	for (unsigned i = 0; i < REPO_KINDS; i++)
		if (p->rows[i])
			mdb_cursor_close(p->rows[i]);
	txn_abort(&p->txn);
	json_release(&p->json);
	json_release(&p->card);
	canon_maker_release(&p->canon);
	frame_maker_free(&p->frames);
	arena_release(&p->scratch);
	buf_release(&p->content);
	buf_release(&p->frame);
	buf_release(&p->text);
	buf_release(&p->repaired);
	free(p);
	*preparer = NULL;
}

void page_release(struct page *page)
{
	arena_release(&page->arena);
	*page = (struct page){ 0 };
}

/* --- the read snapshot -------------------------------------------------------------------------------------------- */

static int snapshot_begin(struct preparer *preparer, enum repo_kind kind)
{
	struct txn *txn = &preparer->txn;
	MDB_cursor **rows = &preparer->rows[kind];

	store_let_grow(preparer->store);
	if (!txn->lmdb)
		txn_begin(preparer->store, false, txn);
	else
		txn_resume(txn);
	if (txn->error)
		return txn->error;
	if (*rows)
		txn_fail(txn, mdb_cursor_renew(txn->lmdb, *rows));
	else
		*rows = txn_cursor(txn, TABLE_REPO_MODEL + kind);
	if (txn->error)
		txn_pause(txn);
	return txn->error;
}

/* The stored row of an oid: rows of a sweep come in key order, so the next key is tried before a search. */
static bool stored_row(MDB_cursor *cursor, const struct repo_oid *oid, struct repo_row *row)
{
	MDB_val key, value;
	int code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);

	if (code || key.mv_size != OID_BYTES || memcmp(key.mv_data, oid->byte, OID_BYTES) != 0) {
		key = (MDB_val){ OID_BYTES, (void *)(uintptr_t)oid->byte };
		code = mdb_cursor_get(cursor, &key, &value, MDB_SET_KEY);
	}
	return code == 0 && repo_row_decode(value.mv_data, value.mv_size, oid, row);
}

/* --- one row ------------------------------------------------------------------------------------------------------ */

static uint32_t counter_of(bool known, uint64_t value)
{
	if (!known)
		return COUNTER_UNKNOWN;
	return value < COUNTER_UNKNOWN ? (uint32_t)value : COUNTER_UNKNOWN - 1;
}

static struct slice text_copy(struct page *page, const struct buf *text)
{
	return arena_copy(&page->arena, buf_as_slice(text));
}

static int draft_name(struct preparer *preparer, const struct row *row, struct page *page, struct draft *draft)
{
	int error;

	buf_reset(&preparer->text);
	error = json_decode(row->span[FIELD_ID], &preparer->text);
	draft->name = text_copy(page, &preparer->text);
	return error;
}

static void draft_statement(struct preparer *preparer, const struct canon *canon, struct page *page, struct draft *draft)
{
	struct statement statement;

	statement_from_canon(&preparer->card, canon, &preparer->scratch, &statement);
	buf_reset(&preparer->text);
	statement_write(&statement, &preparer->text);
	draft->statement = text_copy(page, &preparer->text);
}

/* A row that is new needs its frame, one that existed its texts, for the delta and the verdict. */
static int draft_content(struct preparer *preparer, const struct row *row, const struct canon *canon, bool existed,
	struct page *page, struct draft *draft)
{
	size_t canonical_bytes;
	int error;

	buf_reset(&preparer->content);
	canon_write(canon, &preparer->content);
	canonical_bytes = preparer->content.size;
	draft->canonical_hash = XXH3_64bits_withSeed(preparer->content.data, canonical_bytes, store_seed(preparer->store));
	buf_char(&preparer->content, '\n');
	derived_write(&preparer->canon, row, &preparer->content);
	if (preparer->content.overflow)
		return ERROR_TOO_BIG;
	if (existed) {
		struct slice content = text_copy(page, &preparer->content);
		draft->canonical = (struct slice){ content.data, canonical_bytes };
		draft->derived = (struct slice){ content.data + canonical_bytes + 1, content.size - canonical_bytes - 1 };
		draft->raw = arena_copy(&page->arena, row->raw);
		return ERROR_NONE;
	}
	buf_reset(&preparer->frame);
	error = frame_pack(preparer->frames, DICTIONARY_CONTENT, buf_as_slice(&preparer->content), &preparer->frame, &draft->encoding);
	draft->frame = text_copy(page, &preparer->frame);
	return error;
}

static int make_draft(struct preparer *preparer, const struct row *row, bool existed, struct page *page,
	struct draft **made)
{
	struct draft *draft = arena_take(&page->arena, sizeof(*draft));
	struct canon canon;
	int error;

	arena_reset(&preparer->scratch);
	error = canon_from_row(&preparer->canon, row, page->projection.fields, &preparer->scratch, &canon);
	if (!error && preparer->canon.nodes > CANON_ROW_NODES_MAX)
		error = ERROR_TOO_BIG;
	if (!error)
		error = draft_name(preparer, row, page, draft);
	if (!error) {
		draft_statement(preparer, &canon, page, draft);
		error = draft_content(preparer, row, &canon, existed, page, draft);
	}
	*made = error ? NULL : draft;
	return error;
}

/* What stays the same of a damaged row while its counters move from day to day. */
static struct slice damage_identity(const struct row *row, int error)
{
	if (error != ERROR_ROW)
		return (struct slice){ (const char *)row->oid.byte, OID_BYTES };
	return row->span[FIELD_ID].size ? row->span[FIELD_ID] : row->raw;
}

static void note_damage(struct page *page, struct slice raw, struct slice identity, int error)
{
	size_t at = page->damaged++;
	struct slice head = { raw.data, raw.size < DAMAGE_HEAD_BYTES ? raw.size : DAMAGE_HEAD_BYTES };

	if (at >= PAGE_DAMAGE_MAX)
		return;
	if (!page->damage)
		page->damage = arena_take(&page->arena, PAGE_DAMAGE_MAX * sizeof(*page->damage));
	page->damage[at].hash = XXH3_64bits_withSeed(identity.data, identity.size,
		(uint64_t)-error << 8 | (uint64_t)page->projection.kind);
	page->damage[at].error = error;
	page->damage[at].head = arena_copy(&page->arena, head);
}

void page_add_damage(struct page *page, struct slice raw, int error)
{
	page->rows++;
	note_damage(page, raw, raw, error);
}

static void note_bad_dates(struct page *page, const struct row *row)
{
	enum { SHOWN = 64 };

	for (enum field field = 0; field < FIELD_COUNT; field++) {
		struct slice token = row->span[field];

		if (!(row->bad_dates & field_bit(field)))
			continue;
		page->bad_dates++;
		page->bad_date_fields |= field_bit(field);
		if (!page->bad_date.size)
			page->bad_date = arena_copy(&page->arena, (struct slice){ token.data, token.size < SHOWN ? token.size : SHOWN });
	}
}

static void note_dates(struct page *page, int64_t modified_ms)
{
	if (!modified_ms)
		return;
	if (!page->oldest_modified_ms || modified_ms < page->oldest_modified_ms)
		page->oldest_modified_ms = modified_ms;
	if (modified_ms > page->newest_modified_ms)
		page->newest_modified_ms = modified_ms;
}

static bool is_too_long(const struct work *work, struct slice raw)
{
	return raw.size > work->limits->row_bytes_max;
}

static void add_row(struct page *page, const struct row *row, struct observation *observation)
{
	observation->oid = row->oid;
	observation->stable_hash = row->stable_hash;
	observation->created_ms = row->created_ms;
	observation->modified_ms = row->modified_ms;
	observation->downloads = counter_of(row->has_downloads, row->downloads);
	observation->likes = counter_of(row->has_likes, row->likes);
	if (row->has_sha)
		memcpy(observation->sha, row->sha, SHA_BYTES);
	page->ascending = page->ascending && (!page->count || oid_compare(&observation[-1].oid, &row->oid) <= 0);
	page->drafts += observation->draft != NULL;
	if (row->bad_dates)
		note_bad_dates(page, row);
	note_dates(page, row->modified_ms);
	page->count++;
}

static void prepare_row(struct work *work, uint32_t at)
{
	struct page *page = work->page;
	struct preparer *preparer = work->preparer;
	struct observation *observation = &page->observations[page->count];
	struct repo_row stored;
	struct row row;
	bool existed;
	int error = row_read(&preparer->json, at, page->projection.fields, store_seed(preparer->store), &row);

	page->rows++;
	page->unidentified += !row.has_oid && row.span[FIELD_ID].size > 0;
	if (!error && row.is_private && !preparer->private_repos) {
		page->private_rows++;
		return;
	}
	if (error) {
		note_damage(page, row.raw, damage_identity(&row, error), error);
		return;
	}
	row.opened = preparer->opened ? &preparer->json : NULL;
	existed = stored_row(work->cursor, &row.oid, &stored);
	if (is_too_long(work, row.raw))
		error = ERROR_TOO_BIG;
	else if (!existed || stored.stable_hash != row.stable_hash)
		error = make_draft(preparer, &row, existed, page, &observation->draft);
	if (error) {
		note_damage(page, row.raw, damage_identity(&row, error), error);
		return;
	}
	page->moved += !existed || memcmp(row.sha, stored.sha, SHA_BYTES) != 0;
	observation->version = existed ? stored.versions : 0;
	add_row(page, &row, observation);
}

/* --- the page ----------------------------------------------------------------------------------------------------- */

/* Where the body is not UTF-8, a copy of it is that is. */
static int parse_to(struct preparer *preparer, const char *body, size_t body_bytes, unsigned depth)
{
	int error = json_parse(&preparer->json, body, body_bytes, depth);
	char *padding;

	if (error != ERROR_UTF8)
		return error;
	buf_reset(&preparer->repaired);
	utf8_repair((struct slice){ body, body_bytes }, &preparer->repaired);
	padding = buf_reserve(&preparer->repaired, JSON_PADDING);
	if (!padding)
		return ERROR_TOO_BIG;
	memset(padding, 0, JSON_PADDING);
	return json_parse(&preparer->json, preparer->repaired.data, preparer->repaired.size, depth);
}

/* Bytes that stand in the index, or before one that does: half of them at least. */
static bool is_too_dense(const char *body, size_t body_bytes)
{
	size_t count = 0;

	if (body_bytes <= DENSE_FROM_BYTES)
		return false;
	for (size_t i = 0; i < body_bytes; i++)
		count += (body[i] == ',') | (body[i] == ':') | (body[i] == '[') | (body[i] == ']') | (body[i] == '{') |
			(body[i] == '}');
	return count > SEPARATORS_MAX;
}

/*
 * Rows that are as they were need their fields alone, new ones everything inside, and for those one deep parse of the
 * page is cheaper than many small ones. What is broken inside one row must not cost the page: then fields alone.
 */
static int parse(struct preparer *preparer, const char *body, size_t body_bytes, enum repo_kind kind)
{
	preparer->opened = preparer->news[kind] && body_bytes && body[0] == '[';
	if (preparer->opened && parse_to(preparer, body, body_bytes, DEPTH_OF_FIELDS + CANON_DEPTH_MAX) == ERROR_NONE)
		return ERROR_NONE;
	preparer->opened = false;
	return parse_to(preparer, body, body_bytes, DEPTH_OF_FIELDS);
}

static int parse_within(struct work *work, const char *body, size_t body_bytes, enum repo_kind kind)
{
	struct preparer *preparer = work->preparer;
	const struct page_limits *limits = work->limits;

	if (limits->nodes_max < PAGE_NODES_MAX && is_too_dense(body, body_bytes))
		return ERROR_TOO_BIG;
	json_limit(&preparer->json, limits->nodes_max, limits->rows_max);
	preparer->repaired.max = limits->bytes_max + JSON_PADDING;
	return parse(preparer, body, body_bytes, kind);
}

/* The rows of the answer, or what they are more than can be read now. */
static int count_rows(const struct work *work, size_t *count)
{
	const struct json *json = &work->preparer->json;

	if (json->node[0].type == JSON_OBJECT) {
		*count = 1;
		return work->limits->rows_fit && is_too_long(work, json_span(&json->node[0])) ? ERROR_TOO_BIG : ERROR_NONE;
	}
	for (uint32_t i = json_first(0); i < json_end(json, 0); i = json_next(json, i), (*count)++)
		if (work->limits->rows_fit && is_too_long(work, json_span(&json->node[i])))
			return ERROR_TOO_BIG;
	return ERROR_NONE;
}

/* Where all rows have a name and none an _id, it is the server that sends none: one damage, not one a row. */
static void join_damage(struct page *page)
{
	if (page->unidentified < page->rows)
		return;
	for (size_t i = 0; i < page->damaged && i < PAGE_DAMAGE_MAX; i++)
		page->damage[i].hash = XXH3_64bits_withSeed("_id", 3, (uint64_t)page->projection.kind);
}

static bool is_stopped(const struct page_limits *limits)
{
	return limits->stop && atomic_load_explicit(limits->stop, memory_order_relaxed);
}

static int prepare_rows(struct work *work, size_t count)
{
	const struct json *json = &work->preparer->json;

	work->page->observations = arena_take(&work->page->arena, count * sizeof(struct observation));
	work->page->ascending = true;
	if (json->node[0].type == JSON_OBJECT) {
		prepare_row(work, 0);
		return ERROR_NONE;
	}
	for (uint32_t i = json_first(0); i < json_end(json, 0); i = json_next(json, i)) {
		if (is_stopped(work->limits))
			return ERROR_STOPPED;
		prepare_row(work, i);
	}
	return ERROR_NONE;
}

static int compare_rows(struct work *work, size_t count, struct store_problem *problem)
{
	struct preparer *preparer = work->preparer;
	struct page *page = work->page;
	enum repo_kind kind = page->projection.kind;
	int error = snapshot_begin(preparer, kind);

	if (error)
		return store_fail(preparer->store, error, "comparing a page", problem);
	work->cursor = preparer->rows[kind];
	error = prepare_rows(work, count);
	if (!error && page->damaged > 1)
		join_damage(page);
	preparer->news[kind] = page->drafts * NEWS_SHARE > page->count;
	txn_pause(&preparer->txn);
	return error;
}

int preparer_page(struct preparer *preparer, const char *body, size_t body_bytes, const struct projection *projection,
	const struct page_limits *limits, struct page *page, struct store_problem *problem)
{
	struct work work = { .preparer = preparer, .limits = limits, .page = page };
	size_t count = 0;
	int error = parse_within(&work, body, body_bytes, projection->kind);

	page->projection = *projection;
	if (!error && preparer->json.node[0].type != (projection->endpoint == ENDPOINT_LIST ? JSON_ARRAY : JSON_OBJECT))
		error = ERROR_JSON;
	if (!error)
		error = count_rows(&work, &count);
	if (!error)
		return compare_rows(&work, count, problem);
	*problem = (struct store_problem){ .code = error };
	return error;
}

void preparer_rest(struct preparer *preparer)
{
	json_rest(&preparer->json);
	json_rest(&preparer->card);
	canon_maker_rest(&preparer->canon);
	arena_release(&preparer->scratch);
	buf_release(&preparer->content);
	buf_release(&preparer->frame);
	buf_release(&preparer->text);
	buf_release(&preparer->repaired);
}
