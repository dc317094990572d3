/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hubsim/access.h"

/* What can follow a repo's name in a path; a legacy name of one segment is told by it. */
static const char *const sub_resources[] = { "revision", "commits", "tree", "resolve", "raw" };

static size_t token_size(const char *option)
{
	return strcspn(option, "=");
}

struct account access_account(const struct sim *sim, const char *authorization)
{
	static const char bearer[] = "Bearer ";
	struct account account = { 0 };
	struct slice token;

	if (!authorization)
		return account;
	if (strncasecmp(authorization, bearer, sizeof(bearer) - 1) == 0)
		token = slice_of(authorization + sizeof(bearer) - 1);
	else
		token = SLICE_NONE;
	for (unsigned i = 0; i < sim->options.token_count; i++) {
		const char *option = sim->options.token[i];
		if (slice_equal(token, (struct slice){ option, token_size(option) })) {
			account.token = option;
			account.token_size = token.size;
			return account;
		}
	}
	account.bad = true;
	return account;
}

bool access_reads(const struct account *account, const struct repo *repo)
{
	struct slice owner = repo_owner(repo);
	const char *owners;

	if (!account->token)
		return false;
	if (account->token[account->token_size] == '\0')
		return true;
	for (owners = account->token + account->token_size; *owners; ) {
		size_t size = strcspn(++owners, ",");
		if (size && slice_equal(owner, (struct slice){ owners, size }))
			return true;
		owners += size;
	}
	return false;
}

bool access_sees(const struct account *account, const struct repo *repo)
{
	return !repo->private || access_reads(account, repo);
}

void access_tell(const struct exchange *exchange, struct repo *repo)
{
	enum fault fault = fault_of(exchange, FAULT_IN_SENDING);

	if (!request_is_head(&exchange->request) && (fault == FAULT_NONE || fault == FAULT_DRIP))
		hub_served(repo, exchange->now_ms);
}

static void answer_missing(struct exchange *exchange)
{
	if (exchange->account.token)
		answer_error(&exchange->answer, 404, "RepoNotFound", "Repository not found");
	else
		answer_error(&exchange->answer, 401, NULL, "Invalid username or password.");
}

/* The raw path behind its first `count` segments. */
static struct slice path_behind(struct slice path, unsigned count)
{
	while (count--) {
		while (path.size && *path.data == '/')
			path.data++, path.size--;
		while (path.size && *path.data != '/')
			path.data++, path.size--;
	}
	return path;
}

static void redirect_to(struct exchange *exchange, const struct repo *repo, unsigned first, unsigned rest)
{
	const struct request *request = &exchange->request;
	struct slice behind = path_behind(request->path, rest);
	struct slice before = { request->path.data, path_behind(request->path, first).data - request->path.data };
	struct buf location = BUF_INIT(1 << 16);

	buf_slice(&location, before);
	buf_char(&location, '/');
	percent_encode(repo->row->name, "/", &location);
	buf_slice(&location, behind);
	if (request->query.size) {
		buf_char(&location, '?');
		buf_slice(&location, request->query);
	}
	answer_redirect(&exchange->answer, buf_as_slice(&location));
	buf_release(&location);
}

static bool is_sub_resource(struct slice segment)
{
	for (size_t i = 0; i < ARRAY_COUNT(sub_resources); i++)
		if (slice_is(segment, sub_resources[i]))
			return true;
	return false;
}

/* The name is two segments, or one where the path ends there or a sub-resource follows. */
static struct slice name_of(const struct request *request, unsigned first, unsigned *rest, struct buf *name)
{
	bool single = first + 1 >= request->segments || is_sub_resource(request->segment[first + 1]);

	*rest = first + (single ? 1 : 2);
	buf_slice(name, request->segment[first]);
	if (!single) {
		buf_char(name, '/');
		buf_slice(name, request->segment[first + 1]);
	}
	return buf_as_slice(name);
}

/* A repo that is not there (any more) for this client: that too is something it has been told. */
static void mark_missing(struct exchange *exchange, enum kind kind, struct slice name)
{
	struct repo *gone = hub_by_name(&exchange->sim->hub, kind, name);

	if (!gone)
		gone = hub_gone(&exchange->sim->hub, kind, name);
	if (gone && gone->state)
		access_tell(exchange, gone);
}

struct repo *access_find(struct exchange *exchange, enum kind kind, unsigned first, unsigned *rest)
{
	struct hub *hub = &exchange->sim->hub;
	struct buf text = BUF_INIT(1 << 16);
	struct repo *repo, *found = NULL;
	struct slice name;

	if (first >= exchange->request.segments) {
		answer_missing(exchange);
		return NULL;
	}
	name = name_of(&exchange->request, first, rest, &text);
	repo = hub_by_name(hub, kind, name);
	if (!repo)
		repo = hub_by_old_name(hub, kind, name);
	if (!repo || !access_sees(&exchange->account, repo)) {
		mark_missing(exchange, kind, name);
		answer_missing(exchange);
	} else if (!slice_equal(repo->row->name, name)) {
		redirect_to(exchange, repo, first, *rest);
	} else {
		found = repo;
	}
	buf_release(&text);
	return found;
}

const struct row *access_revision(struct exchange *exchange, const struct repo *repo, struct slice revision)
{
	const struct row *row = repo_revision(repo, revision);

	if (!row)
		answer_error(&exchange->answer, 404, "RevisionNotFound", "Invalid rev id: %.*s", (int)revision.size, revision.data);
	return row;
}

static void answer_gated(struct exchange *exchange, const struct repo *repo)
{
	const struct kind_words *words = &kind_words[repo->kind];
	struct slice name = repo->row->name, origin = exchange->sim->public_url;
	struct answer *answer = &exchange->answer;

	if (exchange->account.token) {
		answer_error(answer, 403, "GatedRepo",
			"Access to %s %.*s is restricted and you are not in the authorized list. Visit %.*s/%s%.*s to ask for access.",
			words->one, (int)name.size, name.data, (int)origin.size, origin.data, words->prefix, (int)name.size, name.data);
		return;
	}
	answer_error(answer, 401, "GatedRepo",
		"Access to %s %.*s is restricted. You must have access to it and be authenticated to access it. Please log in.",
		words->one, (int)name.size, name.data);
	if (answer->plain)
		answer_header(answer, "WWW-Authenticate", "Bearer realm=\"Authentication required\", charset=\"UTF-8\"");
}

bool access_content(struct exchange *exchange, const struct repo *repo)
{
	if (repo->restricted && !access_reads(&exchange->account, repo)) {
		answer_gated(exchange, repo);
		return false;
	}
	if (repo->disabled) {
		answer_error(&exchange->answer, 403, NULL, "Access to this resource is disabled.");
		return false;
	}
	return true;
}
