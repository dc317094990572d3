/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "storage/model/error.h"
#include "storage/model/memory.h"
#include "storage/model/moment.h"
#include "storage/model/new_file.h"
#include "storage/model/row.h"

enum { OUT_BYTES = 1 << 20, ROW_NODES_MAX = 1 << 20 };

/* What identifies a row, and what it holds. Raw tokens; size 0: not there. */
struct identity {
	struct slice oid, id, model_id, kind, created;
	uint32_t fields;
};

/* --- the file ------------------------------------------------------------------------------------------------------*/

/* Without a name from the start where the file system can do that; it goes with the process in any case. */
static int open_nameless(const char *dir)
{
	int file = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	char path[1100];

	if (file >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return file;
	snprintf(path, sizeof(path), "%s/import-XXXXXX", dir);
	file = mkostemp(path, O_CLOEXEC);
	if (file >= 0)
		unlink(path);
	return file;
}

static bool fail(struct spool *spool, const char *doing)
{
	snprintf(spool->why, sizeof(spool->why), "%s the rows in %.200s: %s", doing, store_dir(spool->store), strerror(errno));
	return false;
}

bool spool_open(struct spool *spool, struct store *store, enum repo_kind usual)
{
	struct store_problem problem = { 0 };

	*spool = (struct spool){ .store = store, .usual = usual, .file = open_nameless(store_dir(store)) };
	buf_init(&spool->out, DUMP_ROW_MAX + 2 * OUT_BYTES);
	buf_init(&spool->repaired, 3 * (size_t)DUMP_ROW_MAX + JSON_PADDING);
	json_init(&spool->json, ROW_NODES_MAX);
	dump_form_init(&spool->form, 2 * (size_t)DUMP_ROW_MAX);
	for (enum repo_kind kind = 0; kind < REPO_KINDS; kind++) {
		spool->kind[kind].ordered = true;
		spool->kind[kind].damaged.projection.kind = kind;
	}
	if (spool->file < 0)
		return fail(spool, "keeping");
	if (reader_open(store, &spool->reader, &problem) == 0)
		return true;
	snprintf(spool->why, sizeof(spool->why), "%.300s", problem.text);
	return false;
}

void spool_close(struct spool *spool)
{
	if (spool->file >= 0)
		close(spool->file);
	spool->file = -1;
	reader_close(&spool->reader);
	buf_release(&spool->out);
	buf_release(&spool->repaired);
	json_release(&spool->json);
	dump_form_release(&spool->form);
	for (enum repo_kind kind = 0; kind < REPO_KINDS; kind++) {
		free(spool->kind[kind].place);
		spool->kind[kind].place = NULL;
		page_release(&spool->kind[kind].damaged);
	}
}

static bool write_out(struct spool *spool)
{
	errno = write_whole(spool->file, spool->out.data, spool->out.size);
	if (errno)
		return fail(spool, "writing");
	buf_reset(&spool->out);
	return true;
}

static bool read_at(struct spool *spool, char *to, size_t size, uint64_t at)
{
	while (size) {
		ssize_t got = pread(spool->file, to, size, (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return fail(spool, "reading");
		to += got;
		at += (uint64_t)got;
		size -= (size_t)got;
	}
	return true;
}

/* --- identity ------------------------------------------------------------------------------------------------------*/

static struct slice inside(struct slice token)
{
	if (token.size < 2 || token.data[0] != '"')
		return SLICE_NONE;
	return (struct slice){ token.data + 1, token.size - 2 };
}

static void read_identity(const struct json *json, struct identity *identity)
{
	enum field last = FIELD_NONE;

	*identity = (struct identity){ 0 };
	for (uint32_t i = json_first(0); i < json_end(json, 0); i = json_next(json, i)) {
		struct slice key = json_key(&json->node[i]), token = json_span(&json->node[i]);
		enum field field = field_find_after(key, last);

		if (field != FIELD_NONE) {
			last = field;
			if (!slice_is(token, "null"))
				identity->fields |= field_bit(field);
		}
		if (field == FIELD_ID)
			identity->id = token;
		else if (field == FIELD_CREATED_AT)
			identity->created = token;
		else if (slice_is(key, "_id"))
			identity->oid = token;
		else if (slice_is(key, "modelId"))
			identity->model_id = token;
		else if (slice_is(key, "repoType"))
			identity->kind = token;
	}
}

/* A repo of the store that bears the name and was created in that very second: no other one can be meant. */
static bool find_known(struct spool *spool, enum repo_kind kind, const struct identity *identity, struct repo_oid *oid)
{
	struct slice name = inside(identity->id.size ? identity->id : identity->model_id);
	struct bearer bearer;
	int64_t created_ms;
	uint32_t after = 0;

	if (!name.size || !moment_read_json(identity->created, &created_ms))
		return false;
	while (reader_bearer_next(spool->reader, kind, name, &after, &bearer) == ERROR_NONE) {
		if (bearer.ref.row.created_ms != created_ms || bearer.until_ms)
			continue;
		*oid = bearer.ref.oid;
		return true;
	}
	return false;
}

/* --- rows come -----------------------------------------------------------------------------------------------------*/

static void add_damage(struct spool *spool, const struct dump_row *row, enum repo_kind kind, const char *why, int error)
{
	if (spool->shown < SPOOL_DAMAGE_SHOWN) {
		spool->damage[spool->shown].line = row->line;
		spool->damage[spool->shown++].why = why;
	}
	page_add_damage(&spool->kind[kind].damaged, row->text, error);
}

static int parse_repaired(struct spool *spool, struct slice *text)
{
	if (spool->repaired.size > DUMP_ROW_MAX)
		return ERROR_TOO_BIG;
	memset(buf_reserve(&spool->repaired, JSON_PADDING), 0, JSON_PADDING); /* which may move it */
	*text = buf_as_slice(&spool->repaired);
	return json_parse(&spool->json, text->data, text->size, 1);
}

/* Bytes that are not UTF-8 become U+FFFD, as in an answer of the Hub; Python's NaN is null. */
static int parse(struct spool *spool, struct slice *text)
{
	int error = json_parse(&spool->json, text->data, text->size, 1);

	if (error == ERROR_UTF8) {
		buf_reset(&spool->repaired);
		utf8_repair(*text, &spool->repaired);
		error = parse_repaired(spool, text);
	}
	/* a look inside what is a level deeper: the parser itself passes over it */
	if (memmem(text->data, text->size, "NaN", 3) || memmem(text->data, text->size, "Infinity", 8)) {
		struct slice before = arena_copy(&spool->form.arena, *text);

		if (dump_row_without_nan(before, &spool->repaired))
			error = parse_repaired(spool, text);
		arena_reset(&spool->form.arena);
	}
	return error;
}

/* To the form in which the Hub sends it. False: a column is refused. */
static bool bring_to_form(struct spool *spool, const struct dump_row *row, struct slice *text)
{
	switch (dump_row_read(&spool->form, &spool->json)) {
	case DUMP_ROW_AS_IS:
		return true;
	case DUMP_ROW_CHANGED:
		*text = buf_as_slice(&spool->form.text);
		return json_parse(&spool->json, text->data, text->size, 1) == ERROR_NONE;
	default:
		snprintf(spool->why, sizeof(spool->why), "line %" PRIu64 ": %.280s", row->line, spool->form.why);
		spool->refused = true;
		return false;
	}
}

/* Rows of before 2022-03 have neither `_id` nor `id`: what is known of both goes in front. */
static void write_row(struct spool *spool, struct slice text, const struct identity *identity, const struct repo_oid *oid)
{
	char hex[OID_HEX + 1];

	buf_char(&spool->out, '{');
	if (!identity->oid.size) {
		oid_write(oid, hex);
		buf_printf(&spool->out, "\"_id\":\"%s\",", hex);
	}
	if (!identity->id.size && identity->model_id.size && identity->model_id.size < OUT_BYTES / 2) {
		buf_text(&spool->out, "\"id\":");
		buf_slice(&spool->out, identity->model_id);
		buf_char(&spool->out, ',');
	}
	buf_add(&spool->out, text.data + 1, text.size - 1);
}

static void add_place(struct spool_kind *kind, const struct spool_place *place)
{
	if (kind->count == kind->room) {
		kind->room = kind->room ? kind->room * 2 : 4096;
		kind->place = memory_grow(kind->place, kind->room, sizeof(*kind->place));
	}
	kind->ordered = kind->ordered && (!kind->count || oid_compare(&kind->place[kind->count - 1].oid, &place->oid) < 0);
	kind->place[kind->count++] = *place;
}

static bool keep(struct spool *spool, struct slice text, const struct identity *identity, enum repo_kind kind,
	const struct repo_oid *oid)
{
	size_t before = spool->out.size;
	struct spool_place place = { .oid = *oid, .at = spool->size };

	write_row(spool, text, identity, oid);
	place.size = (uint32_t)(spool->out.size - before);
	spool->size += place.size;
	spool->kind[kind].fields |= identity->fields;
	add_place(&spool->kind[kind], &place);
	return spool->out.size < OUT_BYTES || write_out(spool);
}

static enum repo_kind kind_of(const struct spool *spool, const struct identity *identity)
{
	enum repo_kind kind;

	return repo_kind_read(inside(identity->kind), &kind) ? kind : spool->usual;
}

bool spool_add(struct spool *spool, const struct dump_row *row)
{
	struct slice text = row->text;
	struct identity identity;
	struct repo_oid oid;
	enum repo_kind kind = spool->usual;
	int error = row->too_big ? ERROR_TOO_BIG : parse(spool, &text);

	if (!error && (text.data[0] != '{' || spool->json.node[0].type != JSON_OBJECT))
		error = ERROR_ROW;
	if (error) {
		add_damage(spool, row, kind, error_text(error), error);
		return true;
	}
	if (!bring_to_form(spool, row, &text))
		return false;
	read_identity(&spool->json, &identity);
	kind = kind_of(spool, &identity);
	if (identity.oid.size ? oid_read(inside(identity.oid), &oid) : find_known(spool, kind, &identity, &oid))
		return keep(spool, text, &identity, kind, &oid);
	if (!identity.oid.size && (inside(identity.id).size || inside(identity.model_id).size))
		spool->kind[kind].unidentified++;
	else
		add_damage(spool, row, kind, error_text(ERROR_ROW), ERROR_ROW);
	return true;
}

/* --- in their order ------------------------------------------------------------------------------------------------*/

static int compare_places(const void *a, const void *b)
{
	const struct spool_place *left = a, *right = b;
	int order = oid_compare(&left->oid, &right->oid);

	return order ? order : (left->at > right->at) - (left->at < right->at);
}

static void sort(struct spool_kind *kind)
{
	size_t kept = 0;

	if (kind->ordered)
		return;
	qsort(kind->place, kind->count, sizeof(*kind->place), compare_places);
	for (size_t i = 0; i < kind->count; i++) {
		bool again = i + 1 < kind->count && oid_compare(&kind->place[i].oid, &kind->place[i + 1].oid) == 0;

		if (!again)
			kind->place[kept++] = kind->place[i];
	}
	kind->repeated = kind->count - kept;
	kind->count = kept;
}

bool spool_finish(struct spool *spool)
{
	for (enum repo_kind kind = 0; kind < REPO_KINDS; kind++)
		sort(&spool->kind[kind]);
	return write_out(spool);
}

size_t spool_page(struct spool *spool, enum repo_kind kind, size_t from, size_t rows_max, struct buf *body)
{
	const struct spool_kind *rows = &spool->kind[kind];
	size_t count = 0;

	buf_reset(body);
	for (; from + count < rows->count && count < rows_max && body->size < SPOOL_PAGE_BYTES; count++) {
		const struct spool_place *place = &rows->place[from + count];
		char *to;

		buf_char(body, count ? ',' : '[');
		to = buf_reserve(body, place->size + 1 + JSON_PADDING);
		if (!to || !read_at(spool, to, place->size, place->at))
			return 0;
		body->size += place->size;
	}
	buf_char(body, ']');
	memset(buf_reserve(body, JSON_PADDING), 0, JSON_PADDING);
	return count;
}
