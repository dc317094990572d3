/* SPDX-License-Identifier: Apache-2.0 */
/* A card: its statement, bounded, there and back, and what it means. */
#include "storage/model/license.h"
#include "tests/fuzz/fuzz.h"

static void check(struct json *json, const struct statement *statement, struct arena *arena)
{
	struct buf text = BUF_INIT(1 << 24), again = BUF_INIT(1 << 24);
	struct license_meaning meaning, same;
	struct statement back;

	FUZZ_CHECK(statement->id_count <= STATEMENT_IDS_MAX && (statement->source == STATEMENT_NONE) == !statement->id_count);
	for (unsigned i = 0; i < statement->id_count; i++)
		FUZZ_CHECK(statement->id[i].size > 0 && statement->id[i].size <= STATEMENT_TEXT_MAX + 3);
	statement_write(statement, &text);
	FUZZ_CHECK(statement_read(json, buf_as_slice(&text), arena, &back) == 0);
	statement_write(&back, &again);
	FUZZ_CHECK(slice_equal(buf_as_slice(&text), buf_as_slice(&again)));
	license_mean(statement, &meaning);
	license_mean(&back, &same);
	FUZZ_CHECK(meaning.class == same.class && meaning.row == same.row && strcmp(meaning.spdx, same.spdx) == 0);
	FUZZ_CHECK((meaning.class == LICENSE_UNDECLARED) == !statement->id_count);
	buf_release(&text);
	buf_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = fuzz_text(data, size);
	struct canon canon = { 0 };
	struct arena arena = { 0 };
	struct statement statement;
	struct json json;

	json_init(&json, 1 << 16);
	canon.field[FIELD_CARD_DATA] = slice_take_line(&rest);
	canon.field[FIELD_TAGS] = rest;
	for (unsigned i = 0; i < FIELD_COUNT; i++)
		if (!canon.field[i].size)
			canon.field[i] = SLICE_NONE;
	statement_from_canon(&json, &canon, &arena, &statement);
	check(&json, &statement, &arena);
	json_release(&json);
	arena_release(&arena);
	return 0;
}
