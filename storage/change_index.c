/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/change_index.h"

#include "storage/model/change_read.h"
#include "storage/model/license_text.h"
#include "storage/model/moment.h"

enum {
	PLACE_BYTES = 16, /* behind the term: 0, order, time, seq */
	LINE_DEPTH = 3,   /* the line, a side, a list in it */
	WORDS_MAX = STATEMENT_IDS_MAX + 3,
	SWITCHES_MAX = 64,
};

#define MOMENT_48_MAX INT64_C(0xFFFFFFFFFFFF)

/* --- terms ---------------------------------------------------------------------------------------------------------*/

static void add_byte(struct term *term, char c)
{
	if (term->size < TERM_TEXT_MAX)
		term->byte[term->size++] = c ? c : 1; /* 0 ends a term */
}

static void add_text(struct term *term, struct slice text)
{
	for (size_t i = 0; i < text.size && term->size < TERM_TEXT_MAX; i++)
		add_byte(term, text.data[i]);
}

static struct term lower_term(char index, struct slice text)
{
	struct term term = { .size = 0 };

	add_byte(&term, index);
	for (size_t i = 0; i < text.size && term.size < TERM_TEXT_MAX; i++)
		add_byte(&term, text.data[i] >= 'A' && text.data[i] <= 'Z' ? (char)(text.data[i] | 0x20) : text.data[i]);
	return term;
}

struct term term_owner(struct slice owner)
{
	return lower_term('o', owner);
}

struct term term_name(struct slice name_or_oid)
{
	return lower_term('n', name_or_oid);
}

struct term term_event(enum event event)
{
	return lower_term('e', slice_of(event_name(event)));
}

struct term term_direction(struct slice direction)
{
	return lower_term('d', direction);
}

struct term_word term_word(struct slice id_or_name)
{
	char normal[TERM_WORD_MAX + 1];
	size_t size = license_normalise(id_or_name, normal, sizeof(normal));
	struct term_word word = { .size = (uint8_t)(size < TERM_WORD_MAX ? size : TERM_WORD_MAX) };

	memcpy(word.byte, normal, word.size);
	return word;
}

struct term_word term_class_word(struct slice class)
{
	static const char prefix[] = "class:";
	const size_t room = TERM_WORD_MAX - (sizeof(prefix) - 1), size = class.size < room ? class.size : room;
	struct term_word word = { .size = (uint8_t)(sizeof(prefix) - 1 + size) };

	memcpy(word.byte, prefix, sizeof(prefix) - 1);
	memcpy(word.byte + sizeof(prefix) - 1, class.data, size);
	return word;
}

struct term term_side(bool after, const struct term_word *word)
{
	struct term term = { .size = 0 };

	add_byte(&term, after ? '>' : '<');
	add_text(&term, (struct slice){ word->byte, word->size });
	return term;
}

struct term term_switch(const struct term_word *before, const struct term_word *after)
{
	struct term term = term_many_switches();

	add_text(&term, (struct slice){ before->byte, before->size });
	add_byte(&term, '>');
	add_text(&term, (struct slice){ after->byte, after->size });
	return term;
}

struct term term_many_switches(void)
{
	struct term term = { .size = 0 };

	add_byte(&term, 'x');
	return term;
}

/* --- the terms of a line -------------------------------------------------------------------------------------------*/

void change_terms_init(struct change_terms *terms)
{
	json_init(&terms->json, CHANGE_NODES_MAX);
	buf_init(&terms->terms, CHANGE_BYTES_MAX);
	buf_init(&terms->line, CHANGE_BYTES_MAX + JSON_PADDING);
	buf_init(&terms->text, CHANGE_BYTES_MAX);
}

void change_terms_release(struct change_terms *terms)
{
	json_release(&terms->json);
	buf_release(&terms->terms);
	buf_release(&terms->line);
	buf_release(&terms->text);
}

static struct slice term_at(const struct change_terms *terms, size_t at)
{
	return (struct slice){ terms->terms.data + at + 1, (uint8_t)terms->terms.data[at] };
}

static void add_term(struct change_terms *terms, struct term term)
{
	const struct slice text = { term.byte, term.size };

	for (size_t at = 0; at < terms->terms.size; at += 1 + term_at(terms, at).size)
		if (slice_equal(term_at(terms, at), text))
			return;
	buf_char(&terms->terms, (char)term.size);
	buf_slice(&terms->terms, text);
}

/* The decoded text of a node, until the next one; size 0: it is none. */
static struct slice text_of(struct change_terms *terms, uint32_t at)
{
	buf_reset(&terms->text);
	if (!at || terms->json.node[at].type != JSON_STRING || json_decode(json_span(&terms->json.node[at]), &terms->text))
		return SLICE_NONE;
	return buf_as_slice(&terms->text);
}

static struct slice member(struct change_terms *terms, uint32_t object, const char *key)
{
	return text_of(terms, json_member(&terms->json, object, key));
}

static void add_names(struct change_terms *terms, struct slice name)
{
	const char *slash = name.size ? memchr(name.data, '/', name.size) : NULL;

	if (!name.size)
		return;
	add_term(terms, term_name(name));
	if (slash)
		add_term(terms, term_owner((struct slice){ name.data, (size_t)(slash - name.data) }));
}

struct side_words {
	unsigned count;
	struct term_word word[WORDS_MAX];
};

static void add_word(struct side_words *words, struct term_word word)
{
	if (word.size && words->count < WORDS_MAX)
		words->word[words->count++] = word;
}

static void read_side(struct change_terms *terms, const char *key, struct side_words *words)
{
	const struct json *json = &terms->json;
	uint32_t side = json_member(json, 0, key), list;
	struct slice class;

	words->count = 0;
	if (!side || json->node[side].type != JSON_OBJECT)
		return;
	class = member(terms, side, "class");
	if (class.size)
		add_word(words, term_class_word(class));
	add_word(words, term_word(member(terms, side, "license_name")));
	add_word(words, term_word(member(terms, side, "row")));
	list = json_member(json, side, "license");
	if (!list || json->node[list].type != JSON_ARRAY)
		return;
	for (uint32_t i = json_first(list); i < json_end(json, list); i = json_next(json, i))
		add_word(words, term_word(text_of(terms, i)));
}

static void add_license_terms(struct change_terms *terms)
{
	struct side_words before, after;

	read_side(terms, "before", &before);
	read_side(terms, "after", &after);
	for (unsigned i = 0; i < before.count; i++)
		add_term(terms, term_side(false, &before.word[i]));
	for (unsigned i = 0; i < after.count; i++)
		add_term(terms, term_side(true, &after.word[i]));
	if (before.count * after.count > SWITCHES_MAX) {
		add_term(terms, term_many_switches());
		return;
	}
	for (unsigned i = 0; i < before.count; i++)
		for (unsigned j = 0; j < after.count; j++)
			add_term(terms, term_switch(&before.word[i], &after.word[j]));
}

static void add_terms(struct change_terms *terms, enum event event)
{
	uint32_t before = json_member(&terms->json, 0, "before");
	struct slice oid, direction;

	add_names(terms, member(terms, 0, "repo"));
	if (before)
		add_names(terms, member(terms, before, "repo"));
	oid = member(terms, 0, "oid");
	if (oid.size)
		add_term(terms, term_name(oid));
	direction = member(terms, 0, "direction");
	if (direction.size)
		add_term(terms, term_direction(direction));
	if (event < EVENT_COUNT)
		add_term(terms, term_event(event));
	if (event < EVENT_COUNT && event_is_license(event))
		add_license_terms(terms);
}

bool change_terms_read(struct change_terms *terms, struct slice line)
{
	static const char padding[JSON_PADDING];
	struct json *json = &terms->json;
	enum event event;
	uint32_t seq;

	buf_reset(&terms->terms);
	buf_reset(&terms->line);
	buf_slice(&terms->line, line);
	buf_add(&terms->line, padding, sizeof(padding));
	if (terms->line.overflow || json_parse(json, terms->line.data, line.size, LINE_DEPTH) ||
		json->node[0].type != JSON_OBJECT)
		return false;
	seq = json_member(json, 0, "seq");
	if (!seq || !json_integer(json_span(&json->node[seq]), &terms->seq) ||
		!moment_read(member(terms, 0, "at"), &terms->at_ms) ||
		!moment_read(member(terms, 0, "observed_at"), &terms->observed_at_ms))
		return false;
	event = event_of_name(member(terms, 0, "event"));
	terms->event = event < EVENT_COUNT ? (uint8_t)event : UINT8_MAX;
	add_terms(terms, event);
	return !terms->terms.overflow;
}

/* --- entries -------------------------------------------------------------------------------------------------------*/

static void make_key(struct slice term, enum term_order order, int64_t time_ms, uint64_t seq, struct term_key *key)
{
	int64_t bounded = time_ms < 0 ? 0 : time_ms > MOMENT_48_MAX ? MOMENT_48_MAX : time_ms;
	uint8_t *place = (uint8_t *)key->byte + term.size;

	memcpy(key->byte, term.data, term.size);
	place[0] = 0;
	place[1] = (uint8_t)order;
	put_be(place + 2, (uint64_t)bounded, 6);
	put_be(place + 8, seq, 8);
	key->size = term.size + PLACE_BYTES;
}

/* `at` is twice the place in the terms, and one more before the second entry of a term. */
bool change_terms_next(const struct change_terms *terms, size_t *at, struct term_key *key)
{
	bool dated_otherwise = terms->at_ms != terms->observed_at_ms, second = *at & 1;
	struct slice term;

	if (*at / 2 >= terms->terms.size)
		return false;
	term = term_at(terms, *at / 2);
	if (second)
		make_key(term, TERM_ARRIVED, terms->observed_at_ms, terms->seq, key);
	else
		make_key(term, dated_otherwise ? TERM_DATED : TERM_SEEN, terms->at_ms, terms->seq, key);
	if (dated_otherwise && !second)
		++*at;
	else
		*at = (*at / 2 + 1 + term.size) * 2;
	return true;
}

void change_terms_put(const struct change_terms *terms, struct txn *txn)
{
	struct term_key key;
	size_t at = 0;

	while (change_terms_next(terms, &at, &key))
		txn_put(txn, TABLE_CHANGE_TERM, (struct slice){ key.byte, key.size },
			(struct slice){ (const char *)&terms->event, 1 });
}

uint64_t term_key_seq(struct slice key)
{
	const uint8_t *place = slice_bytes(key) + key.size - PLACE_BYTES;

	if (key.size <= PLACE_BYTES || key.size > TERM_KEY_MAX || place[0] != 0 || place[1] > TERM_ARRIVED)
		return 0;
	return get_u64(place + 8);
}

bool term_next(struct txn *txn, MDB_cursor *cursor, const struct term *term, enum term_order order,
	struct log_position *position, bool backwards, enum event *event)
{
	const struct slice text = { term->byte, term->size };
	const size_t range_size = text.size + 2; /* what all keys of a term and order begin with */
	struct term_key from;
	struct slice key, value;
	bool found;

	make_key(text, order, position->at_ms,
		backwards || position->seq == UINT64_MAX ? position->seq : position->seq + 1, &from);
	key = (struct slice){ from.byte, from.size };
	found = backwards ? txn_seek_before(txn, cursor, &key, &value) : txn_seek(txn, cursor, MDB_SET_RANGE, &key, &value);
	if (!found || key.size != from.size || memcmp(key.data, from.byte, range_size) != 0 || value.size != 1)
		return false;
	position->at_ms = (int64_t)get_u48(slice_bytes(key) + range_size);
	position->seq = get_u64(slice_bytes(key) + range_size + 6);
	*event = (enum event)*slice_bytes(value);
	return true;
}
