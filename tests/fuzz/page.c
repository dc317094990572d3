/* SPDX-License-Identifier: Apache-2.0 */
/* A page as page.c reads it, without a store: rows, canonical form, derived fields, state, verdict. */
#include "storage/model/error.h"
#include "storage/model/verdict.h"
#include "tests/fuzz/fuzz.h"

struct work {
	struct json page, deep, card; /* deep: the page once more, to its depth */
	struct canon_maker maker;
	struct arena arena;
	struct buf text, again;
	struct state *before; /* of the row before */
};

/* Stored and read back, it is the same; compared with itself, nothing has happened. */
static void check_state(struct work *work, const struct canon *canon)
{
	struct state *state = arena_take(&work->arena, sizeof(*state));
	struct canon back;
	struct verdict verdict;

	buf_reset(&work->text);
	buf_reset(&work->again);
	canon_write(canon, &work->text);
	FUZZ_CHECK(canon_read(&work->maker, buf_as_slice(&work->text), &work->arena, &back) == 0);
	canon_write(&back, &work->again);
	FUZZ_CHECK(slice_equal(buf_as_slice(&work->text), buf_as_slice(&work->again)));
	FUZZ_CHECK(canon_same(canon, &back));
	state_read(&work->card, &back, &work->arena, state);
	verdict_judge(&work->card, state, state, &work->arena, &verdict);
	FUZZ_CHECK(verdict.count == 0);
	if (work->before) {
		verdict_judge(&work->card, work->before, state, &work->arena, &verdict);
		FUZZ_CHECK(verdict.count <= VERDICT_EVENTS_MAX && (verdict.count > 0) == !canon_same(&work->before->canon, canon));
	}
	work->before = state;
}

static int canonical(struct work *work, const struct row *row, struct canon *canon)
{
	return canon_from_row(&work->maker, row, fields_asked(REPO_MODEL), &work->arena, canon);
}

/* A row out of a page that was parsed to its depth comes to the same, or to the same error. */
static void check_deep(struct work *work, uint32_t at, const struct row *shallow)
{
	struct row row;
	struct canon canon, other;
	int error;

	if (!at)
		return;
	FUZZ_CHECK(row_read(&work->deep, at, fields_asked(REPO_MODEL), 1, &row) == 0);
	FUZZ_CHECK(row.stable_hash == shallow->stable_hash);
	row.opened = &work->deep;
	error = canonical(work, &row, &canon);
	FUZZ_CHECK((error == 0) == (canonical(work, shallow, &other) == 0));
	for (unsigned i = 0; !error && i < FIELD_COUNT; i++)
		FUZZ_CHECK(slice_equal(canon.field[i], other.field[i]));
}

static void read_row(struct work *work, uint32_t at, uint32_t deep)
{
	struct row row;
	struct canon canon;

	if (row_read(&work->page, at, fields_asked(REPO_MODEL), 1, &row))
		return;
	check_deep(work, deep, &row);
	if (canonical(work, &row, &canon))
		return;
	buf_reset(&work->text);
	derived_write(&work->maker, &row, &work->text);
	FUZZ_CHECK(work->text.data[0] == '{' && work->text.data[work->text.size - 1] == '}');
	check_state(work, &canon);
}

static void read_rows(struct work *work, const char *text, size_t size)
{
	bool is_deep = json_parse(&work->deep, text, size, 2 + CANON_DEPTH_MAX) == 0;
	uint32_t deep = is_deep ? json_first(0) : 0;

	for (uint32_t i = json_first(0); i < json_end(&work->page, 0); i = json_next(&work->page, i)) {
		read_row(work, i, deep);
		deep = is_deep ? json_next(&work->deep, deep) : 0;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct work work = { .text = BUF_INIT(CANON_BYTES_MAX), .again = BUF_INIT(CANON_BYTES_MAX) };
	struct buf repaired = BUF_INIT(SIZE_MAX / 2);
	char *body = fuzz_padded(data, size), *text = body;
	int code;

	json_init(&work.page, 1 << 16);
	json_init(&work.deep, 1 << 16);
	json_init(&work.card, 1 << 16);
	canon_maker_init(&work.maker);
	code = json_parse(&work.page, body, size, 2);
	if (code == ERROR_UTF8) {
		utf8_repair((struct slice){ body, size }, &repaired);
		memset(buf_reserve(&repaired, JSON_PADDING), 0, JSON_PADDING);
		text = repaired.data;
		size = repaired.size;
		code = json_parse(&work.page, text, size, 2);
		FUZZ_CHECK(code != ERROR_UTF8);
	}
	if (!code && work.page.node[0].type == JSON_OBJECT)
		read_row(&work, 0, 0);
	if (!code && work.page.node[0].type == JSON_ARRAY)
		read_rows(&work, text, size);
	json_release(&work.page);
	json_release(&work.deep);
	json_release(&work.card);
	canon_maker_release(&work.maker);
	arena_release(&work.arena);
	buf_release(&work.text);
	buf_release(&work.again);
	buf_release(&repaired);
	free(body);
	return 0;
}
