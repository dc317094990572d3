/* SPDX-License-Identifier: Apache-2.0 */
/*
 * train_dictionary OUT < rows.jsonl: a zstd dictionary from the contents that snapshots of these rows would have.
 *
 * Run by `make dictionary` over the shipped rows alone, so that the dictionary in the program holds nothing that may
 * not be shipped. The result is committed: a dictionary's bytes are part of the store's format.
 */
#include <stdio.h>
#include <stdlib.h>
#define ZDICT_STATIC_LINKING_ONLY
#include <zdict.h>

#include "storage/model/canon.h"
#include "storage/model/error.h"
#include "storage/model/memory.h"

enum { DICTIONARY_BYTES = 16 << 10, SAMPLES_BYTES_MAX = 256 << 20, LEVEL = 1 };

struct samples {
	struct buf bytes;
	size_t *sizes;
	unsigned count, room;
};

static enum repo_kind kind_of(const struct json *json)
{
	enum repo_kind kind = REPO_MODEL;
	uint32_t type = json_member(json, 0, "repoType");
	struct slice token = type ? json_span(&json->node[type]) : SLICE_NONE;

	if (token.size > 2)
		repo_kind_read((struct slice){ token.data + 1, token.size - 2 }, &kind);
	return kind;
}

/* The rows lack `_id` and sha, which the content does not have either. */
static void add_sample(struct samples *samples, struct json *json, struct canon_maker *maker, const char *line, size_t size)
{
	struct arena arena = { 0 };
	struct row row = { 0 };
	struct canon canon;
	size_t before = samples->bytes.size;
	uint32_t fields;

	if (json_parse(json, line, size, 1))
		return;
	fields = fields_asked(kind_of(json));
	for (uint32_t i = json_first(0); i < json_end(json, 0); i = json_next(json, i)) {
		enum field field = field_find(json_key(&json->node[i]));
		if (field != FIELD_NONE && fields & field_bit(field))
			row.span[field] = json_span(&json->node[i]);
	}
	if (canon_from_row(maker, &row, fields, &arena, &canon) == ERROR_NONE) {
		canon_write(&canon, &samples->bytes);
		buf_char(&samples->bytes, '\n');
		derived_write(maker, &row, &samples->bytes);
		if (samples->count == samples->room) {
			samples->room = samples->room ? samples->room * 2 : 1024;
			samples->sizes = memory_grow(samples->sizes, samples->room, sizeof(*samples->sizes));
		}
		samples->sizes[samples->count++] = samples->bytes.size - before;
	}
	arena_release(&arena);
}

int main(int argc, char **argv)
{
	struct samples samples = { .bytes = BUF_INIT(SAMPLES_BYTES_MAX) };
	struct json json;
	struct canon_maker maker;
	char *line = NULL, *dictionary = memory_new(DICTIONARY_BYTES);
	size_t room = 0, trained;
	ssize_t size;
	ZDICT_fastCover_params_t parameters = { .d = 8, .k = 200, .steps = 1, .zParams.compressionLevel = LEVEL };
	FILE *out;

	if (argc != 2) {
		fprintf(stderr, "usage: train_dictionary OUT < rows.jsonl\n");
		return 64;
	}
	json_init(&json, CANON_NODES_MAX);
	canon_maker_init(&maker);
	while ((size = getline(&line, &room, stdin)) > 0) {
		line = memory_grow(line, (size_t)size + JSON_PADDING + 1, 1);
		room = (size_t)size + JSON_PADDING + 1;
		memset(line + size, 0, JSON_PADDING);
		add_sample(&samples, &json, &maker, line, (size_t)size);
	}
	trained = ZDICT_optimizeTrainFromBuffer_fastCover(dictionary, DICTIONARY_BYTES, samples.bytes.data, samples.sizes,
		samples.count, &parameters);
	if (ZDICT_isError(trained)) {
		fprintf(stderr, "train_dictionary: %s\n", ZDICT_getErrorName(trained));
		return 1;
	}
	out = fopen(argv[1], "wb");
	if (!out || fwrite(dictionary, 1, trained, out) != trained || fclose(out) != 0) {
		perror(argv[1]);
		return 1;
	}
	fprintf(stderr, "%s: %zu bytes from %u rows\n", argv[1], trained, samples.count);
	free(line);
	free(dictionary);
	free(samples.sizes);
	buf_release(&samples.bytes);
	json_release(&json);
	canon_maker_release(&maker);
	return 0;
}
