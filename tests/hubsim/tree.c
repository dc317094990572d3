/* SPDX-License-Identifier: Apache-2.0 */
/* GET /api/{kind}/{id}/tree/{rev}: the files of a commit with git's blob ids. Open for gated repos. */
#include "tests/hubsim/access.h"
#include "tests/hubsim/endpoint.h"
#include "tests/hubsim/repo_file.h"

enum { FILE_BYTES_MAX = 64 << 20 };

/* The newest commit in which the file got the text that it has in `row`. */
static const struct row *last_change(const struct repo *repo, const struct row *row, const char *name, struct slice text)
{
	const struct row *found = row;
	bool behind = false;

	for (uint32_t i = 0; i < repo_commit_count(repo); i++) {
		struct buf older = BUF_INIT(FILE_BYTES_MAX);
		bool same;
		behind = behind || repo_commit(repo, i) == row;
		if (!behind)
			continue;
		same = repo_file_text(repo_commit(repo, i), slice_of(name), &older) && slice_equal(buf_as_slice(&older), text);
		buf_release(&older);
		if (!same)
			break;
		found = repo_commit(repo, i);
	}
	return found;
}

static void write_last_commit(const struct row *row, struct buf *out)
{
	struct slice title = row_value(row, FIELD_commit);

	buf_text(out, ",\"lastCommit\":{\"id\":");
	buf_slice(out, row_value(row, FIELD_sha));
	buf_text(out, ",\"title\":");
	buf_slice(out, title.data ? title : SLICE("\"Update README.md\""));
	buf_text(out, ",\"date\":");
	buf_slice(out, row_value(row, FIELD_lastModified));
	buf_char(out, '}');
}

static void write_entry(const struct repo *repo, const struct row *row, const char *name, bool expand, struct buf *out)
{
	struct buf text = BUF_INIT(FILE_BYTES_MAX);
	char id[BLOB_ID_TEXT + 1];

	repo_file_text(row, slice_of(name), &text);
	blob_id(buf_as_slice(&text), id);
	buf_printf(out, "{\"type\":\"file\",\"oid\":\"%s\",\"size\":%zu,\"path\":\"%s\"", id, text.size, name);
	if (expand)
		write_last_commit(last_change(repo, row, name, buf_as_slice(&text)), out);
	buf_char(out, '}');
	buf_release(&text);
}

void tree_answer(struct exchange *exchange, const struct repo *repo, unsigned rest)
{
	const struct request *request = &exchange->request;
	struct answer *answer = &exchange->answer;
	const struct row *row;
	const char *name;

	if (repo->disabled) {
		access_content(exchange, repo);
		return;
	}
	row = access_revision(exchange, repo, rest + 1 < request->segments ? request->segment[rest + 1] : SLICE("main"));
	if (!row)
		return;
	if (rest + 2 < request->segments) {
		answer_error(answer, 404, "EntryNotFound", "Entry not found"); /* there are no folders */
		return;
	}
	buf_char(&answer->body, '[');
	for (unsigned i = 0; (name = repo_file_name(row, i)); i++) {
		if (i)
			buf_char(&answer->body, ',');
		write_entry(repo, row, name, request_flag(request, "expand"), &answer->body);
	}
	buf_char(&answer->body, ']');
	answer_json(answer);
}
