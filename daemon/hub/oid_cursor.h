/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cursor of a listing by creation: base64 of {"_id":{"$gt":"<oid>"}}, "what lies behind this oid". Pure.
 *
 * The Hub documents no cursor; this is what its links were seen to hold. So one that was made here is tried, and what it
 * brings is checked; one that reads otherwise is followed as it came, and nothing is derived from it.
 */
#ifndef DAEMON_HUB_OID_CURSOR_H
#define DAEMON_HUB_OID_CURSOR_H

#include "storage/model/buf.h"
#include "storage/model/repo.h"

/* A copy of a listing's URL that goes on behind `oid`. */
void url_behind(struct slice url, const struct repo_oid *oid, struct buf *out);

/* Behind which oid a URL goes on: zero without a cursor. False: its cursor says something else. */
bool url_oid(struct slice url, struct repo_oid *oid);

/* The row that any listing's cursor stands behind, whatever the order; false: it does not tell. */
bool url_row(struct slice url, struct repo_oid *oid);

#endif
