/* SPDX-License-Identifier: Apache-2.0 */
/*
 * THE table of options: parser, --check-config, the shipped relicensed.conf and the manual come from it.
 *
 * The default is written as an operator would write it and goes through the same parser. min and max are in the base
 * unit of the type: milliseconds, bytes, percent, things; for texts the number of characters.
 * A reloadable option takes effect at SIGHUP, the others at the next start.
 */
#ifndef CONFIG_OPTION_TABLE_H
#define CONFIG_OPTION_TABLE_H

#define OPTION_SECOND INT64_C(1000)
#define OPTION_MINUTE (60 * OPTION_SECOND)
#define OPTION_HOUR (60 * OPTION_MINUTE)
#define OPTION_DAY (24 * OPTION_HOUR)
#define OPTION_KIB INT64_C(1024)
#define OPTION_MIB (1024 * OPTION_KIB)
#define OPTION_GIB (1024 * OPTION_MIB)
#define OPTION_TIB (1024 * OPTION_GIB)

/* X(key, type, unit, min, max, default, reloadable, help); the key is the name of the field of struct config */
#define OPTION_TABLE(X) \
	X(hub, OPTION_TEXT, "origin", 1, 255, "https://huggingface.co", false, \
		"The Hub to look at: scheme, host and port, no path. A store belongs to one Hub.") \
	X(store, OPTION_TEXT, "folder", 1, 1000, "/var/lib/relicensed", false, \
		"Where the history is kept. One daemon at a time holds it.") \
	X(contact, OPTION_TEXT, "address", 0, 200, "", true, \
		"How the operators of the Hub reach you (mail or web address): it is sent in the User-Agent.") \
	X(token_file, OPTION_TEXT, "file", 0, 1000, "", false, \
		"A file that holds a read token of the Hub: a larger quota. Without it the service's credential hub-token, " \
		"else anonymous.") \
	X(kinds, OPTION_KINDS, "list", 1, 7, "models,datasets,spaces", false, \
		"What to look at: any of models, datasets, spaces.") \
	X(poll_interval, OPTION_DURATION, "time", OPTION_SECOND, OPTION_DAY, "30s", true, \
		"How often each kind is asked for what was modified last.") \
	X(poll_overlap, OPTION_DURATION, "time", 0, OPTION_DAY, "10m", true, \
		"How far behind the last poll the next one looks, for commits that appear late.") \
	X(poll_rows, OPTION_NUMBER, "rows", 1, 1000, "100", true, \
		"Rows a request of the first poll; a later one asks for what the one before needed, and some more.") \
	X(sweep_interval, OPTION_DURATION, "time", OPTION_MINUTE, 365 * OPTION_DAY, "24h", true, \
		"How often each kind's whole listing is walked, for what polls cannot show.") \
	X(page_rows, OPTION_NUMBER, "rows", 1, 1000, "1000", true, \
		"Rows a listing request (the Hub gives at most 1000).") \
	X(page_bytes_max, OPTION_SIZE, "size", 64 * OPTION_KIB, OPTION_GIB, "16MiB", false, \
		"The largest answer that is accepted, before and after decompression.") \
	X(memory_max, OPTION_SIZE, "size", 24 * OPTION_MIB, 64 * OPTION_GIB, "192MiB", false, \
		"Memory for answers on their way, for decoding them and for what waits to be written; requests wait where none is " \
		"left. At least twelve times page_bytes_max. The store's own pages come on top.") \
	X(sweep_ahead, OPTION_NUMBER, "requests", 1, 64, "8", true, \
		"Listing requests in parallel (per kind).") \
	X(sweep_segments, OPTION_NUMBER, "segments", 1, 16, "1", true, \
		"Into how many stretches a kind's listing is cut, to be walked at once. More than 1 makes cursors of its own, which " \
		"the Hub does not document: tried at first use, and given up for 1 where it does not go on as it should.") \
	X(confirm_ahead, OPTION_NUMBER, "requests", 1, 64, "8", true, \
		"Single-repo requests of one kind in flight at once when missing rows are confirmed.") \
	X(confirm_pause, OPTION_DURATION, "time", 0, 30 * OPTION_DAY, "24h", true, \
		"How long a missing repo that could not be decided about rests before it is asked for again; each further time " \
		"twice as long, up to 30 days.") \
	X(commit_evidence, OPTION_SWITCH, "yes or no", 0, 1, "yes", true, \
		"Whether the commit behind each license record is looked for.") \
	X(detail, OPTION_SWITCH, "yes or no", 0, 1, "yes", true, \
		"Whether license files and cards are read: of repos with a new license record, and of those whose statement " \
		"leaves the terms open (other, unknown, none), at each new head.") \
	X(detail_min_downloads, OPTION_NUMBER, "downloads", 0, 1000000000, "1000", true, \
		"How many downloads in 30 days a repo without a license record needs for that: one look is up to 5 requests " \
		"of 3,000 in 5 minutes, and some 2 million models declare nothing; 1000 leaves a few ten thousand.") \
	X(detail_ahead, OPTION_NUMBER, "repos", 1, 256, "64", true, \
		"Repos of one kind whose texts are asked for at once.") \
	X(text_bytes_max, OPTION_SIZE, "size", OPTION_KIB, 16 * OPTION_MIB, "1MiB", true, \
		"The largest license file or card that is read.") \
	X(first_pages, OPTION_NUMBER, "pages", 0, 1000, "20", false, \
		"A new store begins with so many pages of the most downloaded models.") \
	X(watch_list, OPTION_TEXT, "file", 0, 1000, "", false, \
		"Repos to ask for one by one, a line each: owner/name, datasets/owner/name, spaces/owner/name; # begins a comment.") \
	X(watch_interval, OPTION_DURATION, "time", OPTION_SECOND, 365 * OPTION_DAY, "1h", true, \
		"How often the watch list is asked.") \
	X(watch_ahead, OPTION_NUMBER, "requests", 1, 1000, "64", true, \
		"Single-repo requests of one kind in flight at once for the watch list.") \
	X(backfill, OPTION_SWITCH, "yes or no", 0, 1, "yes", true, \
		"Whether past switches are looked for in the commits of chosen repos: documented ones, the watch list, and the " \
		"most downloaded (backfill_top).") \
	X(backfill_top, OPTION_NUMBER, "repos", 0, 1000000, "1000", true, \
		"How many of each kind's most downloaded repos are searched for past switches.") \
	X(backfill_ahead, OPTION_NUMBER, "repos", 1, 16, "4", true, \
		"Repos of one kind whose commits are searched at once.") \
	X(quota_share, OPTION_SHARE, "share", 1, 100, "50%", true, \
		"How much of the quota that the Hub announces is used. The anonymous one belongs to everybody behind your address.") \
	X(quota_pace, OPTION_PACE, "pace", 0, 1, "even", true, \
		"Whether that share is spread over each of the Hub's windows (even) or used as soon as there is work (burst, as " \
		"long as no other client is seen on the same quota).") \
	X(poll_share, OPTION_SHARE, "share", 1, 100, "15%", true, \
		"Part of our quota reserved for polling, and the most that polls use: where it is too little, polls are further apart " \
		"than poll_interval. This and the four that follow may not exceed 100% together; what a lane does not need, " \
		"the others use.") \
	X(confirm_share, OPTION_SHARE, "share", 0, 100, "10%", true, \
		"Part of our quota reserved for rows that a sweep missed, one request each.") \
	X(detail_share, OPTION_SHARE, "share", 0, 100, "15%", true, \
		"Part of our quota reserved for the commit and the texts of a switch.") \
	X(sweep_share, OPTION_SHARE, "share", 0, 100, "30%", true, \
		"Part of our quota reserved for sweeps; they use all that is left over.") \
	X(backfill_share, OPTION_SHARE, "share", 0, 100, "5%", true, \
		"Part of our quota reserved for switches from before the first day.") \
	X(rate_without_quota, OPTION_NUMBER, "requests/s", 0, 1000000, "2", true, \
		"The pace where the Hub announces no quota; 0 = as fast as it answers. Errors and growing latency slow it down.") \
	X(connect_limit, OPTION_DURATION, "time", 100, OPTION_HOUR, "10s", false, \
		"For a connection, name look-up and TLS.") \
	X(first_byte_limit, OPTION_DURATION, "time", 100, OPTION_HOUR, "60s", false, \
		"From the request to the head of its answer.") \
	X(stall_limit, OPTION_DURATION, "time", 100, OPTION_HOUR, "30s", false, \
		"Without a single byte in the midst of an answer.") \
	X(total_limit, OPTION_DURATION, "time", OPTION_SECOND, OPTION_DAY, "5m", false, \
		"For one request from start to end.") \
	X(retries, OPTION_NUMBER, "times", 0, 100, "5", true, \
		"How often a request is sent again after damage or trouble, before that task pauses (see park_time).") \
	X(retry_base, OPTION_DURATION, "time", 1, OPTION_HOUR, "1s", true, \
		"The first back-off is at most this long; each further one at most twice the one before.") \
	X(park_time, OPTION_DURATION, "time", OPTION_SECOND, OPTION_DAY, "5m", true, \
		"How long a task that could not go on pauses before it tries again.") \
	X(once_give_up, OPTION_DURATION, "time", OPTION_SECOND, 7 * OPTION_DAY, "10m", false, \
		"How long --once goes on without any answer of the Hub before it ends, with status 69.") \
	X(trust_404, OPTION_SWITCH, "yes or no", 0, 1, "no", true, \
		"Whether 404 without X-Error-Code says that a repo is gone; the Hub sends the code, some other servers do not.") \
	X(transfers_max, OPTION_NUMBER, "requests", 1, 1000, "64", false, \
		"Requests in flight at once, of all kinds; over HTTP/1.1 no more than connections_max.") \
	X(connections_max, OPTION_NUMBER, "connections", 1, 256, "8", false, \
		"Connections to the Hub, or to the proxy that the environment names (over HTTP/2 one carries many requests).") \
	X(private_repos, OPTION_SWITCH, "yes or no", 0, 1, "no", false, \
		"Whether private repos that the token may read are kept; else they are dropped and counted.") \
	X(plain_http, OPTION_TEXT, "list of hosts", 0, 1000, "", false, \
		"Hosts to which plain http may be spoken, the token included; loopback always may.") \
	X(ca_file, OPTION_TEXT, "file", 0, 1000, "", false, \
		"Certificate authorities to trust instead of the system's (PEM).") \
	X(map_size, OPTION_SIZE, "size", 0, 64 * OPTION_TIB, "0", false, \
		"Address space for the store, the largest size that it can have; 0 = 1 TiB, less where the system limits it.") \
	X(commit_pages, OPTION_NUMBER, "answers", 1, 50, "25", true, \
		"Answers that are written in one transaction.") \
	X(commit_interval, OPTION_DURATION, "time", 10, OPTION_MINUTE, "1s", true, \
		"How long an answer waits for others before it is written.") \
	X(retention, OPTION_DURATION, "time", 0, 36500 * OPTION_DAY, "0", true, \
		"How long metadata is kept of versions that changed neither license nor name, access or lineage, once there is a newer " \
		"one; 0: for ever. Their times and hashes stay, and every record.") \
	X(log_level, OPTION_LEVEL, "level", 0, 4, "info", true, \
		"What is logged: error, warning, notice, info or debug.")

enum option_type {
	OPTION_TEXT,
	OPTION_DURATION, /* 250ms 30s 5m 24h 7d */
	OPTION_SIZE,     /* 512 64KiB 64MiB 1GiB 1TiB */
	OPTION_SHARE,    /* 50% */
	OPTION_NUMBER,
	OPTION_SWITCH,   /* yes no */
	OPTION_KINDS,    /* bits: 1 models, 2 datasets, 4 spaces */
	OPTION_LEVEL,    /* enum config_level */
	OPTION_PACE,     /* enum config_pace */
};

#endif
