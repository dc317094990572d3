/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/judge.h"

#include <strings.h>

bool is_html(const struct hub_head *head)
{
	static const char html[] = "text/html";

	return head->content_type.size >= sizeof(html) - 1 &&
		strncasecmp(head->content_type.data, html, sizeof(html) - 1) == 0;
}

enum judgement judge_answer(unsigned status, const struct hub_head *head, bool has_token)
{
	if (is_html(head))
		return JUDGED_NOTHING;
	if (slice_is(head->error_code, "GatedRepo") || slice_is(head->error_message, "Access to this resource is disabled."))
		return JUDGED_THERE;
	switch (status) {
	case 301:
	case 302:
	case 307:
	case 308:
		return head->location.size ? JUDGED_MOVED : JUDGED_NOTHING;
	case 401:
		return has_token ? JUDGED_NOTHING : JUDGED_GONE;
	case 404:
		return slice_is(head->error_code, "RepoNotFound") ? JUDGED_GONE : JUDGED_NOTHING;
	default:
		return JUDGED_NOTHING;
	}
}
