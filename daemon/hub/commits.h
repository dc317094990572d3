/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One page of /api/{kind}/{id}/commits/{rev}: newest first, as the Hub lists them.
 *
 * Pure. Nothing in it is trusted: texts are cut at COMMIT_TEXT_MAX bytes, rows beyond COMMITS_PAGE_MAX and rows without a
 * sha are an error of the page, so that "between" never skips a commit. What else is odd is as if it were not there.
 */
#ifndef DAEMON_HUB_COMMITS_H
#define DAEMON_HUB_COMMITS_H

#include "storage/model/arena.h"
#include "storage/model/json.h"
#include "storage/model/repo.h"

enum { COMMITS_PAGE_MAX = 1000, COMMIT_TEXT_MAX = 500 };

struct commit_info {
	uint8_t sha[SHA_BYTES];
	int64_t date_ms;          /* the committer's clock; 0: unreadable */
	struct slice title, user; /* user: of its first author; size 0: none */
};

struct commit_list {
	struct commit_info *commit; /* in the arena */
	size_t count;
};

/* JSON_PADDING readable bytes follow the body. ERROR_JSON and the like: nothing of the page counts. */
int commits_read(struct json *json, struct slice body, struct arena *arena, struct commit_list *list);

#endif
