/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may see what, and how the Hub says no.
 *
 * Anonymous clients cannot tell missing from private: both are 401. With a token both are 404 RepoNotFound. Old names
 * and other letter case are a 307 that keeps the rest of the path and the query. Gated repos show their metadata but
 * not their commits and files; disabled ones neither tree nor files.
 */
#ifndef HUBSIM_ACCESS_H
#define HUBSIM_ACCESS_H

#include "tests/hubsim/sim.h"

/* Reads the Authorization header. */
struct account access_account(const struct sim *sim, const char *authorization);
/* May this account read private and gated repos of the repo's owner? */
bool access_reads(const struct account *account, const struct repo *repo);
/* Is the repo there at all for this account? */
bool access_sees(const struct account *account, const struct repo *repo);
/* The answer tells the repo's state (or that it is gone), unless a fault keeps it from arriving. */
void access_tell(const struct exchange *exchange, struct repo *repo);

/*
 * The repo whose name begins at path segment `first`; *rest is the first segment behind it. NULL: the exchange has
 * been answered (401, 404 or 307).
 */
struct repo *access_find(struct exchange *exchange, enum kind kind, unsigned first, unsigned *rest);
/* The row of a revision; NULL: answered. */
const struct row *access_revision(struct exchange *exchange, const struct repo *repo, struct slice revision);
/* May commits and files be read? False: answered. */
bool access_content(struct exchange *exchange, const struct repo *repo);

#endif
