/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of a record is bad news for whoever uses the repo: rights were taken away, or the repo itself.
 *
 *     tightened   license.switched or license.terms to a more restrictive class
 *     lost        commercial use: allowed before, not allowed now
 *     narrowed    commercial use: a step down by way of conditional
 *     withdrawn   license.withdrawn: a license before, none now
 *     gone        repo.gone, repo.replaced, access.disabled: what the name stood for cannot be had
 *     gated       access.gated, or approval that a person decides on where it was automatic
 *
 * What commercial use did goes by commercial_use of the record's two sides, not by its word `commercial`: records written
 * before there were widened and narrowed say gained and lost for these steps too. A record without both sides means what
 * its word says.
 */
#ifndef STORAGE_CLI_CONCERN_H
#define STORAGE_CLI_CONCERN_H

#include "storage/cli/record.h"
#include "storage/model/event_table.h"
#include "storage/model/license.h"

#define CONCERN_TABLE(X) \
	X(CONCERN_TIGHTENED, "tightened") \
	X(CONCERN_LOST, "lost") \
	X(CONCERN_NARROWED, "narrowed") \
	X(CONCERN_WITHDRAWN, "withdrawn") \
	X(CONCERN_GONE, "gone") \
	X(CONCERN_GATED, "gated")

enum concern {
#define X(constant, name) constant,
	CONCERN_TABLE(X)
#undef X
	CONCERN_COUNT
};

extern const char *const concern_words[]; /* in the order of the enum, NULL-terminated */

/* A bit for each concern of the record; 0: none. */
unsigned concerns_of(struct record *record);
/* The events of which a record can be of one of the concerns of the set. */
bool concern_has_event(unsigned concerns, enum event event);
/* "tightened, lost", in the record's arena; data NULL: none. */
struct slice concern_text(struct record *record);

/* LICENSE_COMMERCIAL_CHANGE_COUNT: the record says nothing about commercial use. */
enum license_commercial_change commercial_change_of(struct record *record);
/* "yes -> conditional", or the one word where it stayed, in the record's arena; data NULL: nothing is said. */
struct slice commercial_text(struct record *record);

#endif
