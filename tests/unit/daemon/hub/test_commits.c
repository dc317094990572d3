/* SPDX-License-Identifier: Apache-2.0 */
/* A page of commits: as the Hub sends it, and as nobody should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "daemon/hub/commits.h"
#include "storage/model/error.h"

#define SHA "607a30d783dfa663caf39e06633721c8d4cfcd7e"

struct page {
	struct json json;
	struct arena arena;
	struct buf body;
	struct commit_list list;
};

static int read(struct page *page, const char *text)
{
	static const char padding[JSON_PADDING];

	*page = (struct page){ .body = BUF_INIT(16 << 20) };
	json_init(&page->json, 1 << 20);
	buf_text(&page->body, text);
	buf_add(&page->body, padding, sizeof(padding));
	return commits_read(&page->json, (struct slice){ page->body.data, strlen(text) }, &page->arena, &page->list);
}

static void release(struct page *page)
{
	json_release(&page->json);
	arena_release(&page->arena);
	buf_release(&page->body);
}

static void test_a_real_commit(void **state)
{
	struct page page;
	char sha[SHA_HEX + 1];

	(void)state;
	assert_int_equal(read(&page, "[{\"id\":\"" SHA "\",\"title\":\"Adds it (#80)\",\"message\":\"\\n\",\"authors\":"
				     "[{\"user\":\"lysandre\",\"avatar\":\"https://x\"},{\"user\":\"b\"}],"
				     "\"date\":\"2024-02-19T10:57:45.000Z\"}]"), 0);
	assert_int_equal(page.list.count, 1);
	sha_write(page.list.commit[0].sha, sha);
	assert_string_equal(sha, SHA);
	assert_true(slice_is(page.list.commit[0].title, "Adds it (#80)"));
	assert_true(slice_is(page.list.commit[0].user, "lysandre"));
	assert_int_equal(page.list.commit[0].date_ms, INT64_C(1708340265000));
	release(&page);
}

static void test_what_is_odd(void **state)
{
	static const struct {
		const char *text;
		int error;
		const char *title, *user; /* of the first commit */
		size_t count;
	} cases[] = {
		{ "[]", 0, "", "", 0 },
		{ "[{\"id\":\"" SHA "\"}]", 0, "", "", 1 },
		{ "[{\"id\":\"" SHA "\",\"title\":7,\"authors\":[],\"date\":\"soon\"}]", 0, "", "", 1 },
		{ "[{\"id\":\"" SHA "\",\"title\":\"\\ud800\",\"authors\":[\"x\"]}]", 0, "\xEF\xBF\xBD", "", 1 },
		{ "[{\"id\":\"" SHA "\",\"authors\":{\"user\":\"x\"}}]", 0, "", "", 1 },
		{ "[{\"id\":\"" SHA "\",\"authors\":[{\"user\":null}]}]", 0, "", "", 1 },
		{ "[{\"id\":\"607a\"}]", ERROR_JSON, "", "", 0 },
		{ "[{\"title\":\"x\"}]", ERROR_JSON, "", "", 0 },
		{ "[7]", ERROR_JSON, "", "", 0 },
		{ "{\"error\":\"x\"}", ERROR_JSON, "", "", 0 },
		{ "[", ERROR_JSON, "", "", 0 },
		{ "", ERROR_JSON, "", "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct page page;
		int error = read(&page, cases[i].text);

		if (error != cases[i].error)
			fail_msg("%s: %s", cases[i].text, error_text(error));
		if (!error && page.list.count != cases[i].count)
			fail_msg("%s: %zu commits", cases[i].text, page.list.count);
		if (page.list.count && !error)
			assert_true(slice_is(page.list.commit[0].title, cases[i].title) &&
				slice_is(page.list.commit[0].user, cases[i].user));
		release(&page);
	}
}

static void test_bounds(void **state)
{
	struct buf text = BUF_INIT(16 << 20);
	struct page page;

	(void)state;
	buf_text(&text, "[{\"id\":\"" SHA "\",\"title\":\"");
	for (unsigned i = 0; i < 1000; i++)
		buf_text(&text, "\xC3\xA4");
	buf_text(&text, "\"}]");
	assert_int_equal(read(&page, text.data), 0);
	assert_int_equal(page.list.commit[0].title.size, COMMIT_TEXT_MAX);
	release(&page);
	for (unsigned rows = COMMITS_PAGE_MAX; rows <= COMMITS_PAGE_MAX + 1; rows++) {
		buf_reset(&text);
		for (unsigned i = 0; i < rows; i++)
			buf_printf(&text, "%c{\"id\":\"" SHA "\"}", i ? ',' : '[');
		buf_char(&text, ']');
		assert_int_equal(read(&page, text.data), rows > COMMITS_PAGE_MAX ? ERROR_TOO_BIG : 0);
		release(&page);
	}
	buf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_real_commit),
		cmocka_unit_test(test_what_is_odd),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
