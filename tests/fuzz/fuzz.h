/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One parser, one file: LLVMFuzzerTestOneInput() gets bytes from anywhere and must neither crash, nor hang, nor take more
 * memory than its limits, nor break a rule of its own (FUZZ_CHECK). `make fuzz` builds them with libFuzzer; replay.c runs
 * the corpus through them in every ordinary test run.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdio.h>
#include <stdlib.h>

#include "storage/model/json.h"
#include "storage/model/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CHECK(rule) \
	do { \
		if (!(rule)) { \
			fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #rule); \
			abort(); \
		} \
	} while (0)

/* A copy that ends where JSON_PADDING ends; the caller frees it. */
static inline char *fuzz_padded(const uint8_t *data, size_t size)
{
	char *copy = memory_new(size + JSON_PADDING);

	if (size)
		memcpy(copy, data, size);
	return copy;
}

/* The bytes as a text; an empty one has no data at all, as a text that nobody wrote. */
static inline struct slice fuzz_text(const uint8_t *data, size_t size)
{
	return size ? (struct slice){ (const char *)data, size } : SLICE_NONE;
}

#endif
