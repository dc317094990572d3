/* SPDX-License-Identifier: Apache-2.0 */
/* relicense head: the end of the change log on one line, to be kept elsewhere. */
#include "storage/cli/commands.h"
#include "storage/model/moment.h"

static enum exit_status run(struct tool *tool, const struct arguments *arguments)
{
	enum exit_status status = tool_open(tool);
	const struct log_head *head = &tool->as_of.head;
	struct buf text = BUF_INIT(4096);
	struct object object;
	char moment[MOMENT_TEXT] = "-";

	(void)arguments;
	if (status)
		return status;
	if (head->at_ms)
		moment_write(head->at_ms, moment);
	if (tool->options.print.format == PRINT_JSON || tool->options.print.format == PRINT_NDJSON) {
		object = object_begin(&text);
		object_word(&object, "ledger", store_ledger(tool->store));
		object_number(&object, "seq", head->seq);
		object_word(&object, "hash", head->hash);
		object_moment(&object, "at", head->at_ms);
		object_end(&object);
	} else {
		buf_printf(&text, "%s %llu %s %s", store_ledger(tool->store), (unsigned long long)head->seq, head->hash,
			moment);
	}
	tool_print_object(tool, &text);
	buf_release(&text);
	return EXIT_OK;
}

const struct command command_head = {
	.name = "head",
	.line = "the end of the change log on one line: ledger, seq, hash, time",
	.arguments = "",
	.details = "Keep the line somewhere else: relicense verify --head LINE tells later whether the log was rewritten since.\n"
		   "It is one line of text in every format but json and ndjson.\n"
		   "\nexample:\n"
		   "  relicense head >>heads.txt\n",
	.run = run,
};
