/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/model/past.h"

static const struct {
	const char *name, *text;
} outcomes[PAST_OUTCOME_COUNT] = {
#define X(constant, name, text) [constant] = { name, text },
	PAST_OUTCOME_TABLE(X)
#undef X
};

const char *past_outcome_name(enum past_outcome outcome)
{
	return outcomes[outcome].name;
}

const char *past_outcome_text(enum past_outcome outcome)
{
	return outcomes[outcome].text;
}

bool past_outcome_is_good(enum past_outcome outcome)
{
	return outcome == PAST_WHOLE || outcome == PAST_PART;
}
