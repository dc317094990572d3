/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The index of the change log by what a record says, table change.term: which records tell of an owner, a name, an event,
 * a direction, a license, a switch.
 *
 *     key      term, 0 u8, order u8, time u48, seq u64
 *     value    event u8 (model/event_table.h)
 *
 *     term     of
 *     oOWNER   who owns the repo, or owned it before, in lower case
 *     nNAME    its name and the one before, in lower case; and its oid, in hex
 *     eEVENT   license.switched
 *     dWORD    the direction: tightened, loosened, lateral, unclear
 *     <WORD    license events: what stood before: each id and the license_name in normal form (model/license_text.h), the
 *              row's key, "class:" and the class
 *     >WORD    the same of what stands after
 *     xWORD>WORD    one of either side; where these are very many, "x" alone, which belongs to every such question
 *
 * Most records are dated by the look that saw them, and lie in one order (TERM_SEEN), which is that of time and of arrival
 * alike. What is dated otherwise (reconstructed, imported) lies in two more: by its own time, and by arrival. So whoever
 * asks by time merges TERM_SEEN with TERM_DATED, and who asks by arrival TERM_SEEN with TERM_ARRIVED.
 *
 * A term narrows: whoever reads the record decides. Texts are cut to a bound, on both sides of a question. What of a line
 * falls under which term is said here once, for the writer, the migration and verify.
 */
#ifndef STORAGE_CHANGE_INDEX_H
#define STORAGE_CHANGE_INDEX_H

#include "storage/model/json.h"
#include "storage/model/verdict.h"
#include "storage/reader.h"
#include "storage/txn.h"

enum { TERM_TEXT_MAX = 250, TERM_WORD_MAX = 64, TERM_KEY_MAX = TERM_TEXT_MAX + 16 };

enum term_order { TERM_SEEN, TERM_DATED, TERM_ARRIVED };

/* --- what is asked for ---------------------------------------------------------------------------------------------*/

struct term {
	uint8_t size;
	char byte[TERM_TEXT_MAX];
};

struct term term_owner(struct slice owner);
struct term term_name(struct slice name_or_oid);
struct term term_event(enum event event);
struct term term_direction(struct slice direction);

/* A word of a side. */
struct term_word {
	uint8_t size;
	char byte[TERM_WORD_MAX];
};
struct term_word term_word(struct slice id_or_name); /* size 0: nothing is left of it */
struct term_word term_class_word(struct slice class);
struct term term_side(bool after, const struct term_word *word);
struct term term_switch(const struct term_word *before, const struct term_word *after);
struct term term_many_switches(void);

/* --- the terms of a line -------------------------------------------------------------------------------------------*/

/* Zero it, and change_terms_init() it. */
struct change_terms {
	uint64_t seq;
	int64_t at_ms, observed_at_ms;
	uint8_t event;
	struct buf terms; /* size u8, text; ... each once */

	struct json json;
	struct buf line, text;
};

void change_terms_init(struct change_terms *terms);
void change_terms_release(struct change_terms *terms);
/* Of a sealed line. False: it is no record. */
bool change_terms_read(struct change_terms *terms, struct slice line);

struct term_key {
	size_t size;
	char byte[TERM_KEY_MAX];
};
/* The entries of the line that was read: `at` is 0 for the first. False behind the last. */
bool change_terms_next(const struct change_terms *terms, size_t *at, struct term_key *key);
void change_terms_put(const struct change_terms *terms, struct txn *txn);

/* --- entries that stand --------------------------------------------------------------------------------------------*/

/* The seq that a key points to; 0: it has another form. */
uint64_t term_key_seq(struct slice key);

/* The next entry of a term and order behind the position (before it, backwards), which is moved. False at the end. */
bool term_next(struct txn *txn, MDB_cursor *cursor, const struct term *term, enum term_order order,
	struct log_position *position, bool backwards, enum event *event);

#endif
