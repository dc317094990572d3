/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/model/license.h"

#include <assert.h>
#include <stdio.h>

#include "storage/model/license_civitai.h"
#include "storage/model/license_table.h"

/* An id or a name in normal form. Of a long one the beginning, which still is longer than any key: it has no row. */
struct spelling {
	struct slice text;
	char room[LICENSE_TEXT_SIZE];
};

/* A row, and why we think of it. */
struct finding {
	const struct license_row *row; /* NULL: nothing found */
	const char *spdx;
	enum license_basis basis;
};

static const struct finding found_nothing = { NULL, "NOASSERTION", LICENSE_BY_NOTHING };

/* ---- from spelling to row -------------------------------------------------------------------------------------- */

static void spelling_read(struct spelling *spelling, struct slice in)
{
	size_t size = license_normalise(in, spelling->room, sizeof(spelling->room));

	spelling->text = (struct slice){ spelling->room, size < sizeof(spelling->room) ? size : size - 1 };
}

static struct finding find_key(struct slice key)
{
	size_t low = 0, high = license_key_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct license_key *candidate = &license_keys[middle];
		int order = slice_compare(key, candidate->key);

		if (order == 0)
			return (struct finding){ candidate->row, candidate->spdx ? candidate->spdx : candidate->row->spdx,
				candidate->basis };
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return found_nothing;
}

static struct slice without_beginning(struct slice text, size_t size)
{
	return (struct slice){ text.data + size, text.size - size };
}

static struct finding find_spelling(const struct spelling *spelling)
{
	static const struct slice other = { "other-", 6 }; /* data sets of 2021-22: other-my-license */
	bool is_civitai = civitai_is_name(spelling->text);
	struct finding finding = find_key(is_civitai ? SLICE("civitai-flags") : spelling->text);

	if (!finding.row && slice_starts_with(spelling->text, other)) {
		finding = find_key(without_beginning(spelling->text, other.size));
		if (finding.row)
			finding.basis = LICENSE_BY_ALIAS;
	}
	return finding;
}

/* ---- from link to row ------------------------------------------------------------------------------------------ */

/* A site with a page per license, which is named by its SPDX id: .../licenses/mit, .../licenses/MIT.html */
static struct finding find_page(struct slice link, struct slice site)
{
	static const struct slice ending = { ".html", 5 };
	struct slice id = license_text_until(without_beginning(link, site.size), "/?#");
	struct spelling spelling;

	if (id.size > ending.size && slice_equal(without_beginning(id, id.size - ending.size), ending))
		id.size -= ending.size;
	spelling_read(&spelling, id);
	return find_spelling(&spelling);
}

static struct finding find_on_site(struct slice link)
{
	static const struct slice sites[] = { { "choosealicense.com/licenses/", 28 }, { "spdx.org/licenses/", 18 } };

	for (size_t i = 0; i < ARRAY_COUNT(sites); i++) {
		if (slice_starts_with(link, sites[i]))
			return find_page(link, sites[i]);
	}
	return found_nothing;
}

static struct finding find_link(struct slice link)
{
	struct finding finding = found_nothing;

	for (size_t i = 0; i < license_prefix_count && !finding.row; i++) {
		if (slice_starts_with(link, license_prefixes[i].prefix)) {
			finding.row = license_prefixes[i].row;
			finding.spdx = finding.row->spdx;
		}
	}
	if (!finding.row)
		finding = find_on_site(link);
	if (finding.row)
		finding.basis = LICENSE_BY_LINK;
	return finding;
}

/* ---- writing a meaning ----------------------------------------------------------------------------------------- */

static void meaning_set_spdx(struct license_meaning *meaning, const char *expression)
{
	snprintf(meaning->spdx, sizeof(meaning->spdx), "%s", expression);
}

static void meaning_clear(struct license_meaning *meaning, enum license_class class, const char *spdx)
{
	*meaning = (struct license_meaning){
		.class = class,
		.rank = LICENSE_NO_RANK,
		.commercial = LICENSE_COMMERCIAL_UNKNOWN,
		.basis = LICENSE_BY_NOTHING,
		.confidence = "none",
	};
	meaning_set_spdx(meaning, spdx);
}

static void meaning_take_row(struct license_meaning *meaning, struct finding finding)
{
	meaning->row = finding.row->key;
	meaning->class = finding.row->class;
	meaning->rank = finding.row->rank;
	meaning->commercial = finding.row->commercial;
	meaning->basis = finding.basis;
	meaning->confidence = finding.row->confidence;
	meaning_set_spdx(meaning, finding.spdx);
	meaning->rows[meaning->row_count++] = (uint16_t)(finding.row - license_rows);
}

/* ---- Civitai's flags ------------------------------------------------------------------------------------------- */

/* The flags stand in the link, or else in the name, which may also stand in the place of the id. */
static unsigned civitai_flags(const struct statement *statement, const struct spelling *id)
{
	struct spelling name;
	unsigned flags = civitai_flags_of_link(statement->license_link);

	spelling_read(&name, statement->license_name);
	if (!flags)
		flags = civitai_flags_of_name(name.text);
	return flags ? flags : civitai_flags_of_name(id->text);
}

static void meaning_take_civitai_flags(struct license_meaning *meaning, unsigned flags)
{
	bool no_derivatives = flags & CIVITAI_NO_DERIVATIVES;

	meaning->civitai_flags = flags;
	if (!flags) {
		meaning->class = LICENSE_UNKNOWN;
		meaning->rank = LICENSE_NO_RANK;
		meaning->commercial = LICENSE_COMMERCIAL_UNKNOWN;
		meaning_set_spdx(meaning, found_nothing.spdx);
	} else if ((flags & CIVITAI_NO_INCOME) && !(flags & CIVITAI_INCOME)) {
		meaning->class = LICENSE_NON_COMMERCIAL;
		meaning->rank = no_derivatives ? 9 : flags & CIVITAI_SAME_LICENSE ? 8 : 7;
		meaning->commercial = LICENSE_COMMERCIAL_NO;
	} else if (no_derivatives) {
		meaning->rank = 6;
	}
}

/* ---- words in names that no table has -------------------------------------------------------------------------- */

/* The first that holds, and only ever towards restriction: openness is not guessed from a name. */
static const struct pattern {
	enum license_class class;
	int rank;
	enum license_commercial commercial;
	const char *words[9];
} patterns[] = {
	{ LICENSE_NON_COMMERCIAL, 7, LICENSE_COMMERCIAL_NO,
		{ "non-commercial", "noncommercial", "nc", "personal-use", "non-production", "research", "academic",
			"educational", "evaluation" } },
	{ LICENSE_PROPRIETARY, 10, LICENSE_COMMERCIAL_NO, { "proprietary", "eula", "all-rights-reserved" } },
	{ LICENSE_USE_RESTRICTED, 4, LICENSE_COMMERCIAL_YES,
		{ "open-rail*", "openrail*", "rail-m", "rail-d", "rail-s", "rail-a" } },
	{ LICENSE_SOURCE_AVAILABLE, 5, LICENSE_COMMERCIAL_CONDITIONAL, { "source-available", "community" } },
	{ LICENSE_UNKNOWN, LICENSE_NO_RANK, LICENSE_COMMERCIAL_UNKNOWN,
		{ "mixed", "inherits", "inherited", "upstream", "see", "multiple" } },
};

static bool pattern_matches(const struct pattern *pattern, struct slice normal)
{
	for (size_t i = 0; i < ARRAY_COUNT(pattern->words) && pattern->words[i]; i++) {
		if (license_has_word(normal, pattern->words[i]))
			return true;
	}
	return false;
}

/* LicenseRef-hub-NAME, in the characters that SPDX allows there. A name that is too long for that asserts nothing. */
static void meaning_set_reference(struct license_meaning *meaning, const struct spelling *name)
{
	static const char prefix[] = "LicenseRef-hub-", plus[] = "-plus";
	char reference[LICENSE_SPDX_SIZE];
	size_t size = 0;

	for (size_t i = 0; i < name->text.size; i++) {
		bool is_plus = name->text.data[i] == '+';
		size_t more = is_plus ? strlen(plus) : 1;

		if (size + more > sizeof(reference) - sizeof(prefix))
			return;
		memcpy(reference + size, is_plus ? plus : name->text.data + i, more);
		size += more;
	}
	snprintf(meaning->spdx, sizeof(meaning->spdx), "%s%.*s", prefix, (int)size, reference);
}

static void meaning_take_pattern(struct license_meaning *meaning, const struct pattern *pattern,
	const struct spelling *name)
{
	meaning->class = pattern->class;
	meaning->rank = pattern->rank;
	meaning->commercial = pattern->commercial;
	meaning->basis = LICENSE_BY_PATTERN;
	meaning->confidence = "low";
	if (pattern->class != LICENSE_UNKNOWN)
		meaning_set_reference(meaning, name);
}

/* Of two names the one counts that meets the earlier pattern. */
static void meaning_take_patterns(struct license_meaning *meaning, const struct spelling *id,
	const struct spelling *name)
{
	for (size_t i = 0; i < ARRAY_COUNT(patterns); i++) {
		if (pattern_matches(&patterns[i], name->text)) {
			meaning_take_pattern(meaning, &patterns[i], name);
			return;
		}
		if (pattern_matches(&patterns[i], id->text)) {
			meaning_take_pattern(meaning, &patterns[i], id);
			return;
		}
	}
}

/* ---- from one id to its meaning -------------------------------------------------------------------------------- */

/* Whether the id leaves it to name and link to say what the license is. */
static bool is_open(struct finding id)
{
	return !id.row || id.row->kind == LICENSE_ROW_OTHER;
}

/* Whether a name's row is an answer, or leaves the question to the link. */
static bool settles(struct finding name)
{
	return name.row && (name.row->class != LICENSE_UNKNOWN || name.row->kind == LICENSE_ROW_MIXED);
}

static struct finding find_name(const struct spelling *spelling)
{
	struct finding finding = find_spelling(spelling);

	if (finding.row)
		finding.basis = LICENSE_BY_NAME;
	return finding;
}

static struct finding find_in_link(struct slice license_link)
{
	char room[LICENSE_LINK_SIZE];
	size_t size = license_normalise_link(license_link, room, sizeof(room));

	return find_link((struct slice){ room, size });
}

/* The row for an id that leaves the answer to name and link; its own where there is no name to ask. */
static struct finding find_beside(const struct statement *statement, const struct spelling *name, struct finding of_id)
{
	struct finding by_name = find_name(name), by_link;

	if (settles(by_name))
		return by_name;
	by_link = find_in_link(statement->license_link);
	if (by_link.row)
		return by_link;
	return name->text.size > 0 ? by_name : of_id;
}

static void mean_beside(const struct statement *statement, const struct spelling *id, struct finding of_id,
	struct license_meaning *meaning)
{
	struct spelling name;
	struct finding finding;

	spelling_read(&name, statement->license_name);
	finding = find_beside(statement, &name, of_id);
	if (finding.row)
		meaning_take_row(meaning, finding);
	else
		meaning_take_patterns(meaning, id, &name);
}

static void mean_id(const struct statement *statement, struct slice id_as_sent, struct license_meaning *meaning)
{
	struct spelling id;
	struct finding finding;

	meaning_clear(meaning, LICENSE_UNKNOWN, found_nothing.spdx);
	spelling_read(&id, id_as_sent);
	finding = find_spelling(&id);
	if (is_open(finding))
		mean_beside(statement, &id, finding, meaning);
	else
		meaning_take_row(meaning, finding);
	meaning->outside_rows = meaning->row_count == 0;
	if (meaning->row_count && license_rows[meaning->rows[0]].kind == LICENSE_ROW_FLAGS)
		meaning_take_civitai_flags(meaning, civitai_flags(statement, &id));
}

/* ---- from several ids to one meaning --------------------------------------------------------------------------- */

static void add_row(struct license_meaning *whole, uint16_t row)
{
	unsigned at = whole->row_count;

	for (unsigned i = 0; i < whole->row_count; i++) {
		if (whole->rows[i] == row)
			return;
	}
	for (; at > 0 && whole->rows[at - 1] > row; at--)
		whole->rows[at] = whole->rows[at - 1];
	whole->rows[at] = row;
	whole->row_count++;
}

/* Without a rank the whole has none; else the highest rank decides. */
static bool decides(const struct license_meaning *part, const struct license_meaning *whole)
{
	if (whole->rank == LICENSE_NO_RANK)
		return false;
	return part->rank == LICENSE_NO_RANK || part->rank > whole->rank;
}

static enum license_commercial least(enum license_commercial a, enum license_commercial b)
{
	if (a == LICENSE_COMMERCIAL_UNKNOWN || b == LICENSE_COMMERCIAL_UNKNOWN)
		return LICENSE_COMMERCIAL_UNKNOWN;
	return a < b ? a : b;
}

static void meaning_join(struct license_meaning *whole, const struct license_meaning *part)
{
	if (decides(part, whole)) {
		whole->row = part->row;
		whole->class = part->class;
		whole->rank = part->rank;
		whole->basis = part->basis;
		whole->confidence = part->confidence;
	}
	whole->commercial = least(whole->commercial, part->commercial);
	whole->outside_rows |= part->outside_rows;
	whole->civitai_flags |= part->civitai_flags;
	for (unsigned i = 0; i < part->row_count; i++)
		add_row(whole, part->rows[i]);
	if (strcmp(whole->spdx, part->spdx) != 0) /* "and" or "or": the Hub does not say */
		meaning_set_spdx(whole, found_nothing.spdx);
}

/* ---- public ---------------------------------------------------------------------------------------------------- */

static bool leaves_it_to_name(const struct statement *statement)
{
	for (unsigned i = 0; i < statement->id_count; i++) {
		struct spelling id;

		spelling_read(&id, statement->id[i]);
		if (is_open(find_spelling(&id)))
			return true;
	}
	return false;
}

static bool name_differs(const struct statement *statement, enum license_class class)
{
	struct statement name_alone = { .license_name = statement->license_name };
	struct license_meaning named;

	if (statement->license_name.size == 0 || leaves_it_to_name(statement))
		return false;
	mean_id(&name_alone, SLICE("other"), &named);
	return named.class != LICENSE_UNKNOWN && named.class != class;
}

void license_mean(const struct statement *statement, struct license_meaning *meaning)
{
	assert(statement->id_count <= STATEMENT_IDS_MAX);
	if (statement->id_count == 0) {
		meaning_clear(meaning, LICENSE_UNDECLARED, "NONE");
		return;
	}
	mean_id(statement, statement->id[0], meaning);
	for (unsigned i = 1; i < statement->id_count; i++) {
		struct license_meaning part;

		mean_id(statement, statement->id[i], &part);
		meaning_join(meaning, &part);
	}
	meaning->name_differs = name_differs(statement, meaning->class);
}

bool license_same_row(const struct license_meaning *before, const struct license_meaning *after)
{
	if (before->rank == LICENSE_NO_RANK || after->rank == LICENSE_NO_RANK)
		return false;
	if (before->outside_rows || after->outside_rows || before->civitai_flags != after->civitai_flags)
		return false;
	return before->row_count == after->row_count &&
		memcmp(before->rows, after->rows, before->row_count * sizeof(before->rows[0])) == 0;
}

enum license_direction license_direction(const struct license_meaning *before, const struct license_meaning *after)
{
	if (before->rank == LICENSE_NO_RANK || after->rank == LICENSE_NO_RANK)
		return LICENSE_DIRECTION_UNCLEAR;
	if (before->rank == after->rank)
		return LICENSE_LATERAL;
	return after->rank < before->rank ? LICENSE_LOOSENED : LICENSE_TIGHTENED;
}

enum license_commercial_change license_commercial_change(enum license_commercial before, enum license_commercial after)
{
	bool whole_way = before != LICENSE_COMMERCIAL_CONDITIONAL && after != LICENSE_COMMERCIAL_CONDITIONAL;

	if (before >= LICENSE_COMMERCIAL_UNKNOWN || after >= LICENSE_COMMERCIAL_UNKNOWN)
		return LICENSE_COMMERCIAL_UNCLEAR;
	if (before == after)
		return LICENSE_COMMERCIAL_UNCHANGED;
	if (after > before)
		return whole_way ? LICENSE_COMMERCIAL_GAINED : LICENSE_COMMERCIAL_WIDENED;
	return whole_way ? LICENSE_COMMERCIAL_LOST : LICENSE_COMMERCIAL_NARROWED;
}

const char *license_row_key(struct slice id)
{
	struct spelling spelling;
	struct finding finding;

	spelling_read(&spelling, id);
	finding = find_spelling(&spelling);
	return finding.row ? finding.row->key : NULL;
}

struct slice license_spelling(size_t index)
{
	return index < license_key_count ? license_keys[index].key : SLICE_NONE;
}

const char *license_tables_version(void)
{
	return license_table_version;
}

/* ---- names ----------------------------------------------------------------------------------------------------- */

#define X(constant, name) [constant] = name,
static const char *const class_names[] = { LICENSE_CLASS_TABLE(X) };
static const char *const commercial_names[] = { LICENSE_COMMERCIAL_TABLE(X) };
static const char *const basis_names[] = { LICENSE_BASIS_TABLE(X) };
static const char *const direction_names[] = { LICENSE_DIRECTION_TABLE(X) };
static const char *const commercial_change_names[] = { LICENSE_COMMERCIAL_CHANGE_TABLE(X) };
#undef X

const char *license_class_name(enum license_class class)
{
	return class_names[class];
}

const char *license_commercial_name(enum license_commercial commercial)
{
	return commercial_names[commercial];
}

const char *license_basis_name(enum license_basis basis)
{
	return basis_names[basis];
}

const char *license_direction_name(enum license_direction direction)
{
	return direction_names[direction];
}

const char *license_commercial_change_name(enum license_commercial_change change)
{
	return commercial_change_names[change];
}

enum license_class license_class_of_name(struct slice name)
{
	enum license_class class = 0;

	while (class < LICENSE_CLASS_COUNT && !slice_is(name, class_names[class]))
		class++;
	return class;
}

enum license_commercial license_commercial_of_name(struct slice name)
{
	enum license_commercial commercial = 0;

	while (commercial < LICENSE_COMMERCIAL_COUNT && !slice_is(name, commercial_names[commercial]))
		commercial++;
	return commercial;
}
