/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/model/buf.h"

#include <stdio.h>
#include <stdlib.h>

#include "storage/model/memory.h"

enum { SMALLEST_ROOM = 64 };

void buf_init(struct buf *buf, size_t max)
{
	*buf = (struct buf)BUF_INIT(max);
}

void buf_release(struct buf *buf)
{
	free(buf->data);
	buf_init(buf, buf->max);
}

void buf_reset(struct buf *buf)
{
	buf->size = 0;
	buf->overflow = false;
	if (buf->data)
		buf->data[0] = '\0';
}

char *buf_reserve(struct buf *buf, size_t more)
{
	size_t room = buf->room > SMALLEST_ROOM ? buf->room : SMALLEST_ROOM;

	if (more > buf->max - buf->size || buf->overflow) {
		buf->overflow = true;
		return NULL;
	}
	while (room - 1 < buf->size + more)
		room *= 2;
	if (room > buf->max + 1)
		room = buf->max + 1;
	if (room > buf->room) {
		buf->data = memory_grow(buf->data, room, 1);
		buf->room = room;
	}
	return buf->data + buf->size;
}

void buf_printf(struct buf *buf, const char *format, ...)
{
	char small[256];
	va_list arguments;
	int size;
	char *to;

	va_start(arguments, format);
	size = vsnprintf(small, sizeof(small), format, arguments);
	va_end(arguments);
	if (size < 0)
		return;
	if ((size_t)size < sizeof(small)) {
		buf_add(buf, small, (size_t)size);
		return;
	}
	to = buf_reserve(buf, (size_t)size);
	if (!to)
		return;
	va_start(arguments, format);
	vsnprintf(to, (size_t)size + 1, format, arguments);
	va_end(arguments);
	buf->size += (size_t)size;
}
