/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which records of the change log are wanted.
 */
#ifndef STORAGE_CLI_FILTER_H
#define STORAGE_CLI_FILTER_H

#include "storage/cli/concern.h"
#include "storage/cli/option.h"
#include "storage/cli/record.h"
#include "storage/model/change.h"

/* What --from-license and --to-license take: an id however it is spelled, a license_name, class:NAME, or none. */
struct license_filter {
	const char *text; /* NULL: any */
	enum license_class class; /* LICENSE_CLASS_COUNT: by id */
};

struct filter {
	bool event[EVENT_COUNT];
	int64_t since_ms, until_ms; /* of `at`, both inclusive */
	const struct text_list *repos; /* globs over name, name with its kind before it, or oid; none: all */
	const struct text_list *owners; /* any of them; none: all */
	/* A bit for each that is wanted, in the order of the words; 0: any. */
	unsigned kinds, directions, commercials, origins, concerns;
	uint64_t downloads_min; /* 0: any */
	struct license_filter from, to;
};

extern const char *const kind_words[], *const direction_words[], *const commercial_words[], *const origin_words[];

/* license.declared, withdrawn, switched and terms */
void filter_default_events(struct filter *filter);
/* Adds the events that match; false where none does. */
bool filter_add_events(struct filter *filter, struct slice glob);
/* Leaves those events alone that can be of a wanted concern; all of these where none was chosen. */
void filter_concern_events(struct filter *filter, bool chosen);
/* False where text names a class that there is not. */
bool license_filter_read(const char *text, struct license_filter *license);

bool filter_takes(const struct filter *filter, struct record *record);

#endif
