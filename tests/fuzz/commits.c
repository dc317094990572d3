/* SPDX-License-Identifier: Apache-2.0 */
/* A page of commits: bounded in number and text. */
#include "daemon/hub/commits.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *body = fuzz_padded(data, size);
	struct arena arena = { 0 };
	struct commit_list list;
	struct json json;

	json_init(&json, 1 << 16);
	if (commits_read(&json, (struct slice){ body, size }, &arena, &list) == 0) {
		FUZZ_CHECK(list.count <= COMMITS_PAGE_MAX);
		for (size_t i = 0; i < list.count; i++)
			FUZZ_CHECK(list.commit[i].title.size <= COMMIT_TEXT_MAX && list.commit[i].user.size <= COMMIT_TEXT_MAX);
	}
	json_release(&json);
	arena_release(&arena);
	free(body);
	return 0;
}
