/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include "storage/meta.h"
#include "storage/verify_child.h"

enum { LIMIT_MS = 60000 }; /* a stretch takes milliseconds */

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
	{ TABLE_META, "meta", verify_meta, 0, 0 },
};

void verify_found(struct verify *verify, const char *table, const char *key, const char *what, ...)
{
	struct finding finding = { .table = table };
	va_list arguments;

	snprintf(finding.key, sizeof(finding.key), "%s", key);
	va_start(arguments, what);
	vsnprintf(finding.what, sizeof(finding.what), what, arguments);
	va_end(arguments);
	verify_send_finding(verify->out, &finding);
}

/* ---- one table: in a child -----------------------------------------------------------------------------------------*/

/* The smallest key behind this one. Damaged pages can lead round in a circle: then their keys do not go up. */
static bool move_behind(struct verify *verify, const struct pass *pass, struct slice key)
{
	if (key.size >= sizeof(verify->at.byte)) {
		verify_found(verify, pass->name, "a key", "is longer than any key can be");
		return false;
	}
	if (slice_compare(key, (struct slice){ verify->at.byte, verify->at.size }) < 0) {
		verify_found(verify, pass->name, "a key", "lies behind a greater one: pages are damaged");
		return false;
	}
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

/* A number where it is one, text where it can be, else in hex. */
static void name_key(struct slice key, char name[VERIFY_TEXT])
{
	size_t size = 0;

	if (key.size == 4 || key.size == 8) {
		snprintf(name, VERIFY_TEXT, "key %llu", (unsigned long long)get_be(slice_bytes(key), (unsigned)key.size));
		return;
	}
	size = (size_t)snprintf(name, VERIFY_TEXT, "key ");
	for (size_t i = 0; i < key.size && size + 3 < VERIFY_TEXT; i++)
		size += (size_t)snprintf(name + size, VERIFY_TEXT - size, "%02x", slice_bytes(key)[i]);
}

/*
 * A step of the walk. A value whose check word does not fit is a finding, and the walk goes on behind it; every other failure
 * ends it. False at the end.
 */
static bool step(struct verify *verify, const struct pass *pass, MDB_cursor *cursor, MDB_cursor_op op, struct slice *key,
	struct slice *value)
{
	char name[VERIFY_TEXT];

	value->data = NULL;
	if (txn_seek(&verify->txn, cursor, op, key, value))
		return true;
	if (verify->txn.error != ERROR_CORRUPT || !value->data)
		return false;
	verify->txn.error = 0;
	value->data = NULL;
	name_key(*key, name);
	verify_found(verify, pass->name, name, "the check word of its value does not fit");
	return true;
}

/* A stretch of the table; false at its end. */
static bool walk_some(struct verify *verify, const struct pass *pass, uint64_t *entries)
{
	MDB_cursor *cursor = txn_cursor(&verify->txn, pass->table);
	struct slice key = { verify->at.byte, verify->at.size }, value;
	MDB_cursor_op op = verify->at.size ? MDB_SET_RANGE : MDB_FIRST;
	bool more = false;

	for (unsigned i = 0; i < ENTRIES_AT_ONCE; i++, op = MDB_NEXT) {
		more = step(verify, pass, cursor, op, &key, &value);
		if (!more)
			break;
		more = move_behind(verify, pass, key);
		if (!more)
			break;
		if (value.data)
			check_entry(verify, pass, key, value);
		if (verify->txn.error == ERROR_CORRUPT) /* what was looked up is damaged: found in its own table */
			verify->txn.error = 0;
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
				error == ERROR_CORRUPT ? "its keys run backwards" : mdb_strerror(error));
			more = false;
		}
		verify_send_progress(verify->out, entries, (struct slice){ verify->at.byte, verify->at.size });
		txn_pause(&verify->txn);
		if (!txn_resume(&verify->txn))
			return verify->txn.error;
	}
	return ERROR_NONE;
}

static void verify_init(struct verify *verify, struct store *store, const struct verify_options *options)
{
	verify->store = store;
	verify->options = options;
	verify->summary = &verify->facts.summary;
	verify->frames = frame_maker_new(store_dictionaries(store));
	canon_maker_init(&verify->canon);
	json_init(&verify->json, CANON_NODES_MAX);
	change_terms_init(&verify->terms);
	buf_init(&verify->content, FRAME_CONTENT_MAX);
	buf_init(&verify->older, FRAME_CONTENT_MAX);
	buf_init(&verify->line, LINE_BYTES_MAX);
}

static void walk(struct verify *verify, const struct pass *pass)
{
	struct verify_facts *facts = &verify->facts;
	int code = txn_begin(verify->store, false, &verify->txn);

	if (!code) {
		facts->snapshot = mdb_txn_id(verify->txn.lmdb);
		if (pass->table == TABLE_CHANGE)
			verify_chain_begin(verify);
		code = walk_table(verify, pass);
	}
	if (code) {
		verify_found(verify, pass->name, "the table", "cannot be read: %s", mdb_strerror(code));
		return;
	}
	if (pass->table == TABLE_CHANGE)
		verify_chain_end(verify);
	for (unsigned i = 0; i < TABLE_COUNT; i++)
		facts->entries[i] = txn_entries(&verify->txn, (enum store_table)i);
	for (unsigned kind = 0; kind < REPO_KINDS; kind++)
		facts->gone_by_meta[kind] = meta_gone(&verify->txn, (enum repo_kind)kind);
	if (mdb_txn_id(verify->txn.lmdb) != facts->snapshot)
		facts->snapshot = 0;
	verify_send_facts(verify->out, facts);
}

struct child_walk {
	const struct pass *pass;
	const struct verify_options *options;
	const char *file; /* of the store */
};

/* Memory ends with its process; the reader's slot would stay taken until a writer finds it dead. */
static void walk_in_child(void *owner, int out)
{
	static struct verify verify;
	const struct child_walk *child = owner;
	struct store_options options = { .dir = child->file, .damaged_too = true };
	struct store_problem problem;
	struct store *store;

	verify.out = out;
	if (store_open(&options, &store, &problem)) {
		if (problem.code == ERROR_RESOURCES)
			verify_send_unwalked(verify.out, problem.text);
		else
			verify_found(&verify, child->pass->name, "the table", "%s", problem.text);
		return;
	}
	verify_init(&verify, store, child->options);
	walk(&verify, child->pass);
	txn_abort(&verify.txn);
	store_close(&store);
}

/* ---- all of them: in the parent --------------------------------------------------------------------------------------*/

struct verification {
	struct store *store;
	const struct verify_options *options;
	struct verify_summary *summary;
	struct verify_facts sum;
	bool comparable; /* all children came to their end, with the same transaction */
};

static void say(struct verification *all, const char *table, const char *key, const char *what)
{
	struct finding finding = { .table = table };

	snprintf(finding.key, sizeof(finding.key), "%s", key);
	snprintf(finding.what, sizeof(finding.what), "%s", what);
	all->summary->findings++;
	if (all->options->on_finding)
		all->options->on_finding(all->options->owner, &finding);
}

static void add_facts(struct verification *all, const struct verify_facts *facts)
{
	struct verify_summary *sum = &all->sum.summary;
	const struct verify_summary *summary = &facts->summary;

	all->comparable &= facts->snapshot && (!all->sum.snapshot || facts->snapshot == all->sum.snapshot);
	all->sum.snapshot = facts->snapshot;
	memcpy(all->sum.entries, facts->entries, sizeof(facts->entries));
	memcpy(all->sum.gone_by_meta, facts->gone_by_meta, sizeof(facts->gone_by_meta));
	all->sum.records_of_repos += facts->records_of_repos;
	all->sum.terms_of_records += facts->terms_of_records;
	all->sum.versions_of_rows += facts->versions_of_rows;
	for (unsigned kind = 0; kind < REPO_KINDS; kind++)
		all->sum.gone[kind] += facts->gone[kind];
	sum->records += summary->records;
	sum->repos += summary->repos;
	sum->versions += summary->versions;
	sum->names += summary->names;
	sum->statements += summary->statements;
	sum->receipts += summary->receipts;
	sum->missing += summary->missing;
	sum->texts += summary->texts;
	if (summary->head.hash[0])
		sum->head = summary->head;
}

static void run_pass(struct verification *all, const struct pass *pass)
{
	struct child_walk walk = { pass, all->options, store_file(all->store) };
	struct verify_child child = { pass->name, walk_in_child, &walk,
		all->options->limit_ms ? all->options->limit_ms : LIMIT_MS };
	struct verify_facts facts;

	enum walk_end end = verify_child_run(&child, all->options, &facts, &all->summary->findings);

	if (end == WALK_CAME_TO_ITS_END)
		add_facts(all, &facts);
	else
		all->comparable = false;
	all->summary->unwalked += end == WALK_UNWALKED;
}

/* ---- counts --------------------------------------------------------------------------------------------------------*/

static void compare(struct verification *all, const char *table, const char *what, uint64_t there, uint64_t wanted)
{
	char text[VERIFY_TEXT];

	if (there == wanted)
		return;
	snprintf(text, sizeof(text), "%s: %llu, but there should be %llu", what, (unsigned long long)there,
		(unsigned long long)wanted);
	say(all, table, "the table", text);
}

static void compare_counts(struct verification *all)
{
	const struct verify_facts *sum = &all->sum;
	const uint64_t *entries = sum->entries;

	compare(all, "change.time", "entries", entries[TABLE_CHANGE_TIME], entries[TABLE_CHANGE]);
	if (all->options->from_seq <= 1) {
		compare(all, "change.repo", "entries", entries[TABLE_CHANGE_REPO], sum->records_of_repos);
		if (store_schema(all->store) >= STORE_SCHEMA_TERMS)
			compare(all, "change.term", "entries", entries[TABLE_CHANGE_TERM], sum->terms_of_records);
	}
	compare(all, "snapshot", "entries", entries[TABLE_SNAPSHOT], sum->versions_of_rows);
	compare(all, "statement.hash", "entries", entries[TABLE_STATEMENT_HASH], entries[TABLE_STATEMENT]);
	for (unsigned kind = 0; kind < REPO_KINDS; kind++)
		compare(all, repo_kinds[kind].plural, "counted as gone", sum->gone_by_meta[kind], sum->gone[kind]);
	all->summary->counts_compared = true;
}

/* ---- the file ------------------------------------------------------------------------------------------------------*/

/* Reading a page behind the end of the file would be SIGBUS. */
static bool file_is_whole(struct verification *all)
{
	struct stat about;
	MDB_envinfo info;
	MDB_stat stat_of;
	uint64_t wanted;
	char text[VERIFY_TEXT];

	if (stat(store_file(all->store), &about) != 0 || mdb_env_info(store_env(all->store), &info) ||
		mdb_env_stat(store_env(all->store), &stat_of))
		return true;
	wanted = ((uint64_t)info.me_last_pgno + 1) * stat_of.ms_psize;
	if ((uint64_t)about.st_size >= wanted)
		return true;
	snprintf(text, sizeof(text), "is cut off: %llu bytes of %llu are there", (unsigned long long)about.st_size,
		(unsigned long long)wanted);
	say(all, "data.mdb", "the file", text);
	return false;
}

void verify_run(struct store *store, const struct verify_options *options, struct verify_summary *summary)
{
	struct verification all = { .store = store, .options = options, .summary = summary, .comparable = true };
	uint64_t findings;
	unsigned unwalked;
	bool counts_compared;

	*summary = (struct verify_summary){ 0 };
	if (file_is_whole(&all))
		for (size_t i = 0; i < ARRAY_COUNT(passes); i++)
			run_pass(&all, &passes[i]);
	else
		all.comparable = false;
	if (all.comparable)
		compare_counts(&all);
	findings = summary->findings;
	unwalked = summary->unwalked;
	counts_compared = summary->counts_compared;
	*summary = all.sum.summary;
	summary->findings = findings;
	summary->unwalked = unwalked;
	summary->counts_compared = counts_compared;
}
