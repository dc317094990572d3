/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/cli/care.h"

#include <unistd.h>

#include "storage/cli/object.h"

static void on_progress(void *owner, uint64_t done, uint64_t of)
{
	(void)owner;
	fprintf(stderr, "\r\033[K%llu of about %llu MiB", (unsigned long long)(done >> 20), (unsigned long long)(of >> 20));
}

care_progress_function *care_progress(void)
{
	return isatty(STDERR_FILENO) ? on_progress : NULL;
}

void care_progress_end(void)
{
	if (care_progress())
		fputs("\r\033[K", stderr);
}

void care_print(struct tool *tool, const char *what, const char *where, const struct copy_result *result)
{
	struct print *print = &tool->print;
	struct buf text = BUF_INIT(65536);
	struct object object;

	if (print->format == PRINT_TABLE) {
		print_format_line(print, "%s ", what);
		print_safe(print, slice_of(where));
		print_format_line(print, ": %.1f MiB, of %.1f MiB\n", (double)result->bytes_after / (1 << 20),
			(double)result->bytes_before / (1 << 20));
		return;
	}
	object = object_begin(&text);
	object_word(&object, "file", where);
	object_word(&object, "ledger", store_ledger(tool->store));
	object_number(&object, "seq", tool->as_of.head.seq);
	object_word(&object, "hash", tool->as_of.head.hash);
	object_number(&object, "bytes", result->bytes_after);
	object_number(&object, "bytes_before", result->bytes_before);
	object_end(&object);
	tool_print_object(tool, &text);
	buf_release(&text);
}
