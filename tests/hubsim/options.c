/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hubsim/options.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/hubsim/fault.h"

enum { EXIT_USAGE = 64 };

static const char help[] =
	"hubsim: a simulated Hugging Face Hub on loopback, for tests.\n"
	"\n"
	"  hubsim [--rows FILE]... [--generate N] [options]\n"
	"\n"
	"Rows\n"
	"  --rows FILE         JSONL or zstd, one Hub row a line; \"repoType\" model (default), dataset or space.\n"
	"                      What is missing (_id, sha, lastModified, createdAt) is filled in deterministically.\n"
	"                      A later line of the same _id is a later commit of that repo.\n"
	"  --generate N        N made-up rows of all kinds, shaped like the real Hub's\n"
	"  --kinds LIST        their shares [models=70,datasets=15,spaces=15]\n"
	"  --seed S            of generated rows, of /sim/tick and of --changes-a-day [1]\n"
	"  --no-card           rows without cardData stay so; else it is made from their license tags\n"
	"\n"
	"Server\n"
	"  --port N            0: any free port [0]\n"
	"  --public-url URL    origin for Link headers, when behind a proxy\n"
	"  --quota LIST        fixed windows, requests/seconds, for each client [api=500/300,resolvers=3000/300];\n"
	"                      none: no limits, no headers\n"
	"  --token-quota LIST  the same for each token [api=1000/300,resolvers=5000/300; with --quota: the same]\n"
	"  --token TOKEN       a valid token (repeatable) that may read every private and gated repo;\n"
	"                      TOKEN=a,b only those of these owners; TOKEN= none\n"
	"  --latency MS[-MS]   wait so long before each answer, or a time in between\n"
	"  --tls FILE          HTTPS by a certificate made at the start; its authority's is written to FILE.\n"
	"                      The same port goes on answering plain HTTP, for /sim/...\n"
	"\n"
	"Time\n"
	"  --changes-a-day N   so many changes of all kinds happen by themselves, at random moments\n"
	"  --sim-clock SOCKET  time is simulated, from 2026-12-01 on: it jumps to what happens next when nothing else can\n"
	"                      happen, in here and in the relicensed --sim-clock that is connected to this socket\n"
	"\n"
	"Diary\n"
	"  --log FILE          one line for each request: time method target status bytes ms anonymous|token [fault]\n"
	"  --help\n"
	"\n"
	"Faults\n"
	"  --faults LIST       name=probability,...: for each request to the Hub (never /sim/...) one at most;\n"
	"                      all=P: every fault, P together. Names are listed below\n"
	"  --fault-seed S      what decides [that of --seed]\n"
	"  --elsewhere URL     another origin, to which links and redirects can lead [http://127.0.0.1:9]\n"
	"\n"
	"Control (not counted by the quota, spared by faults)\n"
	"  POST /sim/rows          JSONL, applied as commits, renames, settings ... that happen now\n"
	"  DELETE /sim/rows/OID    the repo is gone (?kind=dataset where kinds share an oid)\n"
	"  POST /sim/tick?changes=N  N made-up changes of all kinds\n"
	"  GET /sim/truth          every change, NDJSON; ?visible=1 only states that were served\n"
	"  GET /sim/stats          counters\n"
	"  POST /sim/calm          no more changes by themselves\n"
	"  POST /sim/run?ms=N      simulated time goes on for N ms and stops there; without ms it does not stop\n"
	"  POST /sim/advance?ms=N  simulated time is N ms later at once, as if all had slept\n"
	"  POST /sim/skew?ms=N     relicensed's wall clock is N ms off simulated time\n"
	"  GET /sim/faults         the faults: what each does, its probability, how often it happened\n"
	"  POST /sim/faults        LIST from now on; nothing: none\n"
	"\n"
	"Example\n"
	"  hubsim --generate 10000 --seed 7 --port 8080 --quota api=50/10,resolvers=100/10 &\n"
	"  curl 'http://127.0.0.1:8080/api/models?sort=createdAt&direction=1&limit=2&expand[]=cardData'\n";

enum { OPT_ROWS = 256, OPT_GENERATE, OPT_KINDS, OPT_SEED, OPT_NO_CARD, OPT_PORT, OPT_PUBLIC_URL, OPT_QUOTA,
	OPT_TOKEN_QUOTA, OPT_TOKEN, OPT_LATENCY, OPT_LOG, OPT_CHANGES_A_DAY, OPT_SIM_CLOCK,
	OPT_TLS, OPT_FAULTS, OPT_FAULT_SEED, OPT_ELSEWHERE, OPT_HELP };

static const struct option long_options[] = {
	{ "rows", required_argument, NULL, OPT_ROWS },
	{ "generate", required_argument, NULL, OPT_GENERATE },
	{ "kinds", required_argument, NULL, OPT_KINDS },
	{ "seed", required_argument, NULL, OPT_SEED },
	{ "no-card", no_argument, NULL, OPT_NO_CARD },
	{ "port", required_argument, NULL, OPT_PORT },
	{ "public-url", required_argument, NULL, OPT_PUBLIC_URL },
	{ "quota", required_argument, NULL, OPT_QUOTA },
	{ "token-quota", required_argument, NULL, OPT_TOKEN_QUOTA },
	{ "token", required_argument, NULL, OPT_TOKEN },
	{ "latency", required_argument, NULL, OPT_LATENCY },
	{ "log", required_argument, NULL, OPT_LOG },
	{ "changes-a-day", required_argument, NULL, OPT_CHANGES_A_DAY },
	{ "sim-clock", required_argument, NULL, OPT_SIM_CLOCK },
	{ "tls", required_argument, NULL, OPT_TLS },
	{ "faults", required_argument, NULL, OPT_FAULTS },
	{ "fault-seed", required_argument, NULL, OPT_FAULT_SEED },
	{ "elsewhere", required_argument, NULL, OPT_ELSEWHERE },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

static bool parse_number(const char *text, uint64_t max, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && !errno && *value <= max;
}

static bool parse_unsigned(const char *text, unsigned max, unsigned *value)
{
	uint64_t wide;

	if (!parse_number(text, max, &wide))
		return false;
	*value = (unsigned)wide;
	return true;
}

static bool parse_kinds(const char *text, struct options *options)
{
	char word[16];
	unsigned share;
	int used;

	assert(text); /* getopt_long does not let it be left out */
	memset(options->share, 0, sizeof(options->share));
	while (sscanf(text, "%15[a-z]=%9u%n", word, &share, &used) == 2) {
		enum kind kind = kind_of(slice_of(word));
		if (kind == KIND_COUNT)
			return false;
		options->share[kind] = share;
		text += used;
		if (!*text)
			return options->share[0] + options->share[1] + options->share[2] > 0;
		if (*text++ != ',')
			return false;
	}
	return false;
}

static bool parse_latency(const char *text, struct options *options)
{
	unsigned most;
	char end;

	if (sscanf(text, "%6u-%6u%c", &options->latency_ms, &most, &end) == 2 && most >= options->latency_ms) {
		options->latency_more_ms = most - options->latency_ms;
		return true;
	}
	return parse_unsigned(text, 600000, &options->latency_ms);
}

static bool add_to_list(const char **list, unsigned *count, const char *text)
{
	if (*count == OPTION_LIST_MAX)
		return false;
	list[(*count)++] = text;
	return true;
}

static bool are_faults(const char *text)
{
	struct faults ignored = { 0 };

	return faults_parse(&ignored, slice_of(text));
}

static void print_help(void)
{
	struct buf faults = BUF_INIT(1 << 16);

	faults_help(&faults);
	printf("%s\nFaults: name, where it strikes, what happens\n%s", help, faults.data);
	buf_release(&faults);
}

static bool take(struct options *options, int option, const char *text, bool *own_token_quota)
{
	switch (option) {
	case OPT_ROWS: return add_to_list(options->rows, &options->rows_count, text);
	case OPT_TOKEN: return add_to_list(options->token, &options->token_count, text);
	case OPT_GENERATE: return parse_number(text, 100000000, &options->generate);
	case OPT_KINDS: return parse_kinds(text, options);
	case OPT_SEED: return parse_number(text, UINT64_MAX, &options->seed);
	case OPT_NO_CARD: options->no_card = true; return true;
	case OPT_PORT: return parse_unsigned(text, 65535, &options->port);
	case OPT_PUBLIC_URL: options->public_url = text; return true;
	case OPT_QUOTA:
		if (!quota_parse(text, &options->quota))
			return false;
		if (!*own_token_quota)
			options->token_quota = options->quota;
		return true;
	case OPT_TOKEN_QUOTA: *own_token_quota = true; return quota_parse(text, &options->token_quota);
	case OPT_LATENCY: return parse_latency(text, options);
	case OPT_LOG: options->log = text; return true;
	case OPT_CHANGES_A_DAY: return parse_number(text, 86400000, &options->changes_a_day);
	case OPT_SIM_CLOCK: options->sim_clock = text; return true;
	case OPT_TLS: options->tls = text; return true;
	case OPT_FAULTS: options->faults = text; return are_faults(text);
	case OPT_FAULT_SEED: options->fault_seed_given = true; return parse_number(text, UINT64_MAX, &options->fault_seed);
	case OPT_ELSEWHERE: options->elsewhere = text; return true;
	default: return false;
	}
}

int options_parse(struct options *options, int argc, char **argv)
{
	bool own_token_quota = false;
	int option, index = 0;

	*options = (struct options){ .share = { 70, 15, 15 }, .seed = 1, .elsewhere = "http://127.0.0.1:9" };
	quota_parse("api=500/300,resolvers=3000/300", &options->quota);
	quota_parse("api=1000/300,resolvers=5000/300", &options->token_quota);
	while ((option = getopt_long(argc, argv, "", long_options, &index)) != -1) {
		if (option == OPT_HELP) {
			print_help();
			return 0;
		}
		if (option == '?')
			return EXIT_USAGE; /* getopt has said why */
		if (!take(options, option, optarg, &own_token_quota)) {
			fprintf(stderr, "hubsim: --%s %s: not accepted; see --help\n", long_options[index].name,
				optarg ? optarg : "");
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "hubsim: unexpected argument %s; see --help\n", argv[optind]);
		return EXIT_USAGE;
	}
	if (!options->fault_seed_given)
		options->fault_seed = options->seed;
	return -1;
}
