/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "daemon/crawl/dry_run.h"
#include "daemon/daemon.h"
#include "daemon/run/log.h"

static int print_forecast(const struct dry_run *dry_run)
{
	const struct forecast *forecast = dry_run_forecast(dry_run);
	struct buf text = BUF_INIT(64 * 1024);

	if (!forecast) {
		fprintf(stderr, "relicensed: %s\n", dry_run_why(dry_run));
		return EX_UNAVAILABLE;
	}
	forecast_print(forecast, &text);
	fputs(text.data, stdout);
	buf_release(&text);
	if (fflush(stdout))
		return EX_IOERR;
	return forecast->leads_away[0] ? EX_INCOMPLETE : EX_OK;
}

int mode_dry_run(struct daemon *daemon)
{
	struct dry_run_options options = {
		.clock = &daemon->clock,
		.config = &daemon->config,
		.origin = &daemon->origin,
		.has_token = daemon->token[0],
		.on_ended = daemon_end_loop,
		.owner = daemon,
	};
	struct dry_run *dry_run = NULL;

	if (daemon->config.log_level < LEVEL_DEBUG)
		log_set_level(LEVEL_ERROR); /* a table is asked for, not a log */
	daemon->status = daemon_open_loop(daemon);
	if (!daemon->status)
		daemon->status = daemon_open_engine(daemon);
	if (!daemon->status) {
		options.engine = daemon->engine;
		dry_run = dry_run_new(&options);
		dry_run_start(dry_run);
		uv_run(&daemon->loop, UV_RUN_DEFAULT);
		daemon->status = print_forecast(dry_run);
	}
	dry_run_free(&dry_run);
	daemon_close(daemon);
	return daemon->status;
}
