/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which repo somebody means: owner/name, datasets/owner/name, spaces/owner/name, an old name, an oid, or its address.
 *
 * Names pass from repo to repo: a name means the repo that bore it at the time that is asked about.
 */
#ifndef STORAGE_CLI_REPO_QUERY_H
#define STORAGE_CLI_REPO_QUERY_H

#include "storage/reader.h"

struct repo_query {
	bool by_oid;
	enum repo_kind kind; /* by name */
	struct repo_oid oid;
	struct slice name;   /* without the kind's prefix; borrowed */
};

struct repo_found {
	struct repo_ref ref;
	int64_t until_ms;      /* when it was found under another name; 0: it bears the name still, or was asked by oid */
	bool passed_on;        /* another repo bears the name now: */
	struct repo_oid now_oid;
	uint64_t earlier_count; /* repos that bore the name before this one: */
	struct bearer earlier;  /* the last of them */
};

/* False for what can be no repo. `hub` is the origin of the store's Hub. */
bool repo_query_read(const char *text, const char *hub, struct repo_query *query);

/* at_ms 0: now. ERROR_NOT_FOUND; other_kind is then a kind in which there is such a name, or REPO_KINDS. */
int repo_find(struct reader *reader, const struct repo_query *query, int64_t at_ms, struct repo_found *found,
	enum repo_kind *other_kind);

#endif
