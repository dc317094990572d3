/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What canonical metadata says, taken apart: the side of a record.
 *
 * Everything is borrowed from the arena. Cost: one small JSON parse of the card.
 */
#ifndef STORAGE_MODEL_STATE_H
#define STORAGE_MODEL_STATE_H

#include "storage/model/license.h"

enum gated { GATED_NO, GATED_AUTO, GATED_MANUAL };

enum { STATE_BASES_MAX = 64 };

struct state {
	struct canon canon;
	struct slice name; /* decoded */
	enum gated gated;
	bool disabled, is_private;
	unsigned base_count;
	struct slice base[STATE_BASES_MAX]; /* cardData.base_model, decoded, bounded like a statement's texts */
	struct statement statement;
	struct license_meaning meaning;
};

/* `canon` is copied; its text must live as long as the state. */
void state_read(struct json *json, const struct canon *canon, struct arena *arena, struct state *state);

const char *gated_name(enum gated gated); /* "no", "auto", "manual" */

#endif
