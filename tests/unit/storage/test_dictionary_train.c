/* SPDX-License-Identifier: Apache-2.0 */
/* Dictionaries of the store's own: when, what they save, and that everything stays readable. */
#include "storage/dictionary_train.h"
#include "storage/meta.h"
#include "storage/snapshot_table.h"
#include "storage/text_table.h"
#include "tests/unit/storage/fixture.h"

enum { PAGE = 700 };

static void sweep(struct fixture *f, unsigned first, unsigned rows)
{
	struct buf page = BUF_INIT(8 << 20);

	for (unsigned at = first; at < first + rows; at += PAGE) {
		buf_reset(&page);
		for (unsigned n = at; n < at + PAGE && n < first + rows; n++)
			buf_printf(&page, "%s%s", n == at ? "" : ",",
				ROW(f, .n = n, .card = fixture_text(f,
						"{\"license\":\"zorgl-%u\",\"quux_evaluation\":{\"frobnication\":%u,\"wibble_score\":\"0.%u\"}}",
						n % 7, n % 11, n % 97)));
		buf_char(&page, '\0');
		fixture_poll(f, DAY(1), page.data);
		arena_reset(&f->texts);
	}
	buf_release(&page);
}

static struct dictionary_training train(struct fixture *f, enum dictionary_use use)
{
	struct dictionary_training training[DICTIONARY_USES];

	assert_int_equal(dictionary_train(f->store, training, &f->problem), 0);
	return training[use];
}

static unsigned dictionary_of(struct fixture *f, unsigned n)
{
	struct repo_ref ref = fixture_repo(f, n);
	struct snapshot_value value;
	struct txn txn;

	assert_int_equal(txn_begin(f->store, false, &txn), 0);
	assert_true(snapshot_get(&txn, ref.row.number, 1, &value));
	txn_abort(&txn);
	assert_int_equal(value.encoding >> 8, FRAME_FULL);
	return value.encoding & 0xFF;
}

static unsigned dictionary_in_use(struct dictionaries *dictionaries)
{
	unsigned id;

	dictionaries_packer(dictionaries, DICTIONARY_CONTENT, &id);
	return id;
}

static bool can_be_read(struct fixture *f, struct dictionaries *dictionaries, unsigned n)
{
	uint32_t number = fixture_repo(f, n).row.number;
	struct frame_maker *frames = frame_maker_new(dictionaries);
	struct arena arena = { 0 };
	struct slice content;
	struct txn txn;
	bool readable;

	assert_int_equal(txn_begin(f->store, false, &txn), 0);
	readable = snapshot_content(&txn, frames, number, 1, &arena, &content) == 0 &&
		   memmem(content.data, content.size, "quux_evaluation", 15);
	txn_abort(&txn);
	frame_maker_free(&frames);
	arena_release(&arena);
	return readable;
}

static void forget_training(struct fixture *f)
{
	struct txn txn;

	assert_int_equal(txn_begin(f->store, true, &txn), 0);
	meta_set_number(&txn, "dictionary.repos", 0);
	assert_int_equal(txn_commit(&txn), 0);
}

static void test_contents(void **state)
{
	struct fixture *f = fixture_new();
	struct dictionary_training training;
	struct dictionaries *other = dictionaries_new(f->store); /* as another process has them */

	(void)state;
	sweep(f, 1, 4095);
	assert_false(train(f, DICTIONARY_CONTENT).tried);
	assert_int_equal(dictionary_in_use(other), DICTIONARY_BUILTIN);
	sweep(f, 4096, 1);
	training = train(f, DICTIONARY_CONTENT);
	assert_true(training.tried);
	assert_int_equal(training.id, 2);
	assert_in_range(training.samples, 1000, 1100);
	assert_true(training.bytes_after * 10 < training.bytes_before * 9);
	assert_false(train(f, DICTIONARY_CONTENT).tried); /* not before there are twice as many */

	sweep(f, 4097, 10);
	assert_int_equal(dictionary_of(f, 4096), DICTIONARY_BUILTIN);
	assert_int_equal(dictionary_of(f, 4097), 2);
	assert_true(can_be_read(f, other, 4097));
	dictionaries_free(&other);
	fixture_verify(f);
	fixture_reopen(f);
	sweep(f, 5000, 1);
	assert_int_equal(dictionary_of(f, 5000), 2);
	fixture_verify(f);

	forget_training(f); /* again, over the same: it is no better, and not tried for ever */
	training = train(f, DICTIONARY_CONTENT);
	assert_true(training.tried);
	assert_int_equal(training.id, 0);
	assert_false(train(f, DICTIONARY_CONTENT).tried);
	fixture_free(f);
}

/* A dictionary whose bytes are wrong is not used: its frames say so instead of being read wrongly. */
static void test_damage(void **state)
{
	struct fixture *f = fixture_new();
	struct key key = { .size = 0 };
	struct snapshot snapshot;
	struct reader *reader;
	struct arena arena = { 0 };
	struct txn txn;

	(void)state;
	sweep(f, 1, 4096);
	assert_int_equal(train(f, DICTIONARY_CONTENT).id, 2);
	sweep(f, 4097, 1);
	key_add(&key, 2, 4);
	assert_int_equal(txn_begin(f->store, true, &txn), 0);
	fixture_flip(&txn, TABLE_DICTIONARY, key_slice(&key), 16384);
	assert_int_equal(txn_commit(&txn), 0);
	fixture_reopen(f);

	assert_int_equal(reader_open(f->store, &reader, &f->problem), 0);
	assert_int_equal(reader_snapshot(reader, fixture_repo(f, 4096).row.number, 1, &arena, &snapshot), 0);
	assert_int_equal(reader_snapshot(reader, fixture_repo(f, 4097).row.number, 1, &arena, &snapshot), ERROR_COMPRESSION);
	reader_close(&reader);
	sweep(f, 4098, 1); /* the built-in one is left */
	assert_int_equal(dictionary_of(f, 4098), DICTIONARY_BUILTIN);
	arena_release(&arena);
	fixture_free(f);
}

static void put_text(struct fixture *f, unsigned n, uint8_t hash[TEXT_HASH_BYTES])
{
	struct frame_maker *frames = frame_maker_new(store_dictionaries(f->store));
	struct buf text = BUF_INIT(1 << 20), scratch = BUF_INIT(1 << 20);
	struct txn txn;

	buf_printf(&text, "Copyright %u somebody\n", n);
	for (unsigned i = 0; i < 200; i++)
		buf_printf(&text, "%u. The licensee shall not %u the grommet of clause %u.\n", i, i * i * 31 % 1009, i * 17 % 211);
	assert_int_equal(txn_begin(f->store, true, &txn), 0);
	text_put(&txn, frames, buf_as_slice(&text), &scratch, hash);
	assert_int_equal(txn_commit(&txn), 0);
	frame_maker_free(&frames);
	buf_release(&text);
	buf_release(&scratch);
}

static size_t stored_bytes(struct fixture *f, const uint8_t hash[TEXT_HASH_BYTES])
{
	struct slice value;
	struct txn txn;

	assert_int_equal(txn_begin(f->store, false, &txn), 0);
	assert_true(txn_get(&txn, TABLE_TEXT, (struct slice){ (const char *)hash, TEXT_HASH_BYTES }, &value));
	txn_abort(&txn);
	return value.size;
}

/* The second variant of a license costs next to nothing, once one is known. */
static void test_texts(void **state)
{
	struct fixture *f = fixture_new();
	uint8_t first[TEXT_HASH_BYTES], last[TEXT_HASH_BYTES], hash[TEXT_HASH_BYTES];

	(void)state;
	put_text(f, 0, first);
	for (unsigned n = 1; n < 256; n++)
		put_text(f, n, hash);
	assert_int_not_equal(train(f, DICTIONARY_TEXT).id, 0);
	put_text(f, 1000, last);
	assert_true(stored_bytes(f, last) * 10 < stored_bytes(f, first));
	assert_false(train(f, DICTIONARY_TEXT).tried);
	fixture_free(f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_contents),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_texts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
