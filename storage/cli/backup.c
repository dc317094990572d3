/* SPDX-License-Identifier: Apache-2.0 */
/* relicense backup: a copy of the store in one file, while the crawl goes on. */
#include "storage/cli/care.h"
#include "storage/cli/commands.h"

static struct {
	bool force, unchecked;
} options;

static const struct option_row rows[] = {
	{ "force", 0, VALUE_FLAG, NULL, "overwrite FILE where it is there already", &options.force, NULL },
	{ "unchecked", 0, VALUE_FLAG, NULL, "keep it unverified: to save what is left of a damaged store", &options.unchecked, NULL },
};

static enum exit_status run(struct tool *tool, const struct arguments *arguments)
{
	struct copy_options copy = { .to = arguments->item[0], .overwrite = options.force,
		.unchecked = options.unchecked, .on_progress = care_progress() };
	struct store_problem problem = { .code = 0 };
	struct copy_result result;
	enum exit_status status = tool_open(tool);
	int code;

	if (status)
		return status;
	reader_pause(tool->reader);
	code = store_backup(tool->store, &copy, &result, &problem);
	care_progress_end();
	if (code)
		return tool_problem(&problem);
	care_print(tool, "backup", arguments->item[0], &result);
	return EXIT_OK;
}

const struct command command_backup = {
	.name = "backup",
	.line = "a copy of the store in one file, while the crawl goes on",
	.arguments = "FILE",
	.arguments_min = 1,
	.arguments_max = 1,
	.details = "It is of one moment, whole, and leaves out what is free in the store; it bears its name only once it is\n"
		   "complete and was verified. While it is written the store grows by what the crawl replaces.\n"
		   "All commands read it as it is: --store FILE. To restore it, put it into an empty folder as data.mdb and start\n"
		   "relicensed there. The log goes on under a new ledger id (the store it was taken of may go on too); heads that\n"
		   "were kept before stay good.\n"
		   "\nexamples:\n"
		   "  relicense backup /backup/relicensed-$(date +%F).mdb\n"
		   "  relicense verify --store /backup/relicensed-2026-11-23.mdb\n",
	.options = { rows, ARRAY_COUNT(rows) },
	.run = run,
};
