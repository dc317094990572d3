/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/dictionary.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "storage/meta.h"
#include "storage/model/memory.h"

extern const unsigned char builtin_dictionary[];
extern const size_t builtin_dictionary_size;

/*
 * Contents, 935,000 of 281 bytes, with a dictionary of their own: level 1 62.4 bytes in 1.41 us, 3 60.6 in 1.55; from 6 on it
 * takes four times as long for less than a byte. Texts, 812 licenses and READMEs of 6.2 KB, the same: level 3 1,314 bytes in
 * 30 us, 9 1,127 in 150, and texts come no faster than the Hub's quota lets them.
 */
enum { CONTENT_LEVEL = 3, TEXT_LEVEL = 9 };

static const char *const current_names[DICTIONARY_USES] = {
	[DICTIONARY_CONTENT] = "dictionary",
	[DICTIONARY_TEXT] = "dictionary.text",
};

struct dictionaries {
	struct store *store;
	pthread_mutex_t mutex; /* of who makes one ready */
	_Atomic(ZSTD_CDict *) packer[DICTIONARY_USES][DICTIONARY_LAST + 1];
	_Atomic(ZSTD_DDict *) unpacker[DICTIONARY_LAST + 1];
	atomic_uint current[DICTIONARY_USES]; /* 0: to be looked up */
};

struct slice dictionary_builtin(void)
{
	return (struct slice){ (const char *)builtin_dictionary, builtin_dictionary_size };
}

ZSTD_CDict *dictionary_compressor(enum dictionary_use use, struct slice bytes)
{
	ZSTD_CDict *made = ZSTD_createCDict(bytes.data, bytes.size, use == DICTIONARY_TEXT ? TEXT_LEVEL : CONTENT_LEVEL);

	if (!made)
		memory_failed("zstd dictionary");
	return made;
}

struct dictionaries *dictionaries_new(struct store *store)
{
	struct dictionaries *made = memory_new(sizeof(*made));

	made->store = store;
	pthread_mutex_init(&made->mutex, NULL);
	return made;
}

void dictionaries_free(struct dictionaries **dictionaries)
{
	struct dictionaries *all = *dictionaries;

	if (!all)
		return;
	for (unsigned id = 0; id <= DICTIONARY_LAST; id++) {
		for (unsigned use = 0; use < DICTIONARY_USES; use++)
			ZSTD_freeCDict(all->packer[use][id]);
		ZSTD_freeDDict(all->unpacker[id]);
	}
	pthread_mutex_destroy(&all->mutex);
	free(all);
	*dictionaries = NULL;
}

/* --- the table ---------------------------------------------------------------------------------------------------- */

static struct key key_of(unsigned id)
{
	struct key key = { .size = 0 };

	key_add(&key, id, 4);
	return key;
}

bool dictionary_decode(struct slice key, struct slice value, struct slice *bytes)
{
	uint32_t id = key.size == 4 ? get_u32(slice_bytes(key)) : 0;

	if (id == DICTIONARY_BUILTIN) {
		*bytes = value;
		return slice_equal(value, dictionary_builtin());
	}
	if (id == 0 || id > DICTIONARY_LAST || !value_is_sealed(value, key))
		return false;
	*bytes = (struct slice){ value.data, value.size - VALUE_CHECK_BYTES };
	return true;
}

unsigned dictionary_put(struct txn *txn, enum dictionary_use use, struct slice bytes)
{
	unsigned id = DICTIONARY_BUILTIN + 1;
	struct buf value = BUF_INIT(bytes.size + VALUE_CHECK_BYTES);
	struct slice known;
	uint8_t check[VALUE_CHECK_BYTES];
	struct key key = key_of(id);

	while (id <= DICTIONARY_LAST && txn_get(txn, TABLE_DICTIONARY, key_slice(&key), &known))
		key = key_of(++id);
	if (id > DICTIONARY_LAST)
		return 0;
	put_u32(check, value_check(bytes, key_slice(&key)));
	buf_slice(&value, bytes);
	buf_add(&value, (const char *)check, sizeof(check));
	txn_put(txn, TABLE_DICTIONARY, key_slice(&key), buf_as_slice(&value));
	meta_set_number(txn, current_names[use], id);
	buf_release(&value);
	return id;
}

/* --- made ready when first used ------------------------------------------------------------------------------------ */

/* A side of a dictionary: to pack for a use, or to unpack. */
enum { UNPACKER = DICTIONARY_USES };

static bool is_ready(const struct dictionaries *all, unsigned side, unsigned id)
{
	return side == UNPACKER ? all->unpacker[id] != NULL : all->packer[side][id] != NULL;
}

static void make(struct dictionaries *all, unsigned side, unsigned id, struct slice bytes)
{
	pthread_mutex_lock(&all->mutex);
	if (!is_ready(all, side, id) && side == UNPACKER)
		all->unpacker[id] = ZSTD_createDDict(bytes.data, bytes.size);
	else if (!is_ready(all, side, id))
		all->packer[side][id] = dictionary_compressor((enum dictionary_use)side, bytes);
	pthread_mutex_unlock(&all->mutex);
	if (!is_ready(all, side, id))
		memory_failed("zstd dictionary");
}

/* A transaction of its own, as short as may be: others of this thread may be open. */
static bool make_from_table(struct dictionaries *all, unsigned side, unsigned id)
{
	struct slice bytes, value;
	struct key key = key_of(id);
	struct txn txn;
	bool found;

	if (!all->store || txn_begin(all->store, false, &txn))
		return false;
	found = txn_get(&txn, TABLE_DICTIONARY, key_slice(&key), &value) && dictionary_decode(key_slice(&key), value, &bytes);
	if (found)
		make(all, side, id, bytes);
	txn_abort(&txn);
	return found;
}

static bool ready(struct dictionaries *all, unsigned side, unsigned id)
{
	if (is_ready(all, side, id))
		return true;
	if (id != DICTIONARY_BUILTIN)
		return make_from_table(all, side, id);
	make(all, side, id, dictionary_builtin());
	return true;
}

static unsigned look_up_current(struct dictionaries *all, enum dictionary_use use)
{
	unsigned id = DICTIONARY_BUILTIN;
	uint64_t stored = 0;
	struct txn txn;

	if (all->store && txn_begin(all->store, false, &txn) == 0) {
		stored = meta_number(&txn, current_names[use]);
		txn_abort(&txn);
	}
	if (stored > DICTIONARY_BUILTIN && stored <= DICTIONARY_LAST && ready(all, use, (unsigned)stored))
		id = (unsigned)stored;
	atomic_store(&all->current[use], id);
	return id;
}

const ZSTD_DDict *dictionaries_unpacker(struct dictionaries *all, unsigned id)
{
	return id > 0 && id <= DICTIONARY_LAST && ready(all, UNPACKER, id) ? all->unpacker[id] : NULL;
}

const ZSTD_CDict *dictionaries_packer(struct dictionaries *all, enum dictionary_use use, unsigned *id)
{
	*id = all->current[use];
	if (!*id)
		*id = look_up_current(all, use);
	ready(all, use, *id); /* the built-in one is made here, others were when they were looked up */
	return all->packer[use][*id];
}

void dictionaries_changed(struct dictionaries *all, enum dictionary_use use, unsigned id)
{
	if (ready(all, use, id))
		atomic_store(&all->current[use], id);
}
