/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/model/state.h"

#include "storage/model/error.h"

static const char *const gated_names[] = { [GATED_NO] = "no", [GATED_AUTO] = "auto", [GATED_MANUAL] = "manual" };

const char *gated_name(enum gated gated)
{
	return gated_names[gated];
}

static enum gated read_gated(struct slice canonical)
{
	if (slice_is(canonical, "\"auto\"") || slice_is(canonical, "true"))
		return GATED_AUTO;
	return slice_is(canonical, "\"manual\"") ? GATED_MANUAL : GATED_NO;
}

static struct slice decoded(struct slice token, struct arena *arena)
{
	struct buf text = BUF_INIT(CANON_BYTES_MAX);
	struct slice copy = SLICE_NONE;

	if (json_decode(token, &text) == ERROR_NONE)
		copy = arena_copy(arena, buf_as_slice(&text));
	buf_release(&text);
	return copy;
}

/* A string or a list of strings. */
static void read_bases(struct json *json, struct slice card, struct arena *arena, struct state *state)
{
	struct slice padded;
	uint32_t bases;

	if (!card.data || card.data[0] != '{')
		return;
	padded = arena_copy_padded(arena, card, JSON_PADDING);
	if (json_parse(json, padded.data, padded.size, 2))
		return;
	bases = json_member(json, 0, "base_model");
	for (uint32_t i = bases; bases && i < json_end(json, bases) && state->base_count < STATE_BASES_MAX; i++)
		if (json->node[i].type == JSON_STRING)
			state->base[state->base_count++] = statement_bounded(decoded(json_span(&json->node[i]), arena), arena);
}

void state_read(struct json *json, const struct canon *canon, struct arena *arena, struct state *state)
{
	state->canon = *canon;
	state->name = canon->field[FIELD_ID].data ? decoded(canon->field[FIELD_ID], arena) : SLICE_NONE;
	state->gated = read_gated(canon->field[FIELD_GATED]);
	state->disabled = slice_is(canon->field[FIELD_DISABLED], "true");
	state->is_private = slice_is(canon->field[FIELD_PRIVATE], "true");
	state->base_count = 0;
	read_bases(json, canon->field[FIELD_CARD_DATA], arena, state);
	statement_from_canon(json, canon, arena, &state->statement);
	license_mean(&state->statement, &state->meaning);
}
