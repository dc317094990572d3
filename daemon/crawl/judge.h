/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an answer about a single repo proves, other than the repo itself. Pure.
 *
 *     status   anonymous                     with a token
 *     307      follow it                     follow it
 *     401      gone                          nothing: the token itself is refused
 *     404      gone, with code RepoNotFound  gone, with code RepoNotFound
 *     403      nothing without a code        nothing without a code
 *
 * Gated (code GatedRepo) and disabled repos are there, whatever the status. That a repo is gone is said in JSON, and by a
 * 401 only without another code and without doubt in credentials. An answer in HTML does not come from the Hub's API but
 * from something before it, and proves nothing.
 */
#ifndef DAEMON_CRAWL_JUDGE_H
#define DAEMON_CRAWL_JUDGE_H

#include "daemon/hub/headers.h"

enum judgement {
	JUDGED_NOTHING, /* the lane cannot trust what it hears */
	JUDGED_GONE,
	JUDGED_THERE,   /* but it does not show itself */
	JUDGED_MOVED,   /* look where Location points */
};

bool is_of_type(const struct hub_head *head, const char *type); /* its media type begins so: "text/" */
bool is_html(const struct hub_head *head);
bool is_redirect(unsigned status);
enum judgement judge_answer(unsigned status, const struct hub_head *head, bool has_token);

#endif
