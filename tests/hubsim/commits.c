/* SPDX-License-Identifier: Apache-2.0 */
/* GET /api/{kind}/{id}/commits/{rev}?p=&limit=: newest first, page by page. */
#include "storage/model/json.h"
#include "tests/hubsim/access.h"
#include "tests/hubsim/endpoint.h"

enum { COMMITS_DEFAULT = 50, COMMITS_MAX = 1000 };

static void write_commit(const struct repo *repo, const struct row *row, struct buf *out)
{
	struct slice title = row_value(row, FIELD_commit), user = row_value(row, FIELD_commitUser);

	buf_text(out, "{\"id\":");
	buf_slice(out, row_value(row, FIELD_sha));
	buf_text(out, ",\"title\":");
	buf_slice(out, title.data ? title : SLICE("\"Update README.md\""));
	buf_text(out, ",\"message\":\"\",\"authors\":[{\"user\":");
	if (user.data)
		buf_slice(out, user);
	else
		json_encode(repo_owner(repo).data ? repo_owner(repo) : repo->row->name, out);
	buf_text(out, ",\"avatar\":\"/avatars/0.svg\"}],\"date\":");
	buf_slice(out, row_value(row, FIELD_lastModified));
	buf_char(out, '}');
}

/* How many commits are newer than the one that the walk begins at. */
static uint32_t index_of(const struct repo *repo, const struct row *row)
{
	uint32_t index = 0;

	while (repo_commit(repo, index) != row)
		index++;
	return index;
}

static bool read_number(struct exchange *exchange, const char *name, uint64_t *value)
{
	struct slice text = request_parameter(&exchange->request, name);

	if (!text.size || json_integer(text, value))
		return true;
	answer_error(&exchange->answer, 400, NULL, "Invalid value for `%s`: %.*s", name, (int)text.size, text.data);
	return false;
}

static void write_page(struct exchange *exchange, const struct repo *repo, uint32_t start, uint64_t page, uint64_t limit)
{
	uint32_t total = repo_commit_count(repo) - start;
	struct answer *answer = &exchange->answer;
	struct slice origin = exchange->sim->public_url, path = exchange->request.path;
	uint64_t first = page < total ? page * limit : total;

	buf_char(&answer->body, '[');
	for (uint64_t i = first; i < total && i < first + limit; i++) {
		if (i > first)
			buf_char(&answer->body, ',');
		write_commit(repo, repo_commit(repo, start + (uint32_t)i), &answer->body);
	}
	buf_char(&answer->body, ']');
	answer_header(answer, "X-Total-Count", "%u", total);
	if (first + limit < total)
		answer_header(answer, "Link", "<%.*s%.*s?p=%u&limit=%u>; rel=\"next\"", (int)origin.size, origin.data,
			(int)path.size, path.data, (unsigned)page + 1, (unsigned)limit);
	answer_json(answer);
}

void commits_answer(struct exchange *exchange, const struct repo *repo, unsigned rest)
{
	const struct request *request = &exchange->request;
	uint64_t page = 0, limit = COMMITS_DEFAULT;
	const struct row *row;

	if (!access_content(exchange, repo))
		return;
	row = access_revision(exchange, repo, rest + 1 < request->segments ? request->segment[rest + 1] : SLICE("main"));
	if (!row || !read_number(exchange, "p", &page) || !read_number(exchange, "limit", &limit))
		return;
	limit = limit == 0 ? 1 : limit < COMMITS_MAX ? limit : COMMITS_MAX;
	write_page(exchange, repo, index_of(repo, row), page, limit);
}
