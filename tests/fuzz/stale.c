/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lies after a text makes no difference: bytes of the page before it, in a buffer that is used again and again. But
 * for one thing: where a closing bracket follows, simdjson counts all brackets first, and refuses at once what it would
 * else skip without a look, as json.h says of containers at the depth limit.
 * Input: the depth, how many of the last bytes lie after the text, the text and those.
 */
#include "storage/model/error.h"
#include "tests/fuzz/fuzz.h"

enum { NODES_MAX = 1 << 16 };

struct parsed {
	char *text;
	struct json json;
	int error;
};

static void parse(struct parsed *parsed, struct slice text, struct slice after, char filler, unsigned depth)
{
	parsed->text = memory_new(text.size + JSON_PADDING);
	memset(parsed->text, filler, text.size + JSON_PADDING);
	if (text.size + after.size)
		memcpy(parsed->text, text.data, text.size + after.size); /* `after` follows the text in the input as well */
	json_init(&parsed->json, NODES_MAX);
	parsed->error = json_parse(&parsed->json, parsed->text, text.size, depth);
}

static void forget(struct parsed *parsed)
{
	json_release(&parsed->json);
	free(parsed->text);
}

static void check_node(const struct parsed *clean, const struct parsed *stale, uint32_t at, size_t size)
{
	const struct json_node *one = &clean->json.node[at], *other = &stale->json.node[at];

	FUZZ_CHECK(one->text - clean->text == other->text - stale->text && one->size == other->size);
	FUZZ_CHECK(one->next == other->next && one->type == other->type && one->key_size == other->key_size);
	FUZZ_CHECK(other->text + other->size <= stale->text + size);
	FUZZ_CHECK(!other->key || other->key + other->key_size < stale->text + size);
}

static bool is_balanced(struct slice text)
{
	bool in_string = false;
	long open = 0;

	for (size_t i = 0; i < text.size; i++) {
		char c = text.data[i];

		if (c == '"')
			in_string = !in_string;
		else if (in_string)
			i += c == '\\';
		else
			open += (c == '[' || c == '{') - (c == ']' || c == '}');
	}
	return open == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct parsed clean, stale;
	struct slice text, after;
	unsigned depth;

	if (size < 2)
		return 0;
	depth = data[0] % 4 + 1;
	after.size = data[1] % (JSON_PADDING + 1);
	after.size = after.size < size - 2 ? after.size : size - 2;
	text = (struct slice){ (const char *)data + 2, size - 2 - after.size };
	after.data = text.data + text.size;
	parse(&clean, text, SLICE_NONE, '\0', depth);
	parse(&stale, text, after, size & 1 ? ' ' : ']', depth);
	FUZZ_CHECK(clean.error == stale.error || (!clean.error && !is_balanced(text)));
	FUZZ_CHECK(stale.error || clean.json.count == stale.json.count);
	for (uint32_t i = 0; i < stale.json.count; i++)
		check_node(&clean, &stale, i, text.size);
	forget(&clean);
	forget(&stale);
	return 0;
}
