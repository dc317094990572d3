/* SPDX-License-Identifier: Apache-2.0 */
/* A README: what its front matter says is canonical JSON of bounded size, and always the same. */
#include "daemon/hub/card.h"
#include "storage/model/state.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice readme = fuzz_text(data, size);
	struct buf text = BUF_INIT(1 << 24);
	struct arena arena = { 0 };
	struct canon_maker maker;
	struct canon canon, back;
	struct state state;
	struct json json;

	canon_maker_init(&maker);
	json_init(&json, CANON_NODES_MAX);
	if (card_read(readme, &arena, &canon) != CARD_UNREADABLE) {
		canon_write(&canon, &text);
		FUZZ_CHECK(canon_read(&maker, buf_as_slice(&text), &arena, &back) == 0);
		state_read(&json, &canon, &arena, &state);
		FUZZ_CHECK(state.statement.id_count <= STATEMENT_IDS_MAX);
	} else {
		FUZZ_CHECK(!canon.field[FIELD_CARD_DATA].data && !canon.field[FIELD_TAGS].data);
	}
	FUZZ_CHECK(arena.bytes < 64 << 20);
	canon_maker_release(&maker);
	json_release(&json);
	arena_release(&arena);
	buf_release(&text);
	return 0;
}
