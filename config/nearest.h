/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "Did you mean": the one of many words that a misspelt one was probably meant to be. Pure; letter case of ASCII does not
 * count. Words longer than NEAREST_TEXT_MAX are near to none.
 */
#ifndef CONFIG_NEAREST_H
#define CONFIG_NEAREST_H

#include <stddef.h>

enum { NEAREST_TEXT_MAX = 128 };

/* How many letters must be added, taken away, swapped or replaced to get from one to the other; NEAREST_TEXT_MAX: too long. */
unsigned edit_distance(const char *a, const char *b);

struct nearest {
	const char *wanted;              /* borrowed */
	unsigned distance;               /* of `word`; a word must be nearer than this to be taken */
	char word[NEAREST_TEXT_MAX + 1]; /* "": none is near */
};

/* One letter in three may be wrong, and at most three. */
void nearest_begin(struct nearest *nearest, const char *wanted);
/* `size` bytes; of equally near words the first stays. */
void nearest_try(struct nearest *nearest, const char *word, size_t size);

enum { NEAREST_HINT_SIZE = NEAREST_TEXT_MAX + 40 };
/* "; did you mean --word?" with "--" as `before`, "; did you mean 'word'?" with "", or "" where none is near. */
const char *nearest_hint(const struct nearest *nearest, const char *before, char hint[NEAREST_HINT_SIZE]);

#endif
