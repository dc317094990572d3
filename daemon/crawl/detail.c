/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/detail.h"

#include <stdio.h>

#include "daemon/crawl/judge.h"
#include "daemon/crawl/lane_canary.h"
#include "daemon/run/log.h"
#include "daemon/run/metrics.h"

static int read_batch(struct lane_run *run, struct store_problem *problem);
static void on_batch(struct lane_run *run);
static void on_stored(struct lane_run *run);

void detail_init(struct detail *detail, struct context *context, struct kind_state *kind,
	void (*on_ended)(struct lane_run *run), void *owner)
{
	*detail = (struct detail){ .load = { .read = read_batch, .on_read = on_batch } };
	lane_init(&detail->run, context, kind, LANE_DETAIL, on_ended, owner);
	detail->run.on_stored = on_stored;
	detail->run.canary.on_good = on_stored;
	detail->run.often = true;
	detail->batch.store = context->store;
	detail->batch.origin = context->origin;
}

static struct detail *detail_of(struct request *request)
{
	return request->owner;
}

static struct detail_repo *repo_of(struct detail *detail, const struct request *request)
{
	return &detail->batch.repo[request->tag];
}

/* --- a batch -------------------------------------------------------------------------------------------------------*/

static void ask_repos(struct detail *detail);

static int read_batch(struct lane_run *run, struct store_problem *problem)
{
	return detail_batch_load(&((struct detail *)run)->batch, problem);
}

static void on_batch(struct lane_run *run)
{
	struct detail *detail = (struct detail *)run;

	if (detail->batch.count)
		ask_repos(detail);
	else
		lane_end(run, LANE_COMPLETE, NULL);
}

static void load_batch(struct detail *detail)
{
	detail->next = 0;
	detail->batch.now_ms = clocks_now_ms(&detail->run.context->clocks);
	detail->batch.pause_ms = detail->run.context->config->park_time;
	lane_load(&detail->run, &detail->load);
}

void detail_start(struct detail *detail)
{
	detail->batch.from = (struct detail_todo){ .kind = detail->run.kind->kind };
	detail->asking = 0;
	detail->batch.resting = 0;
	detail->run.canary.odd = 0;
	lane_begin(&detail->run, false, 0);
	load_batch(detail);
}

/* --- asking --------------------------------------------------------------------------------------------------------*/

static const struct request_calls detail_calls;

static struct slice file_of(const struct detail_repo *repo)
{
	return repo->text == TEXT_CARD ? SLICE(CARD_FILE) : slice_of(repo->files.name[repo->file]);
}

/* The ETag of the last look, where that saw a file of this name. */
static struct slice last_etag(const struct detail_repo *repo)
{
	return slice_is(file_of(repo), repo->last[repo->text].name) ? slice_of(repo->last[repo->text].etag) : SLICE_NONE;
}

static void ask_url(struct detail *detail, const struct detail_repo *repo, enum request_form form, struct slice url)
{
	size_t text_max = (size_t)detail->run.context->config->text_bytes_max;

	lane_ask_file(&detail->run, form, url, last_etag(repo), text_max, &detail_calls, (uint64_t)(repo - detail->batch.repo));
}

static void write_url(const struct detail *detail, const struct detail_repo *repo, struct buf *url)
{
	char revision[SHA_HEX + 1] = "main";

	if (sha_is_known(repo->sha))
		sha_write(repo->sha, revision);
	url_resolve(detail->run.context->origin, detail->run.kind->kind, (struct slice){ repo->name, repo->name_bytes },
		slice_of(revision), file_of(repo), url);
}

static void ask_file(struct detail *detail, struct detail_repo *repo)
{
	struct buf url = BUF_INIT(URL_MAX);

	repo->hops = 0;
	repo->etag[0] = '\0';
	write_url(detail, repo, &url);
	ask_url(detail, repo, REQUEST_HEAD, buf_as_slice(&url));
	buf_release(&url);
}

/* The next batch is read when this one is in the store: it must not find what is settled already. */
static void ask_repos(struct detail *detail)
{
	struct detail_batch *batch = &detail->batch;

	while (!detail->run.ending && !detail->run.canary.asked && detail->next < batch->count &&
		detail->asking < (unsigned)detail->run.context->config->detail_ahead) {
		detail->asking++;
		ask_file(detail, &batch->repo[detail->next++]);
	}
	if (detail->run.ending || detail->run.canary.asked || detail->asking || detail->next < batch->count)
		return;
	if (detail->run.handed)
		writer_flush(detail->run.context->writer);
	else if (batch->at_end)
		lane_end(&detail->run, LANE_COMPLETE, NULL);
	else
		load_batch(detail);
}

static void on_stored(struct lane_run *run)
{
	struct detail *detail = (struct detail *)run;

	if (!run->ending && !run->handed && !run->context->stopping)
		ask_repos(detail);
}

/* --- what a look came to -------------------------------------------------------------------------------------------*/

static void count(enum text_outcome outcome)
{
	static const enum metric counters[TEXT_OUTCOME_COUNT] = {
		[TEXT_FOUND] = METRIC_TEXTS_FOUND,
		[TEXT_NONE] = METRIC_TEXTS_NONE,
		[TEXT_GATED] = METRIC_TEXTS_GATED,
		[TEXT_ELSEWHERE] = METRIC_TEXTS_ELSEWHERE,
		[TEXT_UNFIT] = METRIC_TEXTS_UNFIT,
		[TEXT_SAME] = METRIC_TEXTS_SAME,
		[TEXT_LOST] = METRIC_TEXTS_LOST,
		[TEXT_UNDECIDED] = METRIC_TEXTS_UNDECIDED,
	};

	metrics_add(counters[outcome], 1);
}

/* What says as much about the card as about the license. */
static bool is_about_both(enum text_outcome outcome)
{
	return outcome == TEXT_GATED || outcome == TEXT_LOST || outcome == TEXT_UNDECIDED;
}

static bool hand_over(struct detail *detail, struct request *request, enum text_outcome outcome, struct slice text,
	enum rest_reason rest)
{
	const struct detail_repo *repo = repo_of(detail, request);
	struct arena *arena = &request->page.arena;
	struct text_look *look = arena_take(arena, sizeof(*look));
	struct answer answer = { .look = look };

	*look = (struct text_look){
		.oid = repo->oid,
		.kind = repo->text,
		.outcome = outcome,
		.version = repo->version,
		.of = repo->of,
		.name = arena_copy(arena, file_of(repo)),
		.etag = arena_copy(arena, slice_of(repo->etag)),
		.text = arena_copy(arena, text),
		.last = repo->text == TEXT_CARD || is_about_both(outcome),
		.rest = rest,
	};
	memcpy(look->sha, repo->sha, SHA_BYTES);
	count(outcome);
	lane_hand_over(&detail->run, request, &answer);
	return look->last;
}

/* A file that was read is a canary for those that follow. */
static void note_canary(struct detail *detail, const struct detail_repo *repo, enum text_outcome outcome)
{
	struct buf url = BUF_INIT(URL_MAX);

	detail->run.canary.odd = 0;
	if (outcome != TEXT_FOUND && outcome != TEXT_SAME)
		return;
	write_url(detail, repo, &url);
	canary_note(&detail->run, buf_as_slice(&url), file_of(repo));
	buf_release(&url);
}

/* After the license comes the card, after the card the next repo. */
static void settle(struct detail *detail, struct request *request, enum text_outcome outcome, struct slice text)
{
	struct detail_repo *repo = repo_of(detail, request);
	bool last = hand_over(detail, request, outcome, text, REST_UNKNOWN);

	note_canary(detail, repo, outcome);
	if (!last && !detail->run.ending) {
		repo->text = TEXT_CARD;
		ask_file(detail, repo);
		return;
	}
	detail->asking--;
	ask_repos(detail);
}

/* Nothing was learnt: the repo rests, and the canary says whether it is the only odd one. */
static void leave_undecided(struct detail *detail, struct request *request, enum rest_reason rest, const char *why)
{
	const struct detail_repo *repo = repo_of(detail, request);
	bool gives_up = repo->tries + 1 >= DETAIL_TRIES_MAX;
	char oid[OID_HEX + 1];

	oid_write(&repo->oid, oid);
	log_write(gives_up ? LOG_TEXT_GIVEN_UP : LOG_TEXT_UNDECIDED, log_text("kind", repo_kinds[detail->run.kind->kind].name),
		log_text("oid", oid), log_slice("file", file_of(repo)), log_number("status", request->reply.status),
		log_text("why", why), log_number("tries", repo->tries + 1));
	detail->batch.resting += !gives_up;
	hand_over(detail, request, TEXT_UNDECIDED, SLICE_NONE, rest);
	detail->asking--;
	canary_ask(&detail->run);
	ask_repos(detail);
}

/* --- an answer without the text ------------------------------------------------------------------------------------*/

static void try_next_file(struct detail *detail, struct request *request)
{
	struct detail_repo *repo = repo_of(detail, request);

	if (detail->run.ending) {
		detail->asking--;
	} else if (repo->text == TEXT_LICENSE && repo->file + 1 < repo->files.count) {
		repo->file++;
		ask_file(detail, repo);
	} else {
		settle(detail, request, TEXT_NONE, SLICE_NONE);
	}
}

/* Within the Hub, and to the same file; a text on another host is a fact, not a way to go. */
static void follow(struct detail *detail, struct request *request)
{
	struct detail_repo *repo = repo_of(detail, request);
	struct buf url = BUF_INIT(URL_MAX);

	if (url_follow(detail->run.context->origin, request->head.location, &url)) {
		settle(detail, request, TEXT_ELSEWHERE, SLICE_NONE);
	} else if (++repo->hops > LANE_HOPS_MAX || !url_is_of_file(buf_as_slice(&url), file_of(repo))) {
		metrics_add(METRIC_LINKS_REFUSED, 1);
		leave_undecided(detail, request, REST_REDIRECTED, "a redirect that is not followed");
	} else {
		ask_url(detail, repo, REQUEST_TEXT, buf_as_slice(&url));
	}
	buf_release(&url);
}

static void note_etag(struct detail_repo *repo, struct slice etag)
{
	if (!repo->etag[0] && etag.size <= TEXT_ETAG_MAX)
		snprintf(repo->etag, sizeof(repo->etag), "%.*s", (int)etag.size, etag.size ? etag.data : "");
}

static bool is_as_it_was(const struct detail_repo *repo, const struct request *request)
{
	struct slice last = last_etag(repo);

	return request->reply.status == 304 || (last.size && slice_equal(request->head.etag, last));
}

static void judge_refusal(struct detail *detail, struct request *request)
{
	switch (judge_answer(request->reply.status, &request->head, context_trust(detail->run.context))) {
	case JUDGED_MOVED:
		follow(detail, request);
		break;
	case JUDGED_THERE:
		settle(detail, request, TEXT_GATED, SLICE_NONE);
		break;
	case JUDGED_GONE:
		leave_undecided(detail, request, REST_NOT_SHOWN, "the repo is not shown");
		break;
	case JUDGED_NOTHING:
		leave_undecided(detail, request, request_rest(request), "an answer that proves nothing");
		break;
	}
}

static void on_answer(struct request *request)
{
	struct detail *detail = detail_of(request);
	struct detail_repo *repo = repo_of(detail, request);
	struct slice code = request->head.error_code;

	note_etag(repo, request->head.etag);
	if (is_as_it_was(repo, request))
		settle(detail, request, TEXT_SAME, SLICE_NONE);
	else if (request->reply.status == 200)
		ask_url(detail, repo, REQUEST_TEXT, buf_as_slice(&request->url));
	else if (request->reply.status == 404 && slice_is(code, "EntryNotFound"))
		try_next_file(detail, request);
	else if (request->reply.status == 404 && slice_is(code, "RevisionNotFound"))
		settle(detail, request, TEXT_LOST, SLICE_NONE);
	else
		judge_refusal(detail, request);
	lane_answered(&detail->run);
}

/* --- the text ------------------------------------------------------------------------------------------------------*/

/* Files without an ending may come as bytes of no known type. */
static bool is_text(const struct request *request)
{
	struct slice text = buf_as_slice(&request->text);

	return (is_of_type(&request->head, "text/") || is_of_type(&request->head, "application/octet-stream")) &&
		!(text.size && memchr(text.data, '\0', text.size));
}

static void on_text(struct request *request)
{
	struct detail *detail = detail_of(request);
	struct detail_repo *repo = repo_of(detail, request);
	struct slice text = buf_as_slice(&request->text);

	note_etag(repo, request->head.etag);
	if (repo->text == TEXT_CARD)
		text = text_card_body(text);
	if (is_html(&request->head))
		leave_undecided(detail, request, REST_UNREADABLE, "an answer that proves nothing");
	else if (!is_text(request))
		settle(detail, request, TEXT_UNFIT, SLICE_NONE);
	else if (!text_trimmed(text).size)
		settle(detail, request, TEXT_NONE, SLICE_NONE);
	else
		settle(detail, request, TEXT_FOUND, text);
	lane_answered(&detail->run);
}

/* --- no answer -----------------------------------------------------------------------------------------------------*/

static void on_failed(struct request *request)
{
	struct detail *detail = detail_of(request);
	bool too_big = request->reply.outcome == OUTCOME_TOO_BIG || request->work.error == ERROR_TOO_BIG;

	if (detail->run.context->stopping) {
		lane_end(&detail->run, LANE_PARKED, request->why);
		detail->asking--;
	} else if (too_big) {
		settle(detail, request, TEXT_UNFIT, SLICE_NONE);
	} else {
		leave_undecided(detail, request, request_rest(request), request->why);
	}
	lane_answered(&detail->run);
}

static const struct request_calls detail_calls = { .on_text = on_text, .on_answer = on_answer, .on_failed = on_failed };
