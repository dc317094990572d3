/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/model/change_read.h"

#include "storage/model/error.h"
#include "storage/model/moment.h"

/* What a record nests: the line, a side, a list in it. */
enum { LINE_DEPTH = 3 };

static struct slice decoded(const struct json *json, uint32_t at, struct arena *arena)
{
	return at ? json_text(json_span(&json->node[at]), CHANGE_BYTES_MAX, arena) : SLICE_NONE;
}

static struct slice text_of(const struct json *json, uint32_t object, const char *key, struct arena *arena)
{
	return decoded(json, json_member(json, object, key), arena);
}

static uint64_t number_of(const struct json *json, uint32_t object, const char *key)
{
	uint32_t at = json_member(json, object, key);
	uint64_t number = 0;

	return at && json_integer(json_span(&json->node[at]), &number) ? number : 0;
}

static int64_t moment_at(const struct json *json, uint32_t object, const char *key, struct arena *arena)
{
	int64_t at_ms = 0;

	return moment_read(text_of(json, object, key, arena), &at_ms) ? at_ms : 0;
}

static uint32_t object_at(const struct json *json, const char *key)
{
	uint32_t at = json_member(json, 0, key);

	return at && json->node[at].type == JSON_OBJECT ? at : 0;
}

/* Returns how many texts of a list there were room for. */
static unsigned texts_of(const struct json *json, uint32_t object, const char *key, struct arena *arena,
	struct slice *texts, unsigned max)
{
	uint32_t list = json_member(json, object, key);
	unsigned count = 0;

	if (!list || json->node[list].type != JSON_ARRAY)
		return 0;
	for (uint32_t i = json_first(list); i < json_end(json, list) && count < max; i = json_next(json, i))
		if (json->node[i].type == JSON_STRING)
			texts[count++] = decoded(json, i, arena);
	return count;
}

static void read_settings(const struct json *json, uint32_t object, struct arena *arena, struct state *state)
{
	struct slice gated = text_of(json, object, "gated", arena);
	uint32_t disabled = json_member(json, object, "disabled"), is_private = json_member(json, object, "private");

	for (unsigned i = GATED_NO; i <= GATED_MANUAL; i++)
		if (slice_is(gated, gated_name((enum gated)i)))
			state->gated = (enum gated)i;
	state->disabled = disabled && slice_is(json_span(&json->node[disabled]), "true");
	state->is_private = is_private && slice_is(json_span(&json->node[is_private]), "true");
}

static void read_statement(const struct json *json, uint32_t object, struct arena *arena, struct state *state)
{
	struct statement *statement = &state->statement;
	struct slice source = text_of(json, object, "source", arena);

	for (unsigned i = STATEMENT_CARD; i <= STATEMENT_TAG; i++)
		if (slice_is(source, statement_source_name((enum statement_source)i)))
			statement->source = (enum statement_source)i;
	statement->id_count = texts_of(json, object, "license", arena, statement->id, STATEMENT_IDS_MAX);
	statement->license_name = text_of(json, object, "license_name", arena);
	statement->license_link = text_of(json, object, "license_link", arena);
	license_mean(statement, &state->meaning);
}

static void read_side(const struct json *json, const char *key, struct arena *arena, struct side_read *side)
{
	uint32_t object = object_at(json, key);
	uint64_t version;

	if (!object)
		return;
	version = number_of(json, object, "version");
	side->json = json_span(&json->node[object]);
	side->version = version <= UINT32_MAX ? (uint32_t)version : 0;
	side->sha = text_of(json, object, "sha", arena);
	side->text = text_of(json, object, "text", arena);
	side->state.name = text_of(json, object, "repo", arena);
	side->state.base_count = texts_of(json, object, "base_model", arena, side->state.base, STATE_BASES_MAX);
	read_settings(json, object, arena, &side->state);
	read_statement(json, object, arena, &side->state);
}

static enum origin origin_read(struct slice name)
{
	unsigned origin = 0;

	while (origin < ORIGIN_COUNT && !slice_is(name, origin_name((enum origin)origin)))
		origin++;
	return (enum origin)origin;
}

static void read_repo(const struct json *json, struct arena *arena, struct change_read *change)
{
	change->has_repo = repo_kind_read(text_of(json, 0, "kind", arena), &change->kind) &&
			   oid_read(text_of(json, 0, "oid", arena), &change->oid);
	change->url = text_of(json, 0, "url", arena);
}

static void read_commit(const struct json *json, struct arena *arena, struct change_read *change)
{
	uint32_t commit = object_at(json, "commit");

	if (!commit)
		return;
	change->commit = json_span(&json->node[commit]);
	change->commit_sha = text_of(json, commit, "sha", arena);
	change->commit_date_ms = moment_at(json, commit, "date", arena);
}

int change_read(struct json *json, struct slice line, struct arena *arena, struct change_read *change)
{
	struct slice padded;
	int code;

	memset(change, 0, sizeof(*change));
	if (line.size > CHANGE_BYTES_MAX)
		return ERROR_TOO_BIG;
	padded = arena_copy_padded(arena, line, JSON_PADDING);
	code = json_parse(json, padded.data, padded.size, LINE_DEPTH);
	if (code || json->node[0].type != JSON_OBJECT)
		return code ? code : ERROR_JSON;
	change->seq = number_of(json, 0, "seq");
	change->of = number_of(json, 0, "of");
	change->event = event_of_name(text_of(json, 0, "event", arena));
	change->origin = origin_read(text_of(json, 0, "origin", arena));
	change->ledger = text_of(json, 0, "ledger", arena);
	change->hub = text_of(json, 0, "hub", arena);
	change->reason = text_of(json, 0, "reason", arena);
	change->at_ms = moment_at(json, 0, "at", arena);
	change->observed_after_ms = moment_at(json, 0, "observed_after", arena);
	change->observed_at_ms = moment_at(json, 0, "observed_at", arena);
	read_repo(json, arena, change);
	read_side(json, "before", arena, &change->before);
	read_side(json, "after", arena, &change->after);
	read_commit(json, arena, change);
	return ERROR_NONE;
}

bool side_same_license(const struct side_read *a, const struct side_read *b)
{
	return verdict_on_statements(&a->state, &b->state) == EVENT_COUNT;
}
