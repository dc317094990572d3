/* SPDX-License-Identifier: Apache-2.0 */
/* The URLs that are asked, and those that a server may not lead to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "daemon/hub/url.h"

static struct hub_origin origin_of(const char *text)
{
	struct hub_origin origin;

	if (!hub_origin_read(slice_of(text), &origin))
		fail_msg("%s is an origin", text);
	return origin;
}

static void test_origins(void **state)
{
	static const struct {
		const char *text, *normal; /* NULL: refused */
	} cases[] = {
		{ "https://huggingface.co", "https://huggingface.co" },
		{ "https://huggingface.co/", "https://huggingface.co" },
		{ "HTTPS://HuggingFace.co:443", "https://huggingface.co" },
		{ "http://127.0.0.1:8080", "http://127.0.0.1:8080" },
		{ "http://localhost:80/", "http://localhost" },
		{ "http://[::1]:9000", "http://[::1]:9000" },
		{ "https://huggingface.co:80", "https://huggingface.co:80" },
		{ "https://huggingface.co:", "https://huggingface.co" },
		{ "huggingface.co", NULL },
		{ "ftp://huggingface.co", NULL },
		{ "https://", NULL },
		{ "https:///api", NULL },
		{ "https://huggingface.co/api", NULL },
		{ "https://huggingface.co?x", NULL },
		{ "https://user@huggingface.co", NULL },
		{ "https://user:pass@huggingface.co", NULL },
		{ "https://huggingface.co:65535", "https://huggingface.co:65535" },
		{ "https://huggingface.co:1", "https://huggingface.co:1" },
		{ "https://huggingface.co:0", NULL },
		{ "https://huggingface.co:65536", NULL },
		{ "https://huggingface.co:99999999999999", NULL },
		{ "https://huggingface.co:8x", NULL },
		{ "https://hugging face.co", NULL },
		{ "https://a:b:c", NULL },
		{ "https://[::1", NULL },
		{ "https://[::1]x", NULL },
		{ "https://h\nost", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct hub_origin origin;
		bool good = hub_origin_read(slice_of(cases[i].text), &origin);

		if (good != (cases[i].normal != NULL))
			fail_msg("%s: %s", cases[i].text, good ? origin.text : "refused");
		if (good)
			assert_string_equal(origin.text, cases[i].normal);
	}
}

static void test_loopback(void **state)
{
	static const struct {
		const char *text;
		bool loopback;
	} cases[] = {
		{ "http://localhost", true },
		{ "http://127.0.0.1:1", true },
		{ "http://127.200.3.4", true },
		{ "http://[::1]", true },
		{ "http://128.0.0.1", false },
		{ "http://127.0.0.1.example.org", false },
		{ "http://localhost.example.org", false },
		{ "http://example.org", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct hub_origin origin = origin_of(cases[i].text);

		assert_int_equal(hub_origin_is_loopback(&origin), cases[i].loopback);
	}
	assert_true(host_is_listed("hub.lan", "a.lan, HUB.lan"));
	assert_false(host_is_listed("hub.lan", "a.hub.lan,hub.la"));
	assert_false(host_is_listed("hub.lan", ""));
}

static void test_listing(void **state)
{
	struct hub_origin origin = origin_of("https://huggingface.co");
	struct projection models = { REPO_MODEL, ENDPOINT_LIST, fields_asked(REPO_MODEL), CANON_RULES };
	struct projection two = { REPO_SPACE, ENDPOINT_LIST, field_bit(FIELD_ID) | field_bit(FIELD_SHA) | field_bit(FIELD_AUTHOR), 1 };
	struct buf out = BUF_INIT(URL_MAX);

	(void)state;
	url_listing(&origin, &models, LISTING_BY_CREATION, 1000, &out);
	assert_string_equal(out.data,
		"https://huggingface.co/api/models?sort=createdAt&direction=1&limit=1000&expand[]=author&expand[]=cardData"
		"&expand[]=createdAt&expand[]=disabled&expand[]=downloads&expand[]=gated&expand[]=lastModified"
		"&expand[]=library_name&expand[]=likes&expand[]=pipeline_tag&expand[]=private&expand[]=sha&expand[]=tags");
	buf_reset(&out);
	url_listing(&origin, &two, LISTING_BY_CHANGE, 5, &out);
	assert_string_equal(out.data,
		"https://huggingface.co/api/spaces?sort=lastModified&direction=-1&limit=5&expand[]=author&expand[]=sha");
	buf_reset(&out);
	url_listing(&origin, &two, LISTING_NEWEST_FIRST, 5, &out);
	assert_string_equal(out.data,
		"https://huggingface.co/api/spaces?sort=createdAt&direction=-1&limit=5&expand[]=author&expand[]=sha");
	assert_int_equal(url_expand_at(&two, 0), FIELD_AUTHOR);
	assert_int_equal(url_expand_at(&two, 1), FIELD_SHA);
	assert_int_equal(url_expand_at(&two, 2), FIELD_NONE);
	buf_release(&out);
}

static void test_single(void **state)
{
	struct hub_origin origin = origin_of("http://[::1]:81");
	struct projection one = { REPO_DATASET, ENDPOINT_SINGLE, field_bit(FIELD_ID) | field_bit(FIELD_SHA), 1 };
	struct projection none = { REPO_MODEL, ENDPOINT_SINGLE, field_bit(FIELD_ID), 1 };
	struct buf out = BUF_INIT(URL_MAX);

	(void)state;
	url_single(&origin, &one, SLICE("a/b.c_d-e~"), &out);
	assert_string_equal(out.data, "http://[::1]:81/api/datasets/a/b.c_d-e~?expand[]=sha");
	buf_reset(&out);
	url_single(&origin, &none, SLICE("a?b/#\"<%\x00\xc3\xa4 &"), &out);
	assert_string_equal(out.data, "http://[::1]:81/api/models/a%3Fb/%23%22%3C%25%00%C3%A4%20%26");
	buf_release(&out);
}

static void test_files_and_commits(void **state)
{
	struct hub_origin origin = origin_of("https://h");
	struct buf out = BUF_INIT(URL_MAX);

	(void)state;
	url_commits(&origin, REPO_DATASET, SLICE("a/b c"), SLICE("refs/pr/1"), 1000, &out);
	assert_string_equal(out.data, "https://h/api/datasets/a/b%20c/commits/refs%2Fpr%2F1?limit=1000");
	buf_reset(&out);
	url_resolve(&origin, REPO_SPACE, SLICE("a/b"), SLICE("main"), SLICE("docs/LICENSE?.md"), &out);
	assert_string_equal(out.data, "https://h/spaces/a/b/resolve/main/docs/LICENSE%3F.md");
	buf_reset(&out);
	url_raw(&origin, REPO_DATASET, SLICE("a/b"), SLICE("ab12"), SLICE("README.md"), &out);
	assert_string_equal(out.data, "https://h/datasets/a/b/raw/ab12/README.md");
	buf_reset(&out);
	url_owner(&origin, &(struct projection){ .kind = REPO_SPACE, .fields = 1u << FIELD_SHA }, SLICE("a&b"), 7, &out);
	assert_string_equal(out.data, "https://h/api/spaces?author=a%26b&sort=createdAt&direction=1&limit=7&expand[]=sha");
	buf_release(&out);
}

static void test_buckets(void **state)
{
	static const struct {
		const char *url;
		enum hub_bucket bucket;
	} cases[] = {
		{ "https://h/api/models?limit=1", BUCKET_API },
		{ "https://h/api/models/a/resolve/x", BUCKET_API },
		{ "https://h/api/resolve-cache/models/a/b/0/README.md?x", BUCKET_RESOLVERS },
		{ "https://h/a/b/resolve/main/LICENSE", BUCKET_RESOLVERS },
		{ "https://h/spaces/a/b/raw/main/README.md", BUCKET_RESOLVERS },
		{ "https://h/datasets/a/b/resolve/main/README.md", BUCKET_RESOLVERS },
		{ "https://h/api/models?x=/resolve/", BUCKET_API },
	};
	struct hub_origin origin = origin_of("https://h");

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++)
		assert_int_equal(url_bucket(&origin, slice_of(cases[i].url)), cases[i].bucket);
	assert_string_equal(hub_bucket_name(BUCKET_RESOLVERS), "resolvers");
}

static void test_without_field(void **state)
{
	static const char *const cases[][2] = {
		{ "https://h/api/models?limit=5&expand[]=sha&expand[]=tags", "https://h/api/models?limit=5&expand[]=tags" },
		{ "https://h/api/models?expand=sha&limit=5", "https://h/api/models?limit=5" },
		{ "https://h/api/models?expand%5b%5D=sha&cursor=a%3D", "https://h/api/models?cursor=a%3D" },
		{ "https://h/api/models?expand[]=sha1&x=sha", "https://h/api/models?expand[]=sha1&x=sha" },
		{ "https://h/api/models?expand[]=sha", "https://h/api/models" },
		{ "https://h/api/models", "https://h/api/models" },
	};
	struct buf out = BUF_INIT(URL_MAX);

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		buf_reset(&out);
		url_without_field(slice_of(cases[i][0]), "sha", &out);
		assert_string_equal(out.data, cases[i][1]);
	}
	buf_release(&out);
}

static void test_of_an_owner(void **state)
{
	struct hub_origin origin;
	struct projection two = { REPO_SPACE, ENDPOINT_LIST, field_bit(FIELD_ID) | field_bit(FIELD_SHA), 1 };
	struct buf out = BUF_INIT(URL_MAX);

	(void)state;
	assert_true(hub_origin_read(SLICE("https://h"), &origin));
	url_listing_of(&origin, &two, LISTING_BY_CREATION, 7, SLICE("a&b=c d"), &out);
	assert_string_equal(out.data, "https://h/api/spaces?sort=createdAt&direction=1&limit=7&expand[]=sha&author=a%26b%3Dc%20d");
	buf_release(&out);
}

static void test_parameters(void **state)
{
	static const struct {
		const char *url, *value, *with;
	} cases[] = {
		{ "https://h/api", "", "https://h/api?k=v%3D" },
		{ "https://h/api?a=1", "", "https://h/api?a=1&k=v%3D" },
		{ "https://h/api?k=old", "old", "https://h/api?k=v%3D" },
		{ "https://h/api?k=old&a=1", "old", "https://h/api?a=1&k=v%3D" },
		{ "https://h/api?a=1&k=&b=2", "", "https://h/api?a=1&b=2&k=v%3D" },
		{ "https://h/api?kk=1&k=2%3D", "2%3D", "https://h/api?kk=1&k=v%3D" },
	};
	struct buf out = BUF_INIT(URL_MAX);

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		buf_reset(&out);
		url_with_parameter(slice_of(cases[i].url), "k", SLICE("v="), &out);
		assert_string_equal(out.data, cases[i].with);
		assert_true(slice_is(url_parameter(slice_of(cases[i].url), "k"), cases[i].value));
	}
	buf_release(&out);
}

static void test_with_rows_and_fields(void **state)
{
	struct projection two = { REPO_SPACE, ENDPOINT_LIST, field_bit(FIELD_ID) | field_bit(FIELD_SHA) | field_bit(FIELD_TAGS), 1 };
	struct buf out = BUF_INIT(URL_MAX);

	(void)state;
	url_with_rows(SLICE("https://h/api?a=limit=7&limit=1000&expand%5B%5D=sha&cursor=x"), 250, &out);
	assert_string_equal(out.data, "https://h/api?a=limit=7&limit=250&expand%5B%5D=sha&cursor=x");
	url_add_fields(&two, &out);
	assert_string_equal(out.data, "https://h/api?a=limit=7&limit=250&expand%5B%5D=sha&cursor=x&expand[]=tags");
	url_add_fields(&two, &out);
	assert_string_equal(out.data, "https://h/api?a=limit=7&limit=250&expand%5B%5D=sha&cursor=x&expand[]=tags");
	buf_reset(&out);
	buf_text(&out, "https://h/api");
	url_add_fields(&two, &out);
	assert_string_equal(out.data, "https://h/api?expand[]=sha&expand[]=tags");
	buf_release(&out);
}

/* Some servers name only the new path where they redirect: the fields that were asked for are still wanted. */
static void test_keep_query(void **state)
{
	static const struct {
		const char *asked, *target, *url;
	} cases[] = {
		{ "https://h/a?expand[]=sha&expand[]=tags", "https://h/b", "https://h/b?expand[]=sha&expand[]=tags" },
		{ "https://h/a?expand[]=sha&expand[]=tags", "https://h/b?expand[]=sha&expand[]=tags",
			"https://h/b?expand[]=sha&expand[]=tags" },
		{ "https://h/a?expand[]=sha&limit=7", "https://h/b?expand%5B%5D=sha", "https://h/b?expand%5B%5D=sha&limit=7" },
		{ "https://h/a?limit=7&expand[]=sha", "https://h/b?limit=9", "https://h/b?limit=9&expand[]=sha" },
		{ "https://h/a?limit=7", "https://h/b?limits=9&x=limit=1", "https://h/b?limits=9&x=limit=1&limit=7" },
		{ "https://h/a?limit=7", "https://h/b?limit=", "https://h/b?limit=" },
		{ "https://h/a?limit=7", "https://h/b?", "https://h/b?&limit=7" },
		{ "https://h/a", "https://h/b", "https://h/b" },
		{ "https://h/a", "https://h/b?x=1", "https://h/b?x=1" },
	};
	struct buf url = BUF_INIT(URL_MAX);

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		buf_reset(&url);
		buf_text(&url, cases[i].target);
		url_keep_query(slice_of(cases[i].asked), &url);
		assert_string_equal(url.data, cases[i].url);
	}
	buf_release(&url);
}

static void test_follow(void **state)
{
	static const struct {
		const char *origin, *target, *url; /* NULL: refused */
	} cases[] = {
		{ "https://h", "https://h/api/models?cursor=a%3D%3D", "https://h/api/models?cursor=a%3D%3D" },
		{ "https://h", "HTTPS://H:443/api/models", "https://h/api/models" },
		{ "https://h", "/api/models/new/name?expand[]=sha", "https://h/api/models/new/name?expand[]=sha" },
		{ "https://h", "https://h", "https://h/" },
		{ "https://h", "https://h?x=1", "https://h/?x=1" },
		{ "https://h", "/a#b", "https://h/a" },
		{ "http://h:81", "http://h:81/x", "http://h:81/x" },
		{ "https://h", "http://h/x", NULL },
		{ "https://h", "https://h:444/x", NULL },
		{ "http://h:81", "http://h/x", NULL },
		{ "https://h", "https://h.evil/x", NULL },
		{ "https://h", "https://evil/x", NULL },
		{ "https://h", "https://h@evil/x", NULL },
		{ "https://h", "https://evil@h/x", NULL },
		{ "https://h", "//evil/x", NULL },
		{ "https://h", "/\\evil/x", NULL },
		{ "https://h", "https:/\\evil/x", NULL },
		{ "https://h", "api/models", NULL },
		{ "https://h", "?cursor=x", NULL },
		{ "https://h", "file:///etc/passwd", NULL },
		{ "https://h", "gopher://h/x", NULL },
		{ "https://h", "/a b", NULL },
		{ "https://h", "/a\r\nHost: evil", NULL },
		{ "https://h", "/\x7f", NULL },
		{ "https://h", "/\xc3\xa4", NULL },
		{ "https://h", "", NULL },
	};
	struct buf out = BUF_INIT(URL_MAX);

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct hub_origin origin = origin_of(cases[i].origin);
		const char *why = url_follow(&origin, slice_of(cases[i].target), &out);

		if (!why != (cases[i].url != NULL))
			fail_msg("%s from %s: %s", cases[i].target, cases[i].origin, why ? why : out.data);
		if (!why)
			assert_string_equal(out.data, cases[i].url);
	}
	buf_release(&out);
}

static void test_follow_too_long(void **state)
{
	struct hub_origin origin = origin_of("https://h");
	static char target[2 * URL_MAX];
	struct buf out = BUF_INIT(URL_MAX);

	(void)state;
	memset(target, 'a', sizeof(target));
	target[0] = '/';
	assert_non_null(url_follow(&origin, (struct slice){ target, sizeof(target) }, &out));
	assert_non_null(url_follow(&origin, (struct slice){ target, URL_MAX }, &out));
	assert_null(url_follow(&origin, (struct slice){ target, URL_MAX / 2 }, &out));
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_origins), cmocka_unit_test(test_loopback), cmocka_unit_test(test_listing),
		cmocka_unit_test(test_single), cmocka_unit_test(test_files_and_commits), cmocka_unit_test(test_buckets),
		cmocka_unit_test(test_without_field), cmocka_unit_test(test_with_rows_and_fields),
		cmocka_unit_test(test_of_an_owner), cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_keep_query), cmocka_unit_test(test_follow), cmocka_unit_test(test_follow_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
