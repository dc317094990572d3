/* SPDX-License-Identifier: Apache-2.0 */
/* A record as it is stored and shown, and its seal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <openssl/sha.h>

#include "storage/model/change.h"
#include "storage/model/memory.h"

struct tools {
	struct canon_maker maker;
	struct json json;
	struct arena arena;
};

static struct tools *tools_new(void)
{
	struct tools *t = memory_new(sizeof(*t));

	canon_maker_init(&t->maker);
	json_init(&t->json, 1 << 20);
	return t;
}

static void tools_free(struct tools *t)
{
	canon_maker_release(&t->maker);
	json_release(&t->json);
	arena_release(&t->arena);
	free(t);
}

static struct state *state_of(struct tools *t, const char *canonical)
{
	struct state *state = arena_take(&t->arena, sizeof(*state));
	struct canon canon;

	assert_int_equal(canon_read(&t->maker, slice_of(canonical), &t->arena, &canon), 0);
	state_read(&t->json, &canon, &t->arena, state);
	return state;
}

static const struct change_origin origin = { "00000000-0000-4000-8000-000000000000", "https://huggingface.co" };

/* The example of the format, letter for letter: keys, their order, nulls. */
static void test_format(void **state)
{
	struct tools *t = tools_new();
	struct slice fields[] = { SLICE("cardData.license"), SLICE("cardData.license_name") };
	struct change_side before = { .version = 3, .sha = { 0xAB } }, after = { .version = 4 };
	struct change change = { .seq = 41, .event = EVENT_LICENSE_SWITCHED, .has_repo = true, .kind = REPO_MODEL,
		.name = SLICE("tiiuae/falcon-40b"), .at_ms = 2, .observed_after_ms = 1, .observed_at_ms = 2, .field_count = 2,
		.fields = fields, .downloads = { true, 123 }, .before = &before, .after = &after };
	struct buf line = BUF_INIT(CHANGE_BYTES_MAX), wanted = BUF_INIT(CHANGE_BYTES_MAX);

	(void)state;
	before.state = state_of(t, "{\"cardData\":{\"license\":\"other\",\"license_name\":\"falcon-llm-license\"},\"disabled\":false,"
				   "\"gated\":false,\"id\":\"tiiuae/falcon-40b\",\"private\":false,\"tags\":[]}");
	after.state = state_of(t, "{\"cardData\":{\"base_model\":[\"a/b\"],\"license\":\"apache-2.0\"},\"disabled\":true,"
				  "\"gated\":\"auto\",\"id\":\"tiiuae/falcon-40b\",\"private\":false,\"tags\":[]}");
	change_write(&change, &origin, &line);
	buf_printf(&wanted,
		"{\"v\":1,\"ledger\":\"00000000-0000-4000-8000-000000000000\",\"seq\":41,\"event\":\"license.switched\","
		"\"origin\":\"observed\",\"hub\":\"huggingface.co\",\"kind\":\"model\",\"repo\":\"tiiuae/falcon-40b\","
		"\"oid\":\"000000000000000000000000\",\"url\":\"https://huggingface.co/tiiuae/falcon-40b\","
		"\"at\":\"1970-01-01T00:00:00.002Z\",\"observed_after\":\"1970-01-01T00:00:00.001Z\","
		"\"observed_at\":\"1970-01-01T00:00:00.002Z\",\"last_modified\":null,"
		"\"before\":{\"version\":3,\"sha\":\"ab00000000000000000000000000000000000000\",\"repo\":\"tiiuae/falcon-40b\","
		"\"license\":[\"other\"],\"license_name\":\"falcon-llm-license\",\"license_link\":null,\"source\":\"card\","
		"\"row\":\"falcon-llm-license\",\"spdx\":\"LicenseRef-hub-falcon-llm-license\",\"class\":\"source-available\","
		"\"rank\":5,\"commercial_use\":\"conditional\",\"basis\":\"name\",\"confidence\":\"%s\",\"gated\":\"no\","
		"\"disabled\":false,\"private\":false,\"base_model\":[],\"text\":null},"
		"\"after\":{\"version\":4,\"sha\":null,\"repo\":\"tiiuae/falcon-40b\",\"license\":[\"apache-2.0\"],"
		"\"license_name\":null,\"license_link\":null,\"source\":\"card\",\"row\":\"apache-2.0\",\"spdx\":\"Apache-2.0\","
		"\"class\":\"permissive\",\"rank\":0,\"commercial_use\":\"yes\",\"basis\":\"id\",\"confidence\":\"%s\","
		"\"gated\":\"auto\",\"disabled\":true,\"private\":false,\"base_model\":[\"a/b\"],\"text\":null},"
		"\"direction\":\"loosened\",\"commercial\":\"widened\",\"fields\":[\"cardData.license\",\"cardData.license_name\"],"
		"\"downloads_30d\":123,\"likes\":null,\"tables\":\"%s\",\"of\":null,\"reason\":null,"
		"\"commit\":null",
		before.state->meaning.confidence, after.state->meaning.confidence, license_tables_version());
	assert_string_equal(line.data, wanted.data);
	buf_release(&line);
	buf_release(&wanted);
	tools_free(t);
}

static void test_kinds_and_nulls(void **state)
{
	struct change change = { .seq = 1, .event = EVENT_GAP, .origin = ORIGIN_IMPORTED, .kind = REPO_SPACE, .reason = SLICE("x") };
	struct buf line = BUF_INIT(CHANGE_BYTES_MAX);

	(void)state;
	change_write(&change, &origin, &line);
	assert_non_null(strstr(line.data, "\"kind\":null,\"repo\":null,\"oid\":null,\"url\":null,\"at\":null"));
	assert_non_null(strstr(line.data, "\"origin\":\"imported\""));
	assert_non_null(strstr(line.data, "\"before\":null,\"after\":null,\"direction\":null,\"commercial\":null,\"fields\":[]"));
	buf_reset(&line);
	change.has_repo = true;
	change.name = SLICE("a/\"b\"\n");
	change.of = 7;
	change_write(&change, &origin, &line);
	assert_non_null(strstr(line.data, "\"kind\":\"space\",\"repo\":\"a/\\\"b\\\"\\n\""));
	assert_non_null(strstr(line.data, "\"of\":7,"));
	assert_null(strchr(line.data, '\n'));
	buf_release(&line);
}

/* Read from a commit: of no version, without settings; the commit names itself. */
static void test_reconstructed(void **state)
{
	struct tools *t = tools_new();
	struct change_side side = { .state = state_of(t, "{\"cardData\":null,\"id\":\"a/b\",\"tags\":[]}") };
	struct change_commit commit = { .sha = { 0xCD }, .title = SLICE("a \"b\""), .date_ms = 1 };
	struct change change = { .seq = 1, .event = EVENT_LICENSE_WITHDRAWN, .origin = ORIGIN_RECONSTRUCTED, .has_repo = true,
		.name = SLICE("a/b"), .at_ms = 1, .observed_at_ms = 2, .after = &side, .commit = &commit };
	struct buf line = BUF_INIT(CHANGE_BYTES_MAX);

	(void)state;
	change_write(&change, &origin, &line);
	assert_non_null(strstr(line.data, "\"origin\":\"reconstructed\""));
	assert_non_null(strstr(line.data, "\"after\":{\"version\":null,\"sha\":null,\"repo\":\"a/b\",\"license\":[],"));
	assert_non_null(strstr(line.data, "\"gated\":null,\"disabled\":null,\"private\":null,\"base_model\":[]"));
	assert_non_null(strstr(line.data, "\"reason\":null,\"commit\":{\"sha\":\"cd00000000000000000000000000000000000000\","
					  "\"title\":\"a \\\"b\\\"\",\"user\":null,\"date\":\"1970-01-01T00:00:00.001Z\"}"));
	buf_release(&line);
	tools_free(t);
}

static void hex_of(const unsigned char digest[32], char hex[HASH_HEX + 1])
{
	for (unsigned i = 0; i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

/* By hand, as the format says it: SHA-256 over the previous hash in hex and the line without its end. */
static void test_seal(void **state)
{
	struct buf line = BUF_INIT(1000), text = BUF_INIT(1000);
	char hash[HASH_HEX + 1] = CHANGE_GENESIS, by_hand[HASH_HEX + 1], prev[HASH_HEX + 1], claimed[HASH_HEX + 1],
		computed[HASH_HEX + 1];
	unsigned char digest[32];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		memcpy(prev, hash, sizeof(prev));
		buf_reset(&line);
		buf_reset(&text);
		buf_printf(&line, "{\"seq\":%u", i);
		buf_printf(&text, "%s{\"seq\":%u", hash, i);
		SHA256((const unsigned char *)text.data, text.size, digest);
		hex_of(digest, by_hand);
		change_seal(&line, hash, hash);
		assert_string_equal(hash, by_hand);
		buf_reset(&text);
		buf_printf(&text, "{\"seq\":%u,\"prev\":\"%s\",\"hash\":\"%s\"}", i, prev, by_hand);
		assert_string_equal(line.data, text.data);
		assert_true(change_check(buf_as_slice(&line), prev, claimed, computed));
		assert_string_equal(claimed, hash);
		assert_string_equal(computed, hash);
	}
	buf_release(&line);
	buf_release(&text);
}

/* Every single flipped bit of a sealed line shows. */
static void test_edits_show(void **state)
{
	struct buf line = BUF_INIT(1000);
	char hash[HASH_HEX + 1] = CHANGE_GENESIS, prev[HASH_HEX + 1], claimed[HASH_HEX + 1], computed[HASH_HEX + 1];

	(void)state;
	buf_text(&line, "{\"seq\":1,\"event\":\"gap\"");
	change_seal(&line, hash, hash);
	for (size_t bit = 0; bit < line.size * 8; bit++) {
		bool fits;
		line.data[bit / 8] ^= (char)(1 << bit % 8);
		fits = change_check(buf_as_slice(&line), prev, claimed, computed) && strcmp(claimed, computed) == 0 &&
		       strcmp(prev, CHANGE_GENESIS) == 0 && strcmp(claimed, hash) == 0;
		if (fits)
			fail_msg("bit %zu: %s", bit, line.data);
		line.data[bit / 8] ^= (char)(1 << bit % 8);
	}
	for (size_t size = 0; size < line.size; size++)
		if (change_check((struct slice){ line.data, size }, prev, claimed, computed))
			assert_string_not_equal(claimed, computed);
	buf_release(&line);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_kinds_and_nulls),
		cmocka_unit_test(test_reconstructed),
		cmocka_unit_test(test_seal),
		cmocka_unit_test(test_edits_show),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
