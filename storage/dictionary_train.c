/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/dictionary_train.h"

#include <stdlib.h>
#define ZDICT_STATIC_LINKING_ONLY /* fastCover with its parameters; ZDICT_trainFromBuffer picks worse ones, see below */
#include <zdict.h>

#include "storage/meta.h"
#include "storage/model/memory.h"
#include "storage/snapshot_table.h"
#include "storage/text_table.h"

enum { SAMPLES_BYTES_MAX = 32 << 20, HELD_OUT_EVERY = 4, WORTH_PERCENT = 3, GROWTH = 2 };

/* From so many repos, or texts, on; a longer sample is cut. */
static const struct {
	const char *trained; /* meta row: how many there were */
	uint32_t first, samples;
	size_t sample_bytes, bytes;
	unsigned k;
} plans[DICTIONARY_USES] = {
	/* Of 935,000 contents: 60.6 bytes a frame with 16 KiB, 59.4 with 32; with k = 1024, which zstd itself picks, 66.7. */
	[DICTIONARY_CONTENT] = { "dictionary.repos", 4096, 4096, 4096, 32 << 10, 200 },
	/* Whole licenses, of which most texts are a variant: 296 license files of 4.3 KB took 1,937 bytes, so they take 320. */
	[DICTIONARY_TEXT] = { "dictionary.texts", 256, 1024, 32 << 10, 112 << 10, 1024 },
};

struct trainer {
	struct txn txn;
	enum dictionary_use use;
	struct frame_maker *frames;
	struct buf bytes, held_out; /* samples one behind the other: to train with, and to judge by */
	size_t *sizes, *held_out_sizes;
	unsigned count, held_out_count;
	struct arena arena;
};

/* --- samples ------------------------------------------------------------------------------------------------------- */

static void add_sample(struct trainer *trainer, struct slice sample)
{
	bool held_out = (trainer->count + trainer->held_out_count) % HELD_OUT_EVERY == 0;
	struct buf *bytes = held_out ? &trainer->held_out : &trainer->bytes;
	size_t size = sample.size < plans[trainer->use].sample_bytes ? sample.size : plans[trainer->use].sample_bytes;

	buf_add(bytes, sample.data, size);
	if (bytes->overflow)
		return;
	if (held_out)
		trainer->held_out_sizes[trainer->held_out_count++] = size;
	else
		trainer->sizes[trainer->count++] = size;
}

/* Numbers were given in the order of first sight, and each repo has a first version. */
static void sample_contents(struct trainer *trainer, uint64_t repos)
{
	uint32_t samples = plans[DICTIONARY_CONTENT].samples;

	for (uint32_t i = 0; i < samples && !trainer->txn.error; i++) {
		uint32_t number = (uint32_t)(1 + repos * i / samples);
		struct slice content;

		if (i && number == (uint32_t)(1 + repos * (i - 1) / samples))
			continue;
		if (snapshot_content(&trainer->txn, trainer->frames, number, 1, &trainer->arena, &content) == ERROR_NONE)
			add_sample(trainer, content);
		arena_reset(&trainer->arena);
	}
}

/* Keys are hashes: even steps between them are an even sample. */
static void sample_texts(struct trainer *trainer)
{
	MDB_cursor *cursor = txn_cursor(&trainer->txn, TABLE_TEXT);
	struct buf text = BUF_INIT(FRAME_CONTENT_MAX);
	uint8_t last[TEXT_HASH_BYTES] = { 0 }, hash[TEXT_HASH_BYTES] = { 0 };

	for (uint32_t i = 0; i < plans[DICTIONARY_TEXT].samples; i++) {
		struct slice key = { (const char *)hash, sizeof(hash) }, value;

		put_u32(hash, (uint32_t)((uint64_t)i * UINT32_MAX / plans[DICTIONARY_TEXT].samples));
		if (!txn_seek(&trainer->txn, cursor, MDB_SET_RANGE, &key, &value))
			break;
		if (key.size != sizeof(last) || memcmp(key.data, last, sizeof(last)) == 0)
			continue;
		memcpy(last, key.data, sizeof(last));
		buf_reset(&text);
		if (text_get(&trainer->txn, trainer->frames, last, &text))
			add_sample(trainer, buf_as_slice(&text));
	}
	if (cursor)
		mdb_cursor_close(cursor);
	buf_release(&text);
}

/* --- a try --------------------------------------------------------------------------------------------------------- */

static struct slice train(const struct trainer *trainer, char *room, size_t bytes)
{
	ZDICT_fastCover_params_t parameters = { .d = 8, .k = plans[trainer->use].k, .steps = 1, .zParams.compressionLevel = 3 };
	size_t size = ZDICT_trainFromBuffer_fastCover(room, bytes, trainer->bytes.data, trainer->sizes, trainer->count, parameters);

	return ZDICT_isError(size) ? SLICE_NONE : (struct slice){ room, size };
}

static uint64_t packed_bytes(const struct trainer *trainer, const ZSTD_CDict *dictionary)
{
	ZSTD_CCtx *context = ZSTD_createCCtx();
	size_t room_bytes = ZSTD_compressBound(plans[trainer->use].sample_bytes);
	char *room = memory_new(room_bytes);
	const char *at = trainer->held_out.data;
	uint64_t sum = 0;

	if (!context)
		memory_failed("zstd");
	for (unsigned i = 0; i < trainer->held_out_count; at += trainer->held_out_sizes[i++]) {
		size_t size = ZSTD_compress_usingCDict(context, room, room_bytes, at, trainer->held_out_sizes[i], dictionary);
		sum += ZSTD_isError(size) ? trainer->held_out_sizes[i] : size;
	}
	ZSTD_freeCCtx(context);
	free(room);
	return sum;
}

static bool is_worth_it(struct trainer *trainer, struct dictionaries *dictionaries, struct slice made,
	struct dictionary_training *training)
{
	unsigned id;
	ZSTD_CDict *compressor = made.size ? dictionary_compressor(trainer->use, made) : NULL;

	training->samples = trainer->held_out_count;
	training->bytes_before = packed_bytes(trainer, dictionaries_packer(dictionaries, trainer->use, &id));
	training->bytes_after = compressor ? packed_bytes(trainer, compressor) : training->bytes_before;
	ZSTD_freeCDict(compressor);
	return training->bytes_after * 100 <= training->bytes_before * (100 - WORTH_PERCENT);
}

static int put_once(struct store *store, enum dictionary_use use, uint64_t entries, struct slice made, unsigned *id)
{
	struct txn txn;
	int code = txn_begin(store, true, &txn);

	if (code)
		return code;
	meta_set_number(&txn, plans[use].trained, entries);
	*id = made.size ? dictionary_put(&txn, use, made) : 0;
	return txn_commit(&txn);
}

/* Also where it was not worth it: it is not tried again before the store has doubled. */
static int put(struct store *store, enum dictionary_use use, uint64_t entries, struct slice made,
	struct dictionary_training *training, struct store_problem *problem)
{
	unsigned id = 0;
	int code;

	while ((code = put_once(store, use, entries, made, &id)) == MDB_MAP_FULL) {
		code = store_grow(store, problem);
		if (code)
			return code;
	}
	if (code)
		return store_fail(store, code, "storing a dictionary", problem);
	training->id = id;
	if (id)
		dictionaries_changed(store_dictionaries(store), use, id);
	return ERROR_NONE;
}

static void init(struct trainer *trainer, struct store *store, enum dictionary_use use)
{
	trainer->use = use;
	trainer->frames = frame_maker_new(store_dictionaries(store));
	buf_init(&trainer->bytes, SAMPLES_BYTES_MAX);
	buf_init(&trainer->held_out, SAMPLES_BYTES_MAX / 2);
	trainer->sizes = memory_new(plans[use].samples * sizeof(*trainer->sizes));
	trainer->held_out_sizes = memory_new(plans[use].samples * sizeof(*trainer->held_out_sizes));
}

static void release(struct trainer *trainer)
{
	frame_maker_free(&trainer->frames);
	buf_release(&trainer->bytes);
	buf_release(&trainer->held_out);
	arena_release(&trainer->arena);
	free(trainer->sizes);
	free(trainer->held_out_sizes);
}

static bool is_due(struct txn *txn, enum dictionary_use use, uint64_t *entries)
{
	*entries = use == DICTIONARY_CONTENT ? meta_number(txn, "numbers") : txn_entries(txn, TABLE_TEXT);
	return *entries >= plans[use].first && *entries >= GROWTH * meta_number(txn, plans[use].trained);
}

static int train_use(struct store *store, enum dictionary_use use, struct dictionary_training *training,
	struct store_problem *problem)
{
	struct trainer trainer = { .use = use };
	char *room;
	struct slice made;
	uint64_t entries;
	int code = txn_begin(store, false, &trainer.txn);

	if (code)
		return store_fail(store, code, "reading", problem);
	training->tried = is_due(&trainer.txn, use, &entries);
	if (!training->tried) {
		txn_abort(&trainer.txn);
		return ERROR_NONE;
	}
	init(&trainer, store, use);
	if (use == DICTIONARY_CONTENT)
		sample_contents(&trainer, entries);
	else
		sample_texts(&trainer);
	txn_abort(&trainer.txn);
	room = memory_new(plans[use].bytes);
	made = train(&trainer, room, plans[use].bytes);
	if (!is_worth_it(&trainer, store_dictionaries(store), made, training))
		made = SLICE_NONE;
	code = put(store, use, entries, made, training, problem);
	free(room);
	release(&trainer);
	return code;
}

int dictionary_train(struct store *store, struct dictionary_training training[DICTIONARY_USES], struct store_problem *problem)
{
	int error = ERROR_NONE;

	memset(training, 0, DICTIONARY_USES * sizeof(*training));
	for (unsigned use = 0; use < DICTIONARY_USES && !error; use++)
		error = train_use(store, (enum dictionary_use)use, &training[use], problem);
	return error;
}
