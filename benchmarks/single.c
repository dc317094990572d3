/* SPDX-License-Identifier: Apache-2.0 */
/*
 * single NAMES HUB STORE CA_FILE WANTED CONNECTIONS: repos asked for one by one, by the daemon's own parts.
 *
 * Engine, requests, decoding and writer as the daemon has them; the lane is the smallest there can be: WANTED requests at
 * once, for each name of a file, every answer handed to the writer. Prints requests, bytes and seconds from the first
 * request until the last answer is in the store, synced, and what the store says.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "daemon/crawl/request.h"
#include "daemon/run/log.h"
#include "daemon/run/metrics.h"
#include "storage/model/memory.h"

enum { NAME_SIZE = 512 };

struct single {
	struct clock clock;
	struct config config;
	struct hub_origin origin;
	struct context context;
	struct projection projection;
	FILE *names;
	uint64_t handed, failed;
	unsigned asked;
	bool draining;
};

static const struct request_calls calls;

static void on_drained(void *owner)
{
	struct single *single = owner;

	uv_stop(single->clock.loop);
}

static void ask(struct single *single)
{
	char name[NAME_SIZE];
	struct buf url = BUF_INIT(URL_MAX);
	struct request_order order = {
		.context = &single->context,
		.lane = LANE_DETAIL,
		.projection = single->projection,
		.calls = &calls,
		.owner = single,
	};

	if (!fgets(name, sizeof(name), single->names)) {
		if (!single->asked && !single->draining)
			writer_drain(single->context.writer, on_drained, single);
		single->draining = !single->asked;
		return;
	}
	name[strcspn(name, "\n")] = '\0';
	url_single(&single->origin, &single->projection, slice_of(name), &url);
	order.url = buf_as_slice(&url);
	single->asked++;
	request_start(&order);
	buf_release(&url);
}

static bool on_page(struct request *request)
{
	struct single *single = request->owner;
	struct answer answer = { 0 };

	request_hand_over(request, &answer, NULL, NULL);
	single->handed++;
	single->asked--;
	ask(single);
	return true;
}

static void on_lost(struct request *request)
{
	struct single *single = request->owner;

	single->failed++;
	single->asked--;
	ask(single);
}

static const struct request_calls calls = { .on_page = on_page, .on_answer = on_lost, .on_failed = on_lost };

static void on_room(void *owner)
{
	struct single *single = owner;

	turn_run(&single->context.turn);
}

static void on_fatal(void *owner, const struct store_problem *problem)
{
	(void)owner;
	fprintf(stderr, "%s\n", problem->text);
	exit(1);
}

static void open_context(struct single *single, char **argv)
{
	struct context *context = &single->context;
	struct store_problem problem = { 0 };
	char why[REPLY_WHY_SIZE] = "";
	struct store_options store = { .dir = argv[3], .writable = true, .hub = single->origin.text };
	struct engine_options engine = {
		.origin = single->origin.text,
		.host = single->origin.host,
		.port = single->origin.port,
		.user_agent = "relicensed/bench",
		.ca_file = single->origin.tls ? argv[4] : NULL,
		.body_max = (size_t)single->config.page_bytes_max,
		.transfers_max = (unsigned)single->config.transfers_max,
		.connections_max = (unsigned)strtoul(argv[6], NULL, 10),
		.connect_limit_ms = single->config.connect_limit,
		.first_byte_limit_ms = single->config.first_byte_limit,
		.stall_limit_ms = single->config.stall_limit,
		.total_limit_ms = single->config.total_limit,
	};
	struct writer_options writer = {
		.clock = &single->clock,
		.config = &single->config,
		.tries = 1,
		.on_room = on_room,
		.on_fatal = on_fatal,
		.owner = single,
	};

	if (store_open(&store, &context->store, &problem)) {
		fprintf(stderr, "%s\n", problem.text);
		exit(1);
	}
	writer.store = context->store;
	context->clock = &single->clock;
	context->config = &single->config;
	context->origin = &single->origin;
	context->engine = engine_new(&single->clock, &engine, why);
	if (!context->engine) {
		fprintf(stderr, "%s\n", why);
		exit(1);
	}
	context->writer = writer_new(&writer);
	turn_init(&context->turn, &single->clock, context->writer, context->store, &single->config);
	workbench_init(&context->workbench, &single->clock, context->store, 2, (size_t)single->config.page_bytes_max, false);
}

static void print_private_memory(void)
{
	char line[200];
	FILE *status = fopen("/proc/self/status", "re");

	while (status && fgets(line, sizeof(line), status))
		if (strncmp(line, "RssAnon", 7) == 0)
			fputs(line, stdout);
	if (status)
		fclose(status);
}

/* Processor time so far: of the loop's thread, or of all. */
static double cpu_s(int who)
{
	struct rusage usage;

	getrusage(who, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

int main(int argc, char **argv)
{
	static struct single single;
	uint64_t start_ns;
	double seconds;

	if (argc != 7)
		return 64;
	mallopt(M_ARENA_MAX, 2);
	mallopt(M_MMAP_THRESHOLD, 32 * 1024 * 1024);
	mallopt(M_TRIM_THRESHOLD, 64 * 1024 * 1024);
	setenv("UV_THREADPOOL_SIZE", "6", 0);
	config_init(&single.config);
	single.config.rate_without_quota = 0;
	log_start(LEVEL_WARNING);
	single.names = fopen(argv[1], "re");
	if (!single.names || !hub_origin_read(slice_of(argv[2]), &single.origin))
		return 66;
	single.projection = (struct projection){
		.kind = REPO_MODEL, .endpoint = ENDPOINT_SINGLE, .fields = fields_asked(REPO_MODEL), .rules = CANON_RULES };
	clock_init(&single.clock, uv_default_loop());
	open_context(&single, argv);
	start_ns = uv_hrtime();
	for (unsigned long left = strtoul(argv[5], NULL, 10); left > 0; left--)
		ask(&single);
	uv_run(single.clock.loop, UV_RUN_DEFAULT);
	seconds = (double)(uv_hrtime() - start_ns) / 1e9;
	printf("%llu requests %llu failed %llu bytes %.4f s %.4f s in the loop %.4f s in all new %llu same %llu commits %llu\n", (unsigned long long)single.handed,
		(unsigned long long)single.failed, (unsigned long long)metrics_get(METRIC_BYTES_RECEIVED), seconds, cpu_s(RUSAGE_THREAD), cpu_s(RUSAGE_SELF),
		(unsigned long long)metrics_get(METRIC_ROWS_NEW), (unsigned long long)metrics_get(METRIC_ROWS_SAME),
		(unsigned long long)metrics_get(METRIC_COMMITS));
	print_private_memory();
	store_close(&single.context.store);
	return single.failed != 0;
}
