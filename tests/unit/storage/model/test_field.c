/* SPDX-License-Identifier: Apache-2.0 */
/* The field table, and projections as text that outlives it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "storage/model/field.h"

static void test_find(void **state)
{
	(void)state;
	for (unsigned i = 0; i < FIELD_COUNT; i++)
		assert_int_equal(field_find(slice_of(field_infos[i].key)), i);
	assert_int_equal(field_find(SLICE("cardDat")), FIELD_NONE);
	assert_int_equal(field_find(SLICE("cardData ")), FIELD_NONE);
	assert_int_equal(field_find(SLICE("_id")), FIELD_NONE);
	assert_int_equal(field_find(SLICE_NONE), FIELD_NONE);
	for (unsigned i = 1; i < FIELD_COUNT; i++) /* the canonical form is written in this order */
		assert_true(strcmp(field_infos[i - 1].key, field_infos[i].key) < 0);
}

static void asked(enum repo_kind kind, struct buf *out)
{
	buf_reset(out);
	for (unsigned i = 0; i < FIELD_COUNT; i++)
		if (field_infos[i].asked[kind])
			buf_printf(out, "%s%s", out->size ? " " : "", field_infos[i].key);
}

/* The expand[] lists, word for word. */
static void test_asked(void **state)
{
	struct buf out = BUF_INIT(1000);

	(void)state;
	asked(REPO_MODEL, &out);
	assert_string_equal(out.data, "author cardData createdAt disabled downloads gated lastModified library_name likes pipeline_tag "
				      "private sha tags");
	asked(REPO_DATASET, &out);
	assert_string_equal(out.data, "author cardData createdAt disabled downloads gated lastModified likes private sha tags");
	asked(REPO_SPACE, &out);
	assert_string_equal(out.data, "author cardData createdAt disabled lastModified likes private sdk sha tags");
	buf_release(&out);
	assert_true(fields_asked(REPO_SPACE) & field_bit(FIELD_ID));
	assert_false(fields_asked(REPO_SPACE) & field_bit(FIELD_GATED));
}

static void test_projection_text(void **state)
{
	struct projection projection = { .kind = REPO_SPACE, .endpoint = ENDPOINT_SINGLE, .rules = 17 }, back;
	struct buf out = BUF_INIT(1000);

	(void)state;
	projection.fields = field_bit(FIELD_AUTHOR) | field_bit(FIELD_TAGS);
	projection_write(&projection, &out);
	assert_string_equal(out.data, "spaces single rules=17 author,tags");
	assert_true(projection_read(buf_as_slice(&out), &back));
	assert_int_equal(back.kind, REPO_SPACE);
	assert_int_equal(back.endpoint, ENDPOINT_SINGLE);
	assert_int_equal(back.rules, 17);
	assert_int_equal(back.fields, projection.fields);
	buf_release(&out);
}

static void test_projection_of_another_table(void **state)
{
	static const char *const wrong[] = { "", "models", "models list", "kernels list rules=1 tags", "models list rulez=1 tags",
		"models list rules=x tags", "models list rules= tags" };
	struct projection back;

	(void)state;
	assert_true(projection_read(SLICE("models list rules=9 author,gone,tags,usedStorage"), &back));
	assert_int_equal(back.fields, field_bit(FIELD_AUTHOR) | field_bit(FIELD_TAGS));
	assert_true(projection_read(SLICE("models list rules=9"), &back));
	assert_int_equal(back.fields, 0);
	for (size_t i = 0; i < ARRAY_COUNT(wrong); i++)
		if (projection_read(slice_of(wrong[i]), &back))
			fail_msg("%s", wrong[i]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_asked),
		cmocka_unit_test(test_projection_text),
		cmocka_unit_test(test_projection_of_another_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
