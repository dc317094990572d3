/* SPDX-License-Identifier: Apache-2.0 */
/* From a path to its endpoint and its quota. */
#include "tests/hubsim/endpoint.h"

static bool segment_is(const struct request *request, unsigned index, const char *word)
{
	return index < request->segments && slice_is(request->segment[index], word);
}

/* {prefix}{id}/resolve|raw/...: the kind and the first segment of the name; KIND_COUNT for other paths. */
static enum kind file_kind(const struct request *request, unsigned *first)
{
	enum kind kind = KIND_MODEL;

	*first = 0;
	if (segment_is(request, 0, "datasets") || segment_is(request, 0, "spaces")) {
		kind = kind_of(request->segment[0]);
		*first = 1;
	}
	for (unsigned i = *first + 1; i <= *first + 2; i++)
		if (segment_is(request, i, "resolve") || segment_is(request, i, "raw"))
			return kind;
	return KIND_COUNT;
}

enum bucket route_bucket(const struct request *request)
{
	unsigned first;

	if (segment_is(request, 0, "sim"))
		return BUCKET_NONE;
	if (segment_is(request, 0, "api"))
		return segment_is(request, 1, "resolve-cache") ? BUCKET_RESOLVERS : BUCKET_API;
	return file_kind(request, &first) == KIND_COUNT ? BUCKET_NONE : BUCKET_RESOLVERS;
}

bool route_is_listing(const struct request *request)
{
	return segment_is(request, 0, "api") && request->segments == 2 && kind_of(request->segment[1]) != KIND_COUNT;
}

static void answer_nothing(struct exchange *exchange)
{
	answer_error(&exchange->answer, 404, NULL, "Sorry, we can't find the page you are looking for.");
}

static void api_answer(struct exchange *exchange)
{
	const struct request *request = &exchange->request;
	enum kind kind = request->segments > 1 ? kind_of(request->segment[1]) : KIND_COUNT;

	if (segment_is(request, 1, "resolve-cache"))
		resolve_cache_answer(exchange);
	else if (kind == KIND_COUNT || !slice_is(request->segment[1], kind_words[kind].many))
		answer_nothing(exchange);
	else if (request->segments == 2)
		list_answer(exchange, kind);
	else
		repo_answer(exchange, kind, 2);
}

void route_answer(struct exchange *exchange)
{
	const struct request *request = &exchange->request;
	bool reads = strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
	unsigned first;
	enum kind kind;

	exchange->endpoint = ENDPOINT_other;
	if (request->too_long) {
		answer_error(&exchange->answer, 414, NULL, "More than %d path segments or %d parameters", REQUEST_SEGMENTS_MAX,
			REQUEST_PARAMETERS_MAX);
		return;
	}
	if (segment_is(request, 0, "sim")) {
		control_answer(exchange);
		return;
	}
	if (!reads) {
		answer_error(&exchange->answer, 404, NULL, "Cannot %s %.*s", request->method, (int)request->path.size,
			request->path.data);
		return;
	}
	kind = file_kind(request, &first);
	if (segment_is(request, 0, "api"))
		api_answer(exchange);
	else if (kind != KIND_COUNT)
		file_answer(exchange, kind, first);
	else
		answer_nothing(exchange);
}
