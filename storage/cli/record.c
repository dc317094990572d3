/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/cli/record.h"

#include "storage/model/change.h"

enum { NODES_MAX = 4096, LICENSES_MAX = 64 };

static const struct {
	enum record_side side;
	const char *key;
} fields[RECORD_FIELD_COUNT] = {
#define X(constant, side, key) [constant] = { side, key },
	RECORD_FIELDS(X)
#undef X
};

#define PREFIX_RECORD ""
#define PREFIX_BEFORE "before_"
#define PREFIX_AFTER "after_"
#define PREFIX_COMMIT "commit_"

const struct column record_columns[RECORD_FIELD_COUNT] = {
#define X(constant, side, key) [constant] = { PREFIX_##side key, false },
	RECORD_FIELDS(X)
#undef X
};

void record_init(struct record *record)
{
	*record = (struct record){ 0 };
	json_init(&record->json, NODES_MAX);
	buf_init(&record->padded, CHANGE_BYTES_MAX + JSON_PADDING);
}

void record_release(struct record *record)
{
	json_release(&record->json);
	buf_release(&record->padded);
	arena_release(&record->arena);
}

/* Keys stand in the order of the table: the search goes on from where the last one was found. */
static void take_members(struct record *record, uint32_t object, enum record_side side)
{
	const struct json *json = &record->json;
	unsigned hint = 0;

	for (uint32_t i = json_first(object); i < json_end(json, object); i = json_next(json, i)) {
		struct slice key = json_key(&json->node[i]);

		for (unsigned tried = 0; tried < RECORD_FIELD_COUNT; tried++) {
			unsigned at = (hint + tried) % RECORD_FIELD_COUNT;

			if (fields[at].side == side && slice_is(key, fields[at].key)) {
				record->token[at] = json_span(&json->node[i]);
				hint = at + 1;
				break;
			}
		}
	}
}

static void take_side(struct record *record, const char *key, enum record_side side)
{
	uint32_t at = json_member(&record->json, 0, key);

	if (at && record->json.node[at].type == JSON_OBJECT)
		take_members(record, at, side);
}

/* The kind's prefix goes into the name's JSON text as it is. */
static void make_ref(struct record *record)
{
	struct slice kind = record->token[RECORD_KIND], repo = record->token[RECORD_REPO];
	struct buf ref = BUF_INIT(CHANGE_BYTES_MAX);
	enum repo_kind number;

	if (repo.size < 2 || repo.data[0] != '"' || kind.size < 2 ||
		!repo_kind_read((struct slice){ kind.data + 1, kind.size - 2 }, &number))
		return;
	buf_printf(&ref, "\"%s", repo_kinds[number].prefix);
	buf_add(&ref, repo.data + 1, repo.size - 1);
	record->token[RECORD_REF] = arena_copy(&record->arena, buf_as_slice(&ref));
	buf_release(&ref);
}

bool record_read(struct record *record, struct slice line)
{
	static const char padding[JSON_PADDING];

	memset(record->token, 0, sizeof(record->token));
	arena_reset(&record->arena);
	buf_reset(&record->padded);
	buf_slice(&record->padded, line);
	buf_add(&record->padded, padding, sizeof(padding));
	if (record->padded.overflow || json_parse(&record->json, record->padded.data, line.size, 2) ||
		record->json.node[0].type != JSON_OBJECT)
		return false;
	record->line = (struct slice){ record->padded.data, line.size };
	take_members(record, 0, RECORD);
	take_side(record, "before", BEFORE);
	take_side(record, "after", AFTER);
	take_side(record, "commit", COMMIT);
	make_ref(record);
	return true;
}

void record_add_ref(const struct record *record, struct buf *line)
{
	buf_text(line, ",\"ref\":");
	buf_slice(line, record->token[RECORD_REF].size ? record->token[RECORD_REF] : SLICE("null"));
}

static struct slice decode(struct record *record, struct slice token)
{
	return json_text(token, CHANGE_BYTES_MAX, &record->arena);
}

struct slice record_text(struct record *record, enum record_field field)
{
	return decode(record, record->token[field]);
}

uint64_t record_number(const struct record *record, enum record_field field)
{
	uint64_t number = 0;

	return json_integer(record->token[field], &number) ? number : 0;
}

bool record_is_null(const struct record *record, enum record_field field)
{
	return record->token[field].size == 0 || slice_is(record->token[field], "null");
}

/* The line's own parser is free by now: its nodes were turned into tokens. */
unsigned record_list(struct record *record, enum record_field field, struct slice *items, unsigned max)
{
	struct slice token = record->token[field];
	struct json *json = &record->json;
	unsigned count = 0;

	if (!token.size || token.data[0] != '[' || json_parse(json, token.data, token.size, 1))
		return 0;
	for (uint32_t i = json_first(0); i < json_end(json, 0) && count < max; i = json_next(json, i))
		if (json->node[i].type == JSON_STRING)
			items[count++] = decode(record, json_span(&json->node[i]));
	return count;
}

static struct cell cell_of(struct record *record, struct slice token)
{
	if (token.size == 0 || slice_is(token, "null"))
		return (struct cell){ .type = CELL_NULL };
	if (token.data[0] == '"')
		return (struct cell){ CELL_TEXT, decode(record, token), TONE_PLAIN };
	return (struct cell){ CELL_JSON, token, TONE_PLAIN };
}

struct cell record_cell(struct record *record, enum record_field field)
{
	return cell_of(record, record->token[field]);
}

struct cell record_member_cell(struct record *record, const char *key)
{
	uint32_t at = json_member(&record->json, 0, key);

	return cell_of(record, at ? json_span(&record->json.node[at]) : SLICE_NONE);
}

struct slice record_license(struct record *record, enum record_side side)
{
	enum record_field first = side == BEFORE ? BEFORE_VERSION : AFTER_VERSION;
	struct slice id[LICENSES_MAX], name, license;
	struct buf text = BUF_INIT(CHANGE_BYTES_MAX);
	unsigned count;

	if (record_is_null(record, first + (BEFORE_LICENSE - BEFORE_VERSION)))
		return SLICE_NONE; /* there is no such side; one that was reconstructed has no version */
	count = record_list(record, first + (BEFORE_LICENSE - BEFORE_VERSION), id, LICENSES_MAX);
	name = record_text(record, first + (BEFORE_LICENSE_NAME - BEFORE_VERSION));
	for (unsigned i = 0; i < count; i++) {
		buf_text(&text, i ? " + " : "");
		buf_slice(&text, id[i]);
	}
	if (count == 0)
		buf_text(&text, "(none)");
	else if (name.size)
		buf_char(&text, '/');
	if (count)
		buf_slice(&text, name);
	license = arena_copy(&record->arena, buf_as_slice(&text));
	buf_release(&text);
	return license;
}

struct slice record_line_event(struct slice line)
{
	static const char key[] = "\"event\":\"";
	enum { HEAD_BYTES = 160 }; /* v, ledger and seq stand before it */
	size_t head = line.size < HEAD_BYTES ? line.size : HEAD_BYTES;
	const char *at = memmem(line.data, head, key, sizeof(key) - 1), *end;

	if (!at)
		return SLICE_NONE;
	at += sizeof(key) - 1;
	end = memchr(at, '"', (size_t)(line.data + line.size - at));
	return end ? (struct slice){ at, (size_t)(end - at) } : SLICE_NONE;
}
