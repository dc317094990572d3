/* SPDX-License-Identifier: Apache-2.0 */
/* Cursors made and read here, against those that the Hub's links were seen to hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "daemon/hub/oid_cursor.h"

/* {"_id":{"$gt":"621ffdc036468d709f174328"}} */
#define SEEN "eyJfaWQiOnsiJGd0IjoiNjIxZmZkYzAzNjQ2OGQ3MDlmMTc0MzI4In19"

static void test_behind(void **state)
{
	struct buf url = BUF_INIT(4096);
	struct repo_oid oid, back;

	(void)state;
	assert_true(oid_read(SLICE("621ffdc036468d709f174328"), &oid));
	url_behind(SLICE("https://h/api/models?sort=createdAt&limit=5"), &oid, &url);
	assert_string_equal(url.data, "https://h/api/models?sort=createdAt&limit=5&cursor=" SEEN);
	assert_true(url_oid(buf_as_slice(&url), &back));
	assert_int_equal(oid_compare(&oid, &back), 0);
	buf_reset(&url);
	url_behind(SLICE("https://h/api/models?cursor=abc%3D&limit=5"), &oid, &url); /* instead of another */
	assert_string_equal(url.data, "https://h/api/models?limit=5&cursor=" SEEN);
	buf_release(&url);
}

static void test_oid(void **state)
{
	static const struct {
		const char *url;
		bool good;
		const char *oid;
	} cases[] = {
		{ "https://h/api/models?limit=5", true, "000000000000000000000000" },
		{ "https://h/api/models?cursor=" SEEN "&limit=5", true, "621ffdc036468d709f174328" },
		/* with a search token behind it, padded */
		{ "https://h/a?cursor=eyJfaWQiOnsiJGd0IjoiNjIxZmZkYzAzNjQ2OGQ3MDlmMTc0MzI4In0sInNlYXJjaCI6IngifQ%3D%3D", true,
			"621ffdc036468d709f174328" },
		{ "https://h/a?cursor=%65yJfaWQiOnsiJGd0IjoiNjIxZmZkYzAzNjQ2OGQ3MDlmMTc0MzI4In19", true, "621ffdc036468d709f174328" },
		{ "https://h/a?cursor=eyJfaWQiOnsiJGx0IjoiNjIxZmZkYzAzNjQ2OGQ3MDlmMTc0MzI4In19", false, "" }, /* $lt */
		{ "https://h/a?cursor=eyIkb3IiOlt7Imxpa2VzIjoxfV19", false, "" },
		{ "https://h/a?cursor=opaque", false, "" },
		{ "https://h/a?cursor=%4", false, "" },
		{ "https://h/a?cursor=%zz", false, "" },
		{ "https://h/a?xcursor=" SEEN, true, "000000000000000000000000" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct repo_oid oid;
		char hex[OID_HEX + 1];
		bool good = url_oid(slice_of(cases[i].url), &oid);

		oid_write(&oid, hex);
		if (good != cases[i].good || (good && strcmp(hex, cases[i].oid) != 0))
			fail_msg("%s: %s", cases[i].url, hex);
	}
}

/* {"$or":[{"lastModified":"2026-01-01T00:00:00.000Z","_id":{"$gt":"621ffdc036468d709f174328"}},{"lastModified":{"$lt":"x"}}]} */
#define BY_CHANGE \
	"eyIkb3IiOlt7Imxhc3RNb2RpZmllZCI6IjIwMjYtMDEtMDFUMDA6MDA6MDAuMDAwWiIsIl9pZCI6eyIkZ3QiOiI2MjFmZmRjMDM2NDY4ZDcwOWYxNzQzMjgif" \
	"X0seyJsYXN0TW9kaWZpZWQiOnsiJGx0IjoieCJ9fV19"

static void test_row(void **state)
{
	struct repo_oid oid;
	char hex[OID_HEX + 1];

	(void)state;
	assert_true(url_row(SLICE("https://h/a?cursor=" BY_CHANGE), &oid));
	oid_write(&oid, hex);
	assert_string_equal(hex, "621ffdc036468d709f174328");
	assert_false(url_oid(SLICE("https://h/a?cursor=" BY_CHANGE), &oid));
	assert_true(url_row(SLICE("https://h/a?cursor=" SEEN), &oid));
	assert_false(url_row(SLICE("https://h/a?limit=1"), &oid));
	assert_false(url_row(SLICE("https://h/a?cursor=opaque"), &oid));
}

static void test_long_cursor(void **state)
{
	struct buf url = BUF_INIT(1 << 16);
	struct repo_oid oid;

	(void)state;
	buf_text(&url, "https://h/a?cursor=");
	for (unsigned i = 0; i < 4000; i++)
		buf_text(&url, "eyJf");
	assert_false(url_oid(buf_as_slice(&url), &oid));
	buf_release(&url);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_behind), cmocka_unit_test(test_oid), cmocka_unit_test(test_row), cmocka_unit_test(test_long_cursor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
