/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hubsim/sim_clock.h"

#include <stdio.h>
#include <time.h>

static int64_t simulated_ms; /* 0: time is the system's */

static int64_t read_clock(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t sim_clock_now_ms(void)
{
	return simulated_ms ? simulated_ms : read_clock(CLOCK_REALTIME);
}

int64_t sim_clock_steady_ms(void)
{
	return simulated_ms ? simulated_ms : read_clock(CLOCK_MONOTONIC);
}

void sim_clock_set(int64_t now_ms)
{
	simulated_ms = now_ms;
}

/* Years above 9999 cannot be written in a Hub date. */
static struct tm broken_down(int64_t time_ms)
{
	time_t seconds = (time_t)(time_ms / 1000);
	struct tm parts = { 0 };

	gmtime_r(&seconds, &parts);
	if (parts.tm_year > 9999 - 1900)
		parts.tm_year = 9999 - 1900;
	return parts;
}

void hub_date_format(int64_t time_ms, char out[HUB_DATE_ROOM])
{
	struct tm parts = broken_down(time_ms);
	size_t size = strftime(out, HUB_DATE_ROOM, "%Y-%m-%dT%H:%M:%S", &parts);

	snprintf(out + size, HUB_DATE_ROOM - size, ".%03dZ", (int)(time_ms % 1000));
}

void http_date_format(int64_t time_ms, char out[HUB_DATE_ROOM])
{
	struct tm parts = broken_down(time_ms);

	strftime(out, HUB_DATE_ROOM, "%a, %d %b %Y %H:%M:%S GMT", &parts);
}

static bool number_at(struct slice text, size_t at, size_t digits, int *value)
{
	*value = 0;
	if (at + digits > text.size)
		return false;
	for (size_t i = at; i < at + digits; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
		*value = *value * 10 + (text.data[i] - '0');
	}
	return true;
}

/* `.5`, `.123`, `.123456` or nothing, then `Z` or nothing. */
static bool fraction_parse(struct slice text, size_t at, int *milliseconds)
{
	int scale = 100, digit;

	*milliseconds = 0;
	if (at < text.size && text.data[at] == '.') {
		for (at++; number_at(text, at, 1, &digit); at++, scale /= 10)
			*milliseconds += digit * scale;
	}
	at += at < text.size && text.data[at] == 'Z';
	return at == text.size;
}

bool hub_date_parse(struct slice text, int64_t *time_ms)
{
	struct tm parts = { 0 };
	int milliseconds;

	if (text.size < 19 || text.data[4] != '-' || text.data[7] != '-' || text.data[10] != 'T' ||
	    text.data[13] != ':' || text.data[16] != ':')
		return false;
	if (!number_at(text, 0, 4, &parts.tm_year) || !number_at(text, 5, 2, &parts.tm_mon) ||
	    !number_at(text, 8, 2, &parts.tm_mday) || !number_at(text, 11, 2, &parts.tm_hour) ||
	    !number_at(text, 14, 2, &parts.tm_min) || !number_at(text, 17, 2, &parts.tm_sec))
		return false;
	if (!fraction_parse(text, 19, &milliseconds))
		return false;
	parts.tm_year -= 1900;
	parts.tm_mon -= 1;
	*time_ms = (int64_t)timegm(&parts) * 1000 + milliseconds;
	return true;
}
