/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Missing rows that are judged together: those of one owner, or those that are left. Pure.
 *
 * Of a group with more than GROUP_SAMPLE rows so many are asked for first, drawn by chance. If all of these are
 * there, the listing had a hole: the rest is put off, the next sweep will bring it. If all are gone, and the owner's own
 * listing came whole and lacks the rest too, the rest is gone by the same evidence. Else every row is asked for.
 *
 * Phases: group_list for each page of the owner's listing (if any), group_begin; then group_next until NULL, and
 * group_end for each row that it gave, in any order.
 */
#ifndef DAEMON_CRAWL_CONFIRM_GROUP_H
#define DAEMON_CRAWL_CONFIRM_GROUP_H

#include "storage/page.h"

enum { GROUP_SAMPLE = 16 };

enum row_step {
	ROW_OPEN,
	ROW_SAMPLE, /* to be asked for first */
	ROW_ASKED,
	ROW_ENDED, /* listed, or something was found out, or as much as can be now */
};

struct missing_repo {
	struct repo_oid oid;
	struct slice name; /* in the batch's arena */
	enum row_step step;
	unsigned hops; /* redirects followed so far */
};

struct confirm_group {
	struct missing_repo *row; /* the batch's, in order of oid */
	size_t count;
	struct slice owner; /* size 0: several, or none */
	bool listed;        /* the owner's listing came whole */
	/* how far it is */
	bool sampling;
	size_t next;        /* row to look at next */
	unsigned asked, sample, gone, present; /* under way; of the sample: rows, and what was found */
};

/* What was found out about one row. */
enum row_found {
	FOUND_GONE,
	FOUND_PRESENT, /* it, and its row */
	FOUND_ELSE,
};

/* What that means for the rest of the group. */
enum group_verdict {
	GROUP_GOES_ON,
	GROUP_GONE,  /* the rest is gone too */
	GROUP_LATER, /* the rest is to be put off */
};

/* Rows that a page of the owner's listing shows have been committed with it: they are not missing any more. */
void group_list(struct confirm_group *group, const struct page *page);
/* random: of any quality, it draws the sample. */
void group_begin(struct confirm_group *group, uint64_t random);
/* A row to be asked for now; NULL: none, for now if any is under way, else for good. */
struct missing_repo *group_next(struct confirm_group *group);
enum group_verdict group_end(struct confirm_group *group, struct missing_repo *row, enum row_found found);
/* A row whose answer was not judged: it is asked for again. */
void group_return(struct confirm_group *group, struct missing_repo *row);
bool group_is_done(const struct confirm_group *group);
/* Ends what is still open; its oids, at most group->count. */
size_t group_take_rest(struct confirm_group *group, struct repo_oid *oids);

#endif
