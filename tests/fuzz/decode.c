/* SPDX-License-Identifier: Apache-2.0 */
/* A compressed body: damage is said, bombs end at the limit. */
#include "daemon/hub/decode.h"
#include "storage/model/error.h"
#include "tests/fuzz/fuzz.h"

enum { BYTES_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf body = BUF_INIT(BYTES_MAX + JSON_PADDING);
	struct slice text = SLICE_NONE;
	struct decoder decoder;
	int code;

	if (size > BYTES_MAX)
		return 0;
	decoder_init(&decoder, BYTES_MAX);
	buf_add(&body, data, size);
	code = decoder_run(&decoder, SLICE("gzip"), &body, 0, &text);
	FUZZ_CHECK(code || text.size <= BYTES_MAX);
	for (size_t i = 0; !code && i < JSON_PADDING; i++)
		FUZZ_CHECK(text.data[text.size + i] || true); /* readable */
	decoder_release(&decoder);
	buf_release(&body);
	return 0;
}
