/* SPDX-License-Identifier: Apache-2.0 */
/*
 * THE table of what the daemon logs. One line an event: `event=NAME key=value ...` with the keys in the order of the
 * table. Names stay; whoever watches the log may rely on them.
 */
#ifndef DAEMON_RUN_EVENT_TABLE_H
#define DAEMON_RUN_EVENT_TABLE_H

/* X(constant, name, level, fields, meaning) */
#define LOG_EVENT_TABLE(X) \
	X(LOG_MIGRATING, "migrating", LEVEL_NOTICE, "done of", "the store of an older program is brought to today's form") \
	X(LOG_STARTED, "started", LEVEL_NOTICE, "version hub store ledger token proxy", "the daemon runs") \
	X(LOG_NO_CONTACT, "no-contact", LEVEL_WARNING, "help", "the Hub's operators cannot reach you") \
	X(LOG_STOPPING, "stopping", LEVEL_NOTICE, "signal", "asked to end") \
	X(LOG_STOPPED, "stopped", LEVEL_NOTICE, "complete", "everything handed over is in the store") \
	X(LOG_STOPPED_INCOMPLETE, "stopped", LEVEL_NOTICE, "complete why", "the same, but --once could not see everything") \
	X(LOG_RELOADED, "reloaded", LEVEL_NOTICE, "option taken", "an option differs after SIGHUP; taken = no: needs a restart") \
	X(LOG_RELOAD_REFUSED, "reload-refused", LEVEL_ERROR, "why", "the configuration has faults; the old one stays") \
	X(LOG_LANE_STARTED, "lane-started", LEVEL_INFO, "lane kind resumed watermark", "a lane other than poll begins or goes on") \
	X(LOG_LANE_DONE, "lane-done", LEVEL_INFO, "lane kind pages rows", "a lane other than poll has finished") \
	X(LOG_POLL_STARTED, "poll-started", LEVEL_DEBUG, "lane kind resumed watermark", "a poll begins or goes on: there are many") \
	X(LOG_POLL_DONE, "poll-done", LEVEL_DEBUG, "lane kind pages rows", "a poll has finished") \
	X(LOG_LOOK_STARTED, "look-started", LEVEL_DEBUG, "lane kind resumed watermark", "commits or texts behind changes are looked at: it happens often") \
	X(LOG_LOOK_DONE, "look-done", LEVEL_DEBUG, "lane kind pages rows", "none of them is left to be looked at") \
	X(LOG_LANE_PARKED, "lane-parked", LEVEL_WARNING, "lane kind why retry_ms", "a lane cannot go on; it tries again later") \
	X(LOG_POLL_CUT_SHORT, "poll-cut-short", LEVEL_WARNING, "kind rows", \
		"a listing ended above the watermark with a full page: the watermark stays") \
	X(LOG_END_DOUBTED, "end-doubted", LEVEL_INFO, "lane kind rows", \
		"a listing ended with a full page: it is asked once more whether that is so") \
	X(LOG_SWEEP_DONE, "sweep-done", LEVEL_INFO, "kind listed known new missing damaged", \
		"what a sweep brought: rows in its pages; known when it began; of these not brought") \
	X(LOG_SWEEP_INCOMPLETE, "sweep-incomplete", LEVEL_WARNING, "kind seen known why", \
		"a sweep does not count as a complete one: known rows that it brought, and why") \
	X(LOG_SWEEP_UNREADABLE, "sweep-unreadable", LEVEL_WARNING, "kind rows", \
		"rows of a sweep could not be read: these repos are not in the store; gap records show the first of them") \
	X(LOG_ROWS_WITHOUT_ID, "rows-without-id", LEVEL_WARNING, "kind", \
		"this server sends no usable _id with its rows: they cannot be told apart, and none is kept") \
	X(LOG_SWEEP_UNORDERED, "sweep-unordered", LEVEL_WARNING, "kind", \
		"a sweep's rows did not come in the order of their oids: it is compared as a whole, once it has ended") \
	X(LOG_SEGMENTS_REFUSED, "segments-refused", LEVEL_WARNING, "kind why", \
		"the Hub does not walk a listing in segments: in one from now on") \
	X(LOG_SKIPPED, "rows-skipped", LEVEL_WARNING, "lane kind why", "a row that cannot be read even alone: tried behind it") \
	X(LOG_FIELD_REFUSED, "field-refused", LEVEL_WARNING, "kind endpoint field", "the Hub does not know a property; no longer asked") \
	X(LOG_PAGE_DAMAGED, "page-damaged", LEVEL_WARNING, "lane kind url why", "an answer could not be read; asked again") \
	X(LOG_REQUEST_FAILED, "request-failed", LEVEL_INFO, "lane kind url outcome status why retry_ms", "trouble; asked again") \
	X(LOG_REQUEST_GIVEN_UP, "request-given-up", LEVEL_WARNING, "lane kind url outcome status why tries", \
		"trouble that did not end within the retries") \
	X(LOG_PAGE_TOO_HEAVY, "page-too-heavy", LEVEL_WARNING, "lane kind why rows card", \
		"a page that stays too big or fails: asked again with fewer rows") \
	X(LOG_DATE_UNREADABLE, "date-unreadable", LEVEL_WARNING, "kind field value", \
		"a date that cannot be read, the first of its kind and field: its row is taken, dates_unreadable_total counts on") \
	X(LOG_POLL_UNDATED, "poll-undated", LEVEL_WARNING, "kind pages", \
		"the rows of a poll have no date that can be read: it ended where a page brought nothing new, its watermark stays") \
	X(LOG_LINK_REFUSED, "link-refused", LEVEL_WARNING, "lane kind link why", "a next page or redirect that is not followed") \
	X(LOG_HUB_DOWN, "hub-down", LEVEL_WARNING, "failures why next_ms", \
		"nothing answers any more: requests wait, but for a probe now and then; the first one is sent in next_ms") \
	X(LOG_REQUEST_FAILED_TOO, "request-failed-too", LEVEL_DEBUG, "lane kind url outcome status why retry_ms", \
		"no answer, as to the request before: hub-down follows when there are more of them") \
	X(LOG_HUB_UNREACHABLE, "hub-unreachable", LEVEL_ERROR, "hub waited_ms why", \
		"--once had no answer of the Hub for once_give_up: it ends with status 69") \
	X(LOG_HUB_UP, "hub-up", LEVEL_NOTICE, "down_ms probes", "a probe was answered: requests go again") \
	X(LOG_QUOTA, "quota", LEVEL_INFO, "bucket quota window_s remaining reset_s", "what the Hub announces, where it differs") \
	X(LOG_QUOTA_SHARED, "quota-shared", LEVEL_INFO, "bucket others used remaining", \
		"a window is emptier than our use explains: another client has the same quota") \
	X(LOG_ASKED_TO_WAIT, "asked-to-wait", LEVEL_NOTICE, "bucket status asked_s wait_ms", \
		"the Hub asked to wait (Retry-After): nothing of this bucket is sent until then, an hour at most") \
	X(LOG_QUOTA_REFUSED, "quota-refused", LEVEL_WARNING, "bucket why remaining wait_ms", \
		"a 429; why: own or others (the window is empty), action (of one lane), edge (no quota told)") \
	X(LOG_CONFIRM_UNDECIDED, "confirm-undecided", LEVEL_WARNING, "kind oid status why", "an answer that proves nothing about a repo") \
	X(LOG_PAST_SEARCHED, "past-searched", LEVEL_INFO, "kind repo commits requests switches unlooked", \
		"the commits from before a repo's first look were searched for license switches") \
	X(LOG_PAST_QUIET, "past-quiet", LEVEL_DEBUG, "kind repo commits requests switches unlooked", \
		"the same without a switch, where nobody asked for this repo: there are thousands") \
	X(LOG_PAST_UNSEEN, "past-unseen", LEVEL_INFO, "kind repo why", "a repo's commits could not be looked at") \
	X(LOG_BACKFILL_DONE, "backfill-done", LEVEL_NOTICE, "kind searched before switches unseen", \
		"lane backfill is through its list; before: those of it that had been searched earlier") \
	X(LOG_TEXT_UNDECIDED, "text-undecided", LEVEL_INFO, "kind oid file status why tries", \
		"an answer that decides nothing about a text; the repo rests, and is asked again later") \
	X(LOG_TEXT_GIVEN_UP, "text-given-up", LEVEL_NOTICE, "kind oid file status why tries", \
		"a text was asked for in vain too often; a new commit, or a new record, begins anew") \
	X(LOG_WATCH_UNSEEN, "watch-unseen", LEVEL_INFO, "kind repo status why", "a repo of the watch list is not shown") \
	X(LOG_CONFIRM_TOGETHER, "confirm-together", LEVEL_NOTICE, "kind owner asked rows outcome", \
		"missing rows that a sample, and their owner's listing, settled (gone) or put off (later)") \
	X(LOG_COMMITTED, "committed", LEVEL_DEBUG, "answers records new same ms seq", "a batch is in the store") \
	X(LOG_DICTIONARY, "dictionary", LEVEL_INFO, "of id samples before after", \
		"trained on the store's own contents; before, after: what a held-out sample takes; id 0: not worth it") \
	X(LOG_UPKEEP_FAILED, "upkeep-failed", LEVEL_WARNING, "why retry_ms", "a dictionary could not be trained, or old metadata not dropped") \
	X(LOG_RETENTION_DAMAGE, "retention-damage", LEVEL_WARNING, "repos", \
		"repos that cannot be read were passed over: `relicense verify` names them") \
	X(LOG_RETENTION, "retention", LEVEL_INFO, "versions", "old metadata was dropped, as the option retention says") \
	X(LOG_COMMIT_SLOW, "commit-slow", LEVEL_WARNING, "ms mutex", \
		"a commit waits: for the disk, or for whoever holds LMDB's mutex in lock.mdb, as any member of the store's group can") \
	X(LOG_READER_STUCK, "reader-stuck", LEVEL_WARNING, "process commits", "a reader holds an old snapshot: the store grows until it goes on or ends") \
	X(LOG_CLOCKS_DIFFER, "clocks-differ", LEVEL_WARNING, "ours hubs counts", \
		"our clock and the Hub's Date are more than five minutes apart; counts: the one that is believed") \
	X(LOG_CLOCKS_AGREE, "clocks-agree", LEVEL_NOTICE, "differed_ms answers", "for an hour they did; for so long, and in so many answers, they had not") \
	X(LOG_AHEAD, "log-ahead", LEVEL_ERROR, "why", "the newest record lies ahead of both clocks: the daemon ends, nothing is written") \
	X(LOG_WATERMARK_AHEAD, "watermark-ahead", LEVEL_WARNING, "kind watermark now", \
		"a poll's watermark lies in the future, a wrong clock set it: that of the first sweep is used") \
	X(LOG_COMMIT_FAILED, "commit-failed", LEVEL_ERROR, "why retry_ms", "a batch could not be written; tried again") \
	X(LOG_STORE_STOPPED, "store-stopped", LEVEL_ERROR, "why", "the store refuses for good: the daemon ends") \
	X(LOG_DROPPED, "log-dropped", LEVEL_WARNING, "lines", "nobody read standard error for so long that lines were lost") \
	X(LOG_STEP, "step", LEVEL_DEBUG, "request lane kind from to", "a request goes on") \
	X(LOG_METRICS_FAILED, "metrics-failed", LEVEL_WARNING, "file why", "the metrics file could not be written") \
	X(LOG_IMPORT_READ, "import-read", LEVEL_INFO, "kind rows repeated damaged unidentified fields", \
		"a dump is read; nothing of it is written yet") \
	X(LOG_IMPORT_DAMAGED, "import-damaged", LEVEL_WARNING, "line why", "a row of a dump that cannot be read: one of the first") \
	X(LOG_IMPORTING, "importing", LEVEL_INFO, "kind rows of", "rows of a dump that are in the store") \
	X(LOG_IMPORTED, "imported", LEVEL_NOTICE, "kind rows new same records missing", "a dump's rows of a kind are in the store") \
	X(LOG_INCOMPLETE, "incomplete", LEVEL_ERROR, "kind lane why", "--once could not finish this")

enum log_event {
#define X(constant, name, level, fields, meaning) constant,
	LOG_EVENT_TABLE(X)
#undef X
	LOG_EVENT_COUNT
};

#endif
