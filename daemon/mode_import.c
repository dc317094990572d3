/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "daemon/crawl/clocks.h"
#include "daemon/crawl/import.h"
#include "daemon/daemon.h"
#include "storage/model/moment.h"

/* The year in which models were first shared there. */
enum { HUB_BEGAN = 2019 };

static void print_import(const struct import_result *result)
{
	for (enum repo_kind kind = 0; kind < REPO_KINDS; kind++) {
		const struct import_kind *told = &result->kind[kind];
		const struct commit_counts *counts = &told->counts;

		if (!told->rows && !told->unidentified)
			continue;
		printf("%-8s  %" PRIu64 " rows: %" PRIu64 " new, %" PRIu64 " with another version, %" PRIu64 " records, %" PRIu64
			" missing", repo_kinds[kind].plural, told->rows, counts->rows_new, counts->versions, counts->records, counts->missing);
		if (told->repeated || told->damaged || told->unidentified || counts->private_rows)
			printf("; left out: %" PRIu64 " repeated, %" PRIu64 " damaged, %" PRIu64 " without a known _id, %" PRIu64 " private",
				told->repeated, told->damaged, told->unidentified, counts->private_rows);
		putchar('\n');
	}
}

static int status_of_import(const struct import_result *result)
{
	static const int statuses[] = {
		[IMPORT_DONE] = EX_OK, [IMPORT_STOPPED] = EX_INCOMPLETE, [IMPORT_TOO_FEW] = EX_INCOMPLETE,
		[IMPORT_NO_INPUT] = EX_NOINPUT, [IMPORT_REFUSED] = EX_DATAERR,
	};

	return result->end == IMPORT_FAILED ? status_of_store_error(result->error) : statuses[result->end];
}

static int check_day(int64_t observed_ms)
{
	if (observed_ms > clock_wall_ms()) {
		fputs("relicensed: --observed-at lies in the future; of a dump of today say the time too (2026-11-25T12:00:00Z)\n", stderr);
		return EX_DATAERR;
	}
	if (observed_ms < moment_of(HUB_BEGAN, 1, 1)) {
		fprintf(stderr, "relicensed: --observed-at lies before the Hub was there: it has had repos since %d\n", HUB_BEGAN);
		return EX_DATAERR;
	}
	return EX_OK;
}

/* No Hub is asked: our clock alone tells whether the log ends in the future. */
static int refuse_log_ahead(struct store *store)
{
	struct store_problem problem = { 0 };
	struct clocks clocks;
	int64_t now_ms = clock_wall_ms();

	clocks_init(&clocks, store);
	if (now_ms < clocks.newest_ms - CLOCKS_AGREE_MS)
		clocks_refuse(&clocks, store, now_ms, &problem);
	clocks_release(&clocks);
	if (problem.code)
		fprintf(stderr, "relicensed: %s\n", problem.text);
	return problem.code ? status_of_store_error(problem.code) : EX_OK;
}

int mode_import(struct daemon *daemon)
{
	const struct command_line *line = &daemon->line;
	struct import_options options = {
		.config = &daemon->config,
		.path = line->import.path,
		.observed_ms = line->import.observed_ms,
		.complete = line->import.complete,
		.kind = line->import.kind,
		.fields = line->import.fields,
		.stop = &signals_handed_over()->end,
	};
	struct import_result result;
	int status;

	status = check_day(options.observed_ms);
	if (!status)
		status = daemon_open_store(daemon);
	if (!status && daemon->store && (status = refuse_log_ahead(daemon->store)))
		store_close(&daemon->store);
	if (status || !daemon->store)
		return status;
	signal(SIGHUP, SIG_DFL);
	options.store = daemon->store;
	import_run(&options, &result);
	store_close(&daemon->store);
	print_import(&result);
	if (result.end != IMPORT_DONE)
		fprintf(stderr, "relicensed: %s\n", result.why[0] ? result.why : error_text(result.error));
	return status_of_import(&result);
}
