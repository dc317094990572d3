/* SPDX-License-Identifier: Apache-2.0 */
/* A dump in any form, packed or not: rows lie within what was read, lines only go on, and it comes to an end. */
#include <sys/mman.h>
#include <unistd.h>

#include "daemon/crawl/dump.h"
#include "tests/fuzz/fuzz.h"

enum { ROW_MAX = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int file = memfd_create("dump", MFD_CLOEXEC);
	uint64_t line = 1;
	char path[64];
	struct dump_row row;
	struct dump dump;

	FUZZ_CHECK(file >= 0 && write(file, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	FUZZ_CHECK(dump_open(&dump, path));
	dump.row_max = ROW_MAX;
	while (dump_next(&dump, &row) == DUMP_ROW) {
		FUZZ_CHECK(row.line >= line && row.text.size > 0);
		FUZZ_CHECK(row.text.data >= dump.window.data);
		FUZZ_CHECK(row.text.data + row.text.size + JSON_PADDING <= dump.window.data + dump.window.room);
		line = row.line;
	}
	FUZZ_CHECK(dump.at <= dump.window.size);
	dump_close(&dump);
	close(file);
	return 0;
}
