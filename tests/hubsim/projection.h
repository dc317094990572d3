/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which members of a row an answer shows. Every row begins with _id and id; with expand[] exactly the members asked
 * for follow, as far as the row has them.
 */
#ifndef HUBSIM_PROJECTION_H
#define HUBSIM_PROJECTION_H

#include "tests/hubsim/sim.h"

struct projection {
	enum kind kind;
	bool shows_license; /* cardData or tags: who sees such a row has seen the repo's state */
	uint16_t count;
	uint16_t field[FIELD_MAX]; /* ascending */
};

enum { PROJECTION_NO_KEY = FIELD_MAX };

/*
 * From the request's parameters. `repo`: the single-repo endpoints, which allow other names. A list sorted by a member
 * shows that one too (`sort_field`, or PROJECTION_NO_KEY). False: answered 400.
 */
bool projection_read(struct exchange *exchange, enum kind kind, bool repo, uint16_t sort_field, struct projection *out);

/*
 * One row as JSON. `at` is the commit whose content is shown, repo->row or an older one; counters and settings are
 * those of now.
 */
void projection_write(const struct projection *projection, const struct repo *repo, const struct row *at, struct buf *out);

#endif
