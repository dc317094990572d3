/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The repositories of the simulated Hub, and how they are found: by oid, by name, by an old name, in an order.
 *
 * One thread owns all of it. Names are looked up without regard to letter case, as on the Hub; exact spelling first.
 */
#ifndef HUBSIM_HUB_H
#define HUBSIM_HUB_H

#include "storage/model/json.h"
#include "tests/hubsim/hash_index.h"
#include "tests/hubsim/order.h"

struct truth;

struct hub {
	struct repo **repo; /* the living, in no order */
	size_t repos, room;
	struct order order[KIND_COUNT][SORT_COUNT];
	struct hash_index by_oid;   /* struct repo, deleted ones too */
	struct hash_index by_name;  /* struct repo, living */
	struct hash_index gone;     /* struct repo, deleted, by their last name */
	struct hash_index old_name; /* struct old_name */
	struct truth *truth;
	bool no_card; /* rows without cardData stay without */

	struct json json, inner; /* workspace of one change */
	struct draft draft;
	struct buf name, scratch;
};

void hub_init(struct hub *hub);
void hub_release(struct hub *hub);

struct repo *hub_by_oid(const struct hub *hub, enum kind kind, const uint8_t oid[OID_BYTES]);
struct repo *hub_by_name(const struct hub *hub, enum kind kind, struct slice name);
/* The living repo that an old name leads to, and the deleted one that had a name last. */
struct repo *hub_by_old_name(const struct hub *hub, enum kind kind, struct slice name);
struct repo *hub_gone(const struct hub *hub, enum kind kind, struct slice name);

/* A new repo that is in no index but by_oid; hub_place() makes it public. */
struct repo *hub_add(struct hub *hub, enum kind kind, const uint8_t oid[OID_BYTES]);
/* Into and out of everything that depends on its row: names, orders, the list of the living. */
void hub_place(struct hub *hub, struct repo *repo);
void hub_unplace(struct hub *hub, struct repo *repo);
/* The latest repo that a name was given to wins. */
void hub_add_old_name(struct hub *hub, struct repo *repo, struct slice name);
/* Unplaces for good. */
void hub_delete(struct hub *hub, struct repo *repo);
/* The deleted repo may be placed again. */
void hub_restore(struct hub *hub, struct repo *repo);

/* The order, built on first use. */
const struct order *hub_order(struct hub *hub, enum kind kind, enum sort sort);

/* An answer told the state of `repo` at `now_ms`: remembered for the truth log. */
void hub_served(struct repo *repo, int64_t now_ms);

#endif
