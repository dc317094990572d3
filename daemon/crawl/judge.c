/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/judge.h"

#include <strings.h>

bool is_of_type(const struct hub_head *head, const char *type)
{
	size_t size = strlen(type);

	return head->content_type.size >= size && strncasecmp(head->content_type.data, type, size) == 0;
}

/* How the Hub speaks of a repo that does not exist, or that not everybody may see. */
static bool is_plain_refusal(const struct hub_head *head)
{
	return is_of_type(head, "application/json") && !slice_starts_with(head->error_message, SLICE("Invalid credentials")) &&
		(!head->error_code.size || slice_is(head->error_code, "RepoNotFound"));
}

bool is_html(const struct hub_head *head)
{
	return is_of_type(head, "text/html");
}

bool is_redirect(unsigned status)
{
	return status == 301 || status == 302 || status == 307 || status == 308;
}

enum judgement judge_answer(unsigned status, const struct hub_head *head, struct judge_trust trust)
{
	if (is_html(head))
		return JUDGED_NOTHING;
	if (slice_is(head->error_code, "GatedRepo") || slice_is(head->error_message, "Access to this resource is disabled."))
		return JUDGED_THERE;
	if (is_redirect(status))
		return head->location.size ? JUDGED_MOVED : JUDGED_NOTHING;
	switch (status) {
	case 401:
		return !trust.has_token && is_plain_refusal(head) ? JUDGED_GONE : JUDGED_NOTHING;
	case 404:
		return is_plain_refusal(head) && (head->error_code.size || trust.trust_404) ? JUDGED_GONE : JUDGED_NOTHING;
	default:
		return JUDGED_NOTHING;
	}
}

enum rest_reason judge_rest(unsigned status, const struct hub_head *head, struct judge_trust trust)
{
	if (!status || status >= 500)
		return REST_FAILED;
	if (is_redirect(status))
		return REST_REDIRECTED;
	if (is_html(head) || status < 400)
		return REST_UNREADABLE;
	if (status == 401)
		return trust.has_token || head->error_code.size ? REST_REFUSED : REST_NOT_SHOWN;
	if (status != 404)
		return REST_REFUSED;
	return head->error_code.size ? REST_NOT_SHOWN : REST_NO_CODE;
}
