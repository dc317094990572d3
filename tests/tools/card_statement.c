/* SPDX-License-Identifier: Apache-2.0 */
/*
 * card_statement: README.md files on standard input, each behind its size in bytes and a line feed; prints for each what its
 * front matter declares, as statement_write() does, or `unreadable`. For tests that compare with the Hub's own reading.
 */
#include <stdio.h>
#include <stdlib.h>

#include "daemon/hub/card.h"
#include "storage/model/memory.h"
#include "storage/model/statement.h"

static void print_statement(struct json *json, struct slice readme)
{
	struct buf text = BUF_INIT(1 << 20);
	struct arena arena = { 0 };
	struct statement statement;
	struct canon canon;

	if (card_read(readme, &arena, &canon) == CARD_UNREADABLE) {
		puts("unreadable");
	} else {
		statement_from_canon(json, &canon, &arena, &statement);
		statement_write(&statement, &text);
		puts(text.data);
	}
	buf_release(&text);
	arena_release(&arena);
}

int main(void)
{
	struct json json;
	size_t size;

	json_init(&json, CANON_NODES_MAX);
	while (scanf("%zu", &size) == 1 && getchar() == '\n') {
		char *readme = memory_new(size + 1);

		if (fread(readme, 1, size, stdin) != size) {
			fputs("card_statement: the input ends within a file\n", stderr);
			return 1;
		}
		print_statement(&json, (struct slice){ readme, size });
		free(readme);
	}
	json_release(&json);
	return 0;
}
