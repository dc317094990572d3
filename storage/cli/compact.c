/* SPDX-License-Identifier: Apache-2.0 */
/* relicense compact: the store without what is free in it. */
#include <stdlib.h>

#include "storage/cli/care.h"
#include "storage/cli/commands.h"
#include "storage/daemon_lock.h"

static enum exit_status run(struct tool *tool, const struct arguments *arguments)
{
	struct copy_options copy = { .on_progress = care_progress() };
	struct store_problem problem = { .code = 0 };
	struct copy_result result;
	enum exit_status status = tool_open(tool);
	int lock = -1, code;

	(void)arguments;
	if (status)
		return status;
	reader_pause(tool->reader);
	code = store_check_owner(store_dir(tool->store), getenv("RELICENSED_AS_ROOT") != NULL, &problem);
	if (!code)
		code = daemon_lock_take(store_dir(tool->store), "relicense compact", &lock, &problem);
	if (!code)
		code = store_compact(tool->store, &copy, &result, &problem);
	care_progress_end();
	daemon_lock_release(&lock);
	if (code)
		return tool_problem(&problem);
	care_print(tool, "compacted", store_dir(tool->store), &result);
	return EXIT_OK;
}

const struct command command_compact = {
	.name = "compact",
	.line = "makes the store's file smaller: leaves out what is free in it",
	.arguments = "",
	.details = "The daemon must not run (status 75), nobody may read the store, and a second copy must fit on its disk. Free\n"
		   "pages are used again anyway: this is for after a retention, or when a reader was stuck for days.\n"
		   "\nexample:\n"
		   "  systemctl stop relicensed && relicense compact; systemctl start relicensed\n",
	.run = run,
};
