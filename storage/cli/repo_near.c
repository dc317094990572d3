/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/cli/repo_near.h"

#include <stdio.h>

static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_./";

/* Whether a repo bears the name now or bore it. */
static bool is_known(struct reader *reader, enum repo_kind kind, const char *name, size_t size)
{
	struct bearer bearer;

	return reader_bearer(reader, kind, (struct slice){ name, size }, &bearer) == ERROR_NONE;
}

struct attempt {
	struct reader *reader;
	enum repo_kind kind;
	struct slice wanted;
	char name[ROW_NAME_MAX + 1];
	size_t size;
};

/* `cut` letters at `at` replaced by `letter`; 0: by nothing. */
static bool try_edit(struct attempt *attempt, size_t at, size_t cut, char letter)
{
	const struct slice wanted = attempt->wanted;
	size_t size = at;

	memcpy(attempt->name, wanted.data, at);
	if (letter)
		attempt->name[size++] = letter;
	memcpy(attempt->name + size, wanted.data + at + cut, wanted.size - at - cut);
	attempt->size = size + wanted.size - at - cut;
	return attempt->size && attempt->size <= ROW_NAME_MAX &&
	       is_known(attempt->reader, attempt->kind, attempt->name, attempt->size);
}

static bool try_swap(struct attempt *attempt, size_t at)
{
	memcpy(attempt->name, attempt->wanted.data, attempt->wanted.size);
	attempt->name[at] = attempt->wanted.data[at + 1];
	attempt->name[at + 1] = attempt->wanted.data[at];
	attempt->size = attempt->wanted.size;
	return is_known(attempt->reader, attempt->kind, attempt->name, attempt->size);
}

static bool try_place(struct attempt *attempt, size_t at)
{
	bool inside = at < attempt->wanted.size;

	if ((inside && try_edit(attempt, at, 1, 0)) || (at + 1 < attempt->wanted.size && try_swap(attempt, at)))
		return true;
	for (const char *letter = letters; *letter; letter++)
		if (try_edit(attempt, at, 0, *letter) || (inside && try_edit(attempt, at, 1, *letter)))
			return true;
	return false;
}

/* From the end: names of one owner differ there. */
static bool try_kind(struct attempt *attempt)
{
	for (size_t left = attempt->wanted.size + 1; left > 0; left--)
		if (try_place(attempt, left - 1))
			return true;
	return false;
}

bool repo_near(struct reader *reader, const struct repo_query *query, char near[REPO_NEAR_SIZE])
{
	struct attempt attempt = { .reader = reader, .wanted = query->name };

	if (query->by_oid || query->name.size >= ROW_NAME_MAX)
		return false;
	for (unsigned i = 0; i < REPO_KINDS; i++) {
		attempt.kind = (enum repo_kind)((query->kind + i) % REPO_KINDS);
		if (!try_kind(&attempt))
			continue;
		snprintf(near, REPO_NEAR_SIZE, "%s%.*s", repo_kinds[attempt.kind].prefix, (int)attempt.size, attempt.name);
		return true;
	}
	return false;
}
