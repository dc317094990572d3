/* SPDX-License-Identifier: Apache-2.0 */
/* Compressed contents: there and back, bounded, and damage is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "storage/frame.h"
#include "storage/model/change.h"
#include "storage/model/error.h"

static uint64_t random_state = 1;

static unsigned random_below(unsigned limit)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(random_state >> 33) % limit;
}

static void fill(struct buf *out, size_t size)
{
	buf_reset(out);
	while (out->size < size)
		buf_printf(out, "{\"key-%u\":\"value %u\"},", random_below(50), random_below(1000000));
	buf_char(out, '\n');
}

static void test_round_trip(void **state)
{
	static const size_t sizes[] = { 0, 1, 100, 900, 20000, 300000, 5 << 20 };
	struct frame_maker *maker = frame_maker_new(NULL);
	struct buf content = BUF_INIT(FRAME_CONTENT_MAX), frame = BUF_INIT(FRAME_CONTENT_MAX * 2), back = BUF_INIT(FRAME_CONTENT_MAX);
	uint16_t encoding;

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		fill(&content, sizes[i]);
		if (!sizes[i])
			buf_reset(&content);
		buf_reset(&frame);
		buf_reset(&back);
		assert_int_equal(frame_pack(maker, DICTIONARY_CONTENT, buf_as_slice(&content), &frame, &encoding), 0);
		assert_int_equal(encoding, FRAME_FULL << 8 | DICTIONARY_BUILTIN);
		assert_int_equal(frame_unpack(maker, encoding, buf_as_slice(&frame), SLICE_NONE, &back), 0);
		assert_true(slice_equal(buf_as_slice(&content), buf_as_slice(&back)));
	}
	buf_release(&content);
	buf_release(&frame);
	buf_release(&back);
	frame_maker_free(&maker);
	frame_maker_free(&maker);
}

/* A version that differs little costs little, whatever its size. */
static void test_deltas(void **state)
{
	static const size_t sizes[] = { 200, 20000, 1 << 20 };
	struct frame_maker *maker = frame_maker_new(NULL);
	struct buf older = BUF_INIT(FRAME_CONTENT_MAX), newer = BUF_INIT(FRAME_CONTENT_MAX), frame = BUF_INIT(FRAME_CONTENT_MAX),
		   back = BUF_INIT(FRAME_CONTENT_MAX);
	uint16_t encoding;

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		fill(&older, sizes[i]);
		buf_reset(&newer);
		buf_slice(&newer, buf_as_slice(&older));
		newer.data[sizes[i] / 2] = '#';
		buf_reset(&frame);
		buf_reset(&back);
		assert_int_equal(frame_pack_delta(maker, buf_as_slice(&older), buf_as_slice(&newer), &frame, &encoding), 0);
		assert_int_equal(encoding, FRAME_DELTA << 8);
		assert_true(frame.size < 100 + sizes[i] / 1000);
		assert_int_equal(frame_unpack(maker, encoding, buf_as_slice(&frame), buf_as_slice(&older), &back), 0);
		assert_true(slice_equal(buf_as_slice(&newer), buf_as_slice(&back)));
		/* A full frame in between does not disturb the prefix, nor the other way. */
		buf_reset(&frame);
		buf_reset(&back);
		assert_int_equal(frame_pack(maker, DICTIONARY_CONTENT, buf_as_slice(&newer), &frame, &encoding), 0);
		assert_int_equal(frame_unpack(maker, encoding, buf_as_slice(&frame), SLICE_NONE, &back), 0);
		assert_true(slice_equal(buf_as_slice(&newer), buf_as_slice(&back)));
	}
	buf_release(&older);
	buf_release(&newer);
	buf_release(&frame);
	buf_release(&back);
	frame_maker_free(&maker);
}

static void test_too_big(void **state)
{
	struct frame_maker *maker = frame_maker_new(NULL);
	struct buf content = BUF_INIT(FRAME_CONTENT_MAX + 1), frame = BUF_INIT(100);
	uint16_t encoding;

	(void)state;
	fill(&content, 1000);
	assert_int_equal(frame_pack(maker, DICTIONARY_CONTENT, buf_as_slice(&content), &frame, &encoding), ERROR_TOO_BIG); /* of the frame */
	buf_reset(&content);
	memset(buf_reserve(&content, FRAME_CONTENT_MAX + 1), 'x', FRAME_CONTENT_MAX + 1);
	content.size = FRAME_CONTENT_MAX + 1;
	buf_release(&frame);
	frame.max = FRAME_CONTENT_MAX * 2;
	assert_int_equal(frame_pack(maker, DICTIONARY_CONTENT, buf_as_slice(&content), &frame, &encoding), ERROR_TOO_BIG);
	content.size--;
	assert_int_equal(frame_pack(maker, DICTIONARY_CONTENT, buf_as_slice(&content), &frame, &encoding), 0);
	content.max = 1000; /* what it says to be is checked before memory is taken */
	buf_release(&content);
	assert_int_equal(frame_unpack(maker, encoding, buf_as_slice(&frame), SLICE_NONE, &content), ERROR_TOO_BIG);
	assert_null(content.data);
	buf_release(&frame);
	frame_maker_free(&maker);
}

/* Cut off, flipped, of another kind: an error or other bytes, never a crash (what is stored has a check word). */
static void test_damage(void **state)
{
	static const uint16_t encodings[] = { 0, 1, FRAME_FULL << 8, FRAME_FULL << 8 | 2, FRAME_DELTA << 8,
		FRAME_DELTA << 8 | 1, FRAME_FULL_WHOLE << 8 | 1, FRAME_DELTA_WHOLE << 8, 5 << 8, 0xFFFF };
	struct frame_maker *maker = frame_maker_new(NULL);
	struct buf content = BUF_INIT(FRAME_CONTENT_MAX), frame = BUF_INIT(FRAME_CONTENT_MAX), back = BUF_INIT(FRAME_CONTENT_MAX);
	uint16_t encoding;

	(void)state;
	fill(&content, 2000);
	assert_int_equal(frame_pack(maker, DICTIONARY_CONTENT, buf_as_slice(&content), &frame, &encoding), 0);
	for (size_t size = 0; size < frame.size; size++) {
		buf_reset(&back);
		assert_true(frame_unpack(maker, encoding, (struct slice){ frame.data, size }, SLICE_NONE, &back) != 0);
	}
	for (size_t bit = 0; bit < frame.size * 8; bit++) {
		buf_reset(&back);
		frame.data[bit / 8] ^= (char)(1 << bit % 8);
		frame_unpack(maker, encoding, buf_as_slice(&frame), SLICE_NONE, &back);
		frame.data[bit / 8] ^= (char)(1 << bit % 8);
	}
	for (size_t i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++) {
		buf_reset(&back);
		assert_true(frame_unpack(maker, encodings[i], buf_as_slice(&frame), SLICE_NONE, &back) != 0 ||
			    !slice_equal(buf_as_slice(&back), buf_as_slice(&content)));
	}
	buf_reset(&back);
	assert_int_equal(frame_unpack(maker, encoding, buf_as_slice(&frame), SLICE_NONE, &back), 0); /* goes on */
	buf_release(&content);
	buf_release(&frame);
	buf_release(&back);
	frame_maker_free(&maker);
}

/* Frames of older programs have zstd's magic number. */
static void test_whole_frames(void **state)
{
	static const uint8_t magic[] = { 0x28, 0xB5, 0x2F, 0xFD };
	const struct slice older = SLICE("{\"license\":\"mit\"}\n{}"), newer = SLICE("{\"license\":\"gpl\"}\n{}");
	struct frame_maker *maker = frame_maker_new(NULL);
	struct buf frame = BUF_INIT(1 << 20), back = BUF_INIT(1 << 20);
	uint16_t encoding;

	(void)state;
	buf_add(&frame, (const char *)magic, sizeof(magic));
	assert_int_equal(frame_pack(maker, DICTIONARY_CONTENT, newer, &frame, &encoding), 0);
	assert_int_equal(
		frame_unpack(maker, FRAME_FULL_WHOLE << 8 | DICTIONARY_BUILTIN, buf_as_slice(&frame), SLICE_NONE, &back), 0);
	assert_true(slice_equal(buf_as_slice(&back), newer));
	frame.size = sizeof(magic);
	buf_reset(&back);
	assert_int_equal(frame_pack_delta(maker, older, newer, &frame, &encoding), 0);
	assert_int_equal(frame_unpack(maker, FRAME_DELTA_WHOLE << 8, buf_as_slice(&frame), older, &back), 0);
	assert_true(slice_equal(buf_as_slice(&back), newer));
	buf_release(&frame);
	buf_release(&back);
	frame_maker_free(&maker);
}

/* Stores that exist name this dictionary by its number: other bytes need another number. */
static void test_dictionary(void **state)
{
	char hash[HASH_HEX + 1];

	(void)state;
	sha256_hex(dictionary_builtin(), SLICE_NONE, hash);
	assert_string_equal(hash, "6376b6769e66dfed2864a46741f8fea648363f3eb2817d6bfbd2e93af1010b76");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_deltas),
		cmocka_unit_test(test_too_big),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_whole_frames),
		cmocka_unit_test(test_dictionary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
