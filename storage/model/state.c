/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/model/state.h"

#include "storage/model/lineage.h"

enum { CARD_DEPTH = 4 }; /* card, its base_model, an entry of that, the entry's name */

static const char *const gated_names[] = { [GATED_NO] = "no", [GATED_AUTO] = "auto", [GATED_MANUAL] = "manual" };

const char *gated_name(enum gated gated)
{
	return gated_names[gated];
}

/* Some servers put it in quotes. */
static bool is_true(struct slice canonical)
{
	return slice_is(canonical, "true") || slice_is(canonical, "\"true\"");
}

static enum gated read_gated(struct slice canonical)
{
	if (slice_is(canonical, "\"auto\"") || is_true(canonical))
		return GATED_AUTO;
	return slice_is(canonical, "\"manual\"") ? GATED_MANUAL : GATED_NO;
}

static void read_bases(struct json *json, struct slice card, struct arena *arena, struct state *state)
{
	struct slice padded;
	uint32_t bases;

	if (!card.data || card.data[0] != '{')
		return;
	padded = arena_copy_padded(arena, card, JSON_PADDING);
	if (json_parse(json, padded.data, padded.size, CARD_DEPTH))
		return;
	bases = json_member(json, 0, "base_model");
	state->base_count = bases ? (unsigned)lineage_names(json, bases, arena, state->base, STATE_BASES_MAX) : 0;
	for (unsigned i = 0; i < state->base_count; i++)
		state->base[i] = statement_bounded(state->base[i], arena);
}

void state_read(struct json *json, const struct canon *canon, struct arena *arena, struct state *state)
{
	state->canon = *canon;
	state->name = canon->field[FIELD_ID].data ? json_text(canon->field[FIELD_ID], CANON_BYTES_MAX, arena) : SLICE_NONE;
	state->gated = read_gated(canon->field[FIELD_GATED]);
	state->disabled = is_true(canon->field[FIELD_DISABLED]);
	state->is_private = is_true(canon->field[FIELD_PRIVATE]);
	state->base_count = 0;
	read_bases(json, canon->field[FIELD_CARD_DATA], arena, state);
	statement_from_canon(json, canon, arena, &state->statement);
	license_mean(&state->statement, &state->meaning);
}
