/* SPDX-License-Identifier: Apache-2.0 */
/* A link that a server names: whatever may be followed stays on the origin and holds no control character. */
#include "daemon/hub/url.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice target = fuzz_text(data, size);
	struct hub_origin origin, other;
	struct buf out = BUF_INIT(URL_MAX);

	FUZZ_CHECK(hub_origin_read(SLICE("https://hub.example"), &origin));
	if (hub_origin_read(target, &other))
		FUZZ_CHECK(memchr(other.text, '\0', HUB_ORIGIN_TEXT) && memchr(other.host, '\0', HUB_ORIGIN_HOST));
	if (!url_follow(&origin, target, &out)) {
		FUZZ_CHECK(slice_starts_with(buf_as_slice(&out), SLICE("https://hub.example/")));
		for (size_t i = 0; i < out.size; i++)
			FUZZ_CHECK((unsigned char)out.data[i] > 0x20 && out.data[i] != 0x7F && out.data[i] != '#');
		buf_reset(&out);
		url_with_rows(target, 1, &out);
		buf_reset(&out);
		url_without_field(target, "gated", &out);
	}
	buf_release(&out);
	return 0;
}
