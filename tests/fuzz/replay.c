/* SPDX-License-Identifier: Apache-2.0 */
/* replay FILE...: a fuzz target over its corpus, without libFuzzer; and over every beginning of each file. */
#include "tests/fuzz/fuzz.h"

enum { INPUT_MAX = 1 << 20, BEGINNINGS = 200 };

static size_t read_file(const char *path, uint8_t *bytes)
{
	FILE *file = fopen(path, "rb");
	size_t size;

	if (!file) {
		perror(path);
		exit(1);
	}
	size = fread(bytes, 1, INPUT_MAX, file);
	fclose(file);
	return size;
}

/* A copy of its own size, so that a sanitizer sees where it ends. */
static void run(const uint8_t *bytes, size_t size)
{
	uint8_t *copy = memory_new(size + 1);

	memcpy(copy + 1, bytes, size);
	LLVMFuzzerTestOneInput(copy + 1, size);
	free(copy);
}

int main(int argc, char **argv)
{
	uint8_t *bytes = memory_new(INPUT_MAX);

	if (argc < 2) {
		fprintf(stderr, "usage: replay FILE...\n");
		return 64;
	}
	for (int i = 1; i < argc; i++) {
		size_t size = read_file(argv[i], bytes), step = size / BEGINNINGS + 1;
		for (size_t cut = 0; cut < size; cut += step)
			run(bytes, cut);
		run(bytes, size);
	}
	free(bytes);
	printf("%d inputs, with their beginnings\n", argc - 1);
	return 0;
}
