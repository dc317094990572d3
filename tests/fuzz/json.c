/* SPDX-License-Identifier: Apache-2.0 */
/* JSON at every depth: nodes lie in order inside their text, and what decodes encodes again. */
#include "storage/model/error.h"
#include "tests/fuzz/fuzz.h"

static void check_string(struct slice token)
{
	struct buf text = BUF_INIT(1 << 22), back = BUF_INIT(1 << 23), again = BUF_INIT(1 << 22);

	if (json_decode(token, &text) == 0) {
		json_encode(buf_as_slice(&text), &back);
		FUZZ_CHECK(json_decode(buf_as_slice(&back), &again) == 0);
		FUZZ_CHECK(slice_equal(buf_as_slice(&text), buf_as_slice(&again)));
	}
	buf_release(&text);
	buf_release(&back);
	buf_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_padded(data, size);
	struct json json;

	json_init(&json, 1 << 16);
	for (unsigned depth = 1; depth <= 64; depth *= 4) {
		if (json_parse(&json, text, size, depth))
			continue;
		for (uint32_t i = 0; i < json.count; i++) {
			const struct json_node *node = &json.node[i];
			FUZZ_CHECK(node->text >= text && node->text + node->size <= text + size && node->size > 0);
			FUZZ_CHECK(node->next > i && node->next <= json.count);
			FUZZ_CHECK(i == 0 || node->text >= json.node[i - 1].text);
			FUZZ_CHECK(!node->key || (node->key >= text && node->key + node->key_size < node->text));
			if (node->type == JSON_STRING)
				check_string(json_span(node));
		}
	}
	json_release(&json);
	free(text);
	return 0;
}
