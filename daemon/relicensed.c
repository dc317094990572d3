/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relicensed: the daemon, in the foreground. Reads the configuration, opens the store, runs the crawl on one loop until
 * SIGTERM or SIGINT (or until --once is done), and takes everything down in one place. What else it can do is the table of
 * modes at the end.
 */
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "daemon/daemon.h"
#include "daemon/run/log.h"
#include "daemon/run/thread_pool.h"
#include "storage/bus_error.h"

#ifndef RELICENSED_VERSION
#define RELICENSED_VERSION "unknown"
#endif

/* --- configuration -------------------------------------------------------------------------------------------------*/

static bool may_speak_plainly(const struct daemon *daemon)
{
	return daemon->origin.tls || hub_origin_is_loopback(&daemon->origin) ||
		host_is_listed(daemon->origin.host, daemon->config.plain_http);
}

static int read_origin(struct daemon *daemon)
{
	if (!hub_origin_read(slice_of(daemon->config.hub), &daemon->origin)) {
		fprintf(stderr, "relicensed: hub: \"%s\" is not scheme, host and port, like https://huggingface.co\n",
			daemon->config.hub);
		return EX_CONFIG;
	}
	if (may_speak_plainly(daemon))
		return EX_OK;
	fprintf(stderr, "relicensed: hub: %s is plain http to another machine; name the host in plain_http to allow that\n",
		daemon->origin.text);
	return EX_CONFIG;
}

/* A file that is there, or the name of an owner. */
static int read_wish(struct daemon *daemon)
{
	const char *what = daemon->line.backfill;
	char why[512];

	if (!what)
		return EX_OK;
	if (access(what, F_OK) != 0 && !strchr(what, '/')) {
		daemon->wish.owner = what;
		return EX_OK;
	}
	if (watch_list_read(&daemon->wish.names, what, why))
		return EX_OK;
	fprintf(stderr, "relicensed: --backfill: %s\n", why);
	return EX_NOINPUT;
}

static int find_proxy(struct daemon *daemon)
{
	char why[PROXY_WHY_SIZE];
	struct slice unread;
	enum proxy_choice choice = proxy_find(&daemon->origin, getenv, &daemon->proxy, &unread, why);

	if (unread.size)
		fprintf(stderr, "relicensed: no_proxy: '%.*s' is no host, address or network (10.0.0.0/8), and is passed over\n",
			(int)unread.size, unread.data);
	daemon->proxied = false;
	switch (choice) {
	case PROXY_NONE:
		return EX_OK;
	case PROXY_FOUND:
		daemon->proxied = true;
		return EX_OK;
	default:
		fprintf(stderr, "relicensed: %s\n", why);
		return EX_CONFIG;
	}
}

static int read_watch_list(struct daemon *daemon)
{
	char why[512];

	if (!daemon->config.watch_list[0] || watch_list_read(&daemon->watch_list, daemon->config.watch_list, why))
		return EX_OK;
	fprintf(stderr, "relicensed: watch_list: %s\n", why);
	return EX_CONFIG;
}

/* A core dump, or a debugger of the same user, would show them. A sanitizer needs to look at its own process. */
static void hide_secrets(const struct daemon *daemon)
{
#ifndef __SANITIZE_ADDRESS__
	if (daemon->config.token_file[0] || getenv("CREDENTIALS_DIRECTORY") || daemon->proxy.user[0])
		prctl(PR_SET_DUMPABLE, 0);
#else
	(void)daemon;
#endif
}

/* All that is wrong is said at once; the status is that of the first fault. */
static int configure(struct daemon *daemon)
{
	struct config_problem problem = { 0 };
	int status = EX_OK, checks[4];

	if (command_line_config(&daemon->line, &daemon->config, &problem)) {
		fputs(problem.text, stderr);
		status = EX_CONFIG;
	}
	checks[0] = read_origin(daemon);
	if (!checks[0])
		checks[0] = find_proxy(daemon);
	checks[1] = read_watch_list(daemon);
	hide_secrets(daemon);
	checks[2] = token_find(daemon->config.token_file, daemon->token);
	checks[3] = read_wish(daemon);
	for (size_t i = 0; i < ARRAY_COUNT(checks) && !status; i++)
		status = checks[i];
	return status;
}

/* --- starting ------------------------------------------------------------------------------------------------------*/

int status_of_store_error(int code)
{
	switch (code) {
	case ERROR_HELD:
		return EX_HELD;
	case ERROR_PERMISSION:
		return EX_NOPERM;
	case ERROR_NO_STORE:
		return EX_CANTCREAT;
	case ERROR_CORRUPT:
		return EX_DATAERR;
	case ERROR_CLOCK:
		return EX_CLOCK;
	case ERROR_RESOURCES:
		return EX_OSERR;
	case ERROR_OTHER_HUB:
	case ERROR_SCHEMA_NEWER:
		return EX_CONFIG;
	case ERROR_STOPPED:
		return EX_OK;
	default:
		return EX_IOERR;
	}
}

static unsigned in_flight(void *owner)
{
	const struct daemon *daemon = owner;

	return daemon->engine ? engine_in_flight(daemon->engine) : 0;
}

/* A thread for each bench to decode at, and one to commit. */
static int size_thread_pool(void)
{
	unsigned threads;
	int error = thread_pool_size(workbench_processors() + 1, &threads);

	if (!error)
		return EX_OK;
	fprintf(stderr,
		"relicensed: %u threads cannot be started: %s; allow this user more tasks (TasksMax= of the service, "
		"ulimit -u), or set UV_THREADPOOL_SIZE to fewer, at least 4\n", threads, strerror(error));
	return EX_OSERR;
}

int daemon_open_loop(struct daemon *daemon)
{
	int status;

	uv_loop_init(&daemon->loop);
	log_run(&daemon->loop);
	clock_init(&daemon->clock, &daemon->loop);
	status = size_thread_pool();
	if (status)
		return status;
	if (!daemon->line.sim_clock)
		return EX_OK;
	daemon->sim = clock_sim_open(&daemon->clock, daemon->line.sim_clock, in_flight, daemon);
	if (daemon->sim)
		return EX_OK;
	fprintf(stderr, "relicensed: %s: no simulated time: %s\n", daemon->line.sim_clock, strerror(errno));
	return EX_UNAVAILABLE;
}

/* A long log takes minutes: they are told, a line every few seconds, and the service manager waits on. */
static void on_migrating(void *owner, uint64_t done, uint64_t of)
{
	enum { TELL_MS = 5000, WITHIN_MS = 60000 };
	static int64_t told_ms;
	int64_t now_ms = clock_mono_ms();

	(void)owner;
	if (done < of && now_ms - told_ms < TELL_MS)
		return;
	told_ms = now_ms;
	log_write(LOG_MIGRATING, log_number("done", (int64_t)done), log_number("of", (int64_t)of));
	notify_starting("bringing the store to today's form", WITHIN_MS);
}

int daemon_open_store(struct daemon *daemon)
{
	struct store_problem problem = { 0 };
	struct store_options options = {
		.dir = daemon->config.store,
		.writable = true,
		.map_bytes = (size_t)daemon->config.map_size,
		.hub = daemon->origin.text,
		.on_migrating = on_migrating,
		.as_root = getenv("RELICENSED_AS_ROOT") != NULL,
		.stop = daemon->noted ? &daemon->noted->end : NULL,
	};
	int error = store_open(&options, &daemon->store, &problem);

	if (!error)
		return EX_OK;
	fprintf(stderr, "relicensed: %s\n", problem.text[0] ? problem.text : error_text(error));
	return status_of_store_error(error);
}

static void write_user_agent(const struct config *config, char *out, size_t size)
{
	if (config->contact[0])
		snprintf(out, size, "relicensed/%s (+%s)", RELICENSED_VERSION, config->contact);
	else
		snprintf(out, size, "relicensed/%s", RELICENSED_VERSION);
}

int daemon_open_engine(struct daemon *daemon)
{
	const struct config *config = &daemon->config;
	char user_agent[CONFIG_TEXT_SIZE + 64], why[REPLY_WHY_SIZE];
	struct engine_options options = {
		.origin = daemon->origin.text,
		.host = daemon->origin.host,
		.port = daemon->origin.port,
		.token = daemon->token[0] ? daemon->token : NULL,
		.user_agent = user_agent,
		.ca_file = config->ca_file[0] ? config->ca_file : NULL,
		.proxy = daemon->proxied ? &daemon->proxy : NULL,
		.body_max = (size_t)config->page_bytes_max,
		.transfers_max = (unsigned)config->transfers_max,
		.connections_max = (unsigned)config->connections_max,
		.connect_limit_ms = config->connect_limit,
		.first_byte_limit_ms = config->first_byte_limit,
		.stall_limit_ms = config->stall_limit,
		.total_limit_ms = config->total_limit,
	};

	write_user_agent(config, user_agent, sizeof(user_agent));
	daemon->engine = engine_new(&daemon->clock, &options, why);
	if (daemon->engine)
		return EX_OK;
	fprintf(stderr, "relicensed: %s\n", why);
	return EX_CONFIG;
}

void daemon_end_loop(void *owner)
{
	struct daemon *daemon = owner;

	uv_stop(&daemon->loop);
}

/* It ends by itself. */
static bool is_once(const struct daemon *daemon)
{
	return daemon->line.mode != MODE_SERVE;
}

static void open_crawl(struct daemon *daemon)
{
	struct crawl_options options = {
		.clock = &daemon->clock,
		.config = &daemon->config,
		.origin = &daemon->origin,
		.store = daemon->store,
		.engine = daemon->engine,
		.watch_list = &daemon->watch_list,
		.has_token = daemon->token[0],
		.once = is_once(daemon),
		.backfill = daemon->line.backfill ? &daemon->wish : NULL,
		.on_ended = daemon_end_loop,
		.owner = daemon,
	};

	daemon->crawl = crawl_new(&options);
}

/* --- signals -------------------------------------------------------------------------------------------------------*/

static void on_stop_signal(uv_signal_t *handle, int number)
{
	struct daemon *daemon = handle->data;

	log_write(LOG_STOPPING, log_text("signal", number == SIGTERM ? "SIGTERM" : "SIGINT"));
	notify_stopping();
	crawl_stop(daemon->crawl);
}

static void on_option(void *owner, const char *key, bool taken)
{
	(void)owner;
	log_write(LOG_RELOADED, log_text("option", key), log_yes("taken", taken));
}

static void on_hangup(uv_signal_t *handle, int number)
{
	struct daemon *daemon = handle->data;
	struct config_problem problem = { 0 };
	char user_agent[CONFIG_TEXT_SIZE + 64];
	struct config fresh;

	(void)number;
	if (command_line_config(&daemon->line, &fresh, &problem)) {
		log_write(LOG_RELOAD_REFUSED, log_text("why", problem.text));
		return;
	}
	config_reload(&daemon->config, &fresh, on_option, NULL);
	log_set_level((enum config_level)daemon->config.log_level);
	write_user_agent(&daemon->config, user_agent, sizeof(user_agent));
	engine_set_user_agent(daemon->engine, user_agent);
	crawl_reload(daemon->crawl);
}

static void watch_signal(struct daemon *daemon, uv_signal_t *handle, int number, uv_signal_cb on_signal)
{
	uv_signal_init(&daemon->loop, handle);
	handle->data = daemon;
	uv_signal_start(handle, on_signal, number);
	uv_unref((uv_handle_t *)handle);
}

/* What came while the store was opened. */
static void handle_noted(struct daemon *daemon)
{
	const struct signals_noted *noted = signals_handed_over();

	if (noted->hangup)
		on_hangup(&daemon->hangup, SIGHUP);
	if (noted->end)
		on_stop_signal(&daemon->term, noted->end);
}

/* --- life ----------------------------------------------------------------------------------------------------------*/

/*
 * Pages are taken and released by the hundred a second on several threads: memory that goes back to the system between
 * two of them costs more than all parsing (a fresh page of memory is 2-4 us).
 */
static void keep_memory(void)
{
	mallopt(M_ARENA_MAX, 2);
	mallopt(M_MMAP_THRESHOLD, 32 * 1024 * 1024);
	mallopt(M_TRIM_THRESHOLD, 64 * 1024 * 1024);
}

static void log_start_of(const struct daemon *daemon)
{
	log_write(LOG_STARTED, log_text("version", RELICENSED_VERSION), log_text("hub", daemon->origin.text),
		log_text("store", daemon->config.store), log_text("ledger", store_ledger(daemon->store)),
		log_yes("token", daemon->token[0]), log_text("proxy", daemon->proxied ? daemon->proxy.origin.text : "none"));
	if (!daemon->config.contact[0])
		log_write(LOG_NO_CONTACT, log_text("help",
			"set contact in the configuration: it is sent as User-Agent, so that the Hub's operators can reach you"));
}

static void run(struct daemon *daemon)
{
	watch_signal(daemon, &daemon->term, SIGTERM, on_stop_signal);
	watch_signal(daemon, &daemon->interrupt, SIGINT, on_stop_signal);
	watch_signal(daemon, &daemon->hangup, SIGHUP, on_hangup);
	handle_noted(daemon);
	notify_start(&daemon->notify, &daemon->clock);
	metrics_file_start(&daemon->metrics, &daemon->clock, daemon->config.store);
	if (!daemon->noted->end)
		crawl_start(daemon->crawl);
	notify_ready();
	uv_run(&daemon->loop, UV_RUN_DEFAULT);
}

static int final_status(const struct daemon *daemon)
{
	bool incomplete = is_once(daemon) && !crawl_is_complete(daemon->crawl);
	int error = crawl_store_error(daemon->crawl);

	if (incomplete)
		log_write(LOG_STOPPED_INCOMPLETE, log_yes("complete", false), log_text("why", crawl_why_incomplete(daemon->crawl)));
	else
		log_write(LOG_STOPPED, log_yes("complete", !error));
	if (error)
		return status_of_store_error(error);
	if (!incomplete)
		return EX_OK;
	return crawl_found_no_hub(daemon->crawl) ? EX_UNAVAILABLE : EX_INCOMPLETE;
}

static void on_walk(uv_handle_t *handle, void *owner)
{
	(void)owner;
	if (handle->type == UV_SIGNAL && !uv_is_closing(handle))
		uv_close(handle, NULL);
}

/* The one teardown, in the order in which things lean on each other; works at any stage. */
void daemon_close(struct daemon *daemon)
{
	bool stuck = daemon->engine && engine_is_stuck(daemon->engine);

	notify_stop(&daemon->notify);
	if (daemon->metrics.clock)
		clock_stop(&daemon->clock, &daemon->metrics.timer);
	uv_walk(&daemon->loop, on_walk, NULL);
	signal(SIGHUP, SIG_IGN); /* its default action would end us before we are done */
	if (stuck) {
		/* a name look-up hangs in a thread that nobody can end: everything is written, so just go */
		metrics_file_finish(&daemon->metrics);
		store_close(&daemon->store);
		log_end();
		fflush(stdout);
		_exit(daemon->status);
	}
	if (daemon->engine && !daemon->crawl)
		engine_stop(daemon->engine);
	crawl_free(&daemon->crawl);
	watch_list_release(&daemon->watch_list);
	engine_free(&daemon->engine);
	clock_sim_close(&daemon->sim);
	clock_close(&daemon->clock);
	log_leave();
	uv_run(&daemon->loop, UV_RUN_DEFAULT);
	uv_loop_close(&daemon->loop);
	metrics_file_finish(&daemon->metrics);
	store_close(&daemon->store);
	watch_list_release(&daemon->wish.names);
	explicit_bzero(daemon->token, sizeof(daemon->token));
	explicit_bzero(&daemon->proxy, sizeof(daemon->proxy));
}

static int serve(struct daemon *daemon)
{
	daemon->status = daemon_open_loop(daemon);
	if (!daemon->status)
		daemon->status = daemon_open_store(daemon);
	if (!daemon->status && daemon->store)
		daemon->status = daemon_open_engine(daemon);
	if (!daemon->status && daemon->engine) {
		open_crawl(daemon);
		log_start_of(daemon);
		run(daemon);
		daemon->status = final_status(daemon);
	}
	daemon_close(daemon);
	return daemon->status;
}

/* --- modes ---------------------------------------------------------------------------------------------------------*/

static int print_config(struct daemon *daemon)
{
	(void)daemon;
	config_print(stdout);
	return fflush(stdout) ? EX_IOERR : EX_OK;
}

static int check_ca_file(const struct config *config)
{
	if (!config->ca_file[0] || access(config->ca_file, R_OK) == 0)
		return EX_OK;
	fprintf(stderr, "relicensed: ca_file: %s: %s\n", config->ca_file, strerror(errno));
	return EX_CONFIG;
}

/* The nearest folder above a path that exists: the store would be made in it. */
static void folder_above(char *path)
{
	char *slash;

	while (access(path, F_OK) != 0 && errno == ENOENT && (slash = strrchr(path, '/')) != NULL)
		slash[slash == path] = '\0';
	if (access(path, F_OK) != 0 && errno == ENOENT)
		memcpy(path, ".", 2);
}

/* Whether this user can open the store, or make it. Nothing is written. */
static int check_store(const struct config *config)
{
	char path[CONFIG_TEXT_SIZE];
	struct stat about;

	snprintf(path, sizeof(path), "%s", config->store);
	folder_above(path);
	if (stat(path, &about) == 0 && !S_ISDIR(about.st_mode)) {
		fprintf(stderr, "relicensed: store: %s is a file, not a folder\n", path);
		return EX_CANTCREAT;
	}
	if (access(path, R_OK | W_OK | X_OK) == 0)
		return EX_OK;
	fprintf(stderr, "relicensed: store: %s cannot be %s by this user: %s: %s\n", config->store,
		strcmp(path, config->store) == 0 ? "written" : "made", path, strerror(errno));
	return EX_CANTCREAT;
}

static int say_config_is_good(struct daemon *daemon)
{
	const char *file = command_line_config_file(&daemon->line);

	if (file)
		printf("%s: the configuration is good\n", file);
	else
		puts("the configuration is good: no file was read (there is no " CONFIG_DEFAULT_FILE "), all options have their "
		     "defaults");
	return EX_OK;
}

/* What a start would find out about files and folders. `status`: what the reading found. */
static int check_config(struct daemon *daemon, int status)
{
	int ca_file = check_ca_file(&daemon->config), store = check_store(&daemon->config);

	if (!status)
		status = ca_file ? ca_file : store;
	return status ? status : say_config_is_good(daemon);
}

static const struct {
	bool needs_config, writes;
	int (*run)(struct daemon *daemon);
} modes[] = {
	[MODE_SERVE] = { true, true, serve },
	[MODE_ONCE] = { true, true, serve },
	[MODE_BACKFILL] = { true, true, serve },
	[MODE_IMPORT] = { true, true, mode_import },
	[MODE_DRY_RUN] = { true, false, mode_dry_run },
	[MODE_CHECK_CONFIG] = { true, false, say_config_is_good },
	[MODE_PRINT_CONFIG] = { false, false, print_config },
};

int main(int argc, char **argv)
{
	static struct daemon daemon;
	int status;

	signals_hold();
	status = command_line_read(&daemon.line, argc, argv);
	if (status >= 0)
		return status;
	daemon.noted = signals_note();
	if (!modes[daemon.line.mode].writes)
		signals_default();
	bus_error_explain("relicensed", EX_IOERR);
	keep_memory();
	if (modes[daemon.line.mode].needs_config) {
		status = configure(&daemon);
		if (daemon.line.mode == MODE_CHECK_CONFIG)
			return check_config(&daemon, status);
		log_start((enum config_level)daemon.config.log_level);
	}
	if (status <= 0)
		status = modes[daemon.line.mode].run(&daemon);
	log_end();
	return status;
}
