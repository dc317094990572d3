/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/cli/log_plan.h"

enum { WORDS_MAX = 2 };

static bool add(struct log_walk *walk, struct term term)
{
	if (walk->term_count == LOG_TERMS_MAX)
		return false;
	walk->term[walk->term_count++] = term;
	return true;
}

/* ---- names and owners ------------------------------------------------------------------------------------------------*/

/* What a glob's matches begin with. */
static struct slice literal_start(struct slice glob)
{
	size_t size = 0;

	while (size < glob.size && !strchr("*?\\", glob.data[size]))
		size++;
	return (struct slice){ glob.data, size };
}

/* A name, or all names of an owner. */
static bool add_name(struct log_walk *walk, struct slice glob)
{
	struct slice start = literal_start(glob);
	const char *slash = start.size ? memchr(start.data, '/', start.size) : NULL;

	if (start.size == glob.size)
		return add(walk, term_name(glob));
	return slash && add(walk, term_owner((struct slice){ start.data, (size_t)(slash - start.data) }));
}

static bool add_glob(struct log_walk *walk, struct slice glob)
{
	for (unsigned kind = 0; kind < REPO_KINDS; kind++) {
		struct slice prefix = slice_of(repo_kinds[kind].prefix);

		if (slice_starts_with(glob, prefix) &&
			!add_name(walk, (struct slice){ glob.data + prefix.size, glob.size - prefix.size }))
			return false;
	}
	return true;
}

static bool plan_repos(const struct filter *filter, struct log_walk *walk)
{
	if (!filter->repos || !filter->repos->count)
		return false;
	for (unsigned i = 0; i < filter->repos->count; i++)
		if (!add_glob(walk, filter->repos->item[i]))
			return false;
	return true;
}

static bool plan_owners(const struct filter *filter, struct log_walk *walk)
{
	for (unsigned i = 0; filter->owners && i < filter->owners->count; i++)
		if (!add(walk, term_owner(filter->owners->item[i])))
			return false;
	return filter->owners && filter->owners->count;
}

/* ---- licenses ----------------------------------------------------------------------------------------------------------*/

/* One of these every side has that the filter takes; 0: it cannot be said. */
static unsigned words_of(const struct license_filter *license, struct term_word words[WORDS_MAX])
{
	const char *row;
	unsigned count = 0;

	if (license->class != LICENSE_CLASS_COUNT) {
		words[0] = term_class_word(slice_of(license_class_name(license->class)));
		return 1;
	}
	words[count] = term_word(slice_of(license->text));
	if (!words[count].size)
		return 0;
	count++;
	row = license_row_key(slice_of(license->text));
	if (row)
		words[count++] = term_word(slice_of(row));
	return count;
}

/* Only license events stand under their licenses. */
static bool wants_license_events_only(const struct filter *filter)
{
	for (unsigned i = 0; i < EVENT_COUNT; i++)
		if (filter->event[i] && !event_is_license((enum event)i))
			return false;
	return true;
}

static bool plan_switch(const struct filter *filter, struct log_walk *walk)
{
	struct term_word from[WORDS_MAX], to[WORDS_MAX];
	unsigned from_count, to_count;

	if (!filter->from.text || !filter->to.text || !wants_license_events_only(filter))
		return false;
	from_count = words_of(&filter->from, from);
	to_count = words_of(&filter->to, to);
	for (unsigned i = 0; i < from_count; i++)
		for (unsigned j = 0; j < to_count; j++)
			add(walk, term_switch(&from[i], &to[j]));
	return walk->term_count && add(walk, term_many_switches());
}

static bool plan_side(const struct filter *filter, struct log_walk *walk)
{
	bool after = filter->to.text != NULL;
	const struct license_filter *license = after ? &filter->to : &filter->from;
	struct term_word words[WORDS_MAX];
	unsigned count;

	if (!license->text || !wants_license_events_only(filter))
		return false;
	count = words_of(license, words);
	for (unsigned i = 0; i < count; i++)
		add(walk, term_side(after, &words[i]));
	return count;
}

/* ---- the rest ----------------------------------------------------------------------------------------------------------*/

static bool plan_directions(const struct filter *filter, struct log_walk *walk)
{
	for (unsigned i = 0; direction_words[i]; i++)
		if (filter->directions & 1U << i)
			add(walk, term_direction(slice_of(direction_words[i])));
	return filter->directions;
}

static bool plan_events(const struct filter *filter, struct log_walk *walk)
{
	bool all = true;

	for (unsigned i = 0; i < EVENT_COUNT; i++) {
		if (filter->event[i])
			add(walk, term_event((enum event)i));
		all &= filter->event[i];
	}
	return !all;
}

void log_plan(const struct filter *filter, struct log_walk *walk)
{
	static bool (*const plans[])(const struct filter *filter, struct log_walk *walk) = {
		plan_repos, plan_owners, plan_switch, plan_side, plan_directions, plan_events,
	};

	for (size_t i = 0; i < ARRAY_COUNT(plans); i++) {
		walk->term_count = 0;
		if (plans[i](filter, walk))
			return;
	}
	walk->term_count = 0;
}
