/* SPDX-License-Identifier: Apache-2.0 */
/* Which terms a line falls under. */
#include "storage/change_index.h"

#include <stdio.h>

#include "tests/unit/storage/fixture.h"

/* "oacme nacme/model ...": the terms of a line in the order in which they are read. */
static const char *terms_of(struct fixture *f, const char *line)
{
	struct change_terms terms = { 0 };
	struct buf out = BUF_INIT(65536);
	const char *text;

	change_terms_init(&terms);
	assert_true(change_terms_read(&terms, slice_of(line)));
	for (size_t at = 0; at < terms.terms.size; at += 1 + (uint8_t)terms.terms.data[at])
		buf_printf(&out, "%s%.*s", out.size ? " " : "", (uint8_t)terms.terms.data[at], terms.terms.data + at + 1);
	text = fixture_text(f, "%s", out.size ? out.data : "");
	buf_release(&out);
	change_terms_release(&terms);
	return text;
}

#define MOMENTS "\"at\":\"2025-01-02T00:00:00.000Z\",\"observed_at\":\"2025-01-02T00:00:00.000Z\""

static void test_terms(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	assert_string_equal(terms_of(f, "{\"seq\":1,\"event\":\"repo.renamed\",\"repo\":\"New/Model\"," MOMENTS
		",\"before\":{\"repo\":\"Old/Model\"}}"), "nnew/model onew nold/model oold erepo.renamed");
	/* null and empty texts are no words */
	assert_string_equal(terms_of(f, "{\"seq\":1,\"event\":\"license.declared\",\"repo\":\"m\"," MOMENTS
		",\"before\":{\"license\":[],\"license_name\":null,\"class\":\"undeclared\",\"row\":null}"
		",\"after\":{\"license\":[\"mit\"],\"license_name\":\"\",\"class\":\"permissive\",\"row\":\"mit\"}}"),
		"nm elicense.declared <class:undeclared >class:permissive >mit xclass:undeclared>class:permissive xclass:undeclared>mit");
	/* an event of a later program has no term; its names have */
	assert_string_equal(terms_of(f, "{\"seq\":1,\"event\":\"repo.praised\",\"repo\":\"a/b\"," MOMENTS "}"), "na/b oa");
	fixture_free(f);
}

static void test_words(void **state)
{
	struct term_word word = term_class_word(SLICE("copyleft"));

	(void)state;
	assert_int_equal(word.size, strlen("class:copyleft"));
	assert_memory_equal(word.byte, "class:copyleft", word.size);
	assert_int_equal(term_word(SLICE("")).size, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_terms),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
