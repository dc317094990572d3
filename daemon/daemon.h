/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program as a whole, and what its modes share. For the files of this very folder.
 *
 *     relicensed.c      configuration, serving (also --once and --backfill), the table of modes
 *     mode_import.c     --import
 *     mode_dry_run.c    --dry-run
 *
 * What opens something says on standard error why it could not, and returns the exit status; 0: it is open. daemon_close()
 * takes everything down, at whatever stage. One thread, which is the loop's.
 */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include <sysexits.h>

#include "daemon/command_line.h"
#include "daemon/crawl/crawl.h"
#include "daemon/run/clock_sim.h"
#include "daemon/run/metrics.h"
#include "daemon/run/notify.h"
#include "daemon/run/signals.h"
#include "daemon/token.h"

enum { EX_HELD = EX_TEMPFAIL, EX_CLOCK = EX_PROTOCOL, EX_INCOMPLETE = 1 };

struct daemon {
	struct command_line line;
	struct config config;
	struct hub_origin origin;
	struct watch_list watch_list;
	char token[TOKEN_MAX + 1]; /* empty: none */
	struct backfill_wish wish;
	struct proxy proxy;
	bool proxied;
	struct store *store;
	uv_loop_t loop;
	struct clock clock;
	struct clock_sim *sim; /* NULL: time is the system's */
	struct engine *engine;
	struct crawl *crawl;
	struct notify notify;
	struct metrics_file metrics;
	uv_signal_t term, interrupt, hangup;
	const struct signals_noted *noted; /* before the loop handles them */
	int status;
};

/* --- relicensed.c --- */
/* The loop and its clock; to be closed also where it failed. */
int daemon_open_loop(struct daemon *daemon);
/* EX_OK without a store: it was asked to end meanwhile. */
int daemon_open_store(struct daemon *daemon);
int daemon_open_engine(struct daemon *daemon);
void daemon_close(struct daemon *daemon);
int status_of_store_error(int code);
/* Ends the loop; an on_ended of what runs on it. */
void daemon_end_loop(void *daemon);

/* --- a mode a file --- */
int mode_import(struct daemon *daemon);
int mode_dry_run(struct daemon *daemon);

#endif
