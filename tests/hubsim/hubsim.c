/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hubsim: a simulated Hugging Face Hub for tests. See --help.
 *
 * Prints `listening on http://127.0.0.1:PORT` once rows are loaded and it can be asked, serves until SIGTERM or
 * SIGINT, exits 0. 64: usage; 65: a bad row; 1: it cannot listen or write its log.
 */
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "tests/hubsim/field.h"
#include "tests/hubsim/generate.h"
#include "tests/hubsim/load.h"
#include "tests/hubsim/server.h"
#include "tests/hubsim/sim_clock.h"
#include "tests/hubsim/truth.h"

enum { EXIT_BAD_ROW = 65, RECYCLED_BYTES = 32 << 20 };

static bool load(struct sim *sim)
{
	struct buf wrong = BUF_INIT(4096);
	bool good = true;

	for (unsigned i = 0; good && i < sim->options.rows_count; i++) {
		good = load_file(&sim->hub, sim->options.rows[i], &wrong);
		if (!good)
			fprintf(stderr, "hubsim: %s: %s\n", sim->options.rows[i], wrong.data);
	}
	buf_release(&wrong);
	if (good)
		generate_rows(&sim->hub, sim->options.generate, sim->options.share, sim->options.seed);
	return good;
}

static int signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static void set_public_url(struct sim *sim, char *room, size_t size, unsigned port)
{
	snprintf(room, size, "%s://127.0.0.1:%u", sim->options.tls ? "https" : "http", port);
	sim->public_url = slice_of(sim->options.public_url ? sim->options.public_url : room);
	while (sim->public_url.size && sim->public_url.data[sim->public_url.size - 1] == '/')
		sim->public_url.size--;
}

static int serve(struct sim *sim, int stop_fd)
{
	struct server *server = server_new(sim, sim->options.port);
	static char url[64]; /* as long as sim, which borrows it */
	bool good;

	if (!server) {
		fprintf(stderr, "hubsim: cannot listen on 127.0.0.1:%u: %s\n", sim->options.port, strerror(errno));
		return EXIT_FAILURE;
	}
	if (!time_server_open(&sim->time, sim->options.sim_clock)) {
		fprintf(stderr, "hubsim: %s: %s\n", sim->options.sim_clock, strerror(errno));
		server_free(server);
		return EXIT_FAILURE;
	}
	timeline_start(&sim->timeline, sim->options.changes_a_day, sim->options.seed);
	set_public_url(sim, url, sizeof(url), server_port(server));
	printf("listening on %s://127.0.0.1:%u\n", sim->options.tls ? "https" : "http", server_port(server));
	fflush(stdout);
	good = server_run(server, stop_fd);
	server_free(server);
	time_server_close(&sim->time);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	static struct sim sim; /* large, and zeroed */
	int status = options_parse(&sim.options, argc, argv), stop_fd;

	if (status >= 0)
		return status;
	/* Page bodies are some MB each: keep them in the heap instead of asking the kernel for fresh pages every time. */
	mallopt(M_MMAP_THRESHOLD, RECYCLED_BYTES);
	mallopt(M_TRIM_THRESHOLD, 8 * RECYCLED_BYTES);
	stop_fd = signals();
	if (sim.options.sim_clock)
		sim_clock_set(SIM_START_MS);
	field_init();
	hub_init(&sim.hub);
	sim.hub.truth = truth_new();
	sim.hub.no_card = sim.options.no_card;
	sim.random = sim.options.seed;
	sim.faults.random = sim.options.fault_seed;
	if (sim.options.faults)
		faults_parse(&sim.faults, slice_of(sim.options.faults));
	if (sim.options.log && !(sim.log = fopen(sim.options.log, "a"))) {
		fprintf(stderr, "hubsim: %s: %s\n", sim.options.log, strerror(errno));
		status = EXIT_FAILURE;
	} else {
		status = load(&sim) ? serve(&sim, stop_fd) : EXIT_BAD_ROW;
	}
	if (sim.log)
		fclose(sim.log);
	quota_release(&sim.quota);
	truth_free(sim.hub.truth);
	hub_release(&sim.hub);
	close(stop_fd);
	return status;
}
