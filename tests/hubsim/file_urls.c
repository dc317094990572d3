/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /{prefix}{id}/resolve/{rev}/{path} and /raw/: file texts, plain text errors, the "resolvers" quota.
 *
 * resolve leads by a relative 307 to /api/resolve-cache/{kind}/{id}/{sha}/{path}, as most files of the Hub do (72 % of
 * a survey of 2026-04); its ETag is the blob id, and If-None-Match is honoured. raw sends the text straight, and does
 * not honour it.
 */
#include <stdio.h>

#include "tests/hubsim/access.h"
#include "tests/hubsim/endpoint.h"
#include "tests/hubsim/repo_file.h"

/* The rest of the path as one file name. */
static struct slice file_path(const struct request *request, unsigned first, struct buf *out)
{
	for (unsigned i = first; i < request->segments; i++) {
		if (i > first)
			buf_char(out, '/');
		buf_slice(out, request->segment[i]);
	}
	return buf_as_slice(out);
}

static bool etag_matches(const struct request *request, const char *id)
{
	char etag[BLOB_ID_TEXT + 3];

	snprintf(etag, sizeof(etag), "\"%s\"", id);
	return request->if_none_match && strstr(request->if_none_match, etag);
}

static void redirect_to_cache(struct exchange *exchange, const struct repo *repo, const struct row *row, struct slice path,
	const char *id)
{
	struct buf location = BUF_INIT(1 << 16);

	buf_printf(&location, "/api/resolve-cache/%s/", kind_words[repo->kind].many);
	percent_encode(repo->row->name, "/", &location);
	buf_char(&location, '/');
	buf_slice(&location, row_plain(row, FIELD_sha));
	buf_char(&location, '/');
	percent_encode(path, "/", &location);
	buf_char(&location, '?');
	percent_encode(exchange->request.path, "", &location);
	buf_printf(&location, "=&etag=%%22%s%%22", id);
	answer_redirect(&exchange->answer, buf_as_slice(&location));
	buf_release(&location);
}

/* What is kept as a large file lies on another host: 22 % of that survey. */
static bool is_elsewhere(const struct row *row, struct slice path)
{
	return slice_starts_with(path, SLICE("LICENSE")) && slice_is(row_value(row, FIELD_licenseElsewhere), "true");
}

static void redirect_elsewhere(struct answer *answer, const char *id)
{
	char location[128];

	snprintf(location, sizeof(location), "https://cdn.elsewhere.invalid/%s", id);
	answer_redirect(answer, slice_of(location));
	answer->status = 302;
}

/* `bytes=A-B` or `bytes=A-`: that part as 206; other forms are ignored, which HTTP allows. */
static void cut_range(struct exchange *exchange)
{
	struct answer *answer = &exchange->answer;
	unsigned long long first, last = answer->body.size - 1;
	int forms;

	if (!exchange->request.range)
		return;
	forms = sscanf(exchange->request.range, "bytes=%18llu-%18llu", &first, &last);
	if (forms < 1)
		return;
	if (first >= answer->body.size || last < first) {
		answer_header(answer, "Content-Range", "bytes */%zu", answer->body.size);
		buf_reset(&answer->body);
		answer->status = 416;
		return;
	}
	last = last < answer->body.size ? last : answer->body.size - 1;
	answer_header(answer, "Content-Range", "bytes %llu-%llu/%zu", first, last, answer->body.size);
	answer->status = 206;
	answer->body.size = (size_t)(last - first + 1);
	memmove(answer->body.data, answer->body.data + first, answer->body.size);
}

enum file_form { FILE_RESOLVE, FILE_RAW, FILE_CACHE };

/* The text of a file, or the way to it. */
static void send_file(struct exchange *exchange, const struct repo *repo, const struct row *row, struct slice path,
	enum file_form form)
{
	struct answer *answer = &exchange->answer;
	struct slice sha = row_plain(row, FIELD_sha);
	char id[BLOB_ID_TEXT + 1];

	answer_header(answer, "X-Repo-Commit", "%.*s", (int)sha.size, sha.data);
	answer_header(answer, "Accept-Ranges", "bytes");
	if (!repo_file_text(row, path, &answer->body)) {
		answer_error(answer, 404, "EntryNotFound", "Entry not found");
		return;
	}
	blob_id(buf_as_slice(&answer->body), id);
	answer_header(answer, "ETag", "\"%s\"", id);
	answer_header(answer, "X-Linked-Size", "%zu", answer->body.size);
	answer_header(answer, "X-Linked-ETag", "\"%s\"", id);
	answer->content_type = "text/plain; charset=utf-8";
	if (form == FILE_RESOLVE && is_elsewhere(row, path)) {
		redirect_elsewhere(answer, id);
		return;
	}
	if (form != FILE_RAW && etag_matches(&exchange->request, id)) {
		answer->status = 304;
		buf_reset(&answer->body);
	} else if (form == FILE_RESOLVE) {
		redirect_to_cache(exchange, repo, row, path, id);
	} else {
		cut_range(exchange);
	}
}

/* first: segment of the name; `sub` segments lie between the name and the revision. */
static void file_of(struct exchange *exchange, enum kind kind, unsigned first, unsigned sub, enum file_form form)
{
	const struct request *request = &exchange->request;
	struct buf path = BUF_INIT(1 << 16);
	const struct row *row;
	struct repo *repo;
	unsigned rest;

	repo = access_find(exchange, kind, first, &rest);
	if (!repo || !access_content(exchange, repo))
		return;
	row = access_revision(exchange, repo, rest + sub < request->segments ? request->segment[rest + sub] : SLICE("main"));
	if (row)
		send_file(exchange, repo, row, file_path(request, rest + sub + 1, &path), form);
	buf_release(&path);
}

void file_answer(struct exchange *exchange, enum kind kind, unsigned first)
{
	const struct request *request = &exchange->request;
	bool raw = false;

	/* The name has one segment or two; the first word behind it decides. */
	for (unsigned i = first + 1; i <= first + 2 && i < request->segments; i++) {
		if (slice_is(request->segment[i], "raw") || slice_is(request->segment[i], "resolve")) {
			raw = slice_is(request->segment[i], "raw");
			break;
		}
	}
	exchange->endpoint = raw ? ENDPOINT_raw : ENDPOINT_resolve;
	exchange->answer.plain = true;
	file_of(exchange, kind, first, 1, raw ? FILE_RAW : FILE_RESOLVE);
}

void resolve_cache_answer(struct exchange *exchange)
{
	const struct request *request = &exchange->request;
	enum kind kind = request->segments > 2 ? kind_of(request->segment[2]) : KIND_COUNT;

	exchange->endpoint = ENDPOINT_resolve_cache;
	exchange->answer.plain = true;
	if (kind == KIND_COUNT)
		answer_error(&exchange->answer, 404, "EntryNotFound", "Entry not found");
	else
		file_of(exchange, kind, 3, 0, FILE_CACHE);
}
