/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hubsim/fault.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "storage/model/memory.h"
#include "tests/hubsim/endpoint.h"
#include "tests/hubsim/random.h"

#define HOUR_MS (3600 * (int64_t)1000)

static const char *const stage_names[] = {
#define X(constant, name) [FAULT_IN_##constant] = name,
	FAULT_STAGE_TABLE(X)
#undef X
};

static const struct {
	const char *name, *help;
	enum fault_stage stage;
} infos[FAULT_COUNT] = {
#define X(constant, name, stage, help) [FAULT_##constant] = { name, help, FAULT_IN_##stage },
	FAULT_TABLE(X)
#undef X
};

/* --- the set -------------------------------------------------------------------------------------------------------*/

enum fault fault_find(struct slice name)
{
	enum fault fault = 0;

	while (fault < FAULT_COUNT && !slice_is(name, infos[fault].name))
		fault++;
	return fault;
}

const char *fault_name(enum fault fault)
{
	return infos[fault].name;
}

enum fault_stage fault_stage(enum fault fault)
{
	return infos[fault].stage;
}

static bool parse_one(const char *text, double probability[FAULT_COUNT])
{
	const char *equals = strchr(text, '=');
	struct slice name = { text, equals ? (size_t)(equals - text) : 0 };
	enum fault fault = fault_find(name);
	double value;
	char *end;

	if (!equals)
		return false;
	value = strtod(equals + 1, &end);
	if (end == equals + 1 || *end || !(value >= 0 && value <= 1))
		return false;
	if (fault != FAULT_NONE)
		probability[fault] = value;
	else if (slice_is(name, "all"))
		for (fault = 0; fault < FAULT_COUNT; fault++)
			probability[fault] = value / FAULT_COUNT;
	else
		return false;
	return true;
}

bool faults_parse(struct faults *faults, struct slice text)
{
	double probability[FAULT_COUNT] = { 0 };
	char *copy, *rest, *part;
	bool good = true;

	copy = rest = memory_text(text.data ? text.data : "", text.size);
	if (!text.size)
		rest = NULL;
	while (good && (part = strsep(&rest, ",")))
		good = parse_one(part, probability);
	free(copy);
	if (good)
		memcpy(faults->probability, probability, sizeof(probability));
	return good;
}

void faults_help(struct buf *out)
{
	for (enum fault fault = 0; fault < FAULT_COUNT; fault++)
		buf_printf(out, "  %-15s %-11s %s\n", infos[fault].name, stage_names[infos[fault].stage], infos[fault].help);
}

void faults_list(const struct faults *faults, struct buf *out)
{
	for (enum fault fault = 0; fault < FAULT_COUNT; fault++)
		buf_printf(out, "%s{\"name\":\"%s\",\"stage\":\"%s\",\"help\":\"%s\",\"probability\":%g,\"happened\":%" PRIu64 "}",
			fault ? "," : "[", infos[fault].name, stage_names[infos[fault].stage], infos[fault].help,
			faults->probability[fault], faults->happened[fault]);
	buf_char(out, ']');
}

void faults_count(const struct faults *faults, struct buf *out)
{
	const char *comma = "";

	for (enum fault fault = 0; fault < FAULT_COUNT; fault++) {
		if (!faults->happened[fault])
			continue;
		buf_printf(out, "%s\"%s\":%" PRIu64, comma, infos[fault].name, faults->happened[fault]);
		comma = ",";
	}
}

/* --- drawing -------------------------------------------------------------------------------------------------------*/

static bool has_quota(const struct exchange *exchange)
{
	const struct options *options = &exchange->sim->options;
	const struct quota_limits *limits = exchange->account.token ? &options->token_quota : &options->quota;

	return limits->limit[route_bucket(&exchange->request)].requests > 0;
}

/* Can this request meet it at all? */
static bool fits(const struct exchange *exchange, enum fault fault)
{
	bool head = request_is_head(&exchange->request);

	switch (fault) {
	case FAULT_CERT_EXPIRED:
	case FAULT_PLAIN_FOR_TLS:
		return exchange->sim->options.tls != NULL;
	case FAULT_TOKEN_REVOKED:
		return exchange->account.token != NULL;
	case FAULT_CUT_GZIP:
	case FAULT_BOMB:
		return !head && request_offers_gzip(&exchange->request);
	case FAULT_ENDLESS:
	case FAULT_WRONG_LENGTH:
	case FAULT_RESET_BODY:
	case FAULT_DRIP:
		return !head;
	default:
		break;
	}
	switch (fault_stage(fault)) {
	case FAULT_IN_QUOTA:
		return has_quota(exchange);
	case FAULT_IN_PAGE:
		return route_is_listing(&exchange->request);
	case FAULT_IN_CHANGE:
		return false;
	default:
		return true;
	}
}

enum fault fault_draw(const struct exchange *exchange)
{
	struct faults *faults = &exchange->sim->faults;
	unsigned first;

	if (route_bucket(&exchange->request) == BUCKET_NONE)
		return FAULT_NONE;
	first = (unsigned)random_below(&faults->random, FAULT_COUNT);
	for (unsigned i = 0; i < FAULT_COUNT; i++) {
		enum fault fault = (first + i) % FAULT_COUNT;
		if (faults->probability[fault] > 0 && fits(exchange, fault) &&
		    random_chance(&faults->random, faults->probability[fault]))
			return fault;
	}
	return FAULT_NONE;
}

enum fault fault_of(const struct exchange *exchange, enum fault_stage stage)
{
	return exchange->fault != FAULT_NONE && infos[exchange->fault].stage == stage ? exchange->fault : FAULT_NONE;
}

void fault_happened(struct exchange *exchange)
{
	exchange->sim->faults.happened[exchange->fault]++;
	exchange->fault_happened = true;
}

/* --- commits -------------------------------------------------------------------------------------------------------*/

int64_t fault_commit_shift_ms(struct faults *faults)
{
	if (random_chance(&faults->random, faults->probability[FAULT_DATE_PAST])) {
		faults->happened[FAULT_DATE_PAST]++;
		return -HOUR_MS * (int64_t)(1 + random_below(&faults->random, 365 * 24));
	}
	if (random_chance(&faults->random, faults->probability[FAULT_DATE_FUTURE])) {
		faults->happened[FAULT_DATE_FUTURE]++;
		return HOUR_MS * (int64_t)(1 + random_below(&faults->random, 30 * 24));
	}
	return 0;
}
