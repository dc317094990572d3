/* SPDX-License-Identifier: Apache-2.0 */
/* The change decision by itself; test_commit_row.c has the tables of verdicts and events as users meet them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "storage/model/memory.h"
#include "storage/model/verdict.h"

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

static void judge(struct tools *t, const char *before, const char *after, struct buf *out)
{
	struct verdict verdict;

	verdict_judge(&t->json, state_of(t, before), state_of(t, after), &t->arena, &verdict);
	buf_reset(out);
	buf_text(out, "");
	for (unsigned i = 0; i < verdict.count; i++) {
		buf_printf(out, "%s%s", i ? " " : "", event_name(verdict.event[i].event));
		for (unsigned k = 0; k < verdict.event[i].field_count; k++) {
			buf_char(out, k ? ',' : ':');
			buf_slice(out, verdict.event[i].fields[k]);
		}
	}
}

/* The same both ways: whatever changes there is told, and so is the way back. */
static void test_both_ways(void **state)
{
	static const struct {
		const char *a, *b, *there, *back;
	} cases[] = {
		{ "{\"cardData\":{}}", "{\"cardData\":{}}", "", "" },
		{ "{\"cardData\":null}", "{\"cardData\":{}}", "metadata.changed:cardData", "metadata.changed:cardData" },
		{ "{\"cardData\":\"a\"}", "{\"cardData\":{\"x\":1}}", "metadata.changed:cardData.x", "metadata.changed:cardData.x" },
		{ "{\"cardData\":{\"license\":\"mit\"}}", "{\"cardData\":{}}", "license.withdrawn:cardData.license",
			"license.declared:cardData.license" },
		{ "{\"gated\":false}", "{\"gated\":\"auto\"}", "access.gated:gated", "access.ungated:gated" },
		{ "{\"gated\":\"manual\"}", "{\"gated\":\"auto\"}", "access.changed:gated", "access.changed:gated" },
		{ "{\"disabled\":null}", "{\"disabled\":true}", "access.disabled:disabled", "access.enabled:disabled" },
		{ "{\"id\":\"a/b\",\"author\":\"a\"}", "{\"id\":\"c/b\",\"author\":\"c\"}", "repo.renamed:author,id", "repo.renamed:author,id" },
		{ "{\"private\":false}", "{\"private\":true}", "metadata.changed:private", "metadata.changed:private" },
		{ "{\"cardData\":{\"\\\"\":1}}", "{\"cardData\":{}}", "metadata.changed:cardData.\\\"", "metadata.changed:cardData.\\\"" },
		/* not known on one side: not compared */
		{ "{\"id\":\"a/b\"}", "{\"id\":\"a/b\",\"private\":true,\"tags\":[\"license:mit\"]}", "license.declared", "license.withdrawn" },
	};
	struct tools *t = tools_new();
	struct buf out = BUF_INIT(10000);

	(void)state;
	for (size_t i = 0; i + 1 < ARRAY_COUNT(cases); i++) {
		judge(t, cases[i].a, cases[i].b, &out);
		assert_string_equal(out.data, cases[i].there);
		judge(t, cases[i].b, cases[i].a, &out);
		assert_string_equal(out.data, cases[i].back);
	}
	judge(t, "{\"id\":\"a\"}", "{\"id\":\"a\",\"private\":true,\"gated\":false}", &out);
	assert_string_equal(out.data, "");
	buf_release(&out);
	tools_free(t);
}

static void test_event_names(void **state)
{
	(void)state;
	for (unsigned i = 0; i < EVENT_COUNT; i++) {
		assert_int_equal(event_of_name(slice_of(event_name((enum event)i))), i);
		assert_true(strlen(event_meaning((enum event)i)) > 10);
		assert_int_equal(event_is_license((enum event)i), strncmp(event_name((enum event)i), "license.", 8) == 0);
		assert_int_equal(event_has_direction((enum event)i), i == EVENT_LICENSE_SWITCHED || i == EVENT_LICENSE_TERMS);
	}
	assert_int_equal(event_of_name(SLICE("license")), EVENT_COUNT);
	/* Stored in indexes: their order is for ever. */
	assert_int_equal(event_of_name(SLICE("license.declared")), 0);
	assert_int_equal(event_of_name(SLICE("repo.created")), 5);
	assert_int_equal(event_of_name(SLICE("gap")), 22);
}

static void test_base_models(void **state)
{
	struct tools *t = tools_new();
	struct buf card = BUF_INIT(1 << 22);
	struct state *read;

	(void)state;
	read = state_of(t, "{\"cardData\":{\"base_model\":\"a\\u002fb\"}}");
	assert_int_equal(read->base_count, 1);
	assert_true(slice_is(read->base[0], "a/b"));
	read = state_of(t, "{\"cardData\":{\"base_model\":[\"a/b\",5,null,\"c/d\"]}}");
	assert_int_equal(read->base_count, 2);
	read = state_of(t, "{\"cardData\":{\"base_model\":5}}");
	assert_int_equal(read->base_count, 0);
	buf_text(&card, "{\"cardData\":{\"base_model\":[");
	for (unsigned i = 0; i < 1000; i++)
		buf_printf(&card, "%s\"%01500u\"", i ? "," : "", i);
	buf_text(&card, "]}}");
	read = state_of(t, card.data);
	assert_int_equal(read->base_count, STATE_BASES_MAX);
	assert_true(read->base[0].size <= STATEMENT_TEXT_MAX + 3);
	buf_release(&card);
	tools_free(t);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_event_names),
		cmocka_unit_test(test_base_models),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
