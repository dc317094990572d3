/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/sweep_marks.h"

#include <stdlib.h>
#include <string.h>

#include "storage/model/memory.h"

void marks_begin(struct sweep_marks *marks, uint32_t sweep)
{
	marks_release(marks);
	marks->sweep = sweep;
}

void marks_release(struct sweep_marks *marks)
{
	free(marks->bits);
	*marks = (struct sweep_marks){ 0 };
}

static void make_room(struct sweep_marks *marks, size_t byte)
{
	size_t bytes = byte + 1 + byte / 2;

	if (byte < marks->bytes)
		return;
	marks->bits = memory_grow(marks->bits, bytes, 1);
	memset(marks->bits + marks->bytes, 0, bytes - marks->bytes);
	marks->bytes = bytes;
}

bool marks_set(struct sweep_marks *marks, uint32_t number)
{
	uint8_t bit = (uint8_t)(1u << number % 8);
	bool fresh;

	if (number > MARKS_NUMBER_MAX) {
		marks_release(marks);
		return true;
	}
	make_room(marks, number / 8);
	fresh = !(marks->bits[number / 8] & bit);
	marks->bits[number / 8] |= bit;
	return fresh;
}

bool marks_has(const struct sweep_marks *marks, uint32_t number)
{
	return number / 8 < marks->bytes && marks->bits[number / 8] & 1u << number % 8;
}
