/* SPDX-License-Identifier: Apache-2.0 */
/* Times: what is read is written, and read again the same. */
#include "storage/model/moment.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = fuzz_text(data, size);
	char written[MOMENT_TEXT];
	int64_t ms, back;

	if (moment_read_http(text, &ms))
		FUZZ_CHECK(ms >= 0 && ms % 1000 == 0);
	if (!moment_read(text, &ms) || ms > MOMENT_LAST)
		return 0;
	moment_write(ms, written);
	FUZZ_CHECK(moment_read(slice_of(written), &back) && back == ms);
	return 0;
}
