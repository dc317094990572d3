/* SPDX-License-Identifier: Apache-2.0 */
/* A stored frame: two bytes of encoding, then whatever; and the same bytes packed and unpacked. */
#include "storage/frame.h"
#include "storage/model/bytes.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct frame_maker *maker;
	struct slice bytes = fuzz_text(data, size), older = SLICE("{\"id\":\"a/b\",\"cardData\":{\"license\":\"mit\"}}\n{}");
	struct buf frame = BUF_INIT(1 << 22), content = BUF_INIT(1 << 22);
	uint16_t encoding;

	if (!maker)
		maker = frame_maker_new(NULL);
	if (size > 2)
		frame_unpack(maker, get_u16(data), (struct slice){ bytes.data + 2, size - 2 }, older, &content);
	buf_reset(&content);
	FUZZ_CHECK(frame_pack_delta(maker, older, bytes, &frame, &encoding) == 0);
	FUZZ_CHECK(frame_unpack(maker, encoding, buf_as_slice(&frame), older, &content) == 0);
	FUZZ_CHECK(slice_equal(buf_as_slice(&content), bytes));
	buf_release(&frame);
	buf_release(&content);
	return 0;
}
