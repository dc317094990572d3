/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/cli/filter.h"

#include <strings.h>

#include "storage/cli/glob.h"
#include "storage/model/moment.h"

enum { IDS_MAX = 64 };

const char *const kind_words[] = { "model", "dataset", "space", NULL };
const char *const origin_words[] = { "observed", "reconstructed", "imported", NULL };

#define X(constant, name) name,
const char *const direction_words[] = { LICENSE_DIRECTION_TABLE(X) NULL };
const char *const commercial_words[] = { LICENSE_COMMERCIAL_CHANGE_TABLE(X) NULL };
#undef X

/* ---- making one -----------------------------------------------------------------------------------------------------*/

void filter_default_events(struct filter *filter)
{
	filter->event[EVENT_LICENSE_DECLARED] = true;
	filter->event[EVENT_LICENSE_WITHDRAWN] = true;
	filter->event[EVENT_LICENSE_SWITCHED] = true;
	filter->event[EVENT_LICENSE_TERMS] = true;
}

bool filter_add_events(struct filter *filter, struct slice glob)
{
	bool any = false;

	for (unsigned i = 0; i < EVENT_COUNT; i++) {
		if (glob_match(glob, slice_of(event_name((enum event)i))))
			any = filter->event[i] = true;
	}
	return any;
}

void filter_concern_events(struct filter *filter, bool chosen)
{
	for (unsigned i = 0; i < EVENT_COUNT; i++)
		filter->event[i] = (filter->event[i] || !chosen) && concern_has_event(filter->concerns, (enum event)i);
}

bool license_filter_read(const char *text, struct license_filter *license)
{
	static const char prefix[] = "class:";

	*license = (struct license_filter){ text, LICENSE_CLASS_COUNT };
	if (text && strcmp(text, "none") == 0)
		license->class = LICENSE_UNDECLARED;
	if (!text || strncmp(text, prefix, sizeof(prefix) - 1) != 0)
		return true;
	license->class = license_class_of_name(slice_of(text + sizeof(prefix) - 1));
	return license->class != LICENSE_CLASS_COUNT;
}

/* ---- using it -------------------------------------------------------------------------------------------------------*/

static bool takes_license(const struct license_filter *license, struct record *record, enum record_side side)
{
	enum record_field first = side == BEFORE ? BEFORE_VERSION : AFTER_VERSION;
	struct slice wanted = slice_of(license->text), id[IDS_MAX], row, name;
	const char *wanted_row;
	unsigned count;

	if (!license->text)
		return true;
	if (license->class != LICENSE_CLASS_COUNT)
		return slice_is(record_text(record, first + (BEFORE_CLASS - BEFORE_VERSION)),
			license_class_name(license->class));
	count = record_list(record, first + (BEFORE_LICENSE - BEFORE_VERSION), id, IDS_MAX);
	for (unsigned i = 0; i < count; i++)
		if (license_same_text(wanted, id[i]))
			return true;
	name = record_text(record, first + (BEFORE_LICENSE_NAME - BEFORE_VERSION));
	row = record_text(record, first + (BEFORE_ROW - BEFORE_VERSION));
	wanted_row = license_row_key(wanted);
	return (name.size && license_same_text(wanted, name)) || (wanted_row && slice_is(row, wanted_row));
}

static bool takes_repo(const struct filter *filter, struct record *record, enum record_field field)
{
	struct slice name = record_text(record, field), kind = record_text(record, RECORD_KIND);
	struct slice oid = record_text(record, RECORD_OID);
	struct buf full = BUF_INIT(CHANGE_BYTES_MAX);
	enum repo_kind number;
	bool taken = false;

	buf_text(&full, repo_kind_read(kind, &number) ? repo_kinds[number].prefix : "");
	buf_slice(&full, name);
	for (unsigned i = 0; name.size && i < filter->repos->count && !taken; i++) {
		struct slice glob = filter->repos->item[i];

		taken = glob_match(glob, name) || glob_match(glob, buf_as_slice(&full)) || slice_equal(glob, oid);
	}
	buf_release(&full);
	return taken;
}

/* Either name of a renamed repo counts. */
static bool takes_any_name(const struct filter *filter, struct record *record)
{
	return !filter->repos || filter->repos->count == 0 || takes_repo(filter, record, RECORD_REPO) ||
	       takes_repo(filter, record, BEFORE_REPO);
}

static bool owns(struct slice owner, struct slice name)
{
	return name.size > owner.size && name.data[owner.size] == '/' &&
	       strncasecmp(name.data, owner.data, owner.size) == 0;
}

/* A repo that moved to another owner concerns both. */
static bool takes_owner(const struct text_list *owners, struct record *record)
{
	struct slice name = record_text(record, RECORD_REPO), before = record_text(record, BEFORE_REPO);

	for (unsigned i = 0; owners && i < owners->count; i++)
		if (owns(owners->item[i], name) || owns(owners->item[i], before))
			return true;
	return !owners || !owners->count;
}

static bool takes_word(unsigned wanted, const char *const *words, struct record *record, enum record_field field)
{
	struct slice word = record_text(record, field);

	for (unsigned i = 0; words[i] && wanted; i++)
		if ((wanted & 1U << i) && slice_is(word, words[i]))
			return true;
	return !wanted;
}

/* By what the record's sides say: see concern.h. */
static bool takes_commercial(unsigned wanted, struct record *record)
{
	return !wanted || (wanted & 1U << commercial_change_of(record));
}

static bool takes_time(const struct filter *filter, struct record *record)
{
	int64_t at_ms;

	return moment_read(record_text(record, RECORD_AT), &at_ms) && at_ms >= filter->since_ms &&
	       at_ms <= filter->until_ms;
}

bool filter_takes(const struct filter *filter, struct record *record)
{
	return takes_time(filter, record) && takes_word(filter->kinds, kind_words, record, RECORD_KIND) &&
	       takes_word(filter->directions, direction_words, record, RECORD_DIRECTION) &&
	       takes_commercial(filter->commercials, record) &&
	       (!filter->concerns || (filter->concerns & concerns_of(record))) &&
	       takes_word(filter->origins, origin_words, record, RECORD_ORIGIN) &&
	       (!filter->downloads_min || record_number(record, RECORD_DOWNLOADS) >= filter->downloads_min) &&
	       takes_owner(filter->owners, record) && takes_any_name(filter, record) &&
	       takes_license(&filter->from, record, BEFORE) && takes_license(&filter->to, record, AFTER);
}
