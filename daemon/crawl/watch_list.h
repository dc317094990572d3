/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The watch list: names of repos in a file, one a line, with datasets/ or spaces/ before those kinds; # begins a comment.
 * Read at the start; a list that has a fault is not used at all.
 */
#ifndef DAEMON_CRAWL_WATCH_LIST_H
#define DAEMON_CRAWL_WATCH_LIST_H

#include <stdio.h>

#include "storage/model/buf.h"
#include "storage/model/repo.h"

struct watch_names {
	struct buf text;  /* the names behind each other */
	uint32_t *end;    /* where each ends in it */
	size_t count, room;
};

struct watch_list {
	struct watch_names names[REPO_KINDS];
};

/* False: what is wrong, with file and line, is in `why`. `list` is zeroed by the caller, and released in any case. */
bool watch_list_read(struct watch_list *list, const char *file, char why[512]);
void watch_list_release(struct watch_list *list);

struct slice watch_name(const struct watch_names *names, size_t index);

#endif
