/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What show, history and diff share: finding the repo of the command line, and a version of it as the side of a record.
 */
#ifndef STORAGE_CLI_REPO_VIEW_H
#define STORAGE_CLI_REPO_VIEW_H

#include "storage/cli/record.h"
#include "storage/cli/repo_query.h"
#include "storage/cli/tool.h"

struct repo_view {
	struct repo_query query;
	struct repo_found found;
	struct slice earlier_name; /* what the last repo that bore the name before is called now */
	struct arena arena; /* all texts of the view */
};

/* Opens the store and finds the repo. What went wrong is said. Release the view in any case. */
enum exit_status repo_view_open(struct tool *tool, const char *argument, int64_t at_ms, struct repo_view *view);
void repo_view_release(struct repo_view *view);

struct version_view {
	struct snapshot snapshot;
	struct state state;
	struct buf side; /* {"version":3,...} as in a record */
};

/* Store errors. Texts live in the view's arena; release the version in any case. */
int version_view_read(struct tool *tool, struct repo_view *view, uint32_t version, struct version_view *version_view);
void version_view_release(struct version_view *version_view);

/* kind, repo, oid, url, ref */
void repo_members(const struct tool *tool, const struct repo_view *view, struct slice name, struct object *object);
/* "ref": the spelling that every command takes back; null for a repo without a name. No part of a proof. */
void repo_ref_member(const struct repo_view *view, struct slice name, struct object *object);

/* The side's fields as cells, through a record that holds nothing else. */
void side_cells(struct record *record, struct slice side, struct cell cells[RECORD_SIDE_FIELD_COUNT]);
/* "other/falcon-llm-license" of a side; in the record's arena. */
struct slice side_license(struct record *record, struct slice side);

/* {"count":2,"oid":...,"repo":...,"until":...,"gone":false} or null: who bore the name before. */
void earlier_bearer_member(const struct repo_view *view, struct object *object);

/* For people: what to know about the name that was asked for, and how to ask for others that bore it. */
void print_name_notes(struct tool *tool, const struct repo_view *view, struct slice name);

#endif
