/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/model/rest.h"

static const struct {
	const char *name, *meaning;
} reasons[REST_REASONS] = {
#define X(constant, name, meaning) [constant] = { name, meaning },
	REST_TABLE(X)
#undef X
};

const char *rest_name(enum rest_reason reason)
{
	return reasons[reason].name;
}

const char *rest_meaning(enum rest_reason reason)
{
	return reasons[reason].meaning;
}

bool rest_is_over(uint32_t tries, int64_t asked_ms, int64_t now_ms, int64_t pause_ms)
{
	static const int64_t longest_ms = (int64_t)REST_MAX_DAYS * 24 * 3600 * 1000;
	int64_t pause = pause_ms;

	if (!tries || now_ms < asked_ms)
		return true;
	for (uint32_t i = 1; i < tries && pause < longest_ms; i++)
		pause *= 2;
	return now_ms - asked_ms >= (pause < longest_ms ? pause : longest_ms);
}
