/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which faults there are now, and for which requests.
 *
 * A request to the Hub's endpoints (never /sim/...) meets one fault at most: each that fits it is drawn with its own
 * probability, beginning somewhere in the table, until one hits. The seed decides. A fault counts once it has had its
 * effect: a page without a next link cannot lose it.
 */
#ifndef HUBSIM_FAULT_H
#define HUBSIM_FAULT_H

#include "storage/model/buf.h"
#include "tests/hubsim/fault_table.h"
#include "tests/hubsim/kind.h"
#include "tests/hubsim/repo.h"

struct exchange;
struct page;

struct faults {
	double probability[FAULT_COUNT];
	uint64_t happened[FAULT_COUNT];
	uint64_t random;
	struct { /* row-moves: shown on the next page */
		bool held;
		uint8_t oid[OID_BYTES];
	} moved[KIND_COUNT];
};

enum fault fault_find(struct slice name);
const char *fault_name(enum fault fault);
enum fault_stage fault_stage(enum fault fault);

/* `name=probability,...`; `all=P`: all of them, together P; nothing: none. False: not that, and faults are as before. */
bool faults_parse(struct faults *faults, struct slice text);
/* Lines for --help. */
void faults_help(struct buf *out);
/* [{"name","stage","help","probability","happened"}] */
void faults_list(const struct faults *faults, struct buf *out);
/* Members of a JSON object, without its braces: those that have happened. */
void faults_count(const struct faults *faults, struct buf *out);

/* FAULT_NONE mostly. */
enum fault fault_draw(const struct exchange *exchange);
/* A stage's fault of this exchange, or FAULT_NONE. */
enum fault fault_of(const struct exchange *exchange, enum fault_stage stage);
/* It has had its effect. */
void fault_happened(struct exchange *exchange);

/* FAULT_IN_CHANGE: where a commit's date is wrong, how far; else 0. */
int64_t fault_commit_shift_ms(struct faults *faults);

/* Before the quota is taken. */
void fault_quota(struct exchange *exchange, const char *client, unsigned bucket);
/* fault_answer.c. After the quota; false: nothing was put instead of the Hub's answer. */
bool fault_instead(struct exchange *exchange);
void fault_head(struct exchange *exchange);
/* fault_page.c: before the rows of a page are written. */
void fault_page(struct exchange *exchange, enum kind kind, struct page *page);

#endif
