/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include "storage/meta.h"
#include "storage/verify_walk.h"

enum { ENTRIES_AT_ONCE = 512, LINE_BYTES_MAX = CHANGE_BYTES_MAX + JSON_PADDING };

static const struct pass {
	enum store_table table;
	const char *name;
	void (*check)(struct verify *verify, struct slice key, struct slice value); /* NULL: only the form is looked at */
	size_t key_bytes, value_bytes; /* of such a table; value 0: any */
} passes[] = {
	{ TABLE_CHANGE, "change", verify_change, 0, 0 },
	{ TABLE_CHANGE_TIME, "change.time", verify_change_time, 0, 0 },
	{ TABLE_CHANGE_REPO, "change.repo", verify_change_repo, 0, 0 },
	{ TABLE_CHANGE_TERM, "change.term", verify_change_term, 0, 0 },
	{ TABLE_RECEIPT, "receipt", verify_receipt, 0, 0 },
	{ TABLE_REPO_MODEL, "repo.model", verify_model, 0, 0 },
	{ TABLE_REPO_DATASET, "repo.dataset", verify_dataset, 0, 0 },
	{ TABLE_REPO_SPACE, "repo.space", verify_space, 0, 0 },
	{ TABLE_NAME, "name", verify_name, 0, 0 },
	{ TABLE_EVIDENCE, "evidence", verify_evidence, 0, 0 },
	{ TABLE_BACKFILL, "backfill", verify_past, 0, 0 },
	{ TABLE_STATEMENT, "statement", verify_statement, 0, 0 },
	{ TABLE_MISSING, "missing", verify_missing, 0, 0 },
	{ TABLE_PROJECTION, "projection", verify_projection, 0, 0 },
	{ TABLE_DICTIONARY, "dictionary", verify_dictionary, 0, 0 },
	{ TABLE_TEXT, "text", verify_text, 0, 0 },
	{ TABLE_TEXT_REPO, "text.repo", verify_text_repo, 0, 0 },
	{ TABLE_DETAIL, "detail", verify_detail, 0, 0 },
	{ TABLE_STATEMENT_HASH, "statement.hash", NULL, 12, 0 },
	{ TABLE_LOOK, "look", verify_look, 0, 0 },
	{ TABLE_COUNTER, "counter", verify_counter, 0, 0 },
	{ TABLE_CURSOR, "cursor", NULL, 2, 0 },
	{ TABLE_DAMAGE, "damage", NULL, 8, 6 },
};

void verify_found(struct verify *verify, const char *table, const char *key, const char *what, ...)
{
	struct finding finding = { .table = table };
	va_list arguments;

	snprintf(finding.key, sizeof(finding.key), "%s", key);
	va_start(arguments, what);
	vsnprintf(finding.what, sizeof(finding.what), what, arguments);
	va_end(arguments);
	verify->summary->findings++;
	if (verify->options->on_finding)
		verify->options->on_finding(verify->options->owner, &finding);
}

/* ---- one table after the other ------------------------------------------------------------------------------------ */

/* The smallest key behind this one. */
static bool move_behind(struct verify *verify, struct slice key)
{
	if (key.size >= sizeof(verify->at.byte))
		return false;
	memcpy(verify->at.byte, key.data, key.size);
	verify->at.byte[key.size] = 0;
	verify->at.size = key.size + 1;
	return true;
}

static void check_entry(struct verify *verify, const struct pass *pass, struct slice key, struct slice value)
{
	if (pass->check)
		pass->check(verify, key, value);
	else if (key.size != pass->key_bytes || (pass->value_bytes && value.size != pass->value_bytes))
		verify_found(verify, pass->name, "an entry", "has another form than entries have");
}

/* A stretch of the table; false at its end. */
static bool walk_some(struct verify *verify, const struct pass *pass, uint64_t *entries)
{
	MDB_cursor *cursor = txn_cursor(&verify->txn, pass->table);
	struct slice key = { verify->at.byte, verify->at.size }, value;
	MDB_cursor_op op = verify->at.size ? MDB_SET_RANGE : MDB_FIRST;
	bool more = false;

	for (unsigned i = 0; i < ENTRIES_AT_ONCE; i++, op = MDB_NEXT) {
		more = txn_seek(&verify->txn, cursor, op, &key, &value);
		if (!more)
			break;
		more = move_behind(verify, key);
		if (!more) {
			verify_found(verify, pass->name, "a key", "is longer than any key can be");
			break;
		}
		check_entry(verify, pass, key, value);
		++*entries;
	}
	if (cursor)
		mdb_cursor_close(cursor);
	return more;
}

static int walk_table(struct verify *verify, const struct pass *pass)
{
	uint64_t entries = 0;
	bool more = true;
	int error;

	if (pass->table != TABLE_CHANGE)
		verify->at.size = 0;
	while (more) {
		more = walk_some(verify, pass, &entries);
		error = verify->txn.error;
		if (error) { /* the table's own pages cannot be read: say so and go on with the next */
			verify_found(verify, pass->name, "the table", "cannot be read to its end: %s",
				mdb_strerror(error));
			more = false;
		}
		if (verify->options->on_progress)
			verify->options->on_progress(verify->options->owner, pass->name, entries);
		mdb_txn_reset(verify->txn.lmdb);
		verify->txn.error = mdb_txn_renew(verify->txn.lmdb);
		if (verify->txn.error)
			return verify->txn.error;
	}
	return ERROR_NONE;
}

/* ---- counts --------------------------------------------------------------------------------------------------------*/

static void compare(struct verify *verify, const char *table, const char *what, uint64_t there, uint64_t wanted)
{
	if (there != wanted)
		verify_found(verify, table, "the table", "%s: %llu, but there should be %llu", what,
			(unsigned long long)there, (unsigned long long)wanted);
}

static void compare_counts(struct verify *verify)
{
	uint64_t records = txn_entries(&verify->txn, TABLE_CHANGE);

	compare(verify, "change.time", "entries", txn_entries(&verify->txn, TABLE_CHANGE_TIME), records);
	if (verify->options->from_seq <= 1) {
		compare(verify, "change.repo", "entries", txn_entries(&verify->txn, TABLE_CHANGE_REPO), verify->records_of_repos);
		if (store_schema(verify->store) >= STORE_SCHEMA_TERMS)
			compare(verify, "change.term", "entries", txn_entries(&verify->txn, TABLE_CHANGE_TERM), verify->terms_of_records);
	}
	compare(verify, "snapshot", "entries", txn_entries(&verify->txn, TABLE_SNAPSHOT), verify->versions_of_rows);
	compare(verify, "statement.hash", "entries", txn_entries(&verify->txn, TABLE_STATEMENT_HASH),
		txn_entries(&verify->txn, TABLE_STATEMENT));
	for (unsigned kind = 0; kind < REPO_KINDS; kind++)
		compare(verify, repo_kinds[kind].plural, "counted as gone", meta_gone(&verify->txn, (enum repo_kind)kind),
			verify->gone[kind]);
	verify->summary->counts_compared = true;
}

/* ---- the file ------------------------------------------------------------------------------------------------------*/

/* Reading a page behind the end of the file would be SIGBUS. */
static bool file_is_whole(struct verify *verify)
{
	char path[4096];
	struct stat about;
	MDB_envinfo info;
	MDB_stat stat_of;
	uint64_t wanted;

	snprintf(path, sizeof(path), "%s/data.mdb", store_dir(verify->store));
	if (stat(path, &about) != 0 || mdb_env_info(store_env(verify->store), &info) ||
		mdb_env_stat(store_env(verify->store), &stat_of))
		return true;
	wanted = ((uint64_t)info.me_last_pgno + 1) * stat_of.ms_psize;
	if ((uint64_t)about.st_size >= wanted)
		return true;
	verify_found(verify, "data.mdb", "the file", "is cut off: %llu bytes of %llu are there",
		(unsigned long long)about.st_size, (unsigned long long)wanted);
	return false;
}

static void verify_init(struct verify *verify, struct store *store, const struct verify_options *options,
	struct verify_summary *summary)
{
	*summary = (struct verify_summary){ 0 };
	*verify = (struct verify){ .store = store, .options = options, .summary = summary };
	verify->frames = frame_maker_new();
	canon_maker_init(&verify->canon);
	json_init(&verify->json, CANON_NODES_MAX);
	change_terms_init(&verify->terms);
	buf_init(&verify->content, FRAME_CONTENT_MAX);
	buf_init(&verify->older, FRAME_CONTENT_MAX);
	buf_init(&verify->line, LINE_BYTES_MAX);
}

static void verify_release(struct verify *verify)
{
	txn_abort(&verify->txn);
	frame_maker_free(&verify->frames);
	canon_maker_release(&verify->canon);
	json_release(&verify->json);
	change_terms_release(&verify->terms);
	arena_release(&verify->arena);
	buf_release(&verify->content);
	buf_release(&verify->older);
	buf_release(&verify->line);
}

int verify_run(struct store *store, const struct verify_options *options, struct verify_summary *summary,
	struct store_problem *problem)
{
	struct verify verify;
	size_t snapshot;
	int code;

	verify_init(&verify, store, options, summary);
	code = txn_begin(store, false, &verify.txn);
	if (!code && file_is_whole(&verify)) {
		snapshot = mdb_txn_id(verify.txn.lmdb);
		verify_chain_begin(&verify);
		for (size_t i = 0; i < ARRAY_COUNT(passes) && !code; i++) {
			code = walk_table(&verify, &passes[i]);
			if (passes[i].table == TABLE_CHANGE)
				verify_chain_end(&verify);
		}
		if (!code && mdb_txn_id(verify.txn.lmdb) == snapshot)
			compare_counts(&verify);
	}
	verify_release(&verify);
	return code ? store_fail(store, code, "verifying", problem) : ERROR_NONE;
}
