/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/request_parts.h"

#include <stdio.h>

#include "daemon/hub/refusal.h"
#include "daemon/run/metrics.h"
#include "storage/model/error.h"

enum { MESSAGE_SHOWN = 200 };

void request_count(const struct request *request)
{
	metrics_add(METRIC_REQUESTS, 1);
	switch (request->lane) {
#define X(constant, share, capped, metric) case constant: metrics_add(metric, 1); break;
	CRAWL_LANE_TABLE(X)
#undef X
	default:
		break;
	}
}

void request_count_status(unsigned status)
{
	if (status == 429)
		metrics_add(METRIC_STATUS_429, 1);
	else if (status >= 500)
		metrics_add(METRIC_STATUS_5XX, 1);
	else if (status >= 400)
		metrics_add(METRIC_STATUS_4XX, 1);
	else if (status >= 300)
		metrics_add(METRIC_STATUS_3XX, 1);
	else
		metrics_add(METRIC_STATUS_2XX, 1);
}

void request_say_why(struct request *request)
{
	const struct reply *reply = &request->reply;

	if (reply->outcome != OUTCOME_OK)
		snprintf(request->why, sizeof(request->why), "%s: %s", outcomes[reply->outcome].name, reply->why);
	else if (request->work.error)
		snprintf(request->why, sizeof(request->why), "the answer is damaged: %s", error_text(request->work.error));
	else
		snprintf(request->why, sizeof(request->why), "status %u", reply->status);
}

/* A stranger's words, fit for a terminal. */
static void copy_plain(struct slice words, char *text, size_t room)
{
	size_t size = words.size < room - 1 ? words.size : room - 1;

	for (size_t i = 0; i < size; i++)
		text[i] = words.data[i] >= ' ' && words.data[i] <= '~' ? words.data[i] : words.data[i] == '\n' ? ' ' : '?';
	text[size] = '\0';
}

static struct slice message_of(const struct request *request)
{
	return request->head.error_message.size ? request->head.error_message : buf_as_slice(&request->reply.body);
}

void request_refusal_text(const struct request *request, char text[REQUEST_REFUSAL_TEXT])
{
	unsigned status = request->reply.status;
	struct slice message = message_of(request);
	const char *parameter = is_refusal(status) ? refusal_parameter(message) : NULL;
	char plain[MESSAGE_SHOWN + 1];

	copy_plain(message, plain, sizeof(plain));
	snprintf(text, REQUEST_REFUSAL_TEXT, "the Hub answers %u%s%s%s: %s", status,
		parameter ? ": it does not take '" : "", parameter ? parameter : "", parameter ? "' as a crawl needs it" : "",
		plain[0] ? plain : "(without a reason)");
}

enum rest_reason request_rest(const struct request *request)
{
	return judge_rest(request->reply.status, &request->head, context_trust(request->context));
}

void request_log_trouble(const struct request *request, enum log_event event, struct log_field last)
{
	struct buf url = BUF_INIT(URL_MAX);

	url_for_people(buf_as_slice(&request->url), &url);
	log_write(event, log_text("lane", lane_name(request->lane)),
		log_text("kind", repo_kinds[request->projection.kind].name), log_slice("url", buf_as_slice(&url)),
		log_text("outcome", outcomes[request->reply.outcome].name), log_number("status", request->reply.status),
		log_text("why", request->why), last);
	buf_release(&url);
}

void request_log_damage(const struct request *request)
{
	struct buf url = BUF_INIT(URL_MAX);

	url_for_people(buf_as_slice(&request->url), &url);
	log_write(LOG_PAGE_DAMAGED, log_text("lane", lane_name(request->lane)),
		log_text("kind", repo_kinds[request->projection.kind].name), log_slice("url", buf_as_slice(&url)),
		log_text("why", error_text(request->work.error)));
	buf_release(&url);
}

void request_tell_dates(const struct request *request)
{
	static uint32_t told[REPO_KINDS];
	const struct page *page = &request->page;
	enum repo_kind kind = page->projection.kind;
	uint32_t fields = page->bad_date_fields & ~told[kind];

	metrics_add(METRIC_DATES_UNREADABLE, page->bad_dates);
	told[kind] |= fields;
	for (enum field field = 0; field < FIELD_COUNT; field++)
		if (fields & field_bit(field))
			log_write(LOG_DATE_UNREADABLE, log_text("kind", repo_kinds[kind].name),
				log_text("field", field_infos[field].key), log_slice("value", page->bad_date));
}
