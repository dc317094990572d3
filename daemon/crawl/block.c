/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/block.h"

#include <inttypes.h>
#include <stdio.h>

#include "storage/model/json.h"
#include "storage/reader.h"

enum { BLOCK_NODES_MAX = 16, BLOCK_TEXT_MAX = 4096 };

void block_write(const struct quota_block *block, char text[BLOCK_TEXT])
{
	snprintf(text, BLOCK_TEXT, "{\"end\":%" PRId64 ",\"window\":%" PRId64 ",\"limit\":%" PRId64 ",\"granted\":%" PRId64 "}",
		block->end_wall_ms, block->window_ms, block->limit, block->granted);
}

static int64_t read_number(const struct json *json, const char *key)
{
	uint32_t at = json_member(json, 0, key);
	uint64_t value = 0;

	return at && json_integer(json_span(&json->node[at]), &value) && value < INT64_MAX / 2 ? (int64_t)value : 0;
}

bool block_read(struct slice text, struct quota_block *block)
{
	struct buf padded = BUF_INIT(BLOCK_TEXT_MAX + JSON_PADDING);
	struct json json;

	*block = (struct quota_block){ 0 };
	json_init(&json, BLOCK_NODES_MAX);
	buf_slice(&padded, text);
	if (buf_reserve(&padded, JSON_PADDING) && json_parse(&json, padded.data, padded.size, 1) == 0 &&
		json.node[0].type == JSON_OBJECT) {
		block->end_wall_ms = read_number(&json, "end");
		block->window_ms = read_number(&json, "window");
		block->limit = read_number(&json, "limit");
		block->granted = read_number(&json, "granted");
	}
	json_release(&json);
	buf_release(&padded);
	return block->end_wall_ms && block->window_ms && block->limit && block->granted;
}

bool block_load(struct store *store, unsigned bucket, struct quota_block *block)
{
	struct store_problem problem;
	struct reader *reader;
	struct slice text;
	bool found;

	if (reader_open(store, &reader, &problem))
		return false;
	found = reader_quota_block(reader, bucket, &text) == 0 && block_read(text, block);
	reader_close(&reader);
	return found;
}
