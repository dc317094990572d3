/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies: gzip, plain, damaged, and those that would become too much. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <libdeflate.h>

#include "daemon/hub/decode.h"
#include "storage/model/error.h"
#include "storage/model/json.h"

enum { BYTES_MAX = 1 << 20 };

static void add_gzip(struct buf *body, const void *text, size_t size)
{
	struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(9);
	size_t room = libdeflate_gzip_compress_bound(compressor, size);
	char *to = malloc(room);

	buf_add(body, to, libdeflate_gzip_compress(compressor, text, size, to, room));
	assert_false(body->overflow);
	free(to);
	libdeflate_free_compressor(compressor);
}

static struct buf gzip_of(const void *text, size_t size)
{
	struct buf body = BUF_INIT(BYTES_MAX + JSON_PADDING);

	add_gzip(&body, text, size);
	return body;
}

static char *noise(size_t size)
{
	char *text = malloc(size);

	for (size_t i = 0; i < size; i++)
		text[i] = (char)(i * 2654435761u >> 13);
	return text;
}

static int decode(struct decoder *decoder, const char *encoding, struct buf *body, struct slice *text)
{
	int error = decoder_run(decoder, slice_of(encoding), body, 0, text);
	char padding = 0;

	/* what follows must be readable: the sanitizer build proves it */
	for (size_t i = 0; !error && i < JSON_PADDING; i++)
		padding ^= ((volatile const char *)text->data)[text->size + i];
	(void)padding;
	return error;
}

static void test_sizes(void **state)
{
	static const size_t sizes[] = { 0, 1, 100, 65536, 262144, 262145, BYTES_MAX - 1, BYTES_MAX };
	struct decoder decoder;

	(void)state;
	decoder_init(&decoder, BYTES_MAX);
	for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
		char *wanted = noise(sizes[i] + 1);
		struct buf body = BUF_INIT(2 * BYTES_MAX);
		struct slice text;

		add_gzip(&body, wanted, sizes[i]);
		assert_int_equal(decode(&decoder, i % 2 ? "gzip" : "X-GZIP", &body, &text), 0);
		assert_int_equal(text.size, sizes[i]);
		assert_memory_equal(text.data, wanted, sizes[i]);
		buf_release(&body);
		decoder_rest(&decoder);
		free(wanted);
	}
	decoder_release(&decoder);
}

static void test_plain(void **state)
{
	struct decoder decoder;
	struct buf body = BUF_INIT(BYTES_MAX + JSON_PADDING);
	struct slice text;

	(void)state;
	decoder_init(&decoder, BYTES_MAX);
	buf_text(&body, "[]");
	assert_int_equal(decode(&decoder, "", &body, &text), 0);
	assert_true(slice_is(text, "[]"));
	assert_int_equal(decode(&decoder, "identity", &body, &text), 0);
	assert_true(slice_is(text, "[]"));
	buf_release(&body);
	assert_int_equal(decode(&decoder, "", &body, &text), 0);
	assert_int_equal(text.size, 0);
	buf_release(&body);
	decoder_release(&decoder);
}

static void test_plain_to_the_limit(void **state)
{
	struct decoder decoder;
	struct buf body = BUF_INIT(BYTES_MAX + JSON_PADDING);
	char *wanted = noise(BYTES_MAX + 1);
	struct slice text;

	(void)state;
	decoder_init(&decoder, BYTES_MAX);
	buf_add(&body, wanted, BYTES_MAX);
	assert_int_equal(decode(&decoder, "", &body, &text), 0);
	assert_int_equal(text.size, BYTES_MAX);
	buf_char(&body, 'x');
	assert_int_equal(decode(&decoder, "", &body, &text), ERROR_TOO_BIG);
	buf_release(&body);
	decoder_release(&decoder);
	free(wanted);
}

/* 64 MiB of zeros in 64 KiB: refused without taking more than the limit, whatever size the file claims. */
static void test_bomb(void **state)
{
	size_t size = 64 << 20;
	char *zeros = calloc(1, size);
	struct buf body = gzip_of(zeros, size);
	struct decoder decoder;
	struct slice text;

	(void)state;
	decoder_init(&decoder, BYTES_MAX);
	assert_int_equal(decode(&decoder, "gzip", &body, &text), ERROR_TOO_BIG);
	assert_true(decoder.text.room <= BYTES_MAX + JSON_PADDING + 1);
	memset(body.data + body.size - 4, 0, 4); /* claims to be empty */
	assert_int_equal(decode(&decoder, "gzip", &body, &text), ERROR_TOO_BIG);
	decoder_release(&decoder);
	buf_release(&body);
	free(zeros);
}

/* Nothing is believed of a size that these few bytes cannot become. */
static void test_false_size(void **state)
{
	struct buf body = gzip_of("[1,2,3]", 7);
	struct decoder decoder;
	struct slice text;

	(void)state;
	decoder_init(&decoder, BYTES_MAX);
	memset(body.data + body.size - 4, 0xff, 4);
	assert_int_equal(decode(&decoder, "gzip", &body, &text), ERROR_COMPRESSION);
	assert_true(decoder.text.room <= BYTES_MAX + JSON_PADDING + 1);
	decoder_release(&decoder);
	buf_release(&body);
}

/* RFC 1952: a gzip file is a series of members. */
static void test_members(void **state)
{
	char *wanted = noise(300000);
	struct buf body = gzip_of(wanted, 100000);
	struct decoder decoder;
	struct slice text;

	(void)state;
	add_gzip(&body, wanted + 100000, 200000);
	decoder_init(&decoder, BYTES_MAX);
	assert_int_equal(decode(&decoder, "gzip", &body, &text), 0);
	assert_int_equal(text.size, 300000);
	assert_memory_equal(text.data, wanted, 300000);
	buf_text(&body, "trailing garbage, which no server sends");
	assert_int_equal(decode(&decoder, "gzip", &body, &text), ERROR_COMPRESSION);
	decoder_release(&decoder);
	buf_release(&body);
	free(wanted);
}

/* Cut off after every byte, and with every byte changed: never accepted as the same, never more than the limit. */
static void test_damage(void **state)
{
	static const char wanted[] = "[{\"id\":\"a/b\",\"tags\":[\"license:mit\"]},{\"id\":\"a/c\",\"tags\":[\"license:mit\"]}]";
	struct buf body = gzip_of(wanted, sizeof(wanted) - 1);
	struct decoder decoder;
	struct slice text;

	(void)state;
	decoder_init(&decoder, BYTES_MAX);
	for (size_t size = 0; size < body.size; size++) {
		struct buf cut = BUF_INIT(BYTES_MAX);

		buf_add(&cut, body.data, size);
		assert_int_equal(decode(&decoder, "gzip", &cut, &text), ERROR_COMPRESSION);
		buf_release(&cut);
	}
	for (size_t i = 0; i < body.size; i++) {
		int error;

		body.data[i] ^= 0x55;
		error = decode(&decoder, "gzip", &body, &text);
		/* flags, time and system in a gzip head do not touch the text */
		assert_true(error || slice_is(text, wanted));
		assert_true(!error || error == ERROR_COMPRESSION || error == ERROR_TOO_BIG);
		body.data[i] ^= 0x55;
	}
	decoder_release(&decoder);
	buf_release(&body);
}

/* A limit of its own: no more memory than that is taken first. */
static void test_limit_of_one(void **state)
{
	char *wanted = noise(BYTES_MAX);
	struct buf body = gzip_of(wanted, 5000), plain = BUF_INIT(BYTES_MAX + JSON_PADDING);
	struct decoder decoder;
	struct slice text;

	(void)state;
	decoder_init(&decoder, BYTES_MAX);
	assert_int_equal(decoder_run(&decoder, SLICE("gzip"), &body, 5000, &text), 0);
	assert_int_equal(text.size, 5000);
	assert_int_equal(decoder_run(&decoder, SLICE("gzip"), &body, 4999, &text), ERROR_TOO_BIG);
	buf_release(&body);
	body = gzip_of(wanted, BYTES_MAX);
	assert_int_equal(decoder_run(&decoder, SLICE("gzip"), &body, 4999, &text), ERROR_TOO_BIG);
	assert_true(decoder.text.room < 64 * 1024);
	buf_add(&plain, wanted, 5000);
	assert_int_equal(decoder_run(&decoder, SLICE(""), &plain, 4999, &text), ERROR_TOO_BIG);
	assert_int_equal(decoder_run(&decoder, SLICE(""), &plain, 5000, &text), 0);
	buf_release(&plain);
	buf_release(&body);
	decoder_release(&decoder);
	free(wanted);
}

static void test_other_encodings(void **state)
{
	struct buf body = BUF_INIT(BYTES_MAX + JSON_PADDING);
	struct decoder decoder;
	struct slice text;

	(void)state;
	decoder_init(&decoder, BYTES_MAX);
	buf_text(&body, "[]");
	assert_int_equal(decode(&decoder, "br", &body, &text), ERROR_COMPRESSION);
	assert_int_equal(decode(&decoder, "gzip, gzip", &body, &text), ERROR_COMPRESSION);
	assert_int_equal(decode(&decoder, "gzip", &body, &text), ERROR_COMPRESSION);
	decoder_release(&decoder);
	buf_release(&body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes), cmocka_unit_test(test_plain), cmocka_unit_test(test_plain_to_the_limit),
		cmocka_unit_test(test_bomb), cmocka_unit_test(test_false_size), cmocka_unit_test(test_members),
		cmocka_unit_test(test_damage), cmocka_unit_test(test_limit_of_one), cmocka_unit_test(test_other_encodings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
