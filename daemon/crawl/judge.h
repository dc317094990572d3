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
 * 401 only without another code and without doubt in credentials. With trust_404 a 404 needs no code:
 * servers other than the Hub send none. An answer in HTML does not come from the Hub's API but from something before it, and
 * proves nothing.
 */
#ifndef DAEMON_CRAWL_JUDGE_H
#define DAEMON_CRAWL_JUDGE_H

#include "daemon/hub/headers.h"
#include "storage/model/rest.h"

enum judgement {
	JUDGED_NOTHING, /* odd; a canary says whether all that the lane hears is */
	JUDGED_GONE,
	JUDGED_THERE,   /* but it does not show itself */
	JUDGED_MOVED,   /* look where Location points */
};

bool is_of_type(const struct hub_head *head, const char *type); /* its media type begins so: "text/" */
bool is_html(const struct hub_head *head);
bool is_redirect(unsigned status);
struct judge_trust {
	bool has_token;
	bool trust_404;
};

enum judgement judge_answer(unsigned status, const struct hub_head *head, struct judge_trust trust);
/*
 * Why a repo rests after an answer that decided nothing about it; `status` 0: none came. Files are refused as plain text: a 401 about one says the
 * same of its repo, but proves nothing.
 */
enum rest_reason judge_rest(unsigned status, const struct hub_head *head, struct judge_trust trust);

#endif
