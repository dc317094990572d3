/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/lane_canary.h"

#include <stdio.h>

#include "daemon/crawl/judge.h"
#include "daemon/hub/file_name.h"

static const struct request_calls canary_calls;

void canary_note(struct lane_run *run, struct slice url, struct slice file)
{
	struct lane_canary *canary = &run->canary;

	canary->odd = 0;
	if (url.size > CANARY_URL_MAX || file.size > CANARY_FILE_MAX)
		return;
	memcpy(canary->url, url.data, url.size);
	canary->url_bytes = url.size;
	snprintf(canary->file, sizeof(canary->file), "%.*s", (int)file.size, file.size ? file.data : "");
}

static void ask_url(struct lane_run *run, struct slice url)
{
	lane_ask_file(run, REQUEST_TEXT, url, SLICE_NONE, (size_t)run->context->config->page_bytes_max, &canary_calls, 0);
}

void canary_ask(struct lane_run *run)
{
	struct lane_canary *canary = &run->canary;

	canary->odd++;
	if (canary->asked || run->ending)
		return;
	if (canary->url_bytes) {
		canary->asked = true;
		canary->hops = 0;
		ask_url(run, (struct slice){ canary->url, canary->url_bytes });
	} else if (canary->odd >= CANARY_ODD_MAX) {
		lane_end(run, LANE_PARKED, "the Hub's answers about files and commits decide nothing now");
	}
}

static void end(struct lane_run *run, bool good)
{
	struct lane_canary *canary = &run->canary;

	canary->asked = false;
	if (!good)
		lane_end(run, LANE_PARKED, "the Hub does not answer any more what it has just answered");
	canary->odd = 0;
	if (!run->ending)
		canary->on_good(run);
}

/* The canary's own repo went away, or its commit: then it says nothing, and the next good answer makes another. */
static void forget(struct lane_run *run)
{
	unsigned odd = run->canary.odd;

	run->canary.url_bytes = 0;
	run->canary.asked = false;
	if (odd >= CANARY_ODD_MAX)
		end(run, false);
	else if (!run->ending)
		run->canary.on_good(run);
}

static bool follow(struct lane_run *run, struct request *request)
{
	struct buf url = BUF_INIT(URL_MAX);
	struct slice file = slice_of(run->canary.file);
	bool good = !lane_redirect(run, request, run->canary.hops++, &url) &&
		    (!file.size || url_is_of_file(buf_as_slice(&url), file));

	if (good)
		ask_url(run, buf_as_slice(&url));
	buf_release(&url);
	return good;
}

static void on_text(struct request *request)
{
	struct lane_run *run = request->owner;

	end(run, !is_html(&request->head));
	lane_answered(run);
}

static void on_answer(struct request *request)
{
	struct lane_run *run = request->owner;
	const struct hub_head *head = &request->head;
	struct judge_trust trust = context_trust(run->context);
	unsigned status = request->reply.status;
	bool hidden = judge_rest(status, head, trust) == REST_NOT_SHOWN || judge_answer(status, head, trust) == JUDGED_THERE;

	if (is_redirect(status) && head->location.size && follow(run, request))
		;
	else if (hidden)
		forget(run);
	else
		end(run, false);
	lane_answered(run);
}

static void on_failed(struct request *request)
{
	struct lane_run *run = request->owner;

	end(run, false);
	lane_answered(run);
}

static const struct request_calls canary_calls = { .on_text = on_text, .on_answer = on_answer, .on_failed = on_failed };
