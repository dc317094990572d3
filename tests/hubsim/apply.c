/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hubsim/apply.h"

#include <stdlib.h>

#include "storage/model/memory.h"
#include "tests/hubsim/fill.h"
#include "tests/hubsim/sim_clock.h"
#include "tests/hubsim/statement_of.h"
#include "tests/hubsim/truth.h"

enum { NAME_BYTES_MAX = 1 << 16 };

/* What a line says, beside the members that went into hub->draft. */
struct incoming {
	enum kind kind;
	enum apply_mode mode;
	int64_t now_ms;
	uint8_t oid[OID_BYTES];
	bool has_oid, has_name;
	struct slice old_names; /* raw array */
};

static bool is_container(const struct json_node *node)
{
	return node->type == JSON_ARRAY || node->type == JSON_OBJECT;
}

static const char *read_id(struct hub *hub, struct slice token, struct incoming *in)
{
	if (in->has_name)
		return NULL; /* id and modelId are the same; the first counts */
	buf_reset(&hub->name);
	if (json_decode(token, &hub->name) || hub->name.size == 0 || hub->name.size > NAME_BYTES_MAX)
		return "`id` must be a string of 1 to 65536 bytes";
	in->has_name = true;
	draft_set_text(&hub->draft, FIELD_id, buf_as_slice(&hub->name));
	return NULL;
}

static const char *read_oid(struct slice token, struct incoming *in)
{
	struct slice text = { token.data + 1, token.size - 2 };

	if (token.size < 2 || !oid_parse(text, in->oid))
		return "`_id` must be 24 lower-case hex digits";
	in->has_oid = true;
	return NULL;
}

static const char *read_kind(struct slice token, struct incoming *in)
{
	in->kind = token.size < 2 ? KIND_COUNT : kind_of((struct slice){ token.data + 1, token.size - 2 });
	return in->kind == KIND_COUNT ? "`repoType` must be model, dataset or space" : NULL;
}

static const char *read_member(struct hub *hub, const struct json_node *node, struct incoming *in)
{
	struct slice key = json_key(node), value = json_span(node);
	struct draft *draft = &hub->draft;
	uint16_t field;

	if (slice_is(key, "id") || slice_is(key, "modelId"))
		return read_id(hub, value, in);
	if (slice_is(key, "_id"))
		return read_oid(value, in);
	if (slice_is(key, "repoType"))
		return read_kind(value, in);
	if (slice_is(key, "author"))
		return NULL; /* follows from the id */
	if (slice_is(key, "oldNames")) {
		in->old_names = value;
		return NULL;
	}
	field = field_number(key);
	if (field == FIELD_NONE)
		return "more than 1024 different members";
	if (node->type == JSON_NULL) {
		draft_set(draft, field, SLICE_NONE);
	} else if (is_container(node)) {
		size_t start = draft->text.size;
		json_compact(value, &draft->text);
		draft_set(draft, field, (struct slice){ draft->text.data + start, draft->text.size - start });
	} else {
		draft_set(draft, field, value);
	}
	return NULL;
}

static const char *read_line(struct hub *hub, const char *text, size_t size, struct incoming *in)
{
	const struct json *json = &hub->json;
	const char *wrong = NULL;

	if (json_parse(&hub->json, text, size, 1))
		return "not valid JSON";
	if (json->node[0].type != JSON_OBJECT)
		return "not a JSON object";
	draft_reset(&hub->draft);
	for (uint32_t i = json_first(0); !wrong && i < json_end(json, 0); i = json_next(json, i))
		wrong = read_member(hub, &json->node[i], in);
	if (!wrong && hub->draft.text.overflow)
		wrong = "larger than 64 MiB";
	return wrong;
}

static bool given(const struct draft *draft, uint16_t field)
{
	for (uint16_t i = 0; i < draft->used_count; i++)
		if (draft->used[i] == field)
			return true;
	return false;
}

/* The bit of a member that differs. */
static unsigned what_of(uint16_t field)
{
	switch (field) {
	case FIELD_id: return WHAT_RENAMED;
	case FIELD_gated: return WHAT_GATED;
	case FIELD_disabled: return WHAT_DISABLED;
	case FIELD_private: return WHAT_PRIVATE;
	case FIELD_tags: return WHAT_TAGS;
	case FIELD_cardData: return WHAT_CARD | WHAT_COMMIT;
	case FIELD_sha:
	case FIELD_lastModified:
	case FIELD_commit: return WHAT_COMMIT;
	case FIELD_commitUser: return 0;
	case FIELD_readmeText:
	case FIELD_licenseText:
	case FIELD_licenseFile:
	case FIELD_licenseElsewhere: return WHAT_OTHER | WHAT_COMMIT;
	default: break;
	}
	switch (field_entry(field)->class) {
	case COUNTER: return WHAT_COUNTERS;
	case CONTENT: return WHAT_OTHER | WHAT_COMMIT;
	default: return WHAT_OTHER;
	}
}

/* A missing member equals the value that answers show in its place. */
static bool same_value(const struct row *row, uint16_t field, struct slice value)
{
	struct slice absent = field_entry(field)->absent, old = row_value(row, field);

	return slice_equal(old.data ? old : absent, value.data ? value : absent);
}

/* New tags are a commit, but not under a sha that the row brings and that is the head already. */
static unsigned differences(const struct draft *draft, const struct row *row)
{
	bool same_sha = given(draft, FIELD_sha) && same_value(row, FIELD_sha, draft->value[FIELD_sha]);
	unsigned what = 0;

	for (uint16_t i = 0; i < draft->used_count; i++) {
		uint16_t field = draft->used[i];
		if (!same_value(row, field, draft->value[field]))
			what |= what_of(field);
	}
	if ((what & WHAT_TAGS) && !same_sha)
		what |= WHAT_COMMIT;
	return what;
}

/* A sha or date that the row merely repeats is not its own. */
static bool brings_own(const struct draft *draft, uint16_t field, const struct row *row)
{
	return draft->value[field].data && (!row || !same_value(row, field, draft->value[field]));
}

static void fill_commit(struct hub *hub, const struct repo *repo, const struct incoming *in)
{
	struct draft *draft = &hub->draft;
	char date[HUB_DATE_ROOM];

	if (!brings_own(draft, FIELD_sha, repo->row))
		fill_sha(draft, repo->kind, repo->oid, repo_commit_count(repo));
	if (!brings_own(draft, FIELD_lastModified, repo->row)) {
		hub_date_format(in->mode == APPLY_NOW ? in->now_ms / 1000 * 1000 : repo->modified_ms + 86400000, date);
		draft_set_text(draft, FIELD_lastModified, slice_of(date));
	}
	if (!given(draft, FIELD_commit))
		draft_set(draft, FIELD_commit, SLICE_NONE);
	if (!given(draft, FIELD_commitUser))
		draft_set(draft, FIELD_commitUser, SLICE_NONE);
}

static void keep_past(struct repo *repo)
{
	repo->past = memory_grow(repo->past, repo->past_count + 1, sizeof(struct row *));
	repo->past[repo->past_count++] = repo->row;
}

static void add_old_names(struct hub *hub, struct repo *repo, const struct incoming *in)
{
	struct slice raw;
	size_t at = 0;

	while (json_strings_next(in->old_names, &at, &raw)) {
		buf_reset(&hub->scratch);
		if (json_decode_key(raw, &hub->scratch) == 0 && hub->scratch.size)
			hub_add_old_name(hub, repo, buf_as_slice(&hub->scratch));
	}
}

/* A name belongs to one repo: whoever had it is deleted. */
static void clear_name(struct hub *hub, enum kind kind, struct slice name, const struct repo *except, enum apply_mode mode)
{
	struct repo *holder = hub_by_name(hub, kind, name);

	if (!holder || holder == except || !slice_equal(holder->row->name, name))
		return;
	if (mode == APPLY_NOW)
		apply_delete(hub, holder, WHAT_DELETED | WHAT_REPLACED);
	else
		hub_delete(hub, holder);
}

static void create(struct hub *hub, struct incoming *in)
{
	struct draft *draft = &hub->draft;
	struct slice name = buf_as_slice(&hub->name);
	struct repo *repo;

	clear_name(hub, in->kind, name, NULL, in->mode);
	fill_birth(hub, in->kind, name, in->mode, in->now_ms, in->has_oid, in->oid);
	repo = hub_add(hub, in->kind, in->oid);
	if (!draft->value[FIELD_sha].data)
		fill_sha(draft, in->kind, in->oid, 0);
	fill_statement(hub, draft->value[FIELD_tags].data != NULL, draft->value[FIELD_cardData].data != NULL);
	repo->row = row_new(draft, name);
	repo_read_row(repo);
	hub_place(hub, repo);
	add_old_names(hub, repo, in);
	if (in->mode == APPLY_NOW)
		truth_after(hub, repo, WHAT_CREATED, in->now_ms);
}

/* The draft becomes the row of a repo that is out of all indexes. */
static void replace_row(struct hub *hub, struct repo *repo, bool commit, const struct incoming *in)
{
	struct row *old = repo->row;
	struct slice name = in->has_name ? buf_as_slice(&hub->name) : old->name;

	if (commit)
		fill_commit(hub, repo, in);
	draft_inherit(&hub->draft, old);
	repo->row = row_new(&hub->draft, name);
	if (commit) {
		struct row *new = repo->row;
		repo->row = old;
		keep_past(repo);
		repo->row = new;
	} else {
		free(old);
	}
	repo_read_row(repo);
}

static void update(struct hub *hub, struct repo *repo, struct incoming *in)
{
	struct draft *draft = &hub->draft;
	bool card_given = given(draft, FIELD_cardData), tags_given = given(draft, FIELD_tags);
	bool restored = repo->deleted;
	unsigned what;

	draft->made_card = repo->row->made_card && !card_given;
	if (!card_given)
		draft_set(draft, FIELD_cardData, row_value(repo->row, FIELD_cardData));
	if (!tags_given)
		draft_set(draft, FIELD_tags, row_value(repo->row, FIELD_tags));
	fill_statement(hub, tags_given, card_given);
	what = differences(draft, repo->row);
	if (!what && !restored) {
		add_old_names(hub, repo, in);
		return;
	}
	if (in->has_name)
		clear_name(hub, repo->kind, buf_as_slice(&hub->name), repo, in->mode);
	if (in->mode == APPLY_NOW)
		truth_before(hub, repo);
	if (restored)
		hub_restore(hub, repo);
	else
		hub_unplace(hub, repo);
	if (what & WHAT_RENAMED)
		hub_add_old_name(hub, repo, repo->row->name);
	replace_row(hub, repo, what & WHAT_COMMIT, in);
	hub_place(hub, repo);
	add_old_names(hub, repo, in);
	if (in->mode == APPLY_NOW)
		truth_after(hub, repo, what | (restored ? WHAT_RESTORED : 0), in->now_ms);
}

const char *apply_row(struct hub *hub, const char *text, size_t size, enum apply_mode mode)
{
	struct incoming in = { .kind = KIND_MODEL, .mode = mode, .now_ms = sim_clock_now_ms() };
	const char *wrong = read_line(hub, text, size, &in);
	struct repo *repo = NULL;

	if (wrong)
		return wrong;
	if (in.has_oid)
		repo = hub_by_oid(hub, in.kind, in.oid);
	else if (in.has_name)
		repo = hub_by_name(hub, in.kind, buf_as_slice(&hub->name));
	if (!repo && !in.has_name)
		return "a new row needs an `id`";
	if (repo)
		update(hub, repo, &in);
	else
		create(hub, &in);
	return NULL;
}

void apply_delete(struct hub *hub, struct repo *repo, unsigned what)
{
	truth_before(hub, repo);
	hub_delete(hub, repo);
	truth_after(hub, repo, what, sim_clock_now_ms());
}
