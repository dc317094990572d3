/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/model/moment.h"

#include <time.h>

#include <stdio.h>
#include <stdlib.h>

enum { DAY_MS = 86400000, HTTP_DATE_MAX = 40 };

/* Days from 1970-01-01 in the proleptic Gregorian calendar (Howard Hinnant's days_from_civil). */
static int64_t days_of(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static void date_of(int64_t days, int *year, int *month, int *day)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t day_of_era = z - era * 146097;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t shifted = (5 * day_of_year + 2) / 153;

	*day = (int)(day_of_year - (153 * shifted + 2) / 5 + 1);
	*month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
	*year = (int)(year_of_era + era * 400 + (*month <= 2));
}

int64_t moment_of(int year, int month, int day)
{
	return days_of(year, month, day) * DAY_MS;
}

/* `digits` digits at *at, or -1. */
static int number(struct slice text, size_t *at, unsigned digits)
{
	int value = 0;

	for (unsigned i = 0; i < digits; i++, (*at)++) {
		if (*at >= text.size || text.data[*at] < '0' || text.data[*at] > '9')
			return -1;
		value = value * 10 + (text.data[*at] - '0');
	}
	return value;
}

static bool skip(struct slice text, size_t *at, char c)
{
	bool there = *at < text.size && text.data[*at] == c;

	*at += there;
	return there;
}

/* Milliseconds of a fraction of any length; 0 without one. */
static int fraction_ms(struct slice text, size_t *at)
{
	int value = 0, weight = 100;

	if (!skip(text, at, '.') && !skip(text, at, ','))
		return 0;
	for (; *at < text.size && text.data[*at] >= '0' && text.data[*at] <= '9'; (*at)++, weight /= 10)
		value += (text.data[*at] - '0') * weight;
	return value;
}

static bool is_date(int year, int month, int day)
{
	int back_year, back_month, back_day;

	if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 31)
		return false;
	date_of(days_of(year, month, day), &back_year, &back_month, &back_day);
	return back_month == month && back_day == day;
}

static bool clock_ms(struct slice text, size_t *at, int64_t *ms)
{
	int hour = number(text, at, 2), minute = skip(text, at, ':') ? number(text, at, 2) : -1;
	int second = skip(text, at, ':') ? number(text, at, 2) : -1;

	*ms = ((int64_t)hour * 3600 + minute * 60 + second) * 1000;
	return hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second <= 60;
}

static bool skip_word(struct slice text, size_t *at, const char *word)
{
	struct slice rest = { text.data + *at, text.size - *at };
	bool there = slice_is(rest, word);

	*at += there ? rest.size : 0;
	return there;
}

/* "Z", "z", "UTC", "GMT", "+02:00", "+0200", "+02", or nothing, which is UTC; a blank may stand before. */
static bool zone_ms(struct slice text, size_t *at, int64_t *ms)
{
	bool behind = false;
	int hour, minute = 0;

	*ms = 0;
	if (*at == text.size)
		return true;
	skip(text, at, ' ');
	if (skip_word(text, at, "Z") || skip_word(text, at, "z") || skip_word(text, at, "UTC") || skip_word(text, at, "GMT"))
		return true;
	behind = skip(text, at, '-');
	if (!behind && !skip(text, at, '+'))
		return false;
	hour = number(text, at, 2);
	if (skip(text, at, ':') || *at < text.size)
		minute = number(text, at, 2);
	*ms = ((int64_t)hour * 60 + minute) * 60000 * (behind ? -1 : 1);
	return hour >= 0 && hour < 24 && minute >= 0 && minute < 60;
}

bool moment_read(struct slice text, int64_t *unix_ms)
{
	size_t at = 0;
	int year = number(text, &at, 4), month = skip(text, &at, '-') ? number(text, &at, 2) : -1;
	int day = skip(text, &at, '-') ? number(text, &at, 2) : -1;
	int64_t ms = 0, ahead_ms = 0;

	if (!is_date(year, month, day))
		return false;
	if (at < text.size) {
		if (!(skip(text, &at, 'T') || skip(text, &at, 't') || skip(text, &at, ' ')) || !clock_ms(text, &at, &ms))
			return false;
		ms += fraction_ms(text, &at);
		if (!zone_ms(text, &at, &ahead_ms))
			return false;
	}
	ms += moment_of(year, month, day) - ahead_ms;
	if (at < text.size || ms < 0 || ms > MOMENT_LAST)
		return false;
	*unix_ms = ms;
	return true;
}

/* Seconds, milliseconds, microseconds or nanoseconds since 1970: which of them its size tells. */
static bool read_epoch(struct slice text, int64_t *unix_ms)
{
	static const struct {
		double below, of_ms;
	} units[] = { { 1e11, 1e-3 }, { 1e14, 1 }, { 1e17, 1e3 }, { 1e20, 1e6 } };
	char copy[32], *end;
	double value;
	size_t unit = 0;

	if (!text.size || text.size >= sizeof(copy) || text.data[0] < '0' || text.data[0] > '9')
		return false;
	memcpy(copy, text.data, text.size);
	copy[text.size] = '\0';
	value = strtod(copy, &end);
	while (unit < ARRAY_COUNT(units) && value >= units[unit].below)
		unit++;
	if (*end || unit == ARRAY_COUNT(units) || value / units[unit].of_ms < (double)MOMENT_EPOCH_FIRST)
		return false;
	*unix_ms = (int64_t)(value / units[unit].of_ms + 0.5);
	return *unix_ms <= MOMENT_LAST;
}

bool moment_read_json(struct slice token, int64_t *unix_ms)
{
	enum { DIGITS = 9 };
	struct slice text;

	if (token.size < 2 || token.data[0] != '"')
		return read_epoch(token, unix_ms);
	text = (struct slice){ token.data + 1, token.size - 2 };
	return moment_read(text, unix_ms) || (text.size >= DIGITS && read_epoch(text, unix_ms));
}

bool moment_read_http(struct slice text, int64_t *unix_ms)
{
	/* IMF-fixdate, and the two obsolete forms that RFC 9110 5.6.7 has every recipient read */
	static const char *const forms[] = { "%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y" };
	char copy[HTTP_DATE_MAX + 1];

	if (!text.size || text.size > HTTP_DATE_MAX || memchr(text.data, '\0', text.size))
		return false;
	memcpy(copy, text.data, text.size);
	copy[text.size] = '\0';
	for (size_t i = 0; i < ARRAY_COUNT(forms); i++) {
		struct tm parts = { 0 };
		const char *end = strptime(copy, forms[i], &parts);

		/* strptime takes 31 February */
		if (!end || *end || !is_date(parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday))
			continue;
		*unix_ms = (int64_t)timegm(&parts) * 1000;
		return true;
	}
	return false;
}

void moment_write(int64_t unix_ms, char text[MOMENT_TEXT])
{
	int64_t bounded = unix_ms < 0 ? 0 : unix_ms > MOMENT_LAST ? MOMENT_LAST : unix_ms;
	int ms = (int)(bounded % DAY_MS), year, month, day;
	char wide[64];

	date_of(bounded / DAY_MS, &year, &month, &day);
	snprintf(wide, sizeof(wide), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", year, month, day, ms / 3600000,
		ms / 60000 % 60, ms / 1000 % 60, ms % 1000);
	memcpy(text, wide, MOMENT_TEXT - 1);
	text[MOMENT_TEXT - 1] = '\0';
}

void moment_json(int64_t unix_ms, struct buf *out)
{
	char text[MOMENT_TEXT];

	if (!unix_ms) {
		buf_text(out, "null");
		return;
	}
	moment_write(unix_ms, text);
	buf_printf(out, "\"%s\"", text);
}

void moment_quarter(int64_t unix_ms, int *year, int *quarter)
{
	int month, day;

	date_of(unix_ms / DAY_MS, year, &month, &day);
	*quarter = (month - 1) / 3 + 1;
}
