/* SPDX-License-Identifier: Apache-2.0 */
/* A stored record: whatever passes as sealed is what sealing its beginning again makes of it. */
#include "storage/model/change.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice line = fuzz_text(data, size);
	struct buf again = BUF_INIT(1 << 24);
	char prev[HASH_HEX + 1], claimed[HASH_HEX + 1], computed[HASH_HEX + 1];

	if (change_check(line, prev, claimed, computed) && strcmp(claimed, computed) == 0) {
		buf_add(&again, line.data, line.size - strlen(",\"prev\":\"\",\"hash\":\"\"}") - 2 * HASH_HEX);
		change_seal(&again, prev, prev);
		FUZZ_CHECK(slice_equal(buf_as_slice(&again), line));
	}
	buf_release(&again);
	return 0;
}
