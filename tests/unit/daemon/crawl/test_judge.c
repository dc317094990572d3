/* SPDX-License-Identifier: Apache-2.0 */
/* What answers about a single repo prove: the table of the design, row by row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "daemon/crawl/judge.h"

#define JSON "content-type: application/json; charset=utf-8\r\n"
#define HTML "content-type: text/html; charset=utf-8\r\n"

static void test_table(void **state)
{
	static const struct {
		unsigned status;
		const char *head;
		enum judgement anonymous, with_token;
	} cases[] = {
		{ 401, JSON "x-error-message: Invalid username or password.\r\n", JUDGED_GONE, JUDGED_NOTHING },
		{ 401, JSON "x-error-message: Invalid credentials in Authorization header\r\n", JUDGED_NOTHING, JUDGED_NOTHING },
		{ 401, JSON "x-error-code: SomethingElse\r\n", JUDGED_NOTHING, JUDGED_NOTHING },
		{ 401, "content-type: text/plain\r\n", JUDGED_NOTHING, JUDGED_NOTHING },
		{ 401, "", JUDGED_NOTHING, JUDGED_NOTHING },
		{ 401, JSON "x-error-code: GatedRepo\r\n", JUDGED_THERE, JUDGED_THERE },
		{ 401, HTML, JUDGED_NOTHING, JUDGED_NOTHING },
		{ 404, JSON "x-error-code: RepoNotFound\r\n", JUDGED_GONE, JUDGED_GONE },
		{ 404, JSON "x-error-code: RevisionNotFound\r\n", JUDGED_NOTHING, JUDGED_NOTHING },
		{ 404, JSON, JUDGED_NOTHING, JUDGED_NOTHING },
		{ 404, HTML "x-error-code: RepoNotFound\r\n", JUDGED_NOTHING, JUDGED_NOTHING },
		{ 403, JSON "x-error-code: GatedRepo\r\n", JUDGED_THERE, JUDGED_THERE },
		{ 403, JSON "x-error-message: Access to this resource is disabled.\r\n", JUDGED_THERE, JUDGED_THERE },
		{ 403, JSON, JUDGED_NOTHING, JUDGED_NOTHING },
		{ 403, HTML, JUDGED_NOTHING, JUDGED_NOTHING },
		{ 307, "content-type: text/plain\r\nlocation: /api/models/a/b\r\n", JUDGED_MOVED, JUDGED_MOVED },
		{ 307, "content-type: text/plain\r\n", JUDGED_NOTHING, JUDGED_NOTHING },
		{ 307, HTML "location: /captcha\r\n", JUDGED_NOTHING, JUDGED_NOTHING },
		{ 303, "location: /api/models/a/b\r\n", JUDGED_NOTHING, JUDGED_NOTHING },
		{ 400, JSON, JUDGED_NOTHING, JUDGED_NOTHING },
		{ 410, JSON, JUDGED_NOTHING, JUDGED_NOTHING },
		{ 451, JSON, JUDGED_NOTHING, JUDGED_NOTHING },
		{ 204, JSON, JUDGED_NOTHING, JUDGED_NOTHING },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct hub_head head;

		headers_read(slice_of(cases[i].head), &head);
		if (judge_answer(cases[i].status, &head, (struct judge_trust){ 0 }) != cases[i].anonymous ||
			judge_answer(cases[i].status, &head, (struct judge_trust){ .has_token = true }) != cases[i].with_token)
			fail_msg("%u %s", cases[i].status, cases[i].head);
	}
}

/* Servers other than the Hub send no code; only an operator can know whether their 404 is to be believed. */
static void test_trusted_404(void **state)
{
	static const struct judge_trust trust = { .trust_404 = true };
	struct hub_head head;

	(void)state;
	headers_read(slice_of(JSON), &head);
	assert_int_equal(judge_answer(404, &head, trust), JUDGED_GONE);
	headers_read(slice_of(HTML), &head);
	assert_int_equal(judge_answer(404, &head, trust), JUDGED_NOTHING);
	headers_read(slice_of(JSON "x-error-code: RevisionNotFound\r\n"), &head);
	assert_int_equal(judge_answer(404, &head, trust), JUDGED_NOTHING);
}

static void test_why_it_rests(void **state)
{
	static const struct {
		unsigned status;
		const char *head;
		enum rest_reason anonymous, with_token;
	} cases[] = {
		{ 401, "content-type: text/plain\r\n", REST_NOT_SHOWN, REST_REFUSED },
		{ 401, JSON "x-error-code: SomethingElse\r\n", REST_REFUSED, REST_REFUSED },
		{ 403, JSON, REST_REFUSED, REST_REFUSED },
		{ 404, JSON, REST_NO_CODE, REST_NO_CODE },
		{ 404, JSON "x-error-code: RepoNotFound\r\n", REST_NOT_SHOWN, REST_NOT_SHOWN },
		{ 403, HTML, REST_UNREADABLE, REST_UNREADABLE },
		{ 200, JSON, REST_UNREADABLE, REST_UNREADABLE },
		{ 307, JSON, REST_REDIRECTED, REST_REDIRECTED },
		{ 0, "", REST_FAILED, REST_FAILED },
		{ 500, JSON, REST_FAILED, REST_FAILED },
		{ 503, HTML, REST_FAILED, REST_FAILED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct hub_head head;

		headers_read(slice_of(cases[i].head), &head);
		if (judge_rest(cases[i].status, &head, (struct judge_trust){ 0 }) != cases[i].anonymous ||
			judge_rest(cases[i].status, &head, (struct judge_trust){ .has_token = true }) != cases[i].with_token)
			fail_msg("%u %s", cases[i].status, cases[i].head);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_trusted_404),
		cmocka_unit_test(test_why_it_rests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
