/* SPDX-License-Identifier: Apache-2.0 */
/* GET /api/{models,datasets,spaces}: filters, sort, cursor, one page. */
#include <stdlib.h>

#include "storage/model/memory.h"
#include "tests/hubsim/access.h"
#include "tests/hubsim/cursor.h"
#include "tests/hubsim/endpoint.h"
#include "tests/hubsim/page.h"
#include "tests/hubsim/projection.h"
#include "tests/hubsim/statement_of.h"

enum { LIMIT_MAX = PAGE_ROWS_MAX, FILTERS_MAX = REQUEST_PARAMETERS_MAX };

/* What is asked, read from the parameters. */
struct query {
	enum kind kind;
	enum sort sort;
	unsigned limit;
	uint64_t skip;
	bool gated_given, gated;
	struct slice author, pipeline_tag, cursor;
	struct slice tag[FILTERS_MAX], search[FILTERS_MAX];
	unsigned tags, searches;
};

/* Parameters that change what a list holds and that are not simulated: better refused than ignored. */
static const char *const not_simulated[] = {
	"num_parameters", "apps", "inference", "inference_provider", "linked", "models", "datasets",
};

static bool bad(struct exchange *exchange, const char *parameter, struct slice value)
{
	answer_error(&exchange->answer, 400, NULL, "Invalid value for `%s`: %.*s", parameter, (int)value.size, value.data);
	return false;
}

static bool to_number(struct slice text, uint64_t *value)
{
	return json_integer(text, value);
}

static bool read_sort(struct exchange *exchange, struct query *query)
{
	struct slice sort = request_parameter(&exchange->request, "sort");
	struct slice direction = request_parameter(&exchange->request, "direction");
	bool ascending = slice_is(direction, "1");

	if (direction.size && !ascending && !slice_is(direction, "-1"))
		return bad(exchange, "direction", direction);
	query->sort = SORT_TRENDING;
	if (sort.size) {
		for (query->sort = SORT_NEWEST; query->sort < SORT_COUNT; query->sort++)
			if (slice_is(sort, sort_words[query->sort]))
				break;
		if (query->sort == SORT_COUNT || (query->sort == SORT_DOWNLOADS && query->kind == KIND_SPACE))
			return bad(exchange, "sort", sort);
	}
	if (ascending && query->sort == SORT_NEWEST)
		query->sort = SORT_OLDEST;
	else if (ascending) {
		answer_error(&exchange->answer, 400, NULL, "Ascending order is not supported for sort by %s",
			sort_words[query->sort]);
		return false;
	}
	return true;
}

static bool read_numbers(struct exchange *exchange, struct query *query)
{
	struct slice limit = request_parameter(&exchange->request, "limit");
	struct slice skip = request_parameter(&exchange->request, "skip");
	uint64_t value = LIMIT_MAX;

	if (limit.size && (!to_number(limit, &value) || value == 0))
		return bad(exchange, "limit", limit);
	query->limit = value < LIMIT_MAX ? (unsigned)value : LIMIT_MAX;
	if (skip.size && !to_number(skip, &query->skip))
		return bad(exchange, "skip", skip);
	return true;
}

static bool read_filters(struct exchange *exchange, struct query *query)
{
	const struct request *request = &exchange->request;
	struct slice gated = request_parameter(request, "gated");

	for (unsigned i = 0; i < request->parameters; i++) {
		struct slice value = request->parameter[i].value;
		if (request_is(&request->parameter[i], "filter") && value.size)
			query->tag[query->tags++] = value;
		else if (request_is(&request->parameter[i], "search") && value.size)
			query->search[query->searches++] = value;
	}
	query->author = request_parameter(request, "author");
	query->pipeline_tag = request_parameter(request, "pipeline_tag");
	query->cursor = request_parameter(request, "cursor");
	query->gated_given = gated.size > 0;
	query->gated = request_flag(request, "gated");
	for (size_t i = 0; i < ARRAY_COUNT(not_simulated); i++) {
		if (!request_parameter(request, not_simulated[i]).data)
			continue;
		answer_error(&exchange->answer, 400, NULL, "hubsim does not simulate `%s`", not_simulated[i]);
		return false;
	}
	return true;
}

/* A tag of the row that equals `wanted`; tags hold escapes only where they hold special characters. */
static bool has_tag(const struct row *row, struct slice wanted)
{
	struct slice tags = row_value(row, FIELD_tags), tag;
	size_t at = 0;

	while (json_strings_next(tags, &at, &tag))
		if (slice_equal(tag, wanted))
			return true;
	return false;
}

/* Substring without regard to ASCII letter case. */
static bool name_holds(struct slice name, struct slice wanted)
{
	for (size_t i = 0; i + wanted.size <= name.size; i++)
		if (strncasecmp(name.data + i, wanted.data, wanted.size) == 0)
			return true;
	return false;
}

static bool matches(const struct query *query, const struct account *account, const struct repo *repo)
{
	if (!access_sees(account, repo))
		return false;
	if (query->author.size && !slice_equal(repo_owner(repo), query->author))
		return false;
	if (query->gated_given && repo->restricted != query->gated)
		return false;
	if (query->pipeline_tag.size) {
		struct slice task = row_plain(repo->row, FIELD_pipeline_tag);
		if (!slice_equal(task, query->pipeline_tag))
			return false;
	}
	for (unsigned i = 0; i < query->searches; i++)
		if (!name_holds(repo->row->name, query->search[i]))
			return false;
	for (unsigned i = 0; i < query->tags; i++)
		if (!has_tag(repo->row, query->tag[i]))
			return false;
	return true;
}

/* The request's own URL, or with another cursor, at the public origin or elsewhere. */
static void add_link(struct exchange *exchange, const struct query *query, const struct page *page)
{
	const struct request *request = &exchange->request;
	struct buf link = BUF_INIT(1 << 16), cursor = BUF_INIT(1 << 13);
	struct slice rest = request->query;

	buf_slice(&link, page->link == LINK_ELSEWHERE ? slice_of(exchange->sim->options.elsewhere) : exchange->sim->public_url);
	buf_slice(&link, request->path);
	buf_char(&link, '?');
	while (rest.size) {
		const char *end = memchr(rest.data, '&', rest.size);
		struct slice part = { rest.data, end ? (size_t)(end - rest.data) : rest.size };
		if (part.size && (page->link == LINK_ITSELF || !slice_starts_with(part, SLICE("cursor=")))) {
			buf_slice(&link, part);
			buf_char(&link, '&');
		}
		rest.data += part.size + (end != NULL);
		rest.size -= part.size + (end != NULL);
	}
	if (page->link == LINK_ITSELF || page->link == LINK_FIRST) {
		link.data[--link.size] = '\0';
	} else {
		buf_text(&link, "cursor=");
		cursor_write(query->sort, page->last, query->searches > 0, &cursor);
		percent_encode(buf_as_slice(&cursor), "", &link);
	}
	answer_header(&exchange->answer, "Link", "<%s>; rel=\"next\"", link.data);
	buf_release(&cursor);
	buf_release(&link);
}

static void choose_rows(struct exchange *exchange, struct query *query, const struct order *order, struct order_place place,
	struct page *page)
{
	struct repo *repo;

	while ((repo = order_next(order, &place))) {
		if (!matches(query, &exchange->account, repo))
			continue;
		if (query->skip) {
			query->skip--;
			continue;
		}
		if (page->count == query->limit) {
			page->link = LINK_NEXT;
			return;
		}
		page->last = page->repo[page->count++] = repo;
	}
}

static void write_page(struct exchange *exchange, const struct query *query, const struct projection *projection,
	const struct page *page)
{
	static size_t last_page_bytes; /* what the page before needed: one allocation a page */
	struct answer *answer = &exchange->answer;

	buf_reserve(&answer->body, last_page_bytes);
	buf_char(&answer->body, '[');
	for (unsigned i = 0; i < page->count; i++) {
		if (i)
			buf_char(&answer->body, ',');
		projection_write(projection, page->repo[i], page->repo[i]->row, &answer->body);
		if (projection->shows_license)
			access_tell(exchange, page->repo[i]);
	}
	buf_char(&answer->body, ']');
	if (page->link != LINK_NONE)
		add_link(exchange, query, page);
	answer->rows = page->count;
	last_page_bytes = answer->body.size + answer->body.size / 8;
	answer_json(answer);
}

static uint16_t sort_field(enum sort sort)
{
	return field_find(slice_of(sort_words[sort]));
}

void list_answer(struct exchange *exchange, enum kind kind)
{
	struct query *query = memory_new(sizeof(*query));
	struct projection *projection = memory_new(sizeof(*projection));
	struct repo probe = { 0 };
	struct page page;
	const struct order *order;

	page.count = 0;
	page.link = LINK_NONE;
	exchange->endpoint = ENDPOINT_list;
	query->kind = kind;
	if (!read_sort(exchange, query) || !read_numbers(exchange, query) || !read_filters(exchange, query) ||
	    !projection_read(exchange, kind, false, sort_field(query->sort), projection))
		goto done;
	if (query->cursor.size && !cursor_parse(&exchange->sim->hub, query->cursor, query->sort, &probe)) {
		answer_error(&exchange->answer, 400, NULL, "Invalid cursor");
		goto done;
	}
	order = hub_order(&exchange->sim->hub, kind, query->sort);
	choose_rows(exchange, query, order, query->cursor.size ? order_behind(order, &probe) : order_first(), &page);
	fault_page(exchange, kind, &page);
	write_page(exchange, query, projection, &page);
done:
	free(projection);
	free(query);
}
