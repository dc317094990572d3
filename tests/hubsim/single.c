/* SPDX-License-Identifier: Apache-2.0 */
/* GET /api/{kind}/{id} and what lies below it. */
#include <stdlib.h>

#include "storage/model/memory.h"
#include "tests/hubsim/access.h"
#include "tests/hubsim/endpoint.h"
#include "tests/hubsim/projection.h"

static void write_info(struct exchange *exchange, struct repo *repo, const struct row *at)
{
	struct projection *projection = memory_new(sizeof(*projection));

	if (projection_read(exchange, repo->kind, true, PROJECTION_NO_KEY, projection)) {
		projection_write(projection, repo, at, &exchange->answer.body);
		exchange->answer.rows = 1;
		if (projection->shows_license && at == repo->row)
			access_tell(exchange, repo);
		answer_json(&exchange->answer);
	}
	free(projection);
}

static void revision_answer(struct exchange *exchange, struct repo *repo, unsigned rest)
{
	struct slice revision = rest + 1 < exchange->request.segments ? exchange->request.segment[rest + 1] : SLICE("main");
	const struct row *at = access_revision(exchange, repo, revision);

	if (at)
		write_info(exchange, repo, at);
}

void repo_answer(struct exchange *exchange, enum kind kind, unsigned first)
{
	const struct request *request = &exchange->request;
	struct slice what = SLICE_NONE;
	struct repo *repo;
	unsigned rest;

	exchange->endpoint = ENDPOINT_repo;
	for (unsigned i = first + 1; i < request->segments && i <= first + 2; i++) {
		if (slice_is(request->segment[i], "commits"))
			exchange->endpoint = ENDPOINT_commits;
		else if (slice_is(request->segment[i], "tree"))
			exchange->endpoint = ENDPOINT_tree;
		else if (slice_is(request->segment[i], "revision"))
			exchange->endpoint = ENDPOINT_revision;
	}
	repo = access_find(exchange, kind, first, &rest);
	if (!repo)
		return;
	if (rest < request->segments)
		what = request->segment[rest];
	if (!what.data)
		write_info(exchange, repo, repo->row);
	else if (slice_is(what, "revision"))
		revision_answer(exchange, repo, rest);
	else if (slice_is(what, "commits"))
		commits_answer(exchange, repo, rest);
	else if (slice_is(what, "tree"))
		tree_answer(exchange, repo, rest);
	else
		answer_error(&exchange->answer, 404, NULL, "Sorry, we can't find the page you are looking for.");
}
