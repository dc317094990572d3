/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hubsim/truth.h"

#include <stdlib.h>

#include "storage/model/memory.h"
#include "tests/hubsim/sim_clock.h"
#include "tests/hubsim/statement_of.h"

enum { STATE_BYTES_MAX = 8 << 20 };

/* One state of one repo. Absent repos have states too: their text is `null`. */
struct truth_state {
	char *json;
	size_t statement, statement_size; /* the part of the text that is the license statement */
	int64_t served_ms;                /* 0: no answer told it */
	int64_t since_ms;                 /* 0: since the start */
};

struct truth_record {
	struct repo *repo;
	const struct truth_state *before, *after;
	unsigned what;
	int64_t time_ms;
};

struct truth {
	struct truth_record *record;
	size_t records, record_room;
	struct truth_state **state;
	size_t states, state_room;
};

/* In the order of the bits of enum truth_what. */
static const char *const what_names[] = {
	"created", "deleted", "restored", "replaced", "renamed", "commit", "license",
	"card", "tags", "gated", "disabled", "private", "counters", "other",
};

struct truth *truth_new(void)
{
	return memory_new(sizeof(struct truth));
}

void truth_free(struct truth *truth)
{
	if (!truth)
		return;
	for (size_t i = 0; i < truth->states; i++) {
		free(truth->state[i]->json);
		free(truth->state[i]);
	}
	free(truth->state);
	free(truth->record);
	free(truth);
}

static void write_state(struct hub *hub, const struct repo *repo, struct truth_state *state, struct buf *out)
{
	const struct row *row = repo->row;
	struct slice gated = row_value(row, FIELD_gated);

	buf_text(out, "{\"id\":");
	buf_slice(out, row_value(row, FIELD_id));
	buf_text(out, ",\"sha\":");
	buf_slice(out, row_value(row, FIELD_sha));
	buf_text(out, ",\"lastModified\":");
	buf_slice(out, row_value(row, FIELD_lastModified));
	buf_char(out, ',');
	state->statement = out->size;
	statement_write(hub, row, out);
	state->statement_size = out->size - state->statement;
	buf_text(out, ",\"gated\":");
	buf_slice(out, gated.data ? gated : SLICE("false"));
	buf_printf(out, ",\"disabled\":%s,\"private\":%s}", repo->disabled ? "true" : "false",
		repo->private ? "true" : "false");
}

static struct truth_state *add_state(struct hub *hub, const struct repo *repo, bool exists)
{
	struct truth *truth = hub->truth;
	struct truth_state *state = memory_new(sizeof(*state));
	struct buf text = BUF_INIT(STATE_BYTES_MAX);

	if (exists)
		write_state(hub, repo, state, &text);
	else
		buf_text(&text, "null");
	state->json = text.data; /* moved */
	if (truth->states == truth->state_room) {
		truth->state_room = truth->state_room ? truth->state_room * 2 : 256;
		truth->state = memory_grow(truth->state, truth->state_room, sizeof(struct truth_state *));
	}
	truth->state[truth->states++] = state;
	return state;
}

void truth_before(struct hub *hub, struct repo *repo)
{
	if (repo->state)
		return;
	repo->state = add_state(hub, repo, !repo->deleted);
	repo->state->served_ms = repo->served_ms;
}

static bool same_statement(const struct truth_state *a, const struct truth_state *b)
{
	return slice_equal((struct slice){ a->json + a->statement, a->statement_size },
		(struct slice){ b->json + b->statement, b->statement_size });
}

void truth_after(struct hub *hub, struct repo *repo, unsigned what, int64_t now_ms)
{
	struct truth *truth = hub->truth;
	struct truth_record *record;

	if (!repo->state) /* newly created: before it there was nothing, which everybody knew */
		repo->state = add_state(hub, repo, false);
	if (truth->records == truth->record_room) {
		truth->record_room = truth->record_room ? truth->record_room * 2 : 256;
		truth->record = memory_grow(truth->record, truth->record_room, sizeof(*truth->record));
	}
	record = &truth->record[truth->records++];
	*record = (struct truth_record){ .repo = repo, .before = repo->state, .after = repo->state, .what = what,
		.time_ms = now_ms };
	if (what == WHAT_COUNTERS)
		return; /* the state is the same one, served or not */
	repo->state = add_state(hub, repo, !repo->deleted);
	repo->state->since_ms = now_ms;
	repo->served_ms = 0;
	record->after = repo->state;
	if (!(what & (WHAT_CREATED | WHAT_DELETED | WHAT_RESTORED)) && !same_statement(record->before, record->after))
		record->what |= WHAT_LICENSE;
}

void truth_state_served(struct truth_state *state, int64_t now_ms)
{
	if (!state->served_ms)
		state->served_ms = now_ms;
}

size_t truth_count(const struct truth *truth)
{
	return truth->records;
}

static void write_time(const char *key, int64_t time_ms, struct buf *out)
{
	char text[HUB_DATE_ROOM];

	hub_date_format(time_ms, text);
	buf_printf(out, ",\"%s\":", key);
	if (time_ms)
		buf_printf(out, "\"%s\"", text);
	else
		buf_text(out, "null");
}

static void write_what(unsigned what, struct buf *out)
{
	const char *comma = "";

	buf_text(out, ",\"what\":[");
	for (size_t i = 0; i < ARRAY_COUNT(what_names); i++) {
		if (!(what & 1u << i))
			continue;
		buf_printf(out, "%s\"%s\"", comma, what_names[i]);
		comma = ",";
	}
	buf_char(out, ']');
}

static void write_record(const struct truth_record *record, size_t number, struct buf *out)
{
	char oid[OID_TEXT + 1];

	oid_format(record->repo->oid, oid);
	buf_printf(out, "{\"number\":%zu", number);
	write_time("time", record->time_ms, out);
	buf_printf(out, ",\"kind\":\"%s\",\"oid\":\"%s\"", kind_words[record->repo->kind].one, oid);
	write_what(record->what, out);
	buf_text(out, ",\"before\":");
	buf_text(out, record->before->json);
	buf_text(out, ",\"after\":");
	buf_text(out, record->after->json);
	write_time("before_served", record->before->served_ms, out);
	write_time("after_served", record->after->served_ms, out);
	buf_text(out, "}\n");
}

/* What a crawler can know of one repo: its last state that was served, and what happened since. */
struct visible {
	const struct truth_state *state;
	unsigned what;
};

static const struct truth_state nothing = { .json = (char *)"null" };

static void write_visible(const struct truth *truth, struct visible *known, struct buf *out)
{
	for (size_t i = 0; i < truth->records; i++) {
		struct truth_record record = truth->record[i];
		struct visible *now = &known[record.repo->visible];
		if (!now->state)
			now->state = record.before->served_ms ? record.before : &nothing;
		now->what |= record.what;
		if (!record.after->served_ms || record.after == now->state)
			continue;
		record.before = now->state;
		record.what = now->what;
		*now = (struct visible){ record.after, 0 };
		if (strcmp(record.before->json, record.after->json) != 0)
			write_record(&record, i, out);
	}
}

void truth_write(const struct truth *truth, bool visible, struct buf *out)
{
	struct visible *known;
	uint32_t repos = 0;

	if (!visible) {
		for (size_t i = 0; i < truth->records; i++)
			write_record(&truth->record[i], i, out);
		return;
	}
	for (size_t i = 0; i < truth->records; i++)
		truth->record[i].repo->visible = UINT32_MAX;
	for (size_t i = 0; i < truth->records; i++)
		if (truth->record[i].repo->visible == UINT32_MAX)
			truth->record[i].repo->visible = repos++;
	known = memory_grow(NULL, (size_t)repos + 1, sizeof(*known));
	memset(known, 0, ((size_t)repos + 1) * sizeof(*known));
	write_visible(truth, known, out);
	free(known);
}
