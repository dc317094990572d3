/* SPDX-License-Identifier: Apache-2.0 */
/* A 400's message: it names a property that was asked for, or none. */
#include "daemon/hub/refusal.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct projection asked = { .kind = REPO_MODEL, .fields = fields_asked(REPO_MODEL), .rules = CANON_RULES };
	enum field field = refusal_read(fuzz_text(data, size), &asked);

	FUZZ_CHECK(field == FIELD_NONE || (asked.fields & field_bit(field)));
	return 0;
}
