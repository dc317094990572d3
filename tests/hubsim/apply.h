/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row becomes the state of a repo: what is new about it, whether that is a commit, and what the Hub would fill in.
 *
 * A row may be partial. Members that it brings replace, `null` removes, the others stay. `_id` decides which repo is
 * meant; without `_id` the name does. hubsim's own members: `repoType`, `commit` (title), `commitUser`, `readmeText`
 * (what follows the front matter), `licenseText` (a LICENSE file; `licenseFile` names it otherwise, `licenseElsewhere`
 * lets it lie on another host), `oldNames` (names that lead to this repo).
 *
 * Counters and settings change without a commit; anything else is one: a new sha and lastModified unless the row
 * brings its own. New tags under an unchanged sha are none (the Hub recomputes tags at will).
 */
#ifndef HUBSIM_APPLY_H
#define HUBSIM_APPLY_H

#include "tests/hubsim/hub.h"

enum apply_mode {
	APPLY_LOAD, /* a row of the past: what is missing follows from kind, id and seed alone; no truth record */
	APPLY_NOW,  /* what is missing happens now */
};

/* One JSON object of `size` bytes, JSON_PADDING readable behind. NULL, or what is wrong with it. */
const char *apply_row(struct hub *hub, const char *text, size_t size, enum apply_mode mode);

/* Removes a repo; `what` is WHAT_DELETED, or with WHAT_REPLACED. */
void apply_delete(struct hub *hub, struct repo *repo, unsigned what);

#endif
