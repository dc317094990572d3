/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/cli/repo_query.h"

#include "storage/model/repo_address.h"
#include "storage/model/row.h"

bool repo_query_read(const char *text, const char *hub, struct repo_query *query)
{
	struct repo_address address = repo_address_read(slice_of(text), hub);

	*query = (struct repo_query){ .kind = address.kind, .name = address.name };
	query->by_oid = oid_read(address.name, &query->oid);
	return address.name.size > 0 && address.name.size <= ROW_NAME_MAX;
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

/* Bearers of a name, as they come in no order. */
struct bearers {
	uint64_t count;
	struct bearer newest, oldest;
	bool bore_then, bore_before; /* there is one: */
	struct bearer then, before;  /* the newest that bore it at the time, who bore it last before that time */
};

static void note_bearer(struct bearers *bearers, const struct bearer *bearer, int64_t at_ms)
{
	if (!bearers->count || bearer_is_newer(bearer, &bearers->newest))
		bearers->newest = *bearer;
	if (!bearers->count || bearer_is_newer(&bearers->oldest, bearer))
		bearers->oldest = *bearer;
	bearers->count++;
	if (borne_from(bearer) > at_ms)
		return;
	if (!bearer->until_ms || at_ms < bearer->until_ms) {
		if (!bearers->bore_then || bearer_is_newer(bearer, &bearers->then))
			bearers->then = *bearer;
		bearers->bore_then = true;
	} else {
		if (!bearers->bore_before || bearer->until_ms > bearers->before.until_ms)
			bearers->before = *bearer;
		bearers->bore_before = true;
	}
}

/*
 * The bearer at a time. Where nobody bore it then, the last one before, of which is said until when it did; before all of
 * them the first one, whose commits may tell.
 */
static const struct bearer *bearer_at(const struct bearers *bearers, int64_t at_ms)
{
	if (!at_ms)
		return &bearers->newest;
	if (bearers->bore_then)
		return &bearers->then;
	return bearers->bore_before ? &bearers->before : &bearers->oldest;
}

static int read_bearers(struct reader *reader, const struct repo_query *query, int64_t at_ms, struct bearers *bearers)
{
	struct bearer bearer;
	uint32_t after = 0;
	int code;

	*bearers = (struct bearers){ 0 };
	while ((code = reader_bearer_next(reader, query->kind, query->name, &after, &bearer)) == ERROR_NONE)
		note_bearer(bearers, &bearer, at_ms);
	return bearers->count && code == ERROR_NOT_FOUND ? ERROR_NONE : code;
}

/* Who bore the name last before the chosen one, and how many did. */
static int read_earlier(struct reader *reader, const struct repo_query *query, const struct bearer *chosen,
	struct repo_found *found)
{
	struct bearer bearer;
	uint32_t after = 0;
	int code;

	while ((code = reader_bearer_next(reader, query->kind, query->name, &after, &bearer)) == ERROR_NONE) {
		if (!bearer_is_newer(chosen, &bearer))
			continue;
		if (!found->earlier_count || bearer_is_newer(&bearer, &found->earlier))
			found->earlier = bearer;
		found->earlier_count++;
	}
	return code == ERROR_NOT_FOUND ? ERROR_NONE : code;
}

static enum repo_kind kind_with_name(struct reader *reader, const struct repo_query *query)
{
	struct bearer bearer;

	for (unsigned kind = 0; kind < REPO_KINDS; kind++)
		if (kind != query->kind && reader_bearer(reader, (enum repo_kind)kind, query->name, &bearer) == ERROR_NONE)
			return (enum repo_kind)kind;
	return REPO_KINDS;
}

int repo_find(struct reader *reader, const struct repo_query *query, int64_t at_ms, struct repo_found *found,
	enum repo_kind *other_kind)
{
	const struct bearer *chosen;
	struct bearers bearers;
	int code;

	*found = (struct repo_found){ 0 };
	*other_kind = REPO_KINDS;
	if (query->by_oid)
		return find_oid(reader, &query->oid, &found->ref);
	code = read_bearers(reader, query, at_ms, &bearers);
	if (code == ERROR_NOT_FOUND)
		*other_kind = kind_with_name(reader, query);
	if (code)
		return code;
	chosen = bearer_at(&bearers, at_ms);
	found->ref = chosen->ref;
	found->until_ms = chosen->until_ms;
	found->passed_on = oid_compare(&chosen->ref.oid, &bearers.newest.ref.oid) != 0 && !bearers.newest.until_ms &&
			   !(bearers.newest.ref.row.flags & REPO_GONE);
	found->now_oid = bearers.newest.ref.oid;
	return bearers.count > 1 ? read_earlier(reader, query, chosen, found) : ERROR_NONE;
}
