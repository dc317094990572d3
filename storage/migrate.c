/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/migrate.h"

#include "storage/change_log.h"
#include "storage/meta.h"

enum { RECORDS_AT_ONCE = 2000 };

static const char progress_key[] = "migrated";

/* One transaction. ERROR_NONE with *done set: all is indexed, and the schema is 2. */
static int index_some(struct store *store, struct change_terms *terms, uint64_t *seq, uint64_t *of, bool *done)
{
	struct log_head head;
	struct slice line;
	struct txn txn;
	int code = txn_begin(store, true, &txn);

	if (code)
		return code;
	meta_head(&txn, &head);
	*of = head.seq;
	*seq = meta_number(&txn, progress_key);
	for (unsigned i = 0; i < RECORDS_AT_ONCE && *seq < head.seq && !txn.error; i++) {
		if (!change_get(&txn, ++*seq, &line) || !change_terms_read(terms, line))
			txn_fail(&txn, ERROR_CORRUPT);
		change_terms_put(terms, &txn);
	}
	*done = *seq >= head.seq;
	meta_set_number(&txn, progress_key, *done ? 0 : *seq);
	if (*done)
		meta_set_number(&txn, "schema", 2);
	return txn_commit(&txn);
}

static int index_all(struct store *store, const struct store_options *options)
{
	struct change_terms terms = { 0 };
	uint64_t seq = 0, of = 0;
	bool done = false;
	int code = ERROR_NONE;

	change_terms_init(&terms);
	while (!code && !done) {
		code = index_some(store, &terms, &seq, &of, &done);
		if (!code && options->on_migrating)
			options->on_migrating(options->owner, seq, of);
	}
	change_terms_release(&terms);
	return code;
}

static const struct step {
	uint64_t schema; /* the one it starts from */
	int (*take)(struct store *store, const struct store_options *options);
	const char *doing;
} steps[] = {
	{ 1, index_all, "indexing the change log" },
};

int migrate(struct store *store, uint64_t schema, const struct store_options *options, struct store_problem *problem)
{
	for (size_t i = 0; i < ARRAY_COUNT(steps); i++) {
		int code = steps[i].schema >= schema ? steps[i].take(store, options) : ERROR_NONE;

		if (code)
			return store_fail(store, code, steps[i].doing, problem);
	}
	return ERROR_NONE;
}
