/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/model/past.h"

static const char *const texts[PAST_OUTCOME_COUNT] = {
#define X(constant, text) [constant] = text,
	PAST_OUTCOME_TABLE(X)
#undef X
};

const char *past_outcome_text(enum past_outcome outcome)
{
	return texts[outcome];
}

bool past_outcome_is_good(enum past_outcome outcome)
{
	return outcome == PAST_WHOLE || outcome == PAST_PART;
}
