/* SPDX-License-Identifier: Apache-2.0 */
/* Stored text, whatever it became on its disk: canonical text, a line feed, derived text. */
#include "storage/model/canon.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = fuzz_text(data, size), canonical = slice_take_line(&rest);
	struct buf text = BUF_INIT(1 << 24), again = BUF_INIT(1 << 24);
	struct arena arena = { 0 };
	struct canon_maker maker;
	struct canon canon, back;

	canon_maker_init(&maker);
	if (canonical.size && canon_reread(&maker, canonical, rest, &arena, &canon) == 0) {
		canon_write(&canon, &text);
		FUZZ_CHECK(canon_read(&maker, buf_as_slice(&text), &arena, &back) == 0);
		canon_write(&back, &again);
		FUZZ_CHECK(slice_equal(buf_as_slice(&text), buf_as_slice(&again)));
	}
	canon_maker_release(&maker);
	arena_release(&arena);
	buf_release(&text);
	buf_release(&again);
	return 0;
}
