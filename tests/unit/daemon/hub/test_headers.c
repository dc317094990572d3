/* SPDX-License-Identifier: Apache-2.0 */
/* Heads as the Hub sends them (and as it might), taken apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "daemon/hub/headers.h"

static struct hub_head read_head(const char *block)
{
	struct hub_head head;

	headers_read(slice_of(block), &head);
	return head;
}

static void expect(struct slice found, const char *wanted)
{
	if (!slice_is(found, wanted))
		fail_msg("%.*s is not %s", (int)found.size, found.data, wanted);
}

static void test_link(void **state)
{
	static const char *const cases[][2] = {
		{ "Link: <https://h/api/models?cursor=a%3D>; rel=\"next\"\r\n", "https://h/api/models?cursor=a%3D" },
		{ "link:<https://h/x>;rel=next\r\n", "https://h/x" },
		{ "LINK : <https://h/x>;  REL = \"prev next\"\r\n", "https://h/x" },
		{ "Link: <https://h/docs>; rel=\"canonical\", <https://h/x?a=1,2>; title=\"a, \\\"b\"; rel=\"next\"\r\n", "https://h/x?a=1,2" },
		{ "Link: <https://h/a>; rel=preload\r\nLink: <https://h/b>; rel=\"next\"\r\nLink: <https://h/c>; rel=next\r\n", "https://h/b" },
		{ "Link: <https://h/a>; rel=\"prev\"; rel=\"next\"\r\n", "" }, /* only the first rel counts */
		{ "Link: <https://h/a>; rel=\"nextish\"\r\n", "" },
		{ "Link: <https://h/a>\r\n", "" },
		{ "Link: https://h/a; rel=\"next\"\r\n", "" },
		{ "Link: <>; rel=\"next\"\r\n", "" },
		{ "Link: <https://h/a; rel=\"next\"\r\n", "" },
		{ "Link: \r\n", "" },
		{ "Link: <https://h/a>; rel=next; title=\"\\", "https://h/a" }, /* ends within an escape */
		{ "Link: <https://h/a>; rel=next; title=\"\\\"", "https://h/a" },
		{ "X-Link: <https://h/a>; rel=\"next\"\r\n", "" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct hub_head head = read_head(cases[i][0]);

		expect(head.next, cases[i][1]);
	}
}

static void test_quota(void **state)
{
	struct hub_head head = read_head("ratelimit: \"api\";r=499;t=295\r\nratelimit-policy: \"fixed window\";\"api\";q=500;w=300\r\n");
	const struct quota_said *api = headers_quota(&head, "api");

	(void)state;
	assert_non_null(api);
	assert_int_equal(api->remaining, 499);
	assert_int_equal(api->reset_s, 295);
	assert_int_equal(api->quota, 500);
	assert_int_equal(api->window_s, 300);
	assert_null(headers_quota(&head, "resolvers"));
}

static void test_quota_forms(void **state)
{
	struct hub_head head;

	(void)state;
	head = read_head("RateLimit: \"api\" ; r = 3 ;t= 55 , \"pages\";r=9;t=1\nRateLimit-Policy: \"api\";q=7;w=60\n");
	assert_int_equal(headers_quota(&head, "api")->remaining, 3);
	assert_int_equal(headers_quota(&head, "api")->reset_s, 55);
	assert_int_equal(headers_quota(&head, "api")->quota, 7);
	assert_int_equal(headers_quota(&head, "pages")->remaining, 9);
	assert_int_equal(headers_quota(&head, "pages")->quota, -1);
	head = read_head("ratelimit: \"api\";r=x;t=-5;z=1\r\n");
	assert_int_equal(headers_quota(&head, "api")->remaining, -1);
	assert_int_equal(headers_quota(&head, "api")->reset_s, -1);
	head = read_head("ratelimit: \"api\";r=99999999999999999999;t=1\r\n");
	assert_int_equal(headers_quota(&head, "api")->remaining, -1);
	head = read_head("ratelimit: \"api\";r=1000000001;t=86401\r\nratelimit-policy: \"api\";q=1000000000;w=86401\r\n");
	assert_int_equal(headers_quota(&head, "api")->remaining, -1);
	assert_int_equal(headers_quota(&head, "api")->reset_s, -1);
	assert_int_equal(headers_quota(&head, "api")->quota, 1000000000);
	assert_int_equal(headers_quota(&head, "api")->window_s, -1);
	head = read_head("ratelimit: r=1;t=1\r\n");
	assert_int_equal(head.quota_count, 0);
	head = read_head("ratelimit: \"a-name-that-is-longer-than-any-bucket\";r=1\r\n");
	assert_int_equal(head.quota_count, 0);
	head = read_head("ratelimit: \"a\";r=1,\"b\";r=1,\"c\";r=1,\"d\";r=1,\"e\";r=1\r\n");
	assert_int_equal(head.quota_count, QUOTA_BUCKETS_MAX);
}

/* Out of some cache: the quota in it is that of another minute. */
static void test_age(void **state)
{
	struct hub_head head = read_head("ratelimit: \"pages\";r=98;t=224\r\nage: 29\r\n");

	(void)state;
	assert_true(head.has_age);
	assert_int_equal(head.quota_count, 0);
}

static void test_others(void **state)
{
	struct hub_head head = read_head("Date: Tue, 30 Jun 2026 01:02:02 GMT\r\n"
					 "content-type: application/json; charset=utf-8\r\n"
					 "Content-Encoding: gzip\r\n"
					 "x-error-code: RepoNotFound\r\n"
					 "X-Error-Message: Repository not found\r\n"
					 "x-request-id: Root=1-abc;def\r\n"
					 "retry-after: 17\r\n"
					 "location:   /api/models/a/b  \r\n"
					 "not a header\r\n");

	(void)state;
	assert_int_equal(head.date_ms, INT64_C(1782781322000));
	expect(head.date, "Tue, 30 Jun 2026 01:02:02 GMT");
	expect(head.content_type, "application/json; charset=utf-8");
	expect(head.content_encoding, "gzip");
	expect(head.error_code, "RepoNotFound");
	expect(head.error_message, "Repository not found");
	expect(head.request_id, "Root=1-abc;def");
	expect(head.location, "/api/models/a/b");
	assert_int_equal(head.retry_after_s, 17);
	assert_int_equal(read_head("retry-after: Tue, 30 Jun 2026 01:02:02 GMT\r\n").retry_after_s, -1); /* no Date to count from */
	assert_int_equal(read_head("date: yesterday\r\n").date_ms, 0);
	assert_int_equal(read_head("x: y\r\n").retry_after_s, -1);
}

/* Whatever a value holds, what is kept of it is at most 200 bytes of UTF-8 without control characters. */
static void test_values(void **state)
{
	static const struct {
		const char *name;
		size_t offset;
		bool is_cut; /* where it is too long; else it is not there then */
	} headers[] = {
		{ "date", offsetof(struct hub_head, date), false },
		{ "x-request-id", offsetof(struct hub_head, request_id), true },
		{ "x-error-message", offsetof(struct hub_head, error_message), true },
		{ "x-error-code", offsetof(struct hub_head, error_code), false },
		{ "etag", offsetof(struct hub_head, etag), false },
		{ "x-repo-commit", offsetof(struct hub_head, repo_commit), false },
		{ "content-type", offsetof(struct hub_head, content_type), false },
		{ "content-encoding", offsetof(struct hub_head, content_encoding), false },
	};
	static const struct {
		const char *value;
		bool kept;
	} cases[] = {
		{ "plain", true }, { "gr\xc3\xbc\xc3\x9f", true }, { "\xef\xbf\xbd", true }, { "\xff", false }, { "r\xe9q", false },
		{ "a\xc3", false }, { "\xed\xa0\x80", false }, { "a\x1b[31mb", false }, { "a\rb", false }, { "a\tb", false },
		{ "a\x7f", false }, { "a\xc2\x85", false }, { "a\xc2\xa0", true }, { "", true },
	};
	char block[1200];

	(void)state;
	for (size_t h = 0; h < ARRAY_COUNT(headers); h++) {
		struct slice found;

		for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
			struct hub_head head;

			snprintf(block, sizeof(block), "%s: %s\r\n", headers[h].name, cases[i].value);
			head = read_head(block);
			memcpy(&found, (const char *)&head + headers[h].offset, sizeof(found));
			expect(found, cases[i].kept ? cases[i].value : "");
		}
		for (size_t size = 199; size < 1000; size += size < 203 ? 1 : 300) {
			struct hub_head head;
			int at = snprintf(block, sizeof(block), "%s: ", headers[h].name);

			for (size_t i = 0; i < size; i++)
				block[at++] = i % 2 ? '\xa9' : '\xc3';
			block[at] = '\0';
			if (size % 2)
				block[at - 1] = 'x';
			head = read_head(block);
			memcpy(&found, (const char *)&head + headers[h].offset, sizeof(found));
			assert_int_equal(found.size, size <= HEADER_VALUE_MAX ? size : headers[h].is_cut ? 200 : 0);
		}
	}
}

/* A NUL is a control byte too, and ends no value. */
static void test_nul(void **state)
{
	static const char block[] = "x-request-id: a\0b\r\netag: \"e\"\r\n";
	struct hub_head head;

	(void)state;
	headers_read((struct slice){ block, sizeof(block) - 1 }, &head);
	assert_int_equal(head.request_id.size, 0);
	expect(head.etag, "\"e\"");
}

#define DATE "date: Tue, 30 Jun 2026 01:02:02 GMT\r\n"

static void test_retry_after(void **state)
{
	static const struct {
		const char *head;
		int64_t seconds, at_ms;
		bool unread;
	} cases[] = {
		{ "retry-after: 0\r\n", 0, 0, false },
		{ "retry-after: 10.0\r\n", 10, 0, false },
		{ "retry-after: 0.25\r\n", 1, 0, false },
		{ "retry-after: 7.5\r\n", 8, 0, false },
		{ "retry-after: 86400000\r\n", 86400000, 0, false },
		{ DATE "retry-after: Tue, 30 Jun 2026 01:02:32 GMT\r\n", 30, 0, false },
		{ "retry-after: Tue, 30 Jun 2026 01:02:32 GMT\r\n" DATE, 30, 0, false },
		{ DATE "retry-after: Tuesday, 30-Jun-26 01:03:02 GMT\r\n", 60, 0, false },
		{ DATE "retry-after: Tue Jun 30 01:02:03 2026\r\n", 1, 0, false },
		{ DATE "retry-after: Tue, 30 Jun 2026 01:02:01 GMT\r\n", 0, 0, false },
		{ "retry-after: Tue, 30 Jun 2026 01:02:32 GMT\r\n", -1, 1782781352000, false },
		{ "retry-after: -5\r\n", -1, 0, true },
		{ "retry-after: soon\r\n", -1, 0, true },
		{ "retry-after: 1.x\r\n", -1, 0, true },
		{ "retry-after:\r\n", -1, 0, true },
		{ "x: y\r\n", -1, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct hub_head head = read_head(cases[i].head);

		if (head.retry_after_s != cases[i].seconds || head.retry_at_ms != cases[i].at_ms ||
			head.retry_is_unread != cases[i].unread)
			fail_msg("%s: %lld s, at %lld, unread %d", cases[i].head, (long long)head.retry_after_s,
				(long long)head.retry_at_ms, head.retry_is_unread);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_link), cmocka_unit_test(test_quota), cmocka_unit_test(test_quota_forms),
		cmocka_unit_test(test_age), cmocka_unit_test(test_others),
		cmocka_unit_test(test_values), cmocka_unit_test(test_nul),
		cmocka_unit_test(test_retry_after),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
