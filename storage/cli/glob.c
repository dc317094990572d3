/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/cli/glob.h"

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

/* Bytes of the UTF-8 character at `at`: 1 for whatever begins none. */
static size_t character_bytes(struct slice text, size_t at)
{
	size_t end = at + 1;

	while (end < text.size && ((uint8_t)text.data[end] & 0xC0) == 0x80)
		end++;
	return end - at;
}

/* One step of the pattern that is not a star, against the text at *at; both are moved. */
static bool step(struct slice pattern, size_t *in_pattern, struct slice text, size_t *in_text)
{
	char c = pattern.data[(*in_pattern)++];

	if (c == '?') {
		*in_text += character_bytes(text, *in_text);
		return true;
	}
	if (c == '\\' && *in_pattern < pattern.size)
		c = pattern.data[(*in_pattern)++];
	return lower(c) == lower(text.data[(*in_text)++]);
}

bool glob_match(struct slice pattern, struct slice text)
{
	size_t in_pattern = 0, in_text = 0;
	size_t after_star = SIZE_MAX, star_text = 0; /* where to go on when what follows the last star does not fit */

	while (in_text < text.size) {
		if (in_pattern < pattern.size && pattern.data[in_pattern] == '*') {
			after_star = ++in_pattern;
			star_text = in_text;
		} else if (in_pattern < pattern.size && step(pattern, &in_pattern, text, &in_text)) {
			continue;
		} else if (after_star != SIZE_MAX) {
			in_pattern = after_star;
			in_text = ++star_text;
		} else {
			return false;
		}
	}
	while (in_pattern < pattern.size && pattern.data[in_pattern] == '*')
		in_pattern++;
	return in_pattern == pattern.size;
}
