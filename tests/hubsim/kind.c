/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hubsim/kind.h"

const struct kind_words kind_words[KIND_COUNT] = {
	[KIND_MODEL] = { "model", "models", "" },
	[KIND_DATASET] = { "dataset", "datasets", "datasets/" },
	[KIND_SPACE] = { "space", "spaces", "spaces/" },
};

enum kind kind_of(struct slice word)
{
	for (int kind = 0; kind < KIND_COUNT; kind++)
		if (slice_is(word, kind_words[kind].one) || slice_is(word, kind_words[kind].many))
			return (enum kind)kind;
	return KIND_COUNT;
}
