/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/counter_block.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { ENCODING_PLAIN = 1, ENCODING_CHECKED = 2, ENCODING_BACK = 3, CHECK_BYTES = 4, HEAD_BYTES = 1 + CHECK_BYTES };

static size_t write_varint(uint8_t *out, uint32_t value)
{
	size_t size = 0;

	for (; value >= 0x80; value >>= 7)
		out[size++] = (uint8_t)(value | 0x80);
	out[size++] = (uint8_t)value;
	return size;
}

static uint32_t read_varint(struct slice bytes, size_t *at)
{
	uint32_t value = 0;

	for (unsigned shift = 0; *at < bytes.size && shift < 35; shift += 7) {
		uint8_t byte = (uint8_t)bytes.data[(*at)++];
		value |= (uint32_t)(byte & 0x7F) << shift;
		if (!(byte & 0x80))
			break;
	}
	return value;
}

static uint32_t check_of(const uint8_t *bytes, size_t size, uint64_t place)
{
	return (uint32_t)XXH3_64bits_withSeed(bytes, size, place);
}

static size_t seal(uint8_t *out, uint8_t encoding, size_t size, uint64_t place)
{
	out[0] = encoding;
	put_u32(out + 1, check_of(out + HEAD_BYTES, size - HEAD_BYTES, place));
	return size;
}

size_t counter_block_write(const struct counter_block *block, uint64_t place, uint8_t out[COUNTER_BLOCK_BYTES_MAX])
{
	size_t size = HEAD_BYTES, used = COUNTER_BLOCK;

	while (used && !block->downloads[used - 1] && !block->likes[used - 1])
		used--;
	for (size_t i = 0; i < used; i++) {
		size += write_varint(out + size, block->downloads[i]);
		size += write_varint(out + size, block->likes[i]);
	}
	return seal(out, ENCODING_CHECKED, size, place);
}

static size_t write_moves(const uint32_t *values, const uint32_t *next, uint8_t *out)
{
	size_t size = 0, before = 0;

	for (size_t i = 0; i < COUNTER_BLOCK; i++) {
		uint32_t by = values[i] - next[i];

		if (!by)
			continue;
		size += write_varint(out + size, (uint32_t)(i + 1 - before));
		size += write_varint(out + size, (by << 1) ^ (by >> 31 ? UINT32_MAX : 0));
		before = i + 1;
	}
	return size + write_varint(out + size, 0);
}

size_t counter_block_write_back(const struct counter_block *block, const struct counter_block *next, uint64_t place,
	uint8_t out[COUNTER_BLOCK_BYTES_MAX])
{
	size_t size = HEAD_BYTES;

	size += write_moves(block->downloads, next->downloads, out + size);
	size += write_moves(block->likes, next->likes, out + size);
	return seal(out, ENCODING_BACK, size, place);
}

bool counter_block_leads_back(struct slice value)
{
	return value.size && value.data[0] == ENCODING_BACK;
}

static void read_plain(struct slice bytes, struct counter_block *block)
{
	size_t at = 0;

	*block = (struct counter_block){ 0 };
	for (size_t i = 0; i < COUNTER_BLOCK && at < bytes.size; i++) {
		block->downloads[i] = read_varint(bytes, &at);
		block->likes[i] = read_varint(bytes, &at);
	}
}

static bool read_moves(struct slice bytes, size_t *at, uint32_t *values)
{
	size_t i = 0;
	uint32_t on;

	while ((on = read_varint(bytes, at)) != 0) {
		uint32_t by = read_varint(bytes, at);

		if (on > COUNTER_BLOCK - i)
			return false;
		i += on;
		values[i - 1] += (by >> 1) ^ (by & 1 ? UINT32_MAX : 0);
	}
	return true;
}

bool counter_block_read(struct slice value, uint64_t place, struct counter_block *block)
{
	const uint8_t *bytes = (const uint8_t *)value.data;
	struct slice rest;
	size_t at = 0;

	if (value.size && bytes[0] == ENCODING_PLAIN) {
		read_plain((struct slice){ value.data + 1, value.size - 1 }, block);
		return true;
	}
	if (value.size < HEAD_BYTES || get_u32(bytes + 1) != check_of(bytes + HEAD_BYTES, value.size - HEAD_BYTES, place))
		return false;
	rest = (struct slice){ value.data + HEAD_BYTES, value.size - HEAD_BYTES };
	if (bytes[0] == ENCODING_CHECKED) {
		read_plain(rest, block);
		return true;
	}
	return bytes[0] == ENCODING_BACK && read_moves(rest, &at, block->downloads) && read_moves(rest, &at, block->likes);
}
