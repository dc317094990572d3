/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hubsim/stats.h"

#include <inttypes.h>

static const char *const endpoint_names[] = {
#define X(name) #name,
	ENDPOINT_TABLE(X)
#undef X
};

void stats_add(struct stats *stats, enum endpoint endpoint, unsigned status, uint64_t rows, uint64_t body_bytes,
	uint64_t sent_bytes)
{
	stats->requests[endpoint][status < STATUS_MAX ? status : 0]++;
	stats->body_bytes += body_bytes;
	stats->sent_bytes += sent_bytes;
	if (endpoint == ENDPOINT_control)
		return;
	stats->rows += rows;
	stats->pages += endpoint == ENDPOINT_list && status == 200;
}

static uint64_t total(const struct stats *stats, unsigned status)
{
	uint64_t sum = 0;

	for (int i = 0; i < ENDPOINT_COUNT; i++)
		sum += stats->requests[i][status];
	return sum;
}

static void write_endpoint(const uint64_t *by_status, const char *name, bool first, struct buf *out)
{
	const char *comma = "";

	buf_printf(out, "%s\"%s\":{", first ? "" : ",", name);
	for (unsigned status = 0; status < STATUS_MAX; status++) {
		if (!by_status[status])
			continue;
		buf_printf(out, "%s\"%u\":%" PRIu64, comma, status, by_status[status]);
		comma = ",";
	}
	buf_char(out, '}');
}

void stats_write(const struct stats *stats, struct buf *out)
{
	buf_text(out, "\"requests\":{");
	for (int i = 0; i < ENDPOINT_COUNT; i++)
		write_endpoint(stats->requests[i], endpoint_names[i], i == 0, out);
	buf_printf(out, "},\"refused_429\":%" PRIu64 ",\"rows_served\":%" PRIu64 ",\"pages\":%" PRIu64, total(stats, 429),
		stats->rows, stats->pages);
	buf_printf(out, ",\"body_bytes\":%" PRIu64 ",\"sent_bytes\":%" PRIu64, stats->body_bytes, stats->sent_bytes);
}
