/* SPDX-License-Identifier: Apache-2.0 */
/* Cursors, there and back; what is no cursor starts the lane anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "daemon/crawl/cursor.h"

static void test_round_trip(void **state)
{
	struct cursor cursor, back;
	struct buf text = BUF_INIT(1 << 16);

	(void)state;
	cursor_init(&cursor);
	cursor_init(&back);
	buf_text(&cursor.next, "https://h/api/models?limit=5&expand[]=sha&cursor=a%3D%3D");
	cursor.projection = (struct projection){ REPO_MODEL, ENDPOINT_LIST, field_bit(FIELD_ID) | field_bit(FIELD_SHA), CANON_RULES };
	cursor.pages = 12;
	cursor.rows = 12000;
	cursor.started_ms = 1700000000001;
	cursor.watermark_ms = 1690000000000;
	cursor_write(&cursor, &text);
	assert_true(cursor_read(buf_as_slice(&text), &back));
	assert_string_equal(back.next.data, cursor.next.data);
	assert_int_equal(back.projection.fields, cursor.projection.fields);
	assert_int_equal(back.projection.kind, REPO_MODEL);
	assert_int_equal(back.pages, 12);
	assert_int_equal(back.rows, 12000);
	assert_int_equal(back.started_ms, 1700000000001);
	assert_int_equal(back.watermark_ms, 1690000000000);
	buf_reset(&cursor.next);
	buf_reset(&text);
	cursor_write(&cursor, &text);
	assert_string_equal(text.data,
		"{\"next\":null,\"pages\":12,\"rows\":12000,\"started\":1700000000001,\"watermark\":1690000000000}");
	assert_true(cursor_read(buf_as_slice(&text), &back));
	assert_int_equal(back.next.size, 0);
	cursor_release(&cursor);
	cursor_release(&back);
	buf_release(&text);
}

/* A sweep in segments: where each stands, those that are done too. */
static void test_segments(void **state)
{
	struct cursor cursor, back;
	struct buf text = BUF_INIT(CURSOR_BYTES_MAX);

	(void)state;
	cursor_init(&cursor);
	cursor_init(&back);
	cursor.segment_count = SWEEP_SEGMENTS_MAX;
	cursor.projection = (struct projection){ REPO_MODEL, ENDPOINT_LIST, field_bit(FIELD_ID) | field_bit(FIELD_SHA), CANON_RULES };
	cursor.pages = 7;
	for (unsigned i = 0; i < SWEEP_SEGMENTS_MAX; i++) {
		put_u32(cursor.segment[i].until.byte, i + 1);
		if (i != 3)
			buf_printf(&cursor.segment[i].next, "https://h/api/models?cursor=%u", i);
	}
	cursor_write(&cursor, &text);
	assert_true(cursor_read(buf_as_slice(&text), &back));
	assert_int_equal(back.segment_count, SWEEP_SEGMENTS_MAX);
	assert_int_equal(back.projection.fields, cursor.projection.fields);
	assert_int_equal(back.pages, 7);
	assert_int_equal(back.next.size, 0);
	assert_true(cursor_is_open(&back));
	for (unsigned i = 0; i < SWEEP_SEGMENTS_MAX; i++) {
		assert_int_equal(oid_compare(&back.segment[i].until, &cursor.segment[i].until), 0);
		assert_true(slice_equal(buf_as_slice(&back.segment[i].next), buf_as_slice(&cursor.segment[i].next)));
	}
	/* read into one that held segments, an older text is what it was */
	assert_true(cursor_read(SLICE("{\"next\":null,\"pages\":1}"), &back));
	assert_int_equal(back.segment_count, 0);
	assert_false(cursor_is_open(&back));
	for (unsigned i = 0; i < SWEEP_SEGMENTS_MAX; i++)
		buf_reset(&cursor.segment[i].next);
	assert_false(cursor_is_open(&cursor));
	cursor_release(&cursor);
	cursor_release(&back);
	buf_release(&text);
}

static void test_broken_segments(void **state)
{
	static const char *const lists[] = {
		"[]", "7", "{}", "[7]", "[[]]", "[[\"64\",null]]", "[[\"640000000000000000000001\"]]", "[[7,null]]",
		"[[\"640000000000000000000001\",7]]", "[[\"64000000000000000000000g\",null]]",
	};
	struct cursor cursor;
	struct buf text = BUF_INIT(4096);

	(void)state;
	cursor_init(&cursor);
	for (size_t i = 0; i < ARRAY_COUNT(lists); i++) {
		buf_reset(&text);
		buf_printf(&text, "{\"segments\":%s,\"projection\":\"models list rules=1 sha\",\"pages\":1}", lists[i]);
		assert_true(cursor_read(buf_as_slice(&text), &cursor));
		assert_int_equal(cursor.segment_count, 0);
		assert_int_equal(cursor.next.size, 0);
	}
	cursor_release(&cursor);
	buf_release(&text);
}

/* Read by today's rules and fields, whatever wrote it. */
static void test_older_and_newer(void **state)
{
	struct cursor cursor;

	(void)state;
	cursor_init(&cursor);
	assert_true(cursor_read(SLICE("{\"next\":\"https://h/x\",\"projection\":\"models list rules=1 from-tomorrow,sha\","
				      "\"pages\":1,\"more\":[1,{}]}"), &cursor));
	assert_string_equal(cursor.next.data, "https://h/x");
	assert_int_equal(cursor.projection.rules, CANON_RULES);
	assert_true(cursor.projection.fields & field_bit(FIELD_SHA));
	/* without knowing what `next` asks for, its rows could not be read */
	assert_true(cursor_read(SLICE("{\"next\":\"https://h/x\",\"pages\":1,\"watermark\":7}"), &cursor));
	assert_int_equal(cursor.next.size, 0);
	assert_int_equal(cursor.watermark_ms, 7);
	cursor_release(&cursor);
}

static void test_no_cursor(void **state)
{
	static const char *const texts[] = { "", "[]", "null", "{\"next\":", "x", "\"next\"" };
	struct cursor cursor;

	(void)state;
	cursor_init(&cursor);
	for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
		assert_false(cursor_read(slice_of(texts[i]), &cursor));
		assert_int_equal(cursor.next.size, 0);
	}
	assert_true(cursor_read(SLICE("{\"next\":7,\"pages\":-1,\"rows\":\"x\",\"started\":null}"), &cursor));
	assert_int_equal(cursor.next.size, 0);
	assert_int_equal(cursor.pages, 0);
	cursor_release(&cursor);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_segments), cmocka_unit_test(test_broken_segments), cmocka_unit_test(test_older_and_newer), cmocka_unit_test(test_no_cursor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
