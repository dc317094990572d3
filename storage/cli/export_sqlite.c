/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An export as a table of a SQLite database: changes, repos or snapshots, and beside them
 *
 *     export      what was exported when: ledger, head, how far (the seq to give to --since next time)
 *     switches    view: license.switched and license.terms, the columns one wants to look at
 *     current     view: repos that are not gone
 *     mix         view: how many of these by kind and class, as relicense report counts them
 *
 * One transaction: an export that fails leaves the database as it was. Rows replace those with their key, so that an
 * export that is repeated changes nothing.
 */
#include <errno.h>
#include <stdlib.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/cli/export.h"
#include "storage/model/json.h"
#include "storage/model/memory.h"
#include "storage/model/moment.h"

enum { STATEMENT_BYTES_MAX = 1 << 20 };

struct database {
	const struct export_order *order;
	const struct export_shape *shape;
	sqlite3 *sqlite;
	sqlite3_stmt *insert;
	int code; /* SQLite's first failure */
};

/* By one column each; the last of repos holds all that the view mix counts. */
static const struct {
	const char *name, *columns; /* name NULL: the end */
} indexes[][6] = {
	[EXPORT_CHANGES] = { { "at", "at" }, { "repo", "repo" }, { "event", "event" }, { "after_class", "after_class" },
		{ "before_class", "before_class" } },
	[EXPORT_REPOS] = { { "name", "name" }, { "class", "class" }, { "row", "\"row\"" }, { "mix", "kind, class, gone" } },
	[EXPORT_SNAPSHOTS] = { { "repo", "repo" }, { "observed_at", "observed_at" } },
};

static const char views[] =
	"create view if not exists switches as select seq, at, kind, repo, before_license, before_license_name, before_class,"
	" after_license, after_license_name, after_class, direction, commercial, downloads_30d from changes"
	" where event in ('license.switched', 'license.terms');"
	"create view if not exists current as select * from repos where not gone;"
	"create view if not exists mix as select kind, class, count(*) as repos from repos where not gone group by kind, class;";

static const char bookkeeping[] = "create table if not exists export (what text primary key, ledger text not null, seq integer not null,"
				  " hash text not null, at text, since integer not null, rows integer not null, as_of text, tables text)";

static bool run(struct database *database, const char *sql)
{
	if (!database->code)
		database->code = sqlite3_exec(database->sqlite, sql, NULL, NULL, NULL);
	return !database->code;
}

/* --- tables --------------------------------------------------------------------------------------------------------*/

static void write_table(const struct database *database, struct buf *sql)
{
	const struct export_shape *shape = database->shape;
	const char *table = export_what_words[database->order->what];

	buf_printf(sql, "create table if not exists %s (", table);
	for (unsigned i = 0; i < shape->count; i++)
		buf_printf(sql, "\"%s\" %s, ", shape->column[i], export_column_type(shape->column[i]));
	buf_printf(sql, "primary key (%s)) without rowid;", shape->key);
	for (unsigned i = 0; indexes[database->order->what][i].name; i++)
		buf_printf(sql, "create index if not exists %s_%s on %s (%s);", table, indexes[database->order->what][i].name, table,
			indexes[database->order->what][i].columns);
	buf_char(sql, '\0');
}

/* Columns that this program has and the one that made the table had not: they are null in the rows that stand. */
static void add_columns(struct database *database)
{
	const struct export_shape *shape = database->shape;
	const char *table = export_what_words[database->order->what];
	struct buf sql = BUF_INIT(STATEMENT_BYTES_MAX);

	for (unsigned i = 0; i < shape->count && !database->code; i++) {
		if (sqlite3_table_column_metadata(database->sqlite, NULL, table, shape->column[i], NULL, NULL, NULL, NULL, NULL) ==
			SQLITE_OK)
			continue;
		buf_reset(&sql);
		buf_printf(&sql, "alter table %s add column \"%s\" %s", table, shape->column[i], export_column_type(shape->column[i]));
		buf_char(&sql, '\0');
		run(database, sql.data);
	}
	buf_release(&sql);
}

static void write_insert(const struct database *database, struct buf *sql)
{
	const struct export_shape *shape = database->shape;

	buf_printf(sql, "insert or replace into %s (", export_what_words[database->order->what]);
	for (unsigned i = 0; i < shape->count; i++)
		buf_printf(sql, "%s\"%s\"", i ? ", " : "", shape->column[i]);
	buf_text(sql, ") values (?");
	for (unsigned i = 1; i < shape->count; i++)
		buf_text(sql, ", ?");
	buf_text(sql, ")");
	buf_char(sql, '\0');
}

static void make_tables(struct database *database)
{
	struct buf sql = BUF_INIT(STATEMENT_BYTES_MAX);

	run(database, "begin immediate");
	run(database, bookkeeping);
	write_table(database, &sql);
	run(database, sql.data);
	add_columns(database);
	buf_reset(&sql);
	write_insert(database, &sql);
	if (!database->code)
		database->code = sqlite3_prepare_v2(database->sqlite, sql.data, -1, &database->insert, NULL);
	buf_release(&sql);
}

/* A view over a table that is not there yet is good as soon as it is. */
static void make_views(struct database *database)
{
	run(database, views);
}

/* --- rows ----------------------------------------------------------------------------------------------------------*/

static int bind(sqlite3_stmt *insert, int at, const struct cell *cell)
{
	uint64_t number;

	if (cell->type == CELL_NULL)
		return sqlite3_bind_null(insert, at);
	if (cell->type == CELL_JSON && json_integer(cell->text, &number))
		return sqlite3_bind_int64(insert, at, (sqlite3_int64)number);
	if (cell->type == CELL_JSON && (slice_is(cell->text, "true") || slice_is(cell->text, "false")))
		return sqlite3_bind_int64(insert, at, slice_is(cell->text, "true"));
	return sqlite3_bind_text64(insert, at, cell->text.data, cell->text.size, SQLITE_STATIC, SQLITE_UTF8);
}

static bool row(void *owner, const struct cell *cells, struct slice line)
{
	struct database *database = owner;
	int code = SQLITE_OK;

	(void)line;
	for (unsigned i = 0; i < database->shape->count && code == SQLITE_OK; i++)
		code = bind(database->insert, (int)i + 1, &cells[i]);
	if (code == SQLITE_OK && sqlite3_step(database->insert) != SQLITE_DONE)
		code = sqlite3_errcode(database->sqlite);
	sqlite3_reset(database->insert);
	database->code = code;
	return !code;
}

static bool flush(void *owner)
{
	const struct database *database = owner;

	return !database->code;
}

/* --- whose it is ---------------------------------------------------------------------------------------------------*/

/* What another ledger has told does not belong beside ours. */
static bool is_ours(struct database *database, char other[STORE_UUID_TEXT])
{
	const char *ledger = store_ledger(database->order->tool->store);
	sqlite3_stmt *query = NULL;
	bool ours = true;

	other[0] = '\0';
	if (database->code || sqlite3_prepare_v2(database->sqlite, "select ledger from export where ledger <> ?", -1, &query, NULL))
		return true;
	sqlite3_bind_text(query, 1, ledger, -1, SQLITE_STATIC);
	if (sqlite3_step(query) == SQLITE_ROW) {
		snprintf(other, STORE_UUID_TEXT, "%s", (const char *)sqlite3_column_text(query, 0));
		ours = false;
	}
	sqlite3_finalize(query);
	return ours;
}

static void note_export(struct database *database, const struct export_result *result)
{
	const struct export_order *order = database->order;
	const struct as_of *as_of = &order->tool->as_of;
	char at[MOMENT_TEXT] = "", seen[MOMENT_TEXT] = "";
	char *sql;

	if (order->at_ms)
		moment_write(order->at_ms, at);
	if (as_of->at_ms)
		moment_write(as_of->at_ms, seen);
	sql = sqlite3_mprintf("insert or replace into export values (%Q, %Q, %lld, %Q, nullif(%Q, ''), %lld, %lld, nullif(%Q, ''), %Q)",
		export_what_words[order->what], store_ledger(order->tool->store), (long long)as_of->head.seq, as_of->head.hash, at,
		(long long)order->since, (long long)result->rows, seen, license_tables_version());
	if (!sql)
		memory_failed("SQL");
	run(database, sql);
	sqlite3_free(sql);
}

/* --- the export ----------------------------------------------------------------------------------------------------*/

static enum exit_status fail(struct database *database)
{
	const char *path = database->order->path;

	return tool_fail_output(path, database->sqlite ? sqlite3_errmsg(database->sqlite) : "no memory");
}

/* Before it is committed, that is, before anybody can take it for good. */
static bool is_good(struct database *database)
{
	sqlite3_stmt *query = NULL;
	bool good = !database->code && !sqlite3_prepare_v2(database->sqlite, "pragma quick_check(1)", -1, &query, NULL) &&
		    sqlite3_step(query) == SQLITE_ROW && strcmp((const char *)sqlite3_column_text(query, 0), "ok") == 0;

	sqlite3_finalize(query);
	return good;
}

static enum exit_status fill(struct database *database, struct export_result *result)
{
	struct export_sink sink = { database, row, flush };
	char other[STORE_UUID_TEXT];
	int code;

	make_tables(database);
	if (database->code)
		return fail(database);
	if (!is_ours(database, other)) {
		tool_say("%s holds the ledger %s, this store's is %s: export into another file", database->order->path, other,
			store_ledger(database->order->tool->store));
		return EXIT_OUTPUT;
	}
	code = export_rows(database->order, &sink, result);
	if (code)
		return tool_fail(database->order->tool, code, "exporting");
	make_views(database);
	note_export(database, result);
	if (!is_good(database))
		return fail(database);
	run(database, "commit");
	return database->code ? fail(database) : EXIT_OK;
}

static enum exit_status export_into(const struct export_order *order, const char *path, struct export_result *result)
{
	struct database database = { .order = order, .shape = export_shape(order->what) };
	enum exit_status status;

	database.code = sqlite3_open_v2(path, &database.sqlite, SQLITE_OPEN_READWRITE, NULL);
	status = database.code ? fail(&database) : fill(&database, result);
	sqlite3_finalize(database.insert);
	sqlite3_close(database.sqlite); /* rolls back what was not committed */
	return status;
}

/* A database that is new gets its name once it is whole; one that is there takes the rows in a transaction. */
static enum exit_status export_anew(const struct export_order *order, struct export_result *result)
{
	struct new_file file;
	int error = new_file_open(&file, order->path, 0666);
	enum exit_status status = error ? tool_fail_output(order->path, strerror(error)) : EXIT_OK;

	if (!status)
		status = export_into(order, file.partial, result);
	if (!status) {
		error = new_file_keep(&file, NEW_FILE_REPLACES);
		status = error ? tool_fail_output(order->path, strerror(error)) : EXIT_OK;
	}
	new_file_close(&file);
	return status;
}

enum exit_status export_sqlite(const struct export_order *order, struct export_result *result)
{
	struct stat about;

	if (lstat(order->path, &about) != 0)
		return export_anew(order, result);
	if (!S_ISREG(about.st_mode))
		return tool_fail_output(order->path, "it is there and no regular file (a link is not followed)");
	return export_into(order, order->path, result);
}
