/* SPDX-License-Identifier: Apache-2.0 */
/* License meaning: the examples of storage/model/licenses/README.md, every row of the tables, and hostile input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "storage/model/license.h"

#define TABLES "storage/model/licenses/" /* tests run in the root of the checkout */

/* ---- statements written short ---------------------------------------------------------------------------------- */

/* ids: "mit", or several parted by '|'. */
static struct statement statement_of(const char *ids, const char *name, const char *link)
{
	struct statement statement = { .source = ids ? STATEMENT_CARD : STATEMENT_NONE,
		.license_name = slice_of(name), .license_link = slice_of(link) };

	while (ids) {
		const char *end = strchr(ids, '|');
		size_t size = end ? (size_t)(end - ids) : strlen(ids);

		statement.id[statement.id_count++] = (struct slice){ ids, size };
		ids = end ? end + 1 : NULL;
	}
	return statement;
}

static struct license_meaning meaning_of(const char *ids, const char *name, const char *link)
{
	struct statement statement = statement_of(ids, name, link);
	struct license_meaning meaning;

	license_mean(&statement, &meaning);
	return meaning;
}

static void assert_text(const char *what, const char *got, const char *wanted)
{
	if (!got || !wanted ? got != wanted : strcmp(got, wanted) != 0)
		fail_msg("%s: got %s, wanted %s", what, got ? got : "NULL", wanted ? wanted : "NULL");
}

/* ---- N(s) ------------------------------------------------------------------------------------------------------ */

static void test_normal_form(void **state)
{
	static const struct { const char *in, *out; } cases[] = {
		{ "mit", "mit" },
		{ "MIT", "mit" },
		{ "  Apache 2.0\t\n", "apache-2.0" },
		{ "\"mit\"", "mit" },
		{ "['apache-2.0']", "apache-2.0" },
		{ "(((gpl-3.0)))", "gpl-3.0" },
		{ "CC_BY_4.0", "cc-by-4.0" },
		{ "GPL-3.0+", "gpl-3.0+" },
		{ "openrail++", "openrail++" },
		{ "a -- / -- b", "a-b" },
		{ ".-.mit.-.", "mit" },
		{ "mit-.-x", "mit-.-x" },
		{ "MIT Licence", "mit-license" },
		{ "LICENCE", "license" },
		{ "licencelicence", "licenselicense" },
		{ "licen ce", "licen-ce" },
		{ "licenc", "licenc" },
		{ "licencing", "licencing" },
		{ "llicence", "llicense" },
		{ "licenlicence", "licenlicense" },
		{ "licence-", "license" },
		{ "mit\xc3\xa9x", "mit-x" },
		{ "\xef\xbb\xbfmit", "mit" },
		{ "\xff\xfe", "" },
		{ "???", "" },
		{ "**", "" },
		{ "...---", "" },
		{ "", "" },
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		size_t size = license_normalise(slice_of(cases[i].in), out, sizeof(out));

		assert_text(cases[i].in, out, cases[i].out);
		assert_int_equal(size, strlen(cases[i].out));
		assert_true(license_same_text(slice_of(cases[i].in), slice_of(cases[i].out)));
	}
	assert_int_equal(license_normalise(SLICE_NONE, out, sizeof(out)), 0);
	assert_int_equal(license_normalise(((struct slice){ "m\0it", 4 }), out, sizeof(out)), 4);
	assert_string_equal(out, "m-it");
}

static void test_normal_form_says_when_it_is_cut(void **state)
{
	char out[8];

	(void)state;
	assert_int_equal(license_normalise(SLICE("1234567"), out, sizeof(out)), 7);
	assert_int_equal(license_normalise(SLICE("1234567 !"), out, sizeof(out)), 7);
	assert_int_equal(license_normalise(SLICE("12345678"), out, sizeof(out)), sizeof(out));
	assert_string_equal(out, "1234567");
	assert_int_equal(license_normalise(SLICE("x"), out, 1), 1);
	assert_string_equal(out, "");
}

static void test_same_text(void **state)
{
	char a[5000], b[5000];

	(void)state;
	assert_true(license_same_text(SLICE("MIT  Licence"), SLICE("mit-license")));
	assert_true(license_same_text(SLICE_NONE, SLICE("??")));
	assert_false(license_same_text(SLICE("mit"), SLICE("mit-0")));
	assert_false(license_same_text(SLICE("mit"), SLICE("")));
	memset(a, 'x', sizeof(a));
	memset(b, 'X', sizeof(b));
	assert_true(license_same_text((struct slice){ a, sizeof(a) }, (struct slice){ b, sizeof(b) }));
	b[sizeof(b) - 1] = 'y'; /* far behind what license_normalise would have room for */
	assert_false(license_same_text((struct slice){ a, sizeof(a) }, (struct slice){ b, sizeof(b) }));
}

static void test_words(void **state)
{
	(void)state;
	assert_true(license_has_word(SLICE("cc-by-nc-4.0"), "nc"));
	assert_true(license_has_word(SLICE("nc"), "nc"));
	assert_true(license_has_word(SLICE("model-nc2"), "nc"));
	assert_false(license_has_word(SLICE("openchat"), "nc"));
	assert_false(license_has_word(SLICE("license"), "see"));
	assert_true(license_has_word(SLICE("my-openrails"), "openrail*"));
	assert_false(license_has_word(SLICE("copenrail"), "openrail*"));
	assert_false(license_has_word(SLICE("n"), "nc"));
	assert_false(license_has_word(SLICE_NONE, "nc"));
}

static void test_links_in_normal_form(void **state)
{
	static const struct { const char *in, *out; } cases[] = {
		{ "https://www.Apache.org/licenses/LICENSE-2.0", "apache.org/licenses/license-2.0" },
		{ " http://x.y/Z \n", "x.y/z" },
		{ "www.x.y", "x.y" },
		{ "LICENSE", "license" },
		{ "https://", "" },
		{ "  ", "" },
		{ "", "" },
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		assert_int_equal(license_normalise_link(slice_of(cases[i].in), out, sizeof(out)), strlen(cases[i].out));
		assert_text(cases[i].in, out, cases[i].out);
	}
	assert_int_equal(license_normalise_link(SLICE("https://abcdefgh"), out, 12), 3);
	assert_string_equal(out, "abc");
}

static void test_percent_decoding(void **state)
{
	static const struct { const char *in, *out; } cases[] = {
		{ "a%41b", "aAb" }, { "%7Bx%7d", "{x}" }, { "%", "%" }, { "%4", "%4" }, { "%4g", "%4g" }, { "%%41", "%A" }, { "", "" },
	};
	char out[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		out[license_percent_decode(slice_of(cases[i].in), out)] = '\0';
		assert_text(cases[i].in, out, cases[i].out);
	}
}

/* ---- meanings -------------------------------------------------------------------------------------------------- */

static void test_meanings(void **state)
{
	static const struct {
		const char *ids, *name, *link;
		const char *row, *class;
		int rank;
		const char *commercial, *basis, *confidence, *spdx;
	} cases[] = {
		/* nothing said, and nothing that helps */
		{ NULL, NULL, NULL, NULL, "undeclared", -1, "unknown", "none", "none", "NONE" },
		{ "other", NULL, NULL, "other", "unknown", -1, "unknown", "id", "none", "NOASSERTION" },
		{ "other", NULL, "LICENSE", "other", "unknown", -1, "unknown", "id", "none", "NOASSERTION" },
		{ "unknown", NULL, NULL, "unknown", "unknown", -1, "unknown", "id", "none", "NOASSERTION" },
		{ "cc", NULL, NULL, "cc", "unknown", -1, "unknown", "id", "none", "NOASSERTION" },
		{ "???", NULL, NULL, NULL, "unknown", -1, "unknown", "none", "none", "NOASSERTION" },
		{ "brand-new-id", NULL, NULL, NULL, "unknown", -1, "unknown", "none", "none", "NOASSERTION" },
		{ "other", "iuggvh", NULL, NULL, "unknown", -1, "unknown", "none", "none", "NOASSERTION" },
		{ "other", "apache-2.0-with-naming-clause", NULL, NULL, "unknown", -1, "unknown", "none", "none",
			"NOASSERTION" },
		/* 1: the id */
		{ "mit", NULL, NULL, "mit", "permissive", 0, "yes", "id", "text", "MIT" },
		{ "MIT", NULL, NULL, "mit", "permissive", 0, "yes", "id", "text", "MIT" },
		{ "Apache License 2.0", NULL, NULL, "apache-2.0", "permissive", 0, "yes", "alias", "text", "Apache-2.0" },
		{ "llama-2", NULL, NULL, "llama2", "source-available", 5, "conditional", "alias", "text",
			"LicenseRef-hub-llama2" },
		{ "openrail++", NULL, NULL, "openrail++", "use-restricted", 4, "yes", "id", "text",
			"LicenseRef-hub-openrail-plus-plus" },
		{ "gpl-3.0", NULL, NULL, "gpl-3.0", "copyleft", 2, "yes", "id", "text", "GPL-3.0" },
		{ "GPL-3.0-or-later", NULL, NULL, "gpl-3.0", "copyleft", 2, "yes", "alias", "text", "GPL-3.0-or-later" },
		{ "gpl-3.0+", NULL, NULL, "gpl-3.0", "copyleft", 2, "yes", "alias", "text", "GPL-3.0+" },
		{ "cc-by-nd-4.0", NULL, NULL, "cc-by-nd-4.0", "source-available", 6, "yes", "id", "text", "CC-BY-ND-4.0" },
		{ "zpl-2.1", NULL, NULL, "ZPL-2.1", "permissive", 0, "yes", "id", "secondary", "ZPL-2.1" },
		{ "ESA-PL-permissive-2.4", NULL, NULL, "ESA-PL-permissive-2.4", "unknown", -1, "unknown", "id", "none",
			"ESA-PL-permissive-2.4" },
		{ "other-c-uda", NULL, NULL, "c-uda", "source-available", 5, "conditional", "alias", "text", "C-UDA-1.0" },
		{ "other-MIT", NULL, NULL, "mit", "permissive", 0, "yes", "alias", "text", "MIT" },
		{ "openmdw-1.1", NULL, NULL, "openmdw-1.1", "permissive", 0, "yes", "id", "secondary",
			"LicenseRef-hub-openmdw-1.1" },
		/* 2: the name */
		{ "other", "falcon-llm-license", "https://falconllm.tii.ae/falcon-terms-and-conditions.html",
			"falcon-llm-license", "source-available", 5, "conditional", "name", "text",
			"LicenseRef-hub-falcon-llm-license" },
		{ "other", "apache-2.0", NULL, "apache-2.0", "permissive", 0, "yes", "name", "text", "Apache-2.0" },
		{ "other", "deepseek", NULL, "deepseek", "use-restricted", 4, "yes", "name", "text",
			"LicenseRef-hub-deepseek" },
		{ "other", "Business Source License 1.1", NULL, "busl-1.1", "source-available", 5, "conditional", "name",
			"known", "BUSL-1.1" },
		{ "brand-new-id", "mit", NULL, "mit", "permissive", 0, "yes", "name", "text", "MIT" },
		{ "other", "all rights reserved", NULL, "generic-proprietary", "proprietary", 10, "no", "name", "name",
			"LicenseRef-hub-generic-proprietary" },
		{ "other", "nvidia-license", NULL, "nvidia-license", "unknown", -1, "unknown", "name", "none",
			"NOASSERTION" },
		{ "other", "apache-2.0-and-gemma-terms", "https://ai.google.dev/gemma/terms", "generic-mixed", "unknown", -1,
			"unknown", "name", "none", "NOASSERTION" },
		/* 3: the link */
		{ "other", NULL, "https://ai.google.dev/gemma/terms", "gemma", "source-available", 5, "conditional", "link",
			"text", "LicenseRef-hub-gemma" },
		{ "other", "license", "https://llama.meta.com/llama3/license/", "llama3", "source-available", 5,
			"conditional", "link", "secondary", "LicenseRef-hub-llama3" },
		{ "other", NULL, "HTTPS://WWW.apache.org/licenses/LICENSE-2.0.txt", "apache-2.0", "permissive", 0, "yes",
			"link", "text", "Apache-2.0" },
		{ "other", NULL, "https://freedevproject.org/faipl-1.0-sd/", "faipl-1.0-sd", "use-restricted", 4, "yes",
			"link", "text", "LicenseRef-hub-faipl-1.0-sd" },
		{ "other", NULL, "https://freedevproject.org/faipl-1.0/", "faipl-1.0", "copyleft", 3, "yes", "link", "text",
			"LicenseRef-hub-faipl-1.0" },
		{ "other", NULL, "https://huggingface.co/Qwen/Qwen2.5-3B-Instruct/blob/main/LICENSE", "qwen-research",
			"non-commercial", 7, "no", "link", "secondary", "LicenseRef-hub-qwen-research" },
		{ "other", NULL, "https://choosealicense.com/licenses/agpl-3.0/", "agpl-3.0", "copyleft", 3, "yes", "link",
			"text", "AGPL-3.0" },
		{ "other", NULL, "https://spdx.org/licenses/GPL-2.0-or-later.html#licenseText", "gpl-2.0", "copyleft", 2,
			"yes", "link", "text", "GPL-2.0-or-later" },
		{ "other", NULL, "https://spdx.org/licenses/", "other", "unknown", -1, "unknown", "id", "none",
			"NOASSERTION" },
		{ "other", NULL, "https://evil.example/?apache.org/licenses/license-2.0", "other", "unknown", -1, "unknown",
			"id", "none", "NOASSERTION" },
		{ "mit", NULL, "https://ai.google.dev/gemma/terms", "mit", "permissive", 0, "yes", "id", "text", "MIT" },
		/* 5: words in the name, or in an id that no table has */
		{ "other", "kaiko-non-commercial", NULL, NULL, "non-commercial", 7, "no", "pattern", "low",
			"LicenseRef-hub-kaiko-non-commercial" },
		{ "other", "My++ Research_Licence", NULL, NULL, "non-commercial", 7, "no", "pattern", "low",
			"LicenseRef-hub-my-plus-plus-research-license" },
		{ "other", "vuniti-eula", NULL, NULL, "proprietary", 10, "no", "pattern", "low",
			"LicenseRef-hub-vuniti-eula" },
		{ "other", "proprietary-research", NULL, NULL, "non-commercial", 7, "no", "pattern", "low",
			"LicenseRef-hub-proprietary-research" },
		{ "other", "foo-open-rail-m", NULL, NULL, "use-restricted", 4, "yes", "pattern", "low",
			"LicenseRef-hub-foo-open-rail-m" },
		{ "other", "holley-community-license-1.0", NULL, NULL, "source-available", 5, "conditional", "pattern",
			"low", "LicenseRef-hub-holley-community-license-1.0" },
		{ "other", "inherits-everything", NULL, NULL, "unknown", -1, "unknown", "pattern", "low", "NOASSERTION" },
		{ "other-my-academic-terms", NULL, NULL, NULL, "non-commercial", 7, "no", "pattern", "low",
			"LicenseRef-hub-other-my-academic-terms" },
		{ "foo-community", "bar-research-x", NULL, NULL, "non-commercial", 7, "no", "pattern", "low",
			"LicenseRef-hub-bar-research-x" },
		/* several ids */
		{ "mit|MIT", NULL, NULL, "mit", "permissive", 0, "yes", "id", "text", "MIT" },
		{ "apache-2.0|cc-by-nc-4.0", NULL, NULL, "cc-by-nc-4.0", "non-commercial", 7, "no", "id", "text",
			"NOASSERTION" },
		{ "cc-by-nc-4.0|apache-2.0", NULL, NULL, "cc-by-nc-4.0", "non-commercial", 7, "no", "id", "text",
			"NOASSERTION" },
		{ "apache-2.0|other", NULL, NULL, "other", "unknown", -1, "unknown", "id", "none", "NOASSERTION" },
		{ "unknown|cc-by-nc-nd-4.0", NULL, NULL, "unknown", "unknown", -1, "unknown", "id", "none", "NOASSERTION" },
		{ "other|apache-2.0", "llama3", NULL, "llama3", "source-available", 5, "conditional", "name", "secondary",
			"NOASSERTION" },
		{ "cc-by-nd-4.0|llama3", NULL, NULL, "cc-by-nd-4.0", "source-available", 6, "conditional", "id", "text",
			"NOASSERTION" },
		{ "gpl-2.0|GPL-2.0-only", NULL, NULL, "gpl-2.0", "copyleft", 2, "yes", "id", "text", "NOASSERTION" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct license_meaning meaning = meaning_of(cases[i].ids, cases[i].name, cases[i].link);

		print_message("%s | %s | %s\n", cases[i].ids ? cases[i].ids : "", cases[i].name ? cases[i].name : "",
			cases[i].link ? cases[i].link : "");
		assert_text("row", meaning.row, cases[i].row);
		assert_text("class", license_class_name(meaning.class), cases[i].class);
		assert_int_equal(meaning.rank, cases[i].rank);
		assert_text("commercial", license_commercial_name(meaning.commercial), cases[i].commercial);
		assert_text("basis", license_basis_name(meaning.basis), cases[i].basis);
		assert_text("confidence", meaning.confidence, cases[i].confidence);
		assert_text("spdx", meaning.spdx, cases[i].spdx);
		assert_false(meaning.name_differs);
	}
}

#define CIVITAI "https://multimodal.art/civitai-licenses?"

static void test_civitai_flags(void **state)
{
	static const struct {
		const char *ids, *name, *link, *class;
		int rank;
		const char *commercial;
	} cases[] = {
		{ "other", "bespoke-lora-trained-license", NULL, "unknown", -1, "unknown" },
		{ "other", "bespoke-lora-trained-license", "https://multimodal.art/civitai-licenses", "unknown", -1, "unknown" },
		{ "other", "civitai-license", NULL, "unknown", -1, "unknown" },
		{ "other", "bespoke-lora-trained-license",
			CIVITAI "allowNoCredit=True&allowCommercialUse=Image&allowDerivatives=True&allowDifferentLicense=True",
			"source-available", 5, "conditional" },
		{ "other", "bespoke-lora-trained-license", CIVITAI "allowCommercialUse=None&allowDerivatives=True",
			"non-commercial", 7, "no" },
		{ "other", "bespoke-lora-trained-license", CIVITAI "allowCommercialUse=&allowDerivatives=True",
			"non-commercial", 7, "no" },
		{ "other", "bespoke-lora-trained-license", CIVITAI "allowCommercialUse=%7B%7D", "non-commercial", 7, "no" },
		{ "other", "bespoke-lora-trained-license", CIVITAI "allowCommercialUse=%7BImage%2CRentCivit%7D",
			"source-available", 5, "conditional" },
		{ "other", NULL, CIVITAI "allowCommercialUse=Sell&allowDerivatives=False", "source-available", 6, "conditional" },
		{ "other", NULL, CIVITAI "allowDerivatives=False&allowCommercialUse=None#x", "non-commercial", 9, "no" },
		{ "other", NULL, CIVITAI "allowCommercialUse=None&allowDifferentLicense=False", "non-commercial", 8, "no" },
		{ "other", NULL, CIVITAI "allowCommercialUse=42", "source-available", 5, "conditional" },
		{ "other", NULL, CIVITAI "&&=&a&%&allowNoCredit", "source-available", 5, "conditional" },
		{ "other", "civitai-image-rentcivit-rent", NULL, "source-available", 5, "conditional" },
		{ "other", "civitai-sell", NULL, "source-available", 5, "conditional" },
		{ "other", "civitai-none", NULL, "non-commercial", 7, "no" },
		{ "other", "civitai-none", CIVITAI "allowCommercialUse=Image", "source-available", 5, "conditional" },
		{ "civitai-none", NULL, NULL, "non-commercial", 7, "no" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct license_meaning meaning = meaning_of(cases[i].ids, cases[i].name, cases[i].link);

		print_message("%s | %s\n", cases[i].name ? cases[i].name : "", cases[i].link ? cases[i].link : "");
		assert_text("row", meaning.row, "civitai-flags");
		assert_text("class", license_class_name(meaning.class), cases[i].class);
		assert_int_equal(meaning.rank, cases[i].rank);
		assert_text("commercial", license_commercial_name(meaning.commercial), cases[i].commercial);
	}
}

static void test_name_beside_a_listed_id(void **state)
{
	static const struct { const char *ids, *name; bool differs; } cases[] = {
		{ "mit", "deepseek", true },
		{ "apache-2.0", "yi-license", true },
		{ "mit", "somebody-non-commercial", true },
		{ "apache-2.0|mit", "llama3", true },
		{ "mit", "apache-2.0", false },     /* another license of the same class */
		{ "mit", "see-license", false },    /* says nothing */
		{ "mit", "my own words", false },   /* not understood */
		{ "mit", "mixed", false },          /* no class of its own */
		{ "mit", NULL, false },
		{ "other", "deepseek", false },     /* the name is what counts */
		{ "mit|other", "deepseek", false },
		{ "cc-by-nc-4.0|other", "deepseek", false },
		{ NULL, "deepseek", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct license_meaning meaning = meaning_of(cases[i].ids, cases[i].name, NULL);

		print_message("%s | %s\n", cases[i].ids ? cases[i].ids : "", cases[i].name ? cases[i].name : "");
		assert_int_equal(meaning.name_differs, cases[i].differs);
	}
	assert_int_equal(meaning_of("mit", "deepseek", NULL).class, LICENSE_PERMISSIVE); /* the id counts */
}

/* ---- two meanings ---------------------------------------------------------------------------------------------- */

static void test_directions(void **state)
{
	static const struct { const char *before, *before_name, *after, *after_name, *direction, *commercial; } cases[] = {
		{ "other", "falcon-llm-1.0", "apache-2.0", NULL, "loosened", "widened" },
		{ "tii-falcon-llm", NULL, "apache-2.0", NULL, "loosened", "widened" },
		{ "other", "yi-license", "apache-2.0", NULL, "loosened", "widened" },
		{ "apple-ascl", NULL, "apple-amlr", NULL, "tightened", "lost" },
		{ "apache-2.0", NULL, "other", "my-non-commercial-terms", "tightened", "lost" },
		{ "other", "nvidia-open-model-license", "other", "nvidia-nemotron-open-model-license", "loosened", "widened" },
		{ "gpl-3.0", NULL, "agpl-3.0", NULL, "tightened", "unchanged" },
		{ "creativeml-openrail-m", NULL, "openrail++", NULL, "lateral", "unchanged" },
		{ "llama3", NULL, "llama3.1", NULL, "lateral", "unchanged" },
		{ "cc-by-nc-4.0", NULL, "cc-by-nc-nd-4.0", NULL, "tightened", "unchanged" },
		{ "mit", NULL, "cc0-1.0", NULL, "lateral", "unchanged" },
		{ "apache-2.0", NULL, "other", NULL, "unclear", "unclear" },
		{ "osl-3.0", NULL, "afl-3.0", NULL, "loosened", "unchanged" },
		{ "llama3", NULL, "cc-by-nd-4.0", NULL, "tightened", "widened" },
		{ "llama3", NULL, "apache-2.0", NULL, "loosened", "widened" },
		{ "apache-2.0", NULL, "llama3", NULL, "tightened", "narrowed" },
		{ "cc-by-nc-4.0", NULL, "llama3", NULL, "loosened", "widened" },
		{ "llama3", NULL, "cc-by-nc-4.0", NULL, "tightened", "narrowed" },
		{ "mit", NULL, NULL, NULL, "unclear", "unclear" },
		{ NULL, NULL, "mit", NULL, "unclear", "unclear" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct license_meaning before = meaning_of(cases[i].before, cases[i].before_name, NULL);
		struct license_meaning after = meaning_of(cases[i].after, cases[i].after_name, NULL);

		print_message("%s -> %s\n", cases[i].before ? cases[i].before : "", cases[i].after ? cases[i].after : "");
		assert_text("direction", license_direction_name(license_direction(&before, &after)), cases[i].direction);
		assert_text("commercial", license_commercial_change_name(license_commercial_change(before.commercial, after.commercial)),
			cases[i].commercial);
	}
}

static void test_same_row(void **state)
{
	static const struct { const char *before, *before_name, *before_link, *after, *after_name, *after_link; bool same; } cases[] = {
		{ "llama-2", NULL, NULL, "llama2", NULL, NULL, true },
		{ "other", "gemma", NULL, "gemma", NULL, NULL, true },
		{ "other", "openmdw-1.1", NULL, "openmdw-1.1", NULL, NULL, true },
		{ "other", NULL, "https://ai.google.dev/gemma/terms", "gemma", NULL, NULL, true },
		{ "mit", NULL, NULL, "mit", "deepseek", NULL, true },
		{ "mit", NULL, NULL, "apache-2.0", NULL, NULL, false },
		{ "other", NULL, NULL, "other", NULL, NULL, false },                       /* unknown */
		{ "other", "nvidia-license", NULL, "nvidia-license", NULL, NULL, false },  /* unknown */
		{ NULL, NULL, NULL, NULL, NULL, NULL, false },                             /* undeclared */
		{ "other", "a-research", NULL, "other", "b-research", NULL, false },       /* words, no row */
		{ "mit|gemma", NULL, NULL, "other|mit", "gemma", NULL, true },
		{ "mit|mit", NULL, NULL, "mit", NULL, NULL, true },
		{ "mit|gemma", NULL, NULL, "gemma", NULL, NULL, false },
		{ "mit|gemma", NULL, NULL, "apache-2.0|gemma", NULL, NULL, false },
		{ "mit|other", "a-research", NULL, "mit|other", "b-research", NULL, false },
		{ "other", "civitai-image", NULL, "other", "bespoke-lora-trained-license", CIVITAI "allowCommercialUse=Image", true },
		{ "other", "civitai-image", NULL, "other", "civitai-sell", NULL, false },
		{ "other", "civitai-image", NULL, "other", "civitai-none", NULL, false },
		{ "other", "civitai", NULL, "other", "civitai-license", NULL, false },     /* unknown */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct license_meaning before = meaning_of(cases[i].before, cases[i].before_name, cases[i].before_link);
		struct license_meaning after = meaning_of(cases[i].after, cases[i].after_name, cases[i].after_link);

		print_message("%zu: %s -> %s\n", i, cases[i].before ? cases[i].before : "", cases[i].after ? cases[i].after : "");
		assert_int_equal(license_same_row(&before, &after), cases[i].same);
		assert_int_equal(license_same_row(&after, &before), cases[i].same);
	}
}

/* ---- hostile input --------------------------------------------------------------------------------------------- */

static void assert_legal_spdx(const char *spdx)
{
	static const char legal[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-+";

	assert_true(strlen(spdx) > 0 && strlen(spdx) < LICENSE_SPDX_SIZE);
	assert_int_equal(strspn(spdx, legal), strlen(spdx));
}

static void test_huge_texts(void **state)
{
	static const char *const beginnings[] = { "mit", "https://", "apache.org/licenses/license-2.0", "???",
		"other-", "civitai-", "research-", CIVITAI };
	static const char fillings[] = { 'a', '-', '.', '+', ' ', '%', '&', '=', '\0', '\xff' };
	size_t size = 1 << 20;
	char *text = malloc(size);
	struct slice huge = { text, size };

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < ARRAY_COUNT(beginnings) * sizeof(fillings); i++) {
		const char *beginning = beginnings[i / sizeof(fillings)];
		struct statement statement = { .source = STATEMENT_CARD, .id_count = 2, .id = { huge, SLICE("other") },
			.license_name = huge, .license_link = huge };
		struct license_meaning meaning;

		memset(text, fillings[i % sizeof(fillings)], size);
		memcpy(text, beginning, strlen(beginning));
		license_mean(&statement, &meaning);
		assert_legal_spdx(meaning.spdx);
		text[size - 1] = 'x'; /* nothing is trimmed away now, so nothing may be found by its beginning */
		license_mean(&statement, &meaning);
		assert_legal_spdx(meaning.spdx);
		assert_true(meaning.class != LICENSE_PERMISSIVE || meaning.basis == LICENSE_BY_LINK);
	}
	free(text);
}

static void test_random_bytes(void **state)
{
	static const char alphabet[] = "abcdenilmorst0123.+-/ %?&=:#_\"'[]\\\n\x01\x7f\xc3\xa9\xff";
	struct license_meaning meaning;
	char text[3][400];

	(void)state;
	srand(1);
	for (int round = 0; round < 20000; round++) {
		struct statement statement = { .source = STATEMENT_CARD, .id_count = 1 };
		struct slice part[3];

		for (int i = 0; i < 3; i++) {
			part[i] = (struct slice){ text[i], (size_t)rand() % sizeof(text[i]) };
			for (size_t at = 0; at < part[i].size; at++)
				text[i][at] = alphabet[(size_t)rand() % (sizeof(alphabet) - 1)];
		}
		statement.id[0] = part[0];
		statement.license_name = part[1];
		statement.license_link = part[2];
		license_mean(&statement, &meaning);
		assert_legal_spdx(meaning.spdx);
		assert_true(meaning.class < LICENSE_UNDECLARED);
		assert_true(license_same_text(part[0], part[0]));
	}
}

static void test_as_many_ids_as_there_may_be(void **state)
{
	struct statement statement = { .source = STATEMENT_CARD, .id_count = STATEMENT_IDS_MAX };
	struct license_meaning meaning;

	(void)state;
	for (unsigned i = 0; i < STATEMENT_IDS_MAX; i++)
		statement.id[i] = i % 2 ? SLICE("mit") : SLICE("llama3");
	license_mean(&statement, &meaning);
	assert_int_equal(meaning.row_count, 2);
	assert_int_equal(meaning.rank, 5);
	assert_string_equal(meaning.row, "llama3");
}

static void test_longest_reference(void **state)
{
	char name[200];

	(void)state;
	for (size_t size = 60; size < sizeof(name); size++) {
		struct license_meaning meaning;

		snprintf(name, sizeof(name), "%.*s", (int)size, "research-");
		memset(name + strlen(name), 'a', size - strlen(name));
		name[size] = '\0';
		meaning = meaning_of("other", name, NULL);
		assert_legal_spdx(meaning.spdx);
		if (size <= 80)
			assert_string_equal(meaning.spdx + strlen("LicenseRef-hub-"), name);
		else
			assert_string_equal(meaning.spdx, "NOASSERTION"); /* a shortened name could be another's */
		assert_int_equal(meaning.class, LICENSE_NON_COMMERCIAL);
	}
}

/* ---- every row of the tables ----------------------------------------------------------------------------------- */

struct table_line {
	char text[4096];
	const char *field[24];
	unsigned field_count;
};

static bool table_line_read(struct table_line *line, FILE *file)
{
	char *rest = line->text;

	line->field_count = 0;
	if (!fgets(line->text, sizeof(line->text), file))
		return false;
	line->text[strcspn(line->text, "\n")] = '\0';
	for (char *field; (field = strsep(&rest, "\t")) && line->field_count < ARRAY_COUNT(line->field);)
		line->field[line->field_count++] = field;
	return true;
}

static unsigned column(const struct table_line *header, const char *name)
{
	unsigned i = 0;

	while (i < header->field_count && strcmp(header->field[i], name) != 0)
		i++;
	if (i == header->field_count)
		fail_msg("no column %s", name);
	return i;
}

/* Calls check for each line; returns how many there were. */
static unsigned each_line(const char *path, void (*check)(const struct table_line *header, const struct table_line *line))
{
	static struct table_line header, line;
	FILE *file = fopen(path, "r");
	unsigned count = 0;

	if (!file)
		fail_msg("%s cannot be opened: run this in the root of the checkout", path);
	assert_true(table_line_read(&header, file));
	for (; table_line_read(&line, file); count++) {
		assert_int_equal(line.field_count, header.field_count);
		check(&header, &line);
	}
	fclose(file);
	return count;
}

static void check_row(const struct table_line *header, const struct table_line *line)
{
	const char *key = line->field[0], *rank = line->field[column(header, "rank")];
	struct license_meaning meaning = meaning_of(key, NULL, NULL);

	if (strcmp(key, "civitai-flags") == 0) { /* no terms without flags */
		assert_int_equal(meaning.class, LICENSE_UNKNOWN);
		return;
	}
	assert_text("class", license_class_name(meaning.class), line->field[column(header, "class")]);
	assert_int_equal(meaning.rank, *rank ? atoi(rank) : LICENSE_NO_RANK);
	assert_text("commercial", license_commercial_name(meaning.commercial),
		line->field[column(header, "commercial_use")]);
	assert_legal_spdx(meaning.spdx);
}

static void check_own_row(const struct table_line *header, const struct table_line *line)
{
	assert_text(line->field[0], license_row_key(slice_of(line->field[0])), line->field[0]);
	check_row(header, line);
}

static void check_spdx_row(const struct table_line *header, const struct table_line *line)
{
	assert_non_null(license_row_key(slice_of(line->field[0])));
	assert_text("spdx", meaning_of(line->field[0], NULL, NULL).spdx, line->field[0]);
	check_row(header, line);
}

static void check_alias(const struct table_line *header, const struct table_line *line)
{
	const char *target = line->field[column(header, "target")];

	assert_text(line->field[0], license_row_key(slice_of(line->field[0])), target);
	if (strcmp(target, "other") != 0)
		assert_text(line->field[0], meaning_of("other", line->field[0], NULL).row, target);
}

static void check_link(const struct table_line *header, const struct table_line *line)
{
	char link[256];

	snprintf(link, sizeof(link), "https://www.%s", line->field[0]);
	assert_text(link, meaning_of("other", NULL, link).row, line->field[column(header, "target")]);
}

static void test_every_row(void **state)
{
	(void)state;
	assert_true(each_line(TABLES "hub-licenses.tsv", check_own_row) >= 85);
	assert_true(each_line(TABLES "named-licenses.tsv", check_own_row) >= 110);
	assert_true(each_line(TABLES "spdx-classes.tsv", check_spdx_row) >= 733);
	assert_true(each_line(TABLES "aliases.tsv", check_alias) >= 1211);
	assert_true(each_line(TABLES "license-links.tsv", check_link) >= 136);
}

static void test_names(void **state)
{
	static const char *const in_order[] = { "permissive", "copyleft", "use-restricted", "source-available",
		"non-commercial", "proprietary", "unknown", "undeclared" };

	(void)state;
	assert_int_equal(LICENSE_CLASS_COUNT, ARRAY_COUNT(in_order));
	for (enum license_class class = 0; class < LICENSE_CLASS_COUNT; class++) {
		assert_string_equal(license_class_name(class), in_order[class]);
		assert_int_equal(license_class_of_name(slice_of(in_order[class])), class);
	}
	assert_int_equal(license_class_of_name(SLICE("open")), LICENSE_CLASS_COUNT);
	assert_int_equal(license_class_of_name(SLICE_NONE), LICENSE_CLASS_COUNT);
	assert_null(license_row_key(SLICE("no-such-license")));
	assert_string_equal(license_row_key(SLICE("Llama 2")), "llama2");
}

static void test_version(void **state)
{
	char version[64] = "";
	FILE *file = fopen(TABLES "VERSION", "r");

	(void)state;
	assert_non_null(file);
	assert_non_null(fgets(version, sizeof(version), file));
	fclose(file);
	version[strcspn(version, "\n")] = '\0';
	assert_string_equal(license_tables_version(), version);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_normal_form),
		cmocka_unit_test(test_normal_form_says_when_it_is_cut),
		cmocka_unit_test(test_same_text),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_links_in_normal_form),
		cmocka_unit_test(test_percent_decoding),
		cmocka_unit_test(test_meanings),
		cmocka_unit_test(test_civitai_flags),
		cmocka_unit_test(test_name_beside_a_listed_id),
		cmocka_unit_test(test_directions),
		cmocka_unit_test(test_same_row),
		cmocka_unit_test(test_huge_texts),
		cmocka_unit_test(test_random_bytes),
		cmocka_unit_test(test_as_many_ids_as_there_may_be),
		cmocka_unit_test(test_longest_reference),
		cmocka_unit_test(test_every_row),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
