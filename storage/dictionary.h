/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The zstd dictionaries of a store, by number.
 *
 * Number 1 is built into the program, trained on the shipped rows alone. Others were trained on the store's own contents
 * or texts (dictionary_train.h) and lie in table dictionary, a check word behind them; none is ever deleted, so that what
 * was compressed with it stays readable. Meta rows "dictionary" and "dictionary.text" name those for new frames.
 *
 * Dictionaries are made ready when first used, so that a reader that needs none pays for none. Any thread.
 */
#ifndef STORAGE_DICTIONARY_H
#define STORAGE_DICTIONARY_H

#include <zstd.h>

#include "storage/txn.h"

enum dictionary_use { DICTIONARY_CONTENT, DICTIONARY_TEXT, DICTIONARY_USES };
enum { DICTIONARY_BUILTIN = 1, DICTIONARY_LAST = 255 };

struct dictionaries;

struct dictionaries *dictionaries_new(struct store *store); /* NULL: the built-in one alone */
void dictionaries_free(struct dictionaries **dictionaries);

/* For new frames; its number is given. Never NULL: the built-in one where the store's own cannot be read. */
const ZSTD_CDict *dictionaries_packer(struct dictionaries *dictionaries, enum dictionary_use use, unsigned *id);
/* NULL: there is no such dictionary, or it is damaged. */
const ZSTD_DDict *dictionaries_unpacker(struct dictionaries *dictionaries, unsigned id);

/* A new one for this use, in the transaction, and its number; 0: no number is left. */
unsigned dictionary_put(struct txn *txn, enum dictionary_use use, struct slice bytes);
/* That transaction is in the store: new frames are made with it. */
void dictionaries_changed(struct dictionaries *dictionaries, enum dictionary_use use, unsigned id);
/* The bytes of a value of the table. False: damaged. */
bool dictionary_decode(struct slice key, struct slice value, struct slice *bytes);

struct slice dictionary_builtin(void);
/* The dictionary as a compressor of new frames would have it; the caller frees it. */
ZSTD_CDict *dictionary_compressor(enum dictionary_use use, struct slice bytes);

#endif
