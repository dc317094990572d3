/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Borrowed runs of bytes, and integers in big-endian order.
 *
 * A slice never owns what it points to and is not NUL-terminated. Big-endian is the order of every key and value in
 * the store: it sorts as numbers sort, and a store can be carried to any machine.
 */
#ifndef STORAGE_MODEL_BYTES_H
#define STORAGE_MODEL_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
	const char *data;
	size_t size;
};

#define SLICE(literal) ((struct slice){ (literal), sizeof(literal) - 1 })
#define SLICE_NONE ((struct slice){ NULL, 0 })
#define ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))

static inline struct slice slice_of(const char *text)
{
	return (struct slice){ text, text ? strlen(text) : 0 };
}

static inline bool slice_equal(struct slice a, struct slice b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static inline bool slice_is(struct slice a, const char *text)
{
	return slice_equal(a, slice_of(text));
}

static inline bool slice_starts_with(struct slice a, struct slice prefix)
{
	return a.size >= prefix.size && (prefix.size == 0 || memcmp(a.data, prefix.data, prefix.size) == 0);
}

/* Takes the next line off `rest`, without its line feed. After the last one `rest` has no data. */
static inline struct slice slice_take_line(struct slice *rest)
{
	const char *end = rest->size ? (const char *)memchr(rest->data, '\n', rest->size) : NULL;
	struct slice line = { rest->data, end ? (size_t)(end - rest->data) : rest->size };

	*rest = end ? (struct slice){ end + 1, rest->size - line.size - 1 } : SLICE_NONE;
	return line;
}

/* Bytewise order, the shorter first where one is the other's beginning. */
static inline int slice_compare(struct slice a, struct slice b)
{
	size_t shared = a.size < b.size ? a.size : b.size;
	int order = shared ? memcmp(a.data, b.data, shared) : 0;

	return order ? order : (a.size > b.size) - (a.size < b.size);
}

static inline void put_be(uint8_t *out, uint64_t value, unsigned bytes)
{
	for (unsigned i = bytes; i-- > 0; value >>= 8)
		out[i] = (uint8_t)value;
}

static inline uint64_t get_be(const uint8_t *in, unsigned bytes)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < bytes; i++)
		value = value << 8 | in[i];
	return value;
}

#define put_u16(out, value) put_be((out), (value), 2)
#define put_u32(out, value) put_be((out), (value), 4)
#define put_u48(out, value) put_be((out), (value), 6)
#define put_u64(out, value) put_be((out), (value), 8)
#define get_u16(in) ((uint16_t)get_be((in), 2))
#define get_u32(in) ((uint32_t)get_be((in), 4))
#define get_u48(in) get_be((in), 6)
#define get_u64(in) get_be((in), 8)

#endif
