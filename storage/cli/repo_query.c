/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/cli/repo_query.h"

#include "storage/model/row.h"

static bool take_prefix(struct slice *text, struct slice prefix)
{
	if (!slice_starts_with(*text, prefix))
		return false;
	text->data += prefix.size;
	text->size -= prefix.size;
	return true;
}

static void take_hub(struct slice *text, const char *hub)
{
	if (take_prefix(text, slice_of(hub)) || take_prefix(text, SLICE("https://huggingface.co")))
		take_prefix(text, SLICE("/"));
}

bool repo_query_read(const char *text, const char *hub, struct repo_query *query)
{
	struct slice rest = slice_of(text);

	*query = (struct repo_query){ .kind = REPO_MODEL };
	take_hub(&rest, hub);
	if (oid_read(rest, &query->oid)) {
		query->by_oid = true;
		return true;
	}
	for (unsigned kind = 0; kind < REPO_KINDS; kind++)
		if (repo_kinds[kind].prefix[0] && take_prefix(&rest, slice_of(repo_kinds[kind].prefix)))
			query->kind = (enum repo_kind)kind;
	if (query->kind == REPO_MODEL)
		take_prefix(&rest, SLICE("models/"));
	while (rest.size && rest.data[rest.size - 1] == '/')
		rest.size--;
	query->name = rest;
	return rest.size > 0 && rest.size <= ROW_NAME_MAX;
}

static int find_oid(struct reader *reader, const struct repo_oid *oid, struct repo_ref *ref)
{
	int code = ERROR_NOT_FOUND;

	for (unsigned kind = 0; kind < REPO_KINDS && code == ERROR_NOT_FOUND; kind++)
		code = reader_repo(reader, (enum repo_kind)kind, oid, ref);
	return code;
}

static int64_t borne_from(const struct bearer *bearer)
{
	return bearer->from_ms ? bearer->from_ms : bearer->ref.row.first_seen_ms;
}

/*
 * The bearer at a time. Where nobody bore it then, the last one before, of which is said until when it did; before all of
 * them the first one, whose commits may tell.
 */
static const struct bearer *bearer_at(const struct bearer *bearers, int count, int64_t at_ms)
{
	const struct bearer *last = NULL;

	if (!at_ms)
		return &bearers[0];
	for (int i = 0; i < count; i++) {
		if (borne_from(&bearers[i]) > at_ms)
			continue;
		if (!bearers[i].until_ms || at_ms < bearers[i].until_ms)
			return &bearers[i];
		if (!last || bearers[i].until_ms > last->until_ms)
			last = &bearers[i];
	}
	return last ? last : &bearers[count - 1];
}

static enum repo_kind kind_with_name(struct reader *reader, const struct repo_query *query)
{
	struct bearer bearers[BEARERS_MAX];

	for (unsigned kind = 0; kind < REPO_KINDS; kind++)
		if (kind != query->kind && reader_bearers(reader, (enum repo_kind)kind, query->name, bearers) > 0)
			return (enum repo_kind)kind;
	return REPO_KINDS;
}

int repo_find(struct reader *reader, const struct repo_query *query, int64_t at_ms, struct repo_found *found,
	enum repo_kind *other_kind)
{
	struct bearer bearers[BEARERS_MAX];
	const struct bearer *chosen;
	int count;

	*found = (struct repo_found){ 0 };
	*other_kind = REPO_KINDS;
	if (query->by_oid)
		return find_oid(reader, &query->oid, &found->ref);
	count = reader_bearers(reader, query->kind, query->name, bearers);
	if (count < 0)
		return count;
	if (count == 0) {
		*other_kind = kind_with_name(reader, query);
		return ERROR_NOT_FOUND;
	}
	chosen = bearer_at(bearers, count, at_ms);
	found->ref = chosen->ref;
	found->until_ms = chosen->until_ms;
	found->passed_on = chosen != &bearers[0] && !bearers[0].until_ms && !(bearers[0].ref.row.flags & REPO_GONE);
	found->now_oid = bearers[0].ref.oid;
	return ERROR_NONE;
}
