/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing run of bytes that is born with its maximum.
 *
 * Writes past the maximum set `overflow` and are dropped, so that a long chain of appends is checked once, at its end.
 * buf_reset keeps the memory; buf_release works at any stage and any number of times. Not shared between threads.
 */
#ifndef STORAGE_MODEL_BUF_H
#define STORAGE_MODEL_BUF_H

#include <stdarg.h>

#include "storage/model/bytes.h"

struct buf {
	char *data; /* NUL-terminated whenever not NULL */
	size_t size;
	size_t room;
	size_t max;
	bool overflow;
};

#define BUF_INIT(maximum) { .max = (maximum) }

void buf_init(struct buf *buf, size_t max);
void buf_release(struct buf *buf);
void buf_reset(struct buf *buf);

/* Room for `more` bytes at data + size, or NULL (overflow set). The caller adds what it wrote to size. */
char *buf_reserve(struct buf *buf, size_t more);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Inline, since most appends are a few bytes and there is room. */
static inline void buf_add(struct buf *buf, const void *data, size_t size)
{
	if (size >= buf->room - buf->size || buf->overflow)
		if (!buf_reserve(buf, size))
			return;
	if (size)
		memcpy(buf->data + buf->size, data, size);
	buf->size += size;
	buf->data[buf->size] = '\0';
}

static inline void buf_char(struct buf *buf, char c)
{
	buf_add(buf, &c, 1);
}

static inline void buf_text(struct buf *buf, const char *text)
{
	buf_add(buf, text, strlen(text));
}

static inline void buf_slice(struct buf *buf, struct slice slice)
{
	buf_add(buf, slice.data, slice.size);
}

static inline struct slice buf_as_slice(const struct buf *buf)
{
	return (struct slice){ buf->data, buf->size };
}

#endif
