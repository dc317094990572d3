/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/cli/concern.h"

#include "storage/model/verdict.h"

enum { TEXT_MAX = 4096 };

#define X(constant, name) name,
const char *const concern_words[] = { CONCERN_TABLE(X) NULL };
#undef X

#define BIT(concern) (1U << (concern))

/* ---- commercial use -------------------------------------------------------------------------------------------------*/

static enum license_commercial_change change_of_name(struct slice name)
{
	enum license_commercial_change change = 0;

	while (change < LICENSE_COMMERCIAL_CHANGE_COUNT && !slice_is(name, license_commercial_change_name(change)))
		change++;
	return change;
}

enum license_commercial_change commercial_change_of(struct record *record)
{
	enum license_commercial before, after;

	if (record_is_null(record, RECORD_COMMERCIAL))
		return LICENSE_COMMERCIAL_CHANGE_COUNT;
	before = license_commercial_of_name(record_text(record, BEFORE_COMMERCIAL_USE));
	after = license_commercial_of_name(record_text(record, AFTER_COMMERCIAL_USE));
	if (before == LICENSE_COMMERCIAL_COUNT || after == LICENSE_COMMERCIAL_COUNT)
		return change_of_name(record_text(record, RECORD_COMMERCIAL));
	return license_commercial_change(before, after);
}

static struct slice kept(struct record *record, struct buf *text)
{
	struct slice copy = text->size ? arena_copy(&record->arena, buf_as_slice(text)) : SLICE_NONE;

	buf_release(text);
	return copy;
}

struct slice commercial_text(struct record *record)
{
	struct slice before = record_text(record, BEFORE_COMMERCIAL_USE), after = record_text(record, AFTER_COMMERCIAL_USE);
	struct buf text = BUF_INIT(TEXT_MAX);

	if (record_is_null(record, RECORD_COMMERCIAL) || !before.size || !after.size)
		return record_text(record, RECORD_COMMERCIAL);
	buf_slice(&text, before);
	if (!slice_equal(before, after)) {
		buf_text(&text, " -> ");
		buf_slice(&text, after);
	}
	return kept(record, &text);
}

/* ---- concerns -------------------------------------------------------------------------------------------------------*/

static const struct {
	enum event event;
	unsigned concerns; /* that a record of the event can be of */
} event_concerns[] = {
	{ EVENT_LICENSE_SWITCHED, BIT(CONCERN_TIGHTENED) | BIT(CONCERN_LOST) | BIT(CONCERN_NARROWED) },
	{ EVENT_LICENSE_TERMS, BIT(CONCERN_TIGHTENED) | BIT(CONCERN_LOST) | BIT(CONCERN_NARROWED) },
	{ EVENT_LICENSE_WITHDRAWN, BIT(CONCERN_WITHDRAWN) },
	{ EVENT_REPO_GONE, BIT(CONCERN_GONE) },
	{ EVENT_REPO_REPLACED, BIT(CONCERN_GONE) },
	{ EVENT_ACCESS_DISABLED, BIT(CONCERN_GONE) },
	{ EVENT_ACCESS_GATED, BIT(CONCERN_GATED) },
	{ EVENT_ACCESS_CHANGED, BIT(CONCERN_GATED) },
};

static unsigned concerns_of_event(enum event event)
{
	for (size_t i = 0; i < ARRAY_COUNT(event_concerns); i++)
		if (event_concerns[i].event == event)
			return event_concerns[i].concerns;
	return 0;
}

bool concern_has_event(unsigned concerns, enum event event)
{
	return concerns_of_event(event) & concerns;
}

static unsigned license_concerns(struct record *record)
{
	enum license_commercial_change change = commercial_change_of(record);
	unsigned concerns = slice_is(record_text(record, RECORD_DIRECTION), "tightened") ? BIT(CONCERN_TIGHTENED) : 0;

	concerns |= change == LICENSE_COMMERCIAL_LOST ? BIT(CONCERN_LOST) : 0;
	return concerns | (change == LICENSE_COMMERCIAL_NARROWED ? BIT(CONCERN_NARROWED) : 0);
}

unsigned concerns_of(struct record *record)
{
	enum event event = event_of_name(record_text(record, RECORD_EVENT));

	if (event < EVENT_COUNT && event_has_direction(event))
		return license_concerns(record);
	if (event == EVENT_ACCESS_CHANGED && !slice_is(record_text(record, AFTER_GATED), "manual"))
		return 0;
	return concerns_of_event(event);
}

struct slice concern_text(struct record *record)
{
	struct buf text = BUF_INIT(TEXT_MAX);
	unsigned concerns = concerns_of(record);

	for (unsigned i = 0; i < CONCERN_COUNT; i++)
		if (concerns & BIT(i))
			buf_printf(&text, "%s%s", text.size ? ", " : "", concern_words[i]);
	return kept(record, &text);
}
