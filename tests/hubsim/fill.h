/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a row does not say, filled in deterministically: the same rows give the same Hub in whatever order they come.
 *
 * Dates and oid of a loaded row follow from its kind and id (oid bytes 0..3 are the seconds of createdAt, as on the
 * Hub; nothing was created there before 2022-03-02T23:29:04Z); those of a posted row are now.
 */
#ifndef HUBSIM_FILL_H
#define HUBSIM_FILL_H

#include "tests/hubsim/apply.h"

#define HUB_FLOOR_MS 1646263744000 /* 2022-03-02T23:29:04Z */

/* createdAt, lastModified and the oid of a repo that is new; `oid` is set unless has_oid. */
void fill_birth(struct hub *hub, enum kind kind, struct slice name, enum apply_mode mode, int64_t now_ms, bool has_oid,
	uint8_t oid[OID_BYTES]);
/* The sha of a repo's n-th commit. */
void fill_sha(struct draft *draft, enum kind kind, const uint8_t oid[OID_BYTES], uint32_t commit);
/* cardData from tags, or license tags from cardData, where only one of them was given. */
void fill_statement(struct hub *hub, bool tags_given, bool card_given);

#endif
