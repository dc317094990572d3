/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The published analysis reproduced: Open Future counted the licenses of all declared models on the Hub at five dates
 * (2022-09-27 to 2023-02-27). Our class sums of their counts must be those of mix-2022-2023.tsv, and must differ from
 * the category sums that Open Future published for the last date by four decisions and nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "storage/model/license.h"

#define DATA "tests/data/licenses/" /* tests run in the root of the checkout */

/* Declared models per class. */
struct mix {
	long count[LICENSE_CLASS_COUNT];
	long total;
};

static FILE *open_data(const char *name)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), DATA "%s", name);
	file = fopen(path, "r");
	if (!file)
		fail_msg("%s cannot be opened: run this in the root of the checkout", path);
	return file;
}

/* "license,count,..." of one line of Open Future's counts. */
static bool read_count(FILE *file, char *id, size_t id_size, long *count)
{
	char line[256], *comma;

	if (!fgets(line, sizeof(line), file))
		return false;
	comma = strchr(line, ',');
	assert_non_null(comma);
	snprintf(id, id_size, "%.*s", (int)(comma - line), line);
	*count = strtol(comma + 1, NULL, 10);
	return true;
}

/* Sums the models of one snapshot by class; only those of one id where `only` is not NULL. */
static struct mix mix_of(const char *name, const char *only)
{
	struct mix mix = { .total = 0 };
	FILE *file = open_data(name);
	char id[128];
	long count;

	assert_true(read_count(file, id, sizeof(id), &count)); /* the line of column names */
	while (read_count(file, id, sizeof(id), &count)) {
		struct statement statement = { .source = STATEMENT_TAG, .id_count = 1, .id = { slice_of(id) } };
		struct license_meaning meaning;

		if (only && strcmp(id, only) != 0)
			continue;
		license_mean(&statement, &meaning);
		assert_non_null(meaning.row); /* every id of these years is known */
		mix.count[meaning.class] += count;
		mix.total += count;
	}
	fclose(file);
	return mix;
}

static long count_of(const char *id)
{
	return mix_of("open-future-2022-2023/27_02_2023.csv", id).total;
}

/* 2022-09-27 -> open-future-2022-2023/27_09_2022.csv */
static struct mix mix_of_date(const char *date)
{
	char name[64];

	assert_int_equal(strlen(date), 10);
	snprintf(name, sizeof(name), "open-future-2022-2023/%.2s_%.2s_%.4s.csv", date + 8, date + 5, date);
	return mix_of(name, NULL);
}

static void test_sums_by_class(void **state)
{
	FILE *file = open_data("mix-2022-2023.tsv");
	char line[256], *rest = line;
	int snapshots = 0;

	(void)state;
	assert_non_null(fgets(line, sizeof(line), file));
	assert_string_equal(strsep(&rest, "\t\n"), "snapshot");
	for (enum license_class class = 0; class < LICENSE_UNDECLARED; class++)
		assert_string_equal(strsep(&rest, "\t\n"), license_class_name(class));
	for (; (rest = fgets(line, sizeof(line), file)); snapshots++) {
		struct mix mix = mix_of_date(strsep(&rest, "\t\n"));

		for (enum license_class class = 0; class < LICENSE_UNDECLARED; class++)
			assert_int_equal(mix.count[class], strtol(strsep(&rest, "\t\n"), NULL, 10));
	}
	assert_int_equal(snapshots, 5);
	fclose(file);
}

/*
 * Open Future's own sums for 2023-02-27 (output/general/27_02_2023_categories.csv). The four decisions:
 * 1. public domain joins permissive; 2. ms-pl is permissive, not copyleft; 3. odbl is copyleft, not impossible to
 * categorise; 4. NC-ND is non-commercial, not "other use restrictions".
 */
static void test_only_four_decisions_differ(void **state)
{
	const long permissive = 35190, public_domain = 373, rail = 5421, copyleft = 1228, non_commercial = 990,
		other_restrictions = 43, other = 1098, unknown = 574, not_categorisable = 286;
	const long ms_pl = count_of("ms-pl"), odbl = count_of("odbl");
	const long nc_nd = count_of("cc-by-nc-nd-4.0") + count_of("cc-by-nc-nd-3.0");
	struct mix mix = mix_of_date("2023-02-27");

	(void)state;
	assert_int_equal(count_of("cc0-1.0") + count_of("unlicense") + count_of("wtfpl") + count_of("pddl"),
		public_domain);
	assert_int_equal(ms_pl, 5);
	assert_int_equal(odbl, 6);
	assert_int_equal(nc_nd, 21);
	assert_int_equal(mix.total, 45203);
	assert_int_equal(mix.count[LICENSE_PERMISSIVE], permissive + public_domain + ms_pl);
	assert_int_equal(mix.count[LICENSE_COPYLEFT], copyleft - ms_pl + odbl);
	assert_int_equal(mix.count[LICENSE_USE_RESTRICTED], rail);
	assert_int_equal(mix.count[LICENSE_SOURCE_AVAILABLE], other_restrictions - nc_nd);
	assert_int_equal(mix.count[LICENSE_NON_COMMERCIAL], non_commercial + nc_nd);
	assert_int_equal(mix.count[LICENSE_PROPRIETARY], 0);
	assert_int_equal(mix.count[LICENSE_UNKNOWN], other + unknown + not_categorisable - odbl);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sums_by_class),
		cmocka_unit_test(test_only_four_decisions_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
