/* SPDX-License-Identifier: Apache-2.0 */
/* The endpoints: each reads exchange->request and fills exchange->answer. */
#ifndef HUBSIM_ENDPOINT_H
#define HUBSIM_ENDPOINT_H

#include "tests/hubsim/sim.h"

void list_answer(struct exchange *exchange, enum kind kind);                            /* listing.c */
void repo_answer(struct exchange *exchange, enum kind kind, unsigned first);            /* single.c; first: segment of the name */
void file_answer(struct exchange *exchange, enum kind kind, unsigned first);            /* file_urls.c: resolve, raw */
void resolve_cache_answer(struct exchange *exchange);                                   /* file_urls.c */
void tree_answer(struct exchange *exchange, const struct repo *repo, unsigned rest);    /* tree.c; rest: segment `tree` */
void commits_answer(struct exchange *exchange, const struct repo *repo, unsigned rest); /* commits.c; rest: segment `commits` */
void control_answer(struct exchange *exchange);                                         /* control.c: /sim/... */

/* exchange.c: the request is read, the account known. */
void exchange_answer(struct exchange *exchange);
/* Chooses the endpoint by the path. */
void route_answer(struct exchange *exchange);
/* The quota that a request falls under, known from its path alone. */
enum bucket route_bucket(const struct request *request);
/* /api/models and the like. */
bool route_is_listing(const struct request *request);

#endif
