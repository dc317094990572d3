/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The change decision, the point of it all: two states of one repo in, the events that lie between them out.
 *
 * Pure. Of every difference in a stable field exactly one event tells: a license event where the meaning of the
 * statement moved (the table in verdict.c), a rename, access, lineage, and metadata.changed for what is left. Fields
 * that one side does not know are not compared.
 */
#ifndef STORAGE_MODEL_VERDICT_H
#define STORAGE_MODEL_VERDICT_H

#include "storage/model/event_table.h"
#include "storage/model/state.h"

enum { VERDICT_EVENTS_MAX = 8, VERDICT_FIELDS_MAX = 256 };

struct verdict_event {
	enum event event;
	unsigned field_count;
	const struct slice *fields; /* "cardData.license", "gated", ...: which differences this event tells */
};

struct verdict {
	unsigned count;
	struct verdict_event event[VERDICT_EVENTS_MAX];
};

void verdict_judge(struct json *json, const struct state *before, const struct state *after, struct arena *arena,
	struct verdict *verdict);

/* The license part alone: EVENT_COUNT where nothing is to be told. */
enum event verdict_on_statements(const struct state *before, const struct state *after);

const char *event_name(enum event event);
const char *event_meaning(enum event event);
enum event event_of_name(struct slice name); /* EVENT_COUNT: there is none */
bool event_has_direction(enum event event);  /* switched and terms */
bool event_is_license(enum event event);

#endif
