/* SPDX-License-Identifier: Apache-2.0 */
#include "config/nearest.h"

#include <stdio.h>
#include <string.h>

enum { WRONG_LETTERS_MAX = 3 };

static char lower(char letter)
{
	return letter >= 'A' && letter <= 'Z' ? (char)(letter | 0x20) : letter;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Optimal string alignment, of which the newest three rows are kept. */
unsigned edit_distance(const char *a, const char *b)
{
	size_t a_size = strlen(a), b_size = strlen(b);
	unsigned row[3][NEAREST_TEXT_MAX + 1];

	if (a_size > NEAREST_TEXT_MAX || b_size > NEAREST_TEXT_MAX)
		return NEAREST_TEXT_MAX;
	for (unsigned j = 0; j <= b_size; j++)
		row[0][j] = j;
	for (unsigned i = 1; i <= a_size; i++) {
		unsigned *now = row[i % 3], *before = row[(i + 2) % 3], *earlier = row[(i + 1) % 3];

		now[0] = i;
		for (unsigned j = 1; j <= b_size; j++) {
			now[j] = before[j - 1] + (lower(a[i - 1]) != lower(b[j - 1]));
			now[j] = least(now[j], least(before[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]))
				now[j] = least(now[j], earlier[j - 2] + 1);
		}
	}
	return row[a_size % 3][b_size];
}

void nearest_begin(struct nearest *nearest, const char *wanted)
{
	unsigned wrong = (unsigned)(strlen(wanted) + 2) / 3;

	*nearest = (struct nearest){ .wanted = wanted, .distance = least(wrong, WRONG_LETTERS_MAX) + 1 };
}

void nearest_try(struct nearest *nearest, const char *word, size_t size)
{
	char copy[NEAREST_TEXT_MAX + 1];
	unsigned distance;

	if (!size || size > NEAREST_TEXT_MAX)
		return;
	memcpy(copy, word, size);
	copy[size] = '\0';
	distance = edit_distance(nearest->wanted, copy);
	if (distance >= nearest->distance)
		return;
	nearest->distance = distance;
	memcpy(nearest->word, copy, size + 1);
}

const char *nearest_hint(const struct nearest *nearest, const char *before, char hint[NEAREST_HINT_SIZE])
{
	const char *quote = before[0] ? "" : "'";

	hint[0] = '\0';
	if (nearest->word[0])
		snprintf(hint, NEAREST_HINT_SIZE, "; did you mean %s%s%s%s?", quote, before, nearest->word, quote);
	return hint;
}
