/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hubsim/quota.h"

#include <stdio.h>
#include <stdlib.h>

#include "storage/model/memory.h"

struct quota_client {
	char *name;
	struct {
		int64_t window; /* number of the window on the clock's grid */
		uint32_t used;
		bool halved;
	} bucket[BUCKET_COUNT];
};

const char *const bucket_names[BUCKET_COUNT] = { "api", "resolvers" };

static bool parse_limit(const char *text, struct quota_limits *limits)
{
	char name[16], end;
	unsigned requests, window_s;

	if (sscanf(text, "%15[a-z]=%9u/%9u%c", name, &requests, &window_s, &end) != 3 || window_s == 0)
		return false;
	for (int i = 0; i < BUCKET_COUNT; i++) {
		if (strcmp(name, bucket_names[i]) == 0) {
			limits->limit[i] = (struct quota_limit){ requests, window_s };
			return true;
		}
	}
	return false;
}

bool quota_parse(const char *text, struct quota_limits *limits)
{
	char *copy, *part, *rest;
	bool good = true;

	if (strcmp(text, "none") == 0) {
		*limits = (struct quota_limits){ 0 };
		return true;
	}
	copy = rest = memory_text(text, strlen(text));
	while (good && (part = strsep(&rest, ",")))
		good = parse_limit(part, limits);
	free(copy);
	return good;
}

void quota_release(struct quota *quota)
{
	for (size_t i = 0; i < quota->clients; i++)
		free(quota->client[i].name);
	free(quota->client);
	*quota = (struct quota){ 0 };
}

static struct quota_client *find_client(struct quota *quota, const char *name)
{
	for (size_t i = 0; i < quota->clients; i++)
		if (strcmp(quota->client[i].name, name) == 0)
			return &quota->client[i];
	quota->client = memory_grow(quota->client, quota->clients + 1, sizeof(*quota->client));
	quota->client[quota->clients] = (struct quota_client){ .name = memory_text(name, strlen(name)) };
	return &quota->client[quota->clients++];
}

/* In the window of now. */
static struct quota_client *client_now(struct quota *quota, const char *name, enum bucket bucket, int64_t window)
{
	struct quota_client *found = find_client(quota, name);

	if (found->bucket[bucket].window != window) {
		found->bucket[bucket].window = window;
		found->bucket[bucket].used = 0;
		found->bucket[bucket].halved = false;
	}
	return found;
}

void quota_halve(struct quota *quota, const char *client, enum bucket bucket, const struct quota_limits *limits,
	int64_t now_ms)
{
	int64_t window = now_ms / (limits->limit[bucket].window_s * (int64_t)1000);

	client_now(quota, client, bucket, window)->bucket[bucket].halved = true;
}

struct quota_state quota_take(struct quota *quota, const char *client, enum bucket bucket, const struct quota_limits *limits,
	int64_t now_ms)
{
	struct quota_state state = { 0 };
	struct quota_client *found;
	int64_t window_ms, window;

	if (bucket >= BUCKET_COUNT || limits->limit[bucket].requests == 0)
		return state;
	state.limit = limits->limit[bucket];
	window_ms = (int64_t)state.limit.window_s * 1000;
	window = now_ms / window_ms;
	found = client_now(quota, client, bucket, window);
	if (found->bucket[bucket].halved)
		state.limit.requests = (state.limit.requests + 1) / 2;
	state.refused = found->bucket[bucket].used >= state.limit.requests;
	if (!state.refused)
		found->bucket[bucket].used++;
	if (found->bucket[bucket].used < state.limit.requests)
		state.remaining = state.limit.requests - found->bucket[bucket].used;
	state.reset_s = (uint32_t)(((window + 1) * window_ms - now_ms + 999) / 1000);
	return state;
}
