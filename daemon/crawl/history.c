/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/history.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/crawl/judge.h"
#include "daemon/crawl/lane_canary.h"
#include "daemon/hub/blob.h"
#include "daemon/hub/card.h"
#include "storage/model/memory.h"

enum {
	README_BYTES_MAX = 8 << 20,
	LIST_NODES_MAX = 1 << 18,
	STRETCHES_NAMED = 5,
	SHA_SHOWN = 7,
	REASON_MAX = 2000,
};

static const struct request_calls list_calls, card_calls;

static struct history *history_of(struct request *request)
{
	return request->owner;
}

static struct slice name_of(const struct history *history)
{
	return slice_of(history->name);
}

static void ask(struct history *history, struct slice url, size_t body_max, const struct request_calls *calls)
{
	struct request_order order = {
		.context = history->run->context,
		.lane = history->run->lane,
		.form = REQUEST_TEXT,
		.projection = { .kind = history->run->kind->kind },
		.url = url,
		.body_max = body_max,
		.calls = calls,
		.owner = history,
	};

	history->run->asked++;
	request_start(&order);
}

/* --- the result ----------------------------------------------------------------------------------------------------*/

static void write_short_sha(const struct history *history, uint32_t at, struct buf *out)
{
	char hex[SHA_HEX + 1];

	sha_write(history->commit[at].sha, hex);
	buf_printf(out, "%.*s", SHA_SHOWN, hex);
}

static void write_stretch(const struct history *history, const struct history_stretch *stretch, struct buf *out)
{
	buf_printf(out, "%u ", stretch->last - stretch->first + 1);
	if (stretch->last + 1 < history->commits && stretch->first > 0) {
		buf_text(out, "between ");
		write_short_sha(history, stretch->last + 1, out);
		buf_text(out, " and ");
		write_short_sha(history, stretch->first - 1, out);
	} else {
		buf_text(out, "from ");
		write_short_sha(history, stretch->last, out);
		buf_text(out, " to ");
		write_short_sha(history, stretch->first, out);
	}
}

static void write_unlooked(const struct history *history, struct buf *out)
{
	struct history_stretch stretch;
	uint32_t from = 0, rest = 0;
	unsigned named = 0;

	while (history_plan_unlooked(&history->plan, &from, &stretch)) {
		if (named == STRETCHES_NAMED) {
			rest += stretch.last - stretch.first + 1;
			continue;
		}
		buf_text(out, named++ ? ", " : "not looked at: of the commits ");
		write_stretch(history, &stretch, out);
	}
	if (rest)
		buf_printf(out, " and %u elsewhere", rest);
	if (history->cut) {
		buf_text(out, out->size ? "; nor what is older than " : "not looked at: what is older than ");
		write_short_sha(history, history->commits - 1, out);
	}
}

/* Where what lies between its two sides could not be read, the commit is the newest that it can be. */
static struct slice reason_of(struct history *history, const struct history_switch *one)
{
	struct buf text = BUF_INIT(REASON_MAX);
	struct slice reason = history->unlooked;

	if (one->older > one->newer + 1) {
		buf_printf(&text, "this commit, or one of the %u before it, which could not be read",
			one->older - one->newer - 1);
		if (reason.size)
			buf_text(&text, "; ");
		buf_slice(&text, reason);
		reason = arena_copy(&history->arena, buf_as_slice(&text));
	}
	buf_release(&text);
	return reason;
}

static void take_switch(struct history *history, const struct history_switch *one, struct past_switch *found)
{
	const struct commit_info *commit = &history->commit[one->newer];

	*found = (struct past_switch){
		.before = history->state[one->before],
		.after = history->state[one->after],
		.commit = { .title = commit->title, .user = commit->user, .date_ms = commit->date_ms },
		.reason = reason_of(history, one),
	};
	memcpy(found->before_sha, history->commit[one->older].sha, SHA_BYTES);
	memcpy(found->commit.sha, commit->sha, SHA_BYTES);
}

/* The plan has them newest first; records are written oldest first. */
static void take_switches(struct history *history)
{
	struct history_switch one;
	unsigned look = 0, count = 0;

	while (history_plan_switch(&history->plan, &look, &one))
		count++;
	history->found = arena_take(&history->arena, (count + 1) * sizeof(*history->found));
	history->count = count;
	for (look = 0; history_plan_switch(&history->plan, &look, &one);)
		take_switch(history, &one, &history->found[--count]);
}

static void finish(struct history *history, struct request *request, enum past_outcome outcome)
{
	history->outcome = outcome;
	history->on_done(history, request);
}

static void conclude(struct history *history, struct request *request)
{
	struct buf text = BUF_INIT(REASON_MAX);

	write_unlooked(history, &text);
	history->unlooked = arena_copy(&history->arena, buf_as_slice(&text));
	take_switches(history);
	if (!history->states)
		finish(history, request, PAST_UNREADABLE);
	else
		finish(history, request, text.size ? PAST_PART : PAST_WHOLE);
	buf_release(&text);
}

/* --- answers that are no text --------------------------------------------------------------------------------------*/

/* A redirect within the Hub: the same repo under another name, since what is asked for is named by a sha. */
static bool follow(struct history *history, struct request *request)
{
	struct buf url = BUF_INIT(URL_MAX);
	bool good = !lane_redirect(history->run, request, history->hops++, &url);

	if (good)
		ask(history, buf_as_slice(&url), request->body_max, request->calls);
	buf_release(&url);
	return good;
}

/* What an answer says of the repo as a whole; PAST_OUTCOME_COUNT: nothing. */
static enum past_outcome outcome_of(const struct history *history, const struct request *request)
{
	const struct hub_head *head = &request->head;

	switch (judge_answer(request->reply.status, head, context_trust(history->run->context))) {
	case JUDGED_GONE:
		return PAST_GONE;
	case JUDGED_THERE:
		return slice_is(head->error_code, "GatedRepo") ? PAST_GATED : PAST_REFUSED;
	default:
		return slice_is(head->error_code, "RevisionNotFound") ? PAST_REWRITTEN : PAST_OUTCOME_COUNT;
	}
}

/* Nothing was learnt of the repo; the lane decides whether it goes on. */
static void put_off(struct history *history, struct request *request)
{
	history->later = true;
	if (request)
		history->rest = request_rest(request);
	finish(history, request, PAST_REFUSED);
}

const char *history_trouble(const struct request *request)
{
	if (!request)
		return "the daemon ends";
	return request->why[0] ? request->why : "the Hub's answers prove nothing now";
}

static void on_failed(struct request *request)
{
	struct history *history = history_of(request);
	struct lane_run *run = history->run;

	put_off(history, run->context->stopping ? NULL : request);
	lane_answered(run);
}

/* --- the list of commits -------------------------------------------------------------------------------------------*/

static int read_list(struct request *request, struct slice text)
{
	struct history *history = history_of(request);

	int error = commits_read(&history->json, text, &history->arena, &history->page);

	json_rest(&history->json); /* many searches wait for an answer at once: none keeps a parser meanwhile */
	return error;
}

static void ask_list(struct history *history)
{
	struct buf url = BUF_INIT(URL_MAX);
	char sha[SHA_HEX + 1];

	sha_write(history->newest, sha);
	url_commits(history->run->context->origin, history->run->kind->kind, name_of(history), slice_of(sha), COMMITS_PAGE_MAX,
		&url);
	ask(history, buf_as_slice(&url), 0, &list_calls);
	buf_release(&url);
}

/* Takes the page's commits up to the oldest that is wanted; true: that one is among them. */
static bool take_commits(struct history *history)
{
	history->list = memory_grow(history->list, history->commits + history->page.count, sizeof(*history->list));
	for (size_t i = 0; i < history->page.count && history->commits < HISTORY_COMMITS_MAX; i++) {
		history->list[history->commits++] = history->page.commit[i];
		if (history->has_oldest && memcmp(history->page.commit[i].sha, history->oldest, SHA_BYTES) == 0)
			return true;
	}
	return false;
}

static void look_on(struct history *history, struct request *request);

static void begin_looking(struct history *history, struct request *request)
{
	if (!history->commits || memcmp(history->list[0].sha, history->newest, SHA_BYTES) != 0) {
		finish(history, request, PAST_REWRITTEN);
		return;
	}
	history->commit = history->list;
	history_plan_init(&history->plan, history->commits, history->requests);
	if (history->only_neighbours && history->has_oldest && history->commits == 2)
		finish(history, request, PAST_WHOLE);
	else
		look_on(history, request);
}

static void go_on_listing(struct history *history, struct request *request)
{
	struct buf url = BUF_INIT(URL_MAX);
	bool complete = take_commits(history);
	bool more = !complete && history->page.count && lane_next_link(history->run, request, &url) == LINK_NEXT;

	if (!more && !complete && !history->cut && request->head.total_count > (int64_t)history->commits) {
		put_off(history, request); /* the list ended before its end */
		buf_release(&url);
		return;
	}
	history->cut = more && history->commits == HISTORY_COMMITS_MAX;
	if (more && !history->cut)
		ask(history, buf_as_slice(&url), 0, &list_calls);
	else if (history->has_oldest && !complete)
		finish(history, request, history->cut ? PAST_PART : PAST_REWRITTEN);
	else
		begin_looking(history, request);
	buf_release(&url);
}

static void on_list(struct request *request)
{
	struct history *history = history_of(request);
	struct lane_run *run = history->run; /* the search may end in here */

	history->requests++;
	canary_note(run, buf_as_slice(&request->url), SLICE_NONE);
	go_on_listing(history, request);
	lane_answered(run);
}

/* Moved to "/api/models/NEW/NAME/commits/...": the name that the files are asked for by. */
static void learn_name(struct history *history, const struct request *request)
{
	struct slice path = request->head.location;
	const char *plural = repo_kinds[history->run->kind->kind].plural, *end;
	char before[32];
	int size = snprintf(before, sizeof(before), "/api/%s/", plural);
	const char *start = path.size ? memmem(path.data, path.size, before, (size_t)size) : NULL;

	if (!start)
		return;
	start += size;
	end = memmem(start, (size_t)(path.data + path.size - start), "/commits/", strlen("/commits/"));
	if (end && end - start <= ROW_NAME_MAX && !memchr(start, '%', (size_t)(end - start)))
		snprintf(history->name, sizeof(history->name), "%.*s", (int)(end - start), start);
}

static void on_list_answer(struct request *request)
{
	struct history *history = history_of(request);
	struct lane_run *run = history->run; /* the search may end in here */
	enum past_outcome outcome = outcome_of(history, request);

	history->requests++;
	learn_name(history, request);
	if (request->reply.status == 307 && follow(history, request))
		;
	else if (outcome != PAST_OUTCOME_COUNT)
		finish(history, request, outcome);
	else
		put_off(history, request);
	lane_answered(run);
}

static const struct request_calls list_calls = {
	.read_text = read_list, .on_text = on_list, .on_answer = on_list_answer, .on_failed = on_failed,
};

/* --- the cards -----------------------------------------------------------------------------------------------------*/

/* The number of a statement: the same for equal ones. */
static int number_of(struct history *history, const struct state *state)
{
	for (unsigned i = 0; i < history->states; i++)
		if (verdict_on_statements(history->state[i], state) == EVENT_COUNT)
			return (int)i;
	if (history->states == HISTORY_STATES_MAX)
		return HISTORY_UNREADABLE;
	history->state[history->states] = state;
	return (int)history->states++;
}

static int take_card(struct history *history, struct canon *canon)
{
	struct state *state = arena_take(&history->arena, sizeof(*state));
	struct buf name = BUF_INIT(8 * ROW_NAME_MAX);

	json_encode(name_of(history), &name);
	canon->field[FIELD_ID] = arena_copy(&history->arena, buf_as_slice(&name));
	buf_release(&name);
	state_read(&history->json, canon, &history->arena, state);
	return number_of(history, state);
}

/* Whether this is the file: a page of an edge in its place would look like a card that declares nothing. */
static bool is_file(const struct history *history, const struct hub_head *head)
{
	char sha[SHA_HEX + 1];

	sha_write(history->commit[history->at].sha, sha);
	return blob_names(head->etag) || slice_is(head->repo_commit, sha);
}

static int read_card(struct request *request, struct slice text)
{
	struct history *history = history_of(request);
	const struct hub_head *head = &request->head;
	enum card_outcome outcome;
	struct canon canon;

	history->value = HISTORY_UNREADABLE;
	if (blob_names(head->etag) ? !blob_is(head->etag, text) : is_html(head))
		return ERROR_COMPRESSION;
	if (slice_starts_with(text, SLICE("version https://git-lfs.github.com/spec/")))
		return ERROR_NONE; /* raw gives the pointer of what lies elsewhere */
	outcome = card_read(text, &history->arena, &canon);
	if (outcome == CARD_READ || (outcome == CARD_NONE && is_file(history, head)))
		history->value = take_card(history, &canon);
	json_rest(&history->json);
	return ERROR_NONE;
}

static void look_on(struct history *history, struct request *request)
{
	struct buf url = BUF_INIT(URL_MAX);
	char sha[SHA_HEX + 1];

	if (!history_plan_next(&history->plan, &history->at)) {
		conclude(history, request);
		return;
	}
	history->hops = 0;
	sha_write(history->commit[history->at].sha, sha);
	url_raw(history->run->context->origin, history->run->kind->kind, name_of(history), slice_of(sha), SLICE("README.md"),
		&url);
	ask(history, buf_as_slice(&url), README_BYTES_MAX, &card_calls);
	buf_release(&url);
}

static void learn(struct history *history, struct request *request, int value)
{
	history_plan_learn(&history->plan, history->at, value, history->hops + 1);
	look_on(history, request);
}

static void on_card(struct request *request)
{
	struct history *history = history_of(request);
	struct lane_run *run = history->run; /* the search may end in here */

	learn(history, request, history->value);
	lane_answered(run);
}

/* A commit without a README declares nothing. */
static int no_card(struct history *history)
{
	struct canon canon;

	return card_read(SLICE_NONE, &history->arena, &canon) == CARD_NONE ? take_card(history, &canon) : HISTORY_UNREADABLE;
}

static void on_card_answer(struct request *request)
{
	struct history *history = history_of(request);
	struct lane_run *run = history->run; /* the search may end in here */
	enum past_outcome outcome = outcome_of(history, request);
	unsigned status = request->reply.status;

	if (slice_is(request->head.error_code, "EntryNotFound"))
		learn(history, request, no_card(history));
	else if (outcome != PAST_OUTCOME_COUNT && outcome != PAST_REWRITTEN)
		finish(history, request, outcome);
	else if (status == 307 && follow(history, request))
		;
	else if (status < 400 || status == 401 || status == 403)
		put_off(history, request);
	else
		learn(history, request, HISTORY_UNREADABLE);
	lane_answered(run);
}

/* A card that is too big is one that cannot be read; one that the Hub fails to give today may be read another day. */
static void on_card_failed(struct request *request)
{
	struct history *history = history_of(request);
	struct lane_run *run = history->run; /* the search may end in here */

	if (!request->too_heavy || request->reply.status >= 500) {
		on_failed(request);
		return;
	}
	learn(history, request, HISTORY_UNREADABLE);
	lane_answered(run);
}

static const struct request_calls card_calls = {
	.read_text = read_card, .on_text = on_card, .on_answer = on_card_answer, .on_failed = on_card_failed,
};

/* --- life ----------------------------------------------------------------------------------------------------------*/

void history_start(struct history *history, struct lane_run *run, const struct history_order *order)
{
	*history = (struct history){
		.run = run,
		.on_done = order->on_done,
		.owner = order->owner,
		.has_oldest = order->oldest != NULL,
		.only_neighbours = order->only_neighbours,
		.requests = order->spent,
	};
	snprintf(history->name, sizeof(history->name), "%.*s", (int)order->name.size, order->name.data);
	memcpy(history->newest, order->newest, SHA_BYTES);
	if (order->oldest)
		memcpy(history->oldest, order->oldest, SHA_BYTES);
	json_init(&history->json, LIST_NODES_MAX);
	ask_list(history);
}

void history_release(struct history *history)
{
	if (history->run)
		json_release(&history->json);
	free(history->list);
	arena_release(&history->arena);
	*history = (struct history){ 0 };
}
