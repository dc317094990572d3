/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/confirm.h"

#include <stdio.h>

#include "daemon/crawl/judge.h"
#include "daemon/run/log.h"
#include "daemon/run/metrics.h"
#include "storage/model/memory.h"

enum { HOPS_MAX = 5 };

/* Request tags: rows by their place in the batch, and the canary. */
enum { TAG_CANARY = CONFIRM_ROWS };

void confirm_init(struct confirm *confirm, struct context *context, struct kind_state *kind,
	void (*on_ended)(struct lane_run *run), void *owner)
{
	*confirm = (struct confirm){ 0 };
	lane_init(&confirm->run, context, kind, LANE_CONFIRM, on_ended, owner);
}

static struct confirm *confirm_of(struct request *request)
{
	return request->owner;
}

static struct named_repo *repo_of(struct confirm *confirm, const struct request *request)
{
	return request->tag == TAG_CANARY ? &confirm->batch.canary[confirm->canary] : &confirm->batch.row[request->tag];
}

/* --- a batch -------------------------------------------------------------------------------------------------------*/

static void ask_canary(struct confirm *confirm);

static void on_load(uv_work_t *work)
{
	confirm_batch_load(work->data);
}

static void on_loaded(uv_work_t *work, int status)
{
	struct confirm_batch *batch = work->data;
	struct confirm *confirm = (struct confirm *)((char *)batch - offsetof(struct confirm, batch));

	(void)status; /* never cancelled */
	if (batch->error)
		lane_end(&confirm->run, LANE_PARKED, batch->problem.text);
	else if (!batch->count)
		lane_end(&confirm->run, LANE_COMPLETE, NULL);
	else if (!batch->canaries)
		lane_end(&confirm->run, LANE_PARKED, "no known repo is left to try the Hub with");
	else if (confirm->run.context->stopping)
		lane_end(&confirm->run, LANE_PARKED, "the daemon ends");
	else
		ask_canary(confirm);
	lane_answered(&confirm->run);
}

static void load_batch(struct confirm *confirm)
{
	confirm->canary = confirm->next_row = 0;
	confirm->load.data = &confirm->batch;
	confirm->run.asked++;
	if (uv_queue_work(confirm->run.context->clock->loop, &confirm->load, on_load, on_loaded))
		memory_failed("work item");
}

void confirm_start(struct confirm *confirm, const struct repo_oid *listed)
{
	struct confirm_batch *batch = &confirm->batch;

	batch->store = confirm->run.context->store;
	batch->kind = confirm->run.kind->kind;
	batch->from = (struct repo_oid){ { 0 } };
	batch->listed = listed ? *listed : (struct repo_oid){ { 0 } };
	confirm->undecided = 0;
	confirm->asking = 0;
	lane_begin(&confirm->run, false, 0);
	load_batch(confirm);
}

/* --- asking --------------------------------------------------------------------------------------------------------*/

static const struct request_calls confirm_calls;

static void ask_url(struct confirm *confirm, struct slice url, uint64_t tag)
{
	struct projection projection = kind_projection(confirm->run.kind, ENDPOINT_SINGLE);

	confirm->asking++;
	lane_ask(&confirm->run, &projection, url, &confirm_calls, tag);
}

static void ask_repo(struct confirm *confirm, const struct named_repo *repo, uint64_t tag)
{
	struct projection projection = kind_projection(confirm->run.kind, ENDPOINT_SINGLE);
	struct buf url = BUF_INIT(URL_MAX);

	url_single(confirm->run.context->origin, &projection, (struct slice){ repo->name, repo->name_bytes }, &url);
	ask_url(confirm, buf_as_slice(&url), tag);
	buf_release(&url);
}

static void ask_canary(struct confirm *confirm)
{
	ask_repo(confirm, &confirm->batch.canary[confirm->canary], TAG_CANARY);
}

static void ask_rows(struct confirm *confirm)
{
	struct confirm_batch *batch = &confirm->batch;

	while (!confirm->run.ending && confirm->next_row < batch->count &&
		confirm->asking < (unsigned)confirm->run.context->config->confirm_ahead) {
		unsigned row = confirm->next_row++;

		ask_repo(confirm, &batch->row[row], row);
	}
	if (confirm->run.ending || confirm->asking || confirm->next_row < batch->count)
		return;
	if (batch->at_end)
		lane_end(&confirm->run, LANE_COMPLETE, NULL);
	else
		load_batch(confirm);
}

/* A request has said its last word; what comes next? */
static void go_on(struct confirm *confirm)
{
	confirm->asking--;
	ask_rows(confirm);
	lane_answered(&confirm->run);
}

/* --- verdicts ------------------------------------------------------------------------------------------------------*/

static void settle(struct confirm *confirm, struct request *request, enum confirm_outcome outcome)
{
	static const enum metric counters[] = {
		[CONFIRM_PRESENT] = METRIC_CONFIRM_PRESENT,
		[CONFIRM_GONE] = METRIC_CONFIRM_GONE,
		[CONFIRM_REPLACED] = METRIC_CONFIRM_REPLACED,
	};
	struct answer answer = { .confirm = outcome, .confirm_oid = repo_of(confirm, request)->oid };

	metrics_add(counters[outcome], 1);
	lane_hand_over(&confirm->run, request, &answer);
}

static void log_undecided(struct confirm *confirm, const struct request *request, const char *why)
{
	char oid[OID_HEX + 1];

	oid_write(&repo_of(confirm, request)->oid, oid);
	metrics_add(METRIC_CONFIRM_UNDECIDED, 1);
	log_write(LOG_CONFIRM_UNDECIDED, log_text("kind", repo_kinds[confirm->run.kind->kind].name), log_text("oid", oid),
		log_number("status", request->reply.status), log_text("why", why));
}

/* It stays missing. Whether the lane can go on is another question. */
static void leave_undecided(struct confirm *confirm, struct request *request, const char *why)
{
	confirm->undecided++;
	log_undecided(confirm, request, why);
}

static void distrust(struct confirm *confirm, struct request *request)
{
	leave_undecided(confirm, request, "an answer that proves nothing");
	if (request->reply.status == 400)
		lane_refused(&confirm->run, request);
	else
		lane_end(&confirm->run, LANE_PARKED, "the Hub's answers prove nothing now");
}

/* --- the canary ----------------------------------------------------------------------------------------------------*/

static void canary_sings(struct confirm *confirm)
{
	ask_rows(confirm);
}

static void canary_fails(struct confirm *confirm, struct request *request)
{
	log_undecided(confirm, request, "a repo that should be there is not shown");
	if (++confirm->canary < confirm->batch.canaries)
		ask_canary(confirm);
	else
		lane_end(&confirm->run, LANE_PARKED, "the Hub does not show repos that it has just listed");
}

/* --- a page is here ------------------------------------------------------------------------------------------------*/

static bool bears_oid(const struct page *page, const struct named_repo *repo)
{
	return page->count && oid_compare(&page->observations[0].oid, &repo->oid) == 0;
}

static void judge_page(struct confirm *confirm, struct request *request)
{
	if (bears_oid(&request->page, repo_of(confirm, request)))
		settle(confirm, request, CONFIRM_PRESENT);
	else if (request->page.count)
		settle(confirm, request, CONFIRM_REPLACED);
	else if (request->page.private_rows)
		settle(confirm, request, CONFIRM_GONE); /* private now, and private repos are not kept */
	else
		leave_undecided(confirm, request, "its row cannot be read");
}

static bool on_page(struct request *request)
{
	struct confirm *confirm = confirm_of(request);
	bool is_canary = request->tag == TAG_CANARY;

	confirm->asking--;
	if (is_canary && bears_oid(&request->page, repo_of(confirm, request)))
		canary_sings(confirm);
	else if (is_canary)
		canary_fails(confirm, request);
	else
		judge_page(confirm, request);
	if (!is_canary)
		ask_rows(confirm);
	lane_answered(&confirm->run);
	return true;
}

/* --- no page -------------------------------------------------------------------------------------------------------*/

static void follow(struct confirm *confirm, struct request *request)
{
	struct named_repo *repo = repo_of(confirm, request);
	struct buf url = BUF_INIT(URL_MAX);
	const char *why = url_follow(confirm->run.context->origin, request->head.location, &url);

	if (!why && ++repo->hops > HOPS_MAX)
		why = "too many redirects";
	if (!why) {
		ask_url(confirm, buf_as_slice(&url), request->tag);
	} else {
		metrics_add(METRIC_LINKS_REFUSED, 1);
		log_write(LOG_LINK_REFUSED, log_text("lane", lane_name(LANE_CONFIRM)),
			log_text("kind", repo_kinds[confirm->run.kind->kind].name), log_slice("link", request->head.location),
			log_text("why", why));
		leave_undecided(confirm, request, "a redirect that is not followed");
	}
	buf_release(&url);
}

static void judge_row(struct confirm *confirm, struct request *request, enum judgement judgement)
{
	switch (judgement) {
	case JUDGED_GONE:
		settle(confirm, request, CONFIRM_GONE);
		break;
	case JUDGED_THERE:
		leave_undecided(confirm, request, "it is there, but not shown");
		break;
	case JUDGED_MOVED:
		follow(confirm, request);
		break;
	case JUDGED_NOTHING:
		distrust(confirm, request);
		break;
	}
}

static void on_answer(struct request *request)
{
	struct confirm *confirm = confirm_of(request);
	enum judgement judgement =
		judge_answer(request->reply.status, &request->head, confirm->run.context->has_token);

	if (request->tag != TAG_CANARY) {
		judge_row(confirm, request, judgement);
		go_on(confirm);
		return;
	}
	confirm->asking--;
	if (request->reply.status == 400)
		lane_refused(&confirm->run, request);
	else if (judgement == JUDGED_MOVED)
		follow(confirm, request);
	else
		canary_fails(confirm, request);
	lane_answered(&confirm->run);
}

static void on_failed(struct request *request)
{
	struct confirm *confirm = confirm_of(request);

	lane_end(&confirm->run, LANE_PARKED, request->why);
	go_on(confirm);
}

static const struct request_calls confirm_calls = { .on_page = on_page, .on_answer = on_answer, .on_failed = on_failed };
