/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/model/memory.h"

#include "storage/model/new_file.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void memory_failed(const char *what)
{
	fprintf(stderr, "relicensed: out of memory (%s)\n", what);
	new_file_remove_all();
	abort();
}

static void *checked(void *memory, size_t size)
{
	if (!memory && size)
		memory_failed("allocation");
	return memory;
}

void *memory_new(size_t size)
{
	return checked(size ? calloc(1, size) : NULL, size);
}

void *memory_grow(void *old, size_t count, size_t element)
{
	size_t size = element && count > SIZE_MAX / element ? SIZE_MAX : count * element;

	return checked(size == SIZE_MAX ? NULL : realloc(old, size ? size : 1), size);
}

char *memory_text(const char *data, size_t size)
{
	char *copy = memory_new(size + 1);

	if (size)
		memcpy(copy, data, size);
	return copy;
}
