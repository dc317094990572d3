/* SPDX-License-Identifier: Apache-2.0 */
/*
 * THE table of the daemon's figures; the text exposition (prefix "relicensed_") comes from it.
 * A counter only grows while the daemon runs, a gauge is how things stand.
 */
#ifndef DAEMON_RUN_METRIC_TABLE_H
#define DAEMON_RUN_METRIC_TABLE_H

/* How complete a kind is known: X as below; KIND and name of the kind. In the order of storage's SWEEP_COUNTS. */
#define METRICS_OF_KIND(X, KIND, kind) \
	X(METRIC_SWEEP_LISTED_##KIND, "sweep_listed_" kind, METRIC_GAUGE, "rows", "rows in the pages of the newest sweep that ended") \
	X(METRIC_SWEEP_KNOWN_##KIND, "sweep_known_" kind, METRIC_GAUGE, "rows", "rows known when it began") \
	X(METRIC_SWEEP_NEW_##KIND, "sweep_new_" kind, METRIC_GAUGE, "rows", "rows that it saw for the first time") \
	X(METRIC_SWEEP_MISSING_##KIND, "sweep_missing_" kind, METRIC_GAUGE, "rows", "known rows that it did not bring") \
	X(METRIC_SWEEP_DAMAGED_##KIND, "sweep_damaged_" kind, METRIC_GAUGE, "rows", "rows of it that could not be read") \
	X(METRIC_SWEEP_GONE_##KIND, "sweep_gone_" kind, METRIC_GAUGE, "rows", "rows confirmed gone since it ended") \
	X(METRIC_MET_##KIND, "recapture_rows_" kind, METRIC_GAUGE, "rows", "rows that polls brought and that were there when a sweep passed") \
	X(METRIC_MET_BOTH_##KIND, "recapture_both_" kind, METRIC_GAUGE, "rows", "of these, rows that the sweep had brought") \
	X(METRIC_MISSED_##KIND, "estimated_missed_" kind, METRIC_GAUGE, "rows", "estimate of rows that neither brought; 0 with few rows")

/* X(constant, name, type, unit, help) */
#define METRIC_TABLE(X) \
	X(METRIC_STARTED, "start_time_seconds", METRIC_GAUGE, "seconds", "when the daemon started, unix time") \
	X(METRIC_UPDATED, "update_time_seconds", METRIC_GAUGE, "seconds", "when these figures were written, unix time") \
	X(METRIC_REQUESTS, "requests_total", METRIC_COUNTER, "requests", "requests sent to the Hub") \
	X(METRIC_REQUESTS_POLL, "requests_poll_total", METRIC_COUNTER, "requests", "of these, by polls") \
	X(METRIC_REQUESTS_SWEEP, "requests_sweep_total", METRIC_COUNTER, "requests", "of these, by sweeps") \
	X(METRIC_REQUESTS_CONFIRM, "requests_confirm_total", METRIC_COUNTER, "requests", "of these, by confirmations") \
	X(METRIC_REQUESTS_DETAIL, "requests_detail_total", METRIC_COUNTER, "requests", "of these, for texts, commits and the watch list") \
	X(METRIC_REQUESTS_BACKFILL, "requests_backfill_total", METRIC_COUNTER, "requests", "of these, by backfills") \
	X(METRIC_RETRIES, "retries_total", METRIC_COUNTER, "requests", "requests that were sent again") \
	X(METRIC_GIVEN_UP, "given_up_total", METRIC_COUNTER, "requests", "requests that failed for good") \
	X(METRIC_IN_FLIGHT, "requests_in_flight", METRIC_GAUGE, "requests", "requests under way") \
	X(METRIC_LOG_DROPPED, "log_lines_dropped_total", METRIC_COUNTER, "lines", "log lines lost, since nobody read standard error") \
	X(METRIC_ANSWER_BYTES, "answer_memory_bytes", METRIC_GAUGE, "bytes", "memory set aside for answers that are not written yet") \
	X(METRIC_BYTES_RECEIVED, "received_bytes_total", METRIC_COUNTER, "bytes", "bodies as received") \
	X(METRIC_BYTES_DECODED, "decoded_bytes_total", METRIC_COUNTER, "bytes", "bodies after decompression") \
	X(METRIC_TRANSFER_OK, "transfer_ok_total", METRIC_COUNTER, "transfers", "answers that arrived whole") \
	X(METRIC_TRANSFER_LOOKUP, "transfer_lookup_failed_total", METRIC_COUNTER, "transfers", "the Hub's name was not found") \
	X(METRIC_TRANSFER_CONNECT, "transfer_connect_failed_total", METRIC_COUNTER, "transfers", "no connection") \
	X(METRIC_TRANSFER_TLS, "transfer_tls_failed_total", METRIC_COUNTER, "transfers", "no verified TLS") \
	X(METRIC_TRANSFER_TIMEOUT, "transfer_timeout_total", METRIC_COUNTER, "transfers", "a time limit was reached") \
	X(METRIC_TRANSFER_CUT, "transfer_cut_total", METRIC_COUNTER, "transfers", "reset or cut off") \
	X(METRIC_TRANSFER_TOO_BIG, "transfer_too_big_total", METRIC_COUNTER, "transfers", "head or body beyond its limit") \
	X(METRIC_TRANSFER_NO_ROOM, "transfer_no_room_total", METRIC_COUNTER, "transfers", "no memory for an answer that large") \
	X(METRIC_TRANSFER_PROTOCOL, "transfer_protocol_total", METRIC_COUNTER, "transfers", "not understood as HTTP") \
	X(METRIC_TRANSFER_REFUSED, "transfer_refused_total", METRIC_COUNTER, "transfers", "not sent: another origin") \
	X(METRIC_TRANSFER_CANCELLED, "transfer_cancelled_total", METRIC_COUNTER, "transfers", "ended by the daemon") \
	X(METRIC_HUB_DOWN, "hub_down", METRIC_GAUGE, "", "1 while the Hub does not answer and only probes are sent") \
	X(METRIC_HUB_DOWN_SINCE, "hub_down_since_seconds", METRIC_GAUGE, "seconds", "when it stopped answering, Unix time; 0: it answers") \
	X(METRIC_HUB_OUTAGES, "hub_outages_total", METRIC_COUNTER, "times", "the Hub stopped answering") \
	X(METRIC_HUB_PROBES, "hub_probes_total", METRIC_COUNTER, "requests", "requests sent to see whether it answers again") \
	X(METRIC_STATUS_2XX, "status_2xx_total", METRIC_COUNTER, "answers", "answers with status 200 to 299") \
	X(METRIC_STATUS_3XX, "status_3xx_total", METRIC_COUNTER, "answers", "redirects") \
	X(METRIC_STATUS_4XX, "status_4xx_total", METRIC_COUNTER, "answers", "refusals other than 429") \
	X(METRIC_STATUS_429, "status_429_total", METRIC_COUNTER, "answers", "too many requests") \
	X(METRIC_STATUS_5XX, "status_5xx_total", METRIC_COUNTER, "answers", "the Hub's own failures") \
	X(METRIC_CLOCKS_DIFFER, "clocks_differ", METRIC_GAUGE, "", "1 while our clock and the Hub's Date are over five minutes apart") \
	X(METRIC_CLOCKS_APART, "clocks_apart_seconds", METRIC_GAUGE, "seconds", "so far apart were they in the last such answer") \
	X(METRIC_ANSWERS_DISTRUSTED, "clocks_differ_answers_total", METRIC_COUNTER, "answers", "answers whose Date was so far from our clock") \
	X(METRIC_PAGES, "pages_total", METRIC_COUNTER, "pages", "answers read") \
	X(METRIC_PAGES_DAMAGED, "pages_damaged_total", METRIC_COUNTER, "pages", "answers that could not be read") \
	X(METRIC_ROWS, "rows_total", METRIC_COUNTER, "rows", "rows in the answers read") \
	X(METRIC_DATES_UNREADABLE, "dates_unreadable_total", METRIC_COUNTER, "dates", "createdAt and lastModified of rows that cannot be read; the rows are taken") \
	X(METRIC_LINKS_REFUSED, "links_refused_total", METRIC_COUNTER, "links", "next pages and redirects not followed") \
	X(METRIC_FIELDS_REFUSED, "fields_refused_total", METRIC_COUNTER, "fields", "properties that the Hub does not know") \
	X(METRIC_POLLS, "polls_total", METRIC_COUNTER, "polls", "polls finished") \
	X(METRIC_SWEEPS, "sweeps_total", METRIC_COUNTER, "sweeps", "sweeps finished") \
	X(METRIC_SWEEPS_INCOMPLETE, "sweeps_incomplete_total", METRIC_COUNTER, "sweeps", "of these, with too few rows") \
	X(METRIC_CONFIRM_PRESENT, "confirmed_present_total", METRIC_COUNTER, "rows", "missing rows that were there") \
	X(METRIC_CONFIRM_GONE, "confirmed_gone_total", METRIC_COUNTER, "rows", "missing rows that are gone") \
	X(METRIC_CONFIRM_REPLACED, "confirmed_replaced_total", METRIC_COUNTER, "rows", "names that another repo bears") \
	X(METRIC_CONFIRM_TOGETHER, "confirmed_together_total", METRIC_COUNTER, "rows", "of the gone, by their owner's listing and a sample") \
	X(METRIC_CONFIRM_LATER, "confirm_put_off_total", METRIC_COUNTER, "rows", "missing rows left to the next sweep by a sample that was there") \
	X(METRIC_CONFIRM_GATED, "confirm_gated_total", METRIC_COUNTER, "answers", "missing repos that are there, but gated") \
	X(METRIC_CONFIRM_DISABLED, "confirm_disabled_total", METRIC_COUNTER, "answers", "missing repos that are there, but disabled") \
	X(METRIC_CONFIRM_UNDECIDED, "confirm_undecided_total", METRIC_COUNTER, "answers", "answers that prove nothing") \
	X(METRIC_EVIDENCE_FOUND, "evidence_commits_found_total", METRIC_COUNTER, "records", "license records whose commit was found") \
	X(METRIC_EVIDENCE_NOT_FOUND, "evidence_commits_missed_total", METRIC_COUNTER, "records", "license records whose commit cannot be found") \
	X(METRIC_PAST_SEARCHED, "past_searched_total", METRIC_COUNTER, "repos", "repos whose commits were searched for past switches") \
	X(METRIC_PAST_SWITCHES, "past_switches_total", METRIC_COUNTER, "switches", "switches found in their commits") \
	X(METRIC_PAST_UNSEEN, "past_unseen_total", METRIC_COUNTER, "repos", "repos whose commits could not be looked at") \
	X(METRIC_TEXTS_WANTED, "texts_wanted_total", METRIC_COUNTER, "repos", "repos noted for a look at their texts") \
	X(METRIC_TEXTS_FOUND, "texts_found_total", METRIC_COUNTER, "texts", "license files and cards read") \
	X(METRIC_TEXTS_SAME, "texts_same_total", METRIC_COUNTER, "texts", "of which the ETag was that of the last look") \
	X(METRIC_TEXTS_NONE, "texts_none_total", METRIC_COUNTER, "texts", "that are not there") \
	X(METRIC_TEXTS_GATED, "texts_gated_total", METRIC_COUNTER, "texts", "not looked at: gated or disabled") \
	X(METRIC_TEXTS_ELSEWHERE, "texts_elsewhere_total", METRIC_COUNTER, "texts", "not looked at: on another host") \
	X(METRIC_TEXTS_UNFIT, "texts_unfit_total", METRIC_COUNTER, "texts", "not looked at: too large, or no text") \
	X(METRIC_TEXTS_LOST, "texts_lost_total", METRIC_COUNTER, "texts", "of commits that are not there any more") \
	X(METRIC_TEXTS_UNDECIDED, "texts_undecided_total", METRIC_COUNTER, "answers", "answers that decided nothing") \
	X(METRIC_WATCHED, "watched_total", METRIC_COUNTER, "repos", "repos of the watch list that were shown") \
	X(METRIC_WATCH_UNSEEN, "watch_unseen_total", METRIC_COUNTER, "answers", "repos of the watch list that were not") \
	X(METRIC_LANES_PARKED, "lanes_parked_total", METRIC_COUNTER, "times", "a lane could not go on") \
	X(METRIC_QUOTA_LIMIT, "quota_limit", METRIC_GAUGE, "requests", "announced quota of the api bucket; 0 = none") \
	X(METRIC_QUOTA_REMAINING, "quota_remaining", METRIC_GAUGE, "requests", "what the Hub says is left of it") \
	X(METRIC_QUOTA_USED, "quota_used", METRIC_GAUGE, "requests", "used by us in this window") \
	X(METRIC_QUOTA_OTHERS, "quota_others", METRIC_GAUGE, "requests", "used by other clients in this window, at least") \
	X(METRIC_QUOTA_GRANTED, "quota_granted", METRIC_GAUGE, "requests", "of this window, granted in the store before use") \
	X(METRIC_RESOLVERS_LIMIT, "quota_resolvers_limit", METRIC_GAUGE, "requests", "the same of the bucket of files") \
	X(METRIC_RESOLVERS_REMAINING, "quota_resolvers_remaining", METRIC_GAUGE, "requests", "the same of the bucket of files") \
	X(METRIC_RESOLVERS_USED, "quota_resolvers_used", METRIC_GAUGE, "requests", "the same of the bucket of files") \
	X(METRIC_RESOLVERS_OTHERS, "quota_resolvers_others", METRIC_GAUGE, "requests", "the same of the bucket of files") \
	X(METRIC_RESOLVERS_GRANTED, "quota_resolvers_granted", METRIC_GAUGE, "requests", "the same of the bucket of files") \
	X(METRIC_RETRY_AFTER, "retry_after_total", METRIC_COUNTER, "answers", "answers that asked to wait (Retry-After)") \
	X(METRIC_RETRY_AFTER_UNREAD, "retry_after_unread_total", METRIC_COUNTER, "answers", "Retry-After that could not be read") \
	X(METRIC_429_OWN, "refused_own_total", METRIC_COUNTER, "answers", "429s for an empty window that our own use emptied") \
	X(METRIC_429_OTHERS, "refused_others_total", METRIC_COUNTER, "answers", "429s for one that other clients emptied") \
	X(METRIC_429_ACTION, "refused_action_total", METRIC_COUNTER, "answers", "429s for one action, with quota left") \
	X(METRIC_429_EDGE, "refused_edge_total", METRIC_COUNTER, "answers", "429s without quota, from an edge of the network") \
	X(METRIC_WAITED_MS, "quota_wait_milliseconds_total", METRIC_COUNTER, "milliseconds", "spent by requests waiting for their turn") \
	X(METRIC_COMMITS, "commits_total", METRIC_COUNTER, "commits", "transactions written") \
	X(METRIC_COMMIT_FAILURES, "commit_failures_total", METRIC_COUNTER, "commits", "transactions that had to be tried again") \
	X(METRIC_COMMIT_MS, "commit_milliseconds_total", METRIC_COUNTER, "milliseconds", "time spent in transactions") \
	X(METRIC_COMMIT_LAST_MS, "commit_last_milliseconds", METRIC_GAUGE, "milliseconds", "the newest transaction took, its sync with it") \
	X(METRIC_COMMIT_LONGEST_MS, "commit_longest_milliseconds", METRIC_GAUGE, "milliseconds", "the longest one since the start") \
	X(METRIC_COMMITS_10_MS, "commits_within_10_milliseconds_total", METRIC_COUNTER, "commits", "of all, those that took no longer") \
	X(METRIC_COMMITS_100_MS, "commits_within_100_milliseconds_total", METRIC_COUNTER, "commits", "the same") \
	X(METRIC_COMMITS_1000_MS, "commits_within_1000_milliseconds_total", METRIC_COUNTER, "commits", "the same") \
	X(METRIC_DICTIONARIES, "dictionaries_trained_total", METRIC_COUNTER, "dictionaries", "trained on the store's own contents since the start") \
	X(METRIC_VERSIONS_DROPPED, "versions_dropped_total", METRIC_COUNTER, "versions", "whose metadata retention has dropped") \
	X(METRIC_READERS, "store_readers", METRIC_GAUGE, "processes", "that hold a snapshot of the store") \
	X(METRIC_READER_BEHIND, "store_oldest_reader_commits", METRIC_GAUGE, "commits", "since the oldest of these: pages freed since cannot be used again") \
	X(METRIC_PREPARE_US, "prepare_microseconds_total", METRIC_COUNTER, "microseconds", "time spent reading answers") \
	X(METRIC_ROWS_NEW, "rows_new_total", METRIC_COUNTER, "rows", "rows seen for the first time") \
	X(METRIC_ROWS_SAME, "rows_same_total", METRIC_COUNTER, "rows", "rows found as they were") \
	X(METRIC_ROWS_TOUCHED, "rows_touched_total", METRIC_COUNTER, "rows", "rows whose head or date moved, nothing else") \
	X(METRIC_ROWS_REBASED, "rows_rebased_total", METRIC_COUNTER, "rows", "rows brought to today's fields or rules") \
	X(METRIC_VERSIONS, "versions_total", METRIC_COUNTER, "versions", "versions stored beyond the first") \
	X(METRIC_RECORDS, "records_total", METRIC_COUNTER, "records", "change records written") \
	X(METRIC_MISSING, "missing_total", METRIC_COUNTER, "rows", "rows that a sweep did not bring") \
	X(METRIC_LISTING_GAPS, "listing_gaps_total", METRIC_COUNTER, "rows", "missing rows that turned out to be there") \
	X(METRIC_ROWS_DAMAGED, "rows_damaged_total", METRIC_COUNTER, "rows", "rows that could not be read") \
	X(METRIC_ROWS_PRIVATE, "rows_private_total", METRIC_COUNTER, "rows", "private rows dropped") \
	X(METRIC_ROWS_REDONE, "rows_redone_total", METRIC_COUNTER, "rows", "rows that moved between preparation and commit") \
	METRICS_OF_KIND(X, MODEL, "model") \
	METRICS_OF_KIND(X, DATASET, "dataset") \
	METRICS_OF_KIND(X, SPACE, "space") \
	X(METRIC_HEAD_SEQ, "log_head_seq", METRIC_GAUGE, "records", "seq of the newest change record")

enum metric_type { METRIC_COUNTER, METRIC_GAUGE };

enum metric {
#define X(constant, name, type, unit, help) constant,
	METRIC_TABLE(X)
#undef X
	METRIC_COUNT
};

#endif
