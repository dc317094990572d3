/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/confirm.h"

#include <stdio.h>

#include "daemon/crawl/judge.h"
#include "daemon/hub/refusal.h"
#include "daemon/run/log.h"
#include "daemon/run/metrics.h"
#include "daemon/transfer/backoff.h"

/* A canary's owner is asked for what changed last: the canary, just listed, is among that. */
enum { CANARY_LIST_ROWS = 100 };

/* Request tags: rows by their place in the batch, and what else is asked for. */
enum { TAG_CANARY = CONFIRM_ROWS, TAG_CANARY_OWNER, TAG_OWNER };

static int read_batch(struct lane_run *run, struct store_problem *problem);
static void on_batch(struct lane_run *run);

void confirm_init(struct confirm *confirm, struct context *context, struct kind_state *kind,
	void (*on_ended)(struct lane_run *run), void *owner)
{
	*confirm = (struct confirm){ .load = { .read = read_batch, .on_read = on_batch } };
	lane_init(&confirm->run, context, kind, LANE_CONFIRM, on_ended, owner);
}

void confirm_release(struct confirm *confirm)
{
	confirm_batch_release(&confirm->batch);
}

static struct confirm *confirm_of(struct request *request)
{
	return request->owner;
}

static struct missing_repo *canary_of(struct confirm *confirm)
{
	return &confirm->batch.canary[confirm->canary];
}

static struct missing_repo *repo_of(struct confirm *confirm, const struct request *request)
{
	return request->tag == TAG_CANARY ? canary_of(confirm) : &confirm->batch.row[request->tag];
}

static struct confirm_group *group_of(struct confirm *confirm)
{
	return &confirm->batch.group[confirm->group];
}

/* --- a batch -------------------------------------------------------------------------------------------------------*/

static void ask_canary(struct confirm *confirm);

static int read_batch(struct lane_run *run, struct store_problem *problem)
{
	return confirm_batch_load(&((struct confirm *)run)->batch, problem);
}

static void on_batch(struct lane_run *run)
{
	struct confirm *confirm = (struct confirm *)run;

	if (!confirm->batch.count)
		lane_end(run, LANE_COMPLETE, NULL);
	else if (!confirm->batch.canaries)
		lane_end(run, LANE_PARKED, "no known repo is left to try the Hub with");
	else
		ask_canary(confirm);
}

static void load_batch(struct confirm *confirm)
{
	confirm->canary = 0;
	confirm->group = 0;
	confirm->doubted = NULL;
	confirm->batch.now_ms = clocks_now_ms(&confirm->run.context->clocks);
	confirm->batch.pause_ms = confirm->run.context->config->confirm_pause;
	lane_load(&confirm->run, &confirm->load);
}

void confirm_start(struct confirm *confirm, const struct repo_oid *listed)
{
	struct confirm_batch *batch = &confirm->batch;

	batch->store = confirm->run.context->store;
	batch->kind = confirm->run.kind->kind;
	batch->from = (struct repo_oid){ { 0 } };
	batch->listed = listed ? *listed : (struct repo_oid){ { 0 } };
	lane_begin(&confirm->run, false, 0);
	load_batch(confirm);
}

/* --- asking --------------------------------------------------------------------------------------------------------*/

static const struct request_calls confirm_calls;

static void ask_url(struct confirm *confirm, struct slice url, uint64_t tag)
{
	struct projection projection = kind_projection(confirm->run.kind, ENDPOINT_SINGLE);

	lane_ask(&confirm->run, &projection, url, &confirm_calls, tag);
}

static void ask_repo(struct confirm *confirm, const struct missing_repo *repo, uint64_t tag)
{
	struct projection projection = kind_projection(confirm->run.kind, ENDPOINT_SINGLE);
	struct buf url = BUF_INIT(URL_MAX);

	url_single(confirm->run.context->origin, &projection, repo->name, &url);
	ask_url(confirm, buf_as_slice(&url), tag);
	buf_release(&url);
}

static void ask_canary(struct confirm *confirm)
{
	ask_repo(confirm, canary_of(confirm), TAG_CANARY);
}

static int64_t list_rows(const struct confirm *confirm, uint64_t tag)
{
	int64_t rows = confirm->run.context->config->page_rows;

	return tag == TAG_CANARY_OWNER && rows > CANARY_LIST_ROWS ? CANARY_LIST_ROWS : rows;
}

static void ask_listing(struct confirm *confirm, struct slice url, uint64_t tag)
{
	struct projection projection = kind_projection(confirm->run.kind, ENDPOINT_LIST);

	lane_ask_listing(&confirm->run, &projection, url, list_rows(confirm, tag), &confirm_calls, tag);
}

static void ask_owner(struct confirm *confirm, struct slice owner, enum listing_order order, uint64_t tag)
{
	struct projection projection = kind_projection(confirm->run.kind, ENDPOINT_LIST);
	struct buf url = BUF_INIT(URL_MAX);

	url_listing_of(confirm->run.context->origin, &projection, order, (unsigned)list_rows(confirm, tag), owner, &url);
	ask_listing(confirm, buf_as_slice(&url), tag);
	buf_release(&url);
}

/* --- group by group ------------------------------------------------------------------------------------------------*/

static void ask_rows(struct confirm *confirm);

static void begin_group(struct confirm *confirm)
{
	struct confirm_group *group = group_of(confirm);

	confirm->pages = 0;
	confirm->listed_to = (struct repo_oid){ { 0 } };
	if (group->owner.size && confirm->lists_owners) {
		ask_owner(confirm, group->owner, LISTING_BY_CREATION, TAG_OWNER);
		return;
	}
	group_begin(group, backoff_random());
	ask_rows(confirm);
}

static void next_group(struct confirm *confirm)
{
	if (++confirm->group < confirm->batch.group_count)
		begin_group(confirm);
	else if (confirm->batch.at_end)
		lane_end(&confirm->run, LANE_COMPLETE, NULL);
	else
		load_batch(confirm);
}

static void ask_rows(struct confirm *confirm)
{
	struct confirm_group *group = group_of(confirm);
	struct missing_repo *row;

	while (!confirm->run.ending && !confirm->doubted && group->asked < (unsigned)confirm->run.context->config->confirm_ahead &&
		(row = group_next(group)))
		ask_repo(confirm, row, (uint64_t)(row - confirm->batch.row));
	if (!confirm->run.ending && !confirm->doubted && group_is_done(group))
		next_group(confirm);
}

/* The owner's listing came to its end, or cannot be used. */
static void end_listing(struct confirm *confirm, bool whole)
{
	struct confirm_group *group = group_of(confirm);

	group->listed = whole;
	group_begin(group, backoff_random());
	ask_rows(confirm);
}

/* --- verdicts ------------------------------------------------------------------------------------------------------*/

static void log_together(struct confirm *confirm, size_t rows, const char *outcome)
{
	const struct confirm_group *group = group_of(confirm);

	log_write(LOG_CONFIRM_TOGETHER, log_text("kind", repo_kinds[confirm->run.kind->kind].name),
		log_slice("owner", group->owner), log_number("asked", group->sample), log_number("rows", (int64_t)rows),
		log_text("outcome", outcome));
}

/* What a sample says of the rest goes into the store with the sample's last row. */
static void settle_rest(struct confirm *confirm, enum group_verdict verdict, struct answer *answer, struct buf *reason)
{
	struct confirm_group *group = group_of(confirm);

	if (verdict == GROUP_GOES_ON)
		return;
	answer->others = confirm->rest;
	answer->other_count = group_take_rest(group, confirm->rest);
	if (verdict == GROUP_LATER) {
		answer->others_are = CONFIRM_LATER;
		metrics_add(METRIC_CONFIRM_LATER, answer->other_count);
		log_together(confirm, answer->other_count, "later");
		return;
	}
	answer->others_are = CONFIRM_GONE;
	buf_printf(reason, "deleted_or_private, by the listing of its owner and %u of %zu missing repos asked for", group->sample,
		group->sample + answer->other_count);
	answer->reason = buf_as_slice(reason);
	metrics_add(METRIC_CONFIRM_GONE, answer->other_count);
	metrics_add(METRIC_CONFIRM_TOGETHER, answer->other_count);
	log_together(confirm, answer->other_count, "gone");
}

/* `request` carries the answer into the store; it need not be the one that asked for the row. */
static void settle_row(struct confirm *confirm, struct request *request, struct missing_repo *row,
	enum confirm_outcome outcome, enum rest_reason rest)
{
	static const struct {
		enum metric metric;
		enum row_found found;
	} outcomes_of[] = {
		[CONFIRM_PRESENT] = { METRIC_CONFIRM_PRESENT, FOUND_PRESENT },
		[CONFIRM_GONE] = { METRIC_CONFIRM_GONE, FOUND_GONE },
		[CONFIRM_REPLACED] = { METRIC_CONFIRM_REPLACED, FOUND_ELSE },
		[CONFIRM_LATER] = { METRIC_CONFIRM_UNDECIDED, FOUND_ELSE },
	};
	struct answer answer = { .confirm = outcome, .confirm_oid = row->oid, .rest = rest };
	struct buf reason = BUF_INIT(REPLY_HEAD_MAX);

	metrics_add(outcomes_of[outcome].metric, 1);
	settle_rest(confirm, group_end(group_of(confirm), row, outcomes_of[outcome].found), &answer, &reason);
	lane_hand_over(&confirm->run, request, &answer);
	buf_release(&reason);
}

static void settle(struct confirm *confirm, struct request *request, enum confirm_outcome outcome, enum rest_reason rest)
{
	settle_row(confirm, request, repo_of(confirm, request), outcome, rest);
}

static void log_undecided(struct confirm *confirm, const struct request *request, const char *why)
{
	char oid[OID_HEX + 1];

	oid_write(&repo_of(confirm, request)->oid, oid);
	log_write(LOG_CONFIRM_UNDECIDED, log_text("kind", repo_kinds[confirm->run.kind->kind].name), log_text("oid", oid),
		log_number("status", request->reply.status), log_text("why", why));
}

/* It stays missing, and rests. */
static void leave_undecided(struct confirm *confirm, struct request *request, enum rest_reason rest, const char *why)
{
	log_undecided(confirm, request, why);
	settle(confirm, request, CONFIRM_LATER, rest);
}

/*
 * Nothing more is judged until the canary has answered: either this row is odd, then it rests and the others go on, or the
 * Hub's answers prove nothing now, then the lane parks.
 */
static void distrust(struct confirm *confirm, struct request *request, bool failed)
{
	log_undecided(confirm, request, "an answer that proves nothing");
	if (is_refusal(request->reply.status)) {
		metrics_add(METRIC_CONFIRM_UNDECIDED, 1);
		lane_refused(&confirm->run, request);
		return;
	}
	confirm->doubted = repo_of(confirm, request);
	confirm->doubted_rest = request_rest(request);
	confirm->failed = failed;
	ask_canary(confirm);
}

/* --- the canary ----------------------------------------------------------------------------------------------------*/

static void park(struct confirm *confirm)
{
	lane_end(&confirm->run, LANE_PARKED, "the Hub's answers prove nothing now");
}

static bool wants_listings(const struct confirm *confirm)
{
	return confirm->batch.group[0].owner.size && owner_of(confirm->batch.canary[confirm->canary].name).size;
}

/* It is the row that is odd: it rests, and the others go on. */
static void rest_doubted(struct confirm *confirm, struct request *request)
{
	struct missing_repo *row = confirm->doubted;

	confirm->doubted = NULL;
	settle_row(confirm, request, row, CONFIRM_LATER, confirm->doubted_rest);
	ask_rows(confirm);
}

/* What is said without a page of other rows, while one is doubted, is not judged: they are asked again. True: it was such a row. */
static bool is_put_back(struct confirm *confirm, const struct request *request)
{
	struct missing_repo *row = repo_of(confirm, request);

	if (!confirm->doubted || row == confirm->doubted)
		return false;
	group_return(group_of(confirm), row);
	return true;
}

static void canary_sings(struct confirm *confirm, struct request *request)
{
	if (confirm->doubted && confirm->failed) {
		confirm->failed = false; /* a Hub that was away may be back */
		ask_repo(confirm, confirm->doubted, (uint64_t)(confirm->doubted - confirm->batch.row));
		return;
	}
	if (confirm->doubted) {
		rest_doubted(confirm, request);
		return;
	}
	confirm->lists_owners = false;
	if (wants_listings(confirm))
		ask_owner(confirm, owner_of(canary_of(confirm)->name), LISTING_BY_CHANGE, TAG_CANARY_OWNER);
	else
		begin_group(confirm);
}

static void canary_fails(struct confirm *confirm, struct request *request)
{
	log_undecided(confirm, request, "a repo that should be there is not shown");
	metrics_add(METRIC_CONFIRM_UNDECIDED, 1);
	if (confirm->doubted)
		park(confirm);
	else if (++confirm->canary < confirm->batch.canaries)
		ask_canary(confirm);
	else
		lane_end(&confirm->run, LANE_PARKED, "the Hub does not show repos that it has just listed");
}

/* --- a page is here ------------------------------------------------------------------------------------------------*/

static bool shows_oid(const struct page *page, const struct repo_oid *oid)
{
	for (size_t i = 0; i < page->count; i++)
		if (oid_compare(&page->observations[i].oid, oid) == 0)
			return true;
	return false;
}

static void judge_page(struct confirm *confirm, struct request *request)
{
	if (shows_oid(&request->page, &repo_of(confirm, request)->oid))
		settle(confirm, request, CONFIRM_PRESENT, REST_THERE);
	else if (request->page.count)
		settle(confirm, request, CONFIRM_REPLACED, REST_UNKNOWN);
	else if (request->page.private_rows)
		settle(confirm, request, CONFIRM_GONE, REST_UNKNOWN); /* private now, and private repos are not kept */
	else
		leave_undecided(confirm, request, REST_UNREADABLE, "its row cannot be read");
}

static void take_canary_owner(struct confirm *confirm, struct request *request)
{
	confirm->lists_owners = shows_oid(&request->page, &canary_of(confirm)->oid);
	begin_group(confirm);
}

/* In order and behind the page before, or the listing proves nothing; nor may it take more requests than its rows would. */
static bool is_good_page(struct confirm *confirm, const struct page *page)
{
	confirm->pages++;
	if (!page->ascending || page->damaged || confirm->pages > group_of(confirm)->count)
		return false;
	if (!page->count)
		return true;
	if (oid_compare(&page->observations[0].oid, &confirm->listed_to) <= 0)
		return false;
	confirm->listed_to = page->observations[page->count - 1].oid;
	return true;
}

static void take_listing(struct confirm *confirm, struct request *request)
{
	struct answer answer = { 0 };
	struct buf next = BUF_INIT(URL_MAX);
	enum lane_link link = lane_next_link(&confirm->run, request, &next);
	bool good = is_good_page(confirm, &request->page) && link != LINK_REFUSED;

	lane_page_fits(&confirm->run, list_rows(confirm, TAG_OWNER));
	group_list(group_of(confirm), &request->page);
	lane_hand_over(&confirm->run, request, &answer);
	if (good && link == LINK_NEXT)
		ask_listing(confirm, buf_as_slice(&next), TAG_OWNER);
	else
		end_listing(confirm, good);
	buf_release(&next);
}

static bool on_page(struct request *request)
{
	struct confirm *confirm = confirm_of(request);

	if (confirm->run.ending)
		;
	else if (request->tag == TAG_CANARY_OWNER)
		take_canary_owner(confirm, request);
	else if (request->tag == TAG_OWNER)
		take_listing(confirm, request);
	else if (request->tag == TAG_CANARY && shows_oid(&request->page, &canary_of(confirm)->oid))
		canary_sings(confirm, request);
	else if (request->tag == TAG_CANARY)
		canary_fails(confirm, request);
	else {
		if (repo_of(confirm, request) == confirm->doubted)
			confirm->doubted = NULL; /* it can be asked for after all */
		judge_page(confirm, request);
		ask_rows(confirm);
	}
	lane_answered(&confirm->run);
	return true;
}

/* --- no page -------------------------------------------------------------------------------------------------------*/

static void follow(struct confirm *confirm, struct request *request)
{
	struct missing_repo *repo = repo_of(confirm, request);
	struct buf url = BUF_INIT(URL_MAX);

	if (!lane_redirect(&confirm->run, request, repo->hops++, &url))
		ask_url(confirm, buf_as_slice(&url), request->tag);
	else if (request->tag == TAG_CANARY)
		canary_fails(confirm, request);
	else
		leave_undecided(confirm, request, REST_REDIRECTED, "a redirect that is not followed");
	buf_release(&url);
}

/* That it is disabled is known of a row with disabled:true alone: here it is counted. */
static void leave_hidden(struct confirm *confirm, struct request *request)
{
	bool gated = slice_is(request->head.error_code, "GatedRepo");

	metrics_add(gated ? METRIC_CONFIRM_GATED : METRIC_CONFIRM_DISABLED, 1);
	leave_undecided(confirm, request, REST_HIDDEN, gated ? "it is there, but gated" : "it is there, but disabled");
}

static void judge_row(struct confirm *confirm, struct request *request, enum judgement judgement)
{
	if (judgement != JUDGED_NOTHING && judgement != JUDGED_MOVED)
		confirm->doubted = NULL; /* it can be asked for after all */
	switch (judgement) {
	case JUDGED_GONE:
		settle(confirm, request, CONFIRM_GONE, REST_UNKNOWN);
		break;
	case JUDGED_THERE:
		leave_hidden(confirm, request);
		break;
	case JUDGED_MOVED:
		follow(confirm, request);
		break;
	case JUDGED_NOTHING:
		distrust(confirm, request, false);
		break;
	}
}

static void judge_canary(struct confirm *confirm, struct request *request, enum judgement judgement)
{
	if (is_refusal(request->reply.status))
		lane_refused(&confirm->run, request);
	else if (judgement == JUDGED_MOVED)
		follow(confirm, request);
	else
		canary_fails(confirm, request);
}

/* Of an owner who does not exist the listing is empty, or there is none: then it lacks the group's rows as well. */
static void judge_listing(struct confirm *confirm, struct request *request, enum judgement judgement)
{
	if (is_refusal(request->reply.status))
		lane_refused(&confirm->run, request);
	else if (request->tag == TAG_CANARY_OWNER)
		begin_group(confirm);
	else
		end_listing(confirm, judgement == JUDGED_GONE && !confirm->pages);
}

static void on_answer(struct request *request)
{
	struct confirm *confirm = confirm_of(request);
	enum judgement judgement =
		judge_answer(request->reply.status, &request->head, context_trust(confirm->run.context));

	if (confirm->run.ending)
		;
	else if (request->tag == TAG_CANARY)
		judge_canary(confirm, request, judgement);
	else if (request->tag == TAG_CANARY_OWNER || request->tag == TAG_OWNER)
		judge_listing(confirm, request, judgement);
	else if (!is_put_back(confirm, request)) {
		judge_row(confirm, request, judgement);
		ask_rows(confirm);
	}
	lane_answered(&confirm->run);
}

/* An owner's listing that the Hub cannot make, also in small pages, must not keep all other rows waiting. */
static void listing_failed(struct confirm *confirm, struct request *request)
{
	int64_t rows = list_rows(confirm, request->tag);

	if (request->too_heavy && !lane_is_down_to_one(&confirm->run, request, rows)) {
		lane_listing_failed(&confirm->run, request, rows);
		return;
	}
	lane_whole_pages(&confirm->run);
	if (request->tag == TAG_CANARY_OWNER)
		begin_group(confirm);
	else
		end_listing(confirm, false);
}

/* The canary may fail as well: then the lane parks. */
static void row_failed(struct confirm *confirm, struct request *request)
{
	if (is_put_back(confirm, request))
		ask_rows(confirm);
	else if (!confirm->doubted)
		distrust(confirm, request, true);
	else
		rest_doubted(confirm, request);
}

static void on_failed(struct request *request)
{
	struct confirm *confirm = confirm_of(request);
	bool answered = request->reply.outcome == OUTCOME_OK;
	bool is_listing = request->tag == TAG_CANARY_OWNER || request->tag == TAG_OWNER;

	if (confirm->run.ending)
		;
	else if (confirm->run.context->stopping || request->tag == TAG_CANARY)
		lane_end(&confirm->run, LANE_PARKED, request->why);
	else if (is_listing && (answered || request->too_heavy))
		listing_failed(confirm, request);
	else if (is_listing)
		lane_end(&confirm->run, LANE_PARKED, request->why);
	else
		row_failed(confirm, request);
	lane_answered(&confirm->run);
}

static const struct request_calls confirm_calls = { .on_page = on_page, .on_answer = on_answer, .on_failed = on_failed };
