/* SPDX-License-Identifier: Apache-2.0 */
/* A repo with hundreds of versions: all of them are told, in time that grows with their number. */
#include <stdio.h>
#include <time.h>

#include "storage/cli/commands.h"
#include "tests/unit/storage/fixture.h"

enum { VERSIONS = 400, CPU_MS_MAX = 600 }; /* going through all records for each version took five times as long */

/* What a command prints as ndjson; *cpu_ms: the time it took. */
static const char *answer_of(struct fixture *f, const struct command *command, const char *repo, long *cpu_ms)
{
	const char *path = fixture_text(f, "%s/answer", f->dir);
	struct tool tool = { .options = { .store = f->dir, .print = { .format = PRINT_NDJSON, .path = path } } };
	struct arguments arguments = { .count = 1, .item = { repo } };
	struct buf text = BUF_INIT(64 << 20);
	clock_t start = clock();
	size_t size;
	FILE *file;

	fixture_shut(f);
	assert_true(print_open(&tool.options.print, &tool.print));
	assert_int_equal(command->run(&tool, &arguments), EXIT_OK);
	tool_close(&tool);
	assert_true(print_close(&tool.print, true));
	*cpu_ms = (clock() - start) / (CLOCKS_PER_SEC / 1000);
	fixture_open(f);
	file = fopen(path, "re");
	assert_non_null(file);
	while ((size = fread(buf_reserve(&text, 65536), 1, 65536, file)) > 0)
		text.size += size;
	fclose(file);
	buf_char(&text, 0);
	path = fixture_text(f, "%s", text.data);
	buf_release(&text);
	return path;
}

static void test_many_versions(void **state)
{
	struct fixture *f = fixture_new();
	const char *answer, *line;
	unsigned version = 0;
	long cpu_ms;

	(void)state;
	for (unsigned n = 1; n <= VERSIONS; n++)
		fixture_poll(f, DAY(1) + HOUR(n), ROW(f, .id = "o/busy", .sha = n,
			.card = fixture_text(f, "{\"license\":\"%s\",\"n\":%u}", n % 2 ? "gpl-3.0" : "mit", n)));
	answer = answer_of(f, &command_history, "o/busy", &cpu_ms);
	for (line = answer; *line; line = strchr(line, '\n') + 1) {
		char wanted[64];

		snprintf(wanted, sizeof(wanted), "\"version\":%u,", ++version);
		assert_non_null(strstr(line, wanted));
		assert_ptr_equal(strstr(line, wanted), strstr(line, "\"version\":"));
		assert_true(version == 1 || strstr(line, "\"events\":[\"license.switched\"]") < strchr(line, '\n'));
	}
	assert_int_equal(version, VERSIONS);
	assert_true(cpu_ms < CPU_MS_MAX);
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many_versions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
